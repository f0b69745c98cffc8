/* heapmark list: the workloads, by what they are; in full, or a line each. */
#ifndef HEAPMARK_LIST_WORKLOADS_H
#define HEAPMARK_LIST_WORKLOADS_H

#include "paths.h"

#include <stdbool.h>

/* `name`: that one only; NULL: all. Returns 0, or -1 with a message. */
int list_workloads_print(const struct paths *paths, const char *name, bool brief, char *message);

#endif
