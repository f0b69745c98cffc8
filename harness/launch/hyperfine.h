/*
 * hyperfine as the stopwatch of whole programs: one run, no warm-up, no shell of its own, and
 * its JSON read back.
 */
#ifndef HEAPMARK_HYPERFINE_H
#define HEAPMARK_HYPERFINE_H

#include <stdint.h>

struct hyperfine_result {
    int64_t wall_ns; /* spawn to reaping */
    int64_t cpu_ns;  /* user + system, of the command and all it waited for */
    int exit_status; /* 128 + signal when one ended it */
};

enum { HYPERFINE_ARGUMENTS = 16 };

/* Fills argv (HYPERFINE_ARGUMENTS of them, ends with NULL) for one run of `command`, a few words
 * without quotes; the result goes into the file `json`. Keeps the pointers. */
void hyperfine_arguments(const char **argv, const char *command, const char *json);
/* Reads that file. Returns 0, or -1 with a message. */
int hyperfine_read(const char *json, struct hyperfine_result *result, char *message);

#endif
