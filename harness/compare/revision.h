/*
 * An in-house allocator as it was at a git revision: built from a worktree of its own, kept by
 * commit.
 */
#ifndef HEAPMARK_REVISION_H
#define HEAPMARK_REVISION_H

#include "paths.h"

#include <signal.h>
#include <stdbool.h>

enum { REVISION_SHORT_BYTES = 9 };

struct revision {
    char *library;                         /* absolute */
    char commit[65];                       /* in full */
    char short_name[REVISION_SHORT_BYTES]; /* its first digits */
};

/* Whether the word has the form allocator@revision. */
bool revision_is(const char *word);
/* Builds `word` unless that was done before: in a temporary worktree, in release flags, which is
 * gone afterwards. The library lies in revisions/COMMIT below $XDG_CACHE_HOME/heapmark, or below
 * the results' folder where that is not set. Returns 0, or -1 with a message: no checkout, no git
 * or make, no such revision, no such allocator there, or the last lines of a build that failed. */
int revision_build(struct revision *revision, const char *word, const struct paths *paths,
                   const volatile sig_atomic_t *interrupted, char *message);
void revision_release(struct revision *revision);

#endif
