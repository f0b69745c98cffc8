/*
 * The baseline: exact measures of allocators, kept in a file under version control, with all that
 * they depend on. The same struct holds what has just been measured.
 *
 * Every workload was also run under the control, the C library's own malloc. Where the control
 * reads other values than it did, something other than an allocator has changed.
 */
#ifndef HEAPMARK_BASELINE_H
#define HEAPMARK_BASELINE_H

#include "exact_measure.h"

#include <stdio.h>

/* X(name, what it is) of the machine and the build; strings, "" when unknown. */
#define BASELINE_FACTS(X)                                                   \
    X(heapmark, "heapmark's version")                                       \
    X(compiler, "the compiler of heapmark and its allocators")              \
    X(machine, "the processor's architecture")                              \
    X(vector, "vector instructions, by which the C library chooses memcpy") \
    X(cpus, "the number of CPUs")                                           \
    X(page_bytes, "the page size")                                          \
    X(libc, "the C library's version")                                      \
    X(libc_sha256, "the C library's file")                                  \
    X(valgrind, "valgrind's version")                                       \
    X(kernel, "the kernel's release")                                       \
    X(thp, "/sys/kernel/mm/transparent_hugepage/enabled")                   \
    X(thp_defrag, "/sys/kernel/mm/transparent_hugepage/defrag")             \
    X(overcommit, "/proc/sys/vm/overcommit_memory")

enum baseline_fact {
#define X(name, help) BASELINE_##name,
    BASELINE_FACTS(X)
#undef X
        BASELINE_FACT_COUNT
};
extern const char *const baseline_fact_names[BASELINE_FACT_COUNT];
extern const char *const baseline_fact_helps[BASELINE_FACT_COUNT];

/* One workload under one allocator. */
struct baseline_cell {
    bool planned;             /* a suite may leave an allocator out */
    enum trial_status status; /* of the first trial that failed; OK: none */
    enum pass pass;
    char *detail; /* of that one; or of what is absent; NULL: nothing */
    struct exact_values values[EXACT_MEASURE_COUNT];
};

struct baseline_workload {
    char *label;
    char *run;          /* "name:param=value,...": all of them; of a trace its path, absolute */
    char *trace_sha256; /* NULL: no trace */
    int64_t operations, live_peak_bytes; /* the work; MEASURE_NONE: not measured */
    struct baseline_cell control;
};

struct baseline_allocator {
    char *name;
    char *commit;                          /* the revision that its source had; "" unknown */
    char *file;                            /* the library, absolute; not kept in the file */
    char *sha256, *code_sha256, *compiler; /* of the library; elf_code.h */
    struct baseline_cell *cells;           /* by workload */
};

struct baseline_tolerance {
    double percent, units; /* the larger of the two */
};

struct baseline {
    char *facts[BASELINE_FACT_COUNT];
    uint64_t seed;
    struct baseline_tolerance tolerance[EXACT_MEASURE_COUNT];
    struct baseline_workload *workloads;
    struct baseline_allocator *allocators;
    size_t workload_count, allocator_count;
};

/* Empty, with the measures' own tolerances. */
void baseline_init(struct baseline *baseline);
void baseline_release(struct baseline *baseline);
/* The allocator or workload of that name or label, or -1. */
int baseline_find_allocator(const struct baseline *baseline, const char *name);
int baseline_find_workload(const struct baseline *baseline, const char *label);
/* An empty allocator more, at the end; NULL when memory is short. */
struct baseline_allocator *baseline_add_allocator(struct baseline *baseline, const char *name);
struct baseline_workload *baseline_add_workload(struct baseline *baseline, const char *label);

/* Fills `baseline` with what a run has read: every allocator of it but the control, which is called
 * `control`; trials in the order that they come in. Returns 0, or -1 when memory is short. */
int baseline_describe(struct baseline *baseline, const struct run *run, const char *control);
void baseline_take(struct baseline *baseline, const struct run *run, const char *control,
                   const struct trial_record *trial);

/* Puts the allocators of `from` into `to`, in the place of those of the same name, and takes them
 * from it. Both must be of the same work and conditions. Returns 0, or -1 with a message that says
 * how they differ. */
int baseline_merge(struct baseline *to, struct baseline *from, char *message);

/* Reads the file. Returns 0, or -1 with errno ENOENT and a message, or another errno and one: what
 * is wrong and where. */
int baseline_read(struct baseline *baseline, const char *path, char *message);
/* Writes it whole or not at all; the order is that of names, so that a change shows as one. Paths
 * of traces are kept relative to the file's folder. Returns 0, or -1 with a message. */
int baseline_write(const struct baseline *baseline, const char *path, char *message);

#endif
