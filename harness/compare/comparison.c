/* Which trials are wanted, and what becomes of them; see comparison.h. */
#include "comparison.h"

#include "comparison_internal.h"
#include "message.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_LOOK_PAIRS = 20 };
#define SATURATED_SHARE 0.3 /* of their time that trials wait for a CPU */

void compare_rules_init(struct compare_rules *rules)
{
    *rules = (struct compare_rules){.verdict = verdict_rules_default};
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        rules->threshold[m] = compare_measures[m].threshold;
        rules->gates[m] = compare_measures[m].gates;
    }
}

int compare_rules_set_pairs(struct compare_rules *rules, size_t most, char *message)
{
    struct verdict_rules *verdict = &rules->verdict;
    verdict->look_count = 0;
    for (size_t pairs = FIRST_LOOK_PAIRS; pairs < most; pairs *= 2) {
        if (verdict->look_count == VERDICT_LOOKS_MAXIMUM - 1)
            return message_set(message, "%zu pairs are more than this is made for", most);
        verdict->looks[verdict->look_count++] = pairs;
    }
    verdict->looks[verdict->look_count++] = most;
    return 0;
}

static size_t gating_measures(const struct compare_rules *rules)
{
    size_t count = 0;
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        count += rules->gates[m] && !compare_measure_is_exact((enum compare_measure_name)m);
    return count;
}

bool compare_rules_are_exact(const struct compare_rules *rules)
{
    return gating_measures(rules) == 0;
}

/* All n differences on one side have p = 2 / 2^n, and that has to do for the smallest of a
 * family. */
size_t compare_rules_least_pairs(const struct compare_rules *rules, size_t workloads)
{
    const struct verdict_rules *verdict = &rules->verdict;
    size_t family = gating_measures(rules) * workloads;
    double level = verdict->alpha / (double)(verdict->look_count * TRACK_COUNT) /
                   (double)(family > 0 ? family : 1);
    return (size_t)ceil(1 - log2(level));
}

const char *compare_outcome_text(enum compare_outcome outcome)
{
    static const char *const texts[] = {
#define X(name, text) text,
        COMPARE_OUTCOMES(X)
#undef X
    };
    return texts[outcome];
}

static int side_of(const struct comparison *comparison, const struct trial_key *key)
{
    for (int side = 0; side < COMPARE_SIDES; side++)
        if (key->allocator == comparison->allocator[side])
            return side;
    return -1;
}

static void note_plan(struct comparison *comparison, const struct trial_key *key)
{
    struct compare_workload *workload = &comparison->workload[key->workload];
    int side = side_of(comparison, key);
    if (side < 0)
        return;
    workload->planned[side] = true;
    /* A memory pass in block 0 alone proves the injection, and is no pair of anything. */
    if (key->pass == PASS_LATENCY || (key->pass == PASS_MEMORY && key->block > 0))
        workload->beside[key->pass] = true;
}

int comparison_init(struct comparison *comparison, const struct run *run,
                    const unsigned allocator[COMPARE_SIDES], const struct compare_rules *rules)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    *comparison = (struct comparison){
        .run = run,
        .allocator = {allocator[COMPARE_BASE],                   allocator[COMPARE_NEW]},
        .rules = *rules,
        .who = {&run->allocators[allocator[COMPARE_BASE]],
                      &run->allocators[allocator[COMPARE_NEW]]                         },
        .workload = calloc(run->workload_count + 1, sizeof *comparison->workload),
        .cpus = cpus > 0 ? (unsigned)cpus : 0,
    };
    if (comparison->workload == NULL)
        return -1;
    comparison->workloads = run->workload_count;
    comparison->rules.verdict.family = gating_measures(rules) * run->workload_count;
    for (size_t w = 0; w < run->workload_count; w++) {
        comparison->workload[w].spec = &run->workloads[w];
        comparison->workload[w].beside[PASS_TIMED] = true;
    }
    for (size_t i = 0; i < run->trial_count; i++)
        note_plan(comparison, &run->trials[i].key);
    for (size_t w = 0; w < run->workload_count; w++)
        evidence_init(comparison, &comparison->workload[w]);
    return 0;
}

void comparison_release(struct comparison *comparison)
{
    for (size_t w = 0; w < comparison->workloads; w++)
        evidence_release(&comparison->workload[w]);
    free(comparison->workload);
    *comparison = (struct comparison){0};
}

void comparison_start(struct comparison *comparison, int64_t now_ns)
{
    comparison->started_ns = now_ns;
}

static bool failed(const struct compare_workload *workload, enum compare_side side)
{
    return workload->failure[side].status != STATUS_OK;
}

static size_t last_look(const struct comparison *comparison)
{
    const struct verdict_rules *rules = &comparison->rules.verdict;
    return rules->looks[rules->look_count - 1];
}

static bool time_is_up(struct comparison *comparison, int64_t now_ns)
{
    int64_t most = comparison->rules.max_time_ns;
    if (most > 0 && now_ns - comparison->started_ns >= most)
        comparison->out_of_time = true;
    return comparison->out_of_time;
}

