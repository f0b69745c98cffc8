/*
 * The allocators that a gate looks at: where each library is now, and where its old one is to be
 * had from.
 */
#ifndef HEAPMARK_GATE_SUBJECT_H
#define HEAPMARK_GATE_SUBJECT_H

#include "gate_options.h"

#include <signal.h>

struct gate_subject {
    char *name;
    char *word; /* of the library now, as allocator_add() takes it */
    char *file; /* the library now; NULL: glibc, which none is preloaded for */
    bool own;   /* an allocator of heapmark's tree */
    bool changed;
    char *old; /* of the old library: a path or name@revision; NULL: there is none */
    char why_no_old[GATE_WHY_BYTES];
    size_t unknown; /* checks that could not be compared with what stands in the baseline */
};

struct gate_subjects {
    struct gate_subject *list;
    size_t count;
};

/* Those that the options name, or all of `baseline` (NULL: there is none). Returns 0, or -1 with a
 * message. */
int gate_subjects_find(struct gate_subjects *subjects, const struct gate_options *options,
                       const struct baseline *baseline, char *message);
void gate_subjects_release(struct gate_subjects *subjects);

/* Finds where the old libraries are; with --against they are built, and whether the code has
 * changed is known. Returns 0, or -1 with a message. */
int gate_subjects_find_old(struct gate_subjects *subjects, const struct gate_options *options,
                           const struct baseline *baseline,
                           const volatile sig_atomic_t *interrupted, char *message);

#endif
