/*
 * The measures of a cell that are medians over blocks. Each is one small function from a trial
 * to a figure, NAN where the trial does not have it; the table at the end says which trials it
 * is taken from.
 */
#include "blow_up_laps.h"
#include "order_statistic.h"
#include "summary_internal.h"

#include <math.h>
#include <stddef.h>

#define NS_PER_S 1e9
#define PPM      1e6

/* A trial, and how high live bytes rose in its workload. */
struct view {
    const struct trial_record *trial;
    double live_peak_bytes;
    double *scratch; /* room for its laps */
};

static double measure(int64_t value)
{
    return value == MEASURE_NONE ? NAN : (double)value;
}

/* a / b, which says nothing when b is not above 0. */
static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

/* Below the limit a ratio to live bytes tells of pages and tables, not of the allocator. */
static bool live_is_enough(double live_bytes)
{
    return live_bytes >= SUMMARY_LIVE_MINIMUM_BYTES;
}

/* What was made when it was due took as long as its schedule, under any allocator, and a CPU that
 * waits for it is awake. */
static double time_of(const struct view *view, int64_t ns)
{
    return view->trial->paced == 1 ? NAN : measure(ns) / NS_PER_S;
}

static double wall(const struct view *view)
{
    return time_of(view, view->trial->wall_ns);
}

static double cpu(const struct view *view)
{
    return time_of(view, view->trial->cpu_ns);
}

static double throughput(const struct view *view)
{
    double operations = measure(view->trial->operations);
    return operations > 0 ? ratio(operations, wall(view)) : NAN;
}

static double lap(const struct view *view)
{
    const struct trial_record *trial = view->trial;
    size_t count = 0;
    for (int64_t i = 0; trial->lap != NULL && i < trial->laps; i++)
        if (trial->lap[i].wall_ns != MEASURE_NONE)
            view->scratch[count++] = (double)trial->lap[i].wall_ns / NS_PER_S;
    return trial->paced == 1 ? NAN : order_statistic_median(view->scratch, count);
}

static double ns_per_operation(const struct view *view)
{
    double threads = measure(view->trial->threads);
    return ratio(wall(view) * NS_PER_S * threads, measure(view->trial->operations));
}

