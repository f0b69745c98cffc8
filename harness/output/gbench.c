/*
 * The JSON of Google Benchmark (1.7 and later, json_schema_version 1), so that tools/compare.py
 * and dashboards made for it read a run of ours. A benchmark is a workload under an allocator,
 * "workload/allocator"; a repetition is a trial; an iteration is one call of the malloc family
 * (programs: the whole program), so that real_time is nanoseconds per call. A failed trial has
 * error_occurred and the zeros which Google Benchmark writes beside it.
 *
 * Times stand here unpaired, as that format has them: its own comparison of two such files is
 * weaker than our ratios (docs/method.md).
 */
#include "json_value.h"
#include "order_statistic.h"
#include "output.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S         1000000000
#define NS_PER_S_DECIMAL 1e9

struct writer {
    const struct summary *summary;
    json_t *benchmarks;
    bool failed;
};

/* A family is a workload, its instances are the allocators. */
struct family {
    size_t workload, allocator, instance;
    unsigned repetitions;
    char *name;
};

struct figures {
    double real_time, cpu_time, items_per_second, iterations;
};

/* Its form is "2026-11-21T10:15:00+00:00". */
static json_t *make_date(int64_t started_ns)
{
    char text[40];
    time_t seconds = (time_t)(started_ns / NS_PER_S);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+00:00", &utc) == 0)
        return json_null();
    return json_string(text);
}

/* The three averages that /proc/loadavg begins with. */
static json_t *make_load(const char *text, bool *failed)
{
    json_t *load = json_array();
    for (int i = 0; text != NULL && i < 3; i++) {
        char *end;
        double value = strtod(text, &end);
        if (end == text)
            break;
        json_value_append(load, json_value_number(value), failed);
        text = end;
    }
    return load;
}

static json_t *make_context(const struct run *run, bool *failed)
{
    json_t *context = json_object();
    const char *cpus = run_find_fact(run, "cpus"), *mhz = run_find_fact(run, "cpu_mhz");
    const char *governor = run_find_fact(run, "governor"), *aslr = run_find_fact(run, "aslr");
    const char *version = run_find_fact(run, "heapmark"),
               *optimised = run_find_fact(run, "optimised");
    const char *host = run_find_fact(run, "host");
    json_value_set(context, "date", make_date(run->started_ns), failed);
    json_value_set(context, "host_name", json_value_text(host != NULL ? host : ""), failed);
    json_value_set(context, "executable", json_string("heapmark"), failed);
    if (cpus != NULL)
        json_value_set(context, "num_cpus", json_integer(atoll(cpus)), failed);
    if (mhz != NULL)
        json_value_set(context, "mhz_per_cpu", json_integer(llround(strtod(mhz, NULL))), failed);
    /* As Google Benchmark has it: scaling is on unless the governor is 'performance'. */
    if (governor != NULL)
        json_value_set(context, "cpu_scaling_enabled",
                       json_boolean(strcmp(governor, "performance") != 0), failed);
    if (aslr != NULL)
        json_value_set(context, "aslr_enabled", json_boolean(strcmp(aslr, "0") != 0), failed);
    json_value_set(context, "caches", json_array(), failed);
    json_value_set(context, "load_avg", make_load(run_find_fact(run, "load"), failed), failed);
    if (version != NULL)
        json_value_set(context, "library_version", json_value_text(version), failed);
    bool debug = optimised != NULL && strcmp(optimised, "no") == 0;
    json_value_set(context, "library_build_type", json_string(debug ? "debug" : "release"), failed);
    json_value_set(context, "json_schema_version", json_integer(1), failed);
    json_value_set(context, "heapmark_run", json_value_text(run->name), failed);
    return context;
}

