/*
 * Starts a shell script of a program's stanza and follows it to its end.
 *
 * The process leads a session of its own, works in the given folder, reads /dev/null and writes
 * its standard output there. Descriptor 3 is a pipe of which the last lines are kept; descriptor
 * 4, when asked for, a pipe for strace's log.
 */
#ifndef HEAPMARK_PROGRAM_LAUNCH_H
#define HEAPMARK_PROGRAM_LAUNCH_H

#include "last_words.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PROGRAM_ERRORS_FD = 3,
    PROGRAM_LOG_FD = 4,
};

struct program_launch {
    const char *const *argv;  /* argv[0] is looked up on PATH */
    char *const *environment; /* the whole of it */
    const char *folder;       /* working directory */
    const char *own_errors;   /* file for standard error; NULL: the pipe of descriptor 3 */
    bool log;                 /* open descriptor 4 */
};

struct program_process {
    pid_t pid; /* its session and process group have the same number; negative once reaped */
    int pidfd;
    int go;     /* closed by program_go: the process waits for it before it executes anything */
    int errors; /* read end of its descriptor 3 */
    int log;    /* read end of its descriptor 4, -1 without */
    int64_t launched_ns;    /* CLOCK_MONOTONIC */
    struct last_words tail; /* of what it wrote to descriptor 3 */
};

enum program_stop { PROGRAM_ENDED, PROGRAM_TIMED_OUT, PROGRAM_INTERRUPTED };

struct program_end {
    enum program_stop stop;
    int exit_status; /* -1 unless it exited */
    int signal;      /* 0 unless a signal ended it */
};

struct program_limits {
    int64_t time_limit_ns;                    /* 0: none */
    const volatile sig_atomic_t *interrupted; /* may be NULL */
};

typedef void program_log_fn(void *argument, const char *text, size_t bytes);

/* Forks. The process stands still before its exec until program_go, so that it can be traced
 * from its first instruction on. Returns 0, or -1 with a message and nothing left behind. */
int program_start(struct program_process *process, const struct program_launch *launch,
                  char *message);
void program_go(struct program_process *process);
/* Follows it until it has ended and been reaped, or until a limit is reached: then it still
 * runs, and program_kill ends it. `take` gets strace's log as it comes; NULL without a log. */
struct program_end program_wait(struct program_process *process,
                                const struct program_limits *limits, program_log_fn *take,
                                void *argument);
/* Takes what has been written to descriptor 3, without waiting. */
void program_drain(struct program_process *process);
/* Whether a limit has been reached; sets end->stop. */
bool program_must_stop(const struct program_process *process, const struct program_limits *limits,
                       struct program_end *end);
/* What waitpid(2) said of the process. */
void program_note_end(struct program_process *process, int wait_status, struct program_end *end);
/* Kills what lives of the process group, reaps the process and closes all descriptors. */
void program_kill(struct program_process *process);

#endif
