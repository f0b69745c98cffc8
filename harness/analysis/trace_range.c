/* Finds stretches of a trace; see trace_range.h. */
#include "trace_range.h"

#include "message.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WHOLE_MILLIONTHS = 1000000, FRACTION_DIGITS = 4 };

/* "12.5" of a hundred, in millionths of the whole. */
static int parse_percent(const char *text, size_t length, uint64_t *millionths)
{
    uint64_t value = 0;
    size_t digits = 0, i = 0;
    for (; i < length && text[i] >= '0' && text[i] <= '9' && value <= 100; i++, digits++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    int places = 0;
    if (i < length && text[i] == '.')
        for (i++; i < length && text[i] >= '0' && text[i] <= '9'; i++)
            if (places < FRACTION_DIGITS) {
                value = value * 10 + (uint64_t)(text[i] - '0');
                places++;
                digits++;
            }
    if (i != length || digits == 0)
        return -1;
    for (; places < FRACTION_DIGITS; places++)
        value *= 10;
    *millionths = value;
    return value <= WHOLE_MILLIONTHS ? 0 : -1;
}

int trace_point_parse(const char *option, const char *text, struct trace_point *point,
                      char *message)
{
    size_t length = strlen(text);
    const char *suffix = text + strspn(text, ".0123456789");
    *point = (struct trace_point){0};
    if (length > 0 && text[length - 1] == '%') {
        point->kind = POINT_PERCENT;
        if (parse_percent(text, length - 1, &point->millionths) == 0)
            return 0;
        return message_set(message, "%s %s: a share lies between 0%% and 100%%", option, text);
    }
    /* A small m is a minute; millions are counted with a capital one. */
    bool count = *suffix == '\0' || strcmp(suffix, "k") == 0 || strcmp(suffix, "M") == 0 ||
                 strcmp(suffix, "G") == 0;
    point->kind = count ? POINT_OPERATION : POINT_TIME;
    if ((count ? units_parse_count(text, &point->operation)
               : units_parse_duration(text, &point->time_ns)) == 0)
        return 0;
    return message_set(message,
                       "%s %s is %s: a number of an operation (1500, 20k, 2M), a time (1.5s, "
                       "250ms) or a share (50%%) is needed",
                       option, text, errno == ERANGE ? "too large" : "not understood");
}

static int find_point(struct trace_reader *reader, const struct trace_point *point,
                      uint64_t *operation, char *message)
{
    uint64_t all = trace_reader_operations(reader);
    const char *times = trace_facts_find(trace_reader_facts(reader), "has_times");
    switch (point->kind) {
    case POINT_UNSET:
        return 0;
    case POINT_OPERATION:
        *operation = point->operation;
        return 0;
    case POINT_PERCENT:
        *operation = (uint64_t)((unsigned __int128)all * point->millionths / WHOLE_MILLIONTHS);
        return 0;
    case POINT_TIME:
        if (times != NULL && strcmp(times, "no") == 0)
            return message_set(message, "this trace has no times: name operations or percent");
        if (trace_reader_seek_time(reader, point->time_ns, message) < 0)
            return -1;
        *operation = trace_reader_position(reader);
        return 0;
    }
    return 0;
}

int trace_range_find(struct trace_reader *reader, const struct trace_point *from,
                     const struct trace_point *to, struct trace_range *range, char *message)
{
    uint64_t all = trace_reader_operations(reader);
    *range = (struct trace_range){0, all};
    if (find_point(reader, from, &range->from, message) < 0 ||
        find_point(reader, to, &range->to, message) < 0)
        return -1;
    if (from->kind == to->kind && from->kind == POINT_TIME && from->time_ns > to->time_ns)
        return message_set(message, "--from lies after --to");
    if (to->kind != POINT_UNSET && range->from > range->to)
        return message_set(message,
                           "--from lies after --to (operation %" PRIu64 " and operation %" PRIu64
                           ")",
                           range->from, range->to);
    if (range->from > all || (range->from == all && all > 0))
        return message_set(message,
                           "--from lies behind the end: the trace has %" PRIu64
                           " operations, the last one is number %" PRIu64,
                           all, all - 1);
    if (range->to > all)
        range->to = all;
    return trace_reader_seek(reader, range->from, message);
}
