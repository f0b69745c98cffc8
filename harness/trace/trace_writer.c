/* Blocks gathered, packed and written; see trace_writer.h. */
#include "trace_writer.h"

#include "block_index.h"
#include "message.h"
#include "op_encoder.h"
#include "varint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum { PACKING_LEVEL = 1 };

struct written_thread {
    uint64_t tid;
    char name[TRACE_THREAD_NAME_MAXIMUM + 1];
};

struct trace_writer {
    int fd;
    char *path;
    struct op_encoder *encoder;
    ZSTD_CCtx *packer;
    unsigned char *payload;
    unsigned char *block; /* a head and what ZSTD_compressBound() asks for */
    uint64_t bytes;       /* of the file, whole blocks only */
    uint64_t written;     /* operations in blocks */
    uint64_t written_ns;  /* time of the last of those */
    uint64_t last_ns;     /* of the last operation added */
    struct written_thread *thread;
    uint32_t threads, threads_written, thread_room;
    size_t facts, facts_bytes;
    bool failed; /* a write did not succeed: nothing is written any more */
    struct block_index index;
};

static size_t block_room(void)
{
    return TRACE_BLOCK_HEAD_BYTES + ZSTD_compressBound(TRACE_PAYLOAD_MAXIMUM);
}

static int say_errno(struct trace_writer *writer, const char *what, char *message)
{
    writer->failed = true;
    return message_set(message, "%s: %s: %s", writer->path, what, strerror(errno));
}

/* All of it, or the file is cut back to what it was: it stays whole. */
static int write_out(struct trace_writer *writer, const void *bytes, size_t length, char *message)
{
    if (writer->failed)
        return message_set(message, "%s: cannot be written any more", writer->path);
    const unsigned char *at = bytes, *end = at + length;
    while (at < end) {
        ssize_t count = write(writer->fd, at, (size_t)(end - at));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            say_errno(writer, "cannot write", message);
            if (ftruncate(writer->fd, (off_t)writer->bytes) != 0)
                return -1; /* a reader copes with half a block, too */
            return -1;
        }
        at += count;
    }
    writer->bytes += length;
    return 0;
}

/* What a block is packed from, and where its parts end: each is packed by statistics of its own. */
struct parts {
    size_t ends[TRACE_COLUMN_COUNT];
    unsigned count;
};

enum { PART_BYTES_LEAST = 1024 };

/* One zstd frame. Its length, or 0 when the payload had better be stored as it is. */
static size_t pack(struct trace_writer *writer, const struct parts *parts)
{
    size_t length = parts->ends[parts->count - 1];
    ZSTD_CCtx_reset(writer->packer, ZSTD_reset_session_only);
    ZSTD_CCtx_setPledgedSrcSize(writer->packer, length);
    ZSTD_outBuffer out = {writer->block + TRACE_BLOCK_HEAD_BYTES,
                          block_room() - TRACE_BLOCK_HEAD_BYTES, 0};
    size_t begin = 0;
    for (unsigned i = 0; i < parts->count; i++) {
        bool last = i + 1 == parts->count;
        if (!last && parts->ends[i] - begin < PART_BYTES_LEAST)
            continue;
        ZSTD_inBuffer in = {writer->payload + begin, parts->ends[i] - begin, 0};
        size_t rest =
            ZSTD_compressStream2(writer->packer, &out, &in, last ? ZSTD_e_end : ZSTD_e_flush);
        if (rest != 0) /* an error, or no room */
            return 0;
        begin = parts->ends[i];
    }
    return out.pos < length ? out.pos : 0;
}

/* Fills in lengths, packing and checksum of `head`. */
static int write_parts(struct trace_writer *writer, struct trace_block_head *head,
                       const struct parts *parts, char *message)
{
    unsigned char *packed = writer->block + TRACE_BLOCK_HEAD_BYTES;
    size_t length = parts->ends[parts->count - 1];
    size_t size = pack(writer, parts);
    head->packing = size != 0 ? TRACE_ZSTD : TRACE_STORED;
    if (size == 0) {
        size = length;
        memcpy(packed, writer->payload, length);
    }
    head->raw_bytes = (uint32_t)length;
    head->packed_bytes = (uint32_t)size;
    head->threads = writer->threads_written;
    head->payload_hash = trace_hash(packed, size);
    trace_block_head_pack(head, writer->block);
    return write_out(writer, writer->block, TRACE_BLOCK_HEAD_BYTES + size, message);
}

