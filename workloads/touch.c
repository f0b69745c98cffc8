/* Checks what touch_range() wrote; see touch.h. */
#include "touch.h"

#include <string.h>

bool touch_holds(const void *block, size_t to, enum touch touch, unsigned char mark)
{
    const unsigned char *bytes = block;
    if (touch == TOUCH_NONE || to == 0)
        return true;
    if (bytes[0] != mark || touch == TOUCH_FIRST)
        return bytes[0] == mark;
    /* All equal to the first: each byte equals the one before it, at the speed of memcmp. */
    if (touch == TOUCH_ALL)
        return memcmp(bytes, bytes + 1, to - 1) == 0;
    for (size_t at = TOUCH_STRIDE_BYTES; at < to; at += TOUCH_STRIDE_BYTES)
        if (bytes[at] != mark)
            return false;
    return true;
}
