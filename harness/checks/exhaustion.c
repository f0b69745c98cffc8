/* Exhaustion: when the system gives no more, NULL and ENOMEM, a whole heap, and on it goes. */
#include "check.h"
#include "gate.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
enum { BLOCKS_MAXIMUM = 200000, REQUESTS_MAXIMUM = 400 };

struct hoard {
    char **blocks;
    size_t count, bytes;
};

/* Takes blocks until there are no more. */
static void hoard_fill(struct hoard *hoard, size_t bytes)
{
    hoard->bytes = bytes;
    for (hoard->count = 0; hoard->count < BLOCKS_MAXIMUM; hoard->count++) {
        errno = 0;
        char *block = check_hidden(malloc(bytes));
        if (block == NULL) {
            CHECK_THAT(errno == ENOMEM, "malloc is NULL with errno %d, not ENOMEM", errno);
            return;
        }
        check_fill(block, bytes < 64 ? bytes : 64, hoard->count);
        hoard->blocks[hoard->count] = block;
    }
}

static void hoard_free(struct hoard *hoard, size_t step)
{
    for (size_t i = 0; i < hoard->count; i++) {
        if (hoard->blocks[i] == NULL)
            continue;
        check_filled(hoard->blocks[i], hoard->bytes < 64 ? hoard->bytes : 64, i,
                     "a block from before the memory ran out");
        if (i % step != 0)
            continue;
        free(hoard->blocks[i]);
        hoard->blocks[i] = NULL;
    }
}

static void every_call_fails(size_t bytes, void *held)
{
    void *untouched = &untouched, *out = untouched;
    errno = 0;
    CHECK_THAT(check_hidden(calloc(1, bytes)) == NULL && errno == ENOMEM, "calloc does not fail");
    errno = 0;
    CHECK_THAT(check_hidden(realloc(held, bytes)) == NULL && errno == ENOMEM,
               "realloc does not fail");
    errno = 0;
    CHECK_THAT(check_hidden(memalign(4096, bytes)) == NULL && errno == ENOMEM,
               "memalign does not fail");
    CHECK_THAT(posix_memalign(&out, 4096, bytes) == ENOMEM && out == untouched,
               "posix_memalign does not fail, or changes the pointer");
}

static void limit(int resource, size_t bytes)
{
    struct rlimit value = {bytes, RLIM_INFINITY};
    CHECK_THAT(setrlimit(resource, &value) == 0, "setrlimit: %s", strerror(errno));
}

static void exhaust(int resource)
{
    static const size_t sizes[] = {100, 5000, 100000, 3000000};
    struct hoard hoard = {.blocks = check_memory(BLOCKS_MAXIMUM * sizeof(char *))};
    char *kept = check_malloc(1000);
    check_fill(kept, 1000, 9);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        limit(resource, 200 * MIB);
        hoard_fill(&hoard, sizes[i]);
        every_call_fails(400 * MIB, kept);
        check_filled(kept, 1000, 9, "a block whose realloc failed");
        hoard_free(&hoard, 2);
        CHECK_THAT(hoard.count < 8 || check_hidden(realloc(NULL, sizes[i])) != NULL,
                   "half of %zu blocks of %zu bytes are free, and malloc is NULL", hoard.count,
                   sizes[i]);
        hoard_free(&hoard, 1);
        limit(resource, RLIM_INFINITY);
        free(check_malloc(300 * MIB));
        free(check_malloc(sizes[i]));
    }
}

static void address_space_run(size_t argument)
{
    (void)argument;
    exhaust(RLIMIT_AS);
}
CHECK(
    "exhaustion", "limit-address-space", address_space,
    "RLIMIT_AS: NULL and ENOMEM, blocks intact, goes on when some are freed and when it is lifted")

static void data_run(size_t argument)
{
    (void)argument;
    exhaust(RLIMIT_DATA);
}
CHECK("exhaustion", "limit-data", data, "RLIMIT_DATA (the break and private mappings): the same")

/* The limit comes when all have started: their stacks are not what is tried. */
static pthread_barrier_t all_started;

static void *exhaust_thread(void *number)
{
    if (pthread_barrier_wait(&all_started) == PTHREAD_BARRIER_SERIAL_THREAD)
        limit(RLIMIT_AS, 160 * MIB);
    pthread_barrier_wait(&all_started);
    uint64_t random = (uintptr_t)number;
    for (int round = 0; round < 20; round++) {
        char *blocks[400];
        size_t count = 0;
        for (; count < 400; count++) {
            errno = 0;
            size_t bytes = check_random_size(&random, MIB) + 8;
            blocks[count] = check_hidden(malloc(bytes));
            if (blocks[count] == NULL) {
                CHECK_THAT(errno == ENOMEM, "malloc is NULL with errno %d, not ENOMEM", errno);
                break;
            }
            check_fill(blocks[count], 8, count);
        }
        for (size_t i = 0; i < count; i++) {
            check_filled(blocks[i], 8, i, "a block of a thread");
            free(blocks[i]);
        }
    }
    return NULL;
}

