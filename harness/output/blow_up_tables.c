/*
 * The tables of the charts of blow-up over laps (conventions: chart_tables.c).
 *
 *   blow_up_laps.tsv   workload_index  file; one row a workload of which some allocator has figures
 *   blow-up-LABEL.tsv  lap  blow_up  low  high; one block an allocator, medians over the blocks of
 * the run; an allocator without figures has one row of NaN
 */
#include "blow_up_laps.h"
#include "chart_tables.h"
#include "stream.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LAPS_MINIMUM = 5 }; /* fewer make no curve */

static void write_curve(struct stream *stream, const struct estimate *curve, int64_t laps)
{
    if (laps == 0)
        stream_print(stream, "NaN\tNaN\tNaN\tNaN\n");
    for (int64_t i = 0; i < laps; i++) {
        stream_print(stream, "%lld\t", (long long)i + 1);
        stream_number(stream, curve[i].value, "NaN");
        stream_print(stream, "\t");
        stream_number(stream, curve[i].low, "NaN");
        stream_print(stream, "\t");
        stream_number(stream, curve[i].high, "NaN");
        stream_print(stream, "\n");
    }
}

static int write_curves(struct stream *stream, const struct summary *summary, size_t workload)
{
    for (size_t a = 0; a < summary->run->allocator_count; a++) {
        struct estimate *curve;
        int64_t laps = blow_up_curve(summary, workload, a, &curve);
        if (laps < 0)
            return -1;
        stream_print(stream, "%s", a > 0 ? "\n\n" : "");
        write_curve(stream, curve, laps);
        free(curve);
    }
    return 0;
}

/* 1: some allocator has a curve; 0: none; -1: memory is short. */
static int has_curves(const struct summary *summary, size_t workload)
{
    int64_t laps = 0;
    for (size_t a = 0; a < summary->run->allocator_count && laps >= 0 && laps < LAPS_MINIMUM; a++) {
        struct estimate *curve;
        laps = blow_up_curve(summary, workload, a, &curve);
        free(curve);
    }
    return laps < 0 ? -1 : laps >= LAPS_MINIMUM;
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
                          size_t workload)
{
    struct stream stream;
    FILE *file = create(directory, name);
    if (file == NULL)
        return -1;
    stream_init(&stream, file);
    stream_print(&stream, "lap\tblow_up\tlow\thigh\n");
    if (write_curves(&stream, summary, workload) < 0)
        stream.error = ENOMEM;
    return finish(file, &stream);
}

static int write_listed(const char *directory, const struct summary *summary, size_t workload,
                        struct stream *listing)
{
    int has = has_curves(summary, workload);
    char *name = has > 0 ? chart_table_name(summary->run, workload, "blow-up") : NULL;
    if (has == 0)
        return 0;
    if (name == NULL) {
        errno = ENOMEM;
        return -1;
    }
    stream_print(listing, "%zu\t%s\n", workload, name);
    int result = write_workload(directory, name, summary, workload);
    free(name);
    return result;
}

int blow_up_tables_write(const char *directory, const struct summary *summary)
{
    struct stream listing;
    FILE *file = create(directory, "blow_up_laps.tsv");
    int result = 0;
    if (file == NULL)
        return -1;
    stream_init(&listing, file);
    stream_print(&listing, "workload_index\tfile\n");
    for (size_t w = 0; w < summary->run->workload_count && result == 0; w++)
        result = write_listed(directory, summary, w, &listing);
    int error = errno, finished = finish(file, &listing);
    if (result != 0)
        errno = error;
    return result != 0 ? -1 : finished;
}
