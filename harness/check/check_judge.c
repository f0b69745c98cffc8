/* From what a test said and how it ended to its outcome; see check_run.h. */
#include "check_run.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest of the first line that begins with `word`, into `text`; false when there is none. */
static bool find_line(const char *output, const char *word, char *text, size_t bytes)
{
    size_t length = strlen(word);
    for (const char *line = output; line != NULL && *line != '\0';) {
        const char *end = strchrnul(line, '\n');
        if (strncmp(line, word, length) == 0 && (line[length] == ' ' || line + length == end)) {
            const char *from = line + length + (line[length] == ' ');
            snprintf(text, bytes, "%.*s", (int)(end - from), from);
            return true;
        }
        line = *end == '\n' ? end + 1 : NULL;
    }
    return false;
}

static void set(struct check_result *result, enum check_outcome outcome, const char *reason)
{
    result->outcome = outcome;
    snprintf(result->reason, sizeof result->reason, "%s", reason);
}

/* The first line of standard error: an allocator's last words. */
static const char *last_words(const struct check_end *end, char *text, size_t bytes)
{
    size_t length = strcspn(end->errors, "\n");
    snprintf(text, bytes, "%s%.*s", length > 0 ? "; it said: " : "", (int)length, end->errors);
    return text;
}

static bool is_injected(const struct check_end *end, struct check_result *result)
{
    char owner[PATH_MAX], real[PATH_MAX];
    if (!find_line(end->output, "owner", owner, sizeof owner))
        return true; /* it did not come so far: the way it ended says more */
    if (realpath(owner, real) != NULL && strcmp(real, end->malloc_file) == 0)
        return true;
    result->outcome = CHECK_NOT_INJECTED;
    snprintf(result->reason, sizeof result->reason, "malloc is served by %.300s", owner);
    return false;
}

static void judge_by_end(struct check_result *result, const struct check_end *end, bool passed)
{
    char words[CHECK_REASON_BYTES / 2], reason[CHECK_REASON_BYTES];
    const char *when = passed ? " after its verdict" : "";
    last_words(end, words, sizeof words);
    if (end->timed_out) {
        snprintf(reason, sizeof reason, "still running at the time limit%s%s", when, words);
        set(result, CHECK_HANG, reason);
    } else if (end->signal != 0) {
        snprintf(reason, sizeof reason, "SIG%s%s%s", sigabbrev_np(end->signal), when, words);
        set(result, CHECK_CRASH, reason);
    } else {
        snprintf(reason, sizeof reason, "exit status %d %s%s", end->exit_status,
                 passed ? "after its verdict" : "without a verdict", words);
        set(result, CHECK_FAIL, reason);
    }
}

/* SIGABRT, SIGTRAP, SIGILL and an exit are an allocator's own doing; the others befall it. */
static bool is_deliberate(const struct check_end *end)
{
    return !end->timed_out && (end->signal == 0 || end->signal == SIGABRT ||
                               end->signal == SIGTRAP || end->signal == SIGILL);
}

/* At the wrong access itself: the memory is not there, or not to be touched. */
static bool is_trapped(const struct check_end *end)
{
    char nothing[8];
    return (end->signal == SIGSEGV || end->signal == SIGBUS) &&
           find_line(end->output, "access", nothing, sizeof nothing) &&
           !find_line(end->output, "accessed", nothing, sizeof nothing);
}

static void judge_misuse(struct check_result *result, const struct check_end *end)
{
    char reason[CHECK_REASON_BYTES], nothing[8];
    bool begun = find_line(end->output, "begins", nothing, sizeof nothing);
    bool done = find_line(end->output, "done", nothing, sizeof nothing);
    if (find_line(end->output, "harm", reason, sizeof reason)) {
        set(result, CHECK_NEVER, reason);
        return;
    }
    if (find_line(end->output, "pass", reason, sizeof reason) && end->signal == 0 &&
        !end->timed_out && end->exit_status == 0) {
        set(result, end->errors[0] != '\0' ? CHECK_WARNED : CHECK_HARMLESS, "");
        snprintf(result->reason, sizeof result->reason, "%.*s", (int)strcspn(end->errors, "\n"),
                 end->errors);
        return;
    }
    judge_by_end(result, end, false);
    if (!begun)
        return; /* it died before anything was done wrong: a crash like any other */
    if (is_trapped(end))
        result->outcome = CHECK_TRAPPED;
    else
        result->outcome = !is_deliberate(end) ? CHECK_FAULT : done ? CHECK_LATE : CHECK_AT_ONCE;
}

void check_judge(struct check_result *result, const struct check_test *test,
                 const struct check_end *end)
{
    char reason[CHECK_REASON_BYTES];
    if (!is_injected(end, result))
        return;
    if (find_line(end->output, "skip", reason, sizeof reason)) {
        set(result, CHECK_SKIP, reason);
        return;
    }
    if (check_test_is_misuse(test)) {
        judge_misuse(result, end);
        return;
    }
    if (find_line(end->output, "fail", reason, sizeof reason)) {
        set(result, CHECK_FAIL, reason);
        return;
    }
    bool passed = find_line(end->output, "pass", reason, sizeof reason);
    if (passed && !end->timed_out && end->signal == 0 && end->exit_status == 0)
        set(result, CHECK_PASS, "");
    else
        judge_by_end(result, end, passed);
}
