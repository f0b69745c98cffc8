/* How two libraries differ; see bisect_measure.h. */
#include "bisect_measure.h"

#include "compare_words.h"
#include "exact_run.h"
#include "live_comparison.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "heapmark bisect"

enum { BASE, NEW };

void bisect_difference_release(struct bisect_difference *difference)
{
    free(difference->label);
    free(difference->text);
    *difference = (struct bisect_difference){0};
}

static struct run_options run_options_of(const struct bisect_question *question,
                                         const char **workload)
{
    struct run_options run = question->options->run;
    if (question->workload == NULL)
        return run;
    *workload = question->workload;
    run.suite = NULL;
    run.workloads = (struct word_list){.words = workload, .count = 1};
    return run;
}

static void choose(struct bisect_difference *difference, const char *label, const char *text)
{
    free(difference->label);
    free(difference->text);
    difference->label = strdup(label);
    difference->text = strdup(text);
}

/* ---- exact ---------------------------------------------------------------------------- */

static void judge_exact(struct bisect_difference *difference,
                        const struct bisect_question *question, const struct baseline *readings,
                        size_t workload)
{
    enum exact_measure_name measure = (enum exact_measure_name)question->options->exact;
    const struct baseline_workload *on = &readings->workloads[workload];
    const struct baseline_cell *base = &readings->allocators[BASE].cells[workload];
    const struct baseline_cell *new = &readings->allocators[NEW].cells[workload];
    const struct baseline_cell *fallen = base->status != STATUS_OK ? base : new;
    if (fallen->status != STATUS_OK && difference->likeness != BISECT_DIFFERENT) {
        difference->likeness = BISECT_FALLEN;
        snprintf(difference->why, sizeof difference->why, "%.60s: %s: %.300s", on->label,
                 trial_status_name(fallen->status), fallen->detail != NULL ? fallen->detail : "");
    }
    if (base->values[measure].count == 0 || new->values[measure].count == 0)
        return;
    int64_t was = base->values[measure].value[0], is = new->values[measure].value[0];
    double change = (double)(is - was), relative = change / (was > 0 ? (double)was : 1);
    double allowed =
        fmax(question->threshold * (double)was, exact_measures[measure].tolerance_units);
    if (difference->likeness == BISECT_UNCLEAR)
        difference->likeness = BISECT_ALIKE;
    if (difference->label != NULL && fabs(relative) <= fabs(difference->amount))
        return;
    if (fabs(change) > allowed)
        difference->likeness = BISECT_DIFFERENT;
    difference->amount = relative;
    choose(difference, on->label, on->run);
    snprintf(difference->words, sizeof difference->words, "%" PRId64 " -> %" PRId64 " (%+.3f %%)",
             was, is, 100 * relative);
}

static int measure_exact(struct bisect_difference *difference,
                         const struct bisect_question *question, char *message)
{
    const char *workload;
    struct run_options run = run_options_of(question, &workload);
    const struct exact_allocator pair[] = {
        {"base", question->base},
        {"new",  question->new }
    };
    struct exact_request request = {.command = COMMAND,
                                    .options = &run,
                                    .allocators = pair,
                                    .allocator_count = 2,
                                    .repeats = 1,
                                    .without_control = true};
    struct baseline readings;
    request.wanted[question->options->exact] = true;
    int result = exact_run(&readings, &request, NULL, message);
    difference->likeness = BISECT_UNCLEAR;
    snprintf(difference->why, sizeof difference->why, "%s could not be measured",
             exact_measures[question->options->exact].word);
    for (size_t w = 0; result == 0 && readings.allocator_count == 2 && w < readings.workload_count;
         w++)
        judge_exact(difference, question, &readings, w);
    if (difference->likeness == BISECT_ALIKE || difference->likeness == BISECT_DIFFERENT)
        difference->why[0] = '\0';
    baseline_release(&readings);
    return result;
}

/* ---- in pairs ------------------------------------------------------------------------- */

