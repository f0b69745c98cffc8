/* The tables of the page: each test by each allocator, why not, and misuse; see check_html.h. */
#include "check_html.h"

#include <stdio.h>
#include <string.h>

static void print_names(struct stream *stream, const struct check_table *table)
{
    for (size_t a = 0; a < table->run->allocator_count; a++)
        html_table_heading(stream, table->run->allocators[a].name, "");
    html_table_rows(stream);
}

static const char *tint(const struct check_result *result)
{
    return result->unexpected_pass ? "bad" : html_tint(result->outcome);
}

/* The reason shows where a pointer hovers, and where a finger opens it. */
static void print_result(struct stream *stream, const struct check_result *result)
{
    const char *reason = check_result_reason(result);
    stream_print(stream, "<td class=\"%s\"", tint(result));
    if (reason[0] == '\0') {
        stream_print(stream, ">%s</td>", check_result_word(result));
        return;
    }
    stream_print(stream, " title=\"");
    stream_xml_text(stream, reason);
    stream_print(stream, "\"><details><summary>%s</summary>", check_result_word(result));
    stream_xml_text(stream, reason);
    stream_print(stream, "</details></td>");
}

static void print_test(struct stream *stream, const struct check_table *table, size_t t)
{
    const struct check_test *test = &table->catalog->tests[t];
    stream_print(stream, "<tr><th scope=\"row\">");
    stream_xml_text(stream, test->name);
    html_element(stream, "span class=\"about\"", test->summary);
    stream_print(stream, "</th>");
    for (size_t a = 0; a < table->run->allocator_count; a++)
        print_result(stream, check_table_at(table, a, t));
    stream_print(stream, "</tr>\n");
}

void check_html_tests(struct stream *stream, const struct check_table *table)
{
    const char *groups[CHECK_GROUPS_MAXIMUM];
    size_t count = check_words_groups(table, groups);
    stream_print(stream, "<section id=\"tests\"><h2>Tests</h2>\n");
    if (count == 0) {
        stream_print(stream, "<p>None but of misuse.</p></section>\n");
        return;
    }
    html_table_begin(stream, "tall", "test");
    print_names(stream, table);
    for (size_t g = 0; g < count; g++) {
        stream_print(stream, "<tr class=\"group\"><th scope=\"colgroup\" colspan=\"%zu\">",
                     table->run->allocator_count + 1);
        stream_xml_text(stream, groups[g]);
        stream_print(stream, "</th></tr>\n");
        for (size_t t = 0; t < table->catalog->count; t++)
            if (strcmp(table->catalog->tests[t].group, groups[g]) == 0)
                print_test(stream, table, t);
    }
    html_table_end(stream);
    stream_print(stream, "</section>\n");
}

/* ---- why not ---------------------------------------------------------------------------- */

static void print_reason(struct stream *stream, const struct check_table *table, size_t a, size_t t)
{
    const struct check_result *result = check_table_at(table, a, t);
    char tag[32];
    snprintf(tag, sizeof tag, "td class=\"%s\"", tint(result));
    stream_print(stream, "<tr>");
    html_element(stream, "th scope=\"row\"", table->run->allocators[a].name);
    html_element(stream, "td", table->catalog->tests[t].name);
    html_element(stream, tag, check_result_word(result));
    html_element(stream, "td", check_result_reason(result));
    stream_print(stream, "</tr>\n");
}

/* Those that are a failure, or those that are not. Returns how many. */
static size_t print_listed(struct stream *stream, const struct check_table *table, bool failures)
{
    const struct check_report listed = {.table = table};
    size_t count = 0;
    for (size_t a = 0; a < table->run->allocator_count; a++)
        for (size_t t = 0; t < table->catalog->count; t++) {
            const struct check_result *result = check_table_at(table, a, t);
            bool failure = check_outcome_is_bad(result->outcome) || result->unexpected_pass;
            if (!check_words_lists(&listed, a, t) || failure != failures)
                continue;
            if (count++ == 0) {
                html_element(stream, "h3",
                             failures ? "Unexpected"
                                      : "Expected: known deviations, and what was not tested");
                html_table_begin(stream, "", "allocator");
                html_table_heading(stream, "test", "");
                html_table_heading(stream, "outcome", "");
                html_table_heading(stream, "reason", "");
                html_table_rows(stream);
            }
            print_reason(stream, table, a, t);
        }
    if (count > 0)
        html_table_end(stream);
    return count;
}

