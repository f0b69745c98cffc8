/* Blocks out of a file; see trace_source.h. */
#include "trace_source.h"

#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

int trace_source_fault(const struct trace_source *source, uint64_t offset, const char *fault,
                       char *message)
{
    return message_set(message, "%s: at byte %llu: %s", source->path, (unsigned long long)offset,
                       fault);
}

static int read_at(struct trace_source *source, uint64_t offset, void *bytes, size_t length,
                   char *message)
{
    unsigned char *at = bytes;
    for (size_t done = 0; done < length;) {
        ssize_t count = pread(source->fd, at + done, length - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return trace_source_fault(source, offset, strerror(errno), message);
        if (count == 0)
            return trace_source_fault(source, offset, "the file has become shorter", message);
        done += (size_t)count;
    }
    return 0;
}

static int open_file(struct trace_source *source, char *message)
{
    /* A pipe without a writer must not stop us; it is refused below. */
    source->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (source->fd < 0 || fstat(source->fd, &status) != 0)
        return message_set(message, "%s: cannot read: %s", source->path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return message_set(message, "%s: not a file; a trace is read from a file", source->path);
    source->bytes = (uint64_t)status.st_size;
    return 0;
}

int trace_source_open(struct trace_source *source, const char *path, char *message)
{
    *source = (struct trace_source){.fd = -1};
    source->path = strdup(path);
    source->unpacker = ZSTD_createDCtx();
    if (source->path == NULL || source->unpacker == NULL)
        return message_set(message, "%s: not enough memory to read a trace", path);
    if (open_file(source, message) != 0)
        return -1;
    unsigned char head[TRACE_FILE_HEAD_BYTES];
    if (source->bytes < sizeof head)
        return trace_source_fault(source, 0, "too short for a heapmark trace", message);
    if (read_at(source, 0, head, sizeof head, message) != 0)
        return -1;
    const char *fault = trace_file_head_check(head);
    return fault == NULL ? 0 : trace_source_fault(source, 0, fault, message);
}

void trace_source_release(struct trace_source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    ZSTD_freeDCtx(source->unpacker);
    free(source->packed);
    free(source->payload);
    free(source->path);
}

int trace_source_head(struct trace_source *source, uint64_t offset, struct trace_block_head *head,
                      char *message)
{
    unsigned char bytes[TRACE_BLOCK_HEAD_BYTES];
    if (offset > source->bytes || source->bytes - offset < sizeof bytes)
        return 0;
    if (read_at(source, offset, bytes, sizeof bytes, message) != 0)
        return -1;
    const char *fault = trace_block_head_unpack(bytes, head);
    if (fault != NULL)
        return trace_source_fault(source, offset, fault, message);
    return source->bytes - offset - sizeof bytes >= head->packed_bytes;
}

/* At least `length`; what it held is lost. */
static bool make_room(unsigned char **buffer, size_t *room, size_t length)
{
    if (length <= *room && *buffer != NULL)
        return true;
    size_t larger = length < 4096 ? 4096 : length + length / 4;
    free(*buffer);
    *buffer = malloc(larger);
    *room = *buffer != NULL ? larger : 0;
    return *buffer != NULL;
}

static const char *unpack(struct trace_source *source, const struct trace_block_head *head)
{
    if (trace_hash(source->packed, head->packed_bytes) != head->payload_hash)
        return "a block is damaged: its checksum differs";
    if (head->packing == TRACE_STORED) {
        memcpy(source->payload, source->packed, head->raw_bytes);
        return NULL;
    }
    size_t length = ZSTD_decompressDCtx(source->unpacker, source->payload, head->raw_bytes,
                                        source->packed, head->packed_bytes);
    if (ZSTD_isError(length))
        return "a block cannot be unpacked";
    return length == head->raw_bytes ? NULL : "a block is not as long as its head says";
}

int trace_source_payload(struct trace_source *source, uint64_t offset,
                         const struct trace_block_head *head, char *message)
{
    if (!make_room(&source->packed, &source->packed_room, head->packed_bytes) ||
        !make_room(&source->payload, &source->payload_room, head->raw_bytes))
        return message_set(message, "%s: not enough memory to read a trace", source->path);
    uint64_t begin = offset + TRACE_BLOCK_HEAD_BYTES;
    if (read_at(source, begin, source->packed, head->packed_bytes, message) != 0)
        return -1;
    const char *fault = unpack(source, head);
    return fault == NULL ? 0 : trace_source_fault(source, offset, fault, message);
}
