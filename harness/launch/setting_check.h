/*
 * Whether an allocator takes what its environment says. A library that drops a misspelt setting
 * without a word would be measured under a name that is not true, so whatever can be known is:
 *   - what the library itself says of a setting when it starts (jemalloc does);
 *   - GLIBC_TUNABLES against what the dynamic linker lists (ld.so --list-tunables, glibc 2.33);
 *   - MIMALLOC_* against what mimalloc lists when it is asked to (MIMALLOC_VERBOSE).
 * Other libraries take what they know and do not say it.
 */
#ifndef HEAPMARK_SETTING_CHECK_H
#define HEAPMARK_SETTING_CHECK_H

#include "paths.h"
#include "record.h"

/* `errors`: what the library said in its first calls. Returns 0, or -1 with a message. */
int setting_check(const struct allocator *allocator, const struct paths *paths, const char *errors,
                  char *message);

#endif
