/*
 * Numbers of variable length: seven bits a byte, low ones first, the eighth bit set on all bytes
 * but the last (LEB128). Signed ones are folded first (0, -1, 1, -2, ... become 0, 1, 2, 3, ...).
 */
#ifndef HEAPMARK_VARINT_H
#define HEAPMARK_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes yet to be read. */
struct byte_cursor {
    const unsigned char *next, *end;
};

/* Writes at most TRACE_VARINT_MAXIMUM bytes; returns the place behind them. */
static inline unsigned char *varint_put(unsigned char *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    *at++ = (unsigned char)value;
    return at;
}

/* For numbers of more than one byte; see varint_get(). */
bool varint_get_long(struct byte_cursor *from, uint64_t *value);

/* false: the bytes end, or the number has more than 64 bits. */
static inline bool varint_get(struct byte_cursor *from, uint64_t *value)
{
    if (from->next < from->end && *from->next < 0x80) {
        *value = *from->next++;
        return true;
    }
    return varint_get_long(from, value);
}

static inline uint64_t varint_fold(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

static inline uint64_t varint_unfold(uint64_t folded)
{
    return folded >> 1 ^ (0 - (folded & 1));
}

#endif
