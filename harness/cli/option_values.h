/*
 * Values of options, parsed inside an argp parser: wrong ones end the program with one line and
 * EXIT_UNUSABLE.
 */
#ifndef HEAPMARK_OPTION_VALUES_H
#define HEAPMARK_OPTION_VALUES_H

#include "run_options.h"

#include <argp.h>

void option_word(struct word_list *list, const char *word, const struct argp_state *state);
uint64_t option_count(const char *text, const char *option, uint64_t minimum, uint64_t maximum,
                      const struct argp_state *state);
/* Nanoseconds; 0, or `minimum` and more. */
int64_t option_duration(const char *text, const char *option, uint64_t minimum,
                        const struct argp_state *state);
int64_t option_bytes(const char *text, const char *option, const struct argp_state *state);
/* "2%" and "2" are 0.02; below 1. */
enum option_zero { OPTION_ABOVE_ZERO, OPTION_ZERO_TOO };
double option_percent(const char *text, const char *option, enum option_zero zero,
                      const struct argp_state *state);
/* Calls `take` for every word between commas; it may write into the word. */
void option_for_words(const char *list, const struct argp_state *state,
                      void (*take)(char *word, const struct argp_state *state));

#endif
