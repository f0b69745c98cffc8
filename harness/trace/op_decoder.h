/*
 * Turns the payload of a block back into operations, some hundred at a time.
 *
 * Takes any bytes: what is handed out keeps what trace.h demands of single operations, names
 * threads that are known, and lies between the times of the block's head.
 */
#ifndef HEAPMARK_OP_DECODER_H
#define HEAPMARK_OP_DECODER_H

#include "trace_format.h"

enum { OP_DECODER_BATCH = 256 };

struct op_decoder;

/* NULL: out of memory. It takes no more later. */
struct op_decoder *op_decoder_create(void);
void op_decoder_free(struct op_decoder *decoder);

/* The payload stays the caller's and must remain until the block is read. NULL, or what is
 * wrong. */
const char *op_decoder_start(struct op_decoder *decoder, const struct trace_block_head *head,
                             const unsigned char *payload);
/* The next operations, at most OP_DECODER_BATCH; *count 0 behind the last one, once all columns
 * were found to end there. NULL, or what is wrong. */
const char *op_decoder_next(struct op_decoder *decoder, struct trace_op *ops, uint32_t *count);

#endif
