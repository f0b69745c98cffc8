/* The contract: what a block holds, how much of it may be used, and that no two overlap. */
#include "check.h"
#include "shadow.h"

#include <stdatomic.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

/* ---- realloc ------------------------------------------------------------------------ */

static const size_t ladder[] = {1,      8,       16,      24,      33,      64,      100,
                                128,    500,     1000,    1024,    2000,    4096,    9000,
                                16384,  32769,   65536,   70000,   131072,  200000,  262145,
                                600000, 1048576, 3000000, 4194304, 9000000, 33554432};
enum { LADDER = sizeof ladder / sizeof ladder[0] };

static void realloc_pairs_run(size_t argument)
{
    (void)argument;
    for (size_t i = 0; i < LADDER; i++)
        for (size_t k = 0; k < LADDER; k++) {
            size_t from = ladder[i], to = ladder[k], kept = from < to ? from : to;
            /* Megabytes are copied once from and once to each size only. */
            if (kept > 4 * MIB || (kept > 500000 && (i + k) % 3 != 0))
                continue;
            char *block = check_malloc(from);
            check_fill(block, kept, i * LADDER + k);
            void *neighbour = malloc(16);
            block = check_hidden(realloc(block, to));
            CHECK_THAT(block != NULL, "realloc from %zu to %zu is NULL", from, to);
            CHECK_THAT(malloc_usable_size(block) >= to,
                       "realloc from %zu to %zu leaves %zu usable bytes", from, to,
                       malloc_usable_size(block));
            check_filled(block, kept, i * LADDER + k, "realloc");
            check_fill(block + to - 1, 1, 1);
            free(neighbour);
            free(block);
        }
}
CHECK("contract", "realloc-keeps", realloc_pairs,
      "realloc between any two of 27 sizes, up and down, keeps the contents")

static void realloc_walk_run(size_t argument)
{
    enum { BLOCKS = 50, STEPS = 20000 };
    static struct {
        char *block;
        size_t bytes;
    } held[BLOCKS];
    uint64_t random = 11;
    (void)argument;
    for (uint64_t step = 0; step < STEPS; step++) {
        size_t i = check_random(&random) % BLOCKS;
        size_t bytes = check_random_size(&random, step % 50 == 0 ? 4 * MIB : 100000) + 1;
        char *block = check_hidden(realloc(held[i].block, bytes));
        CHECK_THAT(block != NULL, "realloc to %zu is NULL", bytes);
        check_filled(block, held[i].bytes < bytes ? held[i].bytes : bytes, i, "realloc");
        check_fill(block, bytes, i);
        held[i].block = block;
        held[i].bytes = bytes;
    }
}
CHECK("contract", "realloc-walk", realloc_walk, "20 000 random resizes of 50 blocks side by side")

static void realloc_step_run(size_t argument)
{
    char *block = NULL;
    size_t bytes = 0;
    (void)argument;
    while (bytes < 64 * MIB) {
        size_t more = bytes < 8192 ? 7 : bytes / 11;
        block = realloc(block, bytes + more);
        CHECK_THAT(block != NULL, "realloc to %zu is NULL", bytes + more);
        memset(block + bytes, (int)(bytes & 0xff), more);
        bytes += more;
    }
    for (size_t at = 0, more; at < bytes; at += more) {
        more = at < 8192 ? 7 : at / 11;
        CHECK_THAT((unsigned char)block[at] == (at & 0xff) &&
                       (unsigned char)block[at + more - 1] == (at & 0xff),
                   "byte %zu of a block that grew to %zu is lost", at, bytes);
    }
    free(block);
}
CHECK("contract", "realloc-grows", realloc_step, "a buffer grows from 7 bytes to 64 MiB in steps")

/* ---- calloc ------------------------------------------------------------------------- */

static void check_zeroed(const char *block, size_t bytes)
{
    static const char zeros[4096];
    for (size_t at = 0; at < bytes; at += sizeof zeros) {
        size_t part = bytes - at < sizeof zeros ? bytes - at : sizeof zeros;
        CHECK_THAT(memcmp(block + at, zeros, part) == 0,
                   "calloc of %zu bytes: not zero at about byte %zu", bytes, at);
    }
}

/* Blocks that were full to the last usable byte come back; some by a realloc that shrank them. */
static void calloc_recycled_run(size_t argument)
{
    enum { BLOCKS = 40 };
    char *blocks[BLOCKS];
    (void)argument;
    for (size_t bytes = 1; bytes < 12 * MIB; bytes = bytes < 300 ? bytes + 5 : bytes * 3 / 2) {
        int count = bytes < 65536 ? BLOCKS : 4;
        for (int i = 0; i < count; i++) {
            blocks[i] = check_malloc(i % 4 == 1 ? bytes * 2 : bytes);
            memset(blocks[i], 0xee, malloc_usable_size(blocks[i]));
            if (i % 4 == 1)
                blocks[i] = realloc(blocks[i], bytes);
        }
        for (int i = 0; i < count; i++)
            free(blocks[i]);
        for (int i = 0; i < count; i++) {
            blocks[i] = check_hidden(i % 2 == 0 ? calloc(1, bytes) : calloc(bytes, 1));
            CHECK_THAT(blocks[i] != NULL, "calloc of %zu bytes is NULL", bytes);
            check_zeroed(blocks[i], bytes);
            memset(blocks[i], 0xdd, malloc_usable_size(blocks[i]));
        }
        for (int i = 0; i < count; i++)
            free(blocks[i]);
    }
}
CHECK("contract", "calloc-zeroes-recycled", calloc_recycled,
      "memory that was full of others' bytes is zero again, at every size up to 12 MiB")

