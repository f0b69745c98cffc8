/* The results as JUnit XML, for CI systems: a test suite an allocator. */
#include "check_output.h"
#include "stream.h"

static void print_case(struct stream *stream, const struct check_table *table, size_t a, size_t t)
{
    const struct check_result *result = check_table_at(table, a, t);
    const struct check_test *test = &table->catalog->tests[t];
    const char *element = "system-out";
    const char *reason = check_result_reason(result);
    if (check_outcome_is_bad(result->outcome) || result->unexpected_pass)
        element = "failure";
    else if (result->outcome == CHECK_SKIP || result->outcome == CHECK_KNOWN ||
             result->outcome == CHECK_NOT_RUN)
        element = "skipped";
    stream_print(stream, "    <testcase classname=\"heapmark.check.%s\" name=\"%s\" time=\"%.3f\">",
                 test->group, test->name, (double)result->took_ns / 1e9);
    if (element[1] == 'y') {
        stream_print(stream, "<system-out>%s ", check_outcome_word(result->outcome));
        stream_xml_text(stream, reason);
        stream_print(stream, "</system-out></testcase>\n");
        return;
    }
    stream_print(stream, "<%s message=\"%s: ", element, check_outcome_word(result->outcome));
    stream_xml_text(stream, reason);
    stream_print(stream, "\"/></testcase>\n");
}

static void print_suite(struct stream *stream, const struct check_table *table, size_t a)
{
    size_t bad = 0, skipped = 0;
    for (size_t t = 0; t < table->catalog->count; t++) {
        const struct check_result *result = check_table_at(table, a, t);
        enum check_outcome outcome = result->outcome;
        bad += check_outcome_is_bad(outcome) || result->unexpected_pass;
        skipped += outcome == CHECK_SKIP || outcome == CHECK_KNOWN || outcome == CHECK_NOT_RUN;
    }
    stream_print(stream, "  <testsuite name=\"heapmark check ");
    stream_xml_text(stream, table->run->allocators[a].name);
    stream_print(stream, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n",
                 table->catalog->count, bad, skipped);
    for (size_t t = 0; t < table->catalog->count; t++)
        print_case(stream, table, a, t);
    stream_print(stream, "  </testsuite>\n");
}

int check_output_junit(FILE *file, const struct check_report *report)
{
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (size_t a = 0; a < report->table->run->allocator_count; a++)
        print_suite(&stream, report->table, a);
    stream_print(&stream, "</testsuites>\n");
    return stream_finish(&stream);
}
