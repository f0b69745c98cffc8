/* The results as a page for a browser: all of it in one file, nothing fetched, no script. */
#include "check_html.h"

#include "machine_text.h"
#include "units.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ELEMENT_TEXT_BYTES = 512, WHEN_BYTES = 64 };

void html_element(struct stream *stream, const char *tag, const char *text)
{
    stream_print(stream, "<%s>", tag);
    stream_xml_text(stream, text);
    stream_print(stream, "</%.*s>", (int)strcspn(tag, " "), tag);
}

void html_format(struct stream *stream, const char *tag, const char *format, ...)
{
    char text[ELEMENT_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    html_element(stream, tag, text);
}

void html_table_begin(struct stream *stream, const char *class, const char *first_heading)
{
    stream_print(stream, "<div class=\"scroll %s\"><table>\n<thead><tr>", class);
    html_table_heading(stream, first_heading, "");
}

void html_table_heading(struct stream *stream, const char *text, const char *help)
{
    stream_print(stream, "<th scope=\"col\"");
    if (help[0] != '\0') {
        stream_print(stream, " title=\"");
        stream_xml_text(stream, help);
        stream_print(stream, "\"");
    }
    stream_print(stream, ">");
    stream_xml_text(stream, text);
    stream_print(stream, "</th>");
}

void html_table_rows(struct stream *stream)
{
    stream_print(stream, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct stream *stream)
{
    stream_print(stream, "</tbody>\n</table></div>\n");
}

const char *html_tint(enum check_outcome outcome)
{
    static const char *const tints[CHECK_OUTCOME_COUNT] = {
        [CHECK_PASS] = "good",   [CHECK_AT_ONCE] = "good", [CHECK_TRAPPED] = "good",
        [CHECK_LATE] = "late",   [CHECK_WARNED] = "late",  [CHECK_KNOWN] = "known",
        [CHECK_FAULT] = "known", [CHECK_NEVER] = "bad",
    };
    if (check_outcome_is_bad(outcome))
        return "bad";
    return tints[outcome] != NULL ? tints[outcome] : "none";
}

static char *when(int64_t time_ns, char *text)
{
    struct tm local;
    time_t seconds = time_ns / 1000000000;
    if (localtime_r(&seconds, &local) == NULL ||
        strftime(text, WHEN_BYTES, "%Y-%m-%d %H:%M %Z", &local) == 0)
        snprintf(text, WHEN_BYTES, "at an unknown time");
    return text;
}

static void print_head(struct stream *stream)
{
    stream_print(stream,
                 "<!DOCTYPE html>\n"
                 "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
                 "<meta charset=\"utf-8\"/>\n"
                 "<meta name=\"viewport\" content=\"width=device-width, "
                 "initial-scale=1\"/>\n"
                 "<title>heapmark check</title>\n<style>\n%s</style>\n</head>\n<body>\n",
                 check_html_style);
}

static void print_summary(struct stream *stream, const struct check_table *table)
{
    const struct run *run = table->run;
    const char *version = run_find_fact(run, "heapmark");
    char text[CHECK_WORDS_BYTES], machine[MACHINE_WORDS_BYTES], took[UNITS_TEXT_BYTES];
    bool clean = check_table_bad(table) == 0 && check_table_unexpected(table) == 0;
    html_format(stream, "h1", "Is it a correct malloc? %zu allocator%s, %zu test%s",
                run->allocator_count, run->allocator_count == 1 ? "" : "s", table->catalog->count,
                table->catalog->count == 1 ? "" : "s");
    stream_print(stream, "\n");
    html_element(stream, clean ? "p class=\"verdict good\"" : "p class=\"verdict bad\"",
                 check_words_verdict(table, text));
    stream_print(stream, "\n");
    html_format(stream, "p", "Checked %s, in %s, by heapmark %s.", when(run->started_ns, text),
                units_print_duration(took, run->finished_ns - run->started_ns),
                version != NULL ? version : "of unknown version");
    if (machine_words(run, machine)[0] != '\0')
        html_format(stream, "p", "Machine: %s.", machine);
    html_element(stream, "p class=\"dim\"",
                 "Each test is a process of its own with the library preloaded. Only 'known' "
                 "deviations, what cannot be tested here, and misuse are no failures.");
    stream_print(stream, "<nav><p><a href=\"#allocators\">Allocators</a> · "
                         "<a href=\"#tests\">Tests</a> · <a href=\"#reasons\">Not passed</a> · "
                         "<a href=\"#misuse\">Misuse</a> · <a href=\"#libraries\">Libraries</a>"
                         "</p></nav>\n");
}

/* As the worst of the results. */
static const char *group_tint(const struct check_table *table, size_t allocator, const char *group)
{
    bool known = false, open = false;
    for (int i = 0; i < CHECK_OUTCOME_COUNT; i++) {
        enum check_outcome outcome = (enum check_outcome)i;
        if (check_table_count(table, allocator, group, outcome) == 0)
            continue;
        if (check_outcome_is_bad(outcome))
            return "bad";
        known |= outcome == CHECK_KNOWN;
        open |= outcome == CHECK_NOT_RUN;
    }
    if (check_table_unexpected_in(table, allocator, group) > 0)
        return "bad";
    return known ? "known" : open ? "none" : "good";
}

static void print_allocator(struct stream *stream, const struct check_table *table, size_t a,
                            const char *const *groups, size_t group_count)
{
    const struct allocator *allocator = &table->run->allocators[a];
    char text[CHECK_WORDS_BYTES], tag[64];
    stream_print(stream, "<tr>");
    html_element(stream, "th scope=\"row\"", allocator->name);
    html_element(stream, "td", allocator->version);
    for (size_t g = 0; g < group_count; g++) {
        snprintf(tag, sizeof tag, "td class=\"counts %s\"", group_tint(table, a, groups[g]));
        html_element(stream, tag, check_words_cell(table, a, groups[g], text));
    }
    stream_print(stream, "</tr>\n");
}

static void print_allocators(struct stream *stream, const struct check_table *table)
{
    const char *groups[CHECK_GROUPS_MAXIMUM];
    size_t count = check_words_groups(table, groups);
    stream_print(stream, "<section id=\"allocators\"><h2>Allocators</h2>\n");
    html_table_begin(stream, "", "allocator");
    html_table_heading(stream, "version", "");
    for (size_t g = 0; g < count; g++)
        html_table_heading(stream, groups[g], "");
    html_table_rows(stream);
    for (size_t a = 0; a < table->run->allocator_count; a++)
        print_allocator(stream, table, a, groups, count);
    html_table_end(stream);
    stream_print(stream, "</section>\n");
}

static void print_libraries(struct stream *stream, const struct run *run)
{
    stream_print(stream, "<section id=\"libraries\"><h2>Libraries</h2>\n");
    html_table_begin(stream, "", "allocator");
    html_table_heading(stream, "the file that served malloc, and its SHA-256", "");
    html_table_rows(stream);
    for (size_t a = 0; a < run->allocator_count; a++) {
        const struct allocator *allocator = &run->allocators[a];
        stream_print(stream, "<tr>");
        html_element(stream, "th scope=\"row\"", allocator->name);
        stream_print(stream, "<td>");
        html_element(stream, "code", allocator->file);
        html_element(stream, "code class=\"about\"", allocator->sha256);
        stream_print(stream, "</td></tr>\n");
    }
    html_table_end(stream);
    stream_print(stream, "</section>\n");
}

int check_output_html(FILE *file, const struct check_report *report)
{
    struct stream stream;
    stream_init(&stream, file);
    print_head(&stream);
    print_summary(&stream, report->table);
    print_allocators(&stream, report->table);
    check_html_tests(&stream, report->table);
    check_html_reasons(&stream, report->table);
    check_html_misuse(&stream, report->table);
    print_libraries(&stream, report->table->run);
    stream_print(&stream, "</body>\n</html>\n");
    return stream_finish(&stream);
}
