/*
 * The words of a comparison that its formats have in common.
 */
#ifndef HEAPMARK_COMPARE_WORDS_H
#define HEAPMARK_COMPARE_WORDS_H

#include "compare_output.h"

enum { COMPARE_WORDS_BYTES = 1024 };

/* All return `text` (COMPARE_WORDS_BYTES). */

/* "0.951 [0.940, 0.962]", "+12.0 KiB [+8.00 KiB, +16.0 KiB]" of differences, "0.8170 (exact)". */
char *compare_words_change(const struct compare_workload *workload,
                           enum compare_measure_name measure, char *text);
/* "slower", "undecided: wide, some 130 pairs needed", "n/a" */
char *compare_words_verdict(const struct compare_workload *workload,
                            enum compare_measure_name measure, char *text);
/* "0.951 [0.940, 0.962] over 5 workloads, 40 rounds", or "" when there is no mean. */
char *compare_words_mean(const struct suite_mean *mean, char *text);
/* "nothing is worse", "webserver is worse", ... and the exit status that says so. */
char *compare_words_result(const struct compare_report *report, char *text);
/* What the verdicts rest on, in one line. */
char *compare_words_rates(const struct comparison *comparison, char *text);
/* "NEW crashed (timed pass, pair 3): ...", of a workload that was not compared. */
char *compare_words_failure(const struct compare_workload *workload, char *text);
/* "instructions not counted: with 2 threads, ...": what of the measures is not there, or "". */
char *compare_words_absent(const struct compare_workload *workload, char *text);
/* What lockstep means for the figures, if any pairs were run in it, or "". */
char *compare_words_lockstep(const struct comparison *comparison, char *text);
/* "Xeon, 2 CPUs, Linux 6.1. Noise floor: +-0.86 % in 20 s ...": from the facts of the run; "" when
 * it has none. */
char *compare_words_machine(const struct run *run, char *text);
/* "host 1.45, busy 0.071": the flags raised, or "". */
char *compare_words_noise(const struct compare_workload *workload, char *text);

#endif
