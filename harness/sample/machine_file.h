/*
 * Reading small files of /proc and /sys below a root, for machine_*.c. Paths are absolute and
 * formatted; nothing is told apart but 'there' and 'not there'.
 */
#ifndef HEAPMARK_MACHINE_FILE_H
#define HEAPMARK_MACHINE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MACHINE_TEXT_BYTES = 256 };

/* The first line without its end into `text` (MACHINE_TEXT_BYTES); "" when it cannot be read. */
bool machine_line(char *text, const char *root, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
/* A whole number that stands alone in its file. */
bool machine_number(int64_t *value, const char *root, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
/* What stands behind `key` at the beginning of a line, and a colon or blanks, up to the end of the
 * line; of several such lines the first. The value is cut to MACHINE_TEXT_BYTES. */
bool machine_value(char *text, const char *root, const char *path, const char *key);
bool machine_value_number(int64_t *value, const char *root, const char *path, const char *key);
/* Whether a line that begins with `key` holds `word` between blanks. */
bool machine_has_word(const char *root, const char *path, const char *key, const char *word);
bool machine_exists(const char *root, const char *path);

/* "0-2,5": how many numbers such a list names, and its last one (-1: none). */
struct machine_list {
    int count, last;
};
struct machine_list machine_parse_list(const char *text);

#endif
