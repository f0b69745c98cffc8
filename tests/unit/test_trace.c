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
    struct trace_reader *reader = open_trace(in_tmp("stream.hmt"));
    assert_int_equal(trace_reader_thread(reader, 99999)->tid, 100 + 99999);
    assert_string_equal(trace_reader_thread(reader, 5)->name, "worker");
    assert_null(trace_reader_thread(reader, THREADS));
    trace_reader_close(reader);
}

static struct {
    unsigned char bytes[1 << 16];
    size_t length;
} image;

static void load_image(const char *path)
{
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    image.length = fread(image.bytes, 1, sizeof image.bytes, stream);
    assert_true(image.length < sizeof image.bytes);
    fclose(stream);
}

static void store_image(const char *path, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, image.bytes, length), length);
    close(fd);
}

/* How many operations come out of a file, each of which must be the one that went in; -1 in
 * *status when it ends in an error. */
static size_t reads_prefix(const char *path, const struct fixture_stream *stream, int *status)
{
    *message = '\0';
    struct trace_reader *reader = trace_reader_open(path, message);
    size_t count = 0;
    *status = -1;
    if (reader == NULL) {
        assert_non_null(strstr(message, path));
        return 0;
    }
    struct trace_op op;
    while ((*status = trace_reader_next(reader, &op, message)) == 1) {
        assert_true(count < stream->count);
        fixture_same(&op, &stream->op[count], count);
        count++;
    }
    if (*status < 0)
        assert_non_null(strstr(message, path));
    else if (trace_reader_is_complete(reader))
        assert_int_equal(count, stream->count);
    trace_reader_close(reader);
    return count;
}

static void half_written_files_end_early(void **state)
{
    (void)state;
    struct fixture_stream stream;
    fixture_stream_init(&stream, FIXTURE_TAME, 300, 2, 11);
    const char *path = in_tmp("half.hmt");
    fixture_write(path, &stream, 100);
    load_image(path);
    size_t most = 0;
    for (size_t length = 0; length < image.length; length++) {
        store_image(path, length);
        int status;
        size_t count = reads_prefix(path, &stream, &status);
        assert_int_equal(status, length < TRACE_FILE_HEAD_BYTES ? -1 : 0);
        assert_true(count % 100 == 0 && count >= most);
        most = count;
    }
    assert_int_equal(most, 300);
    fixture_stream_release(&stream);
}

static void is_as_the_fixture_wrote_it(const char *path, size_t bit)
{
    struct trace_reader *reader = open_trace(path);
    const struct trace_facts *facts = trace_reader_facts(reader);
    const char *program = trace_facts_find(facts, "program");
    const char *end = trace_facts_find(facts, "end");
    bool same = trace_reader_is_complete(reader) && facts->count == 2 && program != NULL &&
                end != NULL && strcmp(program, "/bin/true") == 0 && strcmp(end, "exit 0") == 0 &&
                trace_reader_threads(reader) == 2;
    for (uint32_t i = 0; same && i < 2; i++) {
        const struct trace_thread *thread = trace_reader_thread(reader, i);
        same = thread->tid == 100 + i && strcmp(thread->name, "worker") == 0;
    }
    if (!same)
        fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
    trace_reader_close(reader);
}

#ifdef __SANITIZE_THREAD__
enum { BIT_STEP = 31 }; /* one thread, and slow: nothing is to be found here */
#else
enum { BIT_STEP = 1 };
#endif

static void no_flipped_bit_goes_unseen(void **state)
{
    (void)state;
    struct fixture_stream stream;
    fixture_stream_init(&stream, FIXTURE_WILD, 24, 2, 12);
    const char *path = in_tmp("flip.hmt");
    fixture_write(path, &stream, 12);
    load_image(path);
    for (size_t bit = 0; bit < image.length * 8; bit += BIT_STEP) {
        image.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        store_image(path, image.length);
        int status;
        reads_prefix(path, &stream, &status);
        /* What stands in the file twice may be damaged in the copy that is not read. */
        if (status == 0)
            is_as_the_fixture_wrote_it(path, bit);
        image.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    fixture_stream_release(&stream);
}

static void no_room_on_disk_is_told(void **state)
{
    (void)state;
    assert_null(trace_writer_create("/dev/full", NULL, message));
    assert_non_null(strstr(message, "No space left"));
    struct fixture_stream stream;
    fixture_stream_init(&stream, FIXTURE_WILD, 20000, 1, 13);
    const char *path = in_tmp("full.hmt");
    struct trace_writer *writer = trace_writer_create(path, NULL, message);
    assert_non_null(writer);
    assert_int_equal(trace_writer_thread(writer, 0, 0, NULL, message), 0);
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    int status = 0;
    for (size_t i = 0; i < stream.count && status == 0; i++) {
        status = trace_writer_add(writer, &stream.op[i], message);
        if (status == 0 && i % 500 == 499)
            status = trace_writer_flush(writer, message);
    }
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, -1);
    assert_non_null(strstr(message, "File too large"));
    uint64_t bytes = trace_writer_bytes(writer);
    assert_int_equal(trace_writer_finish(writer, NULL, message), -1);
    struct trace_reader *reader = open_trace(path);
    assert_int_equal(trace_reader_file_bytes(reader), bytes);
    assert_false(trace_reader_is_complete(reader));
    trace_reader_close(reader);
    size_t count = reads_prefix(path, &stream, &status);
    assert_true(status == 0 && count > 0 && count % 500 == 0);
    fixture_stream_release(&stream);
}

