/*
 * A comparison as a comment ready for a pull request: the result first, a chart of text that needs
 * no file beside it, the figures folded away.
 */
#include "compare_output.h"
#include "compare_words.h"
#include "stream.h"

#include <math.h>
#include <string.h>

enum { HALF_COLUMNS = 12, LABEL_COLUMNS = 10, LABEL_COLUMNS_MAXIMUM = 60 };
/* The chart never magnifies a change of less than this to its whole width. */
#define SCALE_MINIMUM 0.05

static bool is_shown(const struct comparison *comparison, const struct compare_workload *workload,
                     int measure)
{
    const struct verdict_cell *cell = &workload->cell[measure].verdict;
    return compare_outcome(workload) == OUTCOME_COMPARED &&
           compare_cell_gates(comparison, workload, (enum compare_measure_name)measure) &&
           compare_cell_has_ratio(&workload->cell[measure]) &&
           !isnan(cell->track[cell->reported].value);
}

static double log_ratio(const struct verdict_cell *cell)
{
    return cell->track[cell->reported].value;
}

static double find_scale(const struct comparison *comparison)
{
    double scale = SCALE_MINIMUM;
    for (size_t w = 0; w < comparison->workloads; w++)
        for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
            if (is_shown(comparison, &comparison->workload[w], m))
                scale = fmax(scale, fabs(log_ratio(&comparison->workload[w].cell[m].verdict)));
    return scale;
}

static int column_of(double value, double scale)
{
    return (int)lround(fmax(-1, fmin(1, value / scale)) * HALF_COLUMNS);
}

/* A bar to the left of the middle for less, to the right for more, and the interval, shaded. */
static void print_bar(struct stream *stream, const struct verdict_estimate *estimate, double scale)
{
    int value = column_of(estimate->value, scale);
    bool interval = !isnan(estimate->low) && !isnan(estimate->high);
    int low = interval ? column_of(estimate->low, scale) : 0;
    int high = interval ? column_of(estimate->high, scale) : 0;
    for (int i = -HALF_COLUMNS; i <= HALF_COLUMNS; i++) {
        bool filled = value < 0 ? i < 0 && i >= value : i > 0 && i <= value;
        bool shaded = interval && low < high && i >= low && i <= high;
        stream_print(stream, "%s", i == 0 ? "|" : filled ? "█" : shaded ? "░" : " ");
    }
}

static void make_label(char *label, size_t bytes, const struct compare_workload *workload,
                       int measure)
{
    snprintf(label, bytes, "%s %s", workload->spec->label, compare_measures[measure].word);
}

static int label_columns(const struct comparison *comparison)
{
    char label[COMPARE_WORDS_BYTES];
    int columns = LABEL_COLUMNS;
    for (size_t w = 0; w < comparison->workloads; w++)
        for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
            if (is_shown(comparison, &comparison->workload[w], m)) {
                make_label(label, sizeof label, &comparison->workload[w], m);
                columns = strlen(label) > (size_t)columns ? (int)strlen(label) : columns;
            }
    return columns < LABEL_COLUMNS_MAXIMUM ? columns : LABEL_COLUMNS_MAXIMUM;
}

static void print_chart(struct stream *stream, const struct comparison *comparison)
{
    double scale = find_scale(comparison);
    char words[COMPARE_WORDS_BYTES], label[COMPARE_WORDS_BYTES];
    int columns = label_columns(comparison);
    stream_print(stream, "```text\n%-*s  %-*s%s\n", columns, "NEW / BASE", HALF_COLUMNS, "less",
                 "1       more  (shaded: the interval)");
    for (size_t w = 0; w < comparison->workloads; w++)
        for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
            const struct compare_workload *workload = &comparison->workload[w];
            if (!is_shown(comparison, workload, m))
                continue;
            make_label(label, sizeof label, workload, m);
            stream_padded(stream, label, columns);
            stream_print(stream, "  ");
            const struct verdict_cell *cell = &workload->cell[m].verdict;
            print_bar(stream, &cell->track[cell->reported], scale);
            stream_print(stream, "  %.3f %s\n", exp(log_ratio(&workload->cell[m].verdict)),
                         compare_words_verdict(workload, (enum compare_measure_name)m, words));
        }
    stream_print(stream, "```\n\n");
}

