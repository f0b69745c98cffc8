/*
 * How an execution of a program ended, and whether the allocator served it.
 */
#ifndef HEAPMARK_PROGRAM_VERDICT_H
#define HEAPMARK_PROGRAM_VERDICT_H

#include "process_tree.h"
#include "program_launch.h"
#include "record.h"

/* Sets status and detail from how its script ended and from what it wrote to standard error.
 * The shell reports a signal of its last command as exit status 128 + signal. An interrupted
 * execution leaves the record 'planned'. */
void program_verdict(const struct program_end *end, const char *errors, int64_t time_limit_ns,
                     struct trial_record *record);

/* Reads what the witnesses wrote. Returns the image with the largest peak among those that the
 * allocator served, and sets record->malloc_file; or NULL and STATUS_NOT_INJECTED: another object
 * served malloc in one of them, or no process but the shell has a witness. An image can be missing
 * from a tree that was only polled: NULL, and the status is as it was. */
struct process_image *program_proof_find(const char *witness_file, const struct process_tree *tree,
                                         const struct allocator *allocator,
                                         struct trial_record *record);

#endif
