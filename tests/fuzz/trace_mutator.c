/* Mutations of trace files; see trace_mutator.h. */
#include "trace_mutator.h"

#include "trace_format.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
    FILE_HASH_AT = 12,
    PACKING_AT = 4,
    RAW_AT = 8,
    PACKED_AT = 12,
    PAYLOAD_HASH_AT = 48,
    HEAD_HASH_AT = 56,
    BLOCKS_MAXIMUM = 64,
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static size_t below(uint64_t *state, size_t limit)
{
    return (size_t)(next_random(state) % limit);
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static void put32(uint8_t *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static void put64(uint8_t *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

/* Where the blocks begin that follow each other. */
static size_t find_blocks(const uint8_t *bytes, size_t length, size_t *block)
{
    size_t count = 0, at = TRACE_FILE_HEAD_BYTES;
    while (count < BLOCKS_MAXIMUM && length >= at && length - at >= TRACE_BLOCK_HEAD_BYTES) {
        block[count++] = at;
        uint32_t packed = get32(bytes + at + PACKED_AT);
        if (packed > length - at - TRACE_BLOCK_HEAD_BYTES)
            break;
        at += TRACE_BLOCK_HEAD_BYTES + packed;
    }
    return count;
}

void trace_repair(uint8_t *bytes, size_t length)
{
    if (length < TRACE_FILE_HEAD_BYTES)
        return;
    put32(bytes + FILE_HASH_AT, (uint32_t)trace_hash(bytes, FILE_HASH_AT));
    size_t block[BLOCKS_MAXIMUM], count = find_blocks(bytes, length, block);
    for (size_t i = 0; i < count; i++) {
        uint8_t *head = bytes + block[i];
        size_t left = length - block[i] - TRACE_BLOCK_HEAD_BYTES, packed = get32(head + PACKED_AT);
        if (packed <= left)
            put64(head + PAYLOAD_HASH_AT, trace_hash(head + TRACE_BLOCK_HEAD_BYTES, packed));
        put64(head + HEAD_HASH_AT, trace_hash(head, HEAD_HASH_AT));
    }
}

/* Puts `size` bytes (or anything, when `from` is NULL) in the place of `old` ones at `at`. */
static size_t replace(uint8_t *bytes, size_t length, size_t at, size_t old, const uint8_t *from,
                      size_t size)
{
    memmove(bytes + at + size, bytes + at + old, length - at - old);
    if (from != NULL)
        memcpy(bytes + at, from, size);
    return length - old + size;
}

/* Where the closing blocks begin, as the end mark says, moves when blocks before it grow. */
static void move_closing(uint8_t *bytes, size_t length, int64_t by)
{
    size_t end = TRACE_BLOCK_HEAD_BYTES + TRACE_END_PAYLOAD_BYTES;
    if (length < end || get32(bytes + length - end) != TRACE_BLOCK_END)
        return;
    uint64_t closing;
    memcpy(&closing, bytes + length - TRACE_END_PAYLOAD_BYTES, sizeof closing);
    put64(bytes + length - TRACE_END_PAYLOAD_BYTES, le64toh(closing) + (uint64_t)by);
}

size_t trace_unpack(uint8_t *bytes, size_t length, size_t room)
{
    size_t block[BLOCKS_MAXIMUM], count = find_blocks(bytes, length, block);
    for (size_t i = count; i-- > 0;) {
        uint8_t *head = bytes + block[i];
        size_t packed = get32(head + PACKED_AT), raw = get32(head + RAW_AT);
        size_t left = length - block[i] - TRACE_BLOCK_HEAD_BYTES;
        if (get32(head + PACKING_AT) != TRACE_ZSTD || packed > left || raw > room ||
            length - packed + raw > room)
            continue;
        uint8_t *payload = malloc(raw + 1);
        if (payload == NULL)
            continue;
        if (ZSTD_decompress(payload, raw, head + TRACE_BLOCK_HEAD_BYTES, packed) == raw) {
            length =
                replace(bytes, length, block[i] + TRACE_BLOCK_HEAD_BYTES, packed, payload, raw);
            put32(head + PACKING_AT, TRACE_STORED);
            put32(head + PACKED_AT, (uint32_t)raw);
            if (get32(head) == TRACE_BLOCK_OPERATION)
                move_closing(bytes, length, (int64_t)raw - (int64_t)packed);
        }
        free(payload);
    }
    trace_repair(bytes, length);
    return length;
}

static const uint64_t interesting[] = {0,         1,          127,        128,        255,
                                       256,       65535,      65536,      1 << 20,    8 << 20,
                                       INT32_MAX, UINT32_MAX, INT64_MAX,  UINT64_MAX, 0x8080808080,
                                       16,        64,         0x7f7f7f7f, 0xffff,     3};

/* A number in a block's head, or of a whole word elsewhere. */
static void set_number(uint8_t *bytes, size_t length, uint64_t *seed)
{
    size_t block[BLOCKS_MAXIMUM], count = find_blocks(bytes, length, block);
    size_t width = below(seed, 2) == 0 ? 4 : 8;
    if (length < width)
        return;
    size_t at = below(seed, length - width + 1);
    if (count > 0 && below(seed, 2) == 0)
        at = block[below(seed, count)] + 4 * below(seed, PAYLOAD_HASH_AT / 4);
    uint8_t value[8];
    put64(value, interesting[below(seed, sizeof interesting / sizeof interesting[0])] +
                     below(seed, 3) - 1);
    memcpy(bytes + at, value, width);
}

/* Takes bytes out of a payload or puts some in; the block's lengths follow. */
static size_t resize_payload(uint8_t *bytes, size_t length, size_t room, uint64_t *seed)
{
    size_t block[BLOCKS_MAXIMUM], count = find_blocks(bytes, length, block);
    if (count == 0)
        return length;
    uint8_t *head = bytes + block[below(seed, count)];
    size_t packed = get32(head + PACKED_AT);
    size_t begin = (size_t)(head - bytes) + TRACE_BLOCK_HEAD_BYTES;
    if (packed == 0 || packed > length - begin)
        return length;
    size_t at = below(seed, packed), old = below(seed, 9), size = below(seed, 9);
    if (old > packed - at)
        old = packed - at;
    if (length - old + size > room)
        return length;
    bool operations = get32(head) == TRACE_BLOCK_OPERATION;
    length = replace(bytes, length, begin + at, old, NULL, size);
    for (size_t i = 0; i < size; i++)
        bytes[begin + at + i] = (uint8_t)next_random(seed);
    put32(head + PACKED_AT, (uint32_t)(packed - old + size));
    if (get32(head + PACKING_AT) == TRACE_STORED)
        put32(head + RAW_AT, (uint32_t)(packed - old + size));
    if (operations)
        move_closing(bytes, length, (int64_t)size - (int64_t)old);
    return length;
}

static size_t mutate_once(uint8_t *bytes, size_t length, size_t room, uint64_t *seed)
{
    switch (below(seed, 8)) {
    case 0:
        set_number(bytes, length, seed);
        return length;
    case 1:
        return resize_payload(bytes, length, room, seed);
    case 2:
        return below(seed, 8) == 0 ? below(seed, length) : length;
    case 3:
        bytes[below(seed, length)] = (uint8_t)interesting[below(seed, 8)];
        return length;
    case 4:
        bytes[below(seed, length)] += (uint8_t)(below(seed, 2) * 2 - 1);
        return length;
    case 5:
        bytes[below(seed, length)] = bytes[below(seed, length)];
        return length;
    default:
        bytes[below(seed, length)] ^= (uint8_t)(1 << below(seed, 8));
        return length;
    }
}

size_t trace_mutate(uint8_t *bytes, size_t length, size_t room, uint64_t seed)
{
    if (below(&seed, 4) == 0)
        length = trace_unpack(bytes, length, room);
    for (size_t left = 1 + below(&seed, 4); left > 0 && length > 0; left--)
        length = mutate_once(bytes, length, room, &seed);
    if (below(&seed, 16) != 0)
        trace_repair(bytes, length);
    return length;
}
