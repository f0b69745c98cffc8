/* The baseline in memory; see baseline.h. */
#include "baseline.h"

#include "elf_code.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

#define TRACE_FACT "trace_sha256:"

const char *const baseline_fact_names[BASELINE_FACT_COUNT] = {
#define X(name, help) #name,
    BASELINE_FACTS(X)
#undef X
};
const char *const baseline_fact_helps[BASELINE_FACT_COUNT] = {
#define X(name, help) help,
    BASELINE_FACTS(X)
#undef X
};

void baseline_init(struct baseline *baseline)
{
    *baseline = (struct baseline){0};
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++)
        baseline->tolerance[m] = (struct baseline_tolerance){exact_measures[m].tolerance_percent,
                                                             exact_measures[m].tolerance_units};
}

static void release_allocator(struct baseline_allocator *allocator, size_t workloads)
{
    for (size_t w = 0; allocator->cells != NULL && w < workloads; w++)
        free(allocator->cells[w].detail);
    free(allocator->cells);
    free(allocator->name);
    free(allocator->commit);
    free(allocator->file);
    free(allocator->sha256);
    free(allocator->code_sha256);
    free(allocator->compiler);
    *allocator = (struct baseline_allocator){0};
}

void baseline_release(struct baseline *baseline)
{
    for (int f = 0; f < BASELINE_FACT_COUNT; f++)
        free(baseline->facts[f]);
    for (size_t a = 0; a < baseline->allocator_count; a++)
        release_allocator(&baseline->allocators[a], baseline->workload_count);
    for (size_t w = 0; w < baseline->workload_count; w++) {
        struct baseline_workload *workload = &baseline->workloads[w];
        free(workload->label);
        free(workload->run);
        free(workload->trace_sha256);
        free(workload->control.detail);
    }
    free(baseline->workloads);
    free(baseline->allocators);
    *baseline = (struct baseline){0};
}

int baseline_find_allocator(const struct baseline *baseline, const char *name)
{
    for (size_t a = 0; a < baseline->allocator_count; a++)
        if (strcmp(baseline->allocators[a].name, name) == 0)
            return (int)a;
    return -1;
}

int baseline_find_workload(const struct baseline *baseline, const char *label)
{
    for (size_t w = 0; w < baseline->workload_count; w++)
        if (strcmp(baseline->workloads[w].label, label) == 0)
            return (int)w;
    return -1;
}

static void cell_init(struct baseline_cell *cell)
{
    *cell = (struct baseline_cell){.status = STATUS_OK};
}

/* Workloads stand before allocators: the cells of these are by those. */
struct baseline_workload *baseline_add_workload(struct baseline *baseline, const char *label)
{
    struct baseline_workload *grown =
        reallocarray(baseline->workloads, baseline->workload_count + 1,
                     sizeof *baseline->workloads);
    if (grown == NULL || baseline->allocator_count > 0)
        return NULL;
    baseline->workloads = grown;
    struct baseline_workload *workload = &grown[baseline->workload_count++];
    *workload = (struct baseline_workload){.label = strdup(label),
                                           .operations = MEASURE_NONE,
                                           .live_peak_bytes = MEASURE_NONE};
    cell_init(&workload->control);
    return workload->label != NULL ? workload : NULL;
}

struct baseline_allocator *baseline_add_allocator(struct baseline *baseline, const char *name)
{
    struct baseline_allocator *grown =
        reallocarray(baseline->allocators, baseline->allocator_count + 1,
                     sizeof *baseline->allocators);
    if (grown == NULL)
        return NULL;
    baseline->allocators = grown;
    struct baseline_allocator *allocator = &grown[baseline->allocator_count++];
    *allocator = (struct baseline_allocator){
        .name = strdup(name),
        .commit = strdup(""),
        .cells = calloc(baseline->workload_count + 1, sizeof *allocator->cells),
    };
    for (size_t w = 0; allocator->cells != NULL && w < baseline->workload_count; w++)
        cell_init(&allocator->cells[w]);
    return allocator->name != NULL && allocator->commit != NULL && allocator->cells != NULL
               ? allocator
               : NULL;
}

/* ---- from a run ----------------------------------------------------------------- */

static const char *fact_of(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->fact_count; i++)
        if (strcmp(run->facts[i].name, name) == 0)
            return run->facts[i].value;
    return "";
}

static int describe_workload(struct baseline *baseline, const struct run *run,
                             const struct workload_spec *spec)
{
    struct baseline_workload *workload = baseline_add_workload(baseline, spec->label);
    char *fact = NULL;
    if (workload == NULL)
        return -1;
    if (asprintf(&workload->run, "%s%s%s", spec->name, spec->params[0] != '\0' ? ":" : "",
                 spec->params) < 0) {
        workload->run = NULL;
        return -1;
    }
    if (spec->kind != WORKLOAD_RECORDED)
        return 0;
    if (asprintf(&fact, TRACE_FACT "%s", spec->label) < 0)
        return -1;
    workload->trace_sha256 = strdup(fact_of(run, fact));
    free(fact);
    return workload->trace_sha256 != NULL ? 0 : -1;
}

static int describe_allocator(struct baseline *baseline, const struct allocator *from)
{
    struct elf_code code;
    char ignored[MESSAGE_BYTES];
    struct baseline_allocator *allocator = baseline_add_allocator(baseline, from->name);
    if (allocator == NULL || elf_code_read(&code, from->file, ignored) < 0)
        return -1;
    allocator->file = strdup(from->file);
    allocator->sha256 = strdup(from->sha256);
    allocator->code_sha256 = strdup(code.sha256);
    allocator->compiler = strdup(code.compiler);
    return allocator->file != NULL && allocator->sha256 != NULL && allocator->code_sha256 != NULL &&
                   allocator->compiler != NULL
               ? 0
               : -1;
}

