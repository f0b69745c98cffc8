/*
 * Sweeps: a parameter with many values, written in place of one.
 *
 *   a..b      from a to b, each value twice the one before
 *   a..b*f    each value f times the one before; from 0: 0, 1, f, ...
 *   a..b+s    each value s more than the one before
 *   a/b/c     these
 *
 * Both ends of a range are among its values, so the last step may be shorter. In a number of
 * threads, C is the number of CPUs and 2C twice that. Several swept parameters multiply; the last
 * one varies fastest.
 */
#ifndef HEAPMARK_SWEEP_H
#define HEAPMARK_SWEEP_H

#include <stddef.h>
#include <stdint.h>

enum { SWEEP_VALUES_MAXIMUM = 64, SWEEP_POINTS_MAXIMUM = 256 };

enum sweep_kind {
    SWEEP_NOTHING,  /* a text, taken as it stands */
    SWEEP_WORDS,    /* lists of words; no ranges */
    SWEEP_COUNT,    /* k is 1000 */
    SWEEP_BYTES,    /* k is 1024 */
    SWEEP_THREADS,  /* a count, and C */
    SWEEP_OPTION,   /* may be negative; values are written without k */
    SWEEP_VARIABLE, /* of the environment: the same, but only numbers make a list */
};

struct sweep_rules {
    enum sweep_kind kind;
    uint64_t cpus; /* of SWEEP_THREADS; what is made of C is not more than `most` */
    uint64_t most;
};

/* The rules for the parameter `name` (`length` bytes). */
typedef struct sweep_rules sweep_rules_fn(void *argument, const char *name, size_t length);

struct sweep_point {
    char *params; /* all of them: "size=16,threads=2,touch=all" */
    char *swept;  /* those that have many values: "size=16,threads=2"; "" if none */
};

struct sweep {
    struct sweep_point *points; /* one at least */
    size_t count;
};

/* Makes the combinations of "name=values,name=value,...". A piece without '=' stays as it is.
 * Returns 0, or -1 with a message that begins with `who`; to be released in either case. */
int sweep_expand(struct sweep *sweep, const char *who, const char *params, sweep_rules_fn *rules,
                 void *argument, char *message);
void sweep_release(struct sweep *sweep);

/* The CPUs that this process may use. */
uint64_t sweep_cpus(void);

#endif
