/*
 * The traces of ClaytonKnittel/malloc-bench: a protobuf message, mostly gzip'd.
 *
 *   Tracefile   1: TraceLine (repeated)   2: most blocks live at once
 *   TraceLine   one of 1: Malloc   2: Free   3: Realloc   4: Calloc
 *   Malloc      1: result id   2: size     3: alignment, when asked for
 *   Calloc      1: result id   2: count    3: size
 *   Realloc     1: result id   2: old id   3: size
 *   Free        1: id          2, 3: hints at size and alignment
 * All numbers are varints. An id that is missing is NULL. Ids are used again when free.
 * The encoding: protobuf.dev/programming-guides/encoding.
 */
#include "export.h"
#include "import.h"
#include "message.h"
#include "source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
    WIRE_BITS = 3,
    FIELD_LINES = 1,
    FIELD_MAXIMUM = 2,
    OP_MALLOC = 1,
    OP_FREE = 2,
    OP_REALLOC = 3,
    OP_CALLOC = 4,
    OP_FIELDS = 3,
    LINE_BYTES = 4096, /* four varints and a few tags: what an unknown field may add */
    VARINT_BYTES = 10,
    GZIP_WINDOW_BITS = 15 + 16,
};

/* ---- reading ------------------------------------------------------------------ */

struct cursor {
    const unsigned char *at, *end;
};

static bool take_varint(struct cursor *c, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < VARINT_BYTES && c->at < c->end; i++) {
        unsigned char byte = *c->at++;
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool take_bytes(struct cursor *c, struct cursor *inner)
{
    uint64_t length;
    if (!take_varint(c, &length) || length > (uint64_t)(c->end - c->at))
        return false;
    *inner = (struct cursor){c->at, c->at + length};
    c->at += length;
    return true;
}

static bool skip_field(struct cursor *c, unsigned wire)
{
    uint64_t value;
    struct cursor inner;
    size_t fixed = wire == WIRE_FIXED64 ? 8 : 4;
    if (wire == WIRE_VARINT)
        return take_varint(c, &value);
    if (wire == WIRE_BYTES)
        return take_bytes(c, &inner);
    if ((wire != WIRE_FIXED64 && wire != WIRE_FIXED32) || (size_t)(c->end - c->at) < fixed)
        return false;
    c->at += fixed;
    return true;
}

struct call {
    unsigned op; /* 0: none */
    bool given[OP_FIELDS + 1];
    uint64_t field[OP_FIELDS + 1];
};

static bool parse_call(struct cursor c, struct call *call)
{
    while (c.at < c.end) {
        uint64_t tag;
        if (!take_varint(&c, &tag))
            return false;
        uint64_t field = tag >> WIRE_BITS;
        unsigned wire = tag & ((1 << WIRE_BITS) - 1);
        if (field >= 1 && field <= OP_FIELDS && wire == WIRE_VARINT) {
            call->given[field] = true;
            if (!take_varint(&c, &call->field[field]))
                return false;
        } else if (field == 0 || !skip_field(&c, wire)) {
            return false;
        }
    }
    return true;
}

static bool parse_line(struct cursor c, struct call *call)
{
    *call = (struct call){0};
    while (c.at < c.end) {
        uint64_t tag;
        struct cursor inner;
        if (!take_varint(&c, &tag))
            return false;
        uint64_t field = tag >> WIRE_BITS;
        unsigned wire = tag & ((1 << WIRE_BITS) - 1);
        if (field >= OP_MALLOC && field <= OP_CALLOC && wire == WIRE_BYTES) {
            *call = (struct call){.op = (unsigned)field}; /* of several the last one counts */
            if (!take_bytes(&c, &inner) || !parse_call(inner, call))
                return false;
        } else if (field == 0 || !skip_field(&c, wire)) {
            return false;
        }
    }
    return true;
}

/* Ids begin with 0, keys with 1. */
static uint64_t key_of(const struct call *call, unsigned field)
{
    return call->given[field] ? call->field[field] + 1 : 0;
}

static bool event_of(const struct call *call, struct import_event *event)
{
    *event = (struct import_event){.key = key_of(call, 1)};
    for (unsigned i = 1; i <= OP_FIELDS; i++)
        if (call->given[i] && call->field[i] == UINT64_MAX && i < OP_FIELDS)
            return false;
    switch (call->op) {
    case OP_MALLOC:
        event->size = call->field[2];
        event->alignment = call->field[3];
        /* By which function, is not told; some refuse sizes that are no multiple to aligned_alloc.
         */
        event->kind = event->alignment != 0 ? TRACE_MEMALIGN : TRACE_MALLOC;
        break;
    case OP_CALLOC:
        event->kind = TRACE_CALLOC;
        if (__builtin_mul_overflow(call->field[2], call->field[3], &event->size))
            event->size = UINT64_MAX;
        break;
    case OP_REALLOC:
        event->kind = TRACE_REALLOC;
        event->old_key = key_of(call, 2);
        event->size = call->field[3];
        break;
    case OP_FREE:
        event->kind = TRACE_FREE;
        event->old_key = key_of(call, 1);
        event->key = 0;
        return true;
    default:
        return false;
    }
    event->failed = event->key == 0 && (event->old_key == 0 || event->size != 0);
    return true;
}

/* Reads a varint off the source: 1, 0 at the end before its first byte, -1 with a message. */
static int read_varint(struct source *source, uint64_t *value, char *message)
{
    *value = 0;
    for (unsigned i = 0; i < VARINT_BYTES; i++) {
        int byte = source_byte(source, message);
        if (byte == SOURCE_ERROR)
            return -1;
        if (byte == SOURCE_END)
            return i == 0 ? 0 : source_fail(source, message, "the end, inside a number");
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80)
            return 1;
    }
    return source_fail(source, message, "a number of more than %d bytes", VARINT_BYTES);
}