static json_t *begin_entry(struct writer *writer, const struct family *family, const char *suffix)
{
    json_t *entry = json_object();
    char *name = NULL;
    if (asprintf(&name, "%s%s", family->name, suffix) < 0)
        name = NULL;
    bool aggregate = suffix[0] != '\0';
    json_value_set(entry, "name", name == NULL ? NULL : json_value_text(name), &writer->failed);
    json_value_set(entry, "family_index", json_integer((json_int_t)family->workload),
                   &writer->failed);
    json_value_set(entry, "per_family_instance_index", json_integer((json_int_t)family->instance),
                   &writer->failed);
    json_value_set(entry, "run_name", json_value_text(family->name), &writer->failed);
    json_value_set(entry, "run_type", json_string(aggregate ? "aggregate" : "iteration"),
                   &writer->failed);
    json_value_set(entry, "repetitions", json_integer(family->repetitions), &writer->failed);
    free(name);
    return entry;
}

static void set_threads(struct writer *writer, const struct family *family, json_t *entry)
{
    unsigned threads = writer->summary->run->workloads[family->workload].threads;
    json_value_set(entry, "threads", json_integer(threads), &writer->failed);
}

static void set_figures(struct writer *writer, json_t *entry, const struct figures *figures)
{
    json_value_set(entry, "iterations", json_integer(llround(figures->iterations)),
                   &writer->failed);
    json_value_set(entry, "real_time", json_value_number(figures->real_time), &writer->failed);
    json_value_set(entry, "cpu_time", json_value_number(figures->cpu_time), &writer->failed);
    json_value_set(entry, "time_unit", json_string("ns"), &writer->failed);
    if (isfinite(figures->items_per_second))
        json_value_set(entry, "items_per_second", json_value_number(figures->items_per_second),
                       &writer->failed);
}

static bool is_measured(const struct trial_record *trial)
{
    return trial->status == STATUS_OK && trial->wall_ns != MEASURE_NONE;
}

static struct figures figures_of(const struct trial_record *trial)
{
    bool counted = trial->operations > 0;
    double iterations = counted ? (double)trial->operations : 1;
    double wall_ns = (double)trial->wall_ns;
    double cpu_ns = trial->cpu_ns == MEASURE_NONE ? NAN : (double)trial->cpu_ns;
    return (struct figures){
        .real_time = wall_ns / iterations,
        .cpu_time = cpu_ns / iterations,
        .items_per_second = counted && wall_ns > 0 ? iterations * NS_PER_S_DECIMAL / wall_ns : NAN,
        .iterations = iterations,
    };
}

/* An entry for a trial that has ended; one that is only planned has none. */
static void add_trial(struct writer *writer, const struct family *family,
                      const struct trial_record *trial)
{
    static const struct figures none = {0, 0, NAN, 0};
    if (trial->status == STATUS_PLANNED)
        return;
    json_t *entry = begin_entry(writer, family, "");
    json_value_set(entry, "repetition_index", json_integer(trial->key.block), &writer->failed);
    set_threads(writer, family, entry);
    if (is_measured(trial)) {
        struct figures figures = figures_of(trial);
        set_figures(writer, entry, &figures);
    } else {
        bool skipped = trial->status == STATUS_SKIPPED;
        const char *detail =
            trial->detail[0] != '\0' ? trial->detail : trial_status_name(trial->status);
        json_value_set(entry, skipped ? "skipped" : "error_occurred", json_true(), &writer->failed);
        json_value_set(entry, skipped ? "skip_message" : "error_message", json_value_text(detail),
                       &writer->failed);
        set_figures(writer, entry, &none);
    }
    json_value_append(writer->benchmarks, entry, &writer->failed);
}

static double coefficient_of_variation(const double *values, size_t count)
{
    double mean = arithmetic_mean(values, count);
    return mean > 0 ? standard_deviation(values, count) / mean : NAN;
}

/* Sorts its copy only: the order is that of the repetitions in all three arrays. */
static double median(const double *values, size_t count)
{
    double *copy = calloc(count + 1, sizeof *copy);
    if (copy == NULL)
        return NAN;
    memcpy(copy, values, count * sizeof *copy);
    double result = order_statistic_median(copy, count);
    free(copy);
    return result;
}

