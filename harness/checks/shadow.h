/*
 * A history of random calls beside a model that knows what must live where: every block is full
 * to its usable end with a pattern of its own, looked at when the block is resized or freed. Two
 * blocks that overlap, or a byte that is lost, end the test.
 */
#ifndef HEAPMARK_SHADOW_H
#define HEAPMARK_SHADOW_H

#include <stddef.h>
#include <stdint.h>

struct shadow;

struct shadow_history {
    unsigned steps;
    size_t maximum_bytes;
    uint64_t seed;
    uint64_t deadline_ns; /* of check_now_ns(); 0: all steps are made */
};

/* Room for that many live blocks. */
struct shadow *shadow_create(size_t blocks);
void shadow_play(struct shadow *shadow, const struct shadow_history *history);
/* Verifies and frees all that lives. */
void shadow_empty(struct shadow *shadow);
/* Verifies all that lives. */
void shadow_verify(const struct shadow *shadow);

#endif
