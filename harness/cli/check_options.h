/* The options of `heapmark check`. */
#ifndef HEAPMARK_CHECK_OPTIONS_H
#define HEAPMARK_CHECK_OPTIONS_H

#include "run_options.h"

#include <stdbool.h>
#include <stdint.h>

struct check_options {
    struct word_list allocators, groups, patterns;
    int64_t time_limit_ns, soak_ns; /* soak_ns 0: no soak */
    unsigned jobs;                  /* 0: as many as there are CPUs */
    const char *format, *output;    /* output NULL: standard output */
    bool list, all;
};

/* Ends the program with EXIT_UNUSABLE on wrong use. To be released. */
void check_options_parse(struct check_options *options, int argc, char **argv);
void check_options_release(struct check_options *options);

#endif
