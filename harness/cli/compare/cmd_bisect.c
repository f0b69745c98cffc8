/* heapmark bisect: which commit changed a measure of an allocator. */
#include "bisect_hunt.h"
#include "bisect_measure.h"
#include "cli.h"
#include "clock.h"
#include "running.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "heapmark bisect"

/* ---- before and after --------------------------------------------------------------------- */

static int find_ends(struct bisecting *bisecting)
{
    struct bisect_report *report = &bisecting->report;
    char *message = bisecting->message;
    bisecting->history = (struct history){
        .root = bisecting->root,
        .first_parent = bisecting->options.first_parent,
        .interrupted = &running_interrupted,
    };
    report->allocator = bisecting->options.allocator;
    report->measure = bisect_options_measure(&bisecting->options);
    if (paths_init(&bisecting->paths, message) < 0 ||
        revision_root(bisecting->root, &bisecting->options.source, &bisecting->paths, message) <
            0 ||
        history_find(&bisecting->history, bisecting->options.good, &report->good, message) < 0 ||
        history_find(&bisecting->history, bisecting->options.bad, &report->bad, message) < 0 ||
        history_check_order(&bisecting->history, report->good.commit, report->bad.commit, message) <
            0)
        return -1;
    if (strcmp(report->good.commit, report->bad.commit) == 0)
        return message_set(message, "GOOD and BAD are the same commit");
    snprintf(bisecting->bad, sizeof bisecting->bad, "%s", report->bad.commit);
    return bisect_note_good(bisecting, report->good.commit);
}

/* Every comparison has its share: that of the ends, of each step, and of the commit found. */
static int split_alpha(struct bisecting *bisecting)
{
    struct history_list list;
    const char *next;
    if (bisect_next(bisecting, &list, &next) < 0)
        return -1;
    double steps = ceil(log2((double)(list.count > 1 ? list.count : 2)));
    bisecting->alpha = bisecting->options.budget.alpha / (steps + 2);
    history_list_release(&list);
    return 0;
}

static int keep_whole(struct bisecting *bisecting, struct bisect_difference *difference)
{
    struct bisect_report *report = &bisecting->report;
    snprintf(report->whole, sizeof report->whole, "%s", difference->words);
    bisecting->amount = difference->amount;
    if (difference->label != NULL) {
        report->workload = strdup(difference->label);
        bisecting->workload = strdup(difference->text);
        if (report->workload == NULL || bisecting->workload == NULL)
            return message_set(bisecting->message, "out of memory");
    }
    switch (difference->likeness) {
    case BISECT_DIFFERENT:
        return 0;
    case BISECT_ALIKE:
        report->result = BISECT_NO_DIFFERENCE;
        snprintf(report->why, sizeof report->why,
                 "GOOD and BAD do not differ by more than the threshold; name other ends, another "
                 "workload, or a smaller --threshold");
        return 1;
    case BISECT_UNCLEAR:
        report->result = BISECT_UNDECIDED;
        snprintf(report->why, sizeof report->why,
                 "whether GOOD and BAD differ is not clear: %.300s; give more --max-time, or take "
                 "an exact --measure",
                 difference->why);
        return 1;
    case BISECT_FALLEN:
        break;
    }
    return message_set(bisecting->message, "GOOD or BAD does not run: %.400s", difference->why);
}

/* 0: they differ; 1: there is nothing to be hunted, and the report says so; -1: a message. */
static int compare_ends(struct bisecting *bisecting)
{
    struct elf_code good, bad;
    struct bisect_difference difference;
    bisecting->base =
        bisect_build(bisecting, bisecting->report.good.commit, &good, bisecting->message);
    char *library = bisecting->base != NULL ? bisect_build(bisecting, bisecting->report.bad.commit,
                                                           &bad, bisecting->message)
                                            : NULL;
    if (library == NULL)
        return -1;
    if (strcmp(good.sha256, bad.sha256) == 0) {
        free(library);
        bisecting->report.result = BISECT_NO_DIFFERENCE;
        snprintf(bisecting->report.why, sizeof bisecting->report.why,
                 "the library has the same code at GOOD and at BAD");
        return 1;
    }
    const struct bisect_question question = {.options = &bisecting->options,
                                             .base = bisecting->base,
                                             .new = library,
                                             .threshold = bisecting->options.threshold,
                                             .alpha = bisecting->alpha};
    int result = bisect_measure(&difference, &question, bisecting->message);
    free(library);
    if (result == 0 && !running_interrupted)
        result = keep_whole(bisecting, &difference);
    bisect_difference_release(&difference);
    if (result == 0 && (bisect_note_judged(bisecting, good.sha256, BISECT_AS_GOOD) < 0 ||
                        bisect_note_judged(bisecting, bad.sha256, BISECT_AS_BAD) < 0))
        return -1;
    return result;
}

