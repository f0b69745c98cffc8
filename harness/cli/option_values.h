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

#endif