int baseline_describe(struct baseline *baseline, const struct run *run, const char *control)
{
    int result = 0;
    baseline->seed = run->seed;
    for (int f = 0; f < BASELINE_FACT_COUNT && result == 0; f++) {
        baseline->facts[f] = strdup(fact_of(run, baseline_fact_names[f]));
        result = baseline->facts[f] != NULL ? 0 : -1;
    }
    for (size_t w = 0; w < run->workload_count && result == 0; w++)
        result = describe_workload(baseline, run, &run->workloads[w]);
    for (size_t a = 0; a < run->allocator_count && result == 0; a++)
        if (strcmp(run->allocators[a].name, control) != 0)
            result = describe_allocator(baseline, &run->allocators[a]);
    return result;
}

/* A pass that cannot look here is absent; one in which the allocator fell is its failure. Under
 * callgrind the heap of brk(2) ends at 8 MiB, so that no memory is no failure there. */
static bool is_failure(const struct trial_record *trial)
{
    bool looking = trial->key.pass == PASS_INSTRUCTIONS || trial->key.pass == PASS_INSPECT;
    return trial->status != STATUS_OK && trial->status != STATUS_SKIPPED &&
           !(trial->key.pass == PASS_INSTRUCTIONS && trial->status == STATUS_OUT_OF_MEMORY) &&
           !(looking && trial->status == STATUS_TIMED_OUT);
}

static void take_cell(struct baseline_cell *cell, const struct trial_record *trial)
{
    cell->planned = true;
    if (cell->status == STATUS_OK && is_failure(trial)) {
        free(cell->detail);
        cell->detail = NULL;
        cell->status = trial->status;
        cell->pass = trial->key.pass;
    }
    if (cell->detail == NULL && trial->detail[0] != '\0')
        cell->detail = strdup(trial->detail);
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++) {
        int64_t value = exact_measure_value((enum exact_measure_name)m, trial);
        if (value != MEASURE_NONE)
            exact_values_add(&cell->values[m], value);
    }
}

void baseline_take(struct baseline *baseline, const struct run *run, const char *control,
                   const struct trial_record *trial)
{
    const char *name = run->allocators[trial->key.allocator].name;
    struct baseline_workload *workload = &baseline->workloads[trial->key.workload];
    if (strcmp(name, control) == 0) {
        take_cell(&workload->control, trial);
        if (trial->key.pass == PASS_TIMED && trial->status == STATUS_OK) {
            workload->operations = trial->operations;
            workload->live_peak_bytes = trial->live_peak_bytes;
        }
        return;
    }
    int index = baseline_find_allocator(baseline, name);
    if (index >= 0)
        take_cell(&baseline->allocators[index].cells[trial->key.workload], trial);
}

/* ---- merging --------------------------------------------------------------------- */

static int refuse_merge(char *message, const char *what, const char *was, const char *is)
{
    return message_set(message,
                       "%s was '%.80s' for the allocators that the baseline has, and is '%.80s' "
                       "now: update them all together, by naming each with -a",
                       what, was, is);
}

static int check_workloads(const struct baseline *to, const struct baseline *from, char *message)
{
    if (to->seed != from->seed)
        return message_set(message, "the seed is another than the baseline's: update all of its "
                                    "allocators together, by naming each with -a");
    for (size_t w = 0; w < from->workload_count; w++) {
        const struct baseline_workload *now = &from->workloads[w];
        int found = baseline_find_workload(to, now->label);
        if (found < 0 || to->workload_count != from->workload_count)
            return refuse_merge(message, "the list of workloads", "another", now->label);
        const struct baseline_workload *was = &to->workloads[found];
        if (strcmp(was->run, now->run) != 0)
            return refuse_merge(message, now->label, was->run, now->run);
        if (was->operations != now->operations ||
            memcmp(&was->control.values[EXACT_INSTRUCTIONS],
                   &now->control.values[EXACT_INSTRUCTIONS], sizeof(struct exact_values)) != 0)
            return refuse_merge(message, now->label, "other work, or another runner", "this");
    }
    return 0;
}

int baseline_merge(struct baseline *to, struct baseline *from, char *message)
{
    for (int f = 0; f < BASELINE_FACT_COUNT; f++)
        if (f != BASELINE_heapmark && strcmp(to->facts[f], from->facts[f]) != 0)
            return refuse_merge(message, baseline_fact_names[f], to->facts[f], from->facts[f]);
    if (check_workloads(to, from, message) < 0)
        return -1;
    for (size_t a = 0; a < from->allocator_count; a++) {
        struct baseline_allocator *now = &from->allocators[a];
        int found = baseline_find_allocator(to, now->name);
        struct baseline_allocator *place =
            found >= 0 ? &to->allocators[found] : baseline_add_allocator(to, now->name);
        if (place == NULL)
            return message_set(message, "out of memory");
        struct baseline_allocator old = *place;
        *place = *now;
        *now = old;
        /* The same workloads, in the order of `to`. */
        struct baseline_cell *cells = calloc(to->workload_count + 1, sizeof *cells);
        if (cells == NULL)
            return message_set(message, "out of memory");
        for (size_t w = 0; w < from->workload_count; w++)
            cells[baseline_find_workload(to, from->workloads[w].label)] = place->cells[w];
        free(place->cells);
        place->cells = cells;
    }
    return 0;
}
