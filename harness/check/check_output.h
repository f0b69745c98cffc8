/*
 * The results of heapmark check in each format.
 */
#ifndef HEAPMARK_CHECK_OUTPUT_H
#define HEAPMARK_CHECK_OUTPUT_H

#include "check_result.h"

#include <stdio.h>

struct check_report {
    const struct check_table *table;
    bool all; /* tests that passed, too */
};

/* Return 0, or -1 with errno. */
typedef int check_output_fn(FILE *file, const struct check_report *report);

check_output_fn check_output_text, check_output_json, check_output_markdown, check_output_junit,
    check_output_html;

/* NULL: there is none of that name. */
check_output_fn *check_output_find(const char *format);

/* ---- what the formats for people share ---------------------------------------------- */

/* The groups that are counted, in the order of the tests. */
enum { CHECK_GROUPS_MAXIMUM = 16 };
size_t check_words_groups(const struct check_table *table, const char *groups[]);

/* "44 of 46, 1 known, 1 skipped": what an allocator did in a group. Returns `text`. */
enum { CHECK_WORDS_BYTES = 160 };
char *check_words_cell(const struct check_table *table, size_t allocator, const char *group,
                       char *text);
/* Whether the result is one of those that are listed: not passed, unless all are asked for. */
bool check_words_lists(const struct check_report *report, size_t allocator, size_t test);
/* "All as expected.", or how many are not. Returns `text` (CHECK_WORDS_BYTES). */
char *check_words_verdict(const struct check_table *table, char *text);

/* A misuse is tried with blocks of several sizes, tests in a row whose names have the shape before
 * a '/'. Gives the first test of the next shape at or after `test`, and how many follow it;
 * false at the end. */
struct check_shape {
    size_t first, count;
    int name_length;
};
bool check_words_next_shape(const struct check_table *table, size_t test,
                            struct check_shape *shape);
char check_words_letter(enum check_outcome outcome);
/* A letter for each of its sizes. Returns `text` (CHECK_WORDS_BYTES). */
char *check_words_letters(const struct check_table *table, size_t allocator,
                          const struct check_shape *shape, char *text);
/* "A at once, L late, ..." */
extern const char check_words_legend[];
/* How many misuses the allocator ended: at once, and in all. */
void check_words_caught(const struct check_table *table, size_t allocator, size_t *at_once,
                        size_t *caught, size_t *tried);

#endif
