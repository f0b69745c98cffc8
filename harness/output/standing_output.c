/* The tables of one allocator against its peers: for a terminal, in Markdown, as CSV. */
#include "standing_output.h"

#include "stream.h"
#include "table.h"
#include "utf8.h"

#include <math.h>
#include <string.h>

enum { RATIO_COLUMNS = 7, LABEL_COLUMNS_MAXIMUM = 30 };

struct page {
    struct stream stream;
    const struct standing *standing;
    const struct run *run;
    bool markdown;
    int label_columns;
};

static bool is_peer(const struct page *page, size_t allocator)
{
    return allocator != page->standing->subject &&
           standing_mean_workloads(page->standing, allocator) > 0;
}

static bool has_figures(const struct page *page)
{
    for (size_t a = 0; a < page->run->allocator_count; a++)
        if (is_peer(page, a))
            return true;
    return false;
}

static int label_columns(const struct run *run)
{
    int widest = (int)sizeof "workload" - 1;
    for (size_t w = 0; w < run->workload_count; w++) {
        int length = (int)utf8_length(run->workloads[w].label);
        if (length > widest)
            widest = length;
    }
    return widest < LABEL_COLUMNS_MAXIMUM ? widest : LABEL_COLUMNS_MAXIMUM;
}

static void put_label(struct page *page, const char *label)
{
    if (page->markdown) {
        stream_print(&page->stream, "| ");
        stream_markdown_text(&page->stream, label);
        stream_print(&page->stream, " |");
        return;
    }
    if ((int)utf8_length(label) > page->label_columns) {
        stream_line_text(&page->stream, label);
        stream_print(&page->stream, "\n");
        label = "";
    }
    stream_padded(&page->stream, label, page->label_columns);
}

/* A column is as wide as its heading. */
static void put_cell(struct page *page, const char *text, size_t peer)
{
    if (page->markdown) {
        stream_print(&page->stream, " %s |", text);
        return;
    }
    int width = (int)utf8_length(page->run->allocators[peer].name);
    stream_print(&page->stream, " ");
    stream_padded(&page->stream, text, -(width > RATIO_COLUMNS ? width : RATIO_COLUMNS));
}

static void put_headings(struct page *page)
{
    const char *last = "against the best [95 %]";
    put_label(page, "workload");
    for (size_t a = 0; a < page->run->allocator_count; a++)
        if (is_peer(page, a))
            put_cell(page, page->run->allocators[a].name, a);
    stream_print(&page->stream, page->markdown ? " %s |\n| :-- |" : "  %s", last);
    for (size_t a = 0; page->markdown && a < page->run->allocator_count; a++)
        if (is_peer(page, a))
            stream_print(&page->stream, " --: |");
    stream_print(&page->stream, page->markdown ? " :-- |\n" : "\n");
}

static void put_best(struct page *page, size_t workload)
{
    char text[TABLE_TEXT_BYTES];
    int best = standing_best_peer(page->standing, workload);
    stream_print(&page->stream, page->markdown ? " " : "  ");
    if (best >= 0) {
        const struct estimate *against = standing_against(page->standing, workload, (size_t)best);
        stream_print(&page->stream, "%s ", table_ratio(against, text));
        stream_line_text(&page->stream, page->run->allocators[best].name);
        if (against->value > STANDING_BEHIND)
            stream_print(&page->stream, page->markdown ? " \\*" : " *");
    }
    stream_print(&page->stream, page->markdown ? " |\n" : "\n");
}

static void put_row(struct page *page, size_t workload)
{
    char text[TABLE_TEXT_BYTES];
    put_label(page, page->run->workloads[workload].label);
    for (size_t a = 0; a < page->run->allocator_count; a++) {
        const struct estimate *against = standing_against(page->standing, workload, a);
        if (!is_peer(page, a))
            continue;
        snprintf(text, sizeof text, against->count > 0 ? "%.2f" : "n/a", against->value);
        put_cell(page, text, a);
    }
    put_best(page, workload);
}

/* With a digit more than single workloads have. */
static const char *mean_text(const struct estimate *mean, char *text)
{
    if (mean->count == 0)
        snprintf(text, TABLE_TEXT_BYTES, "n/a");
    else if (isnan(mean->low))
        snprintf(text, TABLE_TEXT_BYTES, "%.3f (n=%zu)", mean->value, mean->count);
    else
        snprintf(text, TABLE_TEXT_BYTES, "%.3f [%.3f, %.3f]", mean->value, mean->low, mean->high);
    return text;
}

