/*
 * The proof of injection: which object of this process serves each function of the malloc
 * family, as the dynamic linker says.
 */
#ifndef HEAPMARK_MALLOC_OWNER_H
#define HEAPMARK_MALLOC_OWNER_H

#include <stdbool.h>
#include <stddef.h>

enum { MALLOC_FAMILY = 8 }; /* functions looked at */

struct malloc_owner {
    const char *function;
    const char *file; /* as given by dladdr, "?" when it does not know */
};

/* Entry 0 is malloc's. */
void malloc_owners(struct malloc_owner owners[MALLOC_FAMILY]);

/* Whether a function comes from the object that serves malloc. */
bool malloc_owner_is(const void *function);

/* The functions that the runner measures and meets the harness with must be the C library's own:
 * a preloaded library that brings a clock or a read() of its own would make up the figures. The
 * first that is not, with its owner in `owner`; NULL when all are. */
const char *foreign_instrument(const char **owner);

#endif
