/*
 * The page by which two trials take turns: both runners have it mapped (TRIAL_TURN_FD), and so has
 * the harness, which lets them go when one of them has ended in whatever way.
 *
 * `turn` is the side (0 or 1) that may work; the other sleeps on it (futex(2)). TURN_FREE is for
 * good: nobody waits any more.
 */
#ifndef HEAPMARK_TURN_PAGE_H
#define HEAPMARK_TURN_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

enum { TURN_FREE = 2 };

struct turn_page {
    _Atomic uint32_t turn;
    _Atomic uint32_t done; /* sides that have no lap left */
};

#endif
