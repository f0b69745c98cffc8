/*
 * The table for a terminal: a block a workload, 120 columns, the fastest allocator first.
 */
#include "counts_rows.h"
#include "curve_rows.h"
#include "latency_rows.h"
#include "machine_text.h"
#include "output.h"
#include "stream.h"
#include "table.h"
#include "utf8.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A longer name has a line of its own. */
enum { NAME_COLUMNS = 15, NAME_COLUMNS_MAXIMUM = 31, LINE_COLUMNS = 120, CURVE_COLUMNS = 11 };

struct page {
    struct stream stream;
    const struct summary *summary;
    size_t *order;
    int name_columns;
};

static int widest_name(const struct run *run)
{
    int widest = NAME_COLUMNS;
    for (size_t i = 0; i < run->allocator_count; i++) {
        int length = (int)utf8_length(run->allocators[i].name);
        if (length > widest)
            widest = length;
    }
    return widest < NAME_COLUMNS_MAXIMUM ? widest : NAME_COLUMNS_MAXIMUM;
}

static void print_name(struct page *page, const char *name)
{
    if ((int)utf8_length(name) > page->name_columns) {
        stream_line_text(&page->stream, name);
        stream_print(&page->stream, "\n");
        name = "";
    }
    stream_padded(&page->stream, name, page->name_columns);
}

static void print_headings(struct page *page, enum workload_kind kind)
{
    struct stream *stream = &page->stream;
    int last = COLUMN_COUNT - 1;
    while (last > 0 && table_headings[last].upper[0] == '\0')
        last--;
    stream_padded(stream, "", page->name_columns);
    for (int i = 0; i <= last; i++) {
        stream_print(stream, " ");
        stream_padded(stream, table_headings[i].upper, -table_headings[i].width);
    }
    stream_print(stream, "\n");
    stream_padded(stream, "allocator", page->name_columns);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        struct table_heading heading = table_heading_for((enum table_column)i, kind);
        stream_print(stream, " ");
        stream_padded(stream, heading.lower, -heading.width);
    }
    stream_print(stream, "\n");
}

/* Words below a row, broken between words. */
static void print_wrapped(struct page *page, const char *words)
{
    enum { INDENT = 4 };
    char *text = strdup(words), *rest = text, *word;
    int column = 0;
    if (text == NULL || text[0] == '\0') {
        free(text);
        return;
    }
    while ((word = strsep(&rest, " ")) != NULL) {
        int length = (int)utf8_length(word);
        if (column == 0 || column + 1 + length > LINE_COLUMNS) {
            stream_print(&page->stream, "%s%*s", column == 0 ? "" : "\n", INDENT, "");
            column = INDENT;
        } else {
            stream_print(&page->stream, " ");
            column++;
        }
        stream_line_text(&page->stream, word);
        column += length;
    }
    stream_print(&page->stream, "\n");
    free(text);
}

static void print_row(struct page *page, size_t workload, size_t allocator)
{
    const struct summary_cell *cell = summary_cell(page->summary, workload, allocator);
    char text[TABLE_TEXT_BYTES];
    print_name(page, page->summary->run->allocators[allocator].name);
    if (!table_has_figures(cell)) {
        stream_print(&page->stream, " %s\n", table_status(cell, text));
        print_wrapped(page, cell->detail);
        return;
    }
    for (int i = 0; i < COLUMN_COUNT; i++) {
        stream_print(&page->stream, " ");
        stream_padded(&page->stream,
                      table_text(page->summary, workload, allocator, (enum table_column)i, text),
                      -table_headings[i].width);
    }
    stream_print(&page->stream, "\n");
    if (cell->untimed_status != STATUS_OK) {
        stream_print(&page->stream, "    %s pass: %s\n", pass_name(cell->untimed_pass),
                     trial_status_name(cell->untimed_status));
        print_wrapped(page, cell->untimed_detail);
    }
}

