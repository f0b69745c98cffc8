/*
 * The tables of the charts of single calls and of requests (conventions: chart_tables.c).
 *
 *   latencies.tsv      workload_index  file  paced(1 or 0)  gap  panels; one row a workload whose
 *   requests.tsv       calls, or requests, were timed. panels: "malloc realloc free", or "request
 *                      service wake-up": the kinds that there are.
 *   latency-LABEL.tsv  nines  time_s  last; for each panel one block an allocator: block
 *   requests-LABEL.tsv P * allocators + A. nines: -log10(1 - share of calls that took no longer),
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

struct listed {
    unsigned workload;
    enum latency_group group;
};

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

/* All calls together have none. */
static int first_panel(enum latency_group group)
{
    return group == LATENCY_OF_CALLS ? 0 : latency_group_first(group);
}

static int write_curves(struct stream *stream, const struct summary *summary, unsigned workload,
                        enum latency_group group)
{
    int blocks = 0;
    for (int kind = first_panel(group); kind < latency_group_end(group); kind++) {
        if (!kind_is_made(summary, workload, (unsigned)kind))
            continue;
        for (unsigned a = 0; a < summary->run->allocator_count; a++) {
            struct trial_key cell = {.workload = workload, .allocator = a};
            struct latency_merged merged;
            if (latency_merge(&merged, summary, &cell, kind, LATENCY_ANY) < 0)
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
                          const struct listed *listed)
{
    struct stream stream;
    FILE *file = create(directory, name);
    if (file == NULL)
        return -1;
    stream_init(&stream, file);
    stream_print(&stream, "nines\ttime_s\tlast\n");
    if (write_curves(&stream, summary, listed->workload, listed->group) < 0)
        stream.error = ENOMEM;
    return finish(file, &stream);
}

static void list_workload(struct stream *list, const char *name, const struct summary *summary,
                          const struct listed *listed)
{
    const struct trial_record *trial = latency_measured(summary, listed->workload, listed->group);
    bool requests = listed->group == LATENCY_OF_REQUESTS;
    int64_t gap = requests ? 1 : trial->latency_gap;
    bool paced = requests ? trial->paced == 1 : trial->latency_paced == 1;
    stream_print(list, "%u\t%s\t%d\t%lld\t", listed->workload, name, paced, (long long)gap);
    const char *space = "";
    for (int kind = first_panel(listed->group); kind < latency_group_end(listed->group); kind++)
        if (kind_is_made(summary, listed->workload, (unsigned)kind)) {
            stream_print(list, "%s%s", space, latency_kind_name((unsigned)kind));
            space = " ";
        }
    stream_print(list, "\n");
}

static int write_group(const char *directory, const struct summary *summary,
                       enum latency_group group)
{
    static const char *const prefixes[] = {
        [LATENCY_OF_CALLS] = "latency", [LATENCY_OF_REQUESTS] = "requests"};
    static const char *const lists[] = {
        [LATENCY_OF_CALLS] = "latencies.tsv", [LATENCY_OF_REQUESTS] = "requests.tsv"};
    struct stream list;
    FILE *file = create(directory, lists[group]);
    int result = 0;
    if (file == NULL)
        return -1;
    stream_init(&list, file);
    stream_print(&list, "workload_index\tfile\tpaced\tgap\tpanels\n");
    for (unsigned w = 0; w < summary->run->workload_count && result == 0; w++) {
        struct listed listed = {w, group};
        if (latency_measured(summary, w, group) == NULL)
            continue;
        char *name = chart_table_name(summary->run, w, prefixes[group]);
        result = name != NULL ? write_workload(directory, name, summary, &listed) : -1;
        if (result == 0)
            list_workload(&list, name, summary, &listed);
        free(name);
    }
    int error = errno;
    if (finish(file, &list) < 0 && result == 0)
        return -1;
    errno = error;
    return result;
}

int latency_tables_write(const char *directory, const struct summary *summary)
{
    if (write_group(directory, summary, LATENCY_OF_CALLS) < 0)
        return -1;
    return write_group(directory, summary, LATENCY_OF_REQUESTS);
}
