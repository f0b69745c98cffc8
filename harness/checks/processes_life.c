/* Processes: before main, after it, and in libraries that come and go. */
#include "check.h"
#include "verdict_line.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EARLY_BLOCKS = 100 };

static bool is_early_test;
static char *from_preinit[EARLY_BLOCKS], *from_constructor[EARLY_BLOCKS];

static void allocate_early(char **blocks, uint64_t seed)
{
    for (size_t i = 0; i < EARLY_BLOCKS; i++) {
        blocks[i] = check_malloc(i * i + 1);
        check_fill(blocks[i], i * i + 1, seed + i);
    }
    for (size_t i = 0; i < EARLY_BLOCKS; i += 3) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
}

static void free_early(char **blocks, uint64_t seed, const char *when)
{
    for (size_t i = 0; i < EARLY_BLOCKS; i++) {
        if (blocks[i] == NULL)
            continue;
        check_filled(blocks[i], i * i + 1, seed + i, when);
        free(blocks[i]);
    }
}

static void allocate_first(void)
{
    is_early_test = true;
    allocate_early(from_preinit, 1000);
}
CHECK_EARLY("before-main", allocate_first)

__attribute__((constructor)) static void construct(void)
{
    if (is_early_test)
        allocate_early(from_constructor, 2000);
}

static void before_main_run(size_t argument)
{
    (void)argument;
    free_early(from_preinit, 1000, "from before the constructors");
    free_early(from_constructor, 2000, "from a constructor");
}
CHECK("processes", "before-main", before_main,
      "blocks from before the allocator's own constructor, and from others', hold and can be freed")

/* ---- after main ---------------------------------------------------------------------- */

static char *for_destructor;

__attribute__((destructor)) static void destruct(void)
{
    if (for_destructor == NULL)
        return;
    check_filled(for_destructor, 5000, 8, "in a destructor");
    free(for_destructor);
    for (size_t i = 1; i < 500; i++) {
        char *block = check_malloc(i * 100);
        memset(block, 1, i * 100);
        free(block);
    }
    verdict_line("pass");
}

static void at_exit(void)
{
    for (size_t i = 1; i < 500; i++)
        free(check_malloc(i * 100));
}

static void after_main_run(size_t argument)
{
    (void)argument;
    for_destructor = check_malloc(5000);
    check_fill(for_destructor, 5000, 8);
    atexit(at_exit);
    check_pass_later();
}
CHECK("processes", "after-main", after_main, "exit handlers and destructors allocate and free")

/* ---- libraries that come and go ------------------------------------------------------- */

struct guest {
    void *library;
    void *(*allocate)(size_t bytes);
    void (*release)(void *block);
    char *(*kept)(void);
};

static struct guest open_guest(void)
{
    char path[4200];
    struct guest guest;
    snprintf(path, sizeof path, "%s/libheapmark-check-guest.so", check_folder());
    guest.library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (guest.library == NULL)
        check_fail("dlopen: %s", dlerror());
    *(void **)&guest.allocate = dlsym(guest.library, "guest_allocate");
    *(void **)&guest.release = dlsym(guest.library, "guest_release");
    *(void **)&guest.kept = dlsym(guest.library, "guest_kept");
    CHECK_THAT(guest.allocate && guest.release && guest.kept, "the guest library lacks a function");
    return guest;
}

static void guests_run(size_t argument)
{
    (void)argument;
    for (size_t i = 0; i < 100; i++) {
        struct guest guest = open_guest();
        char *block = guest.allocate(300 + i), *mine = check_malloc(200);
        CHECK_THAT(strcmp(guest.kept(), "from the constructor") == 0,
                   "a block of the library's constructor does not hold");
        check_fill(block, 300 + i, i);
        guest.release(mine);
        dlclose(guest.library);
        check_filled(block, 300 + i, i, "a block of a library that is gone");
        free(block);
    }
}
CHECK("processes", "dlopen-dlclose", guests,
      "a library comes and goes 100 times: constructor and destructor allocate, blocks outlive it")

static void *guests_thread(void *argument)
{
    guests_run(0);
    return argument;
}

static void guests_threads_run(size_t argument)
{
    (void)argument;
    check_threads(3, guests_thread);
}
CHECK("processes", "dlopen-by-threads", guests_threads, "the same by three threads at a time")
