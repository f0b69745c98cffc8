/*
 * All of a run as one JSON object: run, facts, allocators, workloads, trials with their laps and
 * timelines, and the summary. Keys are the words of the store's columns. What is absent is null.
 */
#include "json_value.h"
#include "output.h"
#include "utf8.h"

#include <stdlib.h>

#define SET_TEXT(key)    json_value_set(object, #key, json_value_text(from->key), failed)
#define SET_MEASURE(key) json_value_set(object, #key, json_value_measure(from->key), failed)

static json_t *make_allocator(const struct allocator *from, bool *failed)
{
    json_t *object = json_object();
    SET_TEXT(name);
    SET_TEXT(path);
    SET_TEXT(env);
    SET_TEXT(summary);
    SET_TEXT(source);
    SET_TEXT(package);
    json_value_set(object, "programs", json_boolean(from->programs), failed);
    SET_TEXT(file);
    SET_TEXT(version);
    SET_TEXT(sha256);
    return object;
}

static json_t *make_workload(const struct workload_spec *from, bool *failed)
{
    json_t *object = json_object();
    SET_TEXT(label);
    SET_TEXT(name);
    SET_TEXT(params);
    json_value_set(object, "kind", json_value_text(workload_kind_name(from->kind)), failed);
    SET_MEASURE(threads);
    SET_MEASURE(blocks);
    return object;
}

static json_t *make_row(const int64_t *values, size_t count, bool *failed)
{
    json_t *row = json_array();
    for (size_t i = 0; i < count; i++)
        json_value_append(row, json_value_measure(values[i]), failed);
    return row;
}

/* [[wall_ns, cpu_ns, operations], ...] */
static json_t *make_laps(const struct trial_record *trial, bool *failed)
{
    json_t *rows = json_array();
    for (int64_t i = 0; trial->lap != NULL && i < trial->laps; i++) {
        const struct lap_sample *lap = &trial->lap[i];
        int64_t values[] = {lap->wall_ns, lap->cpu_ns, lap->operations};
        json_value_append(rows, make_row(values, 3, failed), failed);
    }
    return rows;
}

/* [[time_ns, live_bytes, rss_bytes, lap], ...] */
static json_t *make_timeline(const struct trial_record *trial, bool *failed)
{
    json_t *rows = json_array();
    for (int64_t i = 0; trial->timeline != NULL && i < trial->sampled; i++) {
        const struct timeline_point *point = &trial->timeline[i];
        int64_t values[] = {point->time_ns, point->live_bytes, point->rss_bytes, point->lap};
        json_value_append(rows, make_row(values, 4, failed), failed);
    }
    return rows;
}

/* [[call, bytes_maximum or null, time_ps, calls], ...] */
static json_t *make_latency(const struct trial_record *trial, bool *failed)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < trial->latency_bins; i++) {
        const struct latency_bin *bin = &trial->latency[i];
        int64_t bytes = latency_class_bytes(bin->size_class);
        json_t *row = json_array();
        json_value_append(row, json_value_text(latency_kind_name(bin->kind)), failed);
        json_value_append(row, json_value_measure(bytes > 0 ? bytes : MEASURE_NONE), failed);
        json_value_append(row, json_value_measure(bin->time_ps), failed);
        json_value_append(row, json_value_measure(bin->calls), failed);
        json_value_append(rows, row, failed);
    }
    return rows;
}

static json_t *make_checkpoints(const struct trial_record *trial, bool *failed)
{
    json_t *all = json_object();
    for (int i = 0; i < CHECKPOINT_COUNT; i++) {
        const struct checkpoint_record *from = &trial->checkpoints[i];
        if (!from->reached)
            continue;
        json_t *object = json_object();
#define X(name, unit, help) SET_MEASURE(name);
        CHECKPOINT_MEASURES(X)
#undef X
        json_value_set(all, checkpoint_name((enum checkpoint)i), object, failed);
    }
    return all;
}

static json_t *make_syscalls(const struct syscall_counts *from, bool *failed)
{
    if (!from->counted)
        return json_null();
    json_t *object = json_object();
#define X(name) SET_MEASURE(name);
    SYSCALL_MEASURES(X)
#undef X
    return object;
}

/* ["steal", "slow"] */
static json_t *make_disturbances(unsigned flags, bool *failed)
{
    json_t *all = json_array();
    for (unsigned i = 0; i < DISTURBANCE_COUNT; i++)
        if (flags & 1u << i)
            json_value_append(all, json_value_text(disturbance_word((enum disturbance)i)), failed);
    return all;
}

static json_t *make_trial(const struct summary *summary, size_t index, bool *failed)
{
    const struct run *run = summary->run;
    const struct trial_record *from = &run->trials[index];
    const struct trial_key *key = &from->key;
    json_t *object = json_object();
    SET_MEASURE(id);
    json_value_set(object, "workload", json_value_text(run->workloads[key->workload].label),
                   failed);
    json_value_set(object, "allocator", json_value_text(run->allocators[key->allocator].name),
                   failed);
    json_value_set(object, "block", json_integer(key->block), failed);
    json_value_set(object, "pass", json_value_text(pass_name(key->pass)), failed);
    json_value_set(object, "status", json_value_text(trial_status_name(from->status)), failed);
    SET_TEXT(detail);
    json_value_set(object, "disturbed", make_disturbances(summary->disturbances[index], failed),
                   failed);
    SET_TEXT(malloc_file);
    SET_MEASURE(started_ns);
#define X(name, unit, help) SET_MEASURE(name);
    TRIAL_MEASURES(X)
#undef X
    json_value_set(object, "checkpoints", make_checkpoints(from, failed), failed);
    json_value_set(object, "syscalls", make_syscalls(&from->syscalls, failed), failed);
    json_value_set(object, "lap", make_laps(from, failed), failed);
    json_value_set(object, "timeline", make_timeline(from, failed), failed);
    json_value_set(object, "latency", make_latency(from, failed), failed);
    return object;
}

