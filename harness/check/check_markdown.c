/* The results as Markdown: the same three parts as the text has. */
#include "check_output.h"
#include "stream.h"

static void print_names(struct stream *stream, const struct check_table *table, const char *first)
{
    stream_print(stream, "| %s |", first);
    for (size_t a = 0; a < table->run->allocator_count; a++) {
        stream_print(stream, " ");
        stream_markdown_text(stream, table->run->allocators[a].name);
        stream_print(stream, " |");
    }
    stream_print(stream, "\n|---|");
    for (size_t a = 0; a < table->run->allocator_count; a++)
        stream_print(stream, "---|");
    stream_print(stream, "\n");
}

static void print_groups(struct stream *stream, const struct check_table *table)
{
    const char *groups[CHECK_GROUPS_MAXIMUM];
    char text[CHECK_WORDS_BYTES];
    size_t count = check_words_groups(table, groups);
    if (count == 0)
        return;
    stream_print(stream, "| allocator |");
    for (size_t g = 0; g < count; g++)
        stream_print(stream, " %s |", groups[g]);
    stream_print(stream, "\n|---|");
    for (size_t g = 0; g < count; g++)
        stream_print(stream, "---|");
    for (size_t a = 0; a < table->run->allocator_count; a++) {
        stream_print(stream, "\n| ");
        stream_markdown_text(stream, table->run->allocators[a].name);
        stream_print(stream, " |");
        for (size_t g = 0; g < count; g++)
            stream_print(stream, " %s |", check_words_cell(table, a, groups[g], text));
    }
    stream_print(stream, "\n\n");
}

static void print_tests(struct stream *stream, const struct check_report *report)
{
    const struct check_table *table = report->table;
    stream_print(stream, "| allocator | test | outcome | reason |\n|---|---|---|---|\n");
    for (size_t a = 0; a < table->run->allocator_count; a++)
        for (size_t t = 0; t < table->catalog->count; t++) {
            const struct check_result *result = check_table_at(table, a, t);
            if (!check_words_lists(report, a, t))
                continue;
            stream_print(stream, "| ");
            stream_markdown_text(stream, table->run->allocators[a].name);
            stream_print(stream, " | %s | %s | ", table->catalog->tests[t].name,
                         check_result_word(result));
            stream_markdown_text(stream, check_result_reason(result));
            stream_print(stream, " |\n");
        }
}

static void print_misuse(struct stream *stream, const struct check_table *table)
{
    struct check_shape shape;
    char text[CHECK_WORDS_BYTES];
    if (!check_words_next_shape(table, 0, &shape))
        return;
    stream_print(stream, "\nMisuse with a small, a medium and a large block: %s.\n\n",
                 check_words_legend);
    print_names(stream, table, "misuse");
    for (size_t t = 0; check_words_next_shape(table, t, &shape); t = shape.first + shape.count) {
        stream_print(stream, "| %.*s |", shape.name_length,
                     table->catalog->tests[shape.first].name);
        for (size_t a = 0; a < table->run->allocator_count; a++)
            stream_print(stream, " %s |", check_words_letters(table, a, &shape, text));
        stream_print(stream, "\n");
    }
    stream_print(stream, "| ended, at once / in all / tried |");
    for (size_t a = 0; a < table->run->allocator_count; a++) {
        size_t at_once, caught, tried;
        check_words_caught(table, a, &at_once, &caught, &tried);
        stream_print(stream, " %zu / %zu / %zu |", at_once, caught, tried);
    }
    stream_print(stream, "\n");
}

int check_output_markdown(FILE *file, const struct check_report *report)
{
    struct stream stream;
    stream_init(&stream, file);
    print_groups(&stream, report->table);
    print_tests(&stream, report);
    print_misuse(&stream, report->table);
    return stream_finish(&stream);
}