static void threads_run(size_t argument)
{
    (void)argument;
    pthread_barrier_init(&all_started, NULL, 4);
    check_threads(4, exhaust_thread);
    limit(RLIMIT_AS, RLIM_INFINITY);
    free(check_malloc(200 * MIB));
}
CHECK("exhaustion", "limit-by-threads", threads, "four threads run into RLIMIT_AS together")

/* ---- the n-th request of the system fails ------------------------------------------- */

static void *take_one(int step, void *held, size_t bytes)
{
    if (step % 3 == 0)
        return realloc(held, bytes);
    if (step % 7 == 1)
        return memalign((size_t)64 << step % 12, bytes);
    if (step % 7 != 2)
        return malloc(bytes);
    char *block = check_hidden(calloc(1, bytes));
    for (size_t i = 0; block != NULL && i < bytes; i += 512)
        CHECK_THAT(block[i] == 0, "calloc gives what is not zero, at %zu of %zu bytes", i, bytes);
    return block;
}

static void work_under_gate(void)
{
    char *held[60] = {0};
    uint64_t random = 4;
    for (int step = 0; step < 400; step++) {
        size_t i = check_random(&random) % 60;
        size_t bytes = check_random_size(&random, step % 8 == 0 ? 4 * MIB : 50000) + 8;
        errno = 0;
        char *block = check_hidden(take_one(step, held[i], bytes));
        if (block == NULL) {
            CHECK_THAT(errno == ENOMEM, "a call fails with errno %d, not ENOMEM", errno);
            continue;
        }
        if (step % 3 == 0 && held[i] != NULL)
            check_filled(block, 8, i, "realloc");
        else if (held[i] != NULL) {
            check_filled(held[i], 8, i, "a live block");
            free(held[i]);
        }
        check_fill(block, 8, i);
        check_fill(block + bytes - 8, 8, i + 1);
        check_fill(block, 8, i);
        held[i] = block;
    }
    for (size_t i = 0; i < 60; i++) {
        if (held[i] != NULL)
            check_filled(held[i], 8, i, "a live block");
        free(held[i]);
    }
}

/* In a process of its own: the heap is as young in each. */
static void try_child(uint32_t nth, uint32_t count, uint32_t *calls)
{
    pid_t child = check_fork();
    if (child == 0) {
        gate_fail(nth, count);
        work_under_gate();
        gate_open();
        *calls = gate_calls();
        work_under_gate();
        free(check_malloc(30 * MIB));
        _exit(0);
    }
    check_child_is_well(child, "a process whose requests failed");
}

/* Every request that the work makes of the system is refused once, by itself or with all after
 * it; failed ones may lead to others. */
static void try_each(uint32_t count)
{
    uint32_t *calls = check_shared(sizeof *calls), requests;
    gate_install();
    try_child(0, 0, calls);
    requests = *calls;
    CHECK_THAT(requests > 0, "the work asks the system for nothing");
    for (uint32_t n = 1; n <= requests && n <= REQUESTS_MAXIMUM; n++)
        try_child(n, count, calls);
}

static void nth_run(size_t argument)
{
    (void)argument;
    try_each(1);
}
CHECK("exhaustion", "nth-request-fails", nth,
      "each brk, mmap or mremap fails once, one a process: no crash, contents right")

static void from_nth_run(size_t argument)
{
    (void)argument;
    try_each(UINT32_MAX);
}
CHECK("exhaustion", "from-nth-request-fails", from_nth,
      "all requests from the n-th on fail, for each n; when the system gives again, it goes on")

static void break_run(size_t argument)
{
    (void)argument;
    gate_install();
    gate_fail_break(true);
    /* Only the break is closed: who uses it turns to mmap. */
    for (int i = 0; i < 20; i++)
        work_under_gate();
    void *blocks[2000];
    for (size_t i = 0; i < 2000; i++)
        memset(blocks[i] = check_malloc(4000), 1, 4000);
    for (size_t i = 0; i < 2000; i++)
        free(blocks[i]);
}
CHECK("exhaustion", "break-fails", break, "the break cannot move: the memory comes from mmap")

static void *first_malloc(void *argument)
{
    gate_install();
    gate_fail(1, UINT32_MAX);
    for (size_t bytes = 8; bytes < 8 * MIB; bytes *= 3) {
        errno = 0;
        char *block = check_hidden(malloc(bytes));
        CHECK_THAT(block != NULL || errno == ENOMEM, "errno is %d, not ENOMEM", errno);
        if (block != NULL)
            memset(block, 1, bytes);
        free(block);
    }
    gate_open();
    free(check_malloc(100));
    return argument;
}

static void thread_birth_run(size_t argument)
{
    (void)argument;
    check_threads(1, first_malloc);
    free(check_malloc(100));
}
CHECK("exhaustion", "thread-without-memory", thread_birth,
      "a thread's first malloc when the system gives nothing: NULL or a block, no crash")
