/*
 * One thread of a pattern: what it has alive, and which call it makes next.
 */
#ifndef HEAPMARK_LANE_H
#define HEAPMARK_LANE_H

#include "block_pool.h"
#include "due_heap.h"
#include "pattern.h"
#include "trace.h"

/* What the lanes share. */
struct lanes {
    const struct pattern *pattern;
    struct block_pool pool; /* list number: lane x kinds + kind */
    struct lane *lane;      /* pattern->threads of them, owned */
    uint64_t warm_calls;    /* of a lane, between its fill and its phases */
    uint64_t born;
};

struct lane {
    struct lanes *lanes;
    unsigned number;
    uint64_t random;
    uint64_t clock[PATTERN_CLOCKS];
    struct due_heap heap[PATTERN_CLOCKS];
    struct due_heap inbox; /* blocks that others handed over, in their order */
    uint64_t handed_over;
    double wanted[PATTERN_KINDS]; /* blocks to be filled in yet, of the first phase's kinds */
    double wanted_sum;
    uint64_t warmed; /* calls of warm-up made */
    unsigned round, phase;
    uint64_t phase_calls; /* made in this phase */
    uint64_t calls;       /* in all */
    uint64_t burst_left;
    uint64_t ready_ns;               /* when its next call is due */
    uint64_t pause_ns;               /* before it */
    const struct pattern_kind *step; /* that it is in the middle of; NULL: none */
    uint64_t step_bytes;
    double step_life; /* of a table's row, in steps */
    enum { STAGE_FILL, STAGE_WARM, STAGE_RUN, STAGE_DONE } stage;
};

/* Sets the lane to its start. */
void lane_begin(struct lane *lane, uint64_t seed);
/* Blocks that it begins with. */
double lane_fill_blocks(const struct lane *lane);
/* Its next call. Returns 1; 0: it has none left; -1: memory is short. */
int lane_next(struct lane *lane, struct trace_op *op);
void lane_release(struct lane *lane);

#endif
