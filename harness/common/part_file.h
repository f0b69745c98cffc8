/*
 * A file that appears complete or not at all: it is written under a name of its own beside the
 * place, and takes the right name at the end. A signal that ends the program in between (Ctrl-C,
 * SIGTERM, SIGHUP, SIGQUIT) removes it first, unless somebody else handles that signal.
 */
#ifndef HEAPMARK_PART_FILE_H
#define HEAPMARK_PART_FILE_H

#include <limits.h>
#include <stdbool.h>

struct part_file {
    char path[PATH_MAX];  /* the right name */
    char draft[PATH_MAX]; /* to be written; the right name itself for a pipe or a device */
    bool direct;
};

/* `path` "-" is standard output. Returns 0, or -1 with a message (MESSAGE_BYTES): a folder, a name
 * too long. Creates nothing. One file at a time in a process; to be ended if it was begun. */
int part_file_begin(struct part_file *file, const char *path, char *message);
/* Gives the draft its name when `result` is 0, removes it otherwise. Returns `result`, or -1 with a
 * message. */
int part_file_end(struct part_file *file, int result, char *message);

#endif
