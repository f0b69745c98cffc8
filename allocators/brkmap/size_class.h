/*
 * Size classes of small blocks: each 16 bytes to 128, then eight in each doubling to 16 KiB. What
 * rounding up costs is under 1/8 above 128 bytes.
 *
 * Up to 1 KiB spans are so long that a trip for a new one serves 64 blocks or more. Above they are
 * short, four blocks or more: four times as long ones save a few hundredths of the time and cost a
 * tenth of the memory, in blocks that wait for others of their size. Who wants a few blocks of a
 * class only should not even pay for that: the first span is a slice where two blocks fit in.
 */
#ifndef BRKMAP_SIZE_CLASS_H
#define BRKMAP_SIZE_CLASS_H

#include <stddef.h>
#include <stdint.h>

#define SLICE_SHIFT 14
#define SLICE_BYTES ((size_t)1 << SLICE_SHIFT)

/* Larger blocks are runs of slices: whole spans of them would be mostly empty. Not smaller ones,
 * for which two threads would meet at the region's lock too often. Hardened they are small for
 * longer, since a small block is looked at more closely, and spans are longer, since a block should
 * find many others to be mistaken for. */
#ifdef BRKMAP_HARDENED
#define SMALL_BYTES_SHIFT 15
#define SPAN_LENGTH       4
#else
#define SMALL_BYTES_SHIFT 14
#define SPAN_LENGTH       1
#endif
#define SMALL_BYTES_MAX ((size_t)1 << SMALL_BYTES_SHIFT)
/* Sizes up to here are looked up in a thread's table, one entry each 16 bytes. */
#define DIRECT_BYTES_MAX ((size_t)1 << 10)
#define DIRECT_ENTRIES   (DIRECT_BYTES_MAX / 16 + 1)

#define SPAN_BLOCKS_LEAST 2

enum { SIZE_CLASSES = 8 + (SMALL_BYTES_SHIFT - 7) * 8 };

static inline size_t size_class_direct(size_t bytes)
{
    return (bytes + 15) / 16;
}

/* The class of a size from 0 to SMALL_BYTES_MAX. */
static inline unsigned size_class_of(size_t bytes)
{
    if (bytes <= 128)
        return bytes == 0 ? 0 : (unsigned)(bytes - 1) / 16;
    /* The doubling, from 128 bytes, and the eighth within it. */
    unsigned power = 63 - (unsigned)__builtin_clzl(bytes - 1);
    return (power - 6) * 8 + (unsigned)((bytes - 1) >> (power - 3)) % 8;
}

static inline uint32_t size_class_bytes(unsigned size_class)
{
    if (size_class < 8)
        return (size_class + 1) * 16;
    unsigned power = 6 + size_class / 8;
    return (1u << power) + (size_class % 8 + 1) * (1u << (power - 3));
}

static inline unsigned size_class_slices_most(unsigned size_class)
{
    uint32_t bytes = size_class_bytes(size_class);

    if (bytes <= 256)
        return 1;
    if (bytes <= 1024)
        return 4;
    return SPAN_LENGTH * (bytes <= 8192 ? 2 : 4);
}

/* Of the span that follows one of `before` slices, 0: the first. */
static inline unsigned size_class_slices(unsigned size_class, unsigned before)
{
    unsigned most = size_class_slices_most(size_class);
    unsigned slices =
        before > 0
            ? 2 * before
            : (SPAN_BLOCKS_LEAST * size_class_bytes(size_class) + SLICE_BYTES - 1) / SLICE_BYTES;
    return slices < most ? slices : most;
}

#endif
