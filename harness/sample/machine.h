/*
 * Looks at the machine as a benchmarker would: what of it will disturb measurements, and how to
 * mend that. docs/doctor.md lists every finding with its limits.
 *
 * machine_look() reads files of /proc and /sys alone, some fifty of them, in about a millisecond;
 * what a kernel does not show makes a finding that says so, or none. machine_measure() asks the
 * processor and the kernel themselves and takes about a third of a second of one CPU.
 */
#ifndef HEAPMARK_MACHINE_H
#define HEAPMARK_MACHINE_H

#include "finding.h"

#include <stdint.h>

#define MACHINE_MOMENT_NS INT64_C(300000000)

struct machine_place {
    const char *root;   /* above proc and sys: "" but for tests */
    const char *folder; /* where results go, or the nearest above it that exists */
};

void machine_look(struct findings *findings, const struct machine_place *place);
void machine_measure(struct findings *findings, const struct machine_place *place);

/* The parts of both, one file each. */
void machine_cpus(struct findings *findings, const char *root);
void machine_memory(struct findings *findings, const char *root);
void machine_limits(struct findings *findings, const char *root);
void machine_load(struct findings *findings, const char *root);
void machine_kind(struct findings *findings, const char *root);
void machine_clock(struct findings *findings, const char *root);
void machine_disk(struct findings *findings, const char *folder);

/* CPU time of the whole machine since boot, in ticks of 10 ms (/proc/stat). */
struct machine_ticks {
    int64_t busy, steal, all;
};
int machine_read_ticks(struct machine_ticks *ticks, const char *root);
/* What others did between two readings, while we had `own_ns` of CPU time. */
void machine_neighbours(struct findings *findings, const struct machine_ticks *before,
                        const struct machine_ticks *after, int64_t own_ns);

/* What a reading of the clock and of the time stamp counter costs, in ns; the counter's is NAN
 * where there is none. `step_ns` is the smallest step of the clock that was seen. */
struct machine_timers {
    double clock_ns, counter_ns, step_ns;
};
void machine_time_timers(struct machine_timers *timers);
void machine_timers(struct findings *findings, const struct machine_timers *timers);

/* Whether the kernel lends hardware counters to us. */
void machine_counters(struct findings *findings, const char *root);

#endif