static int read_line(struct import *import, struct source *source, char *message)
{
    unsigned char bytes[LINE_BYTES];
    uint64_t length;
    struct call call;
    struct import_event event;
    int got = read_varint(source, &length, message);
    if (got <= 0)
        return got < 0 ? -1 : source_fail(source, message, "the end, inside a line");
    if (length > sizeof bytes)
        return source_fail(source, message, "a line of %" PRIu64 " bytes: not of malloc-bench",
                           length);
    for (uint64_t i = 0; i < length; i++) {
        int byte = source_byte(source, message);
        if (byte < 0)
            return byte == SOURCE_ERROR ? -1
                                        : source_fail(source, message, "the end, inside a line");
        bytes[i] = (unsigned char)byte;
    }
    if (!parse_line((struct cursor){bytes, bytes + length}, &call))
        return import_mistake(import, message, "a line that is no protobuf message");
    if (!event_of(&call, &event))
        return import_mistake(import, message, "a line without an operation");
    return import_add(import, &event, message);
}

static int read_malloc_bench(struct import *import, struct source *source, char *message)
{
    uint64_t tag, value;
    int got;
    import->has_times = false;
    while ((got = read_varint(source, &tag, message)) > 0) {
        unsigned wire = tag & ((1 << WIRE_BITS) - 1);
        if (tag >> WIRE_BITS == FIELD_LINES && wire == WIRE_BYTES)
            got = read_line(import, source, message);
        else if (tag >> WIRE_BITS == FIELD_MAXIMUM && wire == WIRE_VARINT)
            got = read_varint(source, &value, message);
        else
            got = source_fail(source, message, "field %" PRIu64 " of type %u: not of malloc-bench",
                              tag >> WIRE_BITS, wire);
        if (got < 0)
            return -1;
    }
    return got;
}

/* Two lines in a row that are messages, or one and the end. */
static bool sniff(const unsigned char *start, size_t bytes)
{
    struct cursor c = {start, start + bytes}, line;
    int lines = 0;
    while (lines < 2 && c.at < c.end) {
        struct call call;
        struct import_event event;
        if (*c.at++ != (FIELD_LINES << WIRE_BITS | WIRE_BYTES) || !take_bytes(&c, &line) ||
            !parse_line(line, &call) || !event_of(&call, &event))
            return lines > 0 && c.at > start + 2 && start[0] == 0x0a && c.end - c.at < 16;
        lines++;
    }
    return lines > 0;
}

/* ---- writing ------------------------------------------------------------------ */

struct packer {
    z_stream zip;
    FILE *stream;
    unsigned char out[16384];
};

