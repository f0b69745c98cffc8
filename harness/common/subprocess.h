/*
 * Runs a program to its end and keeps what it printed: for helpers such as gnuplot, dpkg-query
 * and the runner's --check. Trials are not started here (launch does that).
 */
#ifndef HEAPMARK_SUBPROCESS_H
#define HEAPMARK_SUBPROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct subprocess {
    const char *const *argv;        /* argv[0] is looked up on PATH; ends with NULL */
    const char *const *environment; /* the whole environment, or NULL: our own */
    const char *directory;          /* working directory, or NULL: our own */
    uint64_t time_limit_ns;         /* killed after that; 0: no limit */
    size_t output_maximum_bytes;    /* kept of each stream, the rest is read and dropped */
    const volatile sig_atomic_t *interrupted; /* killed when it becomes non-zero; may be NULL */
};

struct subprocess_result {
    int exit_status; /* -1 when a signal ended it */
    int signal;      /* 0 when it exited */
    bool timed_out;
    char *output, *errors; /* NUL-terminated, owned */
    size_t output_bytes, error_bytes;
};

/* Standard input is /dev/null, descriptors 0 to 2 are all that is passed on, and the program
 * has a process group of its own, which is killed whole. Returns 0 when the program was
 * started and reaped, however it ended; -1 with errno when it could not be started (ENOENT: not
 * on PATH). The result is to be released in either case. */
int subprocess_run(const struct subprocess *spec, struct subprocess_result *result);
void subprocess_result_release(struct subprocess_result *result);

#endif
