/* heapmark bisect: which commit changed a measure of an allocator. */
#include "bisect_measure.h"
#include "bisect_options.h"
#include "cli.h"
#include "clock.h"
#include "elf_code.h"
#include "option_values.h"
#include "running.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "heapmark bisect"
/* Beyond it no threshold can be told. */
#define THRESHOLD_MAXIMUM 0.95

/* A library that has been judged. */
struct judged {
    char code[ELF_CODE_DIGEST_BYTES];
    enum bisect_outcome outcome;
};

struct bisecting {
    struct bisect_options options;
    struct bisect_report report;
    struct history history;
    struct paths paths;
    char root[PATH_MAX];
    char *base;     /* GOOD's library */
    char *workload; /* what is hunted on: "name:params" */
    double amount;  /* of BAD to GOOD */
    double alpha;   /* of one comparison */
    char (*goods)[HISTORY_COMMIT_BYTES];
    size_t good_count;
    char bad[HISTORY_COMMIT_BYTES];
    struct judged *judged;
    size_t judged_count;
    char message[MESSAGE_BYTES];
};

/* ---- what is known ------------------------------------------------------------------- */

static int note_good(struct bisecting *bisecting, const char *commit)
{
    char(*grown)[HISTORY_COMMIT_BYTES] =
        reallocarray(bisecting->goods, bisecting->good_count + 1, sizeof *bisecting->goods);
    if (grown == NULL)
        return message_set(bisecting->message, "out of memory");
    bisecting->goods = grown;
    snprintf(grown[bisecting->good_count++], sizeof *grown, "%s", commit);
    return 0;
}

static int note_judged(struct bisecting *bisecting, const char *code, enum bisect_outcome outcome)
{
    struct judged *grown =
        reallocarray(bisecting->judged, bisecting->judged_count + 1, sizeof *bisecting->judged);
    if (grown == NULL)
        return message_set(bisecting->message, "out of memory");
    bisecting->judged = grown;
    struct judged *judged = &grown[bisecting->judged_count++];
    snprintf(judged->code, sizeof judged->code, "%s", code);
    judged->outcome = outcome;
    return 0;
}

static const struct judged *find_judged(const struct bisecting *bisecting, const char *code)
{
    for (size_t i = 0; i < bisecting->judged_count; i++)
        if (strcmp(bisecting->judged[i].code, code) == 0)
            return &bisecting->judged[i];
    return NULL;
}

static bool is_skipped(const struct bisecting *bisecting, const char *commit)
{
    for (size_t i = 0; i < bisecting->report.step_count; i++)
        if (bisecting->report.steps[i].outcome == BISECT_SKIPPED &&
            strcmp(bisecting->report.steps[i].commit.commit, commit) == 0)
            return true;
    return false;
}

/* ---- building and measuring ------------------------------------------------------------ */

/* The library of a commit, to be freed, and its code; NULL with a message. */
static char *build(struct bisecting *bisecting, const char *commit, struct elf_code *code,
                   char *message)
{
    struct revision revision = {0};
    char *word = NULL;
    if (asprintf(&word, "%s@%s", bisecting->options.allocator, commit) < 0) {
        message_set(message, "out of memory");
        return NULL;
    }
    int result = revision_build(&revision, word, &bisecting->options.source, &bisecting->paths,
                                &running_interrupted, message);
    free(word);
    if (result == 0 && elf_code_read(code, revision.library, message) < 0)
        revision_release(&revision);
    return revision.library;
}

/* The threshold of a step: its middle is the middle between GOOD and BAD. */
static double step_threshold(const struct bisecting *bisecting)
{
    double amount = fabs(bisecting->amount);
    double least = bisecting->options.threshold;
    return fmin(amount > least ? amount : least, THRESHOLD_MAXIMUM);
}

static enum bisect_outcome outcome_of(const struct bisecting *bisecting,
                                      const struct bisect_difference *difference)
{
    bool same_way = (difference->amount > 0) == (bisecting->amount > 0);
    if (difference->likeness == BISECT_UNCLEAR || difference->likeness == BISECT_FALLEN)
        return BISECT_SKIPPED;
    if (bisecting->options.exact >= 0)
        return same_way && fabs(difference->amount) > fabs(bisecting->amount) / 2 ? BISECT_AS_BAD
                                                                                  : BISECT_AS_GOOD;
    return difference->likeness == BISECT_DIFFERENT && same_way ? BISECT_AS_BAD : BISECT_AS_GOOD;
}

static int measure_step(struct bisecting *bisecting, struct bisect_step *step, const char *library)
{
    struct bisect_difference difference;
    const struct bisect_question question = {
        .options = &bisecting->options,
        .base = bisecting->base,
        .new = library,
        .workload = bisecting->workload,
        .threshold = step_threshold(bisecting),
        .alpha = bisecting->alpha,
    };
    int result = bisect_measure(&difference, &question, bisecting->message);
    if (result == 0) {
        step->measured = true;
        step->outcome = outcome_of(bisecting, &difference);
        snprintf(step->change, sizeof step->change, "%s", difference.words);
        if (step->outcome == BISECT_SKIPPED)
            snprintf(step->why, sizeof step->why, "%s", difference.why);
    }
    bisect_difference_release(&difference);
    return result;
}

/* ---- steps ------------------------------------------------------------------------------ */