static void pack(struct packer *packer, const unsigned char *bytes, size_t count, int flush)
{
    packer->zip.next_in = (unsigned char *)bytes;
    packer->zip.avail_in = (unsigned)count;
    do {
        packer->zip.next_out = packer->out;
        packer->zip.avail_out = sizeof packer->out;
        deflate(&packer->zip, flush);
        fwrite(packer->out, 1, sizeof packer->out - packer->zip.avail_out, packer->stream);
    } while (packer->zip.avail_out == 0);
}

static size_t put_varint(unsigned char *at, uint64_t value)
{
    size_t count = 0;
    for (; value >= 0x80; value >>= 7)
        at[count++] = (unsigned char)(value | 0x80);
    at[count++] = (unsigned char)value;
    return count;
}

static size_t put_field(unsigned char *at, unsigned field, uint64_t value)
{
    at[0] = (unsigned char)(field << WIRE_BITS | WIRE_VARINT);
    return 1 + put_varint(at + 1, value);
}

/* The call's own fields; false when the format has none for it. */
static size_t put_call(const struct export_step *step, unsigned *op, unsigned char *at)
{
    const struct trace_op *call = &step->op;
    bool fails = (call->flags & TRACE_FAILED) != 0;
    bool has_old = step->old_address != 0 && !step->foreign;
    size_t count = 0;
    if (call->kind == TRACE_FREE) {
        *op = OP_FREE;
        return has_old ? put_field(at, 1, step->slot) : 0;
    }
    if (!fails && !step->freed)
        count += put_field(at, 1, step->slot);
    if (call->kind == TRACE_REALLOC || call->kind == TRACE_REALLOCARRAY) {
        *op = OP_REALLOC;
        if (has_old)
            count += put_field(at + count, 2, step->slot);
        return count + put_field(at + count, 3, call->size);
    }
    *op = call->kind == TRACE_CALLOC ? OP_CALLOC : OP_MALLOC;
    if (*op == OP_CALLOC) {
        count += put_field(at + count, 2, 1);
        return count + put_field(at + count, 3, call->size);
    }
    count += put_field(at + count, 2, call->size);
    return call->alignment == 0 ? count : count + put_field(at + count, 3, call->alignment);
}

static bool leave_out(struct export *export, const struct export_step *step)
{
    static const unsigned plain = 1U << TRACE_MALLOC | 1U << TRACE_CALLOC | 1U << TRACE_REALLOC |
                                  1U << TRACE_FREE | 1U << TRACE_MEMALIGN;
    if (step->foreign) {
        export_lose(export, LOST_FOREIGN);
        bool fails = (step->op.flags & TRACE_FAILED) != 0;
        return step->op.kind == TRACE_FREE || step->freed || fails;
    }
    if ((plain >> step->op.kind & 1) == 0)
        export_lose(export, LOST_KINDS);
    return false;
}

static void write_line(struct packer *packer, const struct export_step *step)
{
    unsigned char call[64], line[96];
    unsigned op;
    size_t inner = put_call(step, &op, call), count = 0;
    line[count++] = FIELD_LINES << WIRE_BITS | WIRE_BYTES;
    line[count++] = (unsigned char)(inner + 2); /* less than 128, both */
    line[count++] = (unsigned char)(op << WIRE_BITS | WIRE_BYTES);
    line[count++] = (unsigned char)inner;
    memcpy(line + count, call, inner);
    pack(packer, line, count + inner, Z_NO_FLUSH);
}

static int write_malloc_bench(struct export *export, FILE *stream, char *message)
{
    struct packer packer = {.stream = stream};
    struct export_step step;
    unsigned char maximum[1 + VARINT_BYTES];
    int got;
    if (deflateInit2(&packer.zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return message_set(message, "out of memory");
    while ((got = export_next(export, &step, message)) > 0)
        if (!leave_out(export, &step))
            write_line(&packer, &step);
    size_t count = put_field(maximum, FIELD_MAXIMUM, export_slots(export));
    pack(&packer, maximum, count, Z_FINISH);
    deflateEnd(&packer.zip);
    return got;
}

const struct foreign_format format_malloc_bench = {
    .name = "malloc-bench",
    .summary = "protobuf of ClaytonKnittel/malloc-bench",
    .carries =
        CARRIES_ALIGNMENTS | CARRIES_FAILURES | CARRIES_REALLOC | CARRIES_IDENTITY | FORMAT_BINARY,
    .sniff = sniff,
    .import = read_malloc_bench,
    .export = write_malloc_bench,
};
