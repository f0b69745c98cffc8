/* What the parts of lane.c share; see lane.h. */
#ifndef HEAPMARK_LANE_INTERNAL_H
#define HEAPMARK_LANE_INTERNAL_H

#include "lane.h"

#include <math.h>

/* SplitMix64, as the runner's workloads have it. */
static inline uint64_t random_next(struct lane *lane)
{
    uint64_t z = lane->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* In [0, 1). */
static inline double random_share(struct lane *lane)
{
    return (double)(random_next(lane) >> 11) * 0x1p-53;
}

/* A draw only where there is something to decide. */
static inline bool happens(struct lane *lane, double share)
{
    return share > 0 && (share >= 1 || random_share(lane) < share);
}

static inline double random_exponential(struct lane *lane, double mean)
{
    return -mean * log(1 - random_share(lane));
}

static inline size_t draw_row(struct lane *lane, const double *sums, size_t count)
{
    double at = random_share(lane) * sums[count - 1];
    size_t low = 0, high = count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sums[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static inline const struct pattern_phase *phase_of(const struct lane *lane)
{
    return &lane->lanes->pattern->phase[lane->phase];
}

static inline uint32_t list_of(const struct lane *lane, const struct pattern_kind *kind)
{
    return lane->number * lane->lanes->pattern->kind_names + kind->number;
}

static inline struct block_list *blocks_of(const struct lane *lane, const struct pattern_kind *kind)
{
    return &lane->lanes->pool.list[list_of(lane, kind)];
}

/* Of lane.c. Draws the size of the step's block; of a table also how long it may live. */
void lane_draw_block(struct lane *lane, const struct pattern_kind *kind, bool living);
/* Makes the block. Return as lane_next. */
int lane_make_block(struct lane *lane, const struct pattern_kind *kind, bool living,
                    struct trace_op *op);
int lane_take_step(struct lane *lane, struct trace_op *op);
void lane_start_phases(struct lane *lane);

/* Of lane_fill.c: the first live set. */
void lane_plan_fill(struct lane *lane);
int lane_take_fill_step(struct lane *lane, struct trace_op *op);

#endif
