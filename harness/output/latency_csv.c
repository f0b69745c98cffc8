/*
 * Times of single calls and of requests as CSV (RFC 4180), over all blocks: percentiles by kind of
 * call and size, or the histograms themselves. Times are in seconds; `bytes_maximum` is empty where
 * there is no limit.
 */
#include "latency_merge.h"
#include "output.h"
#include "stream.h"

#include <errno.h>
#include <math.h>

#define ROW_END  "\r\n"
#define PS_PER_S 1e12

struct rows {
    struct stream stream;
    const struct summary *summary;
    struct trial_key cell;
};

static void put_time(struct stream *stream, int64_t ps)
{
    stream_print(stream, ",");
    stream_number(stream, ps == MEASURE_NONE ? NAN : (double)ps / PS_PER_S, "");
}

static void put_head(struct rows *rows, int kind, int size_class)
{
    const struct run *run = rows->summary->run;
    struct stream *stream = &rows->stream;
    stream_csv_text(stream, run->name);
    stream_print(stream, ",");
    stream_csv_text(stream, run->workloads[rows->cell.workload].label);
    stream_print(stream, ",");
    stream_csv_text(stream, run->allocators[rows->cell.allocator].name);
    stream_print(stream, ",%s,", kind == LATENCY_ANY ? "all" : latency_kind_name((unsigned)kind));
    if (size_class == LATENCY_ANY)
        stream_print(stream, "all");
    else
        stream_measure(stream, latency_class_bytes((unsigned)size_class) > 0
                                   ? latency_class_bytes((unsigned)size_class)
                                   : MEASURE_NONE);
}

static void put_percentiles(struct rows *rows, int kind, int size_class)
{
    struct latency_merged merged;
    struct stream *stream = &rows->stream;
    if (latency_merge(&merged, rows->summary, &rows->cell, kind, size_class) < 0) {
        stream->error = ENOMEM;
        return;
    }
    if (merged.calls > 0) {
        put_head(rows, kind, size_class);
        stream_print(stream, ",%s,%lld", merged.paced ? "due" : "start", (long long)merged.gap);
        put_time(stream, merged.timer_ps);
        stream_print(stream, ",%lld", (long long)merged.calls);
#define X(name, title, share) \
    put_time(stream, latency_percentile_ps(merged.bins, merged.count, share));
        LATENCY_PERCENTILES(X)
#undef X
        put_time(stream, latency_merged_longest_ps(&merged));
        stream_print(stream, ROW_END);
    }
    latency_merged_release(&merged);
}

static void put_histogram(struct rows *rows, int kind, int size_class)
{
    struct latency_merged merged;
    if (kind == LATENCY_ANY || size_class == LATENCY_ANY)
        return;
    if (latency_merge(&merged, rows->summary, &rows->cell, kind, size_class) < 0) {
        rows->stream.error = ENOMEM;
        return;
    }
    for (size_t i = 0; i < merged.count; i++) {
        put_head(rows, kind, size_class);
        put_time(&rows->stream, merged.bins[i].time_ps);
        stream_print(&rows->stream, ",%lld" ROW_END, (long long)merged.bins[i].calls);
    }
    latency_merged_release(&merged);
}

/* Requests have no size. */
static void write_group(struct rows *rows, enum latency_group group,
                        void (*put)(struct rows *rows, int kind, int size_class))
{
    int last_class = LATENCY_CLASSES - 1;
    int first_class = group == LATENCY_OF_REQUESTS ? last_class : LATENCY_ANY;
    if (latency_measured(rows->summary, rows->cell.workload, group) == NULL)
        return;
    for (unsigned a = 0; a < rows->summary->run->allocator_count; a++)
        for (int kind = latency_group_first(group); kind < latency_group_end(group); kind++)
            for (int size_class = first_class; size_class <= last_class; size_class++) {
                rows->cell.allocator = a;
                put(rows, kind, size_class);
            }
}

static int write_rows(FILE *file, const struct summary *summary, const char *heading,
                      void (*put)(struct rows *rows, int kind, int size_class))
{
    struct rows rows = {.summary = summary};
    stream_init(&rows.stream, file);
    stream_print(&rows.stream, "run,workload,allocator,call,bytes_maximum,%s" ROW_END, heading);
    for (unsigned w = 0; w < summary->run->workload_count; w++)
        for (int group = 0; group < LATENCY_GROUPS; group++) {
            rows.cell = (struct trial_key){.workload = w};
            write_group(&rows, (enum latency_group)group, put);
        }
    return stream_finish(&rows.stream);
}

int output_latency_csv(FILE *file, const struct summary *summary)
{
    return write_rows(file, summary, "from,gap,timer,timed,p50,p90,p99,p999,p9999,max",
                      put_percentiles);
}

int output_histogram_csv(FILE *file, const struct summary *summary)
{
    return write_rows(file, summary, "time,calls", put_histogram);
}
