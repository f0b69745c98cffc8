/*
 * Watches a program and all that it starts: the memory of each process over time, and exact
 * figures at its end.
 *
 * The tree is traced by ptrace(2). The kernel stops each process at its exit while its memory
 * is still there (PTRACE_EVENT_EXIT), which is when VmHWM and smaps_rollup are read: no poll can
 * miss a short process or a late peak. Where tracing is forbidden, the processes that the witness
 * file names are polled at 1 ms instead.
 */
#ifndef HEAPMARK_PROCESS_TREE_H
#define HEAPMARK_PROCESS_TREE_H

#include "proc.h"
#include "program_launch.h"
#include "record.h"
#include "timeline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One process from an exec to the next exec or its end; a fork begins another one. */
struct process_image {
    pid_t pid;
    pid_t origin; /* the process that executed `exe`: itself, or the one it was forked from */
    char *exe;    /* /proc/PID/exe */
    bool alive;
    int statm_fd;
    int64_t start_ns;                               /* CLOCK_MONOTONIC */
    int64_t first_minor_faults, first_major_faults; /* had before the exec */
    struct proc_schedule first, schedule;           /* summed over threads as they end */
    int64_t minor_faults, major_faults;             /* since the exec; MEASURE_NONE: not read */
    struct checkpoint_record end;                   /* reached: figures were read */
    struct timeline timeline;                       /* live_bytes is MEASURE_NONE */
};

struct process_tree {
    struct process_image **images; /* in the order of their beginning */
    size_t count, capacity;
    bool traced; /* false: polled */
};

struct process_tree_options {
    struct program_limits limits;
    int64_t step_ns; /* of the timelines; 0: none */
    const char *witness_file;
    bool never_trace; /* poll even where tracing is allowed */
};

/* Lets the process go and watches until it has ended (what it leaves behind is killed) or must
 * stop (then all of it is killed). The calling thread must have no other children to wait for. */
struct program_end process_tree_watch(struct process_tree *tree, struct program_process *process,
                                      const struct process_tree_options *options);
void process_tree_release(struct process_tree *tree);

/* For process_tree_watch and process_poll: begin an image (NULL when memory is short), find the
 * living one of a process, take a point of all timelines, read the figures that are there now. */
struct process_image *process_tree_add(struct process_tree *tree, pid_t pid, const char *exe);
struct process_image *process_tree_find(const struct process_tree *tree, pid_t pid);
void process_tree_sample(struct process_tree *tree, int64_t step_ns);
void process_image_read(struct process_image *image, pid_t thread);
void process_image_end(struct process_image *image);

#endif
