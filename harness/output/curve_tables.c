/*
 * The tables of the charts of sweeps (conventions: chart_tables.c).
 *
 *   curves.tsv       index  file  workload  param  fixed  threads(1 or 0)  cpus  points; one row a
 *                    curve of curve.h. fixed: what else varies in the run, a blank if nothing.
 *                    threads: the parameter is their number; cpus: of the machine, NaN: unknown.
 *   curve-NAME.tsv   x  text  cost  low  high  rate  low  high  growth  low  high  live  blow_up
 *                    low  high; one block an allocator, a row a value. x: the place on the axis,
 *                    which is linear in it; text: the value. cost: ns of a thread for a call; rate:
 *                    calls a second of all threads; growth, live: bytes.
 */
#include "chart_tables.h"
#include "curve.h"
#include "stream.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void put(struct stream *stream, double value)
{
    stream_print(stream, "\t");
    stream_number(stream, value, "NaN");
}

static void put_estimate(struct stream *stream, const struct estimate *estimate)
{
    put(stream, estimate->value);
    put(stream, estimate->low);
    put(stream, estimate->high);
}

static void write_point(struct stream *stream, const struct curve_point *point,
                        const struct summary_cell *cell)
{
    static const struct estimate none = {NAN, NAN, NAN, 0};
    bool ok = cell->status == STATUS_OK;
    stream_number(stream, point->x, "NaN");
    stream_print(stream, "\t%s", point->text);
    put_estimate(stream, ok ? &cell->ns_per_operation : &none);
    put_estimate(stream, ok ? &cell->throughput : &none);
    put_estimate(stream, ok ? &cell->peak_growth : &none);
    put(stream, ok ? cell->peak_live.value : NAN);
    put_estimate(stream, ok ? &cell->blow_up : &none);
    stream_print(stream, "\n");
}

static void write_curve(struct stream *stream, const struct summary *summary,
                        const struct curve *curve)
{
    for (size_t a = 0; a < summary->run->allocator_count; a++) {
        stream_print(stream, "%s", a > 0 ? "\n\n" : "");
        for (size_t i = 0; i < curve->count; i++)
            write_point(stream, &curve->points[i],
                        summary_cell(summary, curve->points[i].workload, a));
    }
}

/* "curve-webserver-threads-documents_4000", with a number where two have the same. */
static char *file_name(const struct curve_list *list, size_t which)
{
    const struct curve *curve = &list->curves[which];
    char *name = NULL, number[24] = "";
    size_t same = 0;
    for (size_t i = 0; i < which; i++)
        same += strcmp(list->curves[i].name, curve->name) == 0 &&
                strcmp(list->curves[i].param, curve->param) == 0 &&
                strcmp(list->curves[i].fixed, curve->fixed) == 0;
    if (same > 0)
        snprintf(number, sizeof number, "-%zu", same + 1);
    if (asprintf(&name, "curve-%.60s-%.40s%s%.80s%s", curve->name, curve->param,
                 curve->fixed[0] != '\0' ? "-" : "", curve->fixed, number) < 0)
        return NULL;
    for (char *c = name; *c != '\0'; c++)
        if (!isascii((unsigned char)*c) ||
            (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL))
            *c = '_';
    return name;
}

static const char *cpus_of(const struct run *run)
{
    for (size_t i = 0; i < run->fact_count; i++)
        if (strcmp(run->facts[i].name, "cpus") == 0 && atoi(run->facts[i].value) > 0)
            return run->facts[i].value;
    return "NaN";
}

static FILE *create(const char *directory, const char *name, const char *suffix)
{
    char *path = NULL;
    if (name == NULL || asprintf(&path, "%s/%s%s", directory, name, suffix) < 0) {
        errno = ENOMEM;
        return NULL;
    }
    FILE *file = fopen(path, "we");
    free(path);
    return file;
}

static int finish(struct stream *stream)
{
    int result = stream_finish(stream), error = errno;
    if (fclose(stream->file) != 0 && result == 0)
        return -1;
    errno = error;
    return result;
}

static int write_listed(struct stream *list_stream, const char *directory,
                        const struct summary *summary, const struct curve_list *list, size_t which)
{
    const struct curve *curve = &list->curves[which];
    char *name = file_name(list, which);
    struct stream stream;
    FILE *file = create(directory, name, ".tsv");
    if (file == NULL) {
        free(name);
        return -1;
    }
    stream_init(&stream, file);
    write_curve(&stream, summary, curve);
    stream_print(list_stream, "%zu\t%s.tsv\t", which, name);
    stream_line_text(list_stream, curve->name);
    stream_print(list_stream, "\t%s\t%s\t%d\t%s\t%zu\n", curve->param,
                 curve->fixed[0] != '\0' ? curve->fixed : " ", curve->threads,
                 cpus_of(summary->run), curve->count);
    free(name);
    return finish(&stream);
}

int curve_tables_write(const char *directory, const struct summary *summary)
{
    struct curve_list list;
    struct stream stream;
    FILE *file = NULL;
    int result = curve_list_make(&list, summary->run);
    if (result == 0 && (file = create(directory, "curves", ".tsv")) == NULL)
        result = -1;
    if (file != NULL) {
        stream_init(&stream, file);
        stream_print(&stream, "index\tfile\tworkload\tparam\tfixed\tthreads\tcpus\tpoints\n");
        for (size_t i = 0; i < list.count && result == 0; i++)
            result = write_listed(&stream, directory, summary, &list, i);
        if (finish(&stream) != 0)
            result = -1;
    }
    curve_list_release(&list);
    return result;
}
