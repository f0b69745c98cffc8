/*
 * Looks at an allocator before anything is measured under it.
 *
 * The runner is started once with the library preloaded and says which object serves malloc.
 * What the dynamic linker refused, what has no malloc, and what dies at its first call is found
 * here, once, with a reason, instead of in each trial.
 */
#ifndef HEAPMARK_PROBE_H
#define HEAPMARK_PROBE_H

#include "paths.h"
#include "record.h"

/* Fills file (absolute, links resolved) and sha256 of the allocator. Returns 0, or -1 with a
 * message that names the allocator or its file. */
int allocator_probe(struct allocator *allocator, const struct paths *paths, char *message);

/* Fills the versions of all allocators of a run: heapmark's own for what lies in its folder, the
 * Debian package's where dpkg knows the file, else "unknown" (the SHA-256 tells them apart). */
int allocator_versions(struct run *run, const struct paths *paths, char *message);

#endif
