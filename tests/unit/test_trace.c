/* The trace file: what goes in comes out, from the front and from anywhere. */
#include "message.h"
#include "trace_fixture.h"
#include "trace_format.h"
#include "trace_reader.h"
#include "trace_writer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static char message[MESSAGE_BYTES];

static const char *in_tmp(const char *name)
{
    static char path[4096];
    const char *folder = getenv("TMP");
    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/tmp", name);
    return path;
}

static struct trace_reader *open_trace(const char *path)
{
    struct trace_reader *reader = trace_reader_open(path, message);
    if (reader == NULL)
        fail_msg("%s", message);
    return reader;
}

static void reads_back(const struct fixture_stream *stream, size_t block)
{
    const char *path = in_tmp("stream.hmt");
    fixture_write(path, stream, block);
    struct trace_reader *reader = open_trace(path);
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
    const char *path = in_tmp("seek.hmt");
    fixture_write(path, &stream, 700);
    struct trace_reader *reader = open_trace(path);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_come_back),
        cmocka_unit_test(seek_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