static double at(const struct view *view, enum checkpoint checkpoint, size_t offset)
{
    const struct checkpoint_record *record = &view->trial->checkpoints[checkpoint];
    return record->reached ? measure(*(const int64_t *)((const char *)record + offset)) : NAN;
}
#define AT(view, checkpoint, name) \
    at(view, CHECKPOINT_##checkpoint, offsetof(struct checkpoint_record, name))

/* VmHWM only rises, so the largest is the last that was read; but it may lag behind a sample. */
double summary_peak_rss(const struct trial_record *trial)
{
    struct view view = {.trial = trial};
    double peak = measure(trial->rss_peak_bytes);
    for (int i = 0; i < CHECKPOINT_COUNT; i++)
        peak = fmax(peak, at(&view, (enum checkpoint)i,
                             offsetof(struct checkpoint_record, vm_hwm_bytes)));
    return peak;
}

static double peak_rss(const struct view *view)
{
    return summary_peak_rss(view->trial);
}

static double peak_growth(const struct view *view)
{
    return measure(view->trial->rss_peak_growth_bytes);
}

static double peak_live(const struct view *view)
{
    return view->live_peak_bytes;
}

static double blow_up(const struct view *view)
{
    return live_is_enough(view->live_peak_bytes) ? peak_growth(view) / view->live_peak_bytes : NAN;
}

static double overhead_at_peak(const struct view *view)
{
    double growth = AT(view, PEAK, vm_rss_bytes) - AT(view, START, vm_rss_bytes);
    double live = measure(view->trial->live_peak_bytes);
    return live_is_enough(live) ? growth / live : NAN;
}

static double mean_overhead(const struct view *view)
{
    return live_is_enough(view->live_peak_bytes) ? measure(view->trial->mean_overhead_ppm) / PPM
                                                 : NAN;
}

static double internal_fragmentation(const struct view *view)
{
    double live = measure(view->trial->live_peak_bytes);
    double usable = measure(view->trial->live_peak_usable_bytes);
    return live_is_enough(live) ? 1 - ratio(live, usable) : NAN;
}

static double external_fragmentation(const struct view *view)
{
    double largest = AT(view, END, heap_largest_free_bytes);
    double total = AT(view, END, heap_free_bytes);
    return live_is_enough(view->live_peak_bytes) ? 1 - ratio(largest, total) : NAN;
}

static double retained(const struct view *view)
{
    return AT(view, DRAINED, vm_rss_bytes) - AT(view, START, vm_rss_bytes);
}

static double retained_settled(const struct view *view)
{
    return AT(view, SETTLED, vm_rss_bytes) - AT(view, START, vm_rss_bytes);
}

static double pss_anon(const struct view *view)
{
    return AT(view, END, pss_anon_bytes);
}

static double minor_faults(const struct view *view)
{
    return measure(view->trial->minor_faults);
}

static double syscalls(const struct view *view)
{
    const struct syscall_counts *counts = &view->trial->syscalls;
    double total = 0;
#define X(name) total += (double)counts->name;
    SYSCALL_MEASURES(X)
#undef X
    return counts->counted ? total : NAN;
}

#define X(name, title, share)                                        \
    static double latency_##name(const struct view *view)            \
    {                                                                \
        return measure(view->trial->latency_##name##_ns) / NS_PER_S; \
    }
LATENCY_PERCENTILES(X)
#undef X

static double latency_max(const struct view *view)
{
    return measure(view->trial->latency_max_ns) / NS_PER_S;
}

static double instructions_per_operation(const struct view *view)
{
    return ratio(measure(view->trial->instructions), measure(view->trial->operations));
}

#define COUNTED(figure, measured)                                                       \
    static double figure(const struct view *view)                                       \
    {                                                                                   \
        return ratio(measure(view->trial->measured), measure(view->trial->operations)); \
    }
COUNTED(instructions_counted, perf_instructions)
COUNTED(cycles, perf_cycles)
COUNTED(dtlb_misses, perf_dtlb_misses)
COUNTED(cache_misses, perf_cache_misses)
COUNTED(branch_misses, perf_branch_misses)
COUNTED(page_faults, perf_page_faults)
#undef COUNTED

/* Where a figure is taken from: SPACE is the timed pass for workloads of ours, whose memory is
 * read while they stand still, and the memory pass for programs. */
enum source { SOURCE_TIME, SOURCE_SPACE, SOURCE_INSPECTION, SOURCE_LATENCY, SOURCE_INSTRUCTIONS };

static const struct figure {
    enum source source;
    size_t offset; /* of its estimate in the cell */
    double (*of)(const struct view *view);
} figures[] = {
#define FIGURE(source, name)                              \
    {                                                     \
        source, offsetof(struct summary_cell, name), name \
    }
    FIGURE(SOURCE_TIME, throughput),
    FIGURE(SOURCE_TIME, wall),
    FIGURE(SOURCE_TIME, cpu),
    FIGURE(SOURCE_TIME, lap),
    FIGURE(SOURCE_TIME, ns_per_operation),
    FIGURE(SOURCE_SPACE, peak_rss),
    FIGURE(SOURCE_SPACE, peak_growth),
    FIGURE(SOURCE_SPACE, peak_live),
    FIGURE(SOURCE_SPACE, blow_up),
    FIGURE(SOURCE_SPACE, mean_overhead),
    FIGURE(SOURCE_SPACE, retained),
    FIGURE(SOURCE_SPACE, pss_anon),
    FIGURE(SOURCE_SPACE, minor_faults),
    FIGURE(SOURCE_INSPECTION, overhead_at_peak),
    FIGURE(SOURCE_INSPECTION, internal_fragmentation),
    FIGURE(SOURCE_INSPECTION, external_fragmentation),
    FIGURE(SOURCE_INSPECTION, retained_settled),
    FIGURE(SOURCE_INSPECTION, syscalls),
    FIGURE(SOURCE_INSTRUCTIONS, instructions_per_operation),
    FIGURE(SOURCE_TIME, instructions_counted),
    FIGURE(SOURCE_TIME, cycles),
    FIGURE(SOURCE_TIME, dtlb_misses),
    FIGURE(SOURCE_TIME, cache_misses),
    FIGURE(SOURCE_TIME, branch_misses),
    FIGURE(SOURCE_TIME, page_faults),
#define X(name, title, share) FIGURE(SOURCE_LATENCY, latency_##name),
    LATENCY_PERCENTILES(X)
#undef X
        FIGURE(SOURCE_LATENCY, latency_max),
#undef FIGURE
};

static struct estimate median_of(double *values, size_t count)
{
    struct estimate estimate = summary_no_estimate;
    if (count == 0)
        return estimate;
    order_statistic_sort(values, count);
    estimate.value = order_statistic_median_sorted(values, count);
    estimate.count = count;
    size_t rank = order_statistic_interval_rank(count, SUMMARY_ALPHA);
    if (rank > 0) {
        estimate.low = values[rank - 1];
        estimate.high = values[count - rank];
    }
    return estimate;
}

/* Several threads: a timed trial sees live bytes from time to time only, the inspection pass
 * sees every call. The larger of the two is the nearer one to the true peak. */
static double inspected_live_peak(const struct summary *summary, size_t workload, size_t allocator)
{
    struct trial_span span = summary_span(summary, workload, allocator, PASS_INSPECT);
    double peak = NAN;
    for (size_t i = 0; i < span.count; i++)
        if (span.trials[i]->status == STATUS_OK)
            peak = fmax(peak, measure(span.trials[i]->live_peak_bytes));
    return peak;
}

static enum pass pass_of(enum source source, enum workload_kind kind)
{
    if (source == SOURCE_INSPECTION)
        return PASS_INSPECT;
    if (source == SOURCE_INSTRUCTIONS)
        return PASS_INSTRUCTIONS;
    if (source == SOURCE_LATENCY)
        return PASS_LATENCY;
    return source == SOURCE_SPACE && kind == WORKLOAD_PROGRAM ? PASS_MEMORY : PASS_TIMED;
}

/* The laps of the trial at hand go where the values of later trials will stand. */
static size_t gather(struct trial_span span, const struct figure *figure, double live_peak_bytes,
                     double *values)
{
    size_t count = 0;
    for (size_t i = 0; i < span.count; i++) {
        const struct trial_record *trial = span.trials[i];
        struct view view = {.trial = trial, .scratch = values + count};
        if (trial->status != STATUS_OK)
            continue;
        view.live_peak_bytes = fmax(live_peak_bytes, measure(trial->live_peak_bytes));
        double value = figure->of(&view);
        if (isfinite(value))
            values[count++] = value;
    }
    return count;
}

static void fill_syscalls(struct summary_cell *cell, struct trial_span inspections)
{
    for (size_t i = 0; i < inspections.count && !cell->syscalls_by_name.counted; i++)
        if (inspections.trials[i]->status == STATUS_OK)
            cell->syscalls_by_name = inspections.trials[i]->syscalls;
}

void summary_fill_measures(struct summary *summary, size_t workload, size_t allocator,
                           double *values)
{
    struct summary_cell *cell = summary_cell_mutable(summary, workload, allocator);
    enum workload_kind kind = summary->run->workloads[workload].kind;
    double live_peak_bytes = inspected_live_peak(summary, workload, allocator);
#define X(name, unit, title, help) cell->name = summary_no_estimate;
    SUMMARY_MEASURES(X)
#undef X
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        const struct figure *figure = &figures[i];
        struct trial_span span =
            summary_span(summary, workload, allocator, pass_of(figure->source, kind));
        size_t count = gather(span, figure, live_peak_bytes, values);
        *(struct estimate *)((char *)cell + figure->offset) = median_of(values, count);
    }
    blow_up_fill(summary, workload, allocator, cell);
    fill_syscalls(cell, summary_span(summary, workload, allocator, PASS_INSPECT));
}
