/*
 * Which threads a process has, by the numbers that it knows them by itself: in a PID namespace of
 * its own, as in a container, these are not those of our /proc.
 */
#ifndef HEAPMARK_PROCESS_THREADS_H
#define HEAPMARK_PROCESS_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process_threads {
    pid_t pid;
    bool in_view; /* we may look at the process */
    bool foreign; /* of another namespace; then: */
    bool known;   /* all of them have been seen */
    pid_t *tid;   /* `count` of them, ascending */
    size_t count, capacity;
};

/* Looks at /proc, once for many questions. What cannot be seen for want of rights or memory, or
 * because threads come and go meanwhile, leaves all unknown. */
void process_threads_look(struct process_threads *threads, pid_t pid);
void process_threads_release(struct process_threads *threads);

/* Whether there is surely no such thread any more; it had begun before the look. */
bool process_threads_lack(const struct process_threads *threads, pid_t tid);

#endif