static void print_latency_cell(struct page *page, const struct trial_key *cell,
                               enum latency_group group)
{
    const char *name = page->summary->run->allocators[cell->allocator].name;
    int first = latency_group_first(group);
    for (int kind = first; kind < latency_group_end(group); kind++) {
        struct latency_row row;
        bool any;
        if (latency_row_make(&row, page->summary, cell, kind, &any) < 0)
            page->stream.error = ENOMEM;
        else if (any) {
            print_name(page, kind == first ? name : "");
            stream_print(&page->stream, " %-8s", row.column[0]);
            for (int i = 1; i < LATENCY_COLUMNS; i++)
                stream_print(&page->stream, " %8s", row.column[i]);
            stream_print(&page->stream, "\n");
        }
    }
}

static void print_pace(struct page *page, const struct trial_key *cell)
{
    char kept[LATENCY_HEAD_BYTES], line[LATENCY_HEAD_BYTES + 128];
    if (latency_pace_text(page->summary, cell, kept)[0] == '\0')
        return;
    snprintf(line, sizeof line, "%.100s: %s", page->summary->run->allocators[cell->allocator].name,
             kept);
    print_wrapped(page, line);
}

static void print_latency(struct page *page, size_t workload, size_t count,
                          enum latency_group group)
{
    char head[LATENCY_HEAD_BYTES];
    struct trial_key cell = {.workload = (unsigned)workload};
    if (latency_measured(page->summary, workload, group) == NULL)
        return;
    stream_print(&page->stream, "\n");
    print_wrapped(page, latency_head(page->summary, workload, group, head));
    stream_padded(&page->stream, "allocator", page->name_columns);
    stream_print(&page->stream, " %-8s", latency_title(group, 0));
    for (int i = 1; i < LATENCY_COLUMNS; i++)
        stream_print(&page->stream, " %8s", latency_title(group, i));
    stream_print(&page->stream, "\n");
    for (size_t i = 0; i < count; i++) {
        cell.allocator = (unsigned)page->order[i];
        print_latency_cell(page, &cell, group);
    }
    for (size_t i = 0; i < count && group == LATENCY_OF_REQUESTS; i++) {
        cell.allocator = (unsigned)page->order[i];
        print_pace(page, &cell);
    }
}

/* The cells of a workload added up; false: one of them has a trial that was not disturbed. */
static bool all_disturbed(const struct page *page, size_t workload, size_t count,
                          struct summary_cell *sum)
{
    *sum = (struct summary_cell){0};
    for (size_t i = 0; i < count; i++) {
        const struct summary_cell *cell = summary_cell(page->summary, workload, page->order[i]);
        if (!table_has_figures(cell))
            continue;
        if (cell->disturbed < cell->ok)
            return false;
        sum->ok += cell->ok;
        sum->disturbed += cell->disturbed;
        for (unsigned d = 0; d < DISTURBANCE_COUNT; d++)
            sum->disturbed_by[d] += cell->disturbed_by[d];
    }
    return sum->ok > 0;
}

/* One line for all allocators whose trials were disturbed. */
static int print_disturbed(struct page *page, size_t workload, size_t count)
{
    char *line = NULL, text[TABLE_DISTURBED_BYTES];
    size_t bytes = 0, named = 0;
    struct summary_cell sum;
    FILE *words = open_memstream(&line, &bytes);
    if (words == NULL)
        return -1;
    bool all = all_disturbed(page, workload, count, &sum);
    if (all)
        fprintf(words, "disturbed: %s", table_disturbed(&sum, text));
    for (size_t i = 0; i < count && !all; i++) {
        const struct summary_cell *cell = summary_cell(page->summary, workload, page->order[i]);
        if (cell->disturbed == 0 || !table_has_figures(cell))
            continue;
        fprintf(words, "%s %s %s", named++ > 0 ? ";" : "disturbed:",
                page->summary->run->allocators[page->order[i]].name, table_disturbed(cell, text));
    }
    int result = fclose(words);
    if (result == 0)
        print_wrapped(page, line);
    free(line);
    return result;
}

