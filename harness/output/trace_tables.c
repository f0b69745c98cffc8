/* The tables of the charts of a trace; see trace_output.h. */
#include "trace_output.h"

#include "message.h"
#include "paths.h"
#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_PARTS = 512 };

typedef void write_rows_fn(struct stream *out, const struct survey *survey);

static void put_histogram(struct stream *out, const struct histogram *histogram, double unit)
{
    unsigned first, last;
    if (!histogram_span(histogram, &first, &last))
        return;
    for (unsigned i = first; i <= last; i++) {
        if (histogram_gap(histogram, i))
            continue;
        stream_number(out, (double)histogram_most(i) / unit, "NaN");
        stream_print(out, "\t%" PRIu64 "\t", histogram->count[i]);
        stream_number(out, (double)histogram->count[i] / (double)histogram->total, "NaN");
        stream_print(out, "\n");
    }
}

static void put_sizes(struct stream *out, const struct survey *survey)
{
    stream_print(out, "upto_bytes\tcount\tshare\n");
    put_histogram(out, &survey->sizes, 1);
}

static void put_lifetimes(struct stream *out, const struct survey *survey)
{
    stream_print(out, "upto_operations\tcount\tshare\n");
    put_histogram(out, &survey->lifetimes, 1);
}

static void put_lifetimes_time(struct stream *out, const struct survey *survey)
{
    stream_print(out, "upto_s\tcount\tshare\n");
    if (survey->duration_ns > 0)
        put_histogram(out, &survey->lifetimes_ns, 1e9);
}

/* A row where a step begins and one where it ends. */
static void put_curve(struct stream *out, const struct live_curve *curve, uint64_t end, double unit)
{
    struct live_curve_part part[CURVE_PARTS];
    size_t count = live_curve_parts(curve, end, part, CURVE_PARTS);
    for (size_t i = 0; i < 2 * count; i++) {
        stream_number(out, i == 0 ? 0 : (double)part[(i - 1) / 2].end / unit, "NaN");
        stream_print(out, "\t%" PRIu64 "\n", part[i / 2].most);
    }
}

static void put_live(struct stream *out, const struct survey *survey)
{
    stream_print(out, "operation\tlive_bytes\n");
    put_curve(out, &survey->by_operation, survey->operations, 1);
}

static void put_live_time(struct stream *out, const struct survey *survey)
{
    stream_print(out, "time_s\tlive_bytes\n");
    if (survey->duration_ns > 0)
        put_curve(out, &survey->by_time, survey->duration_ns + 1, 1e9);
}

static int write_table(const char *folder, const char *name, write_rows_fn *put_rows,
                       const struct survey *survey, char *message)
{
    char *path = path_join(folder, name);
    FILE *file = path != NULL ? fopen(path, "we") : NULL;
    int error = file != NULL ? 0 : errno;
    if (file != NULL) {
        struct stream out;
        stream_init(&out, file);
        put_rows(&out, survey);
        if (stream_finish(&out) < 0)
            error = errno;
        if (fclose(file) != 0 && error == 0)
            error = errno;
    }
    if (error != 0)
        message_set(message, "cannot write %s: %s", path != NULL ? path : name, strerror(error));
    free(path);
    return error == 0 ? 0 : -1;
}

int trace_output_tables(const char *folder, const struct survey *survey, char *message)
{
    static const struct {
        const char *name;
        write_rows_fn *put;
    } tables[] = {
        {"sizes.tsv",          put_sizes         },
        {"lifetimes.tsv",      put_lifetimes     },
        {"lifetimes_time.tsv", put_lifetimes_time},
        {"live.tsv",           put_live          },
        {"live_time.tsv",      put_live_time     },
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (write_table(folder, tables[i].name, tables[i].put, survey, message) < 0)
            return -1;
    return 0;
}