static void calloc_history_run(size_t argument)
{
    enum { BLOCKS = 300, STEPS = 60000 };
    static char *held[BLOCKS];
    uint64_t random = 5;
    (void)argument;
    for (int step = 0; step < STEPS; step++) {
        size_t i = check_random(&random) % BLOCKS;
        size_t bytes = check_random_size(&random, step % 30 == 0 ? 2 * MIB : 8192);
        free(held[i]);
        if (check_random(&random) % 2 == 0) {
            held[i] = check_malloc(bytes);
        } else {
            held[i] = check_hidden(calloc(bytes, 1));
            CHECK_THAT(held[i] != NULL, "calloc of %zu bytes is NULL", bytes);
            check_zeroed(held[i], bytes);
        }
        memset(held[i], 0xcc, malloc_usable_size(held[i]));
    }
}
CHECK("contract", "calloc-zeroes-history", calloc_history,
      "calloc among 60 000 random calls of others, blocks split and joined")

/* ---- usable size -------------------------------------------------------------------- */

static void usable_run(size_t argument)
{
    enum { NEIGHBOURS = 24 };
    char *blocks[NEIGHBOURS];
    (void)argument;
    for (size_t bytes = 0; bytes < 8 * MIB; bytes = bytes < 600 ? bytes + 1 : bytes * 6 / 5) {
        for (size_t i = 0; i < NEIGHBOURS; i++) {
            blocks[i] = check_malloc(bytes);
            CHECK_THAT(malloc_usable_size(blocks[i]) >= bytes, "malloc(%zu) has %zu usable bytes",
                       bytes, malloc_usable_size(blocks[i]));
            if (bytes < 200000 || i < 4)
                check_fill(blocks[i], malloc_usable_size(blocks[i]), i);
        }
        for (size_t i = 0; i < NEIGHBOURS; i++) {
            if (bytes < 200000 || i < 4)
                check_filled(blocks[i], malloc_usable_size(blocks[i]), i, "to the usable end");
            free(blocks[i]);
        }
    }
}
CHECK("contract", "usable-to-the-end", usable,
      "malloc_usable_size covers the request, and may be written to the last byte")

static void usable_realloc_run(size_t argument)
{
    (void)argument;
    for (size_t bytes = 1; bytes < 8 * MIB; bytes = bytes * 5 / 4 + 1) {
        char *block = check_malloc(bytes);
        size_t usable = malloc_usable_size(block);
        check_fill(block, usable, bytes);
        block = check_hidden(realloc(block, usable));
        CHECK_THAT(block != NULL, "realloc to the %zu usable bytes is NULL", usable);
        check_filled(block, usable, bytes, "realloc to the usable size");
        /* What was there beyond the request counts: it was usable. */
        block = check_hidden(realloc(block, 2 * usable + 1));
        CHECK_THAT(block != NULL, "realloc to %zu is NULL", 2 * usable + 1);
        check_filled(block, usable, bytes, "realloc beyond the usable size");
        free(block);
    }
}
CHECK("contract", "usable-then-realloc", usable_realloc,
      "a block that was filled to its usable end keeps that through realloc")

/* ---- histories against a shadow ----------------------------------------------------- */

static void history_run(size_t argument)
{
    struct shadow *shadow = shadow_create(1000);
    (void)argument;
    shadow_play(shadow,
                &(struct shadow_history){.steps = 150000, .maximum_bytes = 16384, .seed = 1});
    shadow_empty(shadow);
}
CHECK("contract", "history-small", history,
      "150 000 random calls of every entry point, 1000 blocks of up to 16 KiB, each verified")

static void history_large_run(size_t argument)
{
    struct shadow *shadow = shadow_create(120);
    (void)argument;
    shadow_play(shadow,
                &(struct shadow_history){.steps = 2500, .maximum_bytes = 4 * MIB, .seed = 2});
    shadow_empty(shadow);
}
CHECK("contract", "history-large", history_large, "the same with 120 blocks of up to 4 MiB")

static void *play_thread(void *number)
{
    struct shadow *shadow = shadow_create(500);
    shadow_play(shadow, &(struct shadow_history){.steps = 60000,
                                                 .maximum_bytes = 8192,
                                                 .seed = (uintptr_t)number + 3});
    shadow_empty(shadow);
    return NULL;
}

static void history_threads_run(size_t argument)
{
    (void)argument;
    check_threads(4, play_thread);
}
CHECK("contract", "history-threads", history_threads, "the same on four threads side by side")

/* A mailbox each: what one thread has filled the next verifies and frees. */
static _Atomic(void *) mailboxes[64];

static void *exchange_thread(void *number)
{
    uint64_t random = (uintptr_t)number + 77;
    for (int i = 0; i < 60000; i++) {
        size_t bytes = check_random_size(&random, i % 100 == 0 ? 500000 : 4096) + sizeof(size_t);
        char *block = check_malloc(bytes);
        memcpy(block, &bytes, sizeof bytes);
        check_fill(block + sizeof bytes, bytes - sizeof bytes, bytes);
        char *taken = atomic_exchange(&mailboxes[check_random(&random) % 64], (void *)block);
        if (taken == NULL)
            continue;
        memcpy(&bytes, taken, sizeof bytes);
        check_filled(taken + sizeof bytes, bytes - sizeof bytes, bytes,
                     "a block of another thread");
        free(taken);
    }
    return NULL;
}

static void exchange_run(size_t argument)
{
    (void)argument;
    check_threads(4, exchange_thread);
}
CHECK("contract", "history-exchange", exchange,
      "four threads hand 240 000 blocks around: who frees is seldom who allocated")
