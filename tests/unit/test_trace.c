/* The trace file: what goes in comes out, from the front and from anywhere. */
#include "message.h"
#include "trace_fixture.h"
#include "trace_format.h"
#include "trace_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char message[MESSAGE_BYTES];
static struct fixture_image image;

static void reads_back(const struct fixture_stream *stream, size_t block)
{
    const char *path = fixture_path("stream.hmt");
    fixture_write(path, stream, block);
    struct trace_reader *reader = fixture_open(path);
    assert_true(trace_reader_is_complete(reader));
    assert_int_equal(trace_reader_operations(reader), stream->count);
    assert_int_equal(trace_reader_threads(reader), stream->threads);
    struct trace_op op;
    for (size_t i = 0; i < stream->count; i++) {
        assert_int_equal(trace_reader_position(reader), i);
        if (trace_reader_next(reader, &op, message) != 1)
            fail_msg("%s", message);
        fixture_same(&op, &stream->op[i], i);
    }
    assert_int_equal(trace_reader_next(reader, &op, message), 0);
    assert_int_equal(trace_reader_next(reader, &op, message), 0);
    if (stream->count > 0)
        assert_int_equal(trace_reader_duration_ns(reader), stream->op[stream->count - 1].time_ns);
    trace_reader_close(reader);
}

static void streams_come_back(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 255, 256, 257, 5000, TRACE_BLOCK_OPERATIONS, 150000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (int style = FIXTURE_TAME; style <= FIXTURE_WILD; style++) {
            struct fixture_stream stream;
            fixture_stream_init(&stream, (enum fixture_style)style, counts[i], 5, i);
            reads_back(&stream, 0);
            if (counts[i] < 10000)
                reads_back(&stream, 100);
            fixture_stream_release(&stream);
        }
}

static void seek_finds(void **state)
{
    (void)state;
    struct fixture_stream stream;
    fixture_stream_init(&stream, FIXTURE_TAME, 30000, 3, 7);
    const char *path = fixture_path("seek.hmt");
    fixture_write(path, &stream, 700);
    struct trace_reader *reader = fixture_open(path);
    uint64_t seed = 1;
    struct trace_op op;
    for (int i = 0; i < 300; i++) {
        uint64_t to = fixture_random(&seed) % 30000;
        assert_int_equal(trace_reader_seek(reader, to, message), 0);
        for (uint64_t j = to; j < to + 3 && j < stream.count; j++) {
            assert_int_equal(trace_reader_next(reader, &op, message), 1);
            fixture_same(&op, &stream.op[j], j);
        }
        uint64_t time_ns = stream.op[to].time_ns + i % 3;
        while (to > 0 && stream.op[to - 1].time_ns >= time_ns)
            to--;
        while (to < stream.count && stream.op[to].time_ns < time_ns)
            to++;
        assert_int_equal(trace_reader_seek_time(reader, time_ns, message), 0);
        assert_int_equal(trace_reader_position(reader), to);
        assert_int_equal(trace_reader_next(reader, &op, message), to < stream.count);
        if (to < stream.count)
            fixture_same(&op, &stream.op[to], to);
    }
    assert_int_equal(trace_reader_seek(reader, UINT64_MAX, message), 0);
    assert_int_equal(trace_reader_position(reader), 30000);
    assert_int_equal(trace_reader_next(reader, &op, message), 0);
    assert_int_equal(trace_reader_seek(reader, 0, message), 0);
    assert_int_equal(trace_reader_next(reader, &op, message), 1);
    trace_reader_close(reader);
    fixture_stream_release(&stream);
}

static struct trace_op extreme(uint8_t kind)
{
    return (struct trace_op){.kind = kind, .time_ns = UINT64_MAX};
}

