/* Makes the list of trials; see plan.h. */
#include "plan.h"

#include "message.h"
#include "workload_sweep.h"

#include <stdlib.h>
#include <string.h>

/* Which allocators each workload is for: filters[i] belongs to run->workloads[i]. */
struct planning {
    struct run *run;
    const char **filters;
    bool latency, program_memory;
    unsigned instructions;
    bool every_allocator_named; /* -a was given: `programs = no` does not hold */
    char *message;
};

/* SplitMix64; the order of a run must come out the same again when it is resumed. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Fisher and Yates. */
static void shuffle(unsigned *order, size_t count, uint64_t *state)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)(((__uint128_t)next_random(state) * i) >> 64);
        unsigned swapped = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swapped;
    }
}

static int add_workload(struct planning *planning, const struct workload_catalog *catalog,
                        const struct workload_point *point, struct suite_item item)
{
    struct run *run = planning->run;
    if (run_find_workload(run, point->label) >= 0)
        return message_set(planning->message,
                           "workload %s is named twice; give one of them another label",
                           point->label);
    struct workload_spec *specs =
        realloc(run->workloads, (run->workload_count + 1) * sizeof *specs);
    const char **filters = realloc(planning->filters, (run->workload_count + 1) * sizeof *filters);
    if (specs != NULL)
        run->workloads = specs;
    if (filters != NULL)
        planning->filters = filters;
    if (specs == NULL || filters == NULL)
        return message_set(planning->message, "out of memory");
    struct workload_spec *spec = &specs[run->workload_count];
    if (workload_spec_make(spec, catalog, point->text, point->label, planning->message) < 0)
        return -1;
    spec->blocks = item.blocks;
    filters[run->workload_count++] = item.allocators;
    return 0;
}

/* All workloads that the item stands for: each value of a swept parameter is one. */
static int add_item(struct planning *planning, const struct workload_catalog *catalog,
                    struct suite_item item)
{
    struct workload_sweep sweep;
    int result = workload_sweep_make(&sweep, catalog, item.text, item.label, planning->message);
    for (size_t i = 0; i < sweep.count && result == 0; i++)
        result = add_workload(planning, catalog, &sweep.points[i], item);
    workload_sweep_release(&sweep);
    return result;
}

static int add_workloads(struct planning *planning, const struct plan_request *request,
                         const struct workload_catalog *catalog)
{
    const struct suite *suite = request->suite;
    unsigned common = request->blocks;
    if (common == 0)
        common = suite != NULL && suite->blocks > 0 ? suite->blocks : PLAN_BLOCKS_DEFAULT;
    for (size_t i = 0; suite != NULL && i < suite->item_count; i++) {
        struct suite_item item = suite->items[i];
        item.blocks = request->blocks == 0 && item.blocks > 0 ? item.blocks : common;
        if (add_item(planning, catalog, item) < 0)
            return -1;
    }
    for (size_t i = 0; i < request->workload_count; i++) {
        struct suite_item item = {.text = (char *)request->workloads[i],
                                  .allocators = (char *)"",
                                  .blocks = common};
        if (add_item(planning, catalog, item) < 0)
            return -1;
    }
    if (planning->run->workload_count == 0)
        return message_set(planning->message, "nothing to run; name a suite or a workload (-w)");
    return 0;
}

/* A misspelt name in `allocators` would silently leave an allocator out. */
static int check_filters(struct planning *planning, const struct allocator_catalog *allocators)
{
    for (size_t w = 0; w < planning->run->workload_count; w++) {
        char *words = strdup(planning->filters[w]), *rest = words, *word;
        int result = 0;
        while (result == 0 && (word = strsep(&rest, " \t\n")) != NULL) {
            const char *name = word + (word[0] == '-');
            if (name[0] != '\0' && !allocator_is_known(allocators, planning->run, name))
                result = message_set(planning->message,
                                     "unknown allocator '%s' in `allocators` of workload %s of the "
                                     "suite",
                                     name, planning->run->workloads[w].label);
        }
        free(words);
        if (result < 0)
            return -1;
    }
    return 0;
}

static bool runs_under(const struct planning *planning, size_t workload, size_t allocator)
{
    const struct workload_spec *spec = &planning->run->workloads[workload];
    const struct allocator *candidate = &planning->run->allocators[allocator];
    /* An allocator that never frees would only end a program half-way. */
    if (spec->kind == WORKLOAD_PROGRAM && !candidate->programs && !planning->every_allocator_named)
        return false;
    return suite_filter_admits(planning->filters[workload], candidate->name);
}

static int add_trial(struct run *run, struct trial_key key)
{
    struct trial_record *trials = realloc(run->trials, (run->trial_count + 1) * sizeof *trials);
    if (trials == NULL)
        return -1;
    run->trials = trials;
    trial_record_init(&trials[run->trial_count]);
    trials[run->trial_count].key = key;
    trials[run->trial_count].id = (int64_t)run->trial_count + 1;
    run->trial_count++;
    return 0;
}

