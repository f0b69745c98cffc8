/*
 * What a test of the conformance suite sees: a function that returns when all is well, and
 * check_fail() for when it is not. Each is run in a process of its own, so it may leave anything
 * behind. A file holds a group, or a part of one; CHECK at its end of a test is all there is to
 * adding it.
 *
 * Nothing here allocates: what a test needs beside its blocks comes from check_memory().
 */
#ifndef HEAPMARK_CHECK_H
#define HEAPMARK_CHECK_H

#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct check {
    const char *name, *group, *summary;
    void (*run)(size_t argument);
    size_t argument; /* of a misuse: the size of its block; else 0 */
};

/* In the order of the text, which is that of the columns and rows of a table; some compilers turn
 * it round. */
#if defined(__has_attribute) && __has_attribute(no_reorder)
#define CHECK_IN_ORDER __attribute__((no_reorder))
#else
#define CHECK_IN_ORDER
#endif

#define CHECK_SIZED(identifier, name_, group_, function, bytes, summary_)                         \
    static const struct check identifier##_check = {                                              \
        .name = name_, .group = group_, .summary = summary_, .run = function, .argument = bytes}; \
    CHECK_IN_ORDER static const struct check *const identifier##_registered                       \
        __attribute__((used, section("heapmark_checks"))) = &identifier##_check;
/* The function is `identifier`_run. */
#define CHECK(group_, name_, identifier, summary_) \
    CHECK_SIZED(identifier, name_, group_, identifier##_run, 0, summary_)

/* The function runs before the constructors of every library, the allocator's too, in the process
 * of that test. */
#define CHECK_EARLY(name_, function)                                                     \
    static void function##_early(int argc, char **argv, char **environment)              \
    {                                                                                    \
        (void)environment;                                                               \
        if (argc > 1 && strcmp(argv[1], name_) == 0)                                     \
            function();                                                                  \
    }                                                                                    \
    __attribute__((section(".preinit_array"),                                            \
                   used)) static void (*const function##_entry)(int, char **, char **) = \
        function##_early;

/* ---- verdicts: the first one counts ------------------------------------------------- */

/* Says why and ends the process, also from a thread or a child. */
_Noreturn void check_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* It cannot be tested here. */
_Noreturn void check_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Passes, and ends the process without its exit handlers. */
_Noreturn void check_pass(void);
/* The test passes later, by check_pass(), in something that runs as the process ends. */
void check_pass_later(void);
#define CHECK_THAT(condition, ...)   \
    do {                             \
        if (!(condition))            \
            check_fail(__VA_ARGS__); \
    } while (0)

/* ---- misuse ------------------------------------------------------------------------- */

/* The wrong thing begins, and has been done: what ends the process in between ends it at once,
 * what comes after is late. */
void check_misuse_begins(void);
void check_misuse_done(void);
/* The end was reached, and the oracle has seen damage. */
_Noreturn void check_harm(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- helpers ------------------------------------------------------------------------ */

/* Zeroed, not the allocator's; ends the test as skipped when there is none. */
void *check_memory(size_t bytes);
/* The same, and children have it in common. */
void *check_shared(size_t bytes);

/* The same numbers for the same seed. */
uint64_t check_random(uint64_t *state);
/* Half of them small, the rest spread evenly over the powers of two up to `maximum`. */
size_t check_random_size(uint64_t *state, size_t maximum);

/* Bytes that depend on the seed and the place. */
void check_fill(void *block, size_t bytes, uint64_t seed);
/* Ends the test when they are not what was filled in; `what` names the block. */
void check_filled(const void *block, size_t bytes, uint64_t seed, const char *what);
bool check_is_filled(const void *block, size_t bytes, uint64_t seed);

/* malloc that must succeed. */
void *check_malloc(size_t bytes);
/* Where the compiler cannot see where a pointer comes from. */
void *check_hidden(void *pointer);
size_t check_hidden_size(size_t bytes);

size_t check_rss_bytes(void);
void check_sleep_ms(unsigned ms);
uint64_t check_now_ns(void);

/* Runs `count` threads, numbered, and waits for them. */
void check_threads(unsigned count, void *(*run)(void *number));
/* Forks; ends the test when that fails. */
pid_t check_fork(void);
/* Waits for a child, which must exit with status 0; `what` names it. */
void check_child_is_well(pid_t child, const char *what);

/* How long the soak lasts. */
uint64_t check_soak_ns(void);
/* argv[0] of the program, and the folder it lies in. */
const char *check_program(void);
const char *check_folder(void);

#endif
