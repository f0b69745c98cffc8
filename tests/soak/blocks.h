/*
 * The blocks that a soak holds, and what must be in them.
 *
 * A word in every 16 bytes of a block, and its last bytes, are a function of the block's seed and
 * of the place: no block is so small that another could lie over it and not show. All that may be
 * used is filled, not only what was asked for. What is not as it must be ends the process with a
 * line.
 */
#ifndef HEAPMARK_TESTS_SOAK_BLOCKS_H
#define HEAPMARK_TESTS_SOAK_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block {
    unsigned char *at; /* NULL: none */
    size_t bytes;      /* that may be used */
    uint64_t seed;
};

/* What one thread holds. Only it touches this, but for the two counts. */
struct blocks {
    struct block *block;
    size_t count;
    uint64_t random;     /* never 0 */
    bool alone;          /* in a child: a place may be taken there for ever */
    size_t budget_bytes; /* beyond it blocks are freed before others are made */
    _Atomic size_t live_bytes;
    _Atomic size_t refusals; /* requests that were not granted */
};

/* What the heap may refuse now and then: under a limit, or when the system is made to fail. */
extern bool blocks_may_be_refused;

/* Marsaglia's xorshift64. */
static inline uint64_t blocks_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* One random call: a block is made, resized, freed, or exchanged with the place where threads leave
 * blocks for each other. */
void blocks_step(struct blocks *blocks);
/* Looks at all of them, and frees those that `fraction` picks: 1 all, 2 every other one. */
void blocks_drop(struct blocks *blocks, size_t fraction);
/* The same for what lies between the threads, when none of them runs any more. */
void blocks_drop_exchanged(void);
size_t blocks_exchanged_bytes(void);

#endif
