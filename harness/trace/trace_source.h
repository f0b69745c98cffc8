/*
 * A trace file as a row of blocks: each head checked, each payload checked and unpacked.
 *
 * Memory: two buffers of TRACE_PAYLOAD_MAXIMUM at the most, whatever the file says. The file is
 * read as long as it was when it was opened.
 */
#ifndef HEAPMARK_TRACE_SOURCE_H
#define HEAPMARK_TRACE_SOURCE_H

#include "trace_format.h"

struct trace_source {
    int fd;
    char *path;
    uint64_t bytes;
    void *unpacker;
    unsigned char *packed, *payload;
    size_t packed_room, payload_room;
};

/* Checks the file's head, too. Returns 0, or -1 with a message; to be released in either case. */
int trace_source_open(struct trace_source *source, const char *path, char *message);
void trace_source_release(struct trace_source *source);

/* The head at `offset`: 1; 0 when the file ends before the block does; -1 with a message. */
int trace_source_head(struct trace_source *source, uint64_t offset, struct trace_block_head *head,
                      char *message);
/* Unpacks the payload of the block whose head stands at `offset` into `payload`, head->raw_bytes
 * long. Returns 0, or -1 with a message. */
int trace_source_payload(struct trace_source *source, uint64_t offset,
                         const struct trace_block_head *head, char *message);
/* Fills in the message about what stands at `offset`; returns -1. */
int trace_source_fault(const struct trace_source *source, uint64_t offset, const char *fault,
                       char *message);

/* Where the block behind this one begins. */
static inline uint64_t trace_source_behind(uint64_t offset, const struct trace_block_head *head)
{
    return offset + TRACE_BLOCK_HEAD_BYTES + head->packed_bytes;
}

#endif
