/*
 * What flows from stage to stage: the description of a run, and the record of each trial.
 *
 * plan fills the run, launch and sample fill the records, store keeps both, statistics and
 * output read them back. Strings in these structs are owned by them (malloc) unless they are
 * arrays; every struct is zeroed by its x_init and emptied by its x_release.
 */
#ifndef HEAPMARK_RECORD_H
#define HEAPMARK_RECORD_H

#include "checkpoint.h"
#include "latency.h"
#include "measures.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum workload_kind { WORKLOAD_SYNTHETIC, WORKLOAD_PROGRAM, WORKLOAD_RECORDED };
/* "synthetic", "program", "recorded"; the value of a name, or -1. */
const char *workload_kind_name(enum workload_kind kind);
int workload_kind_parse(const char *name);

/* What a trial is for. Only PASS_TIMED yields times of the whole; the others run apart from it so
 * that looking never disturbs timing. */
#define PASSES(X)                                                                              \
    X(TIMED, "timed", "measures time")                                                         \
    X(INSPECT, "inspect", "untimed: system calls, usable bytes, heap walk, contents verified") \
    X(MEMORY, "memory", "untimed, programs: memory of the process over time")                  \
    X(LATENCY, "latency", "times single calls, and therefore not the whole")                   \
    X(INSTRUCTIONS, "instructions", "untimed, under callgrind: counts instructions")

enum pass {
#define X(name, text, help) PASS_##name,
    PASSES(X)
#undef X
        PASS_COUNT
};

/* How a trial ended. Everything but OK and SKIPPED makes the exit status of the run non-zero. */
#define TRIAL_STATUSES(X)                                                                       \
    X(PLANNED, "planned", "not run yet")                                                        \
    X(OK, "ok", "measured")                                                                     \
    X(SKIPPED, "skipped", "cannot run here, e.g. its package is not installed")                 \
    X(OUT_OF_MEMORY, "out of memory", "malloc returned NULL, or the memory limit was reached")  \
    X(CRASHED, "crashed", "killed by a signal of its own making")                               \
    X(KILLED, "killed", "killed from outside")                                                  \
    X(TIMED_OUT, "timed out", "still running at the time limit")                                \
    X(CORRUPT, "corrupt", "a block did not hold what was written, or was not aligned as asked") \
    X(NOT_INJECTED, "not injected", "another object than the allocator's served malloc")        \
    X(FAILED, "failed", "wrong exit status, or could not be started")

enum trial_status {
#define X(name, text, help) STATUS_##name,
    TRIAL_STATUSES(X)
#undef X
        STATUS_COUNT
};

const char *pass_name(enum pass pass);
const char *trial_status_name(enum trial_status status);
/* The value for a stored name, or -1. */
int pass_parse(const char *name);
int trial_status_parse(const char *name);

/* One allocator of a run. */
struct allocator {
    char *name;
    char *path;    /* the library to preload, absolute; NULL: nothing is preloaded (glibc) */
    char *env;     /* "KEY=VALUE" lines parted by '\n'; "" if none */
    char *summary; /* one line */
    char *source;  /* package, or who made it */
    char *package; /* Debian package that brings the library; "" if none */
    bool programs; /* fit to run whole programs */
    /* found out by the probe: */
    char *file;    /* the object that owned malloc in the probe, absolute */
    char *version; /* package version, or build id, or "unknown" */
    char sha256[65];
};

/* One workload of a run: a name with all its parameters spelt out. */
struct workload_spec {
    char *label;  /* unique within the run; the name unless the suite gave another */
    char *name;   /* recorded: the trace's path, absolute */
    char *params; /* "name=value,...": all of them, normalised */
    enum workload_kind kind;
    unsigned threads;
    unsigned blocks; /* timed blocks of this workload */
};

struct checkpoint_record {
    bool reached;
#define X(name, unit, help) int64_t name;
    CHECKPOINT_MEASURES(X)
#undef X
};

struct lap_sample {
    int64_t wall_ns, cpu_ns, operations;
};

struct timeline_point {
    int64_t time_ns; /* since the start checkpoint */
    int64_t live_bytes;
    int64_t rss_bytes;
    int64_t lap; /* that was running, from 1; 0: none of the timed ones */
};

struct syscall_counts {
    bool counted;
#define X(name) int64_t name;
    SYSCALL_MEASURES(X)
#undef X
};

/* Where a trial stands in the plan: indices into the run's arrays. */
struct trial_key {
    unsigned workload, allocator, block;
    enum pass pass;
};

struct trial_record {
    struct trial_key key;
    int64_t id; /* row in the store; rises in the order of the plan, from 1 in a new store */
    enum trial_status status;
    char detail[512]; /* one line: why it is not OK, with what to do about it; when OK, which
                         measures are absent and why, or "" */
    char malloc_file[1024];
    int64_t started_ns; /* CLOCK_REALTIME */
#define X(name, unit, help) int64_t name;
    TRIAL_MEASURES(X)
#undef X
    struct checkpoint_record checkpoints[CHECKPOINT_COUNT];
    struct syscall_counts syscalls;
    struct lap_sample *lap;          /* `laps` of them, owned */
    struct timeline_point *timeline; /* `sampled` of them, owned */
    struct latency_bin *latency;     /* `latency_bins` of them, owned */
    size_t latency_bins;
};

/* All measures MEASURE_NONE, nothing owned. */
void trial_record_init(struct trial_record *record);
void trial_record_release(struct trial_record *record);

/* One fact about the machine or the build: ("kernel", "6.1.0"). */
struct fact {
    char *name;
    char *value;
};

/* Facts of what disturbs: "doctor_NAME" = "warning: what was found"; and what the last comparison
 * of an allocator with itself showed here, as relative changes. */
#define FACT_DOCTOR_PREFIX     "doctor_"
#define FACT_NOISE_MEASURED_NS "self_noise_measured_ns" /* CLOCK_REALTIME */
#define FACT_NOISE_SECONDS     "self_noise_seconds"     /* that a comparison takes */
#define FACT_NOISE_HALF_WIDTH  "self_noise_half_width"  /* of its interval */
#define FACT_NOISE_SMALLEST    "self_noise_smallest_change"

/* A whole run: its description, and the records in the order of the plan. */
struct run {
    char *name;                      /* 2026-11-21T10-15-00-host, unique in its store */
    char *suite;                     /* suite file's name, or "" */
    uint64_t seed;                   /* of the workloads */
    uint64_t order_seed;             /* of the shuffling */
    int64_t started_ns, finished_ns; /* CLOCK_REALTIME; finished 0: not all trials were run */
    int64_t sample_step_ns;
    int64_t time_limit_ns, memory_limit_bytes;
    struct workload_spec *workloads;
    struct allocator *allocators;
    struct fact *facts;
    struct trial_record *trials;
    size_t workload_count, allocator_count, fact_count, trial_count;
};

/* Frees the strings of one allocator. */
void allocator_release(struct allocator *allocator);

void run_init(struct run *run);
void run_release(struct run *run);
/* The allocator or workload of that name or label, or -1. */
int run_find_allocator(const struct run *run, const char *name);
int run_find_workload(const struct run *run, const char *label);
/* The value of a fact, or NULL. */
const char *run_find_fact(const struct run *run, const char *name);

#endif