static void extremes_come_back(void **state)
{
    (void)state;
    struct trace_op ops[TRACE_KIND_COUNT * 4];
    size_t count = 0;
    for (uint8_t kind = 1; kind < TRACE_KIND_COUNT; kind++) {
        struct trace_op op = extreme(kind);
        if (trace_kind_has_old(kind))
            op.old_address = UINT64_MAX;
        if (trace_kind_has_alignment(kind))
            op.alignment = UINT64_MAX;
        if (trace_kind_has_size(kind))
            op.size = op.address = UINT64_MAX;
        ops[count++] = op;
        if (!trace_kind_has_size(kind))
            continue;
        op.address = 0;
        op.flags = TRACE_FAILED;
        op.error = UINT16_MAX;
        ops[count++] = op;
        if (trace_kind_is_realloc(kind))
            op.flags |= TRACE_SPLIT;
        ops[count++] = op;
        op.size = op.flags = op.error = 0;
        ops[count++] = op;
    }
    ops[0].time_ns = 0;
    struct fixture_stream stream = {ops, count, 1};
    reads_back(&stream, 0);
    reads_back(&stream, 1);
}

static void many_threads_come_back(void **state)
{
    (void)state;
    enum { THREADS = 100000 };
    struct fixture_stream stream;
    fixture_stream_init(&stream, FIXTURE_TAME, THREADS, 1, 3);
    stream.threads = THREADS;
    for (uint32_t i = 0; i < THREADS; i++)
        stream.op[i].thread = i;
    reads_back(&stream, 0);
    fixture_stream_release(&stream);
    struct trace_reader *reader = fixture_open(fixture_path("stream.hmt"));
    assert_int_equal(trace_reader_thread(reader, 99999)->tid, 100 + 99999);
    assert_string_equal(trace_reader_thread(reader, 5)->name, "worker");
    assert_null(trace_reader_thread(reader, THREADS));
    trace_reader_close(reader);
}

static void refused(struct trace_op op, const char *why)
{
    struct trace_writer *writer = trace_writer_create(fixture_path("refused.hmt"), NULL, message);
    assert_int_equal(trace_writer_thread(writer, 0, 0, NULL, message), 0);
    struct trace_op first = {.kind = TRACE_FREE, .time_ns = 5};
    assert_int_equal(trace_writer_add(writer, &first, message), 0);
    assert_int_equal(trace_writer_add(writer, &op, message), -1);
    if (strstr(message, why) == NULL)
        fail_msg("%s", message);
    assert_int_equal(trace_writer_operations(writer), 1);
    assert_int_equal(trace_writer_finish(writer, NULL, message), 0);
}

static void impossible_operations_are_refused(void **state)
{
    (void)state;
    refused((struct trace_op){.kind = TRACE_FREE, .time_ns = 4}, "times go back");
    refused((struct trace_op){.kind = TRACE_FREE, .time_ns = 5, .thread = 1}, "not introduced");
    refused((struct trace_op){.time_ns = 5}, "no known kind");
    refused((struct trace_op){.kind = TRACE_KIND_COUNT, .time_ns = 5}, "no known kind");
    refused((struct trace_op){.kind = TRACE_MALLOC, .size = 1}, "did not fail");
    refused((struct trace_op){.kind = TRACE_MALLOC, .address = 1, .flags = 4}, "flags");
    refused((struct trace_op){.kind = TRACE_MALLOC, .address = 1, .flags = TRACE_SPLIT}, "split");
    refused((struct trace_op){.kind = TRACE_MALLOC, .address = 1, .flags = TRACE_FAILED}, "fail");
    refused((struct trace_op){.kind = TRACE_MALLOC, .address = 1, .error = 12}, "error");
    refused((struct trace_op){.kind = TRACE_FREE, .size = 1}, "size");
    refused((struct trace_op){.kind = TRACE_VALLOC, .address = 1, .old_address = 1}, "old");
    refused((struct trace_op){.kind = TRACE_VALLOC, .address = 1, .alignment = 8}, "alignment");
}

