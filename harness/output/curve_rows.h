/*
 * The table of a sweep as cells of text: what text.c and markdown.c have in common. A row an
 * allocator, a column a value of the parameter.
 */
#ifndef HEAPMARK_CURVE_ROWS_H
#define HEAPMARK_CURVE_ROWS_H

#include "curve.h"
#include "summary.h"

#include <stdbool.h>

enum { CURVE_CELL_BYTES = 64, CURVE_HEAD_BYTES = 256 };

/* The tables of a curve, one a measure. */
enum curve_table { CURVE_COST, CURVE_RATE, CURVE_GROWTH, CURVE_BLOW_UP, CURVE_TABLES };

/* Whether there is anything in it: the rate is of threads only, and a figure is somewhere. */
bool curve_table_wanted(const struct summary *summary, const struct curve *curve,
                        enum curve_table table);
/* "webserver by threads (size=16): ns a call". Returns `head` (CURVE_HEAD_BYTES). */
const char *curve_table_head(const struct curve *curve, enum curve_table table, char *head);
/* Returns `text` (CURVE_CELL_BYTES). */
const char *curve_table_cell(const struct summary *summary, const struct curve *curve,
                             enum curve_table table, size_t allocator, size_t point, char *text);

#endif
