/* Comparisons of what was measured before; see stored.h. */
#include "stored.h"

#include "comparison_internal.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "run:"

bool stored_is(const char *word)
{
    return strncmp(word, PREFIX, strlen(PREFIX)) == 0;
}

void stored_release(struct stored *stored)
{
    for (int side = 0; side < COMPARE_SIDES; side++)
        run_release(&stored->run[side]);
}

static int refuse_allocator(const struct run *run, const char *word, const char *why, char *message)
{
    char names[MESSAGE_BYTES / 2] = "";
    for (size_t a = 0; a < run->allocator_count; a++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, " %s", run->allocators[a].name);
    }
    return message_set(message, "%s: %s; run %s has%s", word, why, run->name, names);
}

static int choose_allocator(const struct run *run, const char *word, unsigned *allocator,
                            char *message)
{
    const char *slash = strchr(word, '/');
    if (slash == NULL && run->allocator_count != 1)
        return refuse_allocator(run, word, "say which allocator, as " PREFIX "NAME/ALLOCATOR",
                                message);
    int found = slash == NULL ? 0 : run_find_allocator(run, slash + 1);
    if (found < 0)
        return refuse_allocator(run, word, "no such allocator in it", message);
    *allocator = (unsigned)found;
    return 0;
}

static int load_run(struct run *run, struct store *store, const char *word, char *message)
{
    const char *name = word + strlen(PREFIX);
    char *copy = strndup(name, strcspn(name, "/"));
    if (copy == NULL)
        return message_set(message, "out of memory");
    int result = store_load_run(store, copy[0] != '\0' ? copy : NULL, run);
    free(copy);
    return result < 0 ? message_set(message, "%s", store_message(store)) : 0;
}

int stored_load(struct stored *stored, struct store *store, const char *const words[COMPARE_SIDES],
                char *message)
{
    *stored = (struct stored){0};
    for (int side = 0; side < COMPARE_SIDES; side++)
        if (load_run(&stored->run[side], store, words[side], message) < 0 ||
            choose_allocator(&stored->run[side], words[side], &stored->allocator[side], message) <
                0)
            return -1;
    stored->one_run = strcmp(stored->run[0].name, stored->run[1].name) == 0;
    if (stored->one_run)
        run_release(&stored->run[COMPARE_NEW]);
    if (stored->one_run && stored->allocator[COMPARE_BASE] == stored->allocator[COMPARE_NEW])
        return message_set(message, "%s and %s are the same trials: there is nothing to compare",
                           words[COMPARE_BASE], words[COMPARE_NEW]);
    return 0;
}

/* ---- one run -------------------------------------------------------------------- */

void stored_print_looks(const struct compare_rules *rules, char *text, size_t bytes)
{
    size_t used = 0;
    for (size_t i = 0; i < rules->verdict.look_count && used < bytes; i++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%zu", i > 0 ? "," : "",
                                 rules->verdict.looks[i]);
}

/* False when the run was not made by a comparison. */
static bool looks_of(const struct run *run, struct verdict_rules *rules)
{
    const char *text = NULL;
    for (size_t i = 0; i < run->fact_count; i++)
        if (strcmp(run->facts[i].name, STORED_LOOKS_FACT) == 0)
            text = run->facts[i].value;
    if (text == NULL)
        return false;
    rules->look_count = 0;
    while (rules->look_count < VERDICT_LOOKS_MAXIMUM) {
        char *end;
        size_t pairs = strtoull(text, &end, 10);
        /* A 0 stands alone: no pairs were run. */
        if (end == text || (pairs == 0 && rules->look_count > 0))
            break;
        rules->looks[rules->look_count++] = pairs;
        text = end + (*end == ',');
    }
    return rules->look_count > 0;
}

static size_t count_ok(const struct run *run, size_t workload, unsigned allocator)
{
    size_t count = 0;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *trial = &run->trials[i];
        count += trial->key.workload == workload && trial->key.allocator == allocator &&
                 trial->key.pass == PASS_TIMED && trial->status == STATUS_OK;
    }
    return count;
}

