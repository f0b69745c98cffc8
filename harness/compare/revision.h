/*
 * An allocator as it was at a git revision, of this tree or of a repository of somebody's own:
 * built from a temporary worktree, kept by commit. The checkout itself is never touched.
 */
#ifndef HEAPMARK_REVISION_H
#define HEAPMARK_REVISION_H

#include "paths.h"

#include <signal.h>
#include <stdbool.h>

enum { REVISION_SHORT_BYTES = 9 };

/* Another repository than heapmark's own; all three, or none. */
struct revision_source {
    const char *repository; /* a folder of its checkout; NULL: heapmark's own */
    const char *build;      /* a shell command, run in the top folder of a worktree */
    const char *library;    /* what it makes, seen from there */
};

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
int revision_build(struct revision *revision, const char *word,
                   const struct revision_source *source, const struct paths *paths,
                   const volatile sig_atomic_t *interrupted, char *message);
/* The top folder of the source's checkout, into `root` (PATH_MAX). 0, or -1 with a message. From
 * then on git hooks' variables (GIT_DIR, GIT_INDEX_FILE) are out of the environment. */
int revision_root(char *root, const struct revision_source *source, const struct paths *paths,
                  char *message);
/* What may be why a revision is not there, to be put behind a message: ", which is ..." or "". */
const char *revision_lacking(const char *root);
void revision_release(struct revision *revision);

#endif