bool comparison_wants(struct comparison *comparison, const struct trial_key *key, int64_t now_ns)
{
    struct compare_workload *workload = &comparison->workload[key->workload];
    int side = side_of(comparison, key);
    if (side < 0 || !workload->planned[COMPARE_BASE] || !workload->planned[COMPARE_NEW])
        return false;
    int other = COMPARE_SIDES - 1 - side;
    bool begun = !failed(workload, (enum compare_side)other) && round_wants(workload, key);
    /* Its pair was begun, or the other side failed in it: what does this one do? */
    if (!failed(workload, (enum compare_side)side) &&
        (begun || (failed(workload, (enum compare_side)other) &&
                   workload->failure[other].block == key->block &&
                   workload->failure[other].pass == key->pass)))
        return true;
    if (failed(workload, COMPARE_BASE) || failed(workload, COMPARE_NEW))
        return false;
    if (key->pass != PASS_TIMED)
        return !round_has(workload, key);
    if (workload->settled || workload->pairs >= last_look(comparison))
        return false;
    return !time_is_up(comparison, now_ns);
}

/* What a pass that looks on could not look at is absent; what it showed of the allocator counts.
 * Nothing that happens under callgrind does: it may be callgrind's fault. */
static bool is_fatal(const struct trial_record *trial)
{
    if (trial->key.pass == PASS_INSTRUCTIONS)
        return false;
    return trial->key.pass == PASS_TIMED || trial->key.pass == PASS_MEMORY ||
           trial->status == STATUS_CRASHED || trial->status == STATUS_CORRUPT ||
           trial->status == STATUS_NOT_INJECTED;
}

/* The first reason is kept. */
static void note_absence(struct compare_workload *workload, const struct trial_record *trial)
{
    char *reason = workload->absent[trial->key.pass];
    if (reason[0] != '\0')
        return;
    if (trial->status == STATUS_OK || trial->status == STATUS_SKIPPED)
        snprintf(reason, COMPARE_DETAIL_BYTES, "%s", trial->detail);
    else
        snprintf(reason, COMPARE_DETAIL_BYTES, "%s: %.480s", trial_status_name(trial->status),
                 trial->detail);
}

void comparison_note_failure(struct compare_workload *workload, enum compare_side side,
                             const struct trial_record *trial)
{
    struct compare_failure *failure = &workload->failure[side];
    if (!is_fatal(trial))
        note_absence(workload, trial);
    if (failure->status != STATUS_OK || !is_fatal(trial))
        return;
    failure->status = trial->status;
    failure->pass = trial->key.pass;
    failure->block = trial->key.block;
    snprintf(failure->detail, sizeof failure->detail, "%s", trial->detail);
}

double comparison_waited(const struct comparison *comparison)
{
    const struct compare_waiting *waiting = &comparison->waiting;
    return waiting->wall_ns > 0 ? waiting->run_delay_ns / waiting->wall_ns : NAN;
}

/* What waits that much has more than one other on its CPU: no moment is quiet, and a floor has
 * nothing to find. A schedule goes on while the other side has its turn, so what is paced takes
 * none. */
bool comparison_is_lockstep(const struct comparison *comparison, const struct trial_key *key)
{
    if ((key->block == 0 && !comparison->rules.keep_first) ||
        comparison->workload[key->workload].paced)
        return false;
    return comparison->rules.lockstep == LOCKSTEP_ALWAYS ||
           (comparison->rules.lockstep == LOCKSTEP_AUTO &&
            comparison_waited(comparison) >= SATURATED_SHARE);
}

/* Of the whole life of a trial, since waiting is counted over most of it. */
static void note_waiting(struct comparison *comparison, const struct trial_record *trial)
{
    if (trial->key.pass != PASS_TIMED || trial->key.block > 0 || trial->status != STATUS_OK ||
        trial->run_delay_ns == MEASURE_NONE || trial->elapsed_ns == MEASURE_NONE)
        return;
    comparison->waiting.wall_ns += (double)trial->elapsed_ns * fmax(1, (double)trial->threads);
    comparison->waiting.run_delay_ns += (double)trial->run_delay_ns;
}

void comparison_add(struct comparison *comparison, const struct trial_record *trial)
{
    struct compare_workload *workload = &comparison->workload[trial->key.workload];
    int side = side_of(comparison, &trial->key), result = 0;
    if (side < 0 || trial->status == STATUS_PLANNED)
        return;
    note_waiting(comparison, trial);
    workload->paced |= trial->paced == 1;
    if (trial->status != STATUS_OK) {
        comparison_note_failure(workload, (enum compare_side)side, trial);
        if (round_has(workload, &trial->key) && !failed(workload, (enum compare_side)side))
            result = round_do_without(comparison, workload, trial->key.pass);
    } else if (round_has(workload, &trial->key)) {
        result = round_add(comparison, workload, (enum compare_side)side, trial);
    } else {
        /* Also a trial that went well says in its detail what it could not measure. */
        if (trial->detail[0] != '\0')
            note_absence(workload, trial);
        evidence_add_exact(workload, (enum compare_side)side, trial);
    }
    if (result < 0)
        comparison->failed = true;
}
