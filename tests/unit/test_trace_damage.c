/* Trace files that are half-written, damaged, hostile, none at all, or of a later version. */
#include "message.h"
#include "trace_fixture.h"
#include "trace_format.h"
#include "trace_writer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static char message[MESSAGE_BYTES];
static struct fixture_image image;

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
    const char *path = fixture_path("half.hmt");
    fixture_write(path, &stream, 100);
    fixture_load(&image, path);
    size_t most = 0;
    for (size_t length = 0; length < image.length; length++) {
        fixture_store(&image, length, path);
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
    struct trace_reader *reader = fixture_open(path);
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
    const char *path = fixture_path("flip.hmt");
    fixture_write(path, &stream, 12);
    fixture_load(&image, path);
    for (size_t bit = 0; bit < image.length * 8; bit += BIT_STEP) {
        image.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        fixture_store(&image, image.length, path);
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
    const char *path = fixture_path("full.hmt");
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
    struct trace_reader *reader = fixture_open(path);
    assert_int_equal(trace_reader_file_bytes(reader), bytes);
    assert_false(trace_reader_is_complete(reader));
    trace_reader_close(reader);
    size_t count = reads_prefix(path, &stream, &status);
    assert_true(status == 0 && count > 0 && count % 500 == 0);
    fixture_stream_release(&stream);
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
    const char *path = fixture_path("other.hmt");
    memset(image.bytes, 'x', 100);
    fixture_store(&image, 100, path);
    not_opened(path, "not a heapmark trace");
    trace_file_head_pack(image.bytes);
    fixture_store(&image, 15, path);
    not_opened(path, "too short");
    image.bytes[8]++;
    uint32_t hash = (uint32_t)trace_hash(image.bytes, 12);
    memcpy(image.bytes + 12, &hash, sizeof hash);
    fixture_store(&image, 16, path);
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
    fixture_load(&image, path);
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
    const char *path = fixture_path("later.hmt");
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
    fixture_store(&image, image.length, path);
    int status;
    assert_int_equal(reads_prefix(path, &stream, &status), 2);
    assert_int_equal(status, 0);
}

static void hostile_lengths_are_refused(void **state)
{
    (void)state;
    struct trace_op op = {.kind = TRACE_MALLOC, .address = 64, .size = 3};
    struct fixture_stream stream = {&op, 1, 1};
    const char *path = fixture_path("hostile.hmt");
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
        fixture_store(&image, image.length, path);
        not_opened(path, "at byte ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_written_files_end_early),
        cmocka_unit_test(no_flipped_bit_goes_unseen),
        cmocka_unit_test(no_room_on_disk_is_told),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(later_additions_are_skipped),
        cmocka_unit_test(hostile_lengths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
