/*
 * Settings of an allocator: what follows the ':' in "jemalloc:dirty_decay_ms=0,narenas=1". A name
 * in small letters is an option of the stanza, which says what it is in the environment; one in
 * capitals is a variable of the environment itself. A comma parts two settings only where NAME=
 * follows, since MALLOC_CONF holds commas.
 */
#ifndef HEAPMARK_ALLOCATOR_SETTING_H
#define HEAPMARK_ALLOCATOR_SETTING_H

#include "allocator_catalog.h"
#include "sweep.h"

/* Where the settings of a word begin (behind the ':'), or NULL. */
const char *allocator_settings(const char *word);

/* The single settings of "dirty_decay_ms=0..1000*10" (sweep.h). `entry`: the stanza; NULL: a
 * library of the command line, which has no options. Returns 0, or -1 with a message; to be
 * released in either case. */
int allocator_settings_expand(struct sweep *sweep, const struct allocator_entry *entry,
                              const char *word, char *message);

/* Adds the settings to the allocator's env. Returns 0, or -1 with a message. */
int allocator_settings_apply(struct allocator *allocator, const struct allocator_entry *entry,
                             const char *settings, char *message);

#endif
