/* Heads of the trace file, and what one operation may hold; see trace_format.h. */
#include "trace_format.h"

#include <endian.h>
#include <string.h>
#include <xxhash.h>

/* Not text, and changed by whatever converts line ends or clears the eighth bit. */
static const unsigned char magic[TRACE_MAGIC_BYTES] = {0x89, 'H', 'M', 'T', '\r', '\n', 0x1a, '\n'};

/* Offsets of a file's head. */
enum { AT_MAJOR = 8, AT_MINOR = 10, AT_FILE_HASH = 12 };
/* Offsets of a block's head. */
enum {
    AT_TYPE = 0,
    AT_PACKING = 4,
    AT_RAW = 8,
    AT_PACKED = 12,
    AT_OPERATIONS = 16,
    AT_THREADS = 20,
    AT_FIRST_INDEX = 24,
    AT_FIRST_NS = 32,
    AT_LAST_NS = 40,
    AT_PAYLOAD_HASH = 48,
    AT_HEAD_HASH = 56,
};
_Static_assert(AT_FILE_HASH + 4 == TRACE_FILE_HEAD_BYTES, "the file's head");
_Static_assert(AT_HEAD_HASH + 8 == TRACE_BLOCK_HEAD_BYTES, "a block's head");

uint64_t trace_hash(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}

static void put16(unsigned char *at, uint16_t value)
{
    value = htole16(value);
    memcpy(at, &value, sizeof value);
}

static void put32(unsigned char *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static void put64(unsigned char *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

static uint16_t get16(const unsigned char *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return le16toh(value);
}

static uint32_t get32(const unsigned char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static uint64_t get64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

void trace_file_head_pack(unsigned char bytes[TRACE_FILE_HEAD_BYTES])
{
    memcpy(bytes, magic, sizeof magic);
    put16(bytes + AT_MAJOR, TRACE_MAJOR);
    put16(bytes + AT_MINOR, TRACE_MINOR);
    put32(bytes + AT_FILE_HASH, (uint32_t)trace_hash(bytes, AT_FILE_HASH));
}

const char *trace_file_head_check(const unsigned char bytes[TRACE_FILE_HEAD_BYTES])
{
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return "not a heapmark trace";
    if (get32(bytes + AT_FILE_HASH) != (uint32_t)trace_hash(bytes, AT_FILE_HASH))
        return "the file's head is damaged: its checksum differs";
    if (get16(bytes + AT_MAJOR) > TRACE_MAJOR)
        return "the trace was written by a newer heapmark; read it with that one";
    if (get16(bytes + AT_MAJOR) < TRACE_MAJOR)
        return "no version of the format has this number";
    return NULL;
}

void trace_block_head_pack(const struct trace_block_head *head,
                           unsigned char bytes[TRACE_BLOCK_HEAD_BYTES])
{
    put32(bytes + AT_TYPE, head->type);
    put32(bytes + AT_PACKING, head->packing);
    put32(bytes + AT_RAW, head->raw_bytes);
    put32(bytes + AT_PACKED, head->packed_bytes);
    put32(bytes + AT_OPERATIONS, head->operations);
    put32(bytes + AT_THREADS, head->threads);
    put64(bytes + AT_FIRST_INDEX, head->first_index);
    put64(bytes + AT_FIRST_NS, head->first_ns);
    put64(bytes + AT_LAST_NS, head->last_ns);
    put64(bytes + AT_PAYLOAD_HASH, head->payload_hash);
    put64(bytes + AT_HEAD_HASH, trace_hash(bytes, AT_HEAD_HASH));
}

static bool is_known(uint32_t type)
{
    return type == TRACE_BLOCK_FACTS || type == TRACE_BLOCK_THREADS ||
           type == TRACE_BLOCK_OPERATION || type == TRACE_BLOCK_INDEX || type == TRACE_BLOCK_END;
}

static const char *head_fault(const struct trace_block_head *head)
{
    if (head->packed_bytes > TRACE_PAYLOAD_MAXIMUM || head->raw_bytes > TRACE_PAYLOAD_MAXIMUM)
        return "a block says that it is larger than any may be";
    if (!is_known(head->type))
        return NULL; /* to be skipped; nothing more is known about it */
    if (head->packing > TRACE_ZSTD)
        return "a block is packed in a way that this version does not know";
    if (head->packing == TRACE_STORED && head->packed_bytes != head->raw_bytes)
        return "a block's two lengths contradict each other";
    if (head->threads > TRACE_THREADS_MAXIMUM)
        return "a block says that there are more threads than there may be";
    if (head->first_ns > head->last_ns)
        return "a block's times go back";
    bool has_operations = head->type == TRACE_BLOCK_OPERATION;
    if (head->operations > TRACE_BLOCK_OPERATIONS || has_operations != (head->operations > 0))
        return "a block holds an impossible number of operations";
    if (head->first_index > UINT64_MAX - head->operations)
        return "a block's operations have impossible numbers";
    return NULL;
}

const char *trace_block_head_unpack(const unsigned char bytes[TRACE_BLOCK_HEAD_BYTES],
                                    struct trace_block_head *head)
{
    if (get64(bytes + AT_HEAD_HASH) != trace_hash(bytes, AT_HEAD_HASH))
        return "a block's head is damaged: its checksum differs";
    *head = (struct trace_block_head){
        .type = get32(bytes + AT_TYPE),
        .packing = get32(bytes + AT_PACKING),
        .raw_bytes = get32(bytes + AT_RAW),
        .packed_bytes = get32(bytes + AT_PACKED),
        .operations = get32(bytes + AT_OPERATIONS),
        .threads = get32(bytes + AT_THREADS),
        .first_index = get64(bytes + AT_FIRST_INDEX),
        .first_ns = get64(bytes + AT_FIRST_NS),
        .last_ns = get64(bytes + AT_LAST_NS),
        .payload_hash = get64(bytes + AT_PAYLOAD_HASH),
    };
    return head_fault(head);
}

const char *trace_op_fault(const struct trace_op *op)
{
    unsigned kind = op->kind;
    if (kind == 0 || kind >= TRACE_KIND_COUNT)
        return "an operation is of no known kind";
    bool failed = (op->flags & TRACE_FAILED) != 0;
    if ((op->flags & ~(TRACE_FAILED | TRACE_SPLIT)) != 0)
        return "an operation has unknown flags";
    if ((op->flags & TRACE_SPLIT) != 0 && !trace_kind_is_realloc(kind))
        return "only a realloc can be split";
    if (failed && (!trace_kind_has_size(kind) || op->address != 0))
        return "a call cannot fail and do its work";
    if (!failed && op->error != 0)
        return "a call that did not fail has an error";
    if (!trace_kind_has_size(kind) && (op->size != 0 || op->address != 0))
        return "a call that yields no block has a size or a new address";
    if (!trace_kind_has_old(kind) && op->old_address != 0)
        return "a call that is given no block has an old address";
    if (!trace_kind_has_alignment(kind) && op->alignment != 0)
        return "a call that asks for no alignment has one";
    /* malloc(0) and realloc(p, 0) may return NULL without failing. */
    if (trace_kind_has_size(kind) && !failed && op->address == 0 && op->size != 0)
        return "a call returned NULL and yet did not fail";
    return NULL;
}
