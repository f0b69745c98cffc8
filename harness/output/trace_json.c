/* heapmark trace info and leaks as JSON, one object a trace; see trace_output.h. */
#include "trace_output.h"

#include "json_value.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

enum { CURVE_PARTS = 256 };

/* Counts and bytes of a trace stay far below 2^53, which all readers of JSON keep. */
static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)(value > INT64_MAX ? INT64_MAX : value));
}

#define SET(object, key, value) json_value_set((object), (key), (value), failed)
#define SET_OF(key)             json_value_set(object, #key, number(from->key), failed)

static json_t *make_facts(const struct trace_facts *facts, bool *failed)
{
    json_t *object = json_object();
    for (size_t i = 0; i < facts->count; i++) {
        char *name = utf8_clean(facts->entry[i].name);
        SET(object, name, json_value_text(facts->entry[i].value));
        free(name);
    }
    return object;
}

static json_t *make_not_carried(const struct trace_facts *facts, bool *failed)
{
    char text[TRACE_NOT_CARRIED_BYTES], *rest = NULL;
    json_t *array = json_array();
    trace_output_not_carried(text, facts);
    for (char *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        json_value_append(array, json_value_text(word + strspn(word, " ")), failed);
    return array;
}

/* What both have on top: the file and what is known about it. */
static json_t *make_head(const struct trace_named *trace, bool *failed)
{
    const struct trace_reader *reader = trace->reader;
    json_t *object = json_object();
    SET(object, "file", json_value_text(trace->path));
    SET(object, "file_bytes", number(trace_reader_file_bytes(reader)));
    SET(object, "complete", json_boolean(trace_reader_is_complete(reader)));
    SET(object, "unfinished", json_value_text(trace_output_unfinished(trace)));
    SET(object, "facts", make_facts(trace_reader_facts(reader), failed));
    SET(object, "not_carried", make_not_carried(trace_reader_facts(reader), failed));
    return object;
}

static json_t *make_kinds(const struct survey *survey, bool *failed)
{
    json_t *kinds = json_object();
    for (unsigned kind = 1; kind < TRACE_KIND_COUNT; kind++) {
        const struct survey_kind *from = &survey->kind[kind];
        json_t *object;
        if (kind == TRACE_REALLOC_BEGIN)
            continue;
        object = json_object();
        SET_OF(calls);
        SET_OF(failed);
        SET_OF(bytes);
        SET(kinds, trace_kind_name(kind), object);
    }
    return kinds;
}

static json_t *make_moment(const struct survey_moment *from, bool *failed)
{
    json_t *object = json_object();
    SET_OF(operation);
    SET_OF(time_ns);
    SET_OF(bytes);
    SET_OF(blocks);
    return object;
}

static json_t *make_threads(const struct trace_named *trace, const struct survey *survey,
                            bool *failed)
{
    json_t *threads = json_array();
    for (uint32_t i = 0; i < survey->thread_count; i++) {
        const struct survey_thread *from = &survey->threads[i];
        const struct trace_thread *thread = trace_reader_thread(trace->reader, i);
        json_t *object = json_object();
        SET(object, "thread", number(i));
        SET(object, "tid", number(thread->tid));
        SET(object, "name", json_value_text(thread->name));
        SET_OF(calls);
        SET_OF(objects);
        SET_OF(bytes);
        SET_OF(ended);
        SET_OF(ended_of_others);
        SET_OF(first_ns);
        SET_OF(last_ns);
        json_value_append(threads, object, failed);
    }
    return threads;
}

static json_t *make_histogram(const struct histogram *histogram, const uint64_t *bytes,
                              bool *failed)
{
    unsigned first, last;
    json_t *array = json_array();
    if (!histogram_span(histogram, &first, &last))
        return array;
    for (unsigned i = first; i <= last; i++) {
        json_t *object = json_object();
        SET(object, "from", number(histogram_least(i)));
        SET(object, "to", number(histogram_most(i)));
        SET(object, "count", number(histogram->count[i]));
        if (bytes != NULL)
            SET(object, "bytes", number(bytes[i]));
        json_value_append(array, object, failed);
    }
    return array;
}

/* Rows of where it ends and the largest value up to there. */
static json_t *make_curve(const struct live_curve *curve, uint64_t end, bool *failed)
{
    struct live_curve_part part[CURVE_PARTS];
    json_t *array = json_array();
    size_t count = live_curve_parts(curve, end, part, CURVE_PARTS);
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_array();
        json_value_append(row, number(part[i].end), failed);
        json_value_append(row, number(part[i].most), failed);
        json_value_append(array, row, failed);
    }
    return array;
}

