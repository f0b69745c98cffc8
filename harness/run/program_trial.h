/*
 * One trial of a real program: an execution under an allocator, for one of three purposes.
 *
 * Timed: by hyperfine, with nothing of ours near it. Memory: traced and sampled from outside,
 * with the witness preloaded. Inspect: under strace, which counts system calls.
 */
#ifndef HEAPMARK_PROGRAM_TRIAL_H
#define HEAPMARK_PROGRAM_TRIAL_H

#include "program_session.h"
#include "record.h"

/* Runs the pass that record->key names and fills the record but for its key and id. A timed or
 * an inspecting trial counts only under an allocator that has been proved to serve the program:
 * unless a memory trial of the session has shown it, one execution is made for that first. The
 * status stays 'planned' when the trial was interrupted. No other child of the calling process
 * may be started meanwhile; the allocator has to outlive the session. */
void program_trial(struct program_session *session, const struct allocator *allocator,
                   const struct program_options *options, struct trial_record *record);

#endif
