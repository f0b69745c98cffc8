/*
 * Under which conditions a run was begun, and whether they still hold when it is resumed: half a
 * run from another machine, kernel, build or stanza would be another run under the same name.
 */
#ifndef HEAPMARK_CONDITIONS_H
#define HEAPMARK_CONDITIONS_H

#include "paths.h"
#include "record.h"

/* Adds the facts of machine and build, and the SHA-256 of the runner and of all files beside the
 * program stanzas. Returns 0, or -1 with a message. */
int conditions_add(struct run *run, const struct paths *paths, char *message);
/* Returns 0, or -1 with a message that names the first condition that has changed. */
int conditions_check(const struct run *run, const struct paths *paths, char *message);
/* Of two runs: 0, or -1 with a message that names the first condition that differs. */
int conditions_compare(const struct run *base, const struct run *new, char *message);

#endif
