/*
 * The options of `heapmark run`, parsed and checked.
 */
#ifndef HEAPMARK_RUN_OPTIONS_H
#define HEAPMARK_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word_list {
    const char **words; /* borrowed from argv */
    size_t count;
};

struct run_options {
    const char *suite; /* NULL: 'default', unless -w was given */
    struct word_list workloads, allocators;
    unsigned blocks;      /* 0: the suite's */
    uint64_t latency_gap; /* of the latency passes; 0: none */
    unsigned inspections; /* passes; 0: one */
    uint64_t seed;
    uint64_t order_seed;
    bool order_seed_given;
    int64_t sample_step_ns, time_limit_ns;
    int64_t memory_limit_bytes; /* -1: half of what is available; 0: none */
    const char *store;          /* NULL: the usual one */
    unsigned instructions;      /* passes that count them; 0: none */
    bool program_memory;        /* in each block, not only in the first */
    bool counters;              /* of processor and kernel */
    bool resume, plot, quiet;
    const char *resume_name; /* NULL: the newest */
    const char *planning;    /* the last option given that --resume cannot honour, or NULL */
    const char *format;
};

/* Exits on --help, and with EXIT_UNUSABLE and one line on wrong use. */
void run_options_parse(struct run_options *options, int argc, char **argv);
void run_options_release(struct run_options *options);

#endif
