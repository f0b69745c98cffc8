/*
 * An .ini file as a list of sections with their entries, read through inih.
 *
 * A line that starts blank continues the value of the line before it, after a '\n'. A comment
 * starts with ';' or '#' at the start of a line, or with ' ;' behind a value.
 */
#ifndef HEAPMARK_INI_FILE_H
#define HEAPMARK_INI_FILE_H

#include <stddef.h>

struct ini_entry {
    char *key, *value;
    int line;
};

struct ini_section {
    char *name;
    int line;
    struct ini_entry *entries;
    size_t entry_count;
};

struct ini_file {
    char *path;
    struct ini_section *sections;
    size_t section_count;
};

/* Returns 0, or -1 with "path:line: reason". Duplicate sections and keys are refused. */
int ini_file_load(struct ini_file *ini, const char *path, char *message);
void ini_file_release(struct ini_file *ini);
/* The value of `key`, or NULL. */
const char *ini_get(const struct ini_section *section, const char *key);
/* Refuses a key that is not among `known` (ends with NULL; "x.*" stands for all that begin with
 * "x."): returns -1 and a message that names
 * the known ones. */
int ini_file_check_keys(const struct ini_file *ini, const struct ini_section *section,
                        const char *const *known, char *message);

#endif
