/*
 * What a checked replay writes into blocks and finds again.
 *
 * A timed replay writes single bytes (touch.h). To find blocks that overlap, a checked one fills
 * from each of those bytes to the end of its page: the same pages become resident, and a block
 * that lies in one page is filled whole. How far that is depends on the block's place in its
 * page, its phase, which is kept, since realloc moves the contents elsewhere.
 */
#ifndef HEAPMARK_REPLAYER_PATTERN_H
#define HEAPMARK_REPLAYER_PATTERN_H

#include "touch.h"

static inline uint16_t replayer_phase(const void *block)
{
    return (uint16_t)((uintptr_t)block % TOUCH_STRIDE_BYTES);
}

/* At the block's phase of this moment. */
void replayer_fill(void *block, size_t bytes, enum touch touch, unsigned char mark);
/* Whether the first `bytes` hold what was filled in at that phase. */
bool replayer_holds(const void *block, size_t bytes, enum touch touch, uint16_t phase,
                    unsigned char mark);

#endif
