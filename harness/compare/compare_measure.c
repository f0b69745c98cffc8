/* What two allocators are compared by; see the header. */
#include "compare_measure.h"

#include "units.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PPM           1e6
#define NS_PER_SECOND 1e9

const struct compare_measure compare_measures[COMPARE_MEASURE_COUNT] = {
#define X(name, word, unit, pass, is_time, larger, gates, threshold, tolerance, help) \
    {word, help, unit, PASS_##pass, is_time, larger, gates, threshold, tolerance},
    COMPARE_MEASURES(X)
#undef X
};

bool compare_measure_is_exact(enum compare_measure_name name)
{
    enum pass pass = compare_measures[name].pass;
    return pass == PASS_INSPECT || pass == PASS_INSTRUCTIONS;
}

int compare_measure_find(const char *word)
{
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (strcmp(compare_measures[m].word, word) == 0)
            return m;
    return -1;
}

static double known(int64_t measure)
{
    return measure == MEASURE_NONE ? NAN : (double)measure;
}

static double retained(const struct trial_record *trial)
{
    const struct checkpoint_record *start = &trial->checkpoints[CHECKPOINT_START];
    const struct checkpoint_record *drained = &trial->checkpoints[CHECKPOINT_DRAINED];
    if (!start->reached || !drained->reached)
        return NAN;
    return known(drained->vm_rss_bytes) - known(start->vm_rss_bytes);
}

static double pss_at_end(const struct trial_record *trial)
{
    const struct checkpoint_record *end = &trial->checkpoints[CHECKPOINT_END];
    return end->reached ? known(end->pss_anon_bytes) : NAN;
}

static double syscalls(const struct trial_record *trial)
{
    double sum = 0;
    if (!trial->syscalls.counted)
        return NAN;
#define X(name) sum += (double)trial->syscalls.name;
    SYSCALL_MEASURES(X)
#undef X
    return sum;
}

static double internal_fragmentation(const struct trial_record *trial)
{
    double usable = known(trial->live_peak_usable_bytes);
    return usable > 0 ? 1 - known(trial->live_peak_bytes) / usable : NAN;
}

static double external_fragmentation(const struct trial_record *trial)
{
    const struct checkpoint_record *end = &trial->checkpoints[CHECKPOINT_END];
    double heap_free = end->reached ? known(end->heap_free_bytes) : NAN;
    return heap_free > 0 ? 1 - known(end->heap_largest_free_bytes) / heap_free : NAN;
}

/* What was made when it was due took as long as its schedule, under any allocator. */
static bool is_of_the_schedule(enum compare_measure_name name, const struct trial_record *trial)
{
    return trial->paced == 1 &&
           (name == MEASURE_TIME || name == MEASURE_CPU || name == MEASURE_THROUGHPUT);
}

double compare_measure_value(enum compare_measure_name name, const struct trial_record *trial)
{
    if (is_of_the_schedule(name, trial))
        return NAN;
    switch (name) {
    case MEASURE_TIME:
        return known(trial->wall_ns);
    case MEASURE_CPU:
        return known(trial->cpu_ns);
    case MEASURE_THROUGHPUT:
        return known(trial->operations) / known(trial->wall_ns) * NS_PER_SECOND;
    case MEASURE_RSS:
        return known(trial->rss_peak_growth_bytes);
    case MEASURE_PSS:
        return pss_at_end(trial);
    case MEASURE_OVERHEAD:
        return known(trial->mean_overhead_ppm) / PPM;
    case MEASURE_RETAINED:
        return retained(trial);
    case MEASURE_FAULTS:
        return known(trial->minor_faults);
    case MEASURE_SYSCALLS:
        return syscalls(trial);
    case MEASURE_INTERNAL:
        return internal_fragmentation(trial);
    case MEASURE_EXTERNAL:
        return external_fragmentation(trial);
    case MEASURE_INSTRUCTIONS:
        return known(trial->instructions) / known(trial->operations);
    case COMPARE_MEASURE_COUNT:
        break;
    }
    return NAN;
}

/* Bytes may be negative: growth that shrank. */
static void print_bytes(double value, char *text)
{
    char size[UNITS_TEXT_BYTES];
    snprintf(text, COMPARE_VALUE_BYTES, "%s%s", value < 0 ? "-" : "",
             units_print_bytes(size, (int64_t)fabs(value)));
}

char *compare_measure_print(enum compare_measure_name name, double value, char *text)
{
    char count[UNITS_TEXT_BYTES];
    if (!isfinite(value)) {
        snprintf(text, COMPARE_VALUE_BYTES, "n/a");
        return text;
    }
    switch (compare_measures[name].unit) {
    case COMPARE_NS:
        snprintf(text, COMPARE_VALUE_BYTES, "%s", units_print_duration(count, (int64_t)value));
        break;
    case COMPARE_BYTES:
        print_bytes(value, text);
        break;
    case COMPARE_COUNT:
        snprintf(text, COMPARE_VALUE_BYTES, "%.0f", value);
        break;
    case COMPARE_PER_CALL:
        snprintf(text, COMPARE_VALUE_BYTES, "%.2f", value);
        break;
    case COMPARE_RATE:
        snprintf(text, COMPARE_VALUE_BYTES, "%s/s", units_print_count(count, value));
        break;
    case COMPARE_RATIO:
        snprintf(text, COMPARE_VALUE_BYTES, "%.3f", value);
        break;
    }
    return text;
}
