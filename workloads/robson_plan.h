/*
 * The allocations and frees of Robson's bad program for first fit, worked out in advance.
 *
 * J. M. Robson, 'An Estimate of the Store Size Necessary for Dynamic Storage Allocation', Journal
 * of the ACM 18(3), 1971, proves that a program whose live words never exceed M, in blocks of 1, 2,
 * 4, .. n words, can make any allocator that does not move blocks use about M (1 + log2(n) / 2)
 * words. The program that does so looks at the addresses it is given. Ours may not: every allocator
 * is to do the same work. So it plays against a model of first fit, once, and what it did there is
 * the plan.
 *
 * Words are numbered from 0 in the model; there is no header, and no block is aligned.
 */
#ifndef HEAPMARK_ROBSON_PLAN_H
#define HEAPMARK_ROBSON_PLAN_H

#include <stddef.h>
#include <stdint.h>

enum { ROBSON_STEPS_MAXIMUM = 16 };

struct robson_block {
    uint32_t place; /* first word in the model */
    uint32_t id;    /* in the order of allocation, from 0 */
};

/* One step of the program: first blocks are freed, then blocks of 2^step words are allocated,
 * whose ids follow on those of the step before. */
struct robson_step {
    uint32_t first_free, frees; /* of `freed` in the plan */
    uint32_t allocations;
};

struct robson_plan {
    uint32_t words;  /* M */
    uint32_t steps;  /* log2(n) + 1 */
    uint32_t *freed; /* ids, step by step; `words` x 2 */
    uint32_t blocks; /* all that are allocated, at most 2 x `words` */
    uint32_t freed_count;
    uint32_t heap_words; /* that first fit has used at the end */
    struct robson_step step[ROBSON_STEPS_MAXIMUM];
};

/* What robson_plan_make() works in: `words` of each. Also holds what lives at the end, in the order
 * of places. */
struct robson_model {
    struct robson_block *live, *merged;
    uint32_t live_count;
    uint8_t *exponent; /* by id: log2 of its words; `words` x 2 */
};

/* `words`, `steps` and all storage are the caller's. */
void robson_plan_make(struct robson_plan *plan, struct robson_model *model);

#endif
