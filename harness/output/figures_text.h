/*
 * Figures for people at a terminal: grouped digits, bars, a curve in one line.
 */
#ifndef HEAPMARK_FIGURES_TEXT_H
#define HEAPMARK_FIGURES_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FIGURES_TEXT_BYTES = 32,
    FIGURES_BAR_COLUMNS = 30,
    FIGURES_CURVE_COLUMNS = 64,
    FIGURES_LINE_BYTES = 3 * FIGURES_CURVE_COLUMNS + 1, /* of UTF-8 */
};

/* "1,234,567"; into `text` (FIGURES_TEXT_BYTES), which is returned. So with those below. */
char *figures_grouped(char *text, uint64_t value);
/* "12.3 %"; "0 %", "<0.1 %" and "100 %" only when it is so. */
char *figures_share(char *text, uint64_t part, uint64_t whole);

/* Whether the terminal takes UTF-8, as LC_ALL, LC_CTYPE and LANG say. */
bool figures_utf8(void);
/* A bar of `part` to `whole`, at most FIGURES_BAR_COLUMNS wide; into `line` (FIGURES_LINE_BYTES).
 * What is not nothing gets a mark. */
char *figures_bar(char *line, uint64_t part, uint64_t whole, bool utf8);
/* FIGURES_CURVE_COLUMNS values as one line of columns of eight heights; 0 is blank. */
char *figures_curve(char *line, const uint64_t *value, bool utf8);

#endif
