/*
 * Watches processes without tracing them: those that the witness file names, at 1 ms.
 */
#ifndef HEAPMARK_PROCESS_POLL_H
#define HEAPMARK_PROCESS_POLL_H

#include "process_tree.h"

/* As process_tree_watch, which calls it where ptrace is forbidden. What a process does in its
 * last millisecond is not seen; one that lives for less is not seen at all. */
struct program_end process_poll_watch(struct process_tree *tree, struct program_process *process,
                                      const struct process_tree_options *options);

#endif
