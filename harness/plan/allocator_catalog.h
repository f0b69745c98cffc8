/*
 * The allocators that heapmark knows: the stanzas of allocators.ini, and whatever -a adds.
 *
 * Keys of a stanza: summary, source, package, `library` (a file in heapmark's own folder) or
 * `path` (absolute globs, one a line, the first that exists is taken), env (KEY=VALUE, one a
 * line), base (another stanza, whose keys but `standard` hold unless given here), standard (yes:
 * part of 'all', which is what a stanza without a base is by itself), programs (no: never offered
 * to whole programs unless named), option.NAME (what an option is in the environment: KEY=VALUE,
 * one a line, {} for its setting), join (what parts the settings in a variable that holds many).
 * Only [glibc] and what is based on it names no library.
 */
#ifndef HEAPMARK_ALLOCATOR_CATALOG_H
#define HEAPMARK_ALLOCATOR_CATALOG_H

#include "paths.h"
#include "record.h"

enum { ALLOCATOR_NAME_BYTES = 64 };
#define ALLOCATOR_OPTION_VALUE "{}"

struct allocator_option {
    char *name;
    char *variables; /* "KEY=VALUE" lines, ALLOCATOR_OPTION_VALUE where the setting belongs */
};

struct allocator_entry {
    struct allocator allocator; /* file, version and sha256 are empty until it is probed */
    bool standard;
    bool installed; /* its library is there, or it needs none */
    struct allocator_option *options;
    size_t option_count;
    char *join; /* "" : a variable holds one setting */
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
 * standard one), or name=path/to/lib.so; the first and the last may have settings behind a ':',
 * each combination of which is an allocator of its own (allocator_setting.h). No word at all means
 * 'all'. One that is named but not installed, unknown, or named twice is refused: -1 and a
 * message. */
int allocator_select(const struct allocator_catalog *catalog, const char *const *words,
                     size_t word_count, struct run *run, char *message);

/* Puts into `run`, under `name`, the one allocator that `word` names: a stanza,
 * name=path/to/lib.so, or a path (it has a '/' or ends in .so), with settings or without. Nothing
 * is said of what `name` may mean elsewhere. */
int allocator_add(const struct allocator_catalog *catalog, const char *word, const char *name,
                  struct run *run, char *message);

/* The stanza of that name, or NULL. */
const struct allocator_entry *allocator_find(const struct allocator_catalog *catalog,
                                             const char *name);
/* `length` bytes of a name that may go into file names, labels and charts. */
bool allocator_name_is_fair(const char *name, size_t length);

/* Whether a stanza or an allocator of the run has that name. */
bool allocator_is_known(const struct allocator_catalog *catalog, const struct run *run,
                        const char *name);

#endif
