/* The cases that the test programs of the allocators are put together from, and their tools. */
#ifndef HEAPMARK_TESTS_ALLOCATORS_CASES_H
#define HEAPMARK_TESTS_ALLOCATORS_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Each runs one group and returns how many of its tests failed. */
int run_entry_tests(void);
int run_history_tests(void);
int run_thread_tests(void);
int run_bump_tests(void);
int run_placement_tests(void);
int run_heap_tests(void);
int run_brkmap_tests(void);
int run_huge_tests(void);
int run_purge_tests(void);
int run_brkmap_figures_tests(void);
int run_brkmap_misuse_tests(void);
int run_hardened_tests(void);

/* Marsaglia's xorshift64; `state` is never 0. */
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Heavy-tailed: half of the sizes under 64 bytes, the largest just under `limit_bytes`, a power
 * of two. */
static inline size_t random_bytes(uint64_t *state, size_t limit_bytes)
{
    size_t limit = 64;
    uint64_t coins = random_next(state);

    while (limit < limit_bytes && (coins & 1)) {
        limit *= 2;
        coins >>= 1;
    }
    return random_next(state) % limit;
}

/* Runs `body` in a child and fails the test unless it dies of SIGABRT after writing a line with
 * `message` in it to stderr. */
void assert_aborts(void (*body)(void), const char *message);

#endif