/* A block that holds no operations. */
static int write_other(struct trace_writer *writer, uint32_t type, size_t length, char *message)
{
    struct trace_block_head head = {.type = type,
                                    .first_index = writer->written,
                                    .first_ns = writer->written_ns,
                                    .last_ns = writer->written_ns};
    return write_parts(writer, &head, &(struct parts){{length}, 1}, message);
}

static unsigned char *put_text(unsigned char *at, const char *text)
{
    size_t length = strlen(text);
    at = varint_put(at, length);
    memcpy(at, text, length);
    return at + length;
}

static int write_facts(struct trace_writer *writer, const struct trace_facts *facts, char *message)
{
    size_t count = facts != NULL ? facts->count : 0;
    writer->facts += count;
    for (size_t i = 0; i < count; i++)
        writer->facts_bytes += strlen(facts->entry[i].name) + strlen(facts->entry[i].value);
    if (writer->facts > TRACE_FACTS_MAXIMUM || writer->facts_bytes > TRACE_FACTS_BYTES_MAXIMUM)
        return message_set(message, "%s: more is to be said about the trace than it has room for",
                           writer->path);
    unsigned char *at = varint_put(writer->payload, count);
    for (size_t i = 0; i < count; i++) {
        at = put_text(at, facts->entry[i].name);
        at = put_text(at, facts->entry[i].value);
    }
    return write_other(writer, TRACE_BLOCK_FACTS, (size_t)(at - writer->payload), message);
}

static int set_up(struct trace_writer *writer, const char *path, char *message)
{
    writer->path = strdup(path);
    writer->encoder = op_encoder_create();
    writer->packer = ZSTD_createCCtx();
    writer->payload = malloc(TRACE_PAYLOAD_MAXIMUM);
    writer->block = malloc(block_room());
    if (writer->path == NULL || writer->encoder == NULL || writer->packer == NULL ||
        writer->payload == NULL || writer->block == NULL)
        return message_set(message, "%s: not enough memory to write a trace", path);
    ZSTD_CCtx_setParameter(writer->packer, ZSTD_c_compressionLevel, PACKING_LEVEL);
    block_index_init(&writer->index);
    writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (writer->fd < 0)
        return say_errno(writer, "cannot create", message);
    return 0;
}

struct trace_writer *trace_writer_create(const char *path, const struct trace_facts *facts,
                                         char *message)
{
    struct trace_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        message_set(message, "%s: not enough memory to write a trace", path);
        return NULL;
    }
    writer->fd = -1;
    unsigned char head[TRACE_FILE_HEAD_BYTES];
    trace_file_head_pack(head);
    if (set_up(writer, path, message) != 0 || write_out(writer, head, sizeof head, message) != 0 ||
        write_facts(writer, facts, message) != 0) {
        trace_writer_abandon(writer);
        return NULL;
    }
    return writer;
}

static int make_room(struct trace_writer *writer, char *message)
{
    if (writer->threads < writer->thread_room)
        return 0;
    if (writer->threads == TRACE_THREADS_MAXIMUM)
        return message_set(message, "%s: a trace has room for %d threads, not more", writer->path,
                           TRACE_THREADS_MAXIMUM);
    uint32_t room = writer->thread_room == 0 ? 16 : writer->thread_room * 2;
    struct written_thread *threads = realloc(writer->thread, room * sizeof *threads);
    if (threads == NULL)
        return message_set(message, "%s: not enough memory for %u threads", writer->path, room);
    writer->thread = threads;
    writer->thread_room = room;
    return 0;
}

int trace_writer_thread(struct trace_writer *writer, uint32_t index, uint64_t tid, const char *name,
                        char *message)
{
    if (index > writer->threads)
        return message_set(message, "%s: thread %u is introduced before thread %u", writer->path,
                           index, writer->threads);
    if (index == writer->threads) {
        if (make_room(writer, message) != 0)
            return -1;
        writer->threads++;
    }
    struct written_thread *thread = &writer->thread[index];
    memset(thread, 0, sizeof *thread);
    thread->tid = tid;
    strncpy(thread->name, name != NULL ? name : "", sizeof thread->name - 1);
    return 0;
}