static const struct aggregate {
    const char *name, *unit;
    double (*of)(const double *values, size_t count);
} aggregates[] = {
    {"mean",   "time",       arithmetic_mean         },
    {"median", "time",       median                  },
    {"stddev", "time",       standard_deviation      },
    {"cv",     "percentage", coefficient_of_variation},
};

/* Repetitions of one family instance, a row a figure. */
struct columns {
    double *real_time, *cpu_time, *items_per_second;
    size_t count;
};

static void add_aggregate(struct writer *writer, const struct family *family,
                          const struct columns *columns, const struct aggregate *aggregate)
{
    char suffix[16];
    snprintf(suffix, sizeof suffix, "_%s", aggregate->name);
    json_t *entry = begin_entry(writer, family, suffix);
    set_threads(writer, family, entry);
    json_value_set(entry, "aggregate_name", json_string(aggregate->name), &writer->failed);
    json_value_set(entry, "aggregate_unit", json_string(aggregate->unit), &writer->failed);
    struct figures figures = {
        .real_time = aggregate->of(columns->real_time, columns->count),
        .cpu_time = aggregate->of(columns->cpu_time, columns->count),
        .items_per_second = aggregate->of(columns->items_per_second, columns->count),
        .iterations = (double)columns->count, /* so Google Benchmark counts here */
    };
    set_figures(writer, entry, &figures);
    json_value_append(writer->benchmarks, entry, &writer->failed);
}

static const struct trial_record *trial_at(const struct run *run, const struct family *family,
                                           unsigned block)
{
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_key *key = &run->trials[i].key;
        if (key->pass == PASS_TIMED && key->workload == family->workload &&
            key->allocator == family->allocator && key->block == block)
            return &run->trials[i];
    }
    return NULL;
}

static void add_repetitions(struct writer *writer, const struct family *family,
                            struct columns *columns)
{
    for (unsigned block = 0; block < family->repetitions; block++) {
        const struct trial_record *trial = trial_at(writer->summary->run, family, block);
        if (trial == NULL)
            continue;
        add_trial(writer, family, trial);
        if (!is_measured(trial))
            continue;
        struct figures figures = figures_of(trial);
        columns->real_time[columns->count] = figures.real_time;
        columns->cpu_time[columns->count] = figures.cpu_time;
        columns->items_per_second[columns->count] = figures.items_per_second;
        columns->count++;
    }
    for (size_t i = 0; columns->count >= 2 && i < sizeof aggregates / sizeof *aggregates; i++)
        add_aggregate(writer, family, columns, &aggregates[i]);
}

static void add_family(struct writer *writer, struct family *family)
{
    const struct run *run = writer->summary->run;
    size_t room = family->repetitions + 1U;
    double *values = calloc(3 * room, sizeof *values);
    if (asprintf(&family->name, "%s/%s", run->workloads[family->workload].label,
                 run->allocators[family->allocator].name) < 0)
        family->name = NULL;
    if (values == NULL || family->name == NULL) {
        writer->failed = true;
    } else {
        struct columns columns = {values, values + room, values + 2 * room, 0};
        add_repetitions(writer, family, &columns);
    }
    free(family->name);
    free(values);
}

int output_gbench(FILE *file, const struct summary *summary)
{
    const struct run *run = summary->run;
    struct writer writer = {.summary = summary, .benchmarks = json_array()};
    json_t *root = json_object();
    for (size_t w = 0; w < run->workload_count; w++) {
        size_t instance = 0;
        for (size_t a = 0; a < run->allocator_count; a++) {
            size_t planned = summary_cell(summary, w, a)->planned;
            struct family family = {w, a, instance, (unsigned)planned, NULL};
            if (planned == 0)
                continue;
            add_family(&writer, &family);
            instance++;
        }
    }
    json_value_set(root, "context", make_context(run, &writer.failed), &writer.failed);
    json_value_set(root, "benchmarks", writer.benchmarks, &writer.failed);
    return json_value_write(file, root, JSON_INDENT(2), writer.failed);
}
