/*
 * Comma-separated values, one call a line: the way in for tools that have no format here, and the
 * way out to spreadsheets and scripts. And JSON lines, out only.
 *
 * The first line names the columns, in any order: kind is needed (malloc, free, ...: trace.h), of
 * time_ns, thread, address, old_address, size, alignment and error those that are known. Numbers
 * are decimal, or hexadecimal behind 0x; an empty field is 0. A call with an error has failed.
 */
#include "export.h"
#include "import.h"
#include "message.h"
#include "source.h"
#include "text_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS(X) \
    X(time_ns) X(thread) X(kind) X(address) X(old_address) X(size) X(alignment) X(error)

enum column {
#define X(name) COLUMN_##name,
    COLUMNS(X)
#undef X
        COLUMN_COUNT
};

static const char *const column_names[COLUMN_COUNT] = {
#define X(name) #name,
    COLUMNS(X)
#undef X
};

struct heading {
    int column[COLUMN_COUNT]; /* of the n-th field; -1: none of ours */
    int fields;
};

/* Cuts the field off the line: *line behind its comma, or NULL after the last. */
static char *cut_field(char **line)
{
    char *field = *line, *comma = strchr(field, ',');
    *line = comma != NULL ? comma + 1 : NULL;
    if (comma != NULL)
        *comma = '\0';
    return field;
}

static int find_column(const char *name)
{
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (strcmp(column_names[i], name) == 0)
            return i;
    return -1;
}

/* False when it is no heading of ours. */
static bool parse_heading(char *line, struct heading *heading)
{
    unsigned seen = 0;
    heading->fields = 0;
    while (line != NULL) {
        int column = find_column(cut_field(&line));
        if (column < 0 || heading->fields == COLUMN_COUNT || (seen >> column & 1) != 0)
            return false;
        seen |= 1U << column;
        heading->column[heading->fields++] = column;
    }
    return (seen >> COLUMN_kind & 1) != 0;
}

static bool has_column(const struct heading *heading, int column)
{
    for (int i = 0; i < heading->fields; i++)
        if (heading->column[i] == column)
            return true;
    return false;
}

static bool parse_number(const char *field, uint64_t *value)
{
    *value = 0;
    if (field[0] == '\0')
        return true;
    if (field[0] == '0' && (field[1] == 'x' || field[1] == 'X'))
        return text_pointer(&field, value) && text_ends(field);
    return text_number(&field, 10, value) && text_ends(field);
}

static bool parse_row(char *line, const struct heading *heading, struct import_event *event)
{
    uint64_t value[COLUMN_COUNT] = {0};
    *event = (struct import_event){0};
    for (int i = 0; i < heading->fields; i++) {
        if (line == NULL)
            return false;
        const char *field = cut_field(&line);
        int column = heading->column[i];
        if (column == COLUMN_kind)
            event->kind = (uint8_t)trace_kind_parse(field);
        else if (!parse_number(field, &value[column]))
            return false;
    }
    event->time_ns = value[COLUMN_time_ns];
    event->tid = value[COLUMN_thread];
    event->key = value[COLUMN_address];
    event->old_key = value[COLUMN_old_address];
    event->size = value[COLUMN_size];
    bool aligns = event->kind == TRACE_MEMALIGN || event->kind == TRACE_ALIGNED_ALLOC ||
                  event->kind == TRACE_POSIX_MEMALIGN;
    event->alignment = aligns ? value[COLUMN_alignment] : 0;
    bool resizes = event->kind == TRACE_REALLOC || event->kind == TRACE_REALLOCARRAY;
    bool ends = resizes && event->old_key != 0 && event->size == 0;
    event->failed = value[COLUMN_error] != 0 || (event->key == 0 && !ends);
    if (event->failed)
        event->key = 0;
    if (event->kind != TRACE_FREE && !resizes)
        event->old_key = 0;
    return line == NULL && event->kind != 0 && event->kind != TRACE_REALLOC_BEGIN;
}