/* Of a ratio, how much more; of a difference, its share of BASE. */
static double relative_of(const struct verdict_cell *cell)
{
    double value = cell->track[cell->reported].value;
    if (cell->is_ratio)
        return expm1(value);
    return value / (cell->typical > 0 ? cell->typical : 1);
}

static void judge_live(struct bisect_difference *difference, const struct bisect_question *question,
                       const struct compare_workload *workload)
{
    enum compare_measure_name measure = (enum compare_measure_name)question->options->live;
    const struct compare_cell *cell = &workload->cell[measure];
    char words[COMPARE_WORDS_BYTES], text[1024];
    enum compare_outcome outcome = compare_outcome(workload);
    if (outcome == OUTCOME_LEFT_OUT)
        return;
    if (outcome != OUTCOME_COMPARED || !cell->available) {
        if (difference->likeness == BISECT_ALIKE)
            difference->likeness = outcome == OUTCOME_NOT_RUN || outcome == OUTCOME_COMPARED
                                       ? BISECT_UNCLEAR
                                       : BISECT_FALLEN;
        snprintf(difference->why, sizeof difference->why, "%.60s: %.400s", workload->spec->label,
                 outcome != OUTCOME_COMPARED ? compare_words_failure(workload, words)
                                             : "not measured");
        return;
    }
    enum verdict verdict = cell->verdict.verdict;
    bool different = verdict == VERDICT_WORSE || verdict == VERDICT_BETTER;
    if (verdict == VERDICT_UNDECIDED && difference->likeness == BISECT_ALIKE) {
        difference->likeness = BISECT_UNCLEAR;
        snprintf(difference->why, sizeof difference->why, "%.60s: %.400s", workload->spec->label,
                 compare_words_verdict(workload, measure, words));
    }
    double relative = relative_of(&cell->verdict);
    bool first = difference->label == NULL;
    bool farther = fabs(relative) > fabs(difference->amount);
    if (!first && !(different && (difference->likeness != BISECT_DIFFERENT || farther)))
        return;
    if (different)
        difference->likeness = BISECT_DIFFERENT;
    difference->amount = relative;
    snprintf(text, sizeof text, "%s%s%s", workload->spec->name,
             workload->spec->params[0] != '\0' ? ":" : "", workload->spec->params);
    choose(difference, workload->spec->label, text);
    snprintf(difference->words, sizeof difference->words, "%.150s",
             compare_words_change(workload, measure, words));
}

static int measure_live(struct bisect_difference *difference,
                        const struct bisect_question *question, char *message)
{
    const struct bisect_options *options = question->options;
    const char *workload, *const words[COMPARE_SIDES] = {question->base, question->new};
    struct live_comparison live = {.most_pairs = options->budget.most_pairs};
    compare_rules_init(&live.rules);
    memset(live.rules.gates, 0, sizeof live.rules.gates);
    live.rules.gates[options->live] = true;
    live.rules.threshold[options->live] = question->threshold;
    live.rules.verdict.alpha = question->alpha;
    live.rules.max_time_ns = options->budget.max_time_ns;
    running_init(&live.running, COMMAND);
    live.running.options = run_options_of(question, &workload);
    live.running.options.blocks = (unsigned)options->budget.most_pairs + 1;
    live.running.options.inspections = 1;
    int result = live_comparison_run(&live, words);
    if (result < 0)
        snprintf(message, MESSAGE_BYTES, "%s", live.running.message);
    difference->likeness = BISECT_ALIKE;
    for (size_t w = 0; live.begun && w < live.comparison.workloads; w++)
        judge_live(difference, question, &live.comparison.workload[w]);
    live.running.options = (struct run_options){0}; /* ours */
    live_comparison_release(&live);
    return result;
}

int bisect_measure(struct bisect_difference *difference, const struct bisect_question *question,
                   char *message)
{
    *difference = (struct bisect_difference){0};
    return question->options->exact >= 0 ? measure_exact(difference, question, message)
                                         : measure_live(difference, question, message);
}
