/*
 * The environment of a process under test: made from nothing, never inherited, so that the
 * caller's MALLOC_CONF or LD_PRELOAD cannot slip into a measurement.
 */
#ifndef HEAPMARK_ENVIRONMENT_H
#define HEAPMARK_ENVIRONMENT_H

#include "record.h"

#include <stddef.h>

struct environment {
    char **variables; /* "KEY=VALUE", ends with NULL: fit for execve */
    size_t count;
};

/* PATH and LANG=C. Returns 0, or -1 when memory is short (as all below). */
int environment_init(struct environment *environment);
void environment_release(struct environment *environment);
int environment_add(struct environment *environment, const char *variable);
/* HEAPMARK_PAD with `bytes` characters. */
int environment_add_pad(struct environment *environment, unsigned bytes);
/* Refuses what the dynamic linker or the environment would silently drop: variables that are not
 * NAME=VALUE, an LD_PRELOAD among them, a path that LD_PRELOAD cannot hold. -1 with a message. */
int environment_check_allocator(const struct allocator *allocator, char *message);
int environment_check_preload(const char *path, char *message);
/* The allocator's own variables and LD_PRELOAD with its library, if it has one. */
int environment_add_allocator(struct environment *environment, const struct allocator *allocator);

/* One more library, behind those of LD_PRELOAD that there are. */
int environment_add_preload(struct environment *environment, const char *path);

#endif
