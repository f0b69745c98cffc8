/*
 * The facts about machine, kernel and build that a run is stored with: what else could explain
 * a difference between two runs.
 */
#ifndef HEAPMARK_FACTS_H
#define HEAPMARK_FACTS_H

#include "record.h"

/* Adds one fact; both texts are copied. Returns 0, or -1 when memory is short. */
int facts_add(struct run *run, const char *name, const char *value);
/* Adds everything that can be read; what cannot is left out. Returns 0, or -1 as above. */
int facts_collect(struct run *run);

#endif
