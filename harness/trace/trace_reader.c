/* Operations out of a trace file, in order or from anywhere; see trace_reader.h. */
#include "trace_reader.h"

#include "message.h"
#include "op_decoder.h"
#include "trace_contents.h"

#include <stdlib.h>

struct trace_reader {
    struct trace_source source;
    struct trace_contents contents;
    struct op_decoder *decoder;
    uint64_t offset;      /* of the next block's head */
    uint64_t block;       /* offset of the block that is being decoded */
    uint64_t block_index; /* operations before the next block */
    uint64_t block_ns;    /* time of the last one before it */
    uint64_t position;    /* of the operation that comes next */
    bool in_block;
    uint32_t next, count; /* of `op` */
    struct trace_op op[OP_DECODER_BATCH];
};

struct trace_reader *trace_reader_open(const char *path, char *message)
{
    struct trace_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        message_set(message, "%s: not enough memory to read a trace", path);
        return NULL;
    }
    reader->decoder = op_decoder_create();
    reader->offset = TRACE_FILE_HEAD_BYTES;
    int status = trace_source_open(&reader->source, path, message);
    if (status == 0 && reader->decoder == NULL)
        status = message_set(message, "%s: not enough memory to read a trace", path);
    if (status == 0)
        status = trace_contents_read(&reader->contents, &reader->source, message);
    if (status == 0)
        return reader;
    trace_reader_close(reader);
    return NULL;
}

void trace_reader_close(struct trace_reader *reader)
{
    if (reader == NULL)
        return;
    trace_source_release(&reader->source);
    trace_contents_release(&reader->contents);
    op_decoder_free(reader->decoder);
    free(reader);
}

static int fault_at(const struct trace_reader *reader, uint64_t offset, const char *fault,
                    char *message)
{
    return trace_source_fault(&reader->source, offset, fault, message);
}

/* Whether a block of operations can be the one that comes next. */
static const char *check_order(const struct trace_reader *reader,
                               const struct trace_block_head *head)
{
    if (head->first_index != reader->block_index)
        return "a block does not begin where the one before it ended";
    if (head->operations > reader->contents.operations - reader->block_index)
        return "there are more operations than the end mark says";
    if (head->first_ns < reader->block_ns || head->last_ns > reader->contents.duration_ns)
        return "times go back";
    if (head->threads > reader->contents.threads)
        return "a block knows more threads than were introduced";
    return NULL;
}

/* Goes to the next block of operations: 1, its head filled in; 0 when there is none; -1. */
static int next_head(struct trace_reader *reader, struct trace_block_head *head, char *message)
{
    while (reader->offset < reader->contents.operations_end) {
        int found = trace_source_head(&reader->source, reader->offset, head, message);
        if (found < 0)
            return -1;
        uint64_t behind = trace_source_behind(reader->offset, head);
        if (found == 0 || behind > reader->contents.operations_end)
            return fault_at(reader, reader->offset, "a block reaches behind the operations",
                            message);
        reader->block = reader->offset;
        reader->offset = behind;
        if (head->type != TRACE_BLOCK_OPERATION)
            continue;
        const char *fault = check_order(reader, head);
        if (fault != NULL)
            return fault_at(reader, reader->block, fault, message);
        reader->block_index += head->operations;
        reader->block_ns = head->last_ns;
        return 1;
    }
    if (reader->block_index != reader->contents.operations)
        return fault_at(reader, reader->offset, "operations are missing", message);
    return 0;
}

static int enter_block(struct trace_reader *reader, const struct trace_block_head *head,
                       char *message)
{
    if (trace_source_payload(&reader->source, reader->block, head, message) != 0)
        return -1;
    const char *fault = op_decoder_start(reader->decoder, head, reader->source.payload);
    if (fault != NULL)
        return fault_at(reader, reader->block, fault, message);
    reader->in_block = true;
    return 0;
}

/* Decodes some more into `op`: 1; 0 at the end; -1. After an error only errors come. */
static int refill(struct trace_reader *reader, char *message)
{
    for (;;) {
        reader->next = reader->count = 0;
        struct trace_block_head head;
        if (!reader->in_block) {
            int found = next_head(reader, &head, message);
            if (found <= 0)
                return found;
            if (enter_block(reader, &head, message) != 0)
                return -1;
        }
        uint32_t count;
        const char *fault = op_decoder_next(reader->decoder, reader->op, &count);
        if (fault != NULL)
            return fault_at(reader, reader->block, fault, message);
        reader->count = count;
        if (count > 0)
            return 1;
        reader->in_block = false;
    }
}

int trace_reader_next(struct trace_reader *reader, struct trace_op *op, char *message)
{
    if (reader->next == reader->count) {
        int status = refill(reader, message);
        if (status <= 0)
            return status;
    }
    *op = reader->op[reader->next++];
    reader->position++;
    return 1;
}

uint64_t trace_reader_position(const struct trace_reader *reader)
{
    return reader->position;
}

/* Places the reader before a block that the index knows. */
static void go_to(struct trace_reader *reader, const struct block_index_entry *entry)
{
    reader->in_block = false;
    reader->next = reader->count = 0;
    reader->offset = entry != NULL ? entry->offset : TRACE_FILE_HEAD_BYTES;
    reader->block_index = reader->position = entry != NULL ? entry->first_index : 0;
    reader->block_ns = entry != NULL ? entry->first_ns : 0;
}

/* What is sought: an operation by number, or by time. */
struct target {
    uint64_t index, time_ns;
};

static bool is_before(const struct target *target, uint64_t index, uint64_t time_ns)
{
    return index < target->index || time_ns < target->time_ns;
}

static int seek(struct trace_reader *reader, const struct target *target, char *message)
{
    struct trace_block_head head;
    int found;
    /* Whole blocks first, by their heads. */
    do {
        reader->position = reader->block_index;
        found = next_head(reader, &head, message);
        if (found <= 0)
            return found;
    } while (is_before(target, head.first_index + head.operations - 1, head.last_ns));
    if (enter_block(reader, &head, message) != 0)
        return -1;
    for (;;) {
        int status = reader->next < reader->count ? 1 : refill(reader, message);
        if (status <= 0)
            return status;
        if (!is_before(target, reader->position, reader->op[reader->next].time_ns))
            return 0;
        reader->next++;
        reader->position++;
    }
}

int trace_reader_seek(struct trace_reader *reader, uint64_t index, char *message)
{
    go_to(reader, block_index_find(&reader->contents.index, index));
    return seek(reader, &(struct target){.index = index}, message);
}

int trace_reader_seek_time(struct trace_reader *reader, uint64_t time_ns, char *message)
{
    go_to(reader, block_index_find_time(&reader->contents.index, time_ns));
    return seek(reader, &(struct target){.time_ns = time_ns}, message);
}

const struct trace_facts *trace_reader_facts(const struct trace_reader *reader)
{
    return &reader->contents.facts;
}

uint64_t trace_reader_operations(const struct trace_reader *reader)
{
    return reader->contents.operations;
}

uint32_t trace_reader_threads(const struct trace_reader *reader)
{
    return reader->contents.threads;
}

const struct trace_thread *trace_reader_thread(const struct trace_reader *reader, uint32_t index)
{
    return index < reader->contents.threads ? &reader->contents.thread[index] : NULL;
}

uint64_t trace_reader_duration_ns(const struct trace_reader *reader)
{
    return reader->contents.duration_ns;
}

uint64_t trace_reader_file_bytes(const struct trace_reader *reader)
{
    return reader->source.bytes;
}

bool trace_reader_is_complete(const struct trace_reader *reader)
{
    return reader->contents.complete;
}
