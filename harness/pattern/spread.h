/*
 * Distributions of sizes and lifetimes as a user writes them: "log-normal 64 1.2 most 4k".
 *
 * Each is made into rows of values, ascending, with what they add up to, so that a draw is a random
 * number and a look-up, and the mean is that of what is drawn. A continuous one is SPREAD_POINTS
 * quantiles of equal weight: of a heavy tail that is all up to its 99.99th percent.
 */
#ifndef HEAPMARK_SPREAD_H
#define HEAPMARK_SPREAD_H

#include <stddef.h>
#include <stdint.h>

enum { SPREAD_POINTS = 8192, SPREAD_PAIRS_MAXIMUM = 1024 };

enum spread_unit { SPREAD_BYTES, SPREAD_COUNT, SPREAD_TIME };

struct spread {
    double *value;     /* `count` of them, ascending, owned */
    double *cumulated; /* share of the draws up to and with each; the last is 1 */
    double *weighted;  /* the same of the sum of values: how often one meets it in the living */
    size_t count;
    double mean;
};

/* The words (README of them: docs/workload-files.md), parted by blanks or line ends. Returns 0, or
 * -1 with a message that says what is wrong and not where. */
int spread_parse(struct spread *spread, const char *text, enum spread_unit unit, char *message);
/* `count` values with their weights (>= 0, not all 0), in any order. Returns 0, or -1 when memory
 * is short. */
int spread_from_rows(struct spread *spread, const double *value, const double *weight,
                     size_t count);
void spread_release(struct spread *spread);

/* `u`: uniform in [0, 1). */
double spread_draw(const struct spread *spread, double u);
/* The value of one that lives now, when lifetimes are spread like this. */
double spread_draw_living(const struct spread *spread, double u);

/* One figure in the unit. Returns 0, or -1. */
int spread_number(const char *word, enum spread_unit unit, double *value);

#endif
