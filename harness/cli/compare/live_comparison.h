/*
 * A comparison that measures: two allocators in interleaved pairs, until it is clear which is
 * better.
 */
#ifndef HEAPMARK_LIVE_COMPARISON_H
#define HEAPMARK_LIVE_COMPARISON_H

#include "comparison.h"
#include "comparison_progress.h"
#include "revision.h"
#include "running.h"

struct live_comparison {
    struct running running; /* its options and, where they name none, its suite are the caller's */
    struct compare_rules rules;
    struct revision_source source; /* of revisions */
    size_t most_pairs;
    struct comparison comparison; /* when it has begun */
    struct comparison_progress progress;
    bool begun;
};

/* Plans and measures; `words` are BASE and NEW, as compare_sides_add() takes them. Returns 0, also
 * when interrupted, or -1 with running.message; what was measured by then is in the comparison. */
int live_comparison_run(struct live_comparison *live, const char *const words[COMPARE_SIDES]);
void live_comparison_release(struct live_comparison *live);

#endif