static void refused(struct trace_op op, const char *why)
{
    struct trace_writer *writer = trace_writer_create(in_tmp("refused.hmt"), NULL, message);
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
    const char *path = in_tmp("facts.hmt");
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
    struct trace_reader *reader = open_trace(path);
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

static void not_opened(const char *path, const char *why)
{
    assert_null(trace_reader_open(path, message));
    if (strstr(message, why) == NULL || strstr(message, path) == NULL)
        fail_msg("%s", message);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    not_opened("/nonexistent/x.hmt", "No such file");
    not_opened("/dev/null", "not a file");
    not_opened("/", "not a file");
    assert_null(trace_writer_create("/nonexistent/x.hmt", NULL, message));
    assert_non_null(strstr(message, "No such file"));
    const char *path = in_tmp("other.hmt");
    memset(image.bytes, 'x', 100);
    store_image(path, 100);
    not_opened(path, "not a heapmark trace");
    trace_file_head_pack(image.bytes);
    store_image(path, 15);
    not_opened(path, "too short");
    image.bytes[8]++;
    uint32_t hash = (uint32_t)trace_hash(image.bytes, 12);
    memcpy(image.bytes + 12, &hash, sizeof hash);
    store_image(path, 16);
    not_opened(path, "newer heapmark");
}

/* A file without its end, of one block of operations that is not packed. Returns where that
 * block's head stands. */
static size_t plain_image(const char *path, const struct fixture_stream *stream)
{
    struct trace_writer *writer = trace_writer_create(path, NULL, message);
    assert_int_equal(trace_writer_thread(writer, 0, 0, NULL, message), 0);
    assert_int_equal(trace_writer_flush(writer, message), 0);
    size_t offset = trace_writer_bytes(writer);
    for (size_t i = 0; i < stream->count; i++)
        assert_int_equal(trace_writer_add(writer, &stream->op[i], message), 0);
    assert_int_equal(trace_writer_flush(writer, message), 0);
    trace_writer_abandon(writer);
    load_image(path);
    return offset;
}

static void insert(size_t at, const void *bytes, size_t length)
{
    memmove(image.bytes + at + length, image.bytes + at, image.length - at);
    memcpy(image.bytes + at, bytes, length);
    image.length += length;
}

static void later_additions_are_skipped(void **state)
{
    (void)state;
    struct trace_op ops[2] = {
        {.kind = TRACE_MALLOC, .address = 64, .size = 3},
        {.kind = TRACE_FREE,                    .old_address = 64               }
    };
    struct fixture_stream stream = {ops, 2, 1};
    const char *path = in_tmp("later.hmt");
    size_t at = plain_image(path, &stream);
    /* A column more: behind the list of the others, and behind their bytes. */
    unsigned char *payload = image.bytes + at + TRACE_BLOCK_HEAD_BYTES;
    payload[0]++;
    insert(at + TRACE_BLOCK_HEAD_BYTES + 1 + 3 * (TRACE_COLUMN_COUNT - 1), "\x63\x07\x03", 3);
    insert(image.length, "abc", 3);
    struct trace_block_head head;
    assert_null(trace_block_head_unpack(image.bytes + at, &head));
    assert_int_equal(head.packing, TRACE_STORED);
    head.raw_bytes = head.packed_bytes = head.raw_bytes + 6;
    head.payload_hash = trace_hash(payload, head.raw_bytes);
    trace_block_head_pack(&head, image.bytes + at);
    /* A block of a sort unknown, packed in a way unknown, in front of it. */
    struct trace_block_head more = {.type = TRACE_BLOCK_TYPE('M', 'O', 'R', 'E'),
                                    .packing = 77,
                                    .raw_bytes = 9,
                                    .packed_bytes = 3};
    insert(at, "xyz", 3);
    unsigned char bytes[TRACE_BLOCK_HEAD_BYTES];
    trace_block_head_pack(&more, bytes);
    insert(at, bytes, sizeof bytes);
    store_image(path, image.length);
    int status;
    assert_int_equal(reads_prefix(path, &stream, &status), 2);
    assert_int_equal(status, 0);
}

static void hostile_lengths_are_refused(void **state)
{
    (void)state;
    struct trace_op op = {.kind = TRACE_MALLOC, .address = 64, .size = 3};
    struct fixture_stream stream = {&op, 1, 1};
    const char *path = in_tmp("hostile.hmt");
    size_t at = plain_image(path, &stream);
    struct trace_block_head good, head;
    assert_null(trace_block_head_unpack(image.bytes + at, &good));
    for (int i = 0; i < 5; i++) {
        head = good;
        head.raw_bytes = i == 0 ? UINT32_MAX : head.raw_bytes;
        head.packed_bytes = i == 1 ? UINT32_MAX : head.packed_bytes;
        head.operations = i == 2 ? TRACE_BLOCK_OPERATIONS + 1 : head.operations;
        head.threads = i == 3 ? UINT32_MAX : head.threads;
        head.first_index = i == 4 ? UINT64_MAX : head.first_index;
        trace_block_head_pack(&head, image.bytes + at);
        store_image(path, image.length);
        not_opened(path, "at byte ");
    }
}

/* The hex dump of docs/trace-format.md: lines of "    0123  01 02 ...  words". */
static void the_documented_example_is_true(void **state)
{
    (void)state;
    const char *path = in_tmp("example.hmt");
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
    load_image(path);
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
        cmocka_unit_test(half_written_files_end_early),
        cmocka_unit_test(no_flipped_bit_goes_unseen),
        cmocka_unit_test(no_room_on_disk_is_told),
        cmocka_unit_test(impossible_operations_are_refused),
        cmocka_unit_test(facts_and_threads_are_overlaid),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(later_additions_are_skipped),
        cmocka_unit_test(hostile_lengths_are_refused),
        cmocka_unit_test(the_documented_example_is_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
