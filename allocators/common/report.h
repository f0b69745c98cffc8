/*
 * Text that is made without stdio and without memory: lines to a descriptor, or to a stream that
 * the program itself has handed over.
 */
#ifndef HEAPMARK_REPORT_H
#define HEAPMARK_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { REPORT_LINE_BYTES = 256 };

/* {.descriptor = 2} or {.stream = ...}. Each line is written as it ends. */
struct report {
    int descriptor;
    FILE *stream; /* or NULL */
    size_t length;
    char line[REPORT_LINE_BYTES];
};

/* What does not fit into a line is left out; '\n' ends one. */
void report_text(struct report *report, const char *text);
/* Decimal, right-aligned to `width`. */
void report_number(struct report *report, uint64_t number, size_t width);
/* ` name="number"`, of an XML element. */
void report_attribute(struct report *report, const char *name, uint64_t number);

/* Values under each other behind their names, which are words in one string, parted by blanks. */
void report_list(struct report *report, const char *names, const uint64_t *values);
/* The same as a table: the heads of its columns (values NULL), or a row. */
void report_columns(struct report *report, const char *names, const uint64_t *values);

/* What malloc_stats says, to another descriptor. */
void report_statistics(int descriptor);

#endif
