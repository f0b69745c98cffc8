/*
 * A program's temporary folder, and the scripts that are run in it, for as long as its trials
 * last.
 *
 * The folder holds `work`, where the stanza's texts run (it is also their HOME and TMPDIR), and
 * beside it our own files. No process and no file outlives the session.
 */
#ifndef HEAPMARK_PROGRAM_SESSION_H
#define HEAPMARK_PROGRAM_SESSION_H

#include "environment.h"
#include "paths.h"
#include "program.h"
#include "program_launch.h"
#include "record.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct program_options {
    int64_t time_limit_ns;      /* of one execution, of a set-up and of a clean-up; 0: none */
    int64_t memory_limit_bytes; /* RLIMIT_DATA of each of its processes; 0: none */
    int64_t sample_step_ns;     /* of the timeline; 0: none */
    unsigned pad_bytes;         /* of HEAPMARK_PAD in its environment */
    const volatile sig_atomic_t *interrupted; /* may be NULL */
    bool never_trace;                         /* memory pass: poll even where ptrace is allowed */
};

struct program_proof; /* see program_trial.c */

struct program_session {
    const struct program *program; /* not owned, as paths */
    const struct paths *paths;
    char *folder, *work, *script, *witness_file, *json, *own_errors; /* absolute */
    char *witness;                                                   /* the library */
    char missing[64]; /* an executable that is not there; "" if none is missing */
    bool set_up;      /* setup was run, well or not */
    char set_up_failure[512];
    struct program_proof *proofs; /* one an allocator */
    size_t proof_count;
};

/* Makes the folder. The stanza's set-up runs in the first trial, which has a time limit and can
 * be interrupted. A missing executable is no failure here: its trials are 'skipped'. Returns 0,
 * or -1 with a message and nothing left behind. The program and the paths have to outlive it. */
int program_session_open(struct program_session *session, const struct program *program,
                         const struct paths *paths, char *message);
/* Runs the stanza's clean-up, if its set-up was run, and removes the folder. */
void program_session_close(struct program_session *session);

/* Writes `text` as the script that is run next, with the memory limit. -1 with a message. */
int program_session_write(const struct program_session *session, const char *text,
                          int64_t memory_limit_bytes, char *message);
int program_session_environment(const struct program_session *session, unsigned pad_bytes,
                                struct environment *environment, char *message);
/* Runs a text of the stanza to its end. Returns 0; 1 when it was interrupted; -1 with a message
 * that begins with `what`. */
int program_session_run(const struct program_session *session, const char *what, const char *text,
                        const struct program_options *options, char *message);
/* Runs the set-up if that has not been done. Returns as program_session_run; a failure comes
 * back each time. */
int program_session_set_up(struct program_session *session, const struct program_options *options,
                           char *message);

#endif