static void print_counts(struct page *page, size_t workload, size_t count, enum counts_table table)
{
    char text[TABLE_TEXT_BYTES];
    bool nothing;
    if (!counts_wanted(page->summary, workload, table))
        return;
    stream_print(&page->stream, "\n");
    const char *reason = counts_reason(page->summary, workload, table, &nothing);
    if (reason != NULL)
        print_wrapped(page, reason);
    if (nothing)
        return;
    print_wrapped(page, counts_heading(table));
    stream_padded(&page->stream, "allocator", page->name_columns);
    for (unsigned i = 0; counts_title(table, i) != NULL; i++)
        stream_print(&page->stream, " %9s", counts_title(table, i));
    stream_print(&page->stream, "\n");
    for (size_t i = 0; i < count; i++) {
        struct trial_key cell = {.workload = (unsigned)workload,
                                 .allocator = (unsigned)page->order[i]};
        print_name(page, page->summary->run->allocators[cell.allocator].name);
        for (unsigned c = 0; counts_title(table, c) != NULL; c++)
            stream_print(&page->stream, " %9s", counts_text(page->summary, &cell, table, c, text));
        stream_print(&page->stream, "\n");
    }
}

static void print_workload(struct page *page, size_t workload)
{
    const struct workload_spec *spec = &page->summary->run->workloads[workload];
    char work[TABLE_WORK_BYTES];
    size_t count = table_order(page->summary, workload, page->order);
    stream_line_text(&page->stream, spec->label);
    stream_print(&page->stream, ": %s\n", table_work(page->summary, workload, work));
    char *params = table_params(spec);
    if (params != NULL)
        print_wrapped(page, params);
    free(params);
    print_headings(page, spec->kind);
    for (size_t i = 0; i < count; i++)
        print_row(page, workload, page->order[i]);
    if (print_disturbed(page, workload, count) != 0)
        page->stream.error = ENOMEM;
    for (int table = 0; table < COUNTS_TABLES; table++)
        print_counts(page, workload, count, (enum counts_table)table);
    for (int group = LATENCY_GROUPS - 1; group >= 0; group--)
        print_latency(page, workload, count, (enum latency_group)group);
    stream_print(&page->stream, "\n");
}

/* Some of the columns of a curve's table: those that a line has room for. */
static void print_curve_columns(struct page *page, const struct curve *curve,
                                enum curve_table table, size_t first, size_t end)
{
    char text[CURVE_CELL_BYTES];
    stream_padded(&page->stream, curve->param, page->name_columns);
    for (size_t i = first; i < end; i++) {
        stream_print(&page->stream, " ");
        stream_padded(&page->stream, curve->points[i].text, -CURVE_COLUMNS);
    }
    stream_print(&page->stream, "\n");
    for (size_t a = 0; a < page->summary->run->allocator_count; a++) {
        print_name(page, page->summary->run->allocators[a].name);
        for (size_t i = first; i < end; i++) {
            stream_print(&page->stream, " ");
            stream_padded(&page->stream, curve_table_cell(page->summary, curve, table, a, i, text),
                          -CURVE_COLUMNS);
        }
        stream_print(&page->stream, "\n");
    }
}

static void print_curve(struct page *page, const struct curve *curve)
{
    size_t room = (size_t)(LINE_COLUMNS - page->name_columns) / (CURVE_COLUMNS + 1);
    char head[CURVE_HEAD_BYTES];
    for (int table = 0; table < CURVE_TABLES; table++) {
        if (!curve_table_wanted(page->summary, curve, table))
            continue;
        stream_line_text(&page->stream, curve_table_head(curve, table, head));
        stream_print(&page->stream, "\n");
        for (size_t i = 0; i < curve->count; i += room)
            print_curve_columns(page, curve, table, i,
                                i + room < curve->count ? i + room : curve->count);
        stream_print(&page->stream, "\n");
    }
}

