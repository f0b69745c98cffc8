/*
 * The files that must stay as they are while a run lasts: each allocator's library and the
 * runner. One that is rebuilt meanwhile would be measured under the old one's SHA-256.
 */
#ifndef HEAPMARK_FIXED_FILES_H
#define HEAPMARK_FIXED_FILES_H

#include "paths.h"
#include "record.h"

#include <sys/stat.h>

struct fixed_file {
    char *path;
    struct stat status;
};

struct fixed_files {
    struct fixed_file *files; /* the runner, then one an allocator of the run */
    size_t count;
};

/* Notes how they are now. Returns 0, or -1 with a message. */
int fixed_files_init(struct fixed_files *fixed, const struct run *run, const struct paths *paths,
                     char *message);
void fixed_files_release(struct fixed_files *fixed);
/* The path of one that a trial under that allocator (index into the run's) used and that is
 * another now; NULL: all are as they were. */
const char *fixed_files_changed(const struct fixed_files *fixed, unsigned allocator);

#endif
