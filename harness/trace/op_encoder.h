/*
 * Turns operations into the payload of a block: each field into a column of its own.
 *
 * A block's payload is read without those before it. docs/trace-format.md has the columns.
 */
#ifndef HEAPMARK_OP_ENCODER_H
#define HEAPMARK_OP_ENCODER_H

#include "trace_format.h"

struct op_encoder;

/* NULL: out of memory. It takes no more later. */
struct op_encoder *op_encoder_create(void);
void op_encoder_free(struct op_encoder *encoder);

/* At most TRACE_BLOCK_OPERATIONS of them, each without fault (trace_op_fault), times rising. */
void op_encoder_add(struct op_encoder *encoder, const struct trace_op *op);
/* Says that this operation comes soon: fetches memory that it needs. */
void op_encoder_expect(const struct op_encoder *encoder, const struct trace_op *op);
uint32_t op_encoder_count(const struct op_encoder *encoder);
/* Of the first and the last operation. */
uint64_t op_encoder_first_ns(const struct op_encoder *encoder);
uint64_t op_encoder_last_ns(const struct op_encoder *encoder);

/* Writes the payload, at most TRACE_PAYLOAD_MAXIMUM bytes, and forgets the operations. Returns
 * its length. ends[1 .. TRACE_COLUMN_COUNT - 1] are set to where each column ends in it. */
size_t op_encoder_finish(struct op_encoder *encoder, unsigned char *payload, size_t *ends);

#endif
