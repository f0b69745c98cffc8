/*
 * Misuse: what programs must not do, each with a small, a medium and a large block. The oracle is
 * the same for all: after the wrong thing the heap is used, and what it hands out must not overlap
 * what lives, and what lives must hold what was written. The shapes are those that the security
 * suite of mimalloc-bench asks for, and some more.
 */
#ifndef HEAPMARK_CHECK_MISUSE_H
#define HEAPMARK_CHECK_MISUSE_H

#include "check.h"

enum { MISUSE_SMALL = 24, MISUSE_MEDIUM = 4096, MISUSE_LARGE = 262144 };

/* Blocks that live all the time, of this size and of others. */
void misuse_settle(size_t bytes);
/* One of them. */
char *misuse_live_block(void);
/* The wrong thing is done: uses the heap, looks for harm, and ends the test. */
void misuse_aftermath(size_t bytes);

/* free, which the compiler must not know the meaning of, as the wrong thing. */
void misuse_free(void *pointer);

/* The wrong thing is a read or a write, and nothing else up to misuse_accessed(): a fault there is
 * what the access deserves. */
void misuse_access(void);
void misuse_accessed(void);

#define MISUSE(shape, identifier, summary)                                                       \
    static void identifier##_run(size_t bytes)                                                   \
    {                                                                                            \
        misuse_settle(bytes);                                                                    \
        identifier(bytes);                                                                       \
        misuse_aftermath(bytes);                                                                 \
    }                                                                                            \
    CHECK_SIZED(identifier##_small, shape "/small", "misuse", identifier##_run, MISUSE_SMALL,    \
                summary)                                                                         \
    CHECK_SIZED(identifier##_medium, shape "/medium", "misuse", identifier##_run, MISUSE_MEDIUM, \
                summary)                                                                         \
    CHECK_SIZED(identifier##_large, shape "/large", "misuse", identifier##_run, MISUSE_LARGE,    \
                summary)

#endif
