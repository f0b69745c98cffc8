/* The steps of a hunt; see bisect_hunt.h. */
#include "bisect_hunt.h"

#include "bisect_measure.h"
#include "running.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "heapmark bisect"
/* Beyond it no threshold can be told. */
#define THRESHOLD_MAXIMUM 0.95

/* ---- what is known ------------------------------------------------------------------- */

int bisect_note_good(struct bisecting *bisecting, const char *commit)
{
    char(*grown)[HISTORY_COMMIT_BYTES] =
        reallocarray(bisecting->goods, bisecting->good_count + 1, sizeof *bisecting->goods);
    if (grown == NULL)
        return message_set(bisecting->message, "out of memory");
    bisecting->goods = grown;
    snprintf(grown[bisecting->good_count++], sizeof *grown, "%s", commit);
    return 0;
}

int bisect_note_judged(struct bisecting *bisecting, const char *code, enum bisect_outcome outcome)
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

char *bisect_build(struct bisecting *bisecting, const char *commit, struct elf_code *code,
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
    char *library = bisect_build(bisecting, commit, &code, why);
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
            result = bisect_note_judged(bisecting, code.sha256, step->outcome);
    }
    free(library);
    if (result < 0 || running_interrupted)
        return result;
    if (step->outcome == BISECT_AS_GOOD)
        return bisect_note_good(bisecting, commit);
    if (step->outcome == BISECT_AS_BAD)
        snprintf(bisecting->bad, sizeof bisecting->bad, "%s", commit);
    return 0;
}

int bisect_next(struct bisecting *bisecting, struct history_list *list, const char **next)
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

int bisect_hunt(struct bisecting *bisecting)
{
    while (!running_interrupted) {
        struct history_list list;
        const char *next;
        if (bisect_next(bisecting, &list, &next) < 0)
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
