/* heapmark trace info, for people; see trace_output.h. */
#include "trace_output.h"

#include "figures_text.h"
#include "stream.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_SHOWN = 16 };

#define GROUPED(value) figures_grouped((char[FIGURES_TEXT_BYTES]){0}, (value))
#define SHARE(a, b)    figures_share((char[FIGURES_TEXT_BYTES]){0}, (a), (b))
#define BYTES(value)   units_print_bytes((char[UNITS_TEXT_BYTES]){0}, (int64_t)(value))
#define TIME(value)    units_print_duration((char[UNITS_TEXT_BYTES]){0}, (int64_t)(value))
#define COUNT(value)   units_print_count((char[UNITS_TEXT_BYTES]){0}, (double)(value))

const char *trace_output_unfinished(const struct trace_named *trace)
{
    const char *end = trace_facts_find(trace_reader_facts(trace->reader), "end");
    if (!trace_reader_is_complete(trace->reader))
        return "half-written: the recorder was killed, or is still at work";
    if (end != NULL && strncmp(end, "signal", 6) == 0)
        return "killed by a signal";
    if (end != NULL && strcmp(end, "exec") == 0)
        return "replaced by another program (exec)";
    if (end != NULL && strcmp(end, "cut") == 0)
        return "cut off before the program's end";
    return NULL;
}

char *trace_output_not_carried(char *text, const struct trace_facts *facts)
{
    static const struct {
        const char *fact, *name;
    } carried[] = {
        {"has_times",      "times"                   },
        {"has_threads",    "threads"                 },
        {"has_alignments", "alignments"              },
        {"has_addresses",  "addresses"               },
        {"has_failures",   "failed calls"            },
        {"has_reallocs",   "reallocs"                },
        {"has_identities", "which block is freed"    },
        {"has_order",      "the order across threads"},
    };
    text[0] = '\0';
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        const char *value = trace_facts_find(facts, carried[i].fact);
        size_t used = strlen(text);
        if (value != NULL && strcmp(value, "no") == 0)
            snprintf(text + used, TRACE_NOT_CARRIED_BYTES - used, "%s%s", used > 0 ? ", " : "",
                     carried[i].name);
    }
    return text;
}

static void print_fact(struct stream *out, const char *title, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    stream_print(out, "  %-12s ", title);
    stream_line_text(out, value);
    stream_print(out, "\n");
}

static void print_facts(struct stream *out, const struct trace_named *trace)
{
    /* Those with a line of their own elsewhere. */
    static const char *const said[] = {"has_times",      "has_threads",  "has_alignments",
                                       "has_addresses",  "has_failures", "has_reallocs",
                                       "has_identities", "has_order",    "inherited",
                                       "stalls",         "stall_ns",     "lost",
                                       "clock_step_ns"};
    const struct trace_facts *facts = trace_reader_facts(trace->reader);
    for (size_t i = 0; i < facts->count; i++) {
        size_t k = 0, count = sizeof said / sizeof said[0];
        while (k < count && strcmp(said[k], facts->entry[i].name) != 0)
            k++;
        if (k == count)
            print_fact(out, facts->entry[i].name, facts->entry[i].value);
    }
    char missing[TRACE_NOT_CARRIED_BYTES];
    print_fact(out, "not carried", trace_output_not_carried(missing, facts));
    if (trace_facts_yes(facts, "inherited"))
        print_fact(out, "inherited", "blocks from before the recording may be freed or resized");
}

static uint64_t number_of(const struct trace_facts *facts, const char *name)
{
    const char *value = trace_facts_find(facts, name);
    return value != NULL ? strtoull(value, NULL, 10) : 0;
}

static void print_file(struct stream *out, const struct trace_named *trace,
                       const struct survey *survey)
{
    const struct trace_facts *facts = trace_reader_facts(trace->reader);
    uint64_t stalls = number_of(facts, "stalls"), lost = number_of(facts, "lost");
    uint64_t bytes = trace_reader_file_bytes(trace->reader),
             step = number_of(facts, "clock_step_ns");
    stream_print(out, "  %-12s %s, %.2f bytes an operation, %s\n", "file", BYTES(bytes),
                 survey->operations > 0 ? (double)bytes / (double)survey->operations : 0,
                 trace_reader_is_complete(trace->reader) ? "complete"
                                                         : trace_output_unfinished(trace));
    if (step > 0)
        stream_print(out, "  %-12s up to %s apart: a shorter life may count as 0 ns\n", "times",
                     TIME(step));
    if (trace_facts_find(facts, "stalls") != NULL)
        stream_print(out, "  %-12s %s, %s in all: how often the program waited for the recorder\n",
                     "stalls", GROUPED(stalls), TIME(number_of(facts, "stall_ns")));
    if (lost > 0)
        stream_print(out, "  %-12s %s operations of the last instant\n", "lost", GROUPED(lost));
    if (survey->mistakes > 0)
        stream_print(out,
                     "  %-12s %s: this cannot have happened as it stands; heapmark trace verify "
                     "tells where\n",
                     "MISTAKES", GROUPED(survey->mistakes));
}

