/*
 * What two allocators are compared by: one list makes the rules, the columns and the help.
 */
#ifndef HEAPMARK_COMPARE_MEASURE_H
#define HEAPMARK_COMPARE_MEASURE_H

#include "record.h"
#include "verdict.h"

enum compare_unit {
    COMPARE_NS,
    COMPARE_BYTES,
    COMPARE_COUNT,
    COMPARE_PER_CALL,
    COMPARE_RATE,
    COMPARE_RATIO
};

/* Times of single calls are as good as the timer (2 ns) and the buckets they are counted in
 * (1/128), whatever the statistics say. */
#define COMPARE_LATENCIES(X, kind, call)                                             \
    X(kind##_P50, call "-p50", COMPARE_NS, LATENCY, false, false, false, 0.05, 2,    \
      "time that half of the calls of " call " did not exceed (--latency)")          \
    X(kind##_P99, call "-p99", COMPARE_NS, LATENCY, false, false, false, 0.05, 2,    \
      "time that 99 % of them did not exceed")                                       \
    X(kind##_P999, call "-p99.9", COMPARE_NS, LATENCY, false, false, false, 0.05, 2, \
      "time that 99.9 % of them did not exceed")

/* Of requests at a pace, in the timed trials: what others wait is in, so a stall weighs more. One
 * reading of the clock, some 25 ns, is in each. */
#define COMPARE_REQUESTS(X)                                                                     \
    X(REQUEST_P50, "request-p50", COMPARE_NS, TIMED, false, false, false, 0.05, 25,             \
      "time from when it was due that half of the requests of a paced workload did not exceed") \
    X(REQUEST_P99, "request-p99", COMPARE_NS, TIMED, false, false, false, 0.05, 25,             \
      "time that 99 % of them did not exceed")                                                  \
    X(REQUEST_P999, "request-p99.9", COMPARE_NS, TIMED, false, false, false, 0.05, 25,          \
      "time that 99.9 % of them did not exceed")

/* X(name, word, unit, pass, time: two tracks, larger is better, gates by default, threshold,
 * tolerance, help). Pass: of the trials that the value comes from; what the inspection and the
 * instructions pass give repeats exactly, needs no pairs, and has no p. Threshold: what 'same'
 * means unless told. The tolerance is in the unit: what a fresh process of the same allocator
 * wobbles by. */
#define COMPARE_MEASURES(X)                                                                        \
    X(TIME, "time", COMPARE_NS, TIMED, true, false, true, 0.02, 0, "wall time of the laps")        \
    X(CPU, "cpu", COMPARE_NS, TIMED, true, false, false, 0.02, 0, "CPU time of the laps")          \
    X(THROUGHPUT, "throughput", COMPARE_RATE, TIMED, false, true, false, 0.02, 0,                  \
      "calls of the malloc family in a second")                                                    \
    X(RSS, "rss", COMPARE_BYTES, TIMED, false, false, true, 0.02, 262144,                          \
      "peak RSS minus RSS at the start")                                                           \
    X(PSS, "pss", COMPARE_BYTES, TIMED, false, false, false, 0.02, 16384,                          \
      "Pss_Anon at the end of the laps, everything still live")                                    \
    X(OVERHEAD, "overhead", COMPARE_RATIO, TIMED, false, false, false, 0.02, 0.005,                \
      "time average of RSS growth / live bytes")                                                   \
    X(RETAINED, "retained", COMPARE_BYTES, TIMED, false, false, false, 0.02, 262144,               \
      "RSS growth left when everything has been freed, at once")                                   \
    X(FAULTS, "faults", COMPARE_COUNT, TIMED, false, false, false, 0.02, 8, "minor page faults")   \
    X(SYSCALLS, "syscalls", COMPARE_COUNT, INSPECT, false, false, false, 0.02, 0,                  \
      "brk + mmap + munmap + mremap + madvise, counted by strace: exact")                          \
    X(INTERNAL, "internal", COMPARE_RATIO, INSPECT, false, false, false, 0.02, 0.0005,             \
      "1 - live / usable bytes when live bytes peak: exact")                                       \
    X(EXTERNAL, "external", COMPARE_RATIO, INSPECT, false, false, false, 0.02, 0.0005,             \
      "1 - largest free / total free of the heap at the end of the laps: exact")                   \
    X(INSTRUCTIONS, "instructions", COMPARE_PER_CALL, INSTRUCTIONS, false, false, false, 0.002, 0, \
      "instructions of a call, counted by callgrind (--instructions): exact")                      \
    COMPARE_REQUESTS(X)                                                                            \
    COMPARE_LATENCIES(X, MALLOC, "malloc")                                                         \
    COMPARE_LATENCIES(X, FREE, "free")                                                             \
    COMPARE_LATENCIES(X, REALLOC, "realloc")

enum compare_measure_name {
#define X(name, word, unit, pass, is_time, larger, gates, threshold, tolerance, help) \
    MEASURE_##name,
    COMPARE_MEASURES(X)
#undef X
        COMPARE_MEASURE_COUNT
};

struct compare_measure {
    const char *word, *help;
    enum compare_unit unit;
    enum pass pass;
    bool is_time, larger_is_better, gates;
    double threshold, tolerance;
};
extern const struct compare_measure compare_measures[COMPARE_MEASURE_COUNT];

/* The pass that its values come from: the memory of programs is measured in one of its own. */
enum pass compare_measure_pass(enum compare_measure_name name, enum workload_kind kind);
/* Of a percentile that is not there: whether calls of its kind were timed, too few of them. */
bool compare_measure_is_thin(enum compare_measure_name name, const struct trial_record *trial);
/* Whether a paced trial says nothing of it: it took as long as its schedule. */
bool compare_measure_is_of_the_schedule(enum compare_measure_name name);
/* Whether it repeats exactly: DESIGN_EXACT, decided without pairs. */
bool compare_measure_is_exact(enum compare_measure_name name);
/* The measure of that word, or -1. */
int compare_measure_find(const char *word);
/* The value of a whole trial in the unit (times are in ns); NAN: not measured. */
double compare_measure_value(enum compare_measure_name name, const struct trial_record *trial);

enum { COMPARE_VALUE_BYTES = 48 };
/* "12.3 ms", "1.50 MiB", "n/a"; into `text` (COMPARE_VALUE_BYTES), which is returned. */
char *compare_measure_print(enum compare_measure_name name, double value, char *text);

#endif
