/* The results as text: a row an allocator, what did not pass, and what becomes of misuse. */
#include "check_output.h"
#include "stream.h"

#include <string.h>

static int name_width(const struct check_table *table)
{
    size_t width = strlen("allocator");
    for (size_t a = 0; a < table->run->allocator_count; a++)
        if (strlen(table->run->allocators[a].name) > width)
            width = strlen(table->run->allocators[a].name);
    return (int)width;
}

static void print_groups(struct stream *stream, const struct check_table *table)
{
    const char *groups[CHECK_GROUPS_MAXIMUM];
    char text[CHECK_WORDS_BYTES];
    size_t count = check_words_groups(table, groups);
    if (count == 0)
        return;
    stream_padded(stream, "allocator", name_width(table));
    for (size_t g = 0; g < count; g++) {
        stream_print(stream, "  ");
        stream_padded(stream, groups[g], g + 1 < count ? 26 : 0);
    }
    stream_print(stream, "\n");
    for (size_t a = 0; a < table->run->allocator_count; a++) {
        stream_padded(stream, table->run->allocators[a].name, name_width(table));
        for (size_t g = 0; g < count; g++) {
            stream_print(stream, "  ");
            stream_padded(stream, check_words_cell(table, a, groups[g], text),
                          g + 1 < count ? 26 : 0);
        }
        stream_print(stream, "\n");
    }
}

static void print_line(struct stream *stream, const struct check_table *table, size_t a, size_t t)
{
    const struct check_result *result = check_table_at(table, a, t);
    stream_print(stream, "  ");
    stream_padded(stream, table->run->allocators[a].name, name_width(table));
    stream_print(stream, "  %-26s  %s", table->catalog->tests[t].name,
                 result->unexpected_pass ? "passes now" : check_outcome_word(result->outcome));
    if (result->reason[0] != '\0' || result->unexpected_pass)
        stream_print(stream, ": ");
    stream_line_text(stream, result->unexpected_pass
                                 ? "the list of known deviations says it does not"
                                 : result->reason);
    stream_print(stream, "\n");
}

static void print_tests(struct stream *stream, const struct check_report *report)
{
    const struct check_table *table = report->table;
    bool titled = false;
    for (size_t a = 0; a < table->run->allocator_count; a++)
        for (size_t t = 0; t < table->catalog->count; t++) {
            const struct check_result *result = check_table_at(table, a, t);
            bool misuse = check_test_is_misuse(&table->catalog->tests[t]);
            if (!report->all && !result->unexpected_pass &&
                (result->outcome == CHECK_PASS ||
                 (misuse && !check_outcome_is_bad(result->outcome))))
                continue;
            if (!titled)
                stream_print(stream, report->all ? "\nTests:\n" : "\nNot passed:\n");
            titled = true;
            print_line(stream, table, a, t);
        }
}

static void print_misuse(struct stream *stream, const struct check_table *table)
{
    struct check_shape shape;
    char text[CHECK_WORDS_BYTES];
    if (!check_words_next_shape(table, 0, &shape))
        return;
    stream_print(stream,
                 "\nMisuse, with a small, a medium and a large block (informative)\n%s\n\n%-26s",
                 check_words_legend, "");
    for (size_t a = 0; a < table->run->allocator_count; a++)
        stream_print(stream, "  %-8s", table->run->allocators[a].name);
    stream_print(stream, "\n");
    for (size_t t = 0; check_words_next_shape(table, t, &shape); t = shape.first + shape.count) {
        stream_print(stream, "%-26.*s", shape.name_length, table->catalog->tests[shape.first].name);
        for (size_t a = 0; a < table->run->allocator_count; a++) {
            int width = (int)strlen(table->run->allocators[a].name);
            stream_print(stream, "  %-*s", width > 8 ? width : 8,
                         check_words_letters(table, a, &shape, text));
        }
        stream_print(stream, "\n");
    }
    for (size_t a = 0; a < table->run->allocator_count; a++) {
        size_t at_once, caught, tried;
        check_words_caught(table, a, &at_once, &caught, &tried);
        stream_print(stream, "%s%s ended %zu of %zu, %zu of them at once", a == 0 ? "\n" : "; ",
                     table->run->allocators[a].name, caught, tried, at_once);
    }
    stream_print(stream, "\n");
}

int check_output_text(FILE *file, const struct check_report *report)
{
    struct stream stream;
    size_t bad = check_table_bad(report->table), news = check_table_unexpected(report->table);
    stream_init(&stream, file);
    print_groups(&stream, report->table);
    print_tests(&stream, report);
    print_misuse(&stream, report->table);
    stream_print(&stream, "\n");
    if (bad > 0)
        stream_print(&stream, "%zu unexpected: not passed. ", bad);
    if (news > 0)
        stream_print(&stream, "%zu passed against the list of deviations, which is stale. ", news);
    stream_print(&stream, bad == 0 && news == 0 ? "All as expected.\n" : "\n");
    return stream_finish(&stream);
}
