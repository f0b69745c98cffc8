/* Numbers of more than one byte; see varint.h. */
#include "varint.h"

bool varint_get_long(struct byte_cursor *from, uint64_t *value)
{
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (from->next == from->end)
            return false;
        uint64_t byte = *from->next++;
        sum |= (byte & 0x7f) << shift;
        if (byte >= 0x80)
            continue;
        *value = sum;
        /* The tenth byte has room for one bit. */
        return shift < 63 || byte <= 1;
    }
    return false;
}
