/*
 * A table of numbers in a CSV file, with a heading or without.
 *
 * Fields are parted by commas, blanks around them do not count. The first line is a heading when
 * its first field is no number; a line that is empty or starts with '#' is left out. A field "-"
 * or "" is NAN. Every line has as many fields as the first.
 */
#ifndef HEAPMARK_NUMBER_TABLE_H
#define HEAPMARK_NUMBER_TABLE_H

#include <stddef.h>

enum { NUMBER_TABLE_COLUMNS = 32, NUMBER_TABLE_ROWS = 4000000 };

struct number_table {
    char *name[NUMBER_TABLE_COLUMNS]; /* NULL where there is no heading */
    size_t columns, rows;
    double *number; /* row by row, owned */
};

/* Returns 0, or -1 with "path:line: reason"; then nothing is to be released. */
int number_table_load(struct number_table *table, const char *path, char *message);
void number_table_release(struct number_table *table);

/* The column of that name; where there is no heading, `place`. -1: there is none. */
int number_table_column(const struct number_table *table, const char *name, int place);

static inline double number_table_at(const struct number_table *table, size_t row, int column)
{
    return table->number[row * table->columns + (size_t)column];
}

#endif