static void print_calls(struct stream *out, const struct survey *survey)
{
    stream_print(out, "\n%s call%s", GROUPED(survey->calls), survey->calls == 1 ? "" : "s");
    if (survey->duration_ns > 0)
        stream_print(out, " in %s, %s a second", TIME(survey->duration_ns),
                     COUNT((double)survey->calls / ((double)survey->duration_ns / 1e9)));
    stream_print(out, ", %" PRIu32 " thread%s\n", survey->thread_count,
                 survey->thread_count == 1 ? "" : "s");
    stream_print(out, "  %-15s %15s %8s %10s %12s\n", "kind", "calls", "share", "failed", "bytes");
    for (unsigned kind = 1; kind < TRACE_KIND_COUNT; kind++) {
        const struct survey_kind *of = &survey->kind[kind];
        if (of->calls == 0)
            continue;
        stream_print(out, "  %-15s %15s %8s %10s %12s\n", trace_kind_name(kind), GROUPED(of->calls),
                     SHARE(of->calls, survey->calls), GROUPED(of->failed),
                     kind == TRACE_FREE ? "" : BYTES(of->bytes));
    }
    uint64_t resized = survey->kind[TRACE_REALLOC].calls + survey->kind[TRACE_REALLOCARRAY].calls;
    if (resized > 0)
        stream_print(out,
                     "  of the reallocs: %s in place, %s moved, %s of NULL, %s to nothing%s%s%s\n",
                     GROUPED(survey->resized_in_place), GROUPED(survey->resized_moved),
                     GROUPED(survey->resized_from_null), GROUPED(survey->resized_to_nothing),
                     survey->split > 0 ? "; " : "", survey->split > 0 ? GROUPED(survey->split) : "",
                     survey->split > 0 ? " with calls of other threads in between" : "");
    if (survey->freed_null > 0)
        stream_print(out, "  of the frees: %s of NULL\n", GROUPED(survey->freed_null));
    if (survey->foreign > 0)
        stream_print(out, "  %s blocks from before the recording were freed or resized\n",
                     GROUPED(survey->foreign));
}

static void print_blocks(struct stream *out, const struct survey *survey)
{
    const struct survey_moment *peak = &survey->peak, *end = &survey->end;
    stream_print(out, "\n  %-12s %s, %s in all, mean %s, largest %s\n", "allocated",
                 GROUPED(survey->objects), BYTES(survey->bytes),
                 BYTES(survey->objects > 0 ? survey->bytes / survey->objects : 0),
                 BYTES(survey->largest));
    stream_print(out, "  %-12s %s in %s blocks (%s bytes), after operation %" PRIu64 " (%s)",
                 "peak", BYTES(peak->bytes), GROUPED(peak->blocks), GROUPED(peak->bytes),
                 peak->operation, SHARE(peak->operation + 1, survey->operations));
    if (survey->duration_ns > 0)
        stream_print(out, ", at %s (%s)", TIME(peak->time_ns),
                     SHARE(peak->time_ns, survey->duration_ns));
    stream_print(out, "\n  %-12s %s blocks at once\n", "most", GROUPED(survey->most_blocks));
    stream_print(out, "  %-12s %s in %s blocks never freed%s\n", "end", BYTES(end->bytes),
                 GROUPED(end->blocks), end->blocks > 0 ? "; see heapmark trace leaks" : "");
    stream_print(out, "  %-12s %s of %s freed or resized by another thread (%s)\n", "across",
                 GROUPED(survey->ended_of_others), GROUPED(survey->ended),
                 SHARE(survey->ended_of_others, survey->ended));
}

static int compare_calls(const void *left, const void *right)
{
    const struct survey_thread *const *a = left, *const *b = right;
    if ((*a)->calls != (*b)->calls)
        return (*a)->calls < (*b)->calls ? 1 : -1;
    return (*a > *b) - (*a < *b);
}

