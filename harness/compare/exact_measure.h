/*
 * Measures that repeat: the same calls ask the same of an allocator in every run, so that a value
 * measured once can be kept and compared with. One list makes the columns, the rules and the help.
 */
#ifndef HEAPMARK_EXACT_MEASURE_H
#define HEAPMARK_EXACT_MEASURE_H

#include "record.h"

enum { EXACT_VALUES_MAXIMUM = 4 };

/* X(name, word, pass, bytes: unit, tolerance in percent, in units, help). Of a synthetic or
 * recorded workload with one thread. */
#define EXACT_MEASURES(X)                                                                \
    X(INSTRUCTIONS, "instructions", INSTRUCTIONS, false, 0.1, 0,                         \
      "executed in the counted laps, by callgrind")                                      \
    X(SYSCALLS, "syscalls", INSPECT, false, 0, 0,                                        \
      "brk + mmap + munmap + mremap + madvise, by strace")                               \
    X(USABLE, "usable", INSPECT, true, 0, 0,                                             \
      "usable bytes of the live blocks at the peak: with what rounding up costs")        \
    X(FREE, "free", INSPECT, true, 0.5, 4096,                                            \
      "free bytes inside the heap at the end of the laps, where the heap can be walked") \
    X(PSS, "pss", TIMED, true, 0.5, 16384, "Pss_Anon at the end of the laps")            \
    X(FAULTS, "faults", TIMED, false, 0.5, 8, "minor page faults in the laps")

enum exact_measure_name {
#define X(name, word, pass, bytes, percent, units, help) EXACT_##name,
    EXACT_MEASURES(X)
#undef X
        EXACT_MEASURE_COUNT
};

struct exact_measure {
    const char *word, *help;
    enum pass pass;
    bool bytes;
    double tolerance_percent, tolerance_units; /* unless told */
};
extern const struct exact_measure exact_measures[EXACT_MEASURE_COUNT];

/* What was read of one measure, in some trials: the same number each time, or nearly. */
struct exact_values {
    int64_t value[EXACT_VALUES_MAXIMUM]; /* rising, each once */
    size_t count;                        /* 0: not measured */
};

/* The measure of that word, or -1. */
int exact_measure_find(const char *word);
/* What the trial says of it; MEASURE_NONE: nothing. */
int64_t exact_measure_value(enum exact_measure_name name, const struct trial_record *trial);
/* Puts it among the others; of more than fit, the least and the greatest are kept. */
void exact_values_add(struct exact_values *values, int64_t value);

enum { EXACT_VALUE_BYTES = 72 };
/* "123456", "12.3 MiB", "7 to 9", "n/a"; into `text` (EXACT_VALUE_BYTES), which is returned. */
char *exact_values_print(enum exact_measure_name name, const struct exact_values *values,
                         char *text);

#endif
