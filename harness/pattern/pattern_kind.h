/* Reads the keys of one kind of blocks; see pattern.h. */
#ifndef HEAPMARK_PATTERN_KIND_H
#define HEAPMARK_PATTERN_KIND_H

#include "pattern.h"
#include "pattern_words.h"

/* `words` stands at the kind. Tables that are read are added to `tables`, paths parted by '\n',
 * owned. Returns 0, or -1 with a message; the kind is to be released in either case. */
int pattern_kind_read(struct pattern_kind *kind, struct pattern_words *words, char **tables);
void pattern_kind_release(struct pattern_kind *kind);

/* The path of a file named in the workload file: seen from there. NULL when memory is short. */
char *pattern_path_beside(const char *ini, const char *name);
int pattern_note_table(char **tables, const char *path);

#endif
