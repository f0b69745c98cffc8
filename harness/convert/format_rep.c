/*
 * The .rep traces of CMU's malloc exercises: four numbers, then one operation a line.
 *
 *   a id bytes      r id bytes      f id       (f -1: free(NULL))
 * Of the four numbers the second and third are the count of ids and of operations; the first and
 * the last are the heap's size and a weight, or the other way round in newer hand-outs. Which, the
 * live peak tells; the operations do not depend on it.
 */
#include "export.h"
#include "import.h"
#include "message.h"
#include "source.h"
#include "text_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HEADER_FIRST, HEADER_IDS, HEADER_OPERATIONS, HEADER_LAST, HEADER_NUMBERS };

/* One number a line, as the hand-outs have it; several in a line are taken, too. Returns how many
 * are in all, or -1 when something else stands there. */
static int take_header(const char *line, uint64_t *header, int have)
{
    for (;;) {
        text_blanks(&line);
        if (*line == '\0')
            return have;
        if (have == HEADER_NUMBERS || !text_number(&line, 10, &header[have]))
            return -1;
        have++;
    }
}

static bool parse(const char *at, struct import_event *event)
{
    uint64_t id;
    char letter = *at;
    if (letter == '\0' || strchr("arf", letter) == NULL || at[1] != ' ')
        return false;
    at++;
    text_blanks(&at);
    *event = (struct import_event){.kind = letter == 'a'   ? TRACE_MALLOC
                                           : letter == 'r' ? TRACE_REALLOC
                                                           : TRACE_FREE};
    if (letter == 'f' && text_word(&at, "-1"))
        return text_ends(at);
    if (!text_number(&at, 10, &id) || id == UINT64_MAX)
        return false;
    if (letter != 'f') {
        text_blanks(&at);
        event->key = id + 1;
        if (!text_number(&at, 10, &event->size))
            return false;
    }
    if (letter != 'a')
        event->old_key = id + 1;
    return text_ends(at);
}

static bool sniff(const unsigned char *start, size_t bytes)
{
    char line[128];
    uint64_t header[HEADER_NUMBERS];
    int have = 0;
    while (have < HEADER_NUMBERS && text_next_line(&start, &bytes, line, sizeof line))
        if ((have = take_header(line, header, have)) < 0)
            return false;
    if (have < HEADER_NUMBERS || !text_next_line(&start, &bytes, line, sizeof line))
        return false;
    struct import_event event;
    return parse(line, &event);
}

static void tell_order(struct import *import, const uint64_t *header)
{
    uint64_t first = header[HEADER_FIRST], last = header[HEADER_LAST];
    uint64_t peak = import->live_peak_bytes;
    const char *order =
        first > last ? "heap size first, weight last" : "weight first, heap size last";
    const char *why = "the larger one is taken for the heap; neither holds the live peak";
    if (first >= peak || last >= peak)
        why = "one of them holds the live peak";
    if (first == last || (first >= peak && last >= peak))
        why = "either order would do";
    snprintf(import->note, sizeof import->note, "header taken as: %s (%s)", order, why);
}

static int check_counts(struct import *import, const uint64_t *header, uint64_t lines,
                        char *message)
{
    char reason[160];
    if (lines == header[HEADER_OPERATIONS])
        return 0;
    snprintf(reason, sizeof reason,
             "the header tells of %" PRIu64 " operations, the file has %" PRIu64,
             header[HEADER_OPERATIONS], lines);
    return import_mistake(import, message, reason);
}