static void set_counts(json_t *object, const struct survey *from, bool *failed)
{
    SET_OF(operations);
    SET_OF(calls);
    SET_OF(failed);
    SET_OF(split);
    SET_OF(resized_in_place);
    SET_OF(resized_moved);
    SET_OF(resized_from_null);
    SET_OF(resized_to_nothing);
    SET_OF(freed_null);
    SET_OF(foreign);
    SET_OF(objects);
    SET_OF(bytes);
    SET_OF(ended);
    SET_OF(ended_of_others);
    SET_OF(mistakes);
    SET_OF(largest);
    SET_OF(most_blocks);
    SET_OF(duration_ns);
}

int trace_output_info_json(FILE *file, const struct trace_named *trace, const struct survey *survey)
{
    bool state = false, *failed = &state;
    json_t *root = make_head(trace, failed);
    set_counts(root, survey, failed);
    SET(root, "kinds", make_kinds(survey, failed));
    SET(root, "peak", make_moment(&survey->peak, failed));
    SET(root, "end", make_moment(&survey->end, failed));
    SET(root, "threads", make_threads(trace, survey, failed));
    SET(root, "sizes", make_histogram(&survey->sizes, NULL, failed));
    SET(root, "lifetimes_operations", make_histogram(&survey->lifetimes, NULL, failed));
    SET(root, "lifetimes_ns", make_histogram(&survey->lifetimes_ns, NULL, failed));
    SET(root, "live_by_operation", make_curve(&survey->by_operation, survey->operations, failed));
    SET(root, "live_by_time", make_curve(&survey->by_time, survey->duration_ns + 1, failed));
    return json_value_write(file, root, JSON_COMPACT, *failed);
}

static json_t *make_groups(const struct leak_group *groups, size_t count, const char *key,
                           bool *failed)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct leak_group *from = &groups[i];
        json_t *object = json_object();
        SET(object, key, number(from->key));
        SET_OF(blocks);
        SET_OF(bytes);
        SET_OF(threads);
        SET_OF(thread);
        SET_OF(oldest_operation);
        SET_OF(oldest_ns);
        json_value_append(array, object, failed);
    }
    return array;
}

int trace_output_leaks_json(FILE *file, const struct trace_named *trace, const struct leaks *leaks,
                            size_t top)
{
    bool state = false, *failed = &state;
    const struct leaks *from = leaks;
    json_t *object = make_head(trace, failed);
    SET_OF(operations);
    SET_OF(duration_ns);
    SET_OF(objects);
    SET(object, "bytes_allocated", number(leaks->bytes_begun));
    SET(object, "leaked_blocks", number(leaks->blocks));
    SET(object, "leaked_bytes", number(leaks->bytes));
    SET(object, "sizes", number(leaks->sizes));
    SET(object, "by_size",
        make_groups(leaks->by_size, leaks->sizes < top ? leaks->sizes : top, "size", failed));
    SET(object, "by_thread",
        make_groups(leaks->by_thread, leaks->threads < top ? leaks->threads : top, "number",
                    failed));
    SET(object, "by_age_operations", make_histogram(&leaks->age, leaks->age_bytes, failed));
    SET(object, "by_age_ns", make_histogram(&leaks->age_ns, leaks->age_ns_bytes, failed));
    return json_value_write(file, object, JSON_COMPACT, *failed);
}