static void print_row(struct stream *stream, const struct comparison *comparison,
                      const struct compare_workload *workload, enum compare_measure_name measure)
{
    const struct compare_cell *cell = &workload->cell[measure];
    char base[COMPARE_VALUE_BYTES], new[COMPARE_VALUE_BYTES], change[COMPARE_WORDS_BYTES],
        verdict[COMPARE_WORDS_BYTES];
    const char *strong = compare_cell_gates(comparison, workload, measure) ? "**" : "";
    if (!cell->available)
        return;
    stream_print(stream, "| ");
    stream_markdown_text(stream, workload->spec->label);
    stream_print(stream, " | %s | %s | %s | %s | %s%s%s |\n", compare_measures[measure].word,
                 compare_measure_print(measure, cell->value[COMPARE_BASE], base),
                 compare_measure_print(measure, cell->value[COMPARE_NEW], new),
                 compare_words_change(workload, measure, change), strong,
                 compare_words_verdict(workload, measure, verdict), strong);
}

static void print_table(struct stream *stream, const struct comparison *comparison)
{
    stream_print(stream, "<details><summary>All figures</summary>\n\n"
                         "| workload | measure | BASE | NEW | NEW / BASE | verdict |\n"
                         "| :-- | :-- | --: | --: | --: | :-- |\n");
    for (size_t w = 0; w < comparison->workloads; w++)
        for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
            if (compare_outcome(&comparison->workload[w]) == OUTCOME_COMPARED)
                print_row(stream, comparison, &comparison->workload[w],
                          (enum compare_measure_name)m);
    stream_print(stream, "\n");
}

static void print_note(struct stream *stream, const struct compare_workload *workload,
                       const char *what, const char *note)
{
    if (note[0] == '\0')
        return;
    stream_print(stream, "- ");
    stream_markdown_text(stream, workload->spec->label);
    stream_print(stream, "%s", what);
    stream_markdown_text(stream, note);
    stream_print(stream, "\n");
}

static void print_notes(struct stream *stream, const struct comparison *comparison)
{
    char words[COMPARE_WORDS_BYTES];
    for (size_t w = 0; w < comparison->workloads; w++) {
        const struct compare_workload *workload = &comparison->workload[w];
        if (compare_outcome(workload) != OUTCOME_COMPARED) {
            print_note(stream, workload, ": ", compare_words_failure(workload, words));
            continue;
        }
        print_note(stream, workload, " lacks: ", compare_words_absent(workload, words));
        print_note(stream, workload, " was disturbed: ", compare_words_noise(workload, words));
    }
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (compare_words_mean(&comparison->mean[m], words)[0] != '\0')
            stream_print(stream, "- geometric mean of %s: %s\n", compare_measures[m].word, words);
}

int compare_output_markdown(FILE *file, const struct compare_report *report)
{
    const struct comparison *comparison = report->comparison;
    char words[COMPARE_WORDS_BYTES];
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "### heapmark: ");
    stream_markdown_text(&stream, compare_words_result(report, words));
    stream_print(&stream, "\n\nNEW ");
    stream_markdown_text(&stream, report->word[COMPARE_NEW]);
    stream_print(&stream, " against BASE ");
    stream_markdown_text(&stream, report->word[COMPARE_BASE]);
    stream_print(&stream, "\n\n");
    if (compare_words_lockstep(comparison, words)[0] != '\0')
        stream_print(&stream, "%s\n\n", words);
    print_chart(&stream, comparison);
    print_notes(&stream, comparison);
    if (compare_words_machine(comparison->run, words)[0] != '\0') {
        stream_print(&stream, "- machine: ");
        stream_markdown_text(&stream, words);
        stream_print(&stream, "\n");
    }
    stream_print(&stream, "\n");
    print_table(&stream, comparison);
    stream_print(&stream, "Bold verdicts decide. %s\n\n</details>\n",
                 compare_words_rates(comparison, words));
    return stream_finish(&stream);
}
