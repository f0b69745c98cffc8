/*
 * What a run says about each workload under each allocator: the figures of every table and
 * chart, computed from the stored records and from nothing else.
 *
 * Estimates carry the exact interval of the method named; where the sample is too small for
 * one (under six blocks at 95 %), the interval is absent, never guessed. A ratio over a live
 * set of under 1 MiB is absent too. Absent figures are NAN. Only trials that ended OK count.
 */
#ifndef HEAPMARK_SUMMARY_H
#define HEAPMARK_SUMMARY_H

#include "disturbance.h"
#include "record.h"

#include <stddef.h>

#define SUMMARY_LIVE_MINIMUM_BYTES (1024.0 * 1024.0)

struct estimate {
    double value;     /* NAN: not available */
    double low, high; /* 95 % interval; both NAN: none */
    size_t count;     /* blocks behind it */
};

/* X(name, unit, title of the column, how it is computed). Each is a struct estimate:
 * the median over blocks (or the one inspection pass) with the exact order-statistic interval,
 * but for the two ratios, which are Hodges-Lehmann estimates over the blocks with the exact
 * Wilcoxon signed-rank interval (Hollander and Wolfe 1999, 3.1 and 3.3), each block's value
 * being the median over laps of the log-ratio of the two trials' laps (programs: of the wholes).
 * The memory of programs comes from their memory pass. */
#define SUMMARY_MEASURES(X)                                                                      \
    X(throughput, "ops/s", "throughput", "operations / wall time of the timed region")           \
    X(wall, "s", "wall", "wall time of the timed region")                                        \
    X(cpu, "s", "cpu", "CPU time of the timed region")                                           \
    X(lap, "s", "lap", "median lap")                                                             \
    X(ns_per_operation, "ns", "ns/op", "wall time / operations x threads")                       \
    X(speed, "ratio", "speed", "throughput relative to the reference: above 1 is faster")        \
    X(cpu_ratio, "ratio", "cpu ratio", "CPU time relative to the reference: below 1 is cheaper") \
    X(peak_rss, "bytes", "peak RSS", "largest of VmHWM and of every reading of RSS")             \
    X(peak_growth, "bytes", "growth", "peak RSS minus VmRSS at start")                           \
    X(peak_live, "bytes", "peak live", "largest sum of live bytes")                              \
    X(blow_up, "ratio", "blow-up",                                                               \
      "peak RSS growth / peak live bytes (Johnstone and Wilson 1998, measure 4)")                \
    X(blow_up_early, "ratio", "early",                                                           \
      "mean blow-up of the first fifth of the laps, each a median")                              \
    X(blow_up_late, "ratio", "late", "the same of the last fifth")                               \
    X(blow_up_growth, "ratio", "grows", "late / early: how far blow-up grows with the work")     \
    X(overhead_at_peak, "ratio", "at peak",                                                      \
      "RSS growth / live bytes when live bytes peak (inspection pass)")                          \
    X(mean_overhead, "ratio", "mean ovh", "time average of RSS growth / live bytes")             \
    X(internal_fragmentation, "ratio", "int.frag",                                               \
      "1 - live / usable bytes when live bytes peak (inspection pass)")                          \
    X(external_fragmentation, "ratio", "ext.frag",                                               \
      "1 - largest free / total free at the end of the laps (heap walk, inspection pass)")       \
    X(retained, "bytes", "retained", "RSS growth left when everything has been freed, at once")  \
    X(retained_settled, "bytes", "settled", "the same after a wait (inspection pass)")           \
    X(pss_anon, "bytes", "Pss_Anon", "Pss_Anon at the end of the laps")                          \
    X(minor_faults, "faults", "faults", "minor page faults of fill and laps")                    \
    X(syscalls, "calls", "calls", "brk + mmap + munmap + mremap + madvise (inspection pass)")    \
    X(instructions_per_operation, "instructions", "instr/op",                                    \
      "instructions / operations of the counted laps (instructions pass)")                       \
    X(instructions_counted, "instructions", "instr",                                             \
      "perf_instructions / operations (timed pass)")                                             \
    X(cycles, "cycles", "cycles", "perf_cycles / operations")                                    \
    X(dtlb_misses, "misses", "dTLB", "perf_dtlb_misses / operations")                            \
    X(cache_misses, "misses", "cache", "perf_cache_misses / operations")                         \
    X(branch_misses, "misses", "branch", "perf_branch_misses / operations")                      \
    X(page_faults, "faults", "faults", "perf_page_faults / operations")                          \
    X(latency_p50, "s", "p50", "time of single calls, all kinds, that half did not exceed")      \
    X(latency_p90, "s", "p90", "that 90 % did not exceed (latency pass; so those below)")        \
    X(latency_p99, "s", "p99", "that 99 % did not exceed")                                       \
    X(latency_p999, "s", "p99.9", "that 99.9 % did not exceed")                                  \
    X(latency_p9999, "s", "p99.99", "that 99.99 % did not exceed")                               \
    X(latency_max, "s", "max", "of the longest call that was timed")

