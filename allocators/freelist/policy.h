/*
 * The placement policy: which of the free blocks serves a request. One of policy_*.c is linked
 * into a library; everything else is the same code in all of them.
 *
 * Every free block takes part, the one at the top of the heap included; the heap grows when
 * none fits. Ties go to the lowest address.
 */
#ifndef HEAPMARK_FREELIST_POLICY_H
#define HEAPMARK_FREELIST_POLICY_H

#include "freelist.h"

struct policy {
    const struct index *index; /* the one that find asks */
    /* A free block of at least `bytes`, or NULL when there is none. */
    struct block *(*find)(const struct freelist *heap, size_t bytes);
};

extern const struct policy policy;

#endif
