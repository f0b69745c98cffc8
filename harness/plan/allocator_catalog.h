/*
 * The allocators that heapmark knows: the stanzas of allocators.ini, and whatever -a adds.
 *
 * Keys of a stanza: summary, source, package, `library` (a file in heapmark's own folder) or
 * `path` (absolute globs, one a line, the first that exists is taken), env (KEY=VALUE, one a
 * line), base (another stanza, whose keys but `standard` hold unless given here), standard (yes:
 * part of 'all', which is what a stanza without a base is by itself), programs (no: never offered
 * to whole programs unless named). Only [glibc] and what is based on it names no library.
 */
#ifndef HEAPMARK_ALLOCATOR_CATALOG_H
#define HEAPMARK_ALLOCATOR_CATALOG_H

#include "paths.h"
#include "record.h"

struct allocator_entry {
    struct allocator allocator; /* file, version and sha256 are empty until it is probed */
    bool standard;
    bool installed; /* its library is there, or it needs none */
};

struct allocator_catalog {
    struct allocator_entry *entries;
    size_t count;
};

/* Returns 0, or -1 with a message. */
int allocator_catalog_load(struct allocator_catalog *catalog, const struct paths *paths,
                           char *message);
void allocator_catalog_release(struct allocator_catalog *catalog);

/* Puts into `run` the allocators that `words` name: a stanza's name, 'all' (every installed
 * standard one), or name=path/to/lib.so; no word at all means 'all'. One that is named but not
 * installed, unknown, or named twice is refused: -1 and a message. */
int allocator_select(const struct allocator_catalog *catalog, const char *const *words,
                     size_t word_count, struct run *run, char *message);

/* Puts into `run`, under `name`, the one allocator that `word` names: a stanza,
 * name=path/to/lib.so, or a path (it has a '/' or ends in .so). Nothing is said of what `name` may
 * mean elsewhere. */
int allocator_add(const struct allocator_catalog *catalog, const char *word, const char *name,
                  struct run *run, char *message);

/* Whether a stanza or an allocator of the run has that name. */
bool allocator_is_known(const struct allocator_catalog *catalog, const struct run *run,
                        const char *name);

#endif
