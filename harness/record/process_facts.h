/* What /proc and the kernel tell about a process that is to be recorded. */
#ifndef HEAPMARK_PROCESS_FACTS_H
#define HEAPMARK_PROCESS_FACTS_H

#include "trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROCESS_NAME_BYTES = 64 };

/* The program's name, short and fit for a file's name; "unknown" if it cannot be read. */
void process_name(pid_t pid, char name[PROCESS_NAME_BYTES]);
/* Whether the process runs a program of that name: its file's, or what it was called as. */
bool process_is_called(pid_t pid, const char *name);
/* A thread's name; "" if it cannot be read any more. */
void process_thread_name(pid_t pid, pid_t tid, char *name, size_t bytes);

/* Whether a process lives whose environment has that entry ("NAME=value"), as far as we may look.
 */
bool process_any_with(const char *entry);

struct process_origin {
    pid_t pid, parent;
    bool forked;
    bool with_command; /* the command line and the working directory may be told */
};

/* Sets everything of trace.h that is known when a recording begins. 0, or -1 (ENOMEM). */
int process_facts(struct trace_facts *facts, const struct process_origin *origin);

/* How a process ended that `pidfd` says is dead: "exit 0", "signal 11", "exited" when the kernel
 * does not tell. */
void process_end(int pidfd, char *text, size_t bytes);

#endif
