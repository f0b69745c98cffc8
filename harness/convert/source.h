/*
 * The input of an import: a file, or standard input, taken out of its compression.
 *
 * gzip, zstd and a zip's first member are recognised by their first bytes, whatever the name.
 * Memory is bounded whatever the input says: a window of SOURCE_WINDOW_BYTES, and what zstd may
 * ask for (128 MiB at most, its default limit). Lines and offsets are those of the input once
 * decompressed.
 */
#ifndef HEAPMARK_SOURCE_H
#define HEAPMARK_SOURCE_H

#include <stddef.h>
#include <stdint.h>

enum {
    SOURCE_WINDOW_BYTES = 1 << 20, /* no line may be longer */
    SOURCE_PEEK_BYTES = 64 << 10,
};

struct source;

/* "-": standard input. NULL with a message. */
struct source *source_open(const char *path, char *message);
/* Reads memory, which stays the caller's: for tests. */
struct source *source_of_memory(const char *name, const void *bytes, size_t count, char *message);
void source_close(struct source *source);

const char *source_name(const struct source *source);

/* The first bytes, without taking them: SOURCE_PEEK_BYTES, or all there are. To be called before
 * anything is taken. Returns the count, or -1 with a message. */
long source_peek(struct source *source, const unsigned char **start, char *message);

/* The next line, without its end, closed by a NUL; valid until the next call. Returns 1, 0 at the
 * end, -1 with a message. */
int source_line(struct source *source, char **line, size_t *length, char *message);

enum { SOURCE_END = -1, SOURCE_ERROR = -2 };
/* The next byte, SOURCE_END, or SOURCE_ERROR with a message. */
int source_byte(struct source *source, char *message);

/* All that is left, in memory to be freed by the caller; more than `limit` is an error.
 * Returns 0, or -1 with a message. */
int source_rest(struct source *source, size_t limit, unsigned char **bytes, size_t *count,
                char *message);

/* Bytes taken so far. */
uint64_t source_offset(const struct source *source);
/* From now on messages name this offset: for those who took everything at once. */
void source_place(struct source *source, uint64_t offset);

/* "name:line: reason" when lines are being read, "name: byte offset: reason" otherwise.
 * Returns -1, always. */
int source_fail(const struct source *source, char *message, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
