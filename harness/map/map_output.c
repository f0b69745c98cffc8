/* The numbers of heap maps; see map_output.h. */
#include "map_output.h"

#include "json_value.h"
#include "measures.h"
#include "stream.h"
#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define ROW_END "\r\n" /* RFC 4180, 2.1 */

static const struct {
    const char *name;
    map_output_fn *write;
} formats[] = {
    {"text", map_output_text},
    {"csv",  map_output_csv },
    {"json", map_output_json},
};

map_output_fn *map_output_find(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, format) == 0)
            return formats[i].write;
    return NULL;
}

/* ---- text ----------------------------------------------------------------------- */

static const struct {
    const char *upper, *lower, *help;
    int width;
} headings[] = {
    {"",        "resident",  "pages of the heap in memory",                                   9},
    {"",        "live",      "bytes asked for and not yet freed",                             9},
    {"live",    "share",     "live bytes on resident pages / resident",                       6},
    {"over-",   "head",      "resident / live",                                               6},
    {"empty",   "pages",
     "resident pages that no live block touches: the allocator's own "
     "tables, and waste",                                                                     9},
    {"longest", "empty run", "the longest run of such pages",                                 9},
    {"",        "holes",     "runs of mapped pages, neither resident nor touched by a block", 6},
    {"",        "mapped",    "address space that may be accessed",                            9},
};
enum { HEADINGS = sizeof headings / sizeof headings[0] };

static size_t longest_name(const struct map_study *study)
{
    size_t longest = strlen("allocator");
    for (size_t i = 0; i < study->count; i++)
        if (study->series[i].count > 0 && strlen(study->series[i].allocator->name) > longest)
            longest = strlen(study->series[i].allocator->name);
    return longest;
}

static void print_heading(struct stream *stream, int name_width)
{
    for (int line = 0; line < 2; line++) {
        stream_print(stream, "%-*s  %-8s", name_width, line == 0 ? "" : "allocator",
                     line == 0 ? "" : "at");
        for (int i = 0; i < HEADINGS; i++)
            stream_print(stream, "  %*s", headings[i].width,
                         line == 0 ? headings[i].upper : headings[i].lower);
        stream_print(stream, "\n");
    }
}

static void print_ratio(struct stream *stream, double value, double factor, const char *unit,
                        int width)
{
    char text[UNITS_TEXT_BYTES] = "n/a";
    if (isfinite(value) && value * factor < 1e6)
        snprintf(text, sizeof text, factor > 1 ? "%.0f %s" : "%.2f%s", value * factor, unit);
    else if (isfinite(value))
        snprintf(text, sizeof text, ">1e6%s", unit);
    stream_padded(stream, "", 2);
    stream_padded(stream, text, -width);
}

static void print_bytes(struct stream *stream, int64_t bytes, int width)
{
    char text[UNITS_TEXT_BYTES];
    stream_print(stream, "  %*s", width, units_print_bytes(text, bytes));
}

static void print_row(struct stream *stream, const struct map_study *study, size_t series,
                      size_t moment, int name_width)
{
    const struct heap_map_numbers *numbers = &study->series[series].map[moment].numbers;
    stream_padded(stream, study->series[series].allocator->name, name_width);
    stream_print(stream, "  %-8s", study->moment[moment]);
    print_bytes(stream, numbers->resident_bytes, headings[0].width);
    print_bytes(stream, numbers->live_bytes, headings[1].width);
    print_ratio(stream, heap_map_share(numbers), 100, "%", headings[2].width);
    print_ratio(stream, heap_map_overhead(numbers), 1, "", headings[3].width);
    print_bytes(stream, numbers->empty_bytes, headings[4].width);
    print_bytes(stream, numbers->largest_empty_bytes, headings[5].width);
    stream_print(stream, "  %*" PRId64, headings[6].width, numbers->holes);
    print_bytes(stream, numbers->mapped_bytes, headings[7].width);
    stream_print(stream, "\n");
}

static void print_occupancy(struct stream *stream, const struct map_study *study, int name_width)
{
    stream_print(stream, "\nresident pages by their share of live bytes\n%-*s  %-8s  %9s",
                 name_width, "allocator", "at", "empty");
    for (int i = 1; i <= OCCUPANCY_CLASSES; i++)
        stream_print(stream, "  %2s%4d%%", i == 1 ? "to" : "", i * 10);
    stream_print(stream, "\n");
    for (size_t s = 0; s < study->count; s++)
        for (size_t m = 0; m < study->series[s].count; m++) {
            const struct heap_map *map = &study->series[s].map[m];
            stream_padded(stream, study->series[s].allocator->name, name_width);
            stream_print(stream, "  %-8s  %9" PRId64, study->moment[m],
                         map->numbers.empty_bytes / (int64_t)map->page_bytes);
            for (int i = 0; i < OCCUPANCY_CLASSES; i++)
                stream_print(stream, "  %7" PRId64, map->numbers.occupied_pages[i]);
            stream_print(stream, "\n");
        }
}

