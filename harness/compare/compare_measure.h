/*
 * What two allocators are compared by: one list makes the rules, the columns and the help.
 */
#ifndef HEAPMARK_COMPARE_MEASURE_H
#define HEAPMARK_COMPARE_MEASURE_H

#include "record.h"
#include "verdict.h"

enum compare_unit { COMPARE_NS, COMPARE_BYTES, COMPARE_COUNT, COMPARE_RATE, COMPARE_RATIO };

/* X(name, word, unit, time: two tracks, larger is better, gates by default, tolerance, help). The
 * tolerance is in the unit: what a fresh process of the same allocator wobbles by. */
#define COMPARE_MEASURES(X)                                                                     \
    X(TIME, "time", COMPARE_NS, true, false, true, 0, "wall time of the laps")                  \
    X(CPU, "cpu", COMPARE_NS, true, false, false, 0, "CPU time of the laps")                    \
    X(THROUGHPUT, "throughput", COMPARE_RATE, false, true, false, 0,                            \
      "calls of the malloc family in a second")                                                 \
    X(RSS, "rss", COMPARE_BYTES, false, false, true, 262144, "peak RSS minus RSS at the start") \
    X(PSS, "pss", COMPARE_BYTES, false, false, false, 16384,                                    \
      "Pss_Anon at the end of the laps, everything still live")                                 \
    X(OVERHEAD, "overhead", COMPARE_RATIO, false, false, false, 0.005,                          \
      "time average of RSS growth / live bytes")                                                \
    X(RETAINED, "retained", COMPARE_BYTES, false, false, false, 262144,                         \
      "RSS growth left when everything has been freed, at once")                                \
    X(FAULTS, "faults", COMPARE_COUNT, false, false, false, 8, "minor page faults")             \
    X(SYSCALLS, "syscalls", COMPARE_COUNT, false, false, false, 0,                              \
      "brk + mmap + munmap + mremap + madvise, counted in inspection passes: exact")

enum compare_measure_name {
#define X(name, word, unit, is_time, larger, gates, tolerance, help) MEASURE_##name,
    COMPARE_MEASURES(X)
#undef X
        COMPARE_MEASURE_COUNT
};

struct compare_measure {
    const char *word, *help;
    enum compare_unit unit;
    bool is_time, larger_is_better, gates;
    double tolerance;
};
extern const struct compare_measure compare_measures[COMPARE_MEASURE_COUNT];

/* The measure of that word, or -1. */
int compare_measure_find(const char *word);
/* The value of a whole trial in the unit (seconds apart: times are in ns); NAN: not measured. */
double compare_measure_value(enum compare_measure_name name, const struct trial_record *trial);

enum { COMPARE_VALUE_BYTES = 48 };
/* "12.3 ms", "1.50 MiB", "n/a"; into `text` (COMPARE_VALUE_BYTES), which is returned. */
char *compare_measure_print(enum compare_measure_name name, double value, char *text);

#endif
