/* Life and names of the structs that flow between the stages; see record.h. */
#include "record.h"

#include <stdlib.h>
#include <string.h>

static const char *const pass_names[] = {
#define X(name, text, help) [PASS_##name] = text,
    PASSES(X)
#undef X
};

static const char *const status_names[] = {
#define X(name, text, help) [STATUS_##name] = text,
    TRIAL_STATUSES(X)
#undef X
};

static const char *const checkpoint_names[] = {
#define X(name, text, help) [CHECKPOINT_##name] = text,
    CHECKPOINTS(X)
#undef X
};

static const char *const kind_names[] = {"synthetic", "program", "recorded"};

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *pass_name(enum pass pass)
{
    return pass_names[pass];
}

int pass_parse(const char *name)
{
    return find_name(pass_names, PASS_COUNT, name);
}

const char *workload_kind_name(enum workload_kind kind)
{
    return kind_names[kind];
}

int workload_kind_parse(const char *name)
{
    return find_name(kind_names, WORKLOAD_RECORDED + 1, name);
}

const char *trial_status_name(enum trial_status status)
{
    return status_names[status];
}

int trial_status_parse(const char *name)
{
    return find_name(status_names, STATUS_COUNT, name);
}

const char *checkpoint_name(enum checkpoint checkpoint)
{
    return checkpoint_names[checkpoint];
}

static void checkpoint_record_init(struct checkpoint_record *record)
{
    record->reached = false;
#define X(name, unit, help) record->name = MEASURE_NONE;
    CHECKPOINT_MEASURES(X)
#undef X
}

void trial_record_init(struct trial_record *record)
{
    memset(record, 0, sizeof *record);
#define X(name, unit, help) record->name = MEASURE_NONE;
    TRIAL_MEASURES(X)
#undef X
    for (int i = 0; i < CHECKPOINT_COUNT; i++)
        checkpoint_record_init(&record->checkpoints[i]);
}

void trial_record_release(struct trial_record *record)
{
    free(record->lap);
    free(record->timeline);
    free(record->latency);
    record->lap = NULL;
    record->timeline = NULL;
    record->latency = NULL;
    record->latency_bins = 0;
}

void run_init(struct run *run)
{
    memset(run, 0, sizeof *run);
}

void allocator_release(struct allocator *allocator)
{
    free(allocator->name);
    free(allocator->path);
    free(allocator->env);
    free(allocator->summary);
    free(allocator->source);
    free(allocator->package);
    free(allocator->file);
    free(allocator->version);
}

void run_release(struct run *run)
{
    for (size_t i = 0; i < run->workload_count; i++) {
        free(run->workloads[i].label);
        free(run->workloads[i].name);
        free(run->workloads[i].params);
    }
    for (size_t i = 0; i < run->allocator_count; i++)
        allocator_release(&run->allocators[i]);
    for (size_t i = 0; i < run->fact_count; i++) {
        free(run->facts[i].name);
        free(run->facts[i].value);
    }
    for (size_t i = 0; i < run->trial_count; i++)
        trial_record_release(&run->trials[i]);
    free(run->workloads);
    free(run->allocators);
    free(run->facts);
    free(run->trials);
    free(run->name);
    free(run->suite);
    run_init(run);
}

int run_find_allocator(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->allocator_count; i++)
        if (strcmp(run->allocators[i].name, name) == 0)
            return (int)i;
    return -1;
}

int run_find_workload(const struct run *run, const char *label)
{
    for (size_t i = 0; i < run->workload_count; i++)
        if (strcmp(run->workloads[i].label, label) == 0)
            return (int)i;
    return -1;
}

const char *run_find_fact(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->fact_count; i++)
        if (strcmp(run->facts[i].name, name) == 0)
            return run->facts[i].value;
    return NULL;
}