/* "over-" above "head" is one word. */
static void print_legend(struct stream *stream, const char *upper, const char *lower,
                         const char *help)
{
    int length = (int)strcspn(upper, "-");
    const char *between = length > 0 && upper[length] == '\0' ? " " : "";
    stream_print(stream, "%.*s%s%s: %s\n", length, upper, between, lower, help);
}

int map_output_text(FILE *file, const struct map_study *study)
{
    struct stream stream;
    int name_width = (int)longest_name(study);
    stream_init(&stream, file);
    print_heading(&stream, name_width);
    for (size_t s = 0; s < study->count; s++)
        for (size_t m = 0; m < study->series[s].count; m++)
            print_row(&stream, study, s, m, name_width);
    print_occupancy(&stream, study, name_width);
    stream_print(&stream, "\n");
    for (int i = 0; i < HEADINGS; i++)
        print_legend(&stream, headings[i].upper, headings[i].lower, headings[i].help);
    return stream_finish(&stream);
}

/* ---- CSV ------------------------------------------------------------------------ */

static void put_row(struct stream *stream, const struct map_study *study, size_t series,
                    size_t moment)
{
    const struct heap_map_numbers *numbers = &study->series[series].map[moment].numbers;
    stream_csv_text(stream, study->workload);
    stream_print(stream, ",");
    stream_csv_text(stream, study->series[series].allocator->name);
    stream_print(stream, ",");
    stream_csv_text(stream, study->series[series].allocator->version);
    stream_print(stream, ",%s", study->moment[moment]);
#define X(name, unit, help)    \
    stream_print(stream, ","); \
    stream_measure(stream, numbers->name);
    HEAP_MAP_NUMBERS(X)
#undef X
    stream_print(stream, ",");
    stream_number(stream, heap_map_share(numbers), "");
    stream_print(stream, ",");
    stream_number(stream, heap_map_overhead(numbers), "");
    for (int i = 0; i < OCCUPANCY_CLASSES; i++)
        stream_print(stream, ",%" PRId64, numbers->occupied_pages[i]);
    stream_print(stream, ",%" PRIu64 ROW_END, study->series[series].map[moment].page_bytes);
}

int map_output_csv(FILE *file, const struct map_study *study)
{
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "workload,allocator,version,at");
#define X(name, unit, help) stream_print(&stream, "," #name);
    HEAP_MAP_NUMBERS(X)
#undef X
    stream_print(&stream, ",live_share,overhead");
    for (int i = 1; i <= OCCUPANCY_CLASSES; i++)
        stream_print(&stream, ",pages_to_%d_percent", i * 100 / OCCUPANCY_CLASSES);
    stream_print(&stream, ",page_bytes" ROW_END);
    for (size_t s = 0; s < study->count; s++)
        for (size_t m = 0; m < study->series[s].count; m++)
            put_row(&stream, study, s, m);
    return stream_finish(&stream);
}

/* ---- JSON ----------------------------------------------------------------------- */

static json_t *map_object(const struct map_study *study, size_t series, size_t moment, bool *failed)
{
    const struct heap_map *map = &study->series[series].map[moment];
    const struct heap_map_numbers *numbers = &map->numbers;
    json_t *object = json_object(), *classes = json_array();
    json_value_set(object, "at", json_value_text(study->moment[moment]), failed);
#define X(name, unit, help) \
    json_value_set(object, #name, json_value_measure(numbers->name), failed);
    HEAP_MAP_NUMBERS(X)
#undef X
    json_value_set(object, "live_share", json_value_number(heap_map_share(numbers)), failed);
    json_value_set(object, "overhead", json_value_number(heap_map_overhead(numbers)), failed);
    for (int i = 0; i < OCCUPANCY_CLASSES; i++)
        json_value_append(classes, json_value_measure(numbers->occupied_pages[i]), failed);
    json_value_set(object, "pages_by_occupancy", classes, failed);
    json_value_set(object, "page_bytes", json_value_measure((int64_t)map->page_bytes), failed);
    return object;
}

int map_output_json(FILE *file, const struct map_study *study)
{
    bool failed = false;
    json_t *root = json_object(), *allocators = json_array();
    json_value_set(root, "workload", json_value_text(study->workload), &failed);
    json_value_set(root, "calls", json_value_measure((int64_t)study->calls), &failed);
    for (size_t s = 0; s < study->count; s++) {
        const struct map_series *series = &study->series[s];
        if (series->count == 0)
            continue;
        json_t *object = json_object(), *maps = json_array();
        json_value_set(object, "name", json_value_text(series->allocator->name), &failed);
        json_value_set(object, "version", json_value_text(series->allocator->version), &failed);
        json_value_set(object, "sha256", json_value_text(series->allocator->sha256), &failed);
        for (size_t m = 0; m < series->count; m++)
            json_value_append(maps, map_object(study, s, m, &failed), &failed);
        json_value_set(object, "maps", maps, &failed);
        json_value_append(allocators, object, &failed);
    }
    json_value_set(root, "allocators", allocators, &failed);
    return json_value_write(file, root, JSON_INDENT(2), failed);
}
