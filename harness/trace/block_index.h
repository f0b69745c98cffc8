/*
 * Where the blocks of operations of a trace stand: enough of them to find any in a few steps.
 *
 * Holds at most TRACE_INDEX_MAXIMUM entries: when it is full every other one is dropped, and from
 * then on only one in two (four, ...) is taken. Between two entries one goes from head to head.
 */
#ifndef HEAPMARK_BLOCK_INDEX_H
#define HEAPMARK_BLOCK_INDEX_H

#include "trace_format.h"

struct block_index {
    struct block_index_entry {
        uint64_t offset;      /* of the block's head in the file */
        uint64_t first_index; /* of its operations */
        uint64_t first_ns;
    } entry[TRACE_INDEX_MAXIMUM];
    uint32_t count;
    uint32_t stride;  /* one in so many blocks has an entry */
    uint32_t skipped; /* blocks since the last one that has */
};

void block_index_init(struct block_index *index);
/* The next block of operations in the file. */
void block_index_add(struct block_index *index, const struct block_index_entry *entry);
/* The last entry whose first operation is not behind `first_index`; NULL if there is none. */
const struct block_index_entry *block_index_find(const struct block_index *index,
                                                 uint64_t first_index);
/* The last entry whose first operation is before `time_ns`, or the first entry. */
const struct block_index_entry *block_index_find_time(const struct block_index *index,
                                                      uint64_t time_ns);
/* As the payload of a block. `bytes` has room for TRACE_INDEX_MAXIMUM * 3 varints and one more. */
size_t block_index_pack(const struct block_index *index, unsigned char *bytes);
/* NULL, or what is wrong. Entries rise in all three numbers (times may stay). */
const char *block_index_unpack(struct block_index *index, const unsigned char *bytes,
                               size_t length);

#endif
