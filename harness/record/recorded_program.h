/* Starts the program that is to be recorded, as its caller would have. */
#ifndef HEAPMARK_RECORDED_PROGRAM_H
#define HEAPMARK_RECORDED_PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What the program inherits where we had to change it for ourselves. */
struct recorded_caller {
    bool closed[3];              /* of stdin, stdout, stderr */
    struct sigaction full, pipe; /* SIGXFSZ, SIGPIPE */
    sigset_t mask;
    struct rlimit files;
};

/* Sets this process up for recording: descriptors 0 to 2 open, SIGXFSZ and SIGPIPE ignored, the
 * signals of `waited` blocked, as many descriptors as allowed. Notes what was. */
void recorded_caller_init(struct recorded_caller *caller, const sigset_t *waited);

struct recorded_program {
    char **words;        /* null-terminated */
    const char *library; /* to preload, before what LD_PRELOAD names */
    const char *meeting; /* HEAPMARK_RECORD */
    const struct recorded_caller *caller;
};

/* Returns the process, or -1 with errno when it cannot be forked off or executed. */
pid_t recorded_program_start(const struct recorded_program *program);

#endif
