/* The words of a comparison; see compare_words.h. */
#include "compare_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Appends what fits. */
__attribute__((format(printf, 2, 3))) static void append(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, COMPARE_WORDS_BYTES - used, format, arguments);
    va_end(arguments);
}

/* Of a ratio: 0.951; of a difference: +12.0 KiB. */
static void append_value(char *text, const struct verdict_cell *cell,
                         enum compare_measure_name measure, double value)
{
    char units[COMPARE_VALUE_BYTES];
    if (cell->is_ratio)
        append(text, "%.*f", cell->design == DESIGN_EXACT ? 4 : 3, exp(value));
    else
        append(text, "%s%s", value > 0 ? "+" : "", compare_measure_print(measure, value, units));
}

static void append_interval(char *text, const struct verdict_cell *cell,
                            enum compare_measure_name measure,
                            const struct verdict_estimate *estimate)
{
    append_value(text, cell, measure, estimate->value);
    if (isnan(estimate->low) || isnan(estimate->high))
        return;
    append(text, " [");
    append_value(text, cell, measure, estimate->low);
    append(text, ", ");
    append_value(text, cell, measure, estimate->high);
    append(text, "]");
}

char *compare_words_change(const struct compare_workload *workload,
                           enum compare_measure_name measure, char *text)
{
    const struct compare_cell *cell = &workload->cell[measure];
    const struct verdict_estimate *estimate = &cell->verdict.track[cell->verdict.reported];
    text[0] = '\0';
    if (!cell->available || isnan(estimate->value)) {
        append(text, "n/a");
        return text;
    }
    append_interval(text, &cell->verdict, measure, estimate);
    if (cell->verdict.design == DESIGN_EXACT && estimate->low == estimate->high) {
        text[0] = '\0';
        append_value(text, &cell->verdict, measure, estimate->value);
        append(text, " (exact)");
    }
    return text;
}

/* Whether it is 'same' by the tolerance in units rather than by the threshold. */
static bool within_tolerance(const struct verdict_cell *cell)
{
    return cell->measure.tolerance > cell->measure.threshold * fabs(cell->typical);
}

char *compare_words_verdict(const struct compare_workload *workload,
                            enum compare_measure_name measure, char *text)
{
    const struct compare_cell *cell = &workload->cell[measure];
    const struct verdict_cell *verdict = &cell->verdict;
    char tolerance[COMPARE_VALUE_BYTES];
    text[0] = '\0';
    if (!cell->available) {
        append(text, "n/a");
        return text;
    }
    append(text, "%s", verdict_name(verdict));
    if (verdict->verdict == VERDICT_SAME && within_tolerance(verdict)) {
        append(text, " (within %s)",
               compare_measure_print(measure, verdict->measure.tolerance, tolerance));
        return text;
    }
    if (verdict->reason != REASON_NONE)
        append(text, ": %s", verdict_reason_name(verdict->reason));
    if (verdict->verdict == VERDICT_UNDECIDED && verdict->reason == REASON_WIDE &&
        verdict->pairs_needed > verdict->pairs)
        append(text, ", some %zu %s would do", verdict->pairs_needed,
               verdict->design == DESIGN_PAIRED ? "pairs" : "trials each");
    return text;
}

char *compare_words_mean(const struct suite_mean *mean, char *text)
{
    text[0] = '\0';
    if (isnan(mean->value))
        return text;
    append(text, "%.3f", exp(mean->value));
    if (!isnan(mean->low) && !isnan(mean->high))
        append(text, " [%.3f, %.3f]", exp(mean->low), exp(mean->high));
    append(text, " over %zu workload%s, %zu rounds", mean->workloads,
           mean->workloads == 1 ? "" : "s", mean->rounds);
    if (mean->dropped > 0)
        append(text, " (%zu left out)", mean->dropped);
    return text;
}

/* "webserver (time), matrix (crashed)": those that are worse. */
static void append_worse(const struct comparison *comparison, char *text)
{
    const char *comma = "";
    for (size_t w = 0; w < comparison->workloads; w++) {
        const struct compare_workload *workload = &comparison->workload[w];
        if (compare_outcome(workload) == OUTCOME_NEW_FAILED) {
            append(text, "%s%s (%s)", comma, workload->spec->label,
                   trial_status_name(workload->failure[COMPARE_NEW].status));
            comma = ", ";
            continue;
        }
        for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
            const struct verdict_cell *cell = &workload->cell[m].verdict;
            if (!compare_cell_gates(comparison, workload, (enum compare_measure_name)m) ||
                cell->verdict != VERDICT_WORSE)
                continue;
            append(text, "%s%s (%s)", comma, workload->spec->label, compare_measures[m].word);
            comma = ", ";
        }
    }
}

