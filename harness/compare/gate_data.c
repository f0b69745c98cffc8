/*
 * What a gate found, for programs: JSON (docs/gate.md has the fields), and JUnit XML, the dialect
 * that CI systems read, with a test case a check.
 */
#include "gate_output.h"
#include "json_value.h"
#include "stream.h"

#include <string.h>

static json_t *check_of(const struct gate_check *check, bool *failed)
{
    json_t *object = json_object();
    json_value_set(object, "allocator", json_value_text(check->allocator), failed);
    json_value_set(object, "workload", json_value_text(check->workload), failed);
    json_value_set(object, "measure", json_value_text(check->measure), failed);
    json_value_set(object, "base", json_value_number(check->base_value), failed);
    json_value_set(object, "now", json_value_number(check->now_value), failed);
    json_value_set(object, "change", json_value_text(check->change), failed);
    json_value_set(object, "verdict", json_value_text(gate_verdict_word(check->verdict)), failed);
    json_value_set(object, "why", json_value_text(check->why), failed);
    return object;
}

int gate_output_json(FILE *file, const struct gate_report *report)
{
    static const char *const results[] = {"nothing worse", "worse", "undecided", "could not run"};
    char summary[GATE_SUMMARY_BYTES];
    bool failed = false;
    enum compare_result result = gate_result(report->gate);
    json_t *root = json_object(), *checks = json_array();
    json_value_set(root, "result", json_value_text(results[result]), &failed);
    json_value_set(root, "exit_status", json_integer(result), &failed);
    json_value_set(root, "summary", json_value_text(gate_summary(report, summary)), &failed);
    json_value_set(root, "interrupted", json_boolean(report->interrupted), &failed);
    json_value_set(root, "seconds", json_value_number(report->seconds), &failed);
    json_value_set(root, "against", json_value_text(report->against), &failed);
    json_value_set(root, "store", json_value_text(report->store), &failed);
    for (size_t i = 0; i < report->gate->count; i++)
        json_value_append(checks, check_of(&report->gate->checks[i], &failed), &failed);
    json_value_set(root, "checks", checks, &failed);
    return json_value_write(file, root, JSON_INDENT(2), failed);
}

/* ---- JUnit -------------------------------------------------------------------------- */

/* NULL: passed. */
static const char *element_of(enum gate_verdict verdict)
{
    switch (verdict) {
    case GATE_WORSE:
        return "failure";
    case GATE_ERROR:
        return "error";
    case GATE_UNDECIDED:
    case GATE_NOT_COMPARABLE:
    case GATE_NOT_GATED:
        return "skipped";
    case GATE_SAME:
    case GATE_BETTER:
    case GATE_VERDICT_COUNT:
        break;
    }
    return NULL;
}

static void print_words(struct stream *stream, const struct gate_check *check)
{
    stream_xml_text(stream, gate_verdict_word(check->verdict));
    if (check->change[0] != '\0')
        stream_print(stream, ": ");
    stream_xml_text(stream, check->base);
    stream_print(stream, "%s", check->change[0] != '\0' ? " then, " : "");
    stream_xml_text(stream, check->change[0] != '\0' ? check->now : "");
    stream_print(stream, "%s", check->change[0] != '\0' ? " now, " : "");
    stream_xml_text(stream, check->change);
    stream_print(stream, "%s", check->why[0] != '\0' ? ": " : "");
    stream_xml_text(stream, check->why);
}

static void print_case(struct stream *stream, const struct gate_check *check)
{
    const char *element = element_of(check->verdict);
    stream_print(stream, "    <testcase classname=\"heapmark.gate.");
    stream_xml_text(stream, check->allocator);
    stream_print(stream, ".");
    stream_xml_text(stream, check->workload);
    stream_print(stream, "\" name=\"");
    stream_xml_text(stream, check->measure);
    if (element != NULL)
        stream_print(stream, "\"><%s message=\"", element);
    else
        stream_print(stream, "\"><system-out>");
    print_words(stream, check);
    stream_print(stream, "%s",
                 element != NULL ? "\"/></testcase>\n" : "</system-out></testcase>\n");
}

int gate_output_junit(FILE *file, const struct gate_report *report)
{
    const struct gate *gate = report->gate;
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                          "  <testsuite name=\"heapmark gate ");
    stream_xml_text(&stream, report->against);
    stream_print(
        &stream,
        "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
        gate->count, gate_count(gate, GATE_WORSE), gate_count(gate, GATE_ERROR),
        gate_count(gate, GATE_UNDECIDED) + gate_count(gate, GATE_NOT_COMPARABLE) +
            gate_count(gate, GATE_NOT_GATED),
        report->seconds);
    for (size_t i = 0; i < gate->count; i++)
        print_case(&stream, &gate->checks[i]);
    stream_print(&stream, "  </testsuite>\n</testsuites>\n");
    return stream_finish(&stream);
}