/* In Markdown the last row, with its intervals; at a terminal, where they would widen all columns,
 * a line a peer. */
static void put_means(struct page *page)
{
    char text[TABLE_TEXT_BYTES];
    if (page->markdown)
        put_label(page, "geometric mean");
    else
        stream_print(&page->stream, "geometric mean [95 %%] against\n");
    for (size_t a = 0; a < page->run->allocator_count; a++) {
        if (!is_peer(page, a))
            continue;
        mean_text(standing_mean(page->standing, a), text);
        if (page->markdown) {
            put_cell(page, text, a);
            continue;
        }
        stream_print(&page->stream, "    ");
        stream_padded(&page->stream, page->run->allocators[a].name, page->label_columns);
        stream_print(&page->stream, " %s, %zu workloads\n", text,
                     standing_mean_workloads(page->standing, a));
    }
    stream_print(&page->stream, page->markdown ? " |\n\n" : "\n");
}

static void put_title(struct page *page)
{
    const struct standing *standing = page->standing;
    const char *subject = page->run->allocators[standing->subject].name;
    struct stream *stream = &page->stream;
    stream_print(stream, page->markdown ? "### %s, " : "%s, ", standing_title(standing->measure));
    (page->markdown ? stream_markdown_text : stream_line_text)(stream, subject);
    stream_print(stream, " / peer\n%s%s. Below 1: ", page->markdown ? "\n" : "",
                 standing_help(standing->measure));
    (page->markdown ? stream_markdown_text : stream_line_text)(stream, subject);
    stream_print(stream, " takes less; %s: more than 5 %% behind the best.\n\n",
                 page->markdown ? "\\*" : "*");
}

static int put_tables(FILE *file, const struct standing *standing, bool markdown)
{
    const struct run *run = standing->summary->run;
    struct page page = {.run = run, .markdown = markdown, .label_columns = label_columns(run)};
    stream_init(&page.stream, file);
    for (int measure = 0; measure < STANDING_MEASURE_COUNT; measure++) {
        page.standing = &standing[measure];
        if (!has_figures(&page))
            continue;
        put_title(&page);
        put_headings(&page);
        for (size_t w = 0; w < run->workload_count; w++)
            if (standing_best_peer(page.standing, w) >= 0)
                put_row(&page, w);
        put_means(&page);
    }
    return stream_finish(&page.stream);
}

int standing_text(FILE *stream, const struct standing standing[STANDING_MEASURE_COUNT])
{
    return put_tables(stream, standing, false);
}

int standing_markdown(FILE *stream, const struct standing standing[STANDING_MEASURE_COUNT])
{
    return put_tables(stream, standing, true);
}

static void put_csv_row(struct stream *stream, const struct standing *standing, const char *label,
                        size_t peer, const struct estimate *against)
{
    const struct run *run = standing->summary->run;
    if (against->count == 0 || peer == standing->subject)
        return;
    stream_csv_text(stream, standing_title(standing->measure));
    stream_print(stream, ",");
    stream_csv_text(stream, label);
    stream_print(stream, ",");
    stream_csv_text(stream, run->allocators[standing->subject].name);
    stream_print(stream, ",");
    stream_csv_text(stream, run->allocators[peer].name);
    const double values[] = {against->value, against->low, against->high};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        stream_print(stream, ",");
        stream_number(stream, values[i], "");
    }
    stream_print(stream, ",%zu\r\n", against->count);
}

int standing_csv(FILE *file, const struct standing standing[STANDING_MEASURE_COUNT])
{
    const struct run *run = standing->summary->run;
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "measure,workload,subject,peer,ratio,low,high,count\r\n");
    for (int measure = 0; measure < STANDING_MEASURE_COUNT; measure++)
        for (size_t w = 0; w <= run->workload_count; w++)
            for (size_t a = 0; a < run->allocator_count; a++)
                put_csv_row(&stream, &standing[measure],
                            w < run->workload_count ? run->workloads[w].label : "geometric mean", a,
                            standing_against(&standing[measure], w, a));
    return stream_finish(&stream);
}

standing_output_fn *standing_output_find(const char *format)
{
    if (strcmp(format, "text") == 0)
        return standing_text;
    if (strcmp(format, "md") == 0)
        return standing_markdown;
    return strcmp(format, "csv") == 0 ? standing_csv : NULL;
}
