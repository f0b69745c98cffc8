/*
 * The measuring half of `heapmark doctor`: an allocator compared with itself.
 */
#ifndef HEAPMARK_DOCTOR_MEASURE_H
#define HEAPMARK_DOCTOR_MEASURE_H

#include "doctor_options.h"
#include "doctor_output.h"
#include "paths.h"

#include <signal.h>

/* Runs the pairs and fills the rest of `result`, its findings about them, too. `*interrupted`
 * leaves result->measured false. Returns 0, or -1 with a message. */
int doctor_measure(struct doctor_result *result, const struct doctor_options *options,
                   const struct paths *paths, const volatile sig_atomic_t *interrupted,
                   char *message);

#endif
