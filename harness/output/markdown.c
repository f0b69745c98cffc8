/*
 * The same table in Markdown, for a README or a pull request.
 */
#include "counts_rows.h"
#include "curve_rows.h"
#include "latency_rows.h"
#include "output.h"
#include "stream.h"
#include "table.h"
#include "utf8.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct page {
    struct stream stream;
    const struct summary *summary;
    size_t *order;
};

/* Text that cannot end a cell or begin mark-up. */
static void print_escaped(struct page *page, const char *text)
{
    static const char special[] = "|\\`*_<>[]";
    char *line = utf8_line(text);
    if (line == NULL)
        page->stream.error = ENOMEM;
    for (const char *c = line; c != NULL && *c != '\0'; c++)
        stream_print(&page->stream, strchr(special, *c) != NULL ? "\\%c" : "%c", *c);
    free(line);
}

static void print_headings(struct page *page, enum workload_kind kind)
{
    stream_print(&page->stream, "| allocator |");
    for (int i = 0; i < COLUMN_COUNT; i++)
        stream_print(&page->stream, " %s |", table_heading_for((enum table_column)i, kind).title);
    stream_print(&page->stream, "\n| :-- |");
    for (int i = 0; i < COLUMN_COUNT; i++)
        stream_print(&page->stream, " --: |");
    stream_print(&page->stream, "\n");
}

static void print_failed(struct page *page, const struct summary_cell *cell)
{
    char text[TABLE_TEXT_BYTES];
    stream_print(&page->stream, " **%s**", table_status(cell, text));
    if (cell->detail[0] != '\0') {
        stream_print(&page->stream, ": ");
        print_escaped(page, cell->detail);
    }
    stream_print(&page->stream, " |");
    for (int i = 1; i < COLUMN_COUNT; i++)
        stream_print(&page->stream, " |");
}

static void print_row(struct page *page, size_t workload, size_t allocator)
{
    const struct summary_cell *cell = summary_cell(page->summary, workload, allocator);
    char text[TABLE_TEXT_BYTES];
    stream_print(&page->stream, "| ");
    print_escaped(page, page->summary->run->allocators[allocator].name);
    stream_print(&page->stream, " |");
    if (!table_has_figures(cell)) {
        print_failed(page, cell);
    } else {
        for (int i = 0; i < COLUMN_COUNT; i++)
            stream_print(&page->stream, " %s |",
                         table_text(page->summary, workload, allocator, (enum table_column)i,
                                    text));
    }
    stream_print(&page->stream, "\n");
}

/* What an untimed pass has not measured, below the table. */
static void print_untimed(struct page *page, size_t workload, size_t allocator)
{
    const struct summary_cell *cell = summary_cell(page->summary, workload, allocator);
    if (!table_has_figures(cell) || cell->untimed_status == STATUS_OK)
        return;
    stream_print(&page->stream, "\n");
    print_escaped(page, page->summary->run->allocators[allocator].name);
    stream_print(&page->stream, ", %s pass: %s: ", pass_name(cell->untimed_pass),
                 trial_status_name(cell->untimed_status));
    print_escaped(page, cell->untimed_detail);
    stream_print(&page->stream, "\n");
}

static void print_latency_cell(struct page *page, const struct trial_key *cell,
                               enum latency_group group)
{
    for (int kind = latency_group_first(group); kind < latency_group_end(group); kind++) {
        struct latency_row row;
        bool any;
        if (latency_row_make(&row, page->summary, cell, kind, &any) < 0)
            page->stream.error = ENOMEM;
        else if (any) {
            stream_print(&page->stream, "| ");
            print_escaped(page, page->summary->run->allocators[cell->allocator].name);
            stream_print(&page->stream, " |");
            for (int i = 0; i < LATENCY_COLUMNS; i++)
                stream_print(&page->stream, " %s |", row.column[i]);
            stream_print(&page->stream, "\n");
        }
    }
}