static struct bisect_step *add_step(struct bisecting *bisecting, const char *commit)
{
    struct bisect_report *report = &bisecting->report;
    struct bisect_step *grown =
        reallocarray(report->steps, report->step_count + 1, sizeof *report->steps);
    if (grown == NULL) {
        message_set(bisecting->message, "out of memory");
        return NULL;
    }
    report->steps = grown;
    struct bisect_step *step = &grown[report->step_count];
    *step = (struct bisect_step){.outcome = BISECT_SKIPPED};
    if (history_find(&bisecting->history, commit, &step->commit, bisecting->message) < 0)
        return NULL;
    report->step_count++;
    return step;
}

static int take_step(struct bisecting *bisecting, const char *commit)
{
    struct elf_code code;
    char why[MESSAGE_BYTES];
    struct bisect_step *step = add_step(bisecting, commit);
    if (step == NULL)
        return -1;
    char *library = build(bisecting, commit, &code, why);
    if (library == NULL) {
        snprintf(step->why, sizeof step->why, "%s", why);
        return 0;
    }
    const struct judged *known = find_judged(bisecting, code.sha256);
    int result = 0;
    if (known != NULL) {
        step->outcome = known->outcome;
        snprintf(step->why, sizeof step->why, "the same code as one that was measured");
    } else {
        result = measure_step(bisecting, step, library);
        if (result == 0 && !running_interrupted && step->outcome != BISECT_SKIPPED)
            result = note_judged(bisecting, code.sha256, step->outcome);
    }
    free(library);
    if (result < 0 || running_interrupted)
        return result;
    if (step->outcome == BISECT_AS_GOOD)
        return note_good(bisecting, commit);
    if (step->outcome == BISECT_AS_BAD)
        snprintf(bisecting->bad, sizeof bisecting->bad, "%s", commit);
    return 0;
}

/* The commit that is asked next; "" when there is none left but skipped ones. */
static int next_commit(struct bisecting *bisecting, struct history_list *list, const char **next)
{
    *next = "";
    if (history_candidates(&bisecting->history, bisecting->bad,
                           (const char(*)[HISTORY_COMMIT_BYTES])bisecting->goods,
                           bisecting->good_count, list, bisecting->message) < 0)
        return -1;
    for (size_t i = 0; i < list->count && *next[0] == '\0'; i++)
        if (strcmp(list->commits[i], bisecting->bad) != 0 &&
            !is_skipped(bisecting, list->commits[i]))
            *next = list->commits[i];
    return 0;
}

static void tell(const struct bisecting *bisecting, const struct history_list *list)
{
    if (!bisecting->options.run.quiet)
        fprintf(stderr, COMMAND ": %zu commits left, some %.0f steps\n", list->count - 1,
                ceil(log2((double)list->count)));
}

static int hunt(struct bisecting *bisecting)
{
    while (!running_interrupted) {
        struct history_list list;
        const char *next;
        if (next_commit(bisecting, &list, &next) < 0)
            return -1;
        if (next[0] == '\0') {
            bool alone = list.count <= 1;
            bisecting->report.result = alone ? BISECT_FOUND : BISECT_SEVERAL;
            if (!alone) {
                bisecting->report.suspects = list;
                list = (struct history_list){0};
            }
            history_list_release(&list);
            return 0;
        }
        tell(bisecting, &list);
        int result = take_step(bisecting, next);
        history_list_release(&list);
        if (result < 0 && !running_interrupted)
            return -1;
    }
    return 0;
}

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
    return note_good(bisecting, report->good.commit);
}

/* Every comparison has its share: that of the ends, of each step, and of the commit found. */
static int split_alpha(struct bisecting *bisecting)
{
    struct history_list list;
    const char *next;
    if (next_commit(bisecting, &list, &next) < 0)
        return -1;
    double steps = ceil(log2((double)(list.count > 1 ? list.count : 2)));
    bisecting->alpha = bisecting->options.alpha / (steps + 2);
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
    bisecting->base = build(bisecting, bisecting->report.good.commit, &good, bisecting->message);
    char *library = bisecting->base != NULL
                        ? build(bisecting, bisecting->report.bad.commit, &bad, bisecting->message)
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
    if (result == 0 && (note_judged(bisecting, good.sha256, BISECT_AS_GOOD) < 0 ||
                        note_judged(bisecting, bad.sha256, BISECT_AS_BAD) < 0))
        return -1;
    return result;
}

/* The commit against its parent, directly. */
static int measure_culprit(struct bisecting *bisecting)
{
    struct bisect_report *report = &bisecting->report;
    struct history_commit parent = {0};
    struct elf_code code;
    struct bisect_difference difference = {0};
    char name[HISTORY_COMMIT_BYTES + 2];
    snprintf(name, sizeof name, "%s^", bisecting->bad);
    if (history_find(&bisecting->history, bisecting->bad, &report->culprit, bisecting->message) <
            0 ||
        history_find(&bisecting->history, name, &parent, bisecting->message) < 0)
        return -1;
    char *before = build(bisecting, parent.commit, &code, bisecting->message);
    char *after =
        before != NULL ? build(bisecting, bisecting->bad, &code, bisecting->message) : NULL;
    const struct bisect_question question = {.options = &bisecting->options,
                                             .base = before,
                                             .new = after,
                                             .workload = bisecting->workload,
                                             .threshold = bisecting->options.threshold,
                                             .alpha = bisecting->alpha};
    int result = after != NULL ? bisect_measure(&difference, &question, bisecting->message) : -1;
    if (result == 0)
        snprintf(report->change, sizeof report->change, "%s", difference.words);
    bisect_difference_release(&difference);
    history_commit_release(&parent);
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
    if (hunt(bisecting) < 0)
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
