/* What a checked replay writes into blocks; see replayer_pattern.h. */
#include "replayer_pattern.h"

/* The bytes filled from offset `at` on, of a block of `bytes`; 0 behind the last. */
static size_t range_at(size_t at, size_t bytes, enum touch touch, uint16_t phase)
{
    size_t span = (size_t)TOUCH_STRIDE_BYTES - phase;
    if (touch == TOUCH_NONE || at >= bytes || (touch == TOUCH_FIRST && at > 0))
        return 0;
    if (touch == TOUCH_ALL)
        return bytes;
    return bytes - at < span ? bytes - at : span;
}

static size_t stride_of(size_t bytes, enum touch touch)
{
    return touch == TOUCH_PAGE ? TOUCH_STRIDE_BYTES : bytes;
}

void replayer_fill(void *block, size_t bytes, enum touch touch, unsigned char mark)
{
    uint16_t phase = replayer_phase(block);
    size_t range;
    for (size_t at = 0; (range = range_at(at, bytes, touch, phase)) > 0;
         at += stride_of(bytes, touch))
        memset((unsigned char *)block + at, mark, range);
}

static bool all_are(const unsigned char *byte, size_t count, unsigned char mark)
{
    /* All equal to the first: each equals the one before it, at the speed of memcmp. */
    return byte[0] == mark && memcmp(byte, byte + 1, count - 1) == 0;
}

bool replayer_holds(const void *block, size_t bytes, enum touch touch, uint16_t phase,
                    unsigned char mark)
{
    size_t range;
    for (size_t at = 0; (range = range_at(at, bytes, touch, phase)) > 0;
         at += stride_of(bytes, touch))
        if (!all_are((const unsigned char *)block + at, range, mark))
            return false;
    return true;
}