static json_t *make_estimate(const struct estimate *estimate, bool *failed)
{
    json_t *object = json_object();
    json_value_set(object, "value", json_value_number(estimate->value), failed);
    json_value_set(object, "low", json_value_number(estimate->low), failed);
    json_value_set(object, "high", json_value_number(estimate->high), failed);
    json_value_set(object, "count", json_integer((json_int_t)estimate->count), failed);
    return object;
}

static json_t *make_cell(const struct summary *summary, size_t w, size_t a, bool *failed)
{
    const struct summary_cell *from = summary_cell(summary, w, a);
    const struct run *run = summary->run;
    json_t *object = json_object();
    json_value_set(object, "workload", json_value_text(run->workloads[w].label), failed);
    json_value_set(object, "allocator", json_value_text(run->allocators[a].name), failed);
    json_value_set(object, "status", json_value_text(trial_status_name(from->status)), failed);
    SET_TEXT(detail);
    json_value_set(object, "untimed_status",
                   json_value_text(trial_status_name(from->untimed_status)), failed);
    SET_TEXT(untimed_detail);
    SET_MEASURE(planned);
    SET_MEASURE(ok);
    SET_MEASURE(skipped);
    SET_MEASURE(disturbed);
#define X(name, unit, title, help) \
    json_value_set(object, #name, make_estimate(&from->name, failed), failed);
    SUMMARY_MEASURES(X)
#undef X
    return object;
}

static json_t *make_means(const struct summary *summary, bool *failed)
{
    static const char *const frontiers[] = {
        [FRONTIER_UNKNOWN] = NULL, [FRONTIER_BEATEN] = "beaten", [FRONTIER_ON] = "on"};
    json_t *all = json_array();
    for (size_t a = 0; a < summary->run->allocator_count; a++) {
        const struct summary_mean *mean = &summary->mean[a];
        json_t *object = json_object();
        json_value_set(object, "allocator", json_value_text(summary->run->allocators[a].name),
                       failed);
        json_value_set(object, "speed", make_estimate(&mean->speed, failed), failed);
        json_value_set(object, "memory", json_value_number(mean->memory), failed);
        json_value_set(object, "workloads", json_integer((json_int_t)mean->workloads), failed);
        json_value_set(object, "frontier", json_value_text(frontiers[mean->frontier]), failed);
        json_value_append(all, object, failed);
    }
    return all;
}

static json_t *make_summary(const struct summary *summary, bool *failed)
{
    const struct run *run = summary->run;
    json_t *object = json_object(), *cells = json_array();
    const char *reference =
        run->allocator_count > 0 ? run->allocators[summary->reference].name : NULL;
    json_value_set(object, "reference", json_value_text(reference), failed);
    for (size_t w = 0; w < run->workload_count; w++)
        for (size_t a = 0; a < run->allocator_count; a++)
            if (summary_cell(summary, w, a)->planned > 0)
                json_value_append(cells, make_cell(summary, w, a, failed), failed);
    json_value_set(object, "cells", cells, failed);
    json_value_set(object, "mean_workloads", json_integer((json_int_t)summary->mean_workloads),
                   failed);
    json_value_set(object, "means", make_means(summary, failed), failed);
    return object;
}

static void set_run(json_t *object, const struct run *from, bool *failed)
{
    SET_TEXT(name);
    SET_TEXT(suite);
    json_value_set(object, "seed", json_value_unsigned(from->seed), failed);
    json_value_set(object, "order_seed", json_value_unsigned(from->order_seed), failed);
    SET_MEASURE(started_ns);
    json_value_set(object, "finished_ns",
                   json_value_measure(from->finished_ns == 0 ? MEASURE_NONE : from->finished_ns),
                   failed);
    SET_MEASURE(sample_step_ns);
    SET_MEASURE(time_limit_ns);
    SET_MEASURE(memory_limit_bytes);
}

static json_t *make_facts(const struct run *run, bool *failed)
{
    json_t *facts = json_object();
    for (size_t i = 0; i < run->fact_count; i++) {
        char *name = utf8_clean(run->facts[i].name);
        json_value_set(facts, name, json_value_text(run->facts[i].value), failed);
        free(name);
    }
    return facts;
}

int output_json(FILE *file, const struct summary *summary)
{
    const struct run *run = summary->run;
    bool failed = false;
    json_t *root = json_object(), *head = json_object();
    json_t *allocators = json_array(), *workloads = json_array(), *trials = json_array();
    set_run(head, run, &failed);
    for (size_t i = 0; i < run->allocator_count; i++)
        json_value_append(allocators, make_allocator(&run->allocators[i], &failed), &failed);
    for (size_t i = 0; i < run->workload_count; i++)
        json_value_append(workloads, make_workload(&run->workloads[i], &failed), &failed);
    for (size_t i = 0; i < run->trial_count; i++)
        json_value_append(trials, make_trial(summary, i, &failed), &failed);
    json_value_set(root, "run", head, &failed);
    json_value_set(root, "facts", make_facts(run, &failed), &failed);
    json_value_set(root, "allocators", allocators, &failed);
    json_value_set(root, "workloads", workloads, &failed);
    json_value_set(root, "trials", trials, &failed);
    json_value_set(root, "summary", make_summary(summary, &failed), &failed);
    return json_value_write(file, root, JSON_COMPACT, failed);
}