/* Threads from number `first` on. */
static int write_threads(struct trace_writer *writer, uint32_t first, char *message)
{
    while (first < writer->threads) {
        uint32_t count = writer->threads - first;
        if (count > TRACE_THREADS_A_BLOCK)
            count = TRACE_THREADS_A_BLOCK;
        unsigned char *at = varint_put(writer->payload, first);
        at = varint_put(at, count);
        for (uint32_t i = first; i < first + count; i++) {
            at = varint_put(at, writer->thread[i].tid);
            at = put_text(at, writer->thread[i].name);
        }
        first += count;
        if (writer->threads_written < first)
            writer->threads_written = first;
        if (write_other(writer, TRACE_BLOCK_THREADS, (size_t)(at - writer->payload), message) != 0)
            return -1;
    }
    return 0;
}

void trace_writer_expect(const struct trace_writer *writer, const struct trace_op *op)
{
    op_encoder_expect(writer->encoder, op);
}

int trace_writer_add(struct trace_writer *writer, const struct trace_op *op, char *message)
{
    const char *fault = trace_op_fault(op);
    if (fault == NULL && op->thread >= writer->threads)
        fault = "an operation's thread was not introduced";
    if (fault == NULL && op->time_ns < writer->last_ns)
        fault = "times go back";
    if (fault != NULL)
        return message_set(message, "%s: operation %llu: %s", writer->path,
                           (unsigned long long)trace_writer_operations(writer), fault);
    writer->last_ns = op->time_ns;
    op_encoder_add(writer->encoder, op);
    if (op_encoder_count(writer->encoder) < TRACE_BLOCK_OPERATIONS)
        return 0;
    return trace_writer_flush(writer, message);
}

static int write_operations(struct trace_writer *writer, char *message)
{
    struct trace_block_head head = {.type = TRACE_BLOCK_OPERATION,
                                    .operations = op_encoder_count(writer->encoder),
                                    .first_index = writer->written,
                                    .first_ns = op_encoder_first_ns(writer->encoder),
                                    .last_ns = op_encoder_last_ns(writer->encoder)};
    struct block_index_entry entry = {writer->bytes, writer->written, head.first_ns};
    struct parts parts = {.count = TRACE_COLUMN_COUNT};
    op_encoder_finish(writer->encoder, writer->payload, parts.ends);
    if (write_parts(writer, &head, &parts, message) != 0)
        return -1;
    writer->written += head.operations;
    writer->written_ns = head.last_ns;
    block_index_add(&writer->index, &entry);
    return 0;
}

int trace_writer_flush(struct trace_writer *writer, char *message)
{
    if (write_threads(writer, writer->threads_written, message) != 0)
        return -1;
    if (op_encoder_count(writer->encoder) == 0)
        return 0;
    return write_operations(writer, message);
}

uint64_t trace_writer_operations(const struct trace_writer *writer)
{
    return writer->written + op_encoder_count(writer->encoder);
}

uint64_t trace_writer_bytes(const struct trace_writer *writer)
{
    return writer->bytes;
}

static int write_closing(struct trace_writer *writer, const struct trace_facts *ending,
                         char *message)
{
    uint64_t closing = writer->bytes;
    if (write_facts(writer, ending, message) != 0 || write_threads(writer, 0, message) != 0)
        return -1;
    size_t length = block_index_pack(&writer->index, writer->payload);
    if (write_other(writer, TRACE_BLOCK_INDEX, length, message) != 0)
        return -1;
    for (int i = 0; i < TRACE_END_PAYLOAD_BYTES; i++)
        writer->payload[i] = (unsigned char)(closing >> i * 8);
    return write_other(writer, TRACE_BLOCK_END, TRACE_END_PAYLOAD_BYTES, message);
}

int trace_writer_finish(struct trace_writer *writer, const struct trace_facts *ending,
                        char *message)
{
    int status = trace_writer_flush(writer, message);
    if (status == 0)
        status = write_closing(writer, ending, message);
    /* Some file systems tell only now that there was no room. */
    int closed = close(writer->fd);
    writer->fd = -1;
    if (status == 0 && closed != 0)
        status = say_errno(writer, "cannot write", message);
    trace_writer_abandon(writer);
    return status;
}

void trace_writer_abandon(struct trace_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    op_encoder_free(writer->encoder);
    ZSTD_freeCCtx(writer->packer);
    free(writer->payload);
    free(writer->block);
    free(writer->thread);
    free(writer->path);
    free(writer);
}