/* The libraries of the commit and of its parent, NULL where there is none: then `change` says why.
 * The commit is named all the same. -1: a message. */
static int build_culprit(struct bisecting *bisecting, char **before, char **after)
{
    struct bisect_report *report = &bisecting->report;
    struct history_commit parent = {0};
    struct elf_code code;
    char name[HISTORY_COMMIT_BYTES + 2], why[MESSAGE_BYTES] = "";
    *before = *after = NULL;
    snprintf(name, sizeof name, "%s^", bisecting->bad);
    if (history_find(&bisecting->history, bisecting->bad, &report->culprit, bisecting->message) <
            0 ||
        history_find(&bisecting->history, name, &parent, bisecting->message) < 0)
        return -1;
    *before = bisect_build(bisecting, parent.commit, &code, why);
    if (*before != NULL)
        *after = bisect_build(bisecting, bisecting->bad, &code, why);
    if (*after == NULL)
        snprintf(report->change, sizeof report->change, "not measured: %.140s", why);
    history_commit_release(&parent);
    return 0;
}

/* The commit against its parent, directly. */
static int measure_culprit(struct bisecting *bisecting)
{
    struct bisect_report *report = &bisecting->report;
    struct bisect_difference difference = {0};
    char *before, *after;
    int result = build_culprit(bisecting, &before, &after);
    const struct bisect_question question = {.options = &bisecting->options,
                                             .base = before,
                                             .new = after,
                                             .workload = bisecting->workload,
                                             .threshold = bisecting->options.threshold,
                                             .alpha = bisecting->alpha};
    if (result == 0 && after != NULL) {
        result = bisect_measure(&difference, &question, bisecting->message);
        snprintf(report->change, sizeof report->change, "%s", difference.words);
        bisect_difference_release(&difference);
    }
    free(before);
    free(after);
    return result;
}

static int work(struct bisecting *bisecting)
{
    if (find_ends(bisecting) < 0 || split_alpha(bisecting) < 0)
        return -1;
    int ends = compare_ends(bisecting);
    if (ends != 0 || running_interrupted)
        return ends < 0 ? -1 : 0;
    if (bisect_hunt(bisecting) < 0)
        return -1;
    return bisecting->report.result == BISECT_FOUND && !running_interrupted
               ? measure_culprit(bisecting)
               : 0;
}

static void release(struct bisecting *bisecting)
{
    bisect_report_release(&bisecting->report);
    run_options_release(&bisecting->options.run);
    paths_release(&bisecting->paths);
    free(bisecting->base);
    free(bisecting->workload);
    free(bisecting->goods);
    free(bisecting->judged);
}

int cmd_bisect(int argc, char **argv)
{
    struct bisecting bisecting = {.report = {.result = BISECT_UNDECIDED}};
    int64_t started_ns = clock_ns(CLOCK_MONOTONIC);
    bisect_options_parse(&bisecting.options, argc, argv);
    running_catch_interruptions();
    int result = work(&bisecting), status = COMPARE_COULD_NOT_RUN;
    if (running_interrupted) {
        bisecting.report.result = BISECT_INTERRUPTED;
        result = 0;
    }
    bisecting.report.seconds = (double)(clock_ns(CLOCK_MONOTONIC) - started_ns) / 1e9;
    if (result == 0) {
        status = bisect_exit_status(bisecting.report.result);
        if (bisecting.options.write(stdout, &bisecting.report) < 0)
            result = message_set(bisecting.message, "cannot print the result: %s", strerror(errno));
    }
    if (result < 0) {
        fprintf(stderr, COMMAND ": %s\n", bisecting.message);
        status = COMPARE_COULD_NOT_RUN;
    }
    release(&bisecting);
    return status;
}
