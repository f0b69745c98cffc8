/*
 * How much alike two rows of calls are, a recording and its twin: in the sizes of their blocks, in
 * how long they live, in what is alive on the way.
 *
 * Sizes and lifetimes (in operations) are held against each other by the largest distance between
 * their cumulated shares (Kolmogorov and Smirnov's D), those up to 1024 one by one, larger ones in
 * classes of a sixteenth of a power of two. A block that is never freed lives for ever.
 */
#ifndef HEAPMARK_LIKENESS_H
#define HEAPMARK_LIKENESS_H

#include "op_source.h"
#include "profile.h"

enum { LIKENESS_BINS = 512, LIKENESS_CLASSES = PROFILE_CLASSES + 1 };

struct likeness_side {
    uint64_t *sizes,
        *lives; /* LIKENESS_CLASSES of each, owned; the last one of `lives`: for ever */
    uint64_t objects, bytes, operations, total;
    uint64_t calls_of_kind[TRACE_KIND_COUNT];
    uint64_t ended, across;     /* across: by another thread */
    double live[LIKENESS_BINS]; /* mean over equal parts of the operations, bytes */
    uint64_t live_most[LIKENESS_BINS];
    uint64_t peak_bytes;
};

struct likeness {
    double sizes, lives; /* D, 0 to 1 */
    double live;         /* mean distance of the live curves over the mean of the first */
    double peak;         /* second over first */
    double calls;        /* the same */
};

/* Goes through all of it, twice. Return 0, or -1 with a message; to be released in either case. */
int likeness_take(struct likeness_side *side, struct op_source *ops, char *message);
void likeness_side_release(struct likeness_side *side);

void likeness_compare(struct likeness *likeness, const struct likeness_side *first,
                      const struct likeness_side *second);
/* The largest value of a class. */
double likeness_class_most(unsigned class);

#endif
