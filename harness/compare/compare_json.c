/*
 * A comparison as JSON; docs/comparing.md has the fields.
 */
#include "compare_output.h"
#include "compare_words.h"
#include "json_value.h"

#include <math.h>

static json_t *side_of(const struct compare_report *report, enum compare_side side, bool *failed)
{
    const struct comparison *comparison = report->comparison;
    const struct allocator *allocator = comparison->who[side];
    json_t *object = json_object();
    json_value_set(object, "asked", json_value_text(report->word[side]), failed);
    json_value_set(object, "name", json_value_text(allocator->name), failed);
    json_value_set(object, "file", json_value_text(allocator->file), failed);
    json_value_set(object, "version", json_value_text(allocator->version), failed);
    json_value_set(object, "sha256", json_value_text(allocator->sha256), failed);
    return object;
}

static json_t *estimate_of(const struct verdict_cell *cell, const struct verdict_estimate *estimate,
                           bool *failed)
{
    json_t *object = json_object();
    bool ratio = cell->is_ratio;
    json_value_set(object, "value",
                   json_value_number(ratio ? exp(estimate->value) : estimate->value), failed);
    json_value_set(object, "low", json_value_number(ratio ? exp(estimate->low) : estimate->low),
                   failed);
    json_value_set(object, "high", json_value_number(ratio ? exp(estimate->high) : estimate->high),
                   failed);
    return object;
}

static json_t *measure_of(const struct comparison *comparison,
                          const struct compare_workload *workload,
                          enum compare_measure_name measure, bool *failed)
{
    const struct compare_cell *cell = &workload->cell[measure];
    const struct verdict_cell *verdict = &cell->verdict;
    static const char *const designs[] = {"paired", "exact", "independent"};
    json_t *object = json_object();
    json_value_set(object, "gates", json_boolean(compare_cell_gates(comparison, workload, measure)),
                   failed);
    json_value_set(object, "design", json_value_text(designs[verdict->design]), failed);
    json_value_set(object, "base", json_value_number(cell->value[COMPARE_BASE]), failed);
    json_value_set(object, "new", json_value_number(cell->value[COMPARE_NEW]), failed);
    json_value_set(object, "scale", json_value_text(verdict->is_ratio ? "ratio" : "difference"),
                   failed);
    json_value_set(object, "change",
                   estimate_of(verdict, &verdict->track[verdict->reported], failed), failed);
    json_value_set(object, "whole_trials", estimate_of(verdict, &verdict->whole, failed), failed);
    json_value_set(object, "level", json_value_number(verdict->level), failed);
    json_value_set(object, "pairs", json_integer((json_int_t)verdict->pairs), failed);
    json_value_set(object, "p", json_value_number(verdict->p), failed);
    json_value_set(object, "p_family", json_value_number(verdict->p_family), failed);
    json_value_set(object, "verdict", json_value_text(verdict_name(verdict)), failed);
    json_value_set(object, "reason", json_value_text(verdict_reason_name(verdict->reason)), failed);
    return object;
}

static json_t *failure_of(const struct compare_failure *failure, bool *failed)
{
    json_t *object = json_object();
    json_value_set(object, "status", json_value_text(trial_status_name(failure->status)), failed);
    json_value_set(object, "pass", json_value_text(pass_name(failure->pass)), failed);
    json_value_set(object, "block", json_integer(failure->block), failed);
    json_value_set(object, "detail", json_value_text(failure->detail), failed);
    return object;
}

static json_t *flags_of(const struct compare_workload *workload, bool *failed)
{
    json_t *object = json_object();
    for (int f = 0; f < NOISE_FLAG_COUNT; f++)
        if (workload->flags[f].raised)
            json_value_set(object, noise_flag_word((enum noise_flag_name)f),
                           json_value_number(workload->flags[f].figure), failed);
    return object;
}

static json_t *absent_of(const struct compare_workload *workload, bool *failed)
{
    json_t *object = json_object();
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        const char *why = compare_cell_absence(workload, (enum compare_measure_name)m);
        if (why[0] != '\0')
            json_value_set(object, compare_measures[m].word, json_value_text(why), failed);
    }
    return object;
}

