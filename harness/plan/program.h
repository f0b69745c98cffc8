/*
 * Real programs as workloads: the stanzas of workloads/programs/.
 *
 * A stanza's texts are run by `sh -c` in a folder of their own, made before `setup` and removed
 * after `cleanup`. In `command`, the word {under} stands for whatever puts the program behind it
 * under the allocator: only that process (and its children) sees LD_PRELOAD.
 */
#ifndef HEAPMARK_PROGRAM_H
#define HEAPMARK_PROGRAM_H

#include <stddef.h>

struct program {
    char *name;    /* of the section, which is the name of the workload */
    char *summary; /* what it does, one line */
    char *source;  /* what it imitates or why it is here */
    char *package; /* Debian packages that bring it, parted by blanks */
    char *needs;   /* executables it calls, parted by blanks */
    char *setup;   /* once a run; makes the inputs. "" if none */
    char *prepare; /* before every execution, untimed. "" if none */
    char *command; /* what is timed; must contain {under} */
    char *cleanup; /* once, after the last execution, also after a failure. "" if none */
};

struct program_list {
    struct program *programs;
    size_t count;
};

/* Every stanza of every .ini in `folder`, sorted by name. Returns 0, or -1 with a message. */
int program_list_load(struct program_list *list, const char *folder, char *message);
void program_list_release(struct program_list *list);
const struct program *program_find(const struct program_list *list, const char *name);
/* The first word of `needs` that is not on PATH, copied into `missing` (64 bytes); returns 1 if
 * there is one, else 0. */
int program_missing(const struct program *program, char *missing);

#endif
