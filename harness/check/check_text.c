/* The results as text: a row an allocator, what did not pass, and what becomes of misuse. */
#include "check_output.h"
#include "stream.h"

#include <string.h>

enum { LETTERS_COLUMNS = 8 };

static int wider(int width, const char *text)
{
    int length = (int)strlen(text);
    return length > width ? length : width;
}

static int name_width(const struct check_table *table)
{
    int width = wider(0, "allocator");
    for (size_t a = 0; a < table->run->allocator_count; a++)
        width = wider(width, table->run->allocators[a].name);
    return width;
}

/* Of the last column nothing is after it that would shift. */
static int group_width(const struct check_table *table, const char *const *groups, size_t count,
                       size_t group)
{
    char text[CHECK_WORDS_BYTES];
    int width = wider(0, groups[group]);
    for (size_t a = 0; a < table->run->allocator_count; a++)
        width = wider(width, check_words_cell(table, a, groups[group], text));
    return group + 1 < count ? width : 0;
}

static void print_groups(struct stream *stream, const struct check_table *table)
{
    const char *groups[CHECK_GROUPS_MAXIMUM];
    int widths[CHECK_GROUPS_MAXIMUM];
    char text[CHECK_WORDS_BYTES];
    size_t count = check_words_groups(table, groups);
    if (count == 0)
        return;
    stream_padded(stream, "allocator", name_width(table));
    for (size_t g = 0; g < count; g++) {
        widths[g] = group_width(table, groups, count, g);
        stream_print(stream, "  ");
        stream_padded(stream, groups[g], widths[g]);
    }
    stream_print(stream, "\n");
    for (size_t a = 0; a < table->run->allocator_count; a++) {
        stream_padded(stream, table->run->allocators[a].name, name_width(table));
        for (size_t g = 0; g < count; g++) {
            stream_print(stream, "  ");
            stream_padded(stream, check_words_cell(table, a, groups[g], text), widths[g]);
        }
        stream_print(stream, "\n");
    }
}

static void print_line(struct stream *stream, const struct check_table *table, size_t a, size_t t,
                       int test_width)
{
    const struct check_result *result = check_table_at(table, a, t);
    const char *reason = check_result_reason(result);
    stream_print(stream, "  ");
    stream_padded(stream, table->run->allocators[a].name, name_width(table));
    stream_print(stream, "  ");
    stream_padded(stream, table->catalog->tests[t].name, test_width);
    stream_print(stream, "  %s%s", check_result_word(result), reason[0] != '\0' ? ": " : "");
    stream_line_text(stream, reason);
    stream_print(stream, "\n");
}

static void print_tests(struct stream *stream, const struct check_report *report)
{
    const struct check_table *table = report->table;
    int test_width = 0;
    for (size_t a = 0; a < table->run->allocator_count; a++)
        for (size_t t = 0; t < table->catalog->count; t++)
            if (check_words_lists(report, a, t))
                test_width = wider(test_width, table->catalog->tests[t].name);
    if (test_width > 0)
        stream_print(stream, report->all ? "\nTests:\n" : "\nNot passed:\n");
    for (size_t a = 0; a < table->run->allocator_count; a++)
        for (size_t t = 0; t < table->catalog->count; t++)
            if (check_words_lists(report, a, t))
                print_line(stream, table, a, t, test_width);
}

static int shape_width(const struct check_table *table)
{
    struct check_shape shape;
    int width = 0;
    for (size_t t = 0; check_words_next_shape(table, t, &shape); t = shape.first + shape.count)
        width = shape.name_length > width ? shape.name_length : width;
    return width;
}

static void print_misuse(struct stream *stream, const struct check_table *table)
{
    struct check_shape shape;
    char text[CHECK_WORDS_BYTES];
    int width = shape_width(table);
    if (width == 0)
        return;
    stream_print(stream,
                 "\nMisuse, with a small, a medium and a large block (informative)\n%s\n\n%-*s",
                 check_words_legend, width, "");
    for (size_t a = 0; a < table->run->allocator_count; a++)
        stream_print(stream, "  %-*s", LETTERS_COLUMNS, table->run->allocators[a].name);
    stream_print(stream, "\n");
    for (size_t t = 0; check_words_next_shape(table, t, &shape); t = shape.first + shape.count) {
        stream_print(stream, "%-*.*s", width, shape.name_length,
                     table->catalog->tests[shape.first].name);
        for (size_t a = 0; a < table->run->allocator_count; a++)
            stream_print(stream, "  %-*s", wider(LETTERS_COLUMNS, table->run->allocators[a].name),
                         check_words_letters(table, a, &shape, text));
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
    char verdict[CHECK_WORDS_BYTES];
    stream_init(&stream, file);
    print_groups(&stream, report->table);
    print_tests(&stream, report);
    print_misuse(&stream, report->table);
    stream_print(&stream, "\n%s\n", check_words_verdict(report->table, verdict));
    return stream_finish(&stream);
}