/* One trial of `workload` under each allocator that it is for. */
static int add_row(struct planning *planning, struct trial_key key, uint64_t *state)
{
    struct run *run = planning->run;
    unsigned *order = calloc(run->allocator_count, sizeof *order);
    if (order == NULL)
        return -1;
    for (size_t i = 0; i < run->allocator_count; i++)
        order[i] = (unsigned)i;
    shuffle(order, run->allocator_count, state);
    int result = 0;
    for (size_t i = 0; i < run->allocator_count && result == 0; i++) {
        key.allocator = order[i];
        if (runs_under(planning, key.workload, key.allocator))
            result = add_trial(run, key);
    }
    free(order);
    return result;
}

/* An untimed pass of every workload that has it. */
static int add_pass(struct planning *planning, enum pass pass, unsigned block, uint64_t *state)
{
    const struct run *run = planning->run;
    for (unsigned w = 0; w < run->workload_count; w++) {
        struct trial_key key = {.workload = w, .block = block, .pass = pass};
        bool program = run->workloads[w].kind == WORKLOAD_PROGRAM;
        bool has_it = pass == PASS_MEMORY ? program : pass != PASS_INSTRUCTIONS || !program;
        if (has_it && add_row(planning, key, state) < 0)
            return -1;
    }
    return 0;
}

static int add_block(struct planning *planning, unsigned workload, unsigned block, uint64_t *state)
{
    struct trial_key key = {.workload = workload, .block = block, .pass = PASS_TIMED};
    if (add_row(planning, key, state) < 0)
        return -1;
    /* Nobody sees the single calls of a program, whose memory is measured apart from its time; that
     * of block 0 was, to prove the injection. */
    bool program = planning->run->workloads[workload].kind == WORKLOAD_PROGRAM;
    key.pass = program ? PASS_MEMORY : PASS_LATENCY;
    bool wanted = program ? planning->program_memory && block > 0 : planning->latency;
    return wanted ? add_row(planning, key, state) : 0;
}

static int add_trials(struct planning *planning, unsigned inspections)
{
    const struct run *run = planning->run;
    uint64_t state = run->order_seed;
    unsigned most = 0;
    for (size_t w = 0; w < run->workload_count; w++)
        if (run->workloads[w].blocks > most)
            most = run->workloads[w].blocks;
    /* The memory pass proves who serves a program's malloc, which its timed trials rest on. */
    if (add_pass(planning, PASS_MEMORY, 0, &state) < 0)
        return -1;
    for (unsigned block = 0; block < most; block++) {
        for (unsigned w = 0; w < run->workload_count; w++)
            if (block < run->workloads[w].blocks && add_block(planning, w, block, &state) < 0)
                return -1;
        for (unsigned i = 0; block == 0 && i < inspections; i++)
            if (add_pass(planning, PASS_INSPECT, i, &state) < 0)
                return -1;
        for (unsigned i = 0; block == 0 && i < planning->instructions; i++)
            if (add_pass(planning, PASS_INSTRUCTIONS, i, &state) < 0)
                return -1;
    }
    return 0;
}

/* Those of -a, else those of the suite, else all. */
static int select_allocators(struct run *run, const struct plan_request *request,
                             const struct allocator_catalog *allocators, char *message)
{
    const struct suite *suite = request->suite;
    if (request->allocator_count == 0 && suite != NULL && suite->allocator_count > 0)
        return allocator_select(allocators, (const char *const *)suite->allocators,
                                suite->allocator_count, run, message);
    return allocator_select(allocators, request->allocators, request->allocator_count, run,
                            message);
}

int plan_make(struct run *run, const struct plan_request *request,
              const struct allocator_catalog *allocators, const struct workload_catalog *workloads,
              char *message)
{
    struct planning planning = {
        .run = run,
        .latency = request->latency,
        .program_memory = request->program_memory,
        .instructions = request->instructions,
        .every_allocator_named = request->allocator_count > 0 || run->allocator_count > 0,
        .message = message,
    };
    if (run->allocator_count == 0 && select_allocators(run, request, allocators, message) < 0)
        return -1;
    int result = add_workloads(&planning, request, workloads);
    if (result == 0)
        result = check_filters(&planning, allocators);
    if (result == 0 &&
        add_trials(&planning, request->inspections > 0 ? request->inspections : 1) < 0)
        result = message_set(message, "out of memory");
    if (result == 0 && run->trial_count == 0)
        result = message_set(message, "none of these allocators is for these workloads; name one "
                                      "with -a, or mend `allocators` in the suite");
    free(planning.filters);
    return result;
}
