/*
 * Follows a tree of processes by ptrace(2); see process_tree.h.
 *
 * The tracee is seized (PTRACE_SEIZE), so that stops by signals, which are passed on, and stops
 * of whole groups, which are let last (PTRACE_LISTEN), can be told apart.
 */
#include "clock.h"
#include "process_poll.h"
#include "process_tree.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#define NS_PER_S        INT64_C(1000000000)
#define DEFAULT_STEP_NS 1000000
#define END_PATIENCE_NS (2 * NS_PER_S) /* for killed processes to be gone */

/* EXITKILL: were the harness killed, nothing of the program would be left. */
static const long trace_options = PTRACE_O_TRACEEXIT | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                  PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

struct tracing {
    struct process_tree *tree;
    struct program_process *process;
    struct program_end end;
    bool root_ended;
};

/* A new process has the memory, the program and the name of the one it was forked from. */
static void note_birth(struct tracing *tracing, pid_t parent_thread)
{
    unsigned long number = 0;
    if (ptrace(PTRACE_GETEVENTMSG, parent_thread, NULL, &number) < 0)
        return;
    pid_t born = (pid_t)number;
    if (proc_read_tgid(born) != born)
        return; /* a thread */
    const struct process_image *parent =
        process_tree_find(tracing->tree, proc_read_tgid(parent_thread));
    struct process_image *image =
        process_tree_add(tracing->tree, born, parent != NULL ? parent->exe : NULL);
    if (image != NULL && parent != NULL)
        image->origin = parent->origin;
}

static void note_exec(struct tracing *tracing, pid_t pid)
{
    struct process_image *before = process_tree_find(tracing->tree, pid);
    if (before != NULL)
        process_image_end(before);
    process_tree_add(tracing->tree, pid, NULL);
}

/* Every thread stops here on its way out; the memory goes with the last one. */
static void note_exit(struct tracing *tracing, pid_t thread)
{
    struct proc_schedule schedule;
    struct process_image *image = process_tree_find(tracing->tree, proc_read_tgid(thread));
    if (image == NULL)
        return;
    process_image_read(image, thread);
    if (proc_read_thread_schedule(thread, &schedule) < 0)
        return;
    if (thread == image->pid) { /* the one that may have run something else before */
        schedule.voluntary_switches -= image->first.voluntary_switches;
        schedule.involuntary_switches -= image->first.involuntary_switches;
        schedule.run_delay_ns -= image->first.run_delay_ns;
    }
    image->schedule.voluntary_switches += schedule.voluntary_switches;
    image->schedule.involuntary_switches += schedule.involuntary_switches;
    image->schedule.run_delay_ns += schedule.run_delay_ns;
}

static bool stops_group(int number)
{
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void handle_stop(struct tracing *tracing, pid_t thread, int wait_status)
{
    int passed_on = 0;
    switch (wait_status >> 16) {
    case 0:
        passed_on = WSTOPSIG(wait_status); /* a signal on its way to the process */
        break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        note_birth(tracing, thread);
        break;
    case PTRACE_EVENT_EXEC:
        note_exec(tracing, thread);
        break;
    case PTRACE_EVENT_EXIT:
        note_exit(tracing, thread);
        break;
    case PTRACE_EVENT_STOP:
        if (stops_group(WSTOPSIG(wait_status))) {
            ptrace(PTRACE_LISTEN, thread, NULL, NULL);
            return;
        }
        break;
    default:
        break;
    }
    ptrace(PTRACE_CONT, thread, NULL, (void *)(intptr_t)passed_on);
}

static void handle(struct tracing *tracing, pid_t thread, int wait_status)
{
    if (WIFSTOPPED(wait_status)) {
        handle_stop(tracing, thread, wait_status);
        return;
    }
    struct process_image *image = process_tree_find(tracing->tree, thread);
    if (image != NULL)
        process_image_end(image);
    if (thread != tracing->process->pid)
        return;
    program_note_end(tracing->process, wait_status, &tracing->end);
    tracing->root_ended = true;
}

/* Handles all that has happened. Returns false when there is no process left. */
static bool handle_all(struct tracing *tracing)
{
    int wait_status;
    pid_t thread;
    /* Children of other threads of the harness are theirs to wait for (__WNOTHREAD). */
    while ((thread = waitpid(-1, &wait_status, __WALL | __WNOTHREAD | WNOHANG)) > 0)
        handle(tracing, thread, wait_status);
    return thread == 0;
}

static void wait_for_child(int64_t wait_ns)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (wait_ns <= 0)
        return;
    struct timespec limit = {.tv_sec = wait_ns / NS_PER_S, .tv_nsec = wait_ns % NS_PER_S};
    sigtimedwait(&child, NULL, &limit); /* an interruption comes back as EINTR, and is looked at */
}

static void follow(struct tracing *tracing, const struct process_tree_options *options)
{
    int64_t step_ns = options->step_ns > 0 ? options->step_ns : DEFAULT_STEP_NS;
    int64_t next_ns = 0;
    while (handle_all(tracing) && !tracing->root_ended) {
        program_drain(tracing->process);
        if (program_must_stop(tracing->process, &options->limits, &tracing->end))
            return;
        if (clock_ns(CLOCK_MONOTONIC) >= next_ns) {
            if (options->step_ns > 0)
                process_tree_sample(tracing->tree, step_ns);
            next_ns = clock_ns(CLOCK_MONOTONIC) + step_ns;
        }
        wait_for_child(next_ns - clock_ns(CLOCK_MONOTONIC));
    }
}

/* Kills all that still lives and follows it to its end: a traced process stops at its exit even
 * when it is killed, and would stay there. */
static void finish(struct tracing *tracing)
{
    int64_t start_ns = clock_ns(CLOCK_MONOTONIC);
    enum program_stop stop = tracing->end.stop;
    do {
        for (size_t i = 0; i < tracing->tree->count; i++)
            if (tracing->tree->images[i]->alive)
                kill(tracing->tree->images[i]->pid, SIGKILL);
        if (!handle_all(tracing))
            break;
        wait_for_child(DEFAULT_STEP_NS);
    } while (clock_ns(CLOCK_MONOTONIC) - start_ns < END_PATIENCE_NS);
    tracing->end.stop = stop;
    program_drain(tracing->process);
}

struct program_end process_tree_watch(struct process_tree *tree, struct program_process *process,
                                      const struct process_tree_options *options)
{
    struct tracing tracing = {
        .tree = tree, .process = process, .end = {.stop = PROGRAM_ENDED, .exit_status = -1}
    };
    sigset_t child, before;
    *tree = (struct process_tree){0};
    tree->traced = !options->never_trace &&
                   ptrace(PTRACE_SEIZE, process->pid, NULL, (void *)trace_options) == 0;
    if (!tree->traced)
        return process_poll_watch(tree, process, options);

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &child, &before);
    process_tree_add(tree, process->pid, NULL);
    program_go(process);
    follow(&tracing, options);
    finish(&tracing);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return tracing.end;
}