static int read_rep(struct import *import, struct source *source, char *message)
{
    uint64_t header[HEADER_NUMBERS], lines = 0;
    char *line;
    size_t length;
    int got, have = 0;
    import->has_times = false;
    while ((got = source_line(source, &line, &length, message)) > 0) {
        struct import_event event;
        if (text_ends(line))
            continue;
        if (have < HEADER_NUMBERS) {
            have = take_header(line, header, have);
            if (have < 0)
                return source_fail(source, message, "not a header of four numbers");
            continue;
        }
        lines++;
        int done = 0;
        if (!parse(line, &event))
            done = import_mistake(import, message, "not 'a id bytes', 'r id bytes' or 'f id'");
        else if (event.key > header[HEADER_IDS] || event.old_key > header[HEADER_IDS])
            done = import_mistake(import, message, "an id beyond the header's count of ids");
        else
            done = import_add(import, &event, message);
        if (done < 0)
            return -1;
    }
    if (got == 0 && have < HEADER_NUMBERS)
        return source_fail(source, message, "the end, inside the header of four numbers");
    if (got == 0 && check_counts(import, header, lines, message) < 0)
        return -1;
    if (got == 0)
        tell_order(import, header);
    return got;
}

/* ---- export ------------------------------------------------------------------ */

/* The line's letter; 0: the format has none for it. */
static char letter_of(struct export *export, const struct export_step *step)
{
    const struct trace_op *op = &step->op;
    if ((op->flags & TRACE_FAILED) != 0)
        return export_lose(export, LOST_FAILED), '\0';
    if (op->kind == TRACE_FREE && op->old_address == 0)
        return export_lose(export, LOST_NULL_FREES), '\0';
    bool ends = op->kind == TRACE_FREE || step->freed;
    if (step->foreign)
        export_lose(export, LOST_FOREIGN);
    if (step->foreign && ends)
        return '\0';
    if (step->freed)
        export_lose(export, LOST_FREEING_REALLOCS);
    if (ends)
        return 'f';
    if (op->kind != TRACE_MALLOC && op->kind != TRACE_REALLOC)
        export_lose(export, LOST_KINDS);
    return step->old_address != 0 && !step->foreign ? 'r' : 'a';
}

struct totals {
    uint64_t ids, lines, live, peak;
};

static int write_lines(struct export *export, FILE *stream, struct totals *totals, char *message)
{
    struct export_step step;
    int got;
    while ((got = export_next(export, &step, message)) > 0) {
        char letter = letter_of(export, &step);
        if (letter == '\0')
            continue;
        totals->lines++;
        totals->ids += letter == 'a';
        totals->live += letter == 'f' ? 0 : step.op.size;
        totals->live -= step.old_bytes;
        if (totals->live > totals->peak)
            totals->peak = totals->live;
        if (stream != NULL && letter == 'f')
            fprintf(stream, "f %" PRIu64 "\n", step.number);
        else if (stream != NULL)
            fprintf(stream, "%c %" PRIu64 " %" PRIu64 "\n", letter, step.number, step.op.size);
    }
    return got;
}

/* Twice over the trace: counts come before operations. */
static int write_rep(struct export *export, FILE *stream, bool weight_first, char *message)
{
    struct totals totals = {0};
    if (write_lines(export, NULL, &totals, message) < 0)
        return -1;
    const uint64_t weight = 1;
    fprintf(stream, "%" PRIu64 "\n%" PRIu64 "\n%" PRIu64 "\n%" PRIu64 "\n",
            weight_first ? weight : totals.peak, totals.ids, totals.lines,
            weight_first ? totals.peak : weight);
    totals = (struct totals){0};
    if (export_rewind(export, message) < 0)
        return -1;
    return write_lines(export, stream, &totals, message);
}

static int write_heap_first(struct export *export, FILE *stream, char *message)
{
    return write_rep(export, stream, false, message);
}

static int write_weight_first(struct export *export, FILE *stream, char *message)
{
    return write_rep(export, stream, true, message);
}

const struct foreign_format format_rep = {
    .name = "rep",
    .summary = "CMU .rep, header of heap size, ids, operations, weight",
    .carries = CARRIES_REALLOC | CARRIES_IDENTITY,
    .sniff = sniff,
    .import = read_rep,
    .export = write_heap_first,
};

const struct foreign_format format_rep_weight = {
    .name = "rep-weight",
    .summary = "CMU .rep, header of weight, ids, operations, heap size",
    .carries = CARRIES_REALLOC | CARRIES_IDENTITY,
    .import = read_rep,
    .export = write_weight_first,
};