static json_t *workload_of(const struct comparison *comparison,
                           const struct compare_workload *workload, bool *failed)
{
    static const char *const names[] = {"base_failure", "new_failure"};
    json_t *object = json_object(), *measures = json_object();
    json_value_set(object, "workload", json_value_text(workload->spec->label), failed);
    json_value_set(object, "params", json_value_text(workload->spec->params), failed);
    json_value_set(object, "outcome",
                   json_value_text(compare_outcome_text(compare_outcome(workload))), failed);
    json_value_set(object, "pairs", json_integer((json_int_t)workload->pairs), failed);
    json_value_set(object, "pairs_looked_at", json_integer((json_int_t)workload->seen), failed);
    for (int side = 0; side < COMPARE_SIDES; side++)
        if (workload->failure[side].status != STATUS_OK)
            json_value_set(object, names[side], failure_of(&workload->failure[side], failed),
                           failed);
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (workload->cell[m].available)
            json_value_set(measures, compare_measures[m].word,
                           measure_of(comparison, workload, (enum compare_measure_name)m, failed),
                           failed);
    json_value_set(object, "measures", measures, failed);
    json_value_set(object, "absent", absent_of(workload, failed), failed);
    json_value_set(object, "lockstep", json_boolean(workload->lockstep), failed);
    json_value_set(object, "disturbed", flags_of(workload, failed), failed);
    return object;
}

static json_t *means_of(const struct comparison *comparison, bool *failed)
{
    json_t *object = json_object();
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        const struct suite_mean *mean = &comparison->mean[m];
        if (isnan(mean->value))
            continue;
        json_t *one = json_object();
        json_value_set(one, "value", json_value_number(exp(mean->value)), failed);
        json_value_set(one, "low", json_value_number(exp(mean->low)), failed);
        json_value_set(one, "high", json_value_number(exp(mean->high)), failed);
        json_value_set(one, "rounds", json_integer((json_int_t)mean->rounds), failed);
        json_value_set(one, "workloads", json_integer((json_int_t)mean->workloads), failed);
        json_value_set(one, "dropped", json_integer((json_int_t)mean->dropped), failed);
        json_value_set(object, compare_measures[m].word, one, failed);
    }
    return object;
}

static json_t *rules_of(const struct comparison *comparison, bool *failed)
{
    const struct verdict_rules *rules = &comparison->rules.verdict;
    json_t *object = json_object(), *looks = json_array(), *thresholds = json_object();
    json_value_set(object, "alpha", json_value_number(rules->alpha), failed);
    for (size_t i = 0; i < rules->look_count; i++)
        json_value_append(looks, json_integer((json_int_t)rules->looks[i]), failed);
    json_value_set(object, "looks", looks, failed);
    json_value_set(object, "family", json_integer((json_int_t)rules->family), failed);
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        json_value_set(thresholds, compare_measures[m].word,
                       json_value_number(comparison->rules.threshold[m]), failed);
    json_value_set(object, "threshold", thresholds, failed);
    return object;
}

int compare_output_json(FILE *file, const struct compare_report *report)
{
    static const char *const results[] = {"nothing worse", "worse", "undecided", "could not run"};
    const struct comparison *comparison = report->comparison;
    char words[COMPARE_WORDS_BYTES];
    bool failed = false;
    json_t *root = json_object(), *workloads = json_array();
    enum compare_result result = comparison_result(comparison);
    json_value_set(root, "result", json_value_text(results[result]), &failed);
    json_value_set(root, "exit_status", json_integer(result), &failed);
    json_value_set(root, "summary", json_value_text(compare_words_result(report, words)), &failed);
    json_value_set(root, "interrupted", json_boolean(report->interrupted), &failed);
    json_value_set(root, "seconds",
                   json_value_number((double)(comparison->ended_ns - comparison->started_ns) / 1e9),
                   &failed);
    json_value_set(root, "run", json_value_text(comparison->run->name), &failed);
    json_value_set(root, "store", json_value_text(report->store), &failed);
    json_value_set(root, "base", side_of(report, COMPARE_BASE, &failed), &failed);
    json_value_set(root, "new", side_of(report, COMPARE_NEW, &failed), &failed);
    json_value_set(root, "machine", json_value_text(compare_words_machine(comparison->run, words)),
                   &failed);
    json_value_set(root, "correction", json_value_text(compare_words_rates(comparison, words)),
                   &failed);
    json_value_set(root, "rules", rules_of(comparison, &failed), &failed);
    for (size_t w = 0; w < comparison->workloads; w++)
        json_value_append(workloads, workload_of(comparison, &comparison->workload[w], &failed),
                          &failed);
    json_value_set(root, "workloads", workloads, &failed);
    json_value_set(root, "geometric_mean", means_of(comparison, &failed), &failed);
    return json_value_write(file, root, JSON_INDENT(2), failed);
}
