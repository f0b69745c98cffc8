/* Checks what touch_range() wrote; see touch.h. */
#include "touch.h"

bool touch_holds(const void *block, size_t to, enum touch touch, unsigned char mark)
{
    const unsigned char *bytes = block;
    size_t stride = touch == TOUCH_ALL ? 1 : TOUCH_STRIDE_BYTES;
    if (touch == TOUCH_NONE || to == 0)
        return true;
    if (touch == TOUCH_FIRST)
        return bytes[0] == mark;
    for (size_t at = 0; at < to; at += stride)
        if (bytes[at] != mark)
            return false;
    return true;
}
