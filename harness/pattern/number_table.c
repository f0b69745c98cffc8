/* A table of numbers in a CSV file; see number_table.h. */
#include "number_table.h"

#include "message.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct loading {
    struct number_table *table;
    const char *path;
    size_t line, capacity;
    char *message;
};

static char *trimmed(char *field)
{
    field += strspn(field, " \t");
    size_t length = strlen(field);
    while (length > 0 && strchr(" \t\r\n", field[length - 1]) != NULL)
        field[--length] = '\0';
    return field;
}

static bool number_of(const char *field, double *number)
{
    char *end;
    *number = NAN;
    if (field[0] == '\0' || strcmp(field, "-") == 0)
        return true;
    *number = strtod(field, &end);
    return *end == '\0' && isfinite(*number);
}

static int take_heading(struct loading *loading, char *const *field, size_t fields)
{
    struct number_table *table = loading->table;
    for (size_t i = 0; i < fields; i++)
        if ((table->name[i] = strdup(field[i])) == NULL)
            return message_set(loading->message, "out of memory");
    return 0;
}

static int add_row(struct loading *loading, char *const *field)
{
    struct number_table *table = loading->table;
    if (table->rows == loading->capacity) {
        size_t capacity = loading->capacity > 0 ? 2 * loading->capacity : 256;
        double *number = realloc(table->number, capacity * table->columns * sizeof *table->number);
        if (number == NULL || table->rows == NUMBER_TABLE_ROWS)
            return message_set(loading->message, "%s: more than %d lines, or out of memory",
                               loading->path, NUMBER_TABLE_ROWS);
        table->number = number;
        loading->capacity = capacity;
    }
    for (size_t i = 0; i < table->columns; i++)
        if (!number_of(field[i], &table->number[table->rows * table->columns + i]))
            return message_set(loading->message, "%s:%zu: '%.40s' is no number", loading->path,
                               loading->line, field[i]);
    table->rows++;
    return 0;
}

static int take_line(struct loading *loading, char *line)
{
    struct number_table *table = loading->table;
    char *field[NUMBER_TABLE_COLUMNS], *rest = line, *part;
    size_t fields = 0;
    double number;
    if (line[0] == '#' || trimmed(line)[0] == '\0')
        return 0;
    while ((part = strsep(&rest, ",")) != NULL) {
        if (fields == NUMBER_TABLE_COLUMNS)
            return message_set(loading->message, "%s:%zu: more than %d columns", loading->path,
                               loading->line, NUMBER_TABLE_COLUMNS);
        field[fields++] = trimmed(part);
    }
    bool first = table->columns == 0;
    if (first)
        table->columns = fields;
    if (fields != table->columns)
        return message_set(loading->message, "%s:%zu: %zu columns, and the first line has %zu",
                           loading->path, loading->line, fields, table->columns);
    if (first && !number_of(field[0], &number))
        return take_heading(loading, field, fields);
    return add_row(loading, field);
}

/* A FIFO would keep us waiting, a folder reads as nothing. */
static FILE *open_regular(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return NULL;
    if (S_ISREG(status.st_mode))
        return fopen(path, "re");
    errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    return NULL;
}

int number_table_load(struct number_table *table, const char *path, char *message)
{
    *table = (struct number_table){0};
    struct loading loading = {.table = table, .path = path, .message = message};
    FILE *file = open_regular(path);
    if (file == NULL)
        return message_set(message, "cannot read the table %s: %s", path, strerror(errno));
    char *line = NULL;
    size_t bytes = 0;
    int result = 0;
    while (result == 0 && getline(&line, &bytes, file) >= 0) {
        loading.line++;
        result = take_line(&loading, line);
    }
    if (result == 0 && ferror(file))
        result = message_set(message, "cannot read the table %s: %s", path, strerror(errno));
    if (result == 0 && table->rows == 0)
        result = message_set(message, "the table %s is empty", path);
    free(line);
    fclose(file);
    if (result < 0)
        number_table_release(table);
    return result;
}

void number_table_release(struct number_table *table)
{
    for (size_t i = 0; i < NUMBER_TABLE_COLUMNS; i++)
        free(table->name[i]);
    free(table->number);
    *table = (struct number_table){0};
}

int number_table_column(const struct number_table *table, const char *name, int place)
{
    if (table->name[0] == NULL)
        return place >= 0 && (size_t)place < table->columns ? place : -1;
    for (size_t i = 0; i < table->columns; i++)
        if (strcmp(table->name[i], name) == 0)
            return (int)i;
    return -1;
}