void check_html_reasons(struct stream *stream, const struct check_table *table)
{
    stream_print(stream, "<section id=\"reasons\"><h2>Not passed, and why</h2>\n");
    if (print_listed(stream, table, true) + print_listed(stream, table, false) == 0)
        stream_print(stream, "<p>Nothing: every test has passed.</p>\n");
    stream_print(stream, "</section>\n");
}

/* ---- misuse ----------------------------------------------------------------------------- */

static void print_letters(struct stream *stream, const struct check_table *table, size_t a,
                          const struct check_shape *shape)
{
    stream_print(stream, "<td class=\"letters\">");
    for (size_t i = 0; i < shape->count; i++) {
        const struct check_result *result = check_table_at(table, a, shape->first + i);
        const char *size = table->catalog->tests[shape->first + i].name + shape->name_length;
        stream_print(stream, "%s<abbr class=\"%s\" title=\"", i > 0 ? " " : "", tint(result));
        stream_xml_text(stream, size[0] == '/' ? size + 1 : "");
        stream_print(stream, "%s%s%s", size[0] == '/' ? ": " : "",
                     check_outcome_word(result->outcome), result->reason[0] != '\0' ? ": " : "");
        stream_xml_text(stream, result->reason);
        stream_print(stream, "\">%c</abbr>", check_words_letter(result->outcome));
    }
    stream_print(stream, "</td>");
}

static void print_shapes(struct stream *stream, const struct check_table *table)
{
    struct check_shape shape;
    html_table_begin(stream, "tall", "misuse");
    print_names(stream, table);
    for (size_t t = 0; check_words_next_shape(table, t, &shape); t = shape.first + shape.count) {
        const struct check_test *test = &table->catalog->tests[shape.first];
        stream_print(stream, "<tr>");
        html_format(stream, "th scope=\"row\"", "%.*s", shape.name_length, test->name);
        for (size_t a = 0; a < table->run->allocator_count; a++)
            print_letters(stream, table, a, &shape);
        stream_print(stream, "</tr>\n");
    }
    html_table_end(stream);
}

static void print_caught(struct stream *stream, const struct check_table *table)
{
    static const enum check_outcome outcomes[] = {
        CHECK_AT_ONCE,  CHECK_TRAPPED, CHECK_LATE,  CHECK_WARNED,
        CHECK_HARMLESS, CHECK_NEVER,   CHECK_FAULT, CHECK_SKIP,
    };
    enum { COUNT = sizeof outcomes / sizeof outcomes[0] };
    html_table_begin(stream, "numbers", "allocator");
    for (int i = 0; i < COUNT; i++)
        html_table_heading(stream, check_outcome_word(outcomes[i]),
                           check_outcome_help(outcomes[i]));
    html_table_rows(stream);
    for (size_t a = 0; a < table->run->allocator_count; a++) {
        stream_print(stream, "<tr>");
        html_element(stream, "th scope=\"row\"", table->run->allocators[a].name);
        for (int i = 0; i < COUNT; i++)
            html_format(stream, "td", "%zu",
                        check_table_count(table, a, CHECK_GROUP_MISUSE, outcomes[i]));
        stream_print(stream, "</tr>\n");
    }
    html_table_end(stream);
}

void check_html_misuse(struct stream *stream, const struct check_table *table)
{
    struct check_shape shape;
    stream_print(stream, "<section id=\"misuse\"><h2>Misuse: what is noticed, and when</h2>\n");
    if (!check_words_next_shape(table, 0, &shape)) {
        stream_print(stream, "<p>Not tried.</p></section>\n");
        return;
    }
    stream_print(stream, "<p>For information: no outcome is a failure.</p>\n");
    print_caught(stream, table);
    html_format(stream, "p", "With a small, a medium and a large block: %s.", check_words_legend);
    print_shapes(stream, table);
    stream_print(stream, "</section>\n");
}
