/*
 * The tables of the latency charts (conventions: chart_tables.c).
 *
 *   latencies.tsv      workload_index  file  paced(1 or 0)  gap  panels; one row a workload whose
 *                      calls were timed. panels: "malloc realloc free", the kinds of calls made.
 *   latency-LABEL.tsv  nines  time_s  last; for each panel one block an allocator: block
 *                      P * allocators + A. nines: -log10(1 - share of calls that took no longer),
 * so 1 is 90 %, 2 is 99 %. last: 1 for the longest call, which stands alone at the end; an
 * allocator without figures has one row of NaN.
 */
#include "chart_tables.h"
#include "latency_merge.h"
#include "stream.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { POINTS_A_DECADE = 40, DECADES_MAXIMUM = 9 };
#define PS_PER_S 1e12

static void put_point(struct stream *stream, double nines, int64_t ps, int last)
{
    stream_number(stream, nines, "NaN");
    stream_print(stream, "\t");
    stream_number(stream, (double)ps / PS_PER_S, "NaN");
    stream_print(stream, "\t%d\n", last);
}

static void write_curve(struct stream *stream, const struct latency_merged *merged)
{
    if (merged->calls == 0) {
        stream_print(stream, "NaN\tNaN\tNaN\n");
        return;
    }
    for (int i = 0; i <= POINTS_A_DECADE * DECADES_MAXIMUM; i++) {
        double nines = (double)i / POINTS_A_DECADE;
        int64_t ps = latency_percentile_ps(merged->bins, merged->count, 1 - pow(10, -nines));
        if (ps == MEASURE_NONE)
            break;
        put_point(stream, nines, ps, 0);
    }
    put_point(stream, log10((double)merged->calls), latency_merged_longest_ps(merged), 1);
}

static bool kind_is_made(const struct summary *summary, size_t workload, unsigned kind)
{
    const struct run *run = summary->run;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *trial = &run->trials[i];
        if (trial->key.workload != workload || trial->status != STATUS_OK)
            continue;
        for (size_t j = 0; j < trial->latency_bins; j++)
            if (trial->latency[j].kind == kind)
                return true;
    }
    return false;
}

static int write_curves(struct stream *stream, const struct summary *summary, unsigned workload)
{
    int blocks = 0;
    for (unsigned kind = 0; kind < LATENCY_KIND_COUNT; kind++) {
        if (!kind_is_made(summary, workload, kind))
            continue;
        for (unsigned a = 0; a < summary->run->allocator_count; a++) {
            struct trial_key cell = {.workload = workload, .allocator = a};
            struct latency_merged merged;
            if (latency_merge(&merged, summary, &cell, (int)kind, LATENCY_ANY) < 0)
                return -1;
            stream_print(stream, "%s", blocks++ > 0 ? "\n\n" : "");
            write_curve(stream, &merged);
            latency_merged_release(&merged);
        }
    }
    return 0;
}

static FILE *create(const char *directory, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        errno = ENOMEM;
        return NULL;
    }
    FILE *file = fopen(path, "we");
    free(path);
    return file;
}

static int finish(FILE *file, struct stream *stream)
{
    int result = stream_finish(stream), error = errno;
    if (fclose(file) != 0 && result == 0)
        return -1;
    errno = error;
    return result;
}

static int write_workload(const char *directory, const char *name, const struct summary *summary,
                          unsigned workload)
{
    struct stream stream;
    FILE *file = create(directory, name);
    if (file == NULL)
        return -1;
    stream_init(&stream, file);
    stream_print(&stream, "nines\ttime_s\tlast\n");
    if (write_curves(&stream, summary, workload) < 0)
        stream.error = ENOMEM;
    return finish(file, &stream);
}

static void list_workload(struct stream *list, const char *name, const struct summary *summary,
                          unsigned workload)
{
    const struct run *run = summary->run;
    int64_t gap = 0, paced = 0;
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].key.workload == workload && run->trials[i].key.pass == PASS_LATENCY &&
            run->trials[i].status == STATUS_OK) {
            gap = run->trials[i].latency_gap;
            paced = run->trials[i].latency_paced;
        }
    stream_print(list, "%u\t%s\t%d\t%lld\t", workload, name, paced == 1, (long long)gap);
    const char *space = "";
    for (unsigned kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        if (kind_is_made(summary, workload, kind)) {
            stream_print(list, "%s%s", space, latency_kind_name(kind));
            space = " ";
        }
    stream_print(list, "\n");
}

int latency_tables_write(const char *directory, const struct summary *summary)
{
    struct stream list;
    FILE *file = create(directory, "latencies.tsv");
    int result = 0;
    if (file == NULL)
        return -1;
    stream_init(&list, file);
    stream_print(&list, "workload_index\tfile\tpaced\tgap\tpanels\n");
    for (unsigned w = 0; w < summary->run->workload_count && result == 0; w++) {
        if (!latency_measured(summary, w))
            continue;
        char *name = chart_table_name(summary->run, w, "latency");
        result = name != NULL ? write_workload(directory, name, summary, w) : -1;
        if (result == 0)
            list_workload(&list, name, summary, w);
        free(name);
    }
    int error = errno;
    if (finish(file, &list) < 0 && result == 0)
        return -1;
    errno = error;
    return result;
}
