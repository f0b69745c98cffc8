/* heapmark trace profile: the table for people, and for programs; see trace_output.h. */
#include "trace_output.h"

#include "figures_text.h"
#include "stream.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GROUPED(value) figures_grouped((char[FIGURES_TEXT_BYTES]){0}, (value))
#define COUNT(value)   units_print_count((char[UNITS_TEXT_BYTES]){0}, (value))

/* docs/traces.md says what each column holds. */
static const char heading[] =
    "size,alloc_rate,num_live,least,most,objects,share,share_bytes,lifetime_p50,lifetime_p90,"
    "lifetime_p99,share_ended,share_calloc,share_realloc,share_cross_thread\n";

static void put_csv_row(struct stream *out, const struct profile_row *row, bool bare)
{
    const double shares[] = {row->share_ended, row->share_calloc, row->share_realloc,
                             row->share_cross_thread};
    stream_print(out, "%" PRIu64 ",", row->size);
    stream_number(out, row->alloc_rate, "");
    stream_print(out, ",");
    stream_number(out, row->num_live, "");
    if (!bare) {
        stream_print(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", row->least, row->most,
                     row->objects);
        stream_number(out, row->share, "");
        stream_print(out, ",");
        stream_number(out, row->share_bytes, "");
        stream_print(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, row->lifetime_p50, row->lifetime_p90,
                     row->lifetime_p99);
        for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
            stream_print(out, ",");
            stream_number(out, shares[i], "");
        }
    }
    stream_print(out, "\n");
}

int trace_output_profile_csv(FILE *file, const struct profile *profile, bool bare)
{
    struct stream out;
    struct profile_row row;
    stream_init(&out, file);
    if (!bare)
        stream_print(&out, "%s", heading);
    for (unsigned class = 0; class < PROFILE_CLASSES; class ++)
        if (profile_row(profile, class, &row))
            put_csv_row(&out, &row, bare);
    return stream_finish(&out);
}

static int compare_rows(const void *left, const void *right)
{
    const struct profile_row *a = left, *b = right;
    if (a->objects != b->objects)
        return a->objects < b->objects ? 1 : -1;
    return (a->size > b->size) - (a->size < b->size);
}

static char *lifetime(char *text, const struct profile *profile, const struct profile_row *row,
                      uint64_t value)
{
    if (row->share_ended <= 0)
        return memcpy(text, "-", sizeof "-");
    return profile->timed ? units_print_duration(text, (int64_t)value)
                          : units_print_count(text, (double)value);
}

static void put_text_row(struct stream *out, const struct profile *profile,
                         const struct profile_row *row)
{
    char p50[UNITS_TEXT_BYTES], p90[UNITS_TEXT_BYTES], p99[UNITS_TEXT_BYTES];
    stream_print(out, "  %9s %9s %6.1f %% %9s  %9s %9s %9s  %5.0f %% %5.0f %% %5.0f %%\n",
                 GROUPED(row->size), COUNT(row->alloc_rate), 100 * row->share, COUNT(row->num_live),
                 lifetime(p50, profile, row, row->lifetime_p50),
                 lifetime(p90, profile, row, row->lifetime_p90),
                 lifetime(p99, profile, row, row->lifetime_p99), 100 * row->share_calloc,
                 100 * row->share_realloc, 100 * row->share_cross_thread);
}

int trace_output_profile_text(FILE *file, const struct trace_named *trace,
                              const struct profile *profile, size_t top)
{
    struct stream out;
    size_t count = 0;
    struct profile_row *rows = calloc(PROFILE_CLASSES, sizeof *rows);
    if (rows == NULL) {
        errno = ENOMEM;
        return -1;
    }
    for (unsigned class = 0; class < PROFILE_CLASSES; class ++)
        count += profile_row(profile, class, &rows[count]);
    qsort(rows, count, sizeof *rows, compare_rows);
    stream_init(&out, file);
    stream_line_text(&out, trace->path);
    stream_print(&out, ": %s blocks of %zu sizes; rates are a%s, lifetimes %s, at most so long\n",
                 GROUPED(profile->objects), count,
                 profile->timed ? " second" : "n operation (the trace has no times)",
                 profile->timed ? "in time" : "in operations");
    stream_print(&out, "  %9s %9s %8s %9s  %9s %9s %9s  %7s %7s %7s\n", "size", "rate", "share",
                 "live", "life p50", "p90", "p99", "calloc", "realloc", "across");
    for (size_t i = 0; i < count && i < top; i++)
        put_text_row(&out, profile, &rows[i]);
    if (count > top)
        stream_print(&out, "  ... and %zu more sizes\n", count - top);
    free(rows);
    return stream_finish(&out);
}
