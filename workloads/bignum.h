/*
 * Whole numbers of any length, each in a block of its own from the allocator under test, as
 * programs for number theory keep them: every result is a new block, and most die within
 * microseconds.
 *
 * A number is never changed once it is made. Who gets one has to release it; bignum_keep() makes it
 * outlive one more release. Results that do not fit the rules below end in worker_corrupt(): what
 * was read was not what had been written.
 */
#ifndef HEAPMARK_BIGNUM_H
#define HEAPMARK_BIGNUM_H

#include "workload.h"

struct bignum {
    uint32_t check; /* of `room`; first, since that is where a neighbour overflows to */
    uint32_t room;  /* limbs the block was made for */
    uint32_t length, references;
    uint32_t limb[]; /* `length` of them, lowest first, the highest not 0 */
};

struct bignum *bignum_of(struct worker *worker, const uint32_t *limbs, uint32_t length);
struct bignum *bignum_small(struct worker *worker, uint32_t value);
struct bignum *bignum_keep(struct bignum *number);
void bignum_release(struct worker *worker, struct bignum *number);

/* Below 0, 0, above 0. */
int bignum_compare(const struct bignum *a, const struct bignum *b);
struct bignum *bignum_add(struct worker *worker, const struct bignum *a, const struct bignum *b);
/* a >= b */
struct bignum *bignum_subtract(struct worker *worker, const struct bignum *a,
                               const struct bignum *b);
struct bignum *bignum_multiply(struct worker *worker, const struct bignum *a,
                               const struct bignum *b);
/* The quotient; the rest through `rest`, unless it is NULL. `b` > 0. */
struct bignum *bignum_divide(struct worker *worker, const struct bignum *a, const struct bignum *b,
                             struct bignum **rest);
struct bignum *bignum_modulo(struct worker *worker, const struct bignum *a, const struct bignum *b);
/* `divisor` > 0. */
struct bignum *bignum_divide_small(struct worker *worker, const struct bignum *a, uint32_t divisor);
uint32_t bignum_modulo_small(const struct bignum *a, uint32_t divisor);
/* The largest number whose square is not above `a`. */
struct bignum *bignum_root(struct worker *worker, const struct bignum *a);

#endif
