/* Streams for the tests of traces; see trace_fixture.h. */
#include "trace_fixture.h"

#include "message.h"
#include "trace_format.h"
#include "trace_writer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

uint64_t fixture_random(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static uint64_t below(uint64_t *seed, uint64_t limit)
{
    return fixture_random(seed) % limit;
}

/* Of any magnitude. */
static uint64_t wild_number(uint64_t *seed)
{
    return fixture_random(seed) >> below(seed, 64);
}

static void wild_op(struct trace_op *op, uint64_t *seed)
{
    op->kind = (uint8_t)(1 + below(seed, TRACE_KIND_COUNT - 1));
    if (trace_kind_has_old(op->kind))
        op->old_address = below(seed, 8) == 0 ? 0 : wild_number(seed);
    if (trace_kind_is_realloc(op->kind) && below(seed, 2) == 0)
        op->flags |= TRACE_SPLIT;
    if (trace_kind_has_alignment(op->kind))
        op->alignment = wild_number(seed);
    if (!trace_kind_has_size(op->kind))
        return;
    op->size = wild_number(seed);
    if (below(seed, 4) == 0) {
        op->flags |= TRACE_FAILED;
        op->error = (uint16_t)fixture_random(seed);
        return;
    }
    op->address = wild_number(seed) | 1;
    if (below(seed, 8) == 0)
        op->address = op->size = 0;
}

/* A heap that hands out the block freed last, by size, or one behind all others. */
struct tame_heap {
    struct {
        uint64_t address;
        uint64_t size;
    } block[512];
    uint64_t top;
};

static void tame_op(struct trace_op *op, struct tame_heap *heap, uint64_t *seed)
{
    static const uint16_t sizes[] = {16, 24, 24, 32, 40, 64, 64, 100, 256, 1000, 4096, 24};
    size_t at = below(seed, 64) == 0 ? below(seed, 512) : below(seed, 24);
    if (heap->block[at].address != 0 && heap->block[at].size != 0) {
        op->kind = TRACE_FREE;
        op->old_address = heap->block[at].address;
        heap->block[at].size = 0;
        return;
    }
    op->kind = TRACE_MALLOC;
    op->size = sizes[below(seed, 12)];
    if (heap->block[at].address == 0)
        heap->block[at].address = heap->top += 48;
    op->address = heap->block[at].address;
    heap->block[at].size = op->size;
}

void fixture_stream_init(struct fixture_stream *stream, enum fixture_style style, size_t count,
                         uint32_t threads, uint64_t seed)
{
    *stream = (struct fixture_stream){calloc(count + 1, sizeof *stream->op), count, threads};
    assert_non_null(stream->op);
    struct tame_heap heap = {.top = UINT64_C(0x55d0c0de0000)};
    uint64_t time_ns = below(&seed, 1000);
    uint32_t thread = 0;
    for (size_t i = 0; i < count; i++) {
        struct trace_op *op = &stream->op[i];
        if (style == FIXTURE_WILD)
            wild_op(op, &seed);
        else
            tame_op(op, &heap, &seed);
        if (below(&seed, 8) == 0)
            thread = (uint32_t)below(&seed, threads);
        if (below(&seed, 4) == 0)
            time_ns += style == FIXTURE_WILD ? below(&seed, 1 << 20) : below(&seed, 4) * 1000;
        op->thread = thread;
        op->time_ns = time_ns;
    }
}

void fixture_stream_release(struct fixture_stream *stream)
{
    free(stream->op);
}

void fixture_write(const char *path, const struct fixture_stream *stream, size_t block)
{
    char message[MESSAGE_BYTES] = "";
    struct trace_facts facts = {0};
    assert_int_equal(trace_facts_set(&facts, "program", "/bin/true"), 0);
    struct trace_writer *writer = trace_writer_create(path, &facts, message);
    assert_string_equal(message, "");
    for (uint32_t i = 0; i < stream->threads; i++)
        assert_int_equal(trace_writer_thread(writer, i, 100 + i, "worker", message), 0);
    for (size_t i = 0; i < stream->count; i++) {
        if (trace_writer_add(writer, &stream->op[i], message) != 0)
            fail_msg("%s", message);
        if (block != 0 && (i + 1) % block == 0)
            assert_int_equal(trace_writer_flush(writer, message), 0);
    }
    assert_int_equal(trace_facts_set(&facts, "end", "exit 0"), 0);
    if (trace_writer_finish(writer, &facts, message) != 0)
        fail_msg("%s", message);
    trace_facts_release(&facts);
}

void fixture_same(const struct trace_op *a, const struct trace_op *b, uint64_t index)
{
    if (a->time_ns != b->time_ns || a->address != b->address || a->old_address != b->old_address ||
        a->size != b->size || a->alignment != b->alignment || a->thread != b->thread ||
        a->error != b->error || a->kind != b->kind || a->flags != b->flags)
        fail_msg("operation %llu differs", (unsigned long long)index);
}

const char *fixture_path(const char *name)
{
    static char path[4096];
    const char *folder = getenv("TMP");
    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/tmp", name);
    return path;
}

struct trace_reader *fixture_open(const char *path)
{
    char message[MESSAGE_BYTES];
    struct trace_reader *reader = trace_reader_open(path, message);
    if (reader == NULL)
        fail_msg("%s", message);
    return reader;
}

void fixture_load(struct fixture_image *image, const char *path)
{
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    image->length = fread(image->bytes, 1, sizeof image->bytes, stream);
    assert_true(image->length < sizeof image->bytes);
    fclose(stream);
}

void fixture_store(const struct fixture_image *image, size_t length, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0);
    /* Not by way of length 0: file systems take that for a replacement to be made safe at once. */
    assert_int_equal(ftruncate(fd, (off_t)length), 0);
    assert_int_equal(write(fd, image->bytes, length), length);
    close(fd);
}