static void print_curves(struct page *page)
{
    struct curve_list list;
    if (curve_list_make(&list, page->summary->run) < 0)
        page->stream.error = ENOMEM;
    else
        for (size_t i = 0; i < list.count; i++)
            print_curve(page, &list.curves[i]);
    curve_list_release(&list);
}

static void print_mean_row(struct page *page, size_t allocator)
{
    const struct summary_mean *mean = &page->summary->mean[allocator];
    struct stream *stream = &page->stream;
    char text[TABLE_TEXT_BYTES];
    print_name(page, page->summary->run->allocators[allocator].name);
    stream_print(stream, " ");
    bool reference = (int)allocator == page->summary->reference;
    stream_padded(stream, reference ? "reference" : table_ratio(&mean->speed, text),
                  -table_headings[COLUMN_VERSUS].width);
    if (isnan(mean->memory))
        snprintf(text, sizeof text, "n/a");
    else
        snprintf(text, sizeof text, "%.3f", mean->memory);
    stream_print(stream, " ");
    stream_padded(stream, text, -8);
    snprintf(text, sizeof text, "%zu of %zu", mean->workloads, page->summary->mean_workloads);
    stream_print(stream, " ");
    stream_padded(stream, text, -10);
    stream_print(stream, "%s\n", mean->frontier == FRONTIER_ON ? "  nobody beats it on both" : "");
}

static void print_means(struct page *page)
{
    const struct summary *summary = page->summary;
    if (summary->mean_workloads == 0)
        return;
    stream_print(&page->stream, "geometric mean over workloads, relative to ");
    stream_line_text(&page->stream, summary->run->allocators[summary->reference].name);
    stream_print(&page->stream, "\n");
    stream_padded(&page->stream, "allocator", page->name_columns);
    stream_print(&page->stream, " %20s %8s %10s\n", "speed [95 %]", "peak RSS", "workloads");
    table_order_means(summary, page->order);
    for (size_t i = 0; i < summary->run->allocator_count; i++)
        print_mean_row(page, page->order[i]);
    stream_print(&page->stream, "\n");
}

static bool any_disturbed(const struct summary *summary)
{
    size_t cells = summary->run->workload_count * summary->run->allocator_count;
    for (size_t i = 0; i < cells; i++)
        if (summary->cell[i].disturbed > 0)
            return true;
    return false;
}

static void print_notes(struct page *page)
{
    stream_print(&page->stream, "Columns (programs: the time of the whole, not calls/s)\n");
    for (int i = 0; i < COLUMN_COUNT; i++) {
        const struct table_heading *heading = &table_headings[i];
        stream_print(&page->stream, "    %-30s %s\n", heading->title, heading->help);
    }
    stream_print(&page->stream,
                 "    Medians over blocks; n/a: not measured, or a ratio to less than 1 MiB live. "
                 "Speed is paired by block\n    (docs/method.md); under 6 blocks it has no "
                 "interval, and (n=...) says how many there were.\n");
    if (any_disturbed(page->summary))
        stream_print(&page->stream,
                     "    Disturbed trials take part in all figures; --format trials says which "
                     "they are, docs/method.md what is\n    counted as disturbed.\n");
}

int output_text(FILE *file, const struct summary *summary)
{
    const struct run *run = summary->run;
    struct page page = {.summary = summary, .name_columns = widest_name(run)};
    stream_init(&page.stream, file);
    page.order = calloc(run->allocator_count + 1, sizeof *page.order);
    if (page.order == NULL)
        return -1;
    stream_print(&page.stream, "run ");
    stream_line_text(&page.stream, run->name);
    if (run->suite != NULL && run->suite[0] != '\0') {
        stream_print(&page.stream, ", suite ");
        stream_line_text(&page.stream, run->suite);
    }
    stream_print(&page.stream, "%s\n\n", run->finished_ns == 0 ? ", not finished" : "");
    for (size_t w = 0; w < run->workload_count; w++)
        print_workload(&page, w);
    print_curves(&page);
    print_means(&page);
    machine_text(&page.stream, run);
    print_notes(&page);
    free(page.order);
    return stream_finish(&page.stream);
}