/* A block named in the wrong column would be a free of nothing. */
static int add_row(struct import *import, char *line, const struct heading *heading, char *message)
{
    struct import_event event;
    if (!parse_row(line, heading, &event))
        return import_mistake(import, message, "not a row as the heading tells");
    if (event.kind == TRACE_FREE && event.old_key == 0 && event.key != 0)
        return import_mistake(import, message, "what is freed stands in old_address");
    if (event.kind == TRACE_FREE)
        event.key = 0;
    return import_add(import, &event, message);
}

static bool sniff(const unsigned char *start, size_t bytes)
{
    char line[256];
    struct heading heading;
    return text_next_line(&start, &bytes, line, sizeof line) && parse_heading(line, &heading);
}

static int read_csv(struct import *import, struct source *source, char *message)
{
    struct heading heading;
    char *line;
    size_t length;
    int got = source_line(source, &line, &length, message);
    if (got < 0)
        return -1;
    if (got == 0 || !parse_heading(line, &heading))
        return source_fail(source, message,
                           "not a heading of these columns: time_ns,thread,kind,address,"
                           "old_address,size,alignment,error (kind is needed)");
    import->has_times = has_column(&heading, COLUMN_time_ns);
    while ((got = source_line(source, &line, &length, message)) > 0) {
        if (length > 0 && add_row(import, line, &heading, message) < 0)
            return -1;
    }
    return got;
}

/* ---- export ------------------------------------------------------------------ */

static int write_csv(struct export *export, FILE *stream, char *message)
{
    struct export_step step;
    int got;
    fputs("time_ns,thread,kind,address,old_address,size,alignment,error\n", stream);
    while ((got = export_next(export, &step, message)) > 0)
        fprintf(stream,
                "%" PRIu64 ",%" PRIu64 ",%s,0x%" PRIx64 ",0x%" PRIx64 ",%" PRIu64 ",%" PRIu64
                ",%u\n",
                step.op.time_ns, export_tid(export, step.op.thread), trace_kind_name(step.op.kind),
                step.address, step.old_address, step.op.size, step.op.alignment, step.op.error);
    return got;
}

static int write_jsonl(struct export *export, FILE *stream, char *message)
{
    struct export_step step;
    int got;
    while ((got = export_next(export, &step, message)) > 0) {
        fprintf(stream, "{\"time_ns\":%" PRIu64 ",\"thread\":%" PRIu64 ",\"kind\":\"%s\"",
                step.op.time_ns, export_tid(export, step.op.thread), trace_kind_name(step.op.kind));
        if (step.address != 0)
            fprintf(stream, ",\"address\":\"0x%" PRIx64 "\"", step.address);
        if (step.old_address != 0)
            fprintf(stream, ",\"old_address\":\"0x%" PRIx64 "\"", step.old_address);
        if (step.op.kind != TRACE_FREE)
            fprintf(stream, ",\"size\":%" PRIu64, step.op.size);
        if (step.op.alignment != 0)
            fprintf(stream, ",\"alignment\":%" PRIu64, step.op.alignment);
        if ((step.op.flags & TRACE_FAILED) != 0)
            fprintf(stream, ",\"error\":%u", step.op.error);
        fputs("}\n", stream);
    }
    return got;
}

enum {
    CARRIES_ALL = CARRIES_TIMES | CARRIES_THREADS | CARRIES_ALIGNMENTS | CARRIES_ADDRESSES |
                  CARRIES_FAILURES | CARRIES_REALLOC | CARRIES_IDENTITY,
};

const struct foreign_format format_csv = {
    .name = "csv",
    .summary = "comma-separated values, columns named by the first line",
    .carries = CARRIES_ALL | FORMAT_INHERITS,
    .sniff = sniff,
    .import = read_csv,
    .export = write_csv,
};

const struct foreign_format format_jsonl = {
    .name = "jsonl",
    .summary = "JSON, one object a line",
    .carries = CARRIES_ALL,
    .export = write_jsonl,
};