char *compare_words_result(const struct compare_report *report, char *text)
{
    const struct comparison *comparison = report->comparison;
    enum compare_result result = comparison_result(comparison);
    text[0] = '\0';
    switch (result) {
    case COMPARE_NOTHING_WORSE:
        append(text, "nothing is worse");
        break;
    case COMPARE_WORSE:
        append(text, "worse: ");
        append_worse(comparison, text);
        break;
    case COMPARE_UNDECIDED:
        append(text, "undecided%s",
               comparison->independent   ? ": the trials were not interleaved"
               : report->interrupted     ? ": interrupted"
               : comparison->out_of_time ? ": the time was up (--max-time)"
                                         : ": nothing is known to be worse, and not all to be "
                                           "as good");
        break;
    case COMPARE_COULD_NOT_RUN:
        append(text, "not all could be compared");
        if (comparison_missing_gate(comparison) >= 0)
            append(text, ": %s, asked to decide, could not be measured",
                   compare_measures[comparison_missing_gate(comparison)].word);
        break;
    }
    return text;
}

char *compare_words_rates(const struct comparison *comparison, char *text)
{
    const struct verdict_rules *rules = &comparison->rules.verdict;
    text[0] = '\0';
    if (comparison->independent) {
        append(text,
               "The trials were not interleaved: on a machine that drifts, an allocator so "
               "compared with itself is called changed in 18 %% to 41 %% of cases. Only exact "
               "measures decide; compare live for the others.");
        return text;
    }
    if (rules->looks[0] == 0) {
        append(text, "No pairs were run (--max-pairs 0): only what repeats exactly was compared.");
        return text;
    }
    append(text, "Looks after");
    for (size_t i = 0; i < rules->look_count; i++)
        append(text, "%s %zu",
               i == 0                       ? ""
               : i + 1 == rules->look_count ? " and"
                                            : ",",
               rules->looks[i]);
    append(text,
           " pairs. The chance that anything unchanged that gates is called a change is at most "
           "%.3g %% in all (Holm over %zu comparisons, Bonferroni over looks and estimates); each "
           "interval misses with at most %.3g %%.",
           100 * rules->alpha, rules->family, 100 * rules->alpha);
    return text;
}

char *compare_words_failure(const struct compare_workload *workload, char *text)
{
    static const char *const names[] = {"BASE", "NEW"};
    text[0] = '\0';
    append(text, "%s", compare_outcome_text(compare_outcome(workload)));
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct compare_failure *failure = &workload->failure[side];
        if (failure->status != STATUS_OK)
            append(text, "; %s: %s (%s pass, block %u): %s", names[side],
                   trial_status_name(failure->status), pass_name(failure->pass), failure->block,
                   failure->detail);
    }
    return text;
}

/* Whether this workload lacks this measure alone, not all that its pass gives. */
static bool is_named(const struct compare_workload *workload, enum compare_measure_name measure)
{
    return workload->cell[measure].thin ||
           (workload->paced && compare_measure_is_of_the_schedule(measure));
}

/* "malloc-p99.9, free-p99.9 (too few calls ...)", a group for each reason. */
static void append_named(const struct compare_workload *workload, char *text)
{
    const char *last = "";
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        const char *why = compare_cell_absence(workload, (enum compare_measure_name)m);
        if (why[0] == '\0' || !is_named(workload, (enum compare_measure_name)m))
            continue;
        if (strcmp(why, last) == 0)
            append(text, ", %s", compare_measures[m].word);
        else if (last[0] != '\0')
            append(text, " (%s); %s", last, compare_measures[m].word);
        else
            append(text, "%s%s", text[0] != '\0' ? "; " : "", compare_measures[m].word);
        last = why;
    }
    if (last[0] != '\0')
        append(text, " (%s)", last);
}

char *compare_words_absent(const struct compare_workload *workload, char *text)
{
    text[0] = '\0';
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        const char *why = compare_cell_absence(workload, (enum compare_measure_name)m);
        if (!is_named(workload, (enum compare_measure_name)m) && why[0] != '\0' &&
            strstr(text, why) == NULL)
            append(text, "%s%s", text[0] != '\0' ? "; " : "", why);
    }
    append_named(workload, text);
    return text;
}

char *compare_words_lockstep(const struct comparison *comparison, char *text)
{
    size_t count = 0;
    double waited = comparison_waited(comparison);
    text[0] = '\0';
    for (size_t w = 0; w < comparison->workloads; w++)
        count += comparison->workload[w].lockstep;
    if (count == 0)
        return text;
    append(text, "LOCKSTEP: both sides ran at once, in turns of laps on one CPU");
    if (isfinite(waited))
        append(text, " (trials before them waited for a CPU for %.0f %% of their time)",
               100 * waited);
    append(text,
           ". Each turn begins in caches that the other has used, so that a ratio may be nearer "
           "to 1 than in a process that is alone.");
    return text;
}

char *compare_words_noise(const struct compare_workload *workload, char *text)
{
    text[0] = '\0';
    if (workload->lockstep)
        append(text, "LOCKSTEP");
    for (int f = 0; f < NOISE_FLAG_COUNT; f++)
        if (workload->flags[f].raised)
            append(text, "%s%s %.3g", text[0] != '\0' ? ", " : "",
                   noise_flag_word((enum noise_flag_name)f), workload->flags[f].figure);
    return text;
}
