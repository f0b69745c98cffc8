/*
 * The runner under valgrind's callgrind, which counts the instructions of the timed laps.
 *
 * callgrind does not replace malloc, so the allocator under test serves it as ever. It counts
 * inside the function TRIAL_COUNTED_FUNCTION only, and in what that calls.
 */
#ifndef HEAPMARK_CALLGRIND_H
#define HEAPMARK_CALLGRIND_H

#include <stdint.h>

/* The words that go before the runner's, ending with NULL; counts go to TRIAL_COUNTS_FD. */
extern const char *const callgrind_words[];

/* An empty file for the counts, to become TRIAL_COUNTS_FD; -1 with errno. */
int callgrind_file_open(void);
/* What was counted, from that file; -1: it does not say. */
int64_t callgrind_instructions(int file);

#endif
