/* Columns of a block, written; see op_encoder.h. */
#include "op_encoder.h"

#include "varint.h"

#include <stdlib.h>
#include <string.h>

/* What one operation adds to a column at the most: times and threads come as a pair of numbers,
 * addresses up to two. */
enum { VARINTS_AN_OPERATION = 2, COLUMN_BYTES = TRACE_BLOCK_OPERATIONS * 2 * TRACE_VARINT_MAXIMUM };

struct column {
    unsigned char *start, *next;
};

struct op_encoder {
    struct column column[TRACE_COLUMN_COUNT];
    uint32_t count;
    uint64_t first_ns, last_ns;
    uint64_t time_unit_ns; /* greatest common divisor of all steps so far */
    uint32_t thread;       /* whose run is open */
    uint32_t thread_run;   /* operations in it */
    uint32_t time_run;     /* operations at last_ns */
    uint64_t time_step_ns; /* from the time before to last_ns */
    uint64_t last_address;
    uint32_t step_count;
    struct {
        uint64_t step_ns;
        uint32_t run;
    } step[TRACE_BLOCK_OPERATIONS]; /* closed runs of one time */
};

struct op_encoder *op_encoder_create(void)
{
    struct op_encoder *encoder = calloc(1, sizeof *encoder);
    if (encoder == NULL)
        return NULL;
    for (int i = 1; i < TRACE_COLUMN_COUNT; i++) {
        encoder->column[i].start = encoder->column[i].next = malloc(COLUMN_BYTES);
        if (encoder->column[i].start == NULL) {
            op_encoder_free(encoder);
            return NULL;
        }
    }
    return encoder;
}

void op_encoder_free(struct op_encoder *encoder)
{
    if (encoder == NULL)
        return;
    for (int i = 1; i < TRACE_COLUMN_COUNT; i++)
        free(encoder->column[i].start);
    free(encoder);
}

uint32_t op_encoder_count(const struct op_encoder *encoder)
{
    return encoder->count;
}

uint64_t op_encoder_first_ns(const struct op_encoder *encoder)
{
    return encoder->first_ns;
}

uint64_t op_encoder_last_ns(const struct op_encoder *encoder)
{
    return encoder->last_ns;
}

static inline void put(struct op_encoder *encoder, enum trace_column column, uint64_t value)
{
    encoder->column[column].next = varint_put(encoder->column[column].next, value);
}

static void close_thread_run(struct op_encoder *encoder)
{
    put(encoder, TRACE_COLUMN_THREADS, encoder->thread);
    put(encoder, TRACE_COLUMN_THREADS, encoder->thread_run);
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void close_time_run(struct op_encoder *encoder)
{
    encoder->step[encoder->step_count].step_ns = encoder->time_step_ns;
    encoder->step[encoder->step_count++].run = encoder->time_run;
    encoder->time_unit_ns = greatest_common_divisor(encoder->time_step_ns, encoder->time_unit_ns);
}

static void add_thread_and_time(struct op_encoder *encoder, const struct trace_op *op)
{
    if (encoder->count == 0) {
        encoder->first_ns = encoder->last_ns = op->time_ns;
        encoder->thread = op->thread;
    }
    if (op->thread != encoder->thread) {
        close_thread_run(encoder);
        encoder->thread = op->thread;
        encoder->thread_run = 0;
    }
    encoder->thread_run++;
    if (op->time_ns != encoder->last_ns) {
        close_time_run(encoder);
        encoder->time_step_ns = op->time_ns - encoder->last_ns;
        encoder->last_ns = op->time_ns;
        encoder->time_run = 0;
    }
    encoder->time_run++;
}

static void add_address(struct op_encoder *encoder, uint64_t address)
{
    put(encoder, TRACE_COLUMN_ADDRESSES, varint_fold(address - encoder->last_address));
    encoder->last_address = address;
}

void op_encoder_add(struct op_encoder *encoder, const struct trace_op *op)
{
    add_thread_and_time(encoder, op);
    *encoder->column[TRACE_COLUMN_KINDS].next++ = (unsigned char)(op->kind | op->flags << 4);
    bool failed = (op->flags & TRACE_FAILED) != 0;
    if (trace_kind_has_size(op->kind))
        put(encoder, TRACE_COLUMN_SIZES, op->size);
    if (trace_kind_has_alignment(op->kind))
        put(encoder, TRACE_COLUMN_ALIGNMENTS, op->alignment);
    if (failed)
        put(encoder, TRACE_COLUMN_ERRORS, op->error);
    if (trace_kind_has_old(op->kind))
        add_address(encoder, op->old_address);
    if (trace_kind_has_size(op->kind) && !failed)
        add_address(encoder, op->address);
    encoder->count++;
}

/* Times are kept until the unit that they share is known. */
static void put_times(struct op_encoder *encoder)
{
    uint64_t unit = encoder->time_unit_ns != 0 ? encoder->time_unit_ns : 1;
    put(encoder, TRACE_COLUMN_TIMES, unit);
    for (uint32_t i = 0; i < encoder->step_count; i++) {
        put(encoder, TRACE_COLUMN_TIMES, encoder->step[i].step_ns / unit);
        put(encoder, TRACE_COLUMN_TIMES, encoder->step[i].run);
    }
}

static void reset(struct op_encoder *encoder)
{
    for (int i = 1; i < TRACE_COLUMN_COUNT; i++)
        encoder->column[i].next = encoder->column[i].start;
    encoder->count = encoder->thread_run = encoder->time_run = encoder->step_count = 0;
    encoder->time_unit_ns = encoder->time_step_ns = encoder->last_address = 0;
}

size_t op_encoder_finish(struct op_encoder *encoder, unsigned char *payload)
{
    close_thread_run(encoder);
    close_time_run(encoder);
    put_times(encoder);
    unsigned char *at = varint_put(payload, TRACE_COLUMN_COUNT - 1);
    for (unsigned i = 1; i < TRACE_COLUMN_COUNT; i++) {
        at = varint_put(at, i);
        at = varint_put(at, 0); /* its encoding */
        at = varint_put(at, (size_t)(encoder->column[i].next - encoder->column[i].start));
    }
    for (unsigned i = 1; i < TRACE_COLUMN_COUNT; i++) {
        size_t length = (size_t)(encoder->column[i].next - encoder->column[i].start);
        memcpy(at, encoder->column[i].start, length);
        at += length;
    }
    reset(encoder);
    return (size_t)(at - payload);
}
