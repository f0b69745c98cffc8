/*
 * Trials that were recorded on a real machine, and comparisons drawn from them.
 *
 * A corpus holds series: trials of one workload under one library, in the order they were run in.
 * Trial i of a series and trial i of another series of the same workload were run in the same
 * block, in an order drawn by lot, so any two series of a workload are pairs.
 *
 * The file, compressed by gzip, has a line a trial: workload, library, time until the next trial
 * began (units of 0.1 ms), time waited for a CPU (us), and for each lap its wall time and how much
 * less its CPU time was (100 ns). tests/proof/record.py writes it.
 */
#ifndef HEAPMARK_CORPUS_FIXTURE_H
#define HEAPMARK_CORPUS_FIXTURE_H

#include "verdict.h"

enum { CORPUS_NAME_BYTES = 32, CORPUS_LAPS_MAXIMUM = 16, CORPUS_PAIRS_MAXIMUM = 160 };

struct corpus_series {
    char workload[CORPUS_NAME_BYTES], library[CORPUS_NAME_BYTES];
    size_t trials, capacity, laps;
    double *wall, *cpu;      /* seconds, trials x laps; owned */
    double *spent_s, *delay; /* seconds, a trial each; owned */
    double *place;           /* in the file, and so in time; owned */
};

struct corpus {
    struct corpus_series *series; /* owned */
    size_t count;
};

/* Returns 0, or -1 and prints what is wrong to standard error. To be released in either case. */
int corpus_load(struct corpus *corpus, const char *path);
void corpus_release(struct corpus *corpus);
/* NULL: there is none. */
const struct corpus_series *corpus_find(const struct corpus *corpus, const char *workload,
                                        const char *library);

/* A stretch of pairs that begins at `start`, from the end on to the beginning again. */
struct corpus_draw {
    const struct corpus_series *base, *new;
    size_t start;
    uint64_t lot;   /* seed of the labels, drawn anew for each pair; 0: as they were recorded */
    bool cpu;       /* CPU times instead of wall times */
    double planted; /* each lap of NEW takes so much of its CPU time longer */
};

/* The pairs drawn so far. */
struct corpus_window {
    struct corpus_draw draw;
    size_t pairs;
    double base[CORPUS_PAIRS_MAXIMUM * CORPUS_LAPS_MAXIMUM];
    double new[CORPUS_PAIRS_MAXIMUM * CORPUS_LAPS_MAXIMUM];
    double base_whole[CORPUS_PAIRS_MAXIMUM], new_whole[CORPUS_PAIRS_MAXIMUM];
    signed char order[CORPUS_PAIRS_MAXIMUM];
    double seconds; /* that these pairs took when they were run, and one more that warmed up */
};
void corpus_window_init(struct corpus_window *window, const struct corpus_draw *draw);
void corpus_window_extend(struct corpus_window *window, size_t pairs);
struct verdict_pairs corpus_window_pairs(const struct corpus_window *window);

/* Looks at 20, 40, 80 and 160 pairs, as far as the series go. */
struct verdict_rules corpus_rules(const struct corpus *corpus);

/* Runs one comparison of a time to its end. Returns 0 or -1 as verdict_look(). */
int corpus_compare(struct corpus_window *window, const struct corpus_draw *draw,
                   const struct verdict_rules *rules, struct verdict_cell *cell);

#endif
