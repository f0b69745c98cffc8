/*
 * BASE and NEW from the store: allocators of runs that were measured before.
 *
 * Both of one run: its blocks held both, in an order drawn by lot, so they are pairs, and decide as
 * live ones do. Of two runs: two series taken one after the other, which decide nothing but for
 * exact measures (verdict_independent()).
 */
#ifndef HEAPMARK_STORED_H
#define HEAPMARK_STORED_H

#include "comparison.h"
#include "store.h"

/* Fact of a run that a comparison has made: the pairs it looks at, "20,40,80". */
#define STORED_LOOKS_FACT "compare_looks"

struct stored {
    struct run run[COMPARE_SIDES]; /* of one run: BASE's alone */
    bool one_run;
    unsigned allocator[COMPARE_SIDES];
};

/* Whether the word has the form run:NAME or run:NAME/ALLOCATOR. */
bool stored_is(const char *word);
/* Loads what the words name; the allocator may be left out where a run has one only. Returns 0, or
 * -1 with a message, and is to be released in either case. */
int stored_load(struct stored *stored, struct store *store, const char *const words[COMPARE_SIDES],
                char *message);
void stored_release(struct stored *stored);
/* Compares. Looks are those of the comparison that has made the run; of another run there is one,
 * at as many pairs as every workload has, and its first block is no warm-up. `stored` must outlive
 * the comparison. Returns 0, or -1 with errno ENOMEM. */
int stored_compare(struct comparison *comparison, const struct stored *stored,
                   const struct compare_rules *rules);
/* The looks of the rules as that fact has them; into `text` of so many bytes. */
void stored_print_looks(const struct compare_rules *rules, char *text, size_t bytes);

#endif
