/* How an execution ended, and under which malloc; see program_verdict.h. */
#include "program_verdict.h"

#include "message.h"
#include "program_command.h"
#include "last_words.h"
#include "units.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHELL_SIGNAL_BASE = 128 };

/* How programs and runtimes say that malloc gave them nothing. */
static const char *const memory_complaints[] = {
    "out of memory",     "cannot allocate memory", "memoryerror",        "bad_alloc",
    "not enough memory", "memory exhausted",       "unable to allocate",
};

static bool ran_out_of_memory(const char *errors)
{
    for (size_t i = 0; i < sizeof memory_complaints / sizeof memory_complaints[0]; i++)
        if (strcasestr(errors, memory_complaints[i]) != NULL)
            return true;
    return false;
}

static void judge_signal(int number, const char *said, struct trial_record *record)
{
    const char *name = sigabbrev_np(number);
    switch (number) {
    case SIGKILL:
    case SIGTERM:
    case SIGINT:
    case SIGHUP:
        record->status = STATUS_KILLED;
        message_set(record->detail,
                    "killed from outside by SIG%s (somebody's kill, or the kernel short of memory: "
                    "see dmesg)%s",
                    name, said);
        return;
    default:
        record->status = STATUS_CRASHED;
        message_set(record->detail, "crashed by SIG%s%s", name, said);
    }
}

/* The signal that ended the command, as far as its shell tells; 0: none. */
static int signal_of(const struct program_end *end)
{
    if (end->signal != 0)
        return end->signal;
    int number = end->exit_status - SHELL_SIGNAL_BASE;
    return number > 0 && number < NSIG && sigabbrev_np(number) != NULL ? number : 0;
}

void program_verdict(const struct program_end *end, const char *errors, int64_t time_limit_ns,
                     struct trial_record *record)
{
    char words[256], limit[UNITS_TEXT_BYTES];
    const char *said = last_words_quote(errors, words, sizeof words);
    record->status = STATUS_PLANNED;
    if (end->stop == PROGRAM_INTERRUPTED)
        return;
    if (end->stop == PROGRAM_TIMED_OUT) {
        record->status = STATUS_TIMED_OUT;
        message_set(record->detail, "still running after %s; --time-limit raises the limit%s",
                    units_print_duration(limit, time_limit_ns), said);
        return;
    }
    if (end->signal == 0 && end->exit_status == 0) {
        record->status = STATUS_OK;
        return;
    }
    if (ran_out_of_memory(errors)) {
        record->status = STATUS_OUT_OF_MEMORY;
        message_set(record->detail, "out of memory%s; --memory-limit raises the limit", said);
        return;
    }
    if (signal_of(end) != 0) {
        judge_signal(signal_of(end), said, record);
        return;
    }
    record->status = STATUS_FAILED;
    message_set(record->detail, "exit status %d%s", end->exit_status, said);
}

/* ---- the proof of injection ---------------------------------------------------- */

static bool same_file(const char *a, const char *b)
{
    struct stat left, right;
    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

struct testimony {
    pid_t pid;
    const char *exe, *owner;
};

/* "PID\tEXE\tOWNER\n", cut in place. */
static bool parse_testimony(char *line, struct testimony *testimony)
{
    char *exe = strchr(line, '\t'), *owner = strrchr(line, '\t');
    if (exe == NULL || exe == owner)
        return false;
    *exe = *owner = '\0';
    owner[strcspn(owner + 1, "\n") + 1] = '\0';
    *testimony = (struct testimony){(pid_t)atol(line), exe + 1, owner + 1};
    return true;
}

static struct process_image *largest_of(const struct process_tree *tree,
                                        const struct testimony *testimony,
                                        struct process_image *best)
{
    for (size_t i = 0; i < tree->count; i++) {
        struct process_image *image = tree->images[i];
        if (image->origin == testimony->pid && image->end.reached &&
            strcmp(image->exe, testimony->exe) == 0 &&
            (best == NULL || image->end.vm_hwm_bytes > best->end.vm_hwm_bytes))
            best = image;
    }
    return best;
}

static void refuse(const struct testimony *testimony, const struct allocator *allocator,
                   struct trial_record *record)
{
    record->status = STATUS_NOT_INJECTED;
    snprintf(record->malloc_file, sizeof record->malloc_file, "%s", testimony->owner);
    message_set(record->detail, "malloc of %.200s is served by %.200s, not by %s", testimony->exe,
                testimony->owner, allocator->name);
}

struct process_image *program_proof_find(const char *witness_file, const struct process_tree *tree,
                                         const struct allocator *allocator,
                                         struct trial_record *record)
{
    struct process_image *best = NULL;
    bool served = false;
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = fopen(witness_file, "re");
    while (file != NULL && getline(&line, &capacity, file) > 0 &&
           record->status != STATUS_NOT_INJECTED) {
        struct testimony testimony;
        if (!parse_testimony(line, &testimony) || same_file(testimony.exe, "/bin/sh"))
            continue;
        if (!same_file(testimony.owner, program_malloc_path(allocator))) {
            refuse(&testimony, allocator, record);
            continue;
        }
        served = true;
        snprintf(record->malloc_file, sizeof record->malloc_file, "%s", testimony.owner);
        best = largest_of(tree, &testimony, best);
    }
    free(line);
    if (file != NULL)
        fclose(file);
    if (record->status == STATUS_NOT_INJECTED)
        return NULL;
    if (!served) {
        record->status = STATUS_NOT_INJECTED;
        message_set(record->detail,
                    "no process loaded the preloaded library: a static or set-uid program, or "
                    "{under} stands before none");
    }
    return best;
}
