/*
 * What a gate found: a table for a terminal, and a comment for a pull request. All that is not as
 * it was stands there one by one, the rest in a count.
 */
#include "gate_output.h"
#include "stream.h"

#include <string.h>

enum { NAME_COLUMNS = 16, LABEL_COLUMNS = 16, MEASURE_COLUMNS = 13, VALUE_COLUMNS = 12 };

const struct gate_format gate_formats[] = {
    {"text",  gate_output_text    },
    {"md",    gate_output_markdown},
    {"json",  gate_output_json    },
    {"junit", gate_output_junit   },
    {NULL,    NULL                },
};

static void append_names(const struct gate *gate, enum gate_verdict verdict, char *text)
{
    const char *comma = ": ";
    for (size_t i = 0; i < gate->count; i++) {
        const struct gate_check *check = &gate->checks[i];
        size_t used = strlen(text), left = GATE_SUMMARY_BYTES - used;
        if (check->verdict != verdict)
            continue;
        int needed = snprintf(text + used, left, "%s%s %s (%s)", comma, check->allocator,
                              check->workload, check->measure);
        if (needed < 0 || (size_t)needed + 4 >= left) {
            snprintf(text + used, left, "%s", left > 4 ? ", ..." : "");
            return;
        }
        comma = ", ";
    }
}

char *gate_summary(const struct gate_report *report, char text[GATE_SUMMARY_BYTES])
{
    const struct gate *gate = report->gate;
    size_t unknown = gate_count(gate, GATE_UNDECIDED) + gate_count(gate, GATE_NOT_COMPARABLE);
    switch (gate_result(gate)) {
    case COMPARE_NOTHING_WORSE:
        snprintf(text, GATE_SUMMARY_BYTES, "nothing is worse (%zu checks, %zu better)",
                 gate->count - gate_count(gate, GATE_NOT_GATED), gate_count(gate, GATE_BETTER));
        break;
    case COMPARE_WORSE:
        snprintf(text, GATE_SUMMARY_BYTES, "worse");
        append_names(gate, GATE_WORSE, text);
        break;
    case COMPARE_UNDECIDED:
        snprintf(text, GATE_SUMMARY_BYTES, "%s: %zu of %zu checks say nothing",
                 report->interrupted ? "interrupted" : "undecided", unknown, gate->count);
        break;
    case COMPARE_COULD_NOT_RUN:
        snprintf(text, GATE_SUMMARY_BYTES, "%s",
                 gate->count == 0 ? "nothing was checked" : "not all could be checked");
        append_names(gate, GATE_ERROR, text);
        break;
    }
    return text;
}

static void print_row(struct stream *stream, const struct gate_check *check)
{
    stream_padded(stream, check->allocator, NAME_COLUMNS);
    stream_print(stream, " ");
    stream_padded(stream, check->workload, LABEL_COLUMNS);
    stream_print(stream, " ");
    stream_padded(stream, check->measure, MEASURE_COLUMNS);
    stream_padded(stream, check->base, -VALUE_COLUMNS);
    stream_print(stream, " ");
    stream_padded(stream, check->now, -VALUE_COLUMNS);
    stream_print(stream, "  %s%s", check->change, check->change[0] != '\0' ? "  " : "");
    stream_print(stream, "%s", gate_verdict_word(check->verdict));
    if (check->why[0] != '\0') {
        stream_print(stream, ": ");
        stream_line_text(stream, check->why);
    }
    stream_print(stream, "\n");
}

/* What is not as it was, the gravest first. */
static const enum gate_verdict shown[] = {GATE_WORSE,          GATE_ERROR,  GATE_UNDECIDED,
                                          GATE_NOT_COMPARABLE, GATE_BETTER, GATE_NOT_GATED};
enum { SHOWN = sizeof shown / sizeof shown[0] };

int gate_output_text(FILE *file, const struct gate_report *report)
{
    const struct gate *gate = report->gate;
    char summary[GATE_SUMMARY_BYTES];
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "BASE ");
    stream_line_text(&stream, report->against);
    stream_print(&stream, "\n");
    if (gate_count(gate, GATE_SAME) < gate->count) {
        stream_print(&stream, "%-*s %-*s %-*s%*s %*s\n", NAME_COLUMNS, "allocator", LABEL_COLUMNS,
                     "workload", MEASURE_COLUMNS, "measure", VALUE_COLUMNS, "BASE", VALUE_COLUMNS,
                     "now");
        for (int v = 0; v < SHOWN; v++)
            for (size_t i = 0; i < gate->count; i++)
                if (gate->checks[i].verdict == shown[v])
                    print_row(&stream, &gate->checks[i]);
    }
    stream_print(&stream,
                 "%zu checks are as they were, in %.0f s\nResult: ", gate_count(gate, GATE_SAME),
                 report->seconds);
    stream_line_text(&stream, gate_summary(report, summary));
    stream_print(&stream, ".\n");
    return stream_finish(&stream);
}

/* ---- Markdown ---------------------------------------------------------------------- */

static void print_cells(struct stream *stream, const struct gate_check *check)
{
    const char *const cells[] = {check->allocator, check->workload, check->measure,
                                 check->base,      check->now,      check->change};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        stream_print(stream, "| ");
        stream_markdown_text(stream, cells[i]);
        stream_print(stream, " ");
    }
    stream_print(stream, "| **%s** ", gate_verdict_word(check->verdict));
    stream_markdown_text(stream, check->why);
    stream_print(stream, " |\n");
}

int gate_output_markdown(FILE *file, const struct gate_report *report)
{
    static const char heading[] = "| allocator | workload | measure | BASE | now | change | |\n"
                                  "| :-- | :-- | :-- | --: | --: | --: | :-- |\n";
    const struct gate *gate = report->gate;
    char summary[GATE_SUMMARY_BYTES];
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "### heapmark gate: ");
    stream_markdown_text(&stream, gate_summary(report, summary));
    stream_print(&stream, "\n\nBASE: ");
    stream_markdown_text(&stream, report->against);
    stream_print(&stream, "\n\n");
    if (gate_count(gate, GATE_SAME) < gate->count)
        stream_print(&stream, "%s", heading);
    for (int v = 0; v < SHOWN; v++)
        for (size_t i = 0; i < gate->count; i++)
            if (gate->checks[i].verdict == shown[v])
                print_cells(&stream, &gate->checks[i]);
    if (gate_count(gate, GATE_SAME) > 0) {
        stream_print(&stream, "\n<details><summary>%zu checks are as they were</summary>\n\n%s",
                     gate_count(gate, GATE_SAME), heading);
        for (size_t i = 0; i < gate->count; i++)
            if (gate->checks[i].verdict == GATE_SAME)
                print_cells(&stream, &gate->checks[i]);
        stream_print(&stream, "\n</details>\n");
    }
    return stream_finish(&stream);
}
