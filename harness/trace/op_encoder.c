/* Columns of a block, written; see op_encoder.h. */
#include "op_encoder.h"

#include "address_model.h"
#include "varint.h"

#include <stdlib.h>
#include <string.h>

/* What one operation adds to a column at the most: times and threads come as a pair of numbers,
 * addresses up to two. */
enum { VARINTS_AN_OPERATION = 2, COLUMN_BYTES = TRACE_BLOCK_OPERATIONS * 2 * TRACE_VARINT_MAXIMUM };

/* The newest birth of each address of this block, by hash. PROBES slots are looked at at the most,
 * so that addresses chosen to collide cost no time, only bytes. */
enum { KNOWN_BITS = 17, PROBES = 16 };

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
    uint32_t step_count;
    struct {
        uint64_t step_ns;
        uint32_t run;
    } step[TRACE_BLOCK_OPERATIONS];  /* closed runs of one time */
    uint32_t known[1 << KNOWN_BITS]; /* numbers of births; 0: empty */
    struct address_model model;
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
    address_model_reset(&encoder->model);
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

static inline uint64_t hash_of(uint64_t address)
{
    return address * UINT64_C(0x9e3779b97f4a7c15) >> (64 - KNOWN_BITS);
}

void op_encoder_expect(const struct op_encoder *encoder, const struct trace_op *op)
{
    if (op->old_address != 0)
        __builtin_prefetch(&encoder->known[hash_of(op->old_address)], 1);
    if (op->address != 0 && op->address != op->old_address)
        __builtin_prefetch(&encoder->known[hash_of(op->address)], 1);
}

/* The slot of an address, or a free one for it; NULL when neither is near. */
static inline uint32_t *find(struct op_encoder *encoder, uint64_t address)
{
    uint64_t hash = hash_of(address);
    for (uint64_t i = hash; i < hash + PROBES; i++) {
        uint32_t *known = &encoder->known[i & ((1 << KNOWN_BITS) - 1)];
        if (*known == 0 || encoder->model.birth[*known].address == address)
            return known;
    }
    return NULL;
}

static inline void put_token(struct op_encoder *encoder, int token)
{
    *encoder->column[TRACE_COLUMN_ADDRESSES].next++ = (unsigned char)token;
}

/* Returns its birth; 0 when it is none of this block's. */
static uint32_t add_old(struct op_encoder *encoder, uint64_t address)
{
    struct address_model *model = &encoder->model;
    if (address == 0) {
        put_token(encoder, OLD_NULL);
        return 0;
    }
    const uint32_t *known = find(encoder, address);
    if (known == NULL || *known == 0) {
        put_token(encoder, OLD_APART);
        put(encoder, TRACE_COLUMN_NUMBERS, varint_fold(address - model->last_apart));
        model->last_apart = address;
        model->last_birth = 0;
        return 0;
    }
    uint32_t ago = model->births + 1 - *known;
    int64_t step = (int64_t)*known - model->last_birth - 1;
    model->last_birth = *known;
    if (ago <= OLD_NEAR_MAXIMUM)
        put_token(encoder, OLD_NEAR + (int)ago);
    else if (step >= OLD_STEP_LEAST && step <= OLD_STEP_MOST)
        put_token(encoder, OLD_STEP + (int)step);
    else {
        put_token(encoder, OLD_DISTANT);
        put(encoder, TRACE_COLUMN_NUMBERS, ago);
    }
    return *known;
}

/* Looks for the address among those freed lately; takes it out and writes its place. */
static bool add_again(struct op_encoder *encoder, const struct trace_op *op)
{
    struct address_model *model = &encoder->model;
    uint32_t *link = address_stack(model, address_class(op->size), op->thread);
    for (int depth = 0; depth < NEW_AGAIN_DEPTH && *link != 0; depth++) {
        struct address_birth *birth = &model->birth[*link];
        if (birth->address == op->address) {
            put_token(encoder, NEW_AGAIN + depth);
            *link = birth->next;
            return true;
        }
        link = &birth->next;
    }
    return false;
}

static void add_fresh(struct op_encoder *encoder, const struct trace_op *op)
{
    struct address_model *model = &encoder->model;
    if (op->address == model->behind)
        put_token(encoder, NEW_BEHIND);
    else {
        put_token(encoder, NEW_APART);
        put(encoder, TRACE_COLUMN_NUMBERS, varint_fold(op->address - model->behind));
    }
    address_fresh(model, op->address, op->size);
}

static void add_new(struct op_encoder *encoder, const struct trace_op *op)
{
    if (op->address == 0) {
        put_token(encoder, NEW_NULL);
        return;
    }
    if (op->address == op->old_address)
        put_token(encoder, NEW_IN_PLACE);
    else if (!add_again(encoder, op))
        add_fresh(encoder, op);
    /* Before the birth, which has the address, too. */
    uint32_t *known = find(encoder, op->address);
    uint32_t birth = address_born(&encoder->model, op->address, op->size);
    if (known != NULL)
        *known = birth;
}

static void add_addresses(struct op_encoder *encoder, const struct trace_op *op)
{
    bool failed = (op->flags & TRACE_FAILED) != 0;
    uint32_t old = trace_kind_has_old(op->kind) ? add_old(encoder, op->old_address) : 0;
    if (trace_kind_has_size(op->kind) && !failed)
        add_new(encoder, op);
    if (old != 0 && !failed && op->address != op->old_address)
        address_freed(&encoder->model, old, op->thread);
}

void op_encoder_add(struct op_encoder *encoder, const struct trace_op *op)
{
    add_thread_and_time(encoder, op);
    *encoder->column[TRACE_COLUMN_KINDS].next++ = (unsigned char)(op->kind | op->flags << 4);
    if (trace_kind_has_size(op->kind))
        put(encoder, TRACE_COLUMN_SIZES, op->size);
    if (trace_kind_has_alignment(op->kind))
        put(encoder, TRACE_COLUMN_ALIGNMENTS, op->alignment);
    if ((op->flags & TRACE_FAILED) != 0)
        put(encoder, TRACE_COLUMN_ERRORS, op->error);
    add_addresses(encoder, op);
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
    encoder->time_unit_ns = encoder->time_step_ns = 0;
    address_model_reset(&encoder->model);
    memset(encoder->known, 0, sizeof encoder->known);
}

size_t op_encoder_finish(struct op_encoder *encoder, unsigned char *payload, size_t *ends)
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
        ends[i] = (size_t)(at - payload);
    }
    reset(encoder);
    return (size_t)(at - payload);
}
