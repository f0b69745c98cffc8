/* The trials of a pair as they come in, until it is whole; see comparison_internal.h. */
#include "comparison_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void round_init(struct compare_workload *workload)
{
    for (int pass = 0; pass < PASS_COUNT; pass++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            trial_record_init(&workload->round.held[pass][side]);
}

void round_release(struct compare_workload *workload)
{
    for (int pass = 0; pass < PASS_COUNT; pass++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            trial_record_release(&workload->round.held[pass][side]);
}

static void let_go(struct compare_workload *workload)
{
    round_release(workload);
    round_init(workload);
    workload->round.open = false;
}

bool round_has(const struct compare_workload *workload, const struct trial_key *key)
{
    return workload->beside[key->pass] && (key->pass != PASS_MEMORY || key->block > 0);
}

bool round_wants(const struct compare_workload *workload, const struct trial_key *key)
{
    const struct compare_round *round = &workload->round;
    return round->open && round->block == key->block && round_has(workload, key) &&
           round->expected[key->pass];
}

/* What is expected depends on what is known by now alone, so that the same trials, stored and
 * taken again, make the same pairs. One that was cut short is dropped. */
static void begin(struct compare_workload *workload, unsigned block)
{
    let_go(workload);
    workload->round.open = true;
    workload->round.block = block;
    for (int pass = 0; pass < PASS_COUNT; pass++)
        workload->round.expected[pass] =
            workload->beside[pass] &&
            (pass == PASS_TIMED || evidence_needs(workload, (enum pass)pass));
}

static int copy(const void *from, size_t count, size_t size, void **to)
{
    *to = NULL;
    if (from == NULL || count == 0)
        return 0;
    *to = reallocarray(NULL, count, size);
    if (*to == NULL)
        return -1;
    memcpy(*to, from, count * size);
    return 0;
}

/* It waits for the others, with its laps and its times of single calls. */
static int hold(struct trial_record *held, const struct trial_record *trial)
{
    void *lap, *latency;
    trial_record_release(held);
    *held = *trial;
    held->timeline = NULL;
    int result =
        copy(trial->lap, trial->laps > 0 ? (size_t)trial->laps : 0, sizeof *held->lap, &lap);
    if (copy(trial->latency, trial->latency_bins, sizeof *held->latency, &latency) < 0)
        result = -1;
    held->lap = lap;
    held->latency = latency;
    held->latency_bins = latency != NULL ? trial->latency_bins : 0;
    return result;
}

static bool is_whole(const struct compare_round *round)
{
    for (int pass = 0; pass < PASS_COUNT; pass++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            if (round->expected[pass] && round->held[pass][side].status != STATUS_OK)
                return false;
    return round->open;
}

static void refuse_pair(struct compare_workload *workload)
{
    struct compare_failure *failure = &workload->failure[COMPARE_NEW];
    *failure = (struct compare_failure){.status = STATUS_FAILED,
                                        .pass = PASS_TIMED,
                                        .block = workload->round.block};
    snprintf(failure->detail, sizeof failure->detail,
             "its trial had other laps than those before it, or a lap of no time: not the same "
             "work");
    workload->failure[COMPARE_BASE] = *failure;
}

static int take_pair(struct comparison *comparison, struct compare_workload *workload)
{
    int result = 0;
    if (!is_whole(&workload->round))
        return 0;
    if (workload->round.block > 0 || comparison->rules.keep_first) {
        workload->lockstep |= workload->round.held[PASS_TIMED][COMPARE_BASE].lockstep == 1;
        result = evidence_add_pair(workload);
        if (result < 0 && errno == EINVAL) {
            refuse_pair(workload);
            result = 0;
        } else if (result == 0) {
            result = evidence_look(comparison, workload);
        }
    }
    let_go(workload);
    return result;
}

int round_add(struct comparison *comparison, struct compare_workload *workload,
              enum compare_side side, const struct trial_record *trial)
{
    struct compare_round *round = &workload->round;
    bool same = round->open && round->block == trial->key.block;
    /* Beside nothing, or beside what no longer needs it. */
    if (trial->key.pass != PASS_TIMED && (!same || !round->expected[trial->key.pass]))
        return 0;
    if (!same)
        begin(workload, trial->key.block);
    if (hold(&round->held[trial->key.pass][side], trial) < 0)
        return -1;
    return take_pair(comparison, workload);
}

int round_do_without(struct comparison *comparison, struct compare_workload *workload,
                     enum pass pass)
{
    evidence_drop(workload, pass);
    workload->round.expected[pass] = false;
    return take_pair(comparison, workload);
}