static void print_pace(struct page *page, const struct trial_key *cell)
{
    char kept[LATENCY_HEAD_BYTES];
    if (latency_pace_text(page->summary, cell, kept)[0] == '\0')
        return;
    stream_print(&page->stream, "\n");
    print_escaped(page, page->summary->run->allocators[cell->allocator].name);
    stream_print(&page->stream, ": %s\n", kept);
}

static void print_latency(struct page *page, size_t workload, size_t count,
                          enum latency_group group)
{
    char head[LATENCY_HEAD_BYTES];
    struct trial_key cell = {.workload = (unsigned)workload};
    if (latency_measured(page->summary, workload, group) == NULL)
        return;
    stream_print(&page->stream, "\n%s\n\n| allocator |",
                 latency_head(page->summary, workload, group, head));
    for (int i = 0; i < LATENCY_COLUMNS; i++)
        stream_print(&page->stream, " %s |", latency_title(group, i));
    stream_print(&page->stream, "\n| :-- | :-- |");
    for (int i = 1; i < LATENCY_COLUMNS; i++)
        stream_print(&page->stream, " --: |");
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

static void print_disturbed(struct page *page, size_t workload, size_t allocator)
{
    const struct summary_cell *cell = summary_cell(page->summary, workload, allocator);
    char text[TABLE_DISTURBED_BYTES];
    if (cell->disturbed == 0 || !table_has_figures(cell))
        return;
    stream_print(&page->stream, "\n");
    print_escaped(page, page->summary->run->allocators[allocator].name);
    stream_print(&page->stream, ", disturbed: %s\n", table_disturbed(cell, text));
}

static void print_counts(struct page *page, size_t workload, size_t count, enum counts_table table)
{
    char text[TABLE_TEXT_BYTES];
    bool nothing;
    if (!counts_wanted(page->summary, workload, table))
        return;
    const char *reason = counts_reason(page->summary, workload, table, &nothing);
    stream_print(&page->stream, "\n");
    if (reason != NULL) {
        print_escaped(page, reason);
        stream_print(&page->stream, "\n\n");
    }
    if (nothing)
        return;
    stream_print(&page->stream, "%s\n\n| allocator |", counts_heading(table));
    for (unsigned i = 0; counts_title(table, i) != NULL; i++)
        stream_print(&page->stream, " %s |", counts_title(table, i));
    stream_print(&page->stream, "\n| :-- |");
    for (unsigned i = 0; counts_title(table, i) != NULL; i++)
        stream_print(&page->stream, " --: |");
    stream_print(&page->stream, "\n");
    for (size_t i = 0; i < count; i++) {
        struct trial_key cell = {.workload = (unsigned)workload,
                                 .allocator = (unsigned)page->order[i]};
        stream_print(&page->stream, "| ");
        print_escaped(page, page->summary->run->allocators[cell.allocator].name);
        stream_print(&page->stream, " |");
        for (unsigned c = 0; counts_title(table, c) != NULL; c++)
            stream_print(&page->stream, " %s |", counts_text(page->summary, &cell, table, c, text));
        stream_print(&page->stream, "\n");
    }
}

static void print_workload(struct page *page, size_t workload)
{
    const struct workload_spec *spec = &page->summary->run->workloads[workload];
    char work[TABLE_WORK_BYTES];
    size_t count = table_order(page->summary, workload, page->order);
    char *params = table_params(spec);
    stream_print(&page->stream, "### ");
    print_escaped(page, spec->label);
    stream_print(&page->stream, "\n\n%s", table_work(page->summary, workload, work));
    if (params != NULL && params[0] != '\0') {
        stream_print(&page->stream, "; ");
        print_escaped(page, params);
    }
    stream_print(&page->stream, "\n\n");
    free(params);
    print_headings(page, spec->kind);
    for (size_t i = 0; i < count; i++)
        print_row(page, workload, page->order[i]);
    for (size_t i = 0; i < count; i++)
        print_untimed(page, workload, page->order[i]);
    for (size_t i = 0; i < count; i++)
        print_disturbed(page, workload, page->order[i]);
    for (int table = 0; table < COUNTS_TABLES; table++)
        print_counts(page, workload, count, (enum counts_table)table);
    for (int group = LATENCY_GROUPS - 1; group >= 0; group--)
        print_latency(page, workload, count, (enum latency_group)group);
    stream_print(&page->stream, "\n");
}

static void print_curve(struct page *page, const struct curve *curve, enum curve_table table)
{
    const struct run *run = page->summary->run;
    char head[CURVE_HEAD_BYTES], text[CURVE_CELL_BYTES];
    stream_print(&page->stream, "### ");
    print_escaped(page, curve_table_head(curve, table, head));
    stream_print(&page->stream, "\n\n| %s |", curve->param);
    for (size_t i = 0; i < curve->count; i++)
        stream_print(&page->stream, " %s |", curve->points[i].text);
    stream_print(&page->stream, "\n| :-- |");
    for (size_t i = 0; i < curve->count; i++)
        stream_print(&page->stream, " --: |");
    for (size_t a = 0; a < run->allocator_count; a++) {
        stream_print(&page->stream, "\n| ");
        print_escaped(page, run->allocators[a].name);
        stream_print(&page->stream, " |");
        for (size_t i = 0; i < curve->count; i++)
            stream_print(&page->stream, " %s |",
                         curve_table_cell(page->summary, curve, table, a, i, text));
    }
    stream_print(&page->stream, "\n\n");
}

static void print_curves(struct page *page)
{
    struct curve_list list;
    if (curve_list_make(&list, page->summary->run) < 0)
        page->stream.error = ENOMEM;
    else
        for (size_t i = 0; i < list.count; i++)
            for (int table = 0; table < CURVE_TABLES; table++)
                if (curve_table_wanted(page->summary, &list.curves[i], table))
                    print_curve(page, &list.curves[i], table);
    curve_list_release(&list);
}

static void print_mean_row(struct page *page, size_t allocator)
{
    const struct summary *summary = page->summary;
    const struct summary_mean *mean = &summary->mean[allocator];
    char text[TABLE_TEXT_BYTES];
    stream_print(&page->stream, "| ");
    print_escaped(page, summary->run->allocators[allocator].name);
    bool reference = (int)allocator == summary->reference;
    stream_print(&page->stream, " | %s |",
                 reference ? "reference" : table_ratio(&mean->speed, text));
    if (isnan(mean->memory))
        stream_print(&page->stream, " n/a |");
    else
        stream_print(&page->stream, " %.3f |", mean->memory);
    stream_print(&page->stream, " %zu of %zu | %s |\n", mean->workloads, summary->mean_workloads,
                 mean->frontier == FRONTIER_ON ? "nobody beats it on both" : "");
}

static void print_means(struct page *page)
{
    const struct summary *summary = page->summary;
    if (summary->mean_workloads == 0)
        return;
    stream_print(&page->stream, "### Geometric mean over workloads, relative to ");
    print_escaped(page, summary->run->allocators[summary->reference].name);
    stream_print(&page->stream, "\n\n| allocator | speed [95 %%] | peak RSS | workloads | |\n"
                                "| :-- | --: | --: | --: | :-- |\n");
    table_order_means(summary, page->order);
    for (size_t i = 0; i < summary->run->allocator_count; i++)
        print_mean_row(page, page->order[i]);
    stream_print(&page->stream, "\n");
}

int output_markdown(FILE *file, const struct summary *summary)
{
    struct page page = {.summary = summary};
    stream_init(&page.stream, file);
    page.order = calloc(summary->run->allocator_count + 1, sizeof *page.order);
    if (page.order == NULL)
        return -1;
    stream_print(&page.stream, "## ");
    print_escaped(&page, summary->run->name);
    stream_print(&page.stream, "%s\n\n", summary->run->finished_ns == 0 ? " (not finished)" : "");
    for (size_t w = 0; w < summary->run->workload_count; w++)
        print_workload(&page, w);
    print_curves(&page);
    print_means(&page);
    for (int i = 0; i < COLUMN_COUNT; i++)
        stream_print(&page.stream, "- **%s**: %s\n", table_headings[i].title,
                     table_headings[i].help);
    free(page.order);
    return stream_finish(&page.stream);
}
