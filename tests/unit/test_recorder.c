/* The preloaded recorder: every function, and what each record says. */
#include "recorder_fixture.h"

#include "trace.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* cmocka.h needs what stands above it */
#include <cmocka.h>

static void test_records_every_function(void **state)
{
    (void)state;
    assert_int_equal(record("family", ""), 0);
    assert_int_equal(fixture.stream_count, 1);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_told(stream);
    assert_int_equal(find_record(stream, TRACE_MALLOC, 1001)->alignment_log2, 0);
    assert_int_equal(find_record(stream, TRACE_MEMALIGN, 1003)->alignment_log2, 6);
    assert_int_equal(find_record(stream, TRACE_ALIGNED_ALLOC, 1024)->alignment_log2, 8);
    assert_int_equal(find_record(stream, TRACE_POSIX_MEMALIGN, 1004)->alignment_log2, 12);
    assert_false(find_record(stream, TRACE_REALLOC, 0)->failed);
    assert_int_equal(stream->hello.reason, RING_STARTED);
    assert_int_equal(stream->hello.parent, getpid());
    assert_non_null(strstr(stream->ring->allocator, "libc.so"));
}

static void test_records_failures_with_errno(void **state)
{
    (void)state;
    assert_int_equal(record("failures", ""), 0);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_told(stream);
    const struct fixture_record *failed = find_record(stream, TRACE_CALLOC, UINT64_MAX);
    assert_true(failed->failed);
    assert_int_equal(failed->address, ENOMEM);
    failed = find_record(stream, TRACE_POSIX_MEMALIGN, 10);
    assert_true(failed->failed);
    assert_int_equal(failed->address, EINVAL);
    assert_int_equal(failed->alignment_log2, RING_ALIGNMENT_ODD);
    assert_true(find_record(stream, TRACE_MALLOC, UINT64_C(1) << 45)->failed);
}

/* ---- C++ ------------------------------------------------------------------------- */

static void assert_operators_once(const char *preload)
{
    assert_int_equal(record("cplusplus", preload), 0);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_told(stream);
    assert_int_equal(count_of(stream, TRACE_MALLOC, 3001), 1);
    assert_int_equal(count_of(stream, TRACE_ALIGNED_ALLOC, 3072), 1);
    uint64_t block = find_record(stream, TRACE_MALLOC, 3001)->address;
    size_t frees = 0, mallocs = 0;
    for (size_t i = 0; i < stream->count; i++) {
        const struct fixture_record *one = &stream->records[i];
        frees += one->kind == TRACE_FREE && one->address == block;
        mallocs += one->kind == TRACE_MALLOC && !one->failed && one->address == block;
    }
    assert_true(frees >= mallocs - 1 && frees <= mallocs);
}

static void test_records_operator_new_once(void **state)
{
    (void)state;
    assert_operators_once("");
}

static void test_records_operator_new_of_jemalloc(void **state)
{
    (void)state;
    assert_operators_once("libjemalloc.so.2");
    assert_non_null(strstr(fixture.stream[0].ring->allocator, "jemalloc"));
}

static void test_records_operator_new_of_tcmalloc(void **state)
{
    (void)state;
    assert_operators_once("libtcmalloc_minimal.so.4");
}

static void test_records_operator_new_of_mimalloc(void **state)
{
    (void)state;
    assert_operators_once("libmimalloc.so.2.0");
}

static void test_serves_plugins(void **state)
{
    (void)state;
    assert_int_equal(record("plugin", ""), 0);
    assert_told(&fixture.stream[0]);
}

static void test_leaves_other_namespaces_alone(void **state)
{
    (void)state;
    assert_int_equal(record("namespaces", ""), 0);
    assert_told(&fixture.stream[0]);
    assert_int_equal(count_of(&fixture.stream[0], TRACE_MALLOC, 4202), 0);
}

static void test_serves_calls_before_it_knows_the_real_ones(void **state)
{
    (void)state;
    char shim[4096];
    ring_fixture_built(shim, "tests/unit/shim_early.so");
    assert_int_equal(record("family", shim), 0);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_told(stream);
    /* What comes out of the recorder's own blocks is new to the allocator, which knows it from
     * then on. */
    uint64_t block = find_record(stream, TRACE_REALLOC, 5000)->address;
    size_t frees = 0;
    for (size_t i = 0; i < stream->count; i++)
        frees += stream->records[i].kind == TRACE_FREE && stream->records[i].address == block;
    assert_true(frees > 0);
    assert_int_equal(count_of(stream, TRACE_CALLOC, 100), 0);
    assert_alternating(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDER_TEST(test_records_every_function),
        RECORDER_TEST(test_records_failures_with_errno),
        RECORDER_TEST(test_records_operator_new_once),
        RECORDER_TEST(test_records_operator_new_of_jemalloc),
        RECORDER_TEST(test_records_operator_new_of_tcmalloc),
        RECORDER_TEST(test_records_operator_new_of_mimalloc),
        RECORDER_TEST(test_serves_plugins),
        RECORDER_TEST(test_leaves_other_namespaces_alone),
        RECORDER_TEST(test_serves_calls_before_it_knows_the_real_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
