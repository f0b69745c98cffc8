/* heapmark trace leaks, for people; see trace_output.h. */
#include "trace_output.h"

#include "figures_text.h"
#include "stream.h"
#include "units.h"

#include <inttypes.h>

#define GROUPED(value) figures_grouped((char[FIGURES_TEXT_BYTES]){0}, (value))
#define SHARE(a, b)    figures_share((char[FIGURES_TEXT_BYTES]){0}, (a), (b))
#define BYTES(value)   units_print_bytes((char[UNITS_TEXT_BYTES]){0}, (int64_t)(value))
#define TIME(value)    units_print_duration((char[UNITS_TEXT_BYTES]){0}, (int64_t)(value))

static void print_sizes(struct stream *out, const struct leaks *leaks, size_t top)
{
    stream_print(out, "\n  by size\n  %12s %14s %12s %7s %8s  %s\n", "size", "blocks", "bytes",
                 "share", "threads",
                 leaks->duration_ns > 0 ? "first at operation (time)" : "first at operation");
    for (size_t i = 0; i < leaks->sizes && i < top; i++) {
        const struct leak_group *group = &leaks->by_size[i];
        stream_print(out, "  %12s %14s %12s %7s %8" PRIu32 "  %" PRIu64, GROUPED(group->key),
                     GROUPED(group->blocks), BYTES(group->bytes), SHARE(group->bytes, leaks->bytes),
                     group->threads, group->oldest_operation);
        if (leaks->duration_ns > 0)
            stream_print(out, " (%s)", TIME(group->oldest_ns));
        stream_print(out, "\n");
    }
    if (leaks->sizes > top)
        stream_print(out, "  ... and %zu more sizes\n", leaks->sizes - top);
}

static void print_threads(struct stream *out, const struct trace_named *trace,
                          const struct leaks *leaks, size_t top)
{
    stream_print(out, "\n  by thread that allocated\n  %6s %-16s %14s %12s %7s\n", "thread", "name",
                 "blocks", "bytes", "share");
    for (size_t i = 0; i < leaks->threads && i < top; i++) {
        const struct leak_group *group = &leaks->by_thread[i];
        stream_print(out, "  %6" PRIu32 " ", group->thread);
        stream_padded(out, trace_reader_thread(trace->reader, group->thread)->name, 16);
        stream_print(out, " %14s %12s %7s\n", GROUPED(group->blocks), BYTES(group->bytes),
                     SHARE(group->bytes, leaks->bytes));
    }
    if (leaks->threads > top)
        stream_print(out, "  ... and %zu more threads\n", leaks->threads - top);
}

static void print_ages(struct stream *out, const struct leaks *leaks)
{
    bool timed = leaks->duration_ns > 0;
    const struct histogram *ages = timed ? &leaks->age_ns : &leaks->age;
    const uint64_t *bytes = timed ? leaks->age_ns_bytes : leaks->age_bytes;
    char line[FIGURES_LINE_BYTES];
    unsigned first, last;
    uint64_t most = 0;
    if (!histogram_span(ages, &first, &last))
        return;
    for (unsigned i = first; i <= last; i++)
        most = bytes[i] > most ? bytes[i] : most;
    stream_print(out, "\n  by age at the end%s\n  %12s %14s %12s\n", timed ? "" : ", in operations",
                 "up to", "blocks", "bytes");
    for (unsigned i = first; i <= last; i++)
        if (!histogram_gap(ages, i))
            stream_print(out, "  %12s %14s %12s %s\n",
                         timed ? TIME(histogram_most(i)) : GROUPED(histogram_most(i)),
                         GROUPED(ages->count[i]), BYTES(bytes[i]),
                         figures_bar(line, bytes[i], most, figures_utf8()));
}

int trace_output_leaks_text(FILE *file, const struct trace_named *trace, const struct leaks *leaks,
                            size_t top)
{
    struct stream out;
    const char *unfinished = trace_output_unfinished(trace);
    stream_init(&out, file);
    stream_line_text(&out, trace->path);
    if (leaks->blocks == 0)
        stream_print(&out, ": everything was freed: %s blocks, %s\n", GROUPED(leaks->objects),
                     BYTES(leaks->bytes_begun));
    else
        stream_print(&out, ": %s of %s blocks never freed, %s of %s\n", GROUPED(leaks->blocks),
                     GROUPED(leaks->objects), BYTES(leaks->bytes), BYTES(leaks->bytes_begun));
    if (unfinished != NULL && leaks->blocks > 0)
        stream_print(
            &out,
            "  The trace does not end where the program ended by itself (%s): these blocks "
            "were alive then, which is no leak.\n",
            unfinished);
    if (leaks->blocks > 0) {
        print_sizes(&out, leaks, top);
        print_threads(&out, trace, leaks, top);
        print_ages(&out, leaks);
    }
    return stream_finish(&out);
}
