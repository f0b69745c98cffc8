/*
 * A comparison as a table for a terminal.
 */
#include "compare_output.h"
#include "compare_words.h"
#include "stream.h"

#include <string.h>

enum { NAME_COLUMNS = 13, VALUE_COLUMNS = 10, CHANGE_COLUMNS = 32 };

static void print_side(struct stream *stream, const struct compare_report *report,
                       enum compare_side side)
{
    static const char *const names[] = {"BASE", "NEW "};
    const struct comparison *comparison = report->comparison;
    const struct allocator *allocator = comparison->who[side];
    stream_print(stream, "%s  ", names[side]);
    stream_line_text(stream, report->word[side]);
    stream_print(stream, ": ");
    stream_line_text(stream, allocator->file);
    if (allocator->version[0] != '\0') {
        stream_print(stream, " (");
        stream_line_text(stream, allocator->version);
        stream_print(stream, ")");
    }
    stream_print(stream, "\n");
}

static void print_measure(struct stream *stream, const struct comparison *comparison,
                          const struct compare_workload *workload,
                          enum compare_measure_name measure)
{
    const struct compare_cell *cell = &workload->cell[measure];
    char base[COMPARE_VALUE_BYTES], new[COMPARE_VALUE_BYTES], words[COMPARE_WORDS_BYTES];
    if (!cell->available)
        return;
    stream_print(stream, " %c ", compare_cell_gates(comparison, workload, measure) ? '*' : ' ');
    stream_padded(stream, compare_measures[measure].word, NAME_COLUMNS);
    stream_padded(stream, compare_measure_print(measure, cell->value[COMPARE_BASE], base),
                  -VALUE_COLUMNS);
    stream_print(stream, " ");
    stream_padded(stream, compare_measure_print(measure, cell->value[COMPARE_NEW], new),
                  -VALUE_COLUMNS);
    stream_print(stream, "  ");
    stream_padded(stream, compare_words_change(workload, measure, words), CHANGE_COLUMNS);
    stream_print(stream, "  %s\n", compare_words_verdict(workload, measure, words));
}

static void print_workload(struct stream *stream, const struct comparison *comparison,
                           const struct compare_workload *workload)
{
    char words[COMPARE_WORDS_BYTES];
    enum compare_outcome outcome = compare_outcome(workload);
    stream_print(stream, "\n");
    stream_line_text(stream, workload->spec->label);
    if (outcome != OUTCOME_COMPARED) {
        stream_print(stream, ": ");
        stream_line_text(stream, compare_words_failure(workload, words));
        stream_print(stream, "\n");
        return;
    }
    if (comparison->independent)
        stream_print(stream, ": %zu and %zu trials, not interleaved\n",
                     workload->alone[COMPARE_BASE], workload->alone[COMPARE_NEW]);
    else
        stream_print(stream, ": looked at %zu pairs%s\n", workload->seen,
                     workload->lockstep ? " in LOCKSTEP" : "");
    stream_print(stream, "   %-*s%*s %*s  %-*s  verdict\n", NAME_COLUMNS, "measure", VALUE_COLUMNS,
                 "BASE", VALUE_COLUMNS, "NEW", CHANGE_COLUMNS, "NEW / BASE");
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        print_measure(stream, comparison, workload, (enum compare_measure_name)m);
    if (compare_words_absent(workload, words)[0] != '\0') {
        stream_print(stream, "   absent: ");
        stream_line_text(stream, words);
        stream_print(stream, "\n");
    }
    if (compare_words_noise(workload, words)[0] != '\0')
        stream_print(stream, "   disturbed: %s\n", words);
}

static void print_means(struct stream *stream, const struct comparison *comparison)
{
    char words[COMPARE_WORDS_BYTES];
    bool any = false;
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        if (compare_words_mean(&comparison->mean[m], words)[0] == '\0')
            continue;
        stream_print(stream, "%s   %-*s%s\n", any ? "" : "\ngeometric mean\n", NAME_COLUMNS,
                     compare_measures[m].word, words);
        any = true;
    }
}

int compare_output_text(FILE *file, const struct compare_report *report)
{
    const struct comparison *comparison = report->comparison;
    char words[COMPARE_WORDS_BYTES];
    struct stream stream;
    stream_init(&stream, file);
    print_side(&stream, report, COMPARE_BASE);
    print_side(&stream, report, COMPARE_NEW);
    for (size_t w = 0; w < comparison->workloads; w++)
        print_workload(&stream, comparison, &comparison->workload[w]);
    print_means(&stream, comparison);
    stream_print(&stream, "\n* decides the exit status. %s\n",
                 compare_words_rates(comparison, words));
    if (compare_words_machine(comparison->run, words)[0] != '\0') {
        stream_print(&stream, "Machine: ");
        stream_line_text(&stream, words);
        stream_print(&stream, "\n");
    }
    if (compare_words_lockstep(comparison, words)[0] != '\0')
        stream_print(&stream, "%s\n", words);
    stream_print(&stream, "Result: ");
    stream_line_text(&stream, compare_words_result(report, words));
    stream_print(&stream, ".\n");
    return stream_finish(&stream);
}
