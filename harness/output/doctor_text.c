/* What heapmark doctor found, for a terminal: what disturbs comes with the way to mend it. */
#include "doctor_output.h"

#include "stream.h"

#include <math.h>

enum { WORD_COLUMNS = 8, NAME_COLUMNS = 16 };

static void print_finding(struct stream *stream, const struct finding *finding)
{
    stream_padded(stream, severity_word(finding->severity), WORD_COLUMNS);
    stream_padded(stream, finding->name, NAME_COLUMNS);
    stream_line_text(stream, finding->found);
    stream_print(stream, "\n");
    if (finding->effect != NULL)
        stream_print(stream, "%*s%s\n", WORD_COLUMNS + NAME_COLUMNS, "", finding->effect);
    if (finding->mend[0] != '\0')
        stream_print(stream, "%*smend: %s\n", WORD_COLUMNS + NAME_COLUMNS, "", finding->mend);
}

static void print_percent(struct stream *stream, const char *sign, double value, bool extrapolated)
{
    if (isnan(value))
        stream_print(stream, "unknown");
    else
        stream_print(stream, "%s%.2f %%%s", sign, 100 * value,
                     extrapolated ? " (extrapolated)" : "");
}

static void print_looks(struct stream *stream, const struct self_noise *noise)
{
    stream_print(stream, "%8s %9s  interval is\n", "pairs", "seconds");
    for (size_t i = 0; i < noise->look_count; i++) {
        const struct self_noise_look *look = &noise->look[i];
        stream_print(stream, "%8zu %9.1f  ", look->pairs, (double)look->pairs * noise->pair_s);
        print_percent(stream, "+-", look->half_width, look->extrapolated);
        stream_print(stream, "\n");
    }
}

static void print_disturbed(struct stream *stream, const struct doctor_result *result)
{
    stream_print(stream, "%zu of %zu trials were disturbed", result->disturbed, result->trials);
    for (unsigned i = 0, named = 0; i < DISTURBANCE_COUNT; i++)
        if (result->disturbed_by[i] > 0)
            stream_print(stream, "%s%s %zu", named++ > 0 ? ", " : ": ",
                         disturbance_word((enum disturbance)i), result->disturbed_by[i]);
    stream_print(stream, "\n");
    for (unsigned i = 0; i < NOISE_FLAG_COUNT; i++)
        if (result->flags[i].raised)
            stream_print(stream, "flag %s: %.3g (limit %.3g)\n",
                         noise_flag_word((enum noise_flag_name)i), result->flags[i].figure,
                         noise_flag_limit((enum noise_flag_name)i));
}

static void print_noise(struct stream *stream, const struct doctor_result *result)
{
    const struct self_noise *noise = &result->noise;
    const struct verdict_cell *self = &noise->self;
    stream_print(stream, "\n%s compared with itself, workload %s: %zu pairs of %.2f s\n",
                 result->allocator, result->workload, noise->pairs, noise->pair_s);
    print_looks(stream, noise);
    stream_print(stream, "the smallest change found in 9 of 10 comparisons of at most %.0f s: ",
                 (double)noise->look[noise->look_count - 1].pairs * noise->pair_s);
    if (isnan(noise->smallest))
        stream_print(stream, "none up to 50 %%");
    else
        print_percent(stream, "", noise->smallest, noise->smallest_extrapolated);
    stream_print(stream, "\nverdict with a threshold of 2 %%: %s (of %zu pairs)\n",
                 verdict_name(self), self->pairs);
    print_disturbed(stream, result);
}

int doctor_text(FILE *file, const struct doctor_result *result)
{
    struct stream stream;
    stream_init(&stream, file);
    size_t warnings = findings_count(&result->findings, SEVERITY_WARNING);
    for (size_t i = 0; i < result->findings.count; i++)
        print_finding(&stream, &result->findings.item[i]);
    if (result->measured)
        print_noise(&stream, result);
    stream_print(&stream, "\n%zu %s, %zu %s\n", warnings, warnings == 1 ? "warning" : "warnings",
                 findings_count(&result->findings, SEVERITY_NOTE),
                 findings_count(&result->findings, SEVERITY_NOTE) == 1 ? "note" : "notes");
    return stream_finish(&stream);
}