static void facts_and_threads_are_overlaid(void **state)
{
    (void)state;
    const char *path = fixture_path("facts.hmt");
    struct trace_facts facts = {0};
    trace_facts_set(&facts, "program", "/bin/a b\n\xc3\xa4");
    trace_facts_set(&facts, "end", "unknown");
    struct trace_writer *writer = trace_writer_create(path, &facts, message);
    assert_int_equal(trace_writer_thread(writer, 1, 0, "x", message), -1);
    assert_int_equal(trace_writer_thread(writer, 0, 7, "first", message), 0);
    assert_int_equal(trace_writer_flush(writer, message), 0);
    assert_int_equal(trace_writer_thread(writer, 0, 7, "last", message), 0);
    trace_facts_set(&facts, "end", "exit 3");
    trace_facts_set(&facts, "empty", "");
    assert_int_equal(trace_writer_finish(writer, &facts, message), 0);
    struct trace_reader *reader = fixture_open(path);
    const struct trace_facts *read = trace_reader_facts(reader);
    assert_int_equal(read->count, 3);
    assert_string_equal(trace_facts_find(read, "program"), "/bin/a b\n\xc3\xa4");
    assert_string_equal(trace_facts_find(read, "end"), "exit 3");
    assert_string_equal(trace_facts_find(read, "empty"), "");
    assert_string_equal(trace_reader_thread(reader, 0)->name, "last");
    trace_reader_close(reader);
    char *much = malloc(TRACE_FACTS_BYTES_MAXIMUM + 2);
    memset(much, 'x', TRACE_FACTS_BYTES_MAXIMUM + 1);
    much[TRACE_FACTS_BYTES_MAXIMUM + 1] = '\0';
    trace_facts_set(&facts, "command", much);
    assert_null(trace_writer_create(path, &facts, message));
    free(much);
    trace_facts_release(&facts);
}

/* The hex dump of docs/trace-format.md: lines of "    0123  01 02 ...  words". */
static void the_documented_example_is_true(void **state)
{
    (void)state;
    const char *path = fixture_path("example.hmt");
    struct trace_facts facts = {0}, ending = {0};
    trace_facts_set(&facts, "program", "/bin/x");
    trace_facts_set(&ending, "end", "exit 0");
    struct trace_writer *writer = trace_writer_create(path, &facts, message);
    assert_int_equal(trace_writer_thread(writer, 0, 42, "main", message), 0);
    struct trace_op ops[] = {
        {.kind = TRACE_MALLOC, .time_ns = 1000,       .address = 0x55550010,     .size = 24 },
        {.kind = TRACE_MALLOC, .time_ns = 3000,       .address = 0x55550030,     .size = 100},
        {.kind = TRACE_FREE,   .time_ns = 3000,       .old_address = 0x55550010},
        {.kind = TRACE_CALLOC,     .time_ns = 4000, .address = 0x55550010,                .size = 20           },
    };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(trace_writer_add(writer, &ops[i], message), 0);
    assert_int_equal(trace_writer_finish(writer, &ending, message), 0);
    trace_facts_release(&facts);
    trace_facts_release(&ending);
    fixture_load(&image, path);
    FILE *page = fopen("docs/trace-format.md", "r");
    assert_non_null(page);
    char line[512];
    size_t offset = 0;
    while (fgets(line, sizeof line, page) != NULL) {
        unsigned at;
        int used;
        if (sscanf(line, "    %4x  %n", &at, &used) != 1 || used != 10)
            continue;
        assert_int_equal(at, offset);
        for (unsigned byte; line[used] != ' ' && sscanf(line + used, "%2x", &byte) == 1; used += 3)
            if (offset >= image.length || image.bytes[offset++] != byte)
                fail_msg("byte 0x%zx", offset - 1);
    }
    fclose(page);
    assert_int_equal(offset, image.length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_come_back),
        cmocka_unit_test(seek_finds),
        cmocka_unit_test(extremes_come_back),
        cmocka_unit_test(many_threads_come_back),
        cmocka_unit_test(impossible_operations_are_refused),
        cmocka_unit_test(facts_and_threads_are_overlaid),
        cmocka_unit_test(the_documented_example_is_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