/* The busiest ones. */
static void print_threads(struct stream *out, const struct trace_named *trace,
                          const struct survey *survey)
{
    if (survey->thread_count < 2)
        return;
    const struct survey_thread **order = calloc(survey->thread_count, sizeof *order);
    if (order == NULL) {
        out->error = out->error != 0 ? out->error : ENOMEM;
        return;
    }
    for (uint32_t i = 0; i < survey->thread_count; i++)
        order[i] = &survey->threads[i];
    qsort(order, survey->thread_count, sizeof *order, compare_calls);
    stream_print(out, "\n  %-6s %-16s %14s %7s %11s %18s %10s\n", "thread", "name", "calls",
                 "share", "allocated", "freed of others'", survey->duration_ns > 0 ? "until" : "");
    for (uint32_t i = 0; i < survey->thread_count && i < THREADS_SHOWN; i++) {
        uint32_t number = (uint32_t)(order[i] - survey->threads);
        const struct trace_thread *thread = trace_reader_thread(trace->reader, number);
        stream_print(out, "  %-6" PRIu32 " ", number);
        stream_padded(out, thread->name, 16);
        stream_print(out, " %14s %7s %11s %18s %10s\n", GROUPED(order[i]->calls),
                     SHARE(order[i]->calls, survey->calls), BYTES(order[i]->bytes),
                     GROUPED(order[i]->ended_of_others),
                     survey->duration_ns > 0 ? TIME(order[i]->last_ns) : "");
    }
    if (survey->thread_count > THREADS_SHOWN)
        stream_print(out, "  ... and %" PRIu32 " more\n", survey->thread_count - THREADS_SHOWN);
    free(order);
}

static void print_curve(struct stream *out, const char *title, const struct live_curve *curve,
                        uint64_t end)
{
    uint64_t most[FIGURES_CURVE_COLUMNS];
    char line[FIGURES_LINE_BYTES];
    live_curve_resample(curve, end, most, FIGURES_CURVE_COLUMNS);
    stream_print(out, "  %-16s |%s|\n", title, figures_curve(line, most, figures_utf8()));
}

typedef char *print_value_fn(char *text, int64_t value);

static char *print_plain(char *text, int64_t value)
{
    return figures_grouped(text, (uint64_t)value);
}

static void print_histogram(struct stream *out, const char *title,
                            const struct histogram *histogram, print_value_fn *print)
{
    unsigned first, last;
    uint64_t most = 0;
    char line[FIGURES_LINE_BYTES], text[UNITS_TEXT_BYTES];
    if (!histogram_span(histogram, &first, &last))
        return;
    for (unsigned i = first; i <= last; i++)
        most = histogram->count[i] > most ? histogram->count[i] : most;
    stream_print(out, "\n%s\n", title);
    for (unsigned i = first; i <= last; i++) {
        uint64_t upper = histogram_most(i);
        if (histogram_gap(histogram, i)) {
            if (!histogram_gap(histogram, i - 1))
                stream_print(out, "     ...\n");
            continue;
        }
        stream_print(out, "  %s%-11s %13s %7s %s\n", i < 3 ? "   " : "to ",
                     print(text, upper > INT64_MAX ? INT64_MAX : (int64_t)upper),
                     GROUPED(histogram->count[i]), SHARE(histogram->count[i], histogram->total),
                     figures_bar(line, histogram->count[i], most, figures_utf8()));
    }
}

int trace_output_info_text(FILE *file, const struct trace_named *trace, const struct survey *survey)
{
    struct stream out;
    stream_init(&out, file);
    stream_line_text(&out, trace->path);
    stream_print(&out, "\n");
    print_facts(&out, trace);
    print_file(&out, trace, survey);
    print_calls(&out, survey);
    print_blocks(&out, survey);
    print_threads(&out, trace, survey);
    if (survey->peak.bytes > 0) {
        stream_print(&out, "\nlive bytes, up to %s\n", BYTES(survey->peak.bytes));
        print_curve(&out, "over operations", &survey->by_operation, survey->operations);
        if (survey->duration_ns > 0)
            print_curve(&out, "over time", &survey->by_time, survey->duration_ns + 1);
    }
    print_histogram(&out,
                    "sizes of blocks: how many were asked for up to that size, and over the "
                    "one before",
                    &survey->sizes, units_print_bytes);
    print_histogram(&out, "lifetimes of blocks that were freed or resized, in operations",
                    &survey->lifetimes, print_plain);
    if (survey->duration_ns > 0)
        print_histogram(&out, "the same, in time", &survey->lifetimes_ns, units_print_duration);
    return stream_finish(&out);
}
