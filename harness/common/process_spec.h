/*
 * Starts a program apart from us: in a process group of its own, with default signals, and with
 * no descriptor but those it is given.
 */
#ifndef HEAPMARK_PROCESS_SPEC_H
#define HEAPMARK_PROCESS_SPEC_H

#include <stddef.h>
#include <sys/types.h>

struct process_spec {
    const char *const *argv;        /* argv[0] is looked up on PATH; ends with NULL */
    const char *const *environment; /* the whole environment, or NULL: our own */
    const char *directory;          /* working directory, or NULL: our own */
    const int *descriptors;         /* ours that become its 0, 1, 2, ...; -1: /dev/null. None of
                                       them may be below `count` */
    size_t count;
};

/* Returns 0, or -1 with errno (ENOENT: not on PATH) and *pid -1. */
int process_spec_start(const struct process_spec *spec, pid_t *pid);

#endif
