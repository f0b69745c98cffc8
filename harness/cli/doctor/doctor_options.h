/* The options of `heapmark doctor`. */
#ifndef HEAPMARK_DOCTOR_OPTIONS_H
#define HEAPMARK_DOCTOR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct doctor_options {
    bool quick;
    int64_t time_ns;
    const char *workload, *allocator;
    const char *format; /* text, json */
    const char *store;  /* NULL: the default one */
};

/* Exits by itself at wrong use, and after --help. */
void doctor_options_parse(struct doctor_options *options, int argc, char **argv);

#endif
