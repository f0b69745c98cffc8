/*
 * Descriptors of ours for a process to be started: all close on exec, and stand above those that
 * the process is given, so that dup2(2) never steps on one.
 */
#ifndef HEAPMARK_DESCRIPTOR_H
#define HEAPMARK_DESCRIPTOR_H

/* Moves a new descriptor up. Returns it, or -1 with errno and the old one closed; -1 stays -1. */
int descriptor_lift(int fd);
/* A pipe. Returns 0, or -1 with errno; then the one that is not -1 is still to be closed. */
int descriptor_pipe(int *reader, int *writer);
/* Closes it unless it is -1, which it is afterwards. */
void descriptor_close(int *fd);

#endif
