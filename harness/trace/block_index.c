/* The index of a trace; see block_index.h. */
#include "block_index.h"
#include "varint.h"

void block_index_init(struct block_index *index)
{
    index->count = 0;
    index->stride = 1;
    index->skipped = 0;
}

void block_index_add(struct block_index *index, const struct block_index_entry *entry)
{
    if (index->count > 0 && ++index->skipped < index->stride)
        return;
    if (index->count == TRACE_INDEX_MAXIMUM) {
        for (uint32_t i = 0; i < TRACE_INDEX_MAXIMUM / 2; i++)
            index->entry[i] = index->entry[i * 2];
        index->count = TRACE_INDEX_MAXIMUM / 2;
        index->stride *= 2;
    }
    index->skipped = 0;
    index->entry[index->count++] = *entry;
}

/* How many entries, of those in front, satisfy `before`: they are sorted by it. */
#define COUNT_IN_FRONT(index, result, before)                             \
    do {                                                                  \
        uint32_t low = 0, high = (index)->count;                          \
        while (low < high) {                                              \
            uint32_t middle = low + (high - low) / 2;                     \
            const struct block_index_entry *at = &(index)->entry[middle]; \
            if (before)                                                   \
                low = middle + 1;                                         \
            else                                                          \
                high = middle;                                            \
        }                                                                 \
        (result) = low;                                                   \
    } while (0)

const struct block_index_entry *block_index_find(const struct block_index *index,
                                                 uint64_t first_index)
{
    uint32_t count;
    COUNT_IN_FRONT(index, count, at->first_index <= first_index);
    return count > 0 ? &index->entry[count - 1] : NULL;
}

const struct block_index_entry *block_index_find_time(const struct block_index *index,
                                                      uint64_t time_ns)
{
    uint32_t count;
    COUNT_IN_FRONT(index, count, at->first_ns < time_ns);
    if (count > 0)
        return &index->entry[count - 1];
    return index->count > 0 ? &index->entry[0] : NULL;
}

size_t block_index_pack(const struct block_index *index, unsigned char *bytes)
{
    unsigned char *at = varint_put(bytes, index->count);
    struct block_index_entry last = {0};
    for (uint32_t i = 0; i < index->count; i++) {
        const struct block_index_entry *entry = &index->entry[i];
        at = varint_put(at, entry->offset - last.offset);
        at = varint_put(at, entry->first_index - last.first_index);
        at = varint_put(at, entry->first_ns - last.first_ns);
        last = *entry;
    }
    return (size_t)(at - bytes);
}

static bool add_up(struct byte_cursor *from, uint64_t *sum)
{
    uint64_t step;
    return varint_get(from, &step) && !__builtin_add_overflow(*sum, step, sum);
}

const char *block_index_unpack(struct block_index *index, const unsigned char *bytes, size_t length)
{
    static const char damaged[] = "the index contradicts itself";
    block_index_init(index);
    struct byte_cursor from = {bytes, bytes + length};
    uint64_t count;
    if (!varint_get(&from, &count) || count > TRACE_INDEX_MAXIMUM)
        return damaged;
    struct block_index_entry entry = {0};
    for (uint64_t i = 0; i < count; i++) {
        struct block_index_entry last = entry;
        if (!add_up(&from, &entry.offset) || !add_up(&from, &entry.first_index) ||
            !add_up(&from, &entry.first_ns))
            return damaged;
        bool rises = entry.offset > last.offset && entry.first_index > last.first_index;
        if (i == 0 ? entry.first_index != 0 : !rises)
            return damaged;
        index->entry[index->count++] = entry;
    }
    return from.next == from.end ? NULL : damaged;
}
