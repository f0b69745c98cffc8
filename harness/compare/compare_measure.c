/* What two allocators are compared by; see the header. */
#include "compare_measure.h"

#include "units.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PPM           1e6
#define PS_PER_NS     1e3
#define NS_PER_SECOND 1e9
#define NS_WHOLE      1e3 /* from there on, whole ones will do */

const struct compare_measure compare_measures[COMPARE_MEASURE_COUNT] = {
#define X(name, word, unit, pass, is_time, larger, gates, threshold, tolerance, help) \
    {word, help, unit, PASS_##pass, is_time, larger, gates, threshold, tolerance},
    COMPARE_MEASURES(X)
#undef X
};

enum pass compare_measure_pass(enum compare_measure_name name, enum workload_kind kind)
{
    bool memory = name == MEASURE_RSS || name == MEASURE_PSS || name == MEASURE_FAULTS;
    return kind == WORKLOAD_PROGRAM && memory ? PASS_MEMORY : compare_measures[name].pass;
}

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

/* A program has no moment at which its own work begins: its peak is that of its whole life. */
static double peak(const struct trial_record *trial)
{
    const struct checkpoint_record *end = &trial->checkpoints[CHECKPOINT_END];
    if (trial->key.pass != PASS_MEMORY)
        return known(trial->rss_peak_growth_bytes);
    return fmax(known(trial->rss_peak_bytes), end->reached ? known(end->vm_hwm_bytes) : NAN);
}

/* Of a closed loop they are the latency pass's, and not of its requests alone. */
static double request_ns(const struct trial_record *trial, int64_t percentile_ns)
{
    return trial->paced == 1 ? known(percentile_ns) : NAN;
}

static bool is_of_requests(enum compare_measure_name name)
{
    return name == MEASURE_REQUEST_P50 || name == MEASURE_REQUEST_P99 ||
           name == MEASURE_REQUEST_P999;
}

/* ---- single calls ---------------------------------------------------------------- */

struct call_share {
    unsigned kind;
    double share;
};

static struct call_share call_share_of(enum compare_measure_name name)
{
    static const double shares[] = {0.5, 0.99, 0.999};
    static const unsigned kinds[] = {LATENCY_MALLOC, LATENCY_FREE, LATENCY_REALLOC};
    enum { SHARES = sizeof shares / sizeof shares[0] };
    unsigned place = (unsigned)name - MEASURE_MALLOC_P50;
    return (struct call_share){kinds[place / SHARES], shares[place % SHARES]};
}

/* The bins of one kind, sorted; to be freed. NULL when there are none. */
static struct latency_bin *bins_of(const struct trial_record *trial, unsigned kind, size_t *count)
{
    struct latency_bin *bins = calloc(trial->latency_bins + 1, sizeof *bins);
    *count = 0;
    for (size_t i = 0; bins != NULL && i < trial->latency_bins; i++)
        if (trial->latency[i].kind == kind)
            bins[(*count)++] = trial->latency[i];
    latency_sort(bins, bins != NULL ? *count : 0);
    return bins;
}

static double percentile_ns(enum compare_measure_name name, const struct trial_record *trial)
{
    struct call_share asked = call_share_of(name);
    size_t count;
    struct latency_bin *bins = bins_of(trial, asked.kind, &count);
    double value = known(latency_percentile_ps(bins, count, asked.share)) / PS_PER_NS;
    free(bins);
    return value;
}

bool compare_measure_is_thin(enum compare_measure_name name, const struct trial_record *trial)
{
    size_t count = 0;
    if (is_of_requests(name))
        return trial->paced == 1 && trial->requests > 0;
    if (compare_measures[name].pass != PASS_LATENCY)
        return false;
    free(bins_of(trial, call_share_of(name).kind, &count));
    return count > 0;
}

bool compare_measure_is_of_the_schedule(enum compare_measure_name name)
{
    return name == MEASURE_TIME || name == MEASURE_CPU || name == MEASURE_THROUGHPUT;
}

double compare_measure_value(enum compare_measure_name name, const struct trial_record *trial)
{
    if (trial->paced == 1 && compare_measure_is_of_the_schedule(name))
        return NAN;
    switch (name) {
    case MEASURE_TIME:
        return known(trial->wall_ns);
    case MEASURE_CPU:
        return known(trial->cpu_ns);
    case MEASURE_THROUGHPUT:
        return known(trial->operations) / known(trial->wall_ns) * NS_PER_SECOND;
    case MEASURE_RSS:
        return peak(trial);
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
    case MEASURE_REQUEST_P50:
        return request_ns(trial, trial->request_p50_ns);
    case MEASURE_REQUEST_P99:
        return request_ns(trial, trial->request_p99_ns);
    case MEASURE_REQUEST_P999:
        return request_ns(trial, trial->request_p999_ns);
    case COMPARE_MEASURE_COUNT:
        return NAN;
    default:
        return percentile_ns(name, trial);
    }
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
        if (fabs(value) < NS_WHOLE)
            snprintf(text, COMPARE_VALUE_BYTES, "%.1f ns", value);
        else
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
