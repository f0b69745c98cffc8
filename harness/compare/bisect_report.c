/* What came of a hunt, in words; see bisect_report.h. */
#include "bisect_report.h"

#include "json_value.h"
#include "stream.h"

#include <stdlib.h>

const char *bisect_outcome_word(enum bisect_outcome outcome)
{
    static const char *const words[] = {
#define X(name, word, help) word,
        BISECT_OUTCOMES(X)
#undef X
    };
    return words[outcome];
}

static const struct {
    int status;
    const char *word;
} results[] = {
#define X(name, status, word) {status, word},
    BISECT_RESULTS(X)
#undef X
};

int bisect_exit_status(enum bisect_result result)
{
    return results[result].status;
}

void bisect_report_release(struct bisect_report *report)
{
    history_commit_release(&report->good);
    history_commit_release(&report->bad);
    history_commit_release(&report->culprit);
    for (size_t i = 0; i < report->step_count; i++)
        history_commit_release(&report->steps[i].commit);
    free(report->steps);
    free(report->workload);
    history_list_release(&report->suspects);
    *report = (struct bisect_report){0};
}

/* ---- text ------------------------------------------------------------------------ */

static void print_commit(struct stream *stream, const struct history_commit *commit)
{
    stream_print(stream, "%.*s ", HISTORY_SHORT_DIGITS, commit->commit);
    stream_line_text(stream, commit->subject != NULL ? commit->subject : "");
}

static void print_step(struct stream *stream, const struct bisect_step *step)
{
    stream_padded(stream, bisect_outcome_word(step->outcome), 8);
    print_commit(stream, &step->commit);
    if (step->change[0] != '\0')
        stream_print(stream, "  %s", step->change);
    if (step->why[0] != '\0') {
        stream_print(stream, "  (");
        stream_line_text(stream, step->why);
        stream_print(stream, ")");
    }
    stream_print(stream, "\n");
}

static void print_culprit(struct stream *stream, const struct bisect_report *report)
{
    stream_print(stream, "\nThe commit that changed %s of ", report->measure);
    stream_line_text(stream, report->allocator);
    stream_print(stream, ":\n\n  commit  %s\n  author  ", report->culprit.commit);
    stream_line_text(stream, report->culprit.author);
    stream_print(stream, "\n  date    ");
    stream_line_text(stream, report->culprit.date);
    stream_print(stream, "\n  subject ");
    stream_line_text(stream, report->culprit.subject);
    stream_print(stream, "\n  change  %s\n", report->change);
}

int bisect_output_text(FILE *file, const struct bisect_report *report)
{
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "GOOD    ");
    print_commit(&stream, &report->good);
    stream_print(&stream, "\nBAD     ");
    print_commit(&stream, &report->bad);
    stream_print(&stream, "\nmeasure %s", report->measure);
    if (report->workload != NULL) {
        stream_print(&stream, " on ");
        stream_line_text(&stream, report->workload);
    }
    if (report->whole[0] != '\0')
        stream_print(&stream, ": %s from GOOD to BAD", report->whole);
    stream_print(&stream, "\n\n");
    for (size_t i = 0; i < report->step_count; i++)
        print_step(&stream, &report->steps[i]);
    if (report->result == BISECT_FOUND)
        print_culprit(&stream, report);
    if (report->suspects.count > 0)
        stream_print(&stream, "\nIt is one of these, which could not be told apart:\n");
    for (size_t i = 0; i < report->suspects.count; i++)
        stream_print(&stream, "  %s\n", report->suspects.commits[i]);
    stream_print(&stream, "Result: %s%s", results[report->result].word,
                 report->why[0] != '\0' ? ": " : "");
    stream_line_text(&stream, report->why);
    stream_print(&stream, ", in %.0f s.\n", report->seconds);
    return stream_finish(&stream);
}

/* ---- JSON ------------------------------------------------------------------------ */

static json_t *commit_of(const struct history_commit *commit, bool *failed)
{
    if (commit->commit[0] == '\0')
        return json_null();
    json_t *object = json_object();
    json_value_set(object, "commit", json_value_text(commit->commit), failed);
    json_value_set(object, "author", json_value_text(commit->author), failed);
    json_value_set(object, "date", json_value_text(commit->date), failed);
    json_value_set(object, "subject", json_value_text(commit->subject), failed);
    return object;
}

static json_t *step_of(const struct bisect_step *step, bool *failed)
{
    json_t *object = json_object();
    json_value_set(object, "commit", commit_of(&step->commit, failed), failed);
    json_value_set(object, "outcome", json_value_text(bisect_outcome_word(step->outcome)), failed);
    json_value_set(object, "measured", json_boolean(step->measured), failed);
    json_value_set(object, "change", json_value_text(step->change), failed);
    json_value_set(object, "why", json_value_text(step->why), failed);
    return object;
}

int bisect_output_json(FILE *file, const struct bisect_report *report)
{
    bool failed = false;
    json_t *root = json_object(), *steps = json_array(), *suspects = json_array();
    json_value_set(root, "result", json_value_text(results[report->result].word), &failed);
    json_value_set(root, "exit_status", json_integer(results[report->result].status), &failed);
    json_value_set(root, "why", json_value_text(report->why), &failed);
    json_value_set(root, "allocator", json_value_text(report->allocator), &failed);
    json_value_set(root, "measure", json_value_text(report->measure), &failed);
    json_value_set(root, "workload", json_value_text(report->workload), &failed);
    json_value_set(root, "seconds", json_value_number(report->seconds), &failed);
    json_value_set(root, "good", commit_of(&report->good, &failed), &failed);
    json_value_set(root, "bad", commit_of(&report->bad, &failed), &failed);
    json_value_set(root, "whole_change", json_value_text(report->whole), &failed);
    json_value_set(root, "culprit", commit_of(&report->culprit, &failed), &failed);
    json_value_set(root, "change", json_value_text(report->change), &failed);
    for (size_t i = 0; i < report->step_count; i++)
        json_value_append(steps, step_of(&report->steps[i], &failed), &failed);
    json_value_set(root, "steps", steps, &failed);
    for (size_t i = 0; i < report->suspects.count; i++)
        json_value_append(suspects, json_value_text(report->suspects.commits[i]), &failed);
    json_value_set(root, "suspects", suspects, &failed);
    return json_value_write(file, root, JSON_INDENT(2), failed);
}
