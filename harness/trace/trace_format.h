/*
 * How a trace file is laid out: numbers, heads and limits that its writer and its reader share.
 * docs/trace-format.md says the same in words.
 *
 * Everything is little-endian. A limit is one of the format: a writer keeps it, a reader refuses
 * what goes beyond before it allocates anything.
 */
#ifndef HEAPMARK_TRACE_FORMAT_H
#define HEAPMARK_TRACE_FORMAT_H

#include "trace.h"

enum {
    TRACE_MAJOR = 1,
    TRACE_MINOR = 0,
    TRACE_MAGIC_BYTES = 8,
    TRACE_FILE_HEAD_BYTES = 16,
    TRACE_BLOCK_HEAD_BYTES = 64,
    TRACE_END_PAYLOAD_BYTES = 8,
    TRACE_BLOCK_OPERATIONS = 1 << 16,
    TRACE_PAYLOAD_MAXIMUM = 8 << 20, /* packed or not */
    TRACE_THREADS_MAXIMUM = 1 << 20,
    TRACE_THREAD_NAME_MAXIMUM = 63,
    TRACE_THREADS_A_BLOCK = 1 << 14,
    TRACE_FACTS_MAXIMUM = 256,
    TRACE_FACTS_BYTES_MAXIMUM = 4 << 20, /* names and values of the whole file */
    TRACE_INDEX_MAXIMUM = 1 << 14,
    TRACE_COLUMNS_MAXIMUM = 64,
    TRACE_VARINT_MAXIMUM = 10,
};

/* The first four bytes of a block's head, so that a hex dump can be read. */
#define TRACE_BLOCK_TYPE(a, b, c, d) ((uint32_t)(a) | (b) << 8 | (c) << 16 | (uint32_t)(d) << 24)
#define TRACE_BLOCK_FACTS            TRACE_BLOCK_TYPE('F', 'A', 'C', 'T')
#define TRACE_BLOCK_THREADS          TRACE_BLOCK_TYPE('T', 'H', 'R', 'D')
#define TRACE_BLOCK_OPERATION        TRACE_BLOCK_TYPE('O', 'P', 'E', 'R')
#define TRACE_BLOCK_INDEX            TRACE_BLOCK_TYPE('I', 'N', 'D', 'X')
#define TRACE_BLOCK_END              TRACE_BLOCK_TYPE('E', 'N', 'D', '.')

enum trace_packing { TRACE_STORED, TRACE_ZSTD };

enum trace_column {
    TRACE_COLUMN_KINDS = 1,
    TRACE_COLUMN_THREADS,
    TRACE_COLUMN_TIMES,
    TRACE_COLUMN_SIZES,
    TRACE_COLUMN_ALIGNMENTS,
    TRACE_COLUMN_ERRORS,
    TRACE_COLUMN_ADDRESSES, /* a token for each, address_model.h */
    TRACE_COLUMN_NUMBERS,   /* that belong to some of the tokens */
    TRACE_COLUMN_COUNT
};

struct trace_block_head {
    uint32_t type;
    uint32_t packing; /* enum trace_packing */
    uint32_t raw_bytes, packed_bytes;
    uint32_t operations;
    uint32_t threads;      /* known up to and with this block */
    uint64_t first_index;  /* operations before this block */
    uint64_t first_ns;     /* time of its first operation; other blocks: of the last one before */
    uint64_t last_ns;      /* time of its last one */
    uint64_t payload_hash; /* XXH3, 64 bits, of the packed payload */
};

void trace_file_head_pack(unsigned char bytes[TRACE_FILE_HEAD_BYTES]);
/* NULL, or why the bytes are no head that this version reads. */
const char *trace_file_head_check(const unsigned char bytes[TRACE_FILE_HEAD_BYTES]);

void trace_block_head_pack(const struct trace_block_head *head,
                           unsigned char bytes[TRACE_BLOCK_HEAD_BYTES]);
/* NULL, or what is wrong with it. */
const char *trace_block_head_unpack(const unsigned char bytes[TRACE_BLOCK_HEAD_BYTES],
                                    struct trace_block_head *head);
uint64_t trace_hash(const void *bytes, size_t length);

/* NULL, or what an operation by itself breaks of what trace.h demands. */
const char *trace_op_fault(const struct trace_op *op);

/* Which of its fields an operation of this kind has. */
static inline bool trace_kind_has_size(unsigned kind)
{
    return kind != TRACE_FREE && kind != TRACE_REALLOC_BEGIN;
}
static inline bool trace_kind_has_alignment(unsigned kind)
{
    return kind >= TRACE_MEMALIGN && kind <= TRACE_POSIX_MEMALIGN;
}
static inline bool trace_kind_is_realloc(unsigned kind)
{
    return kind == TRACE_REALLOC || kind == TRACE_REALLOCARRAY;
}
static inline bool trace_kind_has_old(unsigned kind)
{
    return trace_kind_is_realloc(kind) || !trace_kind_has_size(kind);
}

#endif
