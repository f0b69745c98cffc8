/*
 * BASE and NEW: from the words that name them to the two allocators of a run.
 */
#ifndef HEAPMARK_COMPARE_SIDE_H
#define HEAPMARK_COMPARE_SIDE_H

#include "allocator_catalog.h"
#include "comparison.h"
#include "revision.h"

#include <signal.h>

/* Puts both into `run`, BASE first; revisions are built of `source`. Each word is a stanza of
 * allocators.ini, name=path/to/lib.so, a path, or allocator@revision. Where both would have the
 * same name, or one a name that means something else, they are called ...-base and ...-new. Returns
 * 0, or -1 with a message. */
int compare_sides_add(struct run *run, const char *const words[COMPARE_SIDES],
                      const struct revision_source *source, const struct allocator_catalog *catalog,
                      const struct paths *paths, const volatile sig_atomic_t *interrupted,
                      char *message);

#endif
