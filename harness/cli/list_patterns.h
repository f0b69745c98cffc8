/* The part of heapmark list that is about workload files. */
#ifndef HEAPMARK_LIST_PATTERNS_H
#define HEAPMARK_LIST_PATTERNS_H

#include "paths.h"

#include <stdbool.h>

#include <stddef.h>

/* Prints the keys, and the files that come with heapmark; `name`: that file only, NULL: all.
 * Returns how many were printed, or -1 with a message. */
int list_patterns(const struct paths *paths, const char *name, bool brief, char *message);

#endif
