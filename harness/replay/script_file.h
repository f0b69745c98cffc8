/*
 * Where a script is written: a memfd, or, when it grows beyond the budget, an unlinked file that
 * takes over what was written so far.
 */
#ifndef HEAPMARK_SCRIPT_FILE_H
#define HEAPMARK_SCRIPT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct script_file {
    int descriptor;
    bool on_disk;
    uint64_t written, budget_bytes;
    const char *folder;
};

/* Returns 0, or -1 with a message. */
int script_file_open(struct script_file *file, uint64_t budget_bytes, const char *folder,
                     char *message);
void script_file_close(struct script_file *file);
/* Behind what is written. Returns 0, or -1 with a message. */
int script_file_append(struct script_file *file, const void *bytes, size_t count, char *message);
/* Over what is written. */
int script_file_patch(struct script_file *file, uint64_t offset, const void *bytes, size_t count,
                      char *message);

#endif
