/*
 * Touch policies: which bytes of a block a workload writes. Resident memory follows from it.
 *
 * A byte is written or not by its offset in the block alone, and all written bytes of a block
 * hold the same mark; so a block that grew piece by piece can be checked as a whole.
 */
#ifndef HEAPMARK_TOUCH_H
#define HEAPMARK_TOUCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum touch { TOUCH_NONE, TOUCH_FIRST, TOUCH_PAGE, TOUCH_ALL };

/* For a PARAM_CHOICE; in the order of the enum. */
#define TOUCH_CHOICES "none|first|page|all"
#define TOUCH_HELP    "bytes written: none, the first, the first of every 4 KiB, all"

enum { TOUCH_STRIDE_BYTES = 4096 };

/* Writes `mark` to what the policy says of the bytes from .. to - 1 of the block. */
static inline void touch_range(void *block, size_t from, size_t to, enum touch touch,
                               unsigned char mark)
{
    unsigned char *bytes = block;
    if (touch == TOUCH_ALL) {
        memset(bytes + from, mark, to - from);
        return;
    }
    if (from == 0 && to > 0 && touch != TOUCH_NONE)
        bytes[0] = mark;
    if (touch != TOUCH_PAGE)
        return;
    size_t first = (from + TOUCH_STRIDE_BYTES - 1) & ~(size_t)(TOUCH_STRIDE_BYTES - 1);
    for (size_t at = first; at < to; at += TOUCH_STRIDE_BYTES)
        bytes[at] = mark;
}

/* Whether all of that is still there in the bytes 0 .. to - 1. */
bool touch_holds(const void *block, size_t to, enum touch touch, unsigned char mark);

#endif
