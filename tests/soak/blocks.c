/* See blocks.h. */
#include "blocks.h"

#include <malloc.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"

#define GRANULE       ((size_t)16)
#define EXCHANGE      64
#define ALIGNMENT_LOG 12 /* alignments from 16 bytes to 64 KiB */

bool blocks_may_be_refused;

static struct place {
    atomic_flag taken;
    struct block block;
} exchange[EXCHANGE];
static _Atomic size_t exchanged_bytes;

static _Noreturn void corrupt(const struct block *block, size_t offset, const char *what)
{
    fprintf(stderr, "soak: %s: the block of %zu bytes at %p has %02x at %zu\n", what, block->bytes,
            (void *)block->at, block->at[offset], offset);
    abort();
}

static uint64_t word_at(const struct block *block, size_t offset)
{
    return (block->seed + offset) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The last word of a block, or what there is of it. */
static size_t tail_of(size_t bytes)
{
    return (bytes - 1) / sizeof(uint64_t) * sizeof(uint64_t);
}

static void fill(struct block *block)
{
    size_t tail = tail_of(block->bytes);
    uint64_t last = word_at(block, tail);

    for (size_t offset = 0; offset < tail; offset += GRANULE)
        *(uint64_t *)(block->at + offset) = word_at(block, offset);
    memcpy(block->at + tail, &last, block->bytes - tail);
}

/* The first `bytes`, which is all or what has been kept. */
static void verify(const struct block *block, size_t bytes, const char *what)
{
    if (block->at == NULL)
        return;
    size_t tail = tail_of(block->bytes), end = bytes < tail ? bytes : tail;
    uint64_t last = word_at(block, tail);
    for (size_t offset = 0; offset + sizeof(uint64_t) <= end; offset += GRANULE)
        if (*(const uint64_t *)(block->at + offset) != word_at(block, offset))
            corrupt(block, offset, what);
    if (bytes == block->bytes && memcmp(block->at + tail, &last, bytes - tail) != 0)
        corrupt(block, tail, what);
}

static void count(struct blocks *blocks, size_t bytes)
{
    /* Read by others, written by this thread alone. */
    size_t live = atomic_load_explicit(&blocks->live_bytes, memory_order_relaxed);
    atomic_store_explicit(&blocks->live_bytes, live + bytes, memory_order_relaxed);
}

/* The block is `at`, which may be NULL: refused. */
static void hold(struct blocks *blocks, struct block *block, void *at, size_t bytes)
{
    block->at = at;
    if (at == NULL) {
        if (!blocks_may_be_refused) {
            fprintf(stderr, "soak: a request of %zu bytes was refused\n", bytes);
            abort();
        }
        atomic_fetch_add_explicit(&blocks->refusals, 1, memory_order_relaxed);
        return;
    }
    block->bytes = HEAP_ENTRY(malloc_usable_size)(at);
    block->seed = blocks_random(&blocks->random);
    if (block->bytes < bytes || (uintptr_t)at % GRANULE != 0)
        corrupt(block, 0, "too short or crooked");
    fill(block);
    count(blocks, block->bytes);
}

static void release(struct blocks *blocks, struct block *block)
{
    if (block->at == NULL)
        return;
    verify(block, block->bytes, "a live block");
    if (HEAP_ENTRY(malloc_usable_size)(block->at) != block->bytes)
        corrupt(block, 0, "its usable size has changed");
    count(blocks, -block->bytes);
    HEAP_ENTRY(free)(block->at);
    block->at = NULL;
}

/* Three in five small, then less and less: every path of the allocator comes about. */
static size_t random_bytes(uint64_t *random)
{
    unsigned kind = (unsigned)(blocks_random(random) % 100);
    unsigned log = kind < 60 ? 10 : kind < 87 ? 15 : kind < 99 ? 20 : 23;
    size_t limit = (size_t)1 << (log - blocks_random(random) % 4);

    return blocks_random(random) % limit + 1;
}

static void *make(uint64_t *random, size_t bytes)
{
    size_t alignment = GRANULE << blocks_random(random) % (ALIGNMENT_LOG + 1);
    unsigned char *at;

    switch (blocks_random(random) % 16) {
    case 0:
        at = HEAP_ENTRY(memalign)(alignment, bytes);
        if ((uintptr_t)at % alignment != 0)
            corrupt(&(struct block){.at = at, .bytes = bytes}, 0, "not aligned");
        return at;
    case 1:
    case 2:
        at = HEAP_ENTRY(calloc)(1, bytes);
        for (size_t i = 0; at != NULL && i < bytes; i++)
            if (at[i] != 0)
                corrupt(&(struct block){.at = at, .bytes = bytes}, i / 8 * 8, "calloc is not zero");
        return at;
    default:
        return HEAP_ENTRY(malloc)(bytes);
    }
}

static void resize(struct blocks *blocks, struct block *block, size_t bytes)
{
    struct block moved = *block;

    verify(block, block->bytes, "before realloc");
    moved.at = HEAP_ENTRY(realloc)(block->at, bytes);
    if (moved.at == NULL) {
        /* Counts the refusal; the old block is as it was. */
        hold(blocks, &moved, NULL, bytes);
        verify(block, block->bytes, "after a refused realloc");
        return;
    }
    verify(&moved, bytes < block->bytes ? bytes : block->bytes, "after realloc");
    count(blocks, -block->bytes);
    hold(blocks, block, moved.at, bytes);
}

/* Leaves the block where another thread finds it, and takes what lies there. */
static void swap(struct blocks *blocks, struct block *block)
{
    struct place *place = &exchange[blocks_random(&blocks->random) % EXCHANGE];
    struct block mine = *block;

    /* Acquire and release: what is in the block travels with it. */
    while (atomic_flag_test_and_set_explicit(&place->taken, memory_order_acquire))
        sched_yield();
    *block = place->block;
    place->block = mine;
    atomic_flag_clear_explicit(&place->taken, memory_order_release);

    size_t given = mine.at != NULL ? mine.bytes : 0, got = block->at != NULL ? block->bytes : 0;
    count(blocks, got - given);
    atomic_fetch_add_explicit(&exchanged_bytes, given - got, memory_order_relaxed);
}

void blocks_step(struct blocks *blocks)
{
    uint64_t *random = &blocks->random;
    struct block *block = &blocks->block[blocks_random(random) % blocks->count];
    unsigned choice = (unsigned)(blocks_random(random) % 8);

    while (atomic_load_explicit(&blocks->live_bytes, memory_order_relaxed) > blocks->budget_bytes)
        release(blocks, &blocks->block[blocks_random(random) % blocks->count]);
    if (choice == 0 && !blocks->alone) {
        swap(blocks, block);
    } else if (block->at == NULL) {
        size_t bytes = random_bytes(random);
        hold(blocks, block, make(random, bytes), bytes);
    } else if (choice == 1) {
        resize(blocks, block, random_bytes(random));
    } else {
        release(blocks, block);
    }
}

void blocks_drop(struct blocks *blocks, size_t fraction)
{
    for (size_t i = 0; i < blocks->count; i++) {
        struct block *block = &blocks->block[i];
        verify(block, block->bytes, "a live block");
        if (i % fraction == 0)
            release(blocks, block);
    }
}

void blocks_drop_exchanged(void)
{
    for (size_t i = 0; i < EXCHANGE; i++) {
        verify(&exchange[i].block, exchange[i].block.bytes, "an exchanged block");
        HEAP_ENTRY(free)(exchange[i].block.at);
        exchange[i].block.at = NULL;
    }
    atomic_store_explicit(&exchanged_bytes, 0, memory_order_relaxed);
}

size_t blocks_exchanged_bytes(void)
{
    return atomic_load_explicit(&exchanged_bytes, memory_order_relaxed);
}
