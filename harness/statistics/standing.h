/*
 * How one allocator of a run stands against the others: ratios subject / peer, workload by
 * workload, and their geometric mean.
 *
 * CPU time and peak RSS are paired by block, as `cpu_ratio` of summary.h: Hodges-Lehmann over the
 * blocks, with the exact signed-rank interval at 95 %. What is retained has been measured once a
 * run, so it is a plain ratio. Absent figures are NAN.
 */
#ifndef HEAPMARK_STANDING_H
#define HEAPMARK_STANDING_H

#include "summary.h"

/* X(name, title, what it is) */
#define STANDING_MEASURES(X)                                                                 \
    X(CPU, "CPU time", "of the timed laps; of a program, user and system time of the whole") \
    X(PEAK_RSS, "peak RSS", "largest of VmHWM and of every reading of RSS")                  \
    X(SETTLED, "retained",                                                                   \
      "RSS growth left when all has been freed, after 0.2 s; under 256 KiB counts as 256 KiB")

enum standing_measure {
#define X(name, title, help) STANDING_##name,
    STANDING_MEASURES(X)
#undef X
        STANDING_MEASURE_COUNT
};
const char *standing_title(enum standing_measure measure);
const char *standing_help(enum standing_measure measure);

/* Beyond this an allocator counts as behind the best of its peers. */
#define STANDING_BEHIND 1.05

struct standing {
    const struct summary *summary; /* borrowed, as its run */
    unsigned subject;              /* an allocator of the run */
    enum standing_measure measure;
    struct estimate *against; /* workloads x allocators, row by row, then a row of means; owned */
};

/* Returns 0, or -1 with errno ENOMEM. */
int standing_init(struct standing *standing, const struct summary *summary, unsigned subject,
                  enum standing_measure measure);
void standing_release(struct standing *standing);

const struct estimate *standing_against(const struct standing *standing, size_t workload,
                                        size_t peer);
/* The geometric mean over the workloads that both have; `count` is of blocks in which they have
 * all of those. */
const struct estimate *standing_mean(const struct standing *standing, size_t peer);
/* How many workloads are behind it. */
size_t standing_mean_workloads(const struct standing *standing, size_t peer);
/* The peer that the subject stands worst against in a workload; -1: there is no figure. */
int standing_best_peer(const struct standing *standing, size_t workload);

#endif
