/* Streams of operations that keep what trace.h demands, and files made of them. */
#ifndef HEAPMARK_TRACE_FIXTURE_H
#define HEAPMARK_TRACE_FIXTURE_H

#include "trace_reader.h"

/* SplitMix64 (Steele, Lea, Flood 2014): a test that fails can be run again. */
uint64_t fixture_random(uint64_t *state);

struct fixture_stream {
    struct trace_op *op;
    size_t count;
    uint32_t threads;
};

enum fixture_style {
    FIXTURE_TAME, /* like a program: few sizes, addresses near each other, blocks used again */
    FIXTURE_WILD, /* whatever a field can hold */
};

/* `count` operations of `threads` threads. */
void fixture_stream_init(struct fixture_stream *stream, enum fixture_style style, size_t count,
                         uint32_t threads, uint64_t seed);
void fixture_stream_release(struct fixture_stream *stream);

/* Writes it with an end mark; a block ends behind each `block` operations (0: when it is full). */
void fixture_write(const char *path, const struct fixture_stream *stream, size_t block);
/* Fails the test unless the two are the same in every field. */
void fixture_same(const struct trace_op *a, const struct trace_op *b, uint64_t index);

/* A file of that name in the folder for tests; good until the next call. */
const char *fixture_path(const char *name);
/* Fails the test when it cannot be opened. */
struct trace_reader *fixture_open(const char *path);

/* A small file in memory, to be changed there. */
struct fixture_image {
    unsigned char bytes[1 << 16];
    size_t length;
};
void fixture_load(struct fixture_image *image, const char *path);
/* Its first `length` bytes. */
void fixture_store(const struct fixture_image *image, size_t length, const char *path);

#endif
