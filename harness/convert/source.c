/* The input of an import; see source.h. */
#include "source.h"

#include "inflow.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source {
    char *name;
    int file; /* -1: memory */
    const unsigned char *memory;
    size_t memory_left;
    struct inflow *inflow;
    bool ended;
    uint64_t offset, line; /* of what has been taken; lines from 1, 0 before the first */
    size_t begin, end;     /* decompressed bytes not taken yet */
    unsigned char window[SOURCE_WINDOW_BYTES + 1];
};

static long read_more(void *argument, unsigned char *into, size_t bytes)
{
    struct source *source = argument;
    if (source->file < 0) {
        size_t count = source->memory_left < bytes ? source->memory_left : bytes;
        memcpy(into, source->memory, count);
        source->memory += count;
        source->memory_left -= count;
        return (long)count;
    }
    for (;;) {
        ssize_t got = read(source->file, into, bytes);
        if (got >= 0 || errno != EINTR)
            return got;
    }
}

/* `memory` may be NULL only when there is a file. */
static struct source *create(const char *name, int file, char *message)
{
    struct source *source = malloc(sizeof *source);
    if (source == NULL)
        goto out;
    memset(source, 0, offsetof(struct source, window));
    source->file = file;
    source->name = strdup(name);
    source->inflow = inflow_create(read_more, source);
    if (source->name != NULL && source->inflow != NULL)
        return source;
    source->file = -1;
    source_close(source);
out:
    message_set(message, "out of memory");
    return NULL;
}

struct source *source_open(const char *path, char *message)
{
    if (strcmp(path, "-") == 0)
        return create("standard input", STDIN_FILENO, message);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) < 0 || S_ISDIR(status.st_mode)) {
        message_set(message, "cannot read %s: %s", path, strerror(file < 0 ? errno : EISDIR));
        if (file >= 0)
            close(file);
        return NULL;
    }
    struct source *source = create(path, file, message);
    if (source == NULL)
        close(file);
    return source;
}

struct source *source_of_memory(const char *name, const void *bytes, size_t count, char *message)
{
    struct source *source = create(name, -1, message);
    if (source == NULL)
        return NULL;
    source->memory = bytes;
    source->memory_left = count;
    return source;
}

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    if (source->file > STDIN_FILENO)
        close(source->file);
    inflow_free(source->inflow);
    free(source->name);
    free(source);
}

const char *source_name(const struct source *source)
{
    return source->name;
}

/* Appends to the window what fits. Returns 0, or -1 with a message. */
static int fill(struct source *source, char *message)
{
    memmove(source->window, source->window + source->begin, source->end - source->begin);
    source->end -= source->begin;
    source->begin = 0;
    const char *reason = NULL;
    long got = inflow_take(source->inflow, source->window + source->end,
                           SOURCE_WINDOW_BYTES - source->end, &reason);
    if (got < 0)
        return message_set(message, "%s: byte %" PRIu64 " (decompressed): %s", source->name,
                           source->offset + source->end, reason);
    source->ended = got == 0;
    source->end += (size_t)got;
    return 0;
}

long source_peek(struct source *source, const unsigned char **start, char *message)
{
    while (source->end - source->begin < SOURCE_PEEK_BYTES && !source->ended)
        if (fill(source, message) < 0)
            return -1;
    *start = source->window + source->begin;
    size_t have = source->end - source->begin;
    return (long)(have < SOURCE_PEEK_BYTES ? have : SOURCE_PEEK_BYTES);
}

/* Gives out `length` bytes as a line and steps over `skip`. */
static int give_line(struct source *source, size_t length, size_t skip, char **line)
{
    *line = (char *)source->window + source->begin;
    (*line)[length] = '\0';
    source->begin += skip;
    source->offset += skip;
    return 1;
}

int source_line(struct source *source, char **line, size_t *length, char *message)
{
    size_t searched = 0;
    source->line++;
    for (;;) {
        size_t have = source->end - source->begin;
        unsigned char *start = source->window + source->begin;
        unsigned char *end = memchr(start + searched, '\n', have - searched);
        if (end == NULL && !source->ended && have < SOURCE_WINDOW_BYTES) {
            searched = have;
            if (fill(source, message) < 0)
                return -1;
            continue;
        }
        if (end == NULL && have == SOURCE_WINDOW_BYTES)
            return source_fail(source, message, "a line of more than %d bytes",
                               SOURCE_WINDOW_BYTES);
        if (end == NULL && have == 0)
            return 0;
        *length = end != NULL ? (size_t)(end - start) : have;
        size_t skip = *length + (end != NULL);
        if (*length > 0 && start[*length - 1] == '\r')
            (*length)--;
        return give_line(source, *length, skip, line);
    }
}

int source_byte(struct source *source, char *message)
{
    while (source->begin == source->end) {
        if (source->ended)
            return SOURCE_END;
        if (fill(source, message) < 0)
            return SOURCE_ERROR;
    }
    source->offset++;
    return source->window[source->begin++];
}

struct gathered {
    unsigned char *bytes;
    size_t count, room;
};

/* Appends what is in the window, and a byte of room at least. */
static int gather(struct source *source, size_t limit, struct gathered *all, char *message)
{
    size_t have = source->end - source->begin;
    if (have > limit - all->count)
        return message_set(message, "%s: larger than %zu bytes", source->name, limit);
    if (all->count + have + 1 > all->room) {
        size_t room = 2 * (all->count + have + 1);
        unsigned char *larger = realloc(all->bytes, room);
        if (larger == NULL)
            return message_set(message, "%s: out of memory", source->name);
        all->bytes = larger;
        all->room = room;
    }
    memcpy(all->bytes + all->count, source->window + source->begin, have);
    all->count += have;
    source->offset += have;
    source->begin = source->end;
    return 0;
}

int source_rest(struct source *source, size_t limit, unsigned char **bytes, size_t *count,
                char *message)
{
    struct gathered all = {0};
    int done = gather(source, limit, &all, message);
    while (done == 0 && !source->ended) {
        done = fill(source, message);
        if (done == 0)
            done = gather(source, limit, &all, message);
    }
    if (done < 0) {
        free(all.bytes);
        return -1;
    }
    *bytes = all.bytes;
    *count = all.count;
    return 0;
}

uint64_t source_offset(const struct source *source)
{
    return source->offset;
}

void source_place(struct source *source, uint64_t offset)
{
    source->offset = offset;
}

int source_fail(const struct source *source, char *message, const char *format, ...)
{
    char reason[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (source->line > 0)
        return message_set(message, "%s:%" PRIu64 ": %s", source->name, source->line, reason);
    return message_set(message, "%s: byte %" PRIu64 ": %s", source->name, source->offset, reason);
}
