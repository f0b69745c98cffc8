/*
 * A comparison as JUnit XML, the dialect that CI systems read: a test case for each workload and
 * gating measure. Worse is a failure, undecided is skipped, could not run is an error.
 */
#include "compare_output.h"
#include "compare_words.h"
#include "stream.h"

#include <string.h>

enum case_outcome { CASE_PASSED, CASE_FAILED, CASE_SKIPPED, CASE_ERROR, CASE_OUTCOMES };

static enum case_outcome outcome_of_failure(enum compare_outcome outcome)
{
    if (outcome == OUTCOME_NEW_FAILED)
        return CASE_FAILED;
    if (outcome == OUTCOME_BOTH_FAILED)
        return CASE_ERROR;
    return outcome == OUTCOME_BASE_FAILED ? CASE_PASSED : CASE_SKIPPED;
}

static enum case_outcome outcome_of_verdict(enum verdict verdict)
{
    if (verdict == VERDICT_WORSE)
        return CASE_FAILED;
    return verdict == VERDICT_UNDECIDED ? CASE_SKIPPED : CASE_PASSED;
}

static void print_case(struct stream *stream, const char *workload, const char *measure,
                       enum case_outcome outcome, const char *words)
{
    static const char *const elements[] = {NULL, "failure", "skipped", "error"};
    stream_print(stream, "    <testcase classname=\"heapmark.");
    stream_xml_text(stream, workload);
    stream_print(stream, "\" name=\"%s\"", measure);
    if (outcome == CASE_PASSED) {
        stream_print(stream, "><system-out>");
        stream_xml_text(stream, words);
        stream_print(stream, "</system-out></testcase>\n");
        return;
    }
    stream_print(stream, "><%s message=\"", elements[outcome]);
    stream_xml_text(stream, words);
    stream_print(stream, "\"/></testcase>\n");
}

/* Prints the cases, or only counts them when `stream` is NULL. */
static void go_through(struct stream *stream, const struct comparison *comparison,
                       size_t count[CASE_OUTCOMES])
{
    char words[2 * COMPARE_WORDS_BYTES], part[COMPARE_WORDS_BYTES], verdict[COMPARE_WORDS_BYTES];
    for (size_t w = 0; w < comparison->workloads; w++) {
        const struct compare_workload *workload = &comparison->workload[w];
        enum compare_outcome outcome = compare_outcome(workload);
        if (outcome != OUTCOME_COMPARED) {
            enum case_outcome failed = outcome_of_failure(outcome);
            count[failed]++;
            if (stream != NULL)
                print_case(stream, workload->spec->label, "trials", failed,
                           compare_words_failure(workload, words));
            continue;
        }
        for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
            enum compare_measure_name measure = (enum compare_measure_name)m;
            if (comparison->rules.gates[m] && !workload->cell[m].available) {
                const char *why = compare_cell_absence(workload, measure);
                snprintf(words, sizeof words, "not measured%s%s", why[0] != '\0' ? ": " : "", why);
                enum case_outcome missing =
                    comparison_missing_gate(comparison) == m ? CASE_ERROR : CASE_SKIPPED;
                count[missing]++;
                if (stream != NULL)
                    print_case(stream, workload->spec->label, compare_measures[m].word, missing,
                               words);
            }
            if (!compare_cell_gates(comparison, workload, measure))
                continue;
            enum case_outcome found = outcome_of_verdict(workload->cell[m].verdict.verdict);
            count[found]++;
            snprintf(words, sizeof words, "%s%s: NEW / BASE %s",
                     workload->lockstep ? "LOCKSTEP " : "",
                     compare_words_verdict(workload, measure, verdict),
                     compare_words_change(workload, measure, part));
            if (stream != NULL)
                print_case(stream, workload->spec->label, compare_measures[m].word, found, words);
        }
    }
}

static void print_property(struct stream *stream, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    stream_print(stream, "      <property name=\"%s\" value=\"", name);
    stream_xml_text(stream, value);
    stream_print(stream, "\"/>\n");
}

static void print_properties(struct stream *stream, const struct comparison *comparison)
{
    char words[COMPARE_WORDS_BYTES];
    stream_print(stream, "    <properties>\n");
    print_property(stream, "correction", compare_words_rates(comparison, words));
    print_property(stream, "machine", compare_words_machine(comparison->run, words));
    print_property(stream, "lockstep", compare_words_lockstep(comparison, words));
    stream_print(stream, "    </properties>\n");
}

int compare_output_junit(FILE *file, const struct compare_report *report)
{
    const struct comparison *comparison = report->comparison;
    size_t count[CASE_OUTCOMES] = {0}, all = 0;
    struct stream stream;
    stream_init(&stream, file);
    go_through(NULL, comparison, count);
    for (int i = 0; i < CASE_OUTCOMES; i++)
        all += count[i];
    stream_print(&stream, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                          "  <testsuite name=\"heapmark compare ");
    stream_xml_text(&stream, report->word[COMPARE_BASE]);
    stream_print(&stream, " ");
    stream_xml_text(&stream, report->word[COMPARE_NEW]);
    stream_print(
        &stream,
        "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n", all,
        count[CASE_FAILED], count[CASE_ERROR], count[CASE_SKIPPED],
        (double)(comparison->ended_ns - comparison->started_ns) / 1e9);
    print_properties(&stream, comparison);
    go_through(&stream, comparison, count);
    stream_print(&stream, "  </testsuite>\n</testsuites>\n");
    return stream_finish(&stream);
}