struct summary_cell {
    size_t planned, ok, skipped; /* timed trials */
    size_t disturbed;            /* of the `ok`: by anything; below, by each kind */
    size_t disturbed_by[DISTURBANCE_COUNT];
    /* OK: the figures stand, though from the blocks that were run only when the run is not
     * finished. PLANNED, SKIPPED: there is nothing. Anything else: a timed trial failed so, or an
     * untimed one crashed, corrupted memory or ran under another malloc; the figures that there
     * are must not be shown without it. */
    enum trial_status status;
    enum pass status_pass; /* of the trial that decided */
    const char *detail;    /* its line; "" when OK; points into the run */
    /* An untimed pass that failed in another way: its columns are absent, the rest stands. */
    enum trial_status untimed_status; /* OK when none did */
    enum pass untimed_pass;
    const char *untimed_detail;
#define X(name, unit, title, help) struct estimate name;
    SUMMARY_MEASURES(X)
#undef X
    struct syscall_counts syscalls_by_name;
};

/* Whether an allocator is on the edge of speed against memory. */
enum frontier {
    FRONTIER_UNKNOWN, /* it lacks workloads that others have, so that the means do not compare */
    FRONTIER_BEATEN,  /* another is better on one and at least as good on the other */
    FRONTIER_ON,      /* nobody is */
};

/* One allocator over all workloads: geometric means of its ratios to the reference, over the
 * workloads where both are OK. Workloads in which the reference never had a page of live bytes
 * (`null`) say nothing about an allocator and are left out. */
struct summary_mean {
    struct estimate speed; /* per block the mean of the log-ratios, over the blocks that every
                              workload behind it has; then as `speed` above */
    double memory;         /* of peak RSS; NAN: none */
    size_t workloads;      /* behind both */
    enum frontier frontier;
};

struct summary {
    const struct run *run;     /* borrowed: must outlive the summary */
    int reference;             /* allocator that ratios are against: glibc, else the first */
    struct summary_cell *cell; /* workload_count x allocator_count, row by row */
    struct summary_mean *mean; /* by allocator */
    size_t mean_workloads;     /* that the reference has: what a full mean rests on */
    const struct trial_record **by_key; /* owned: the run's trials in the order of their keys */
    unsigned *disturbances; /* by trial of the run: flags of disturbance.h; 0 for untimed ones */
};

/* Computes everything. Returns 0, or -1 with errno ENOMEM. */
int summary_init(struct summary *summary, const struct run *run);
void summary_release(struct summary *summary);
const struct summary_cell *summary_cell(const struct summary *summary, size_t workload,
                                        size_t allocator);
/* The trial of that place in the run that was OK, or NULL. */
const struct trial_record *summary_trial(const struct summary *summary,
                                         const struct trial_key *key);
/* Of the trials of `pass` in a cell that are OK and were sampled, the one of median wall time
 * (of the lower median when even); NULL: none. What a timeline is drawn from. */
const struct trial_record *summary_median_trial(const struct summary *summary, size_t workload,
                                                size_t allocator, enum pass pass);

#endif