/* Known before the figures are: so it is a fixed number. */
static size_t common_pairs(const struct stored *stored)
{
    const struct run *run = &stored->run[COMPARE_BASE];
    size_t least = 0;
    for (size_t w = 0; w < run->workload_count; w++) {
        size_t base = count_ok(run, w, stored->allocator[COMPARE_BASE]);
        size_t new = count_ok(run, w, stored->allocator[COMPARE_NEW]);
        size_t pairs = base < new ? base : new;
        if (pairs > 0 && (least == 0 || pairs < least))
            least = pairs;
    }
    return least > 0 ? least : 1;
}

static int compare_pairs(struct comparison *comparison, const struct stored *stored,
                         const struct compare_rules *given)
{
    const struct run *run = &stored->run[COMPARE_BASE];
    struct compare_rules rules = *given;
    rules.keep_first = !looks_of(run, &rules.verdict);
    if (rules.keep_first) {
        rules.verdict.look_count = 1;
        rules.verdict.looks[0] = common_pairs(stored);
    }
    if (comparison_init(comparison, run, stored->allocator, &rules) < 0)
        return -1;
    for (size_t i = 0; i < run->trial_count; i++)
        comparison_add(comparison, &run->trials[i]);
    return comparison->failed ? -1 : comparison_finish(comparison, 0);
}

/* ---- two runs ------------------------------------------------------------------- */

static const char *fact_of(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->fact_count; i++)
        if (strcmp(run->facts[i].name, name) == 0)
            return run->facts[i].value;
    return "";
}

/* A trace or workload file of the same name may hold other calls by now. */
static bool same_file(const struct stored *stored, const char *label)
{
    static const char *const digests[] = {"trace_sha256", "workload_sha256"};
    bool same = true;
    for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
        char *name = NULL;
        if (asprintf(&name, "%s:%s", digests[i], label) < 0)
            return false;
        same &= strcmp(fact_of(&stored->run[COMPARE_BASE], name),
                       fact_of(&stored->run[COMPARE_NEW], name)) == 0;
        free(name);
    }
    return same;
}

static bool same_work(const struct stored *stored, const struct workload_spec *a,
                      const struct workload_spec *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
           strcmp(a->params, b->params) == 0 && same_file(stored, a->label) &&
           stored->run[COMPARE_BASE].seed == stored->run[COMPARE_NEW].seed;
}

/* The trials of a side in the workload of that label, as trials of NEW's run. */
static int add_side(struct comparison *comparison, const struct stored *stored,
                    enum compare_side side, size_t workload)
{
    const struct run *run = &stored->run[side];
    int own = run_find_workload(run, comparison->workload[workload].spec->label);
    bool made_by_comparison = looks_of(run, &(struct verdict_rules){0});
    if (own < 0 || !same_work(stored, &run->workloads[own], comparison->workload[workload].spec))
        return 0;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *trial = &run->trials[i];
        bool warm_up = made_by_comparison && trial->key.pass == PASS_TIMED && trial->key.block == 0;
        if (trial->key.workload != (unsigned)own || trial->key.allocator != stored->allocator[side])
            continue;
        comparison->workload[workload].planned[side] = true;
        if (!warm_up && evidence_add_alone(&comparison->workload[workload], side, trial) < 0)
            return -1;
    }
    return 0;
}

static int compare_series(struct comparison *comparison, const struct stored *stored,
                          const struct compare_rules *given)
{
    struct compare_rules rules = *given;
    rules.verdict.look_count = 1;
    if (comparison_init(comparison, &stored->run[COMPARE_NEW], stored->allocator, &rules) < 0)
        return -1;
    comparison->independent = true;
    comparison->who[COMPARE_BASE] =
        &stored->run[COMPARE_BASE].allocators[stored->allocator[COMPARE_BASE]];
    for (size_t w = 0; w < comparison->workloads; w++) {
        comparison->workload[w].planned[COMPARE_BASE] = false;
        comparison->workload[w].planned[COMPARE_NEW] = false;
        if (add_side(comparison, stored, COMPARE_BASE, w) < 0 ||
            add_side(comparison, stored, COMPARE_NEW, w) < 0 ||
            evidence_judge_series(comparison, &comparison->workload[w]) < 0)
            return -1;
    }
    return comparison_finish(comparison, 0);
}

int stored_compare(struct comparison *comparison, const struct stored *stored,
                   const struct compare_rules *rules)
{
    return stored->one_run ? compare_pairs(comparison, stored, rules)
                           : compare_series(comparison, stored, rules);
}
