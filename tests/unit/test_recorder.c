/* The preloaded recorder, against a collector of the tests' own (ring_fixture.h). */
#include "ring_fixture.h"

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

enum { WORDS_BYTES = 4096 };
static struct ring_fixture fixture;
static char words[WORDS_BYTES];

static int start_fixture(void **state)
{
    (void)state;
    ring_fixture_start(&fixture, RING_BYTES_DEFAULT);
    return 0;
}

static int release_fixture(void **state)
{
    (void)state;
    ring_fixture_release(&fixture);
    return 0;
}

/* Runs one piece of work of recorder_program, and reads what was recorded. */
static int record(const char *work, const char *preload)
{
    const char *const command[] = {"recorder_program", work, NULL};
    int status = ring_fixture_run(&fixture, preload, command, words);
    ring_fixture_finish(&fixture);
    return status;
}

static size_t count_of(const struct fixture_stream *stream, unsigned kind, uint64_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < stream->count; i++)
        count += stream->records[i].kind == kind && stream->records[i].size == size;
    return count;
}

/* Puts RING_SIZE together with what it belongs to. */
static uint64_t size_of(const struct fixture_stream *stream, size_t index)
{
    const struct fixture_record *record = &stream->records[index];
    if (record->size != RING_SIZE_APART)
        return record->size;
    while (stream->records[--index].kind != RING_SIZE)
        assert_true(index > 0);
    return stream->records[index].size;
}

/* ---- every function ------------------------------------------------------------ */

/* Each line of `words`, "KIND SIZE ADDRESS", is a record, and in this order. */
static void assert_told(const struct fixture_stream *stream)
{
    size_t at = 0, lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r(words, "\n", &rest); line != NULL; lines++) {
        char kind[32];
        unsigned long size, address;
        assert_int_equal(sscanf(line, "%31s %lu %lu", kind, &size, &address), 3);
        for (;; at++) {
            if (at == stream->count)
                fail_msg("not recorded: %s", line);
            const struct fixture_record *record = &stream->records[at];
            if (record->kind == trace_kind_parse(kind) && size_of(stream, at) == size &&
                (record->failed ? 0 : record->address) == address)
                break;
        }
        at++;
        line = strtok_r(NULL, "\n", &rest);
    }
    assert_true(lines > 0);
}

static const struct fixture_record *find(const struct fixture_stream *stream, unsigned kind,
                                         uint64_t size)
{
    for (size_t i = 0; i < stream->count; i++)
        if (stream->records[i].kind == kind && size_of(stream, i) == size)
            return &stream->records[i];
    fail_msg("no %s of %lu bytes", trace_kind_name(kind), (unsigned long)size);
    return NULL;
}

static void test_records_every_function(void **state)
{
    (void)state;
    assert_int_equal(record("family", ""), 0);
    assert_int_equal(fixture.stream_count, 1);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_told(stream);
    assert_int_equal(find(stream, TRACE_MALLOC, 1001)->alignment_log2, 0);
    assert_int_equal(find(stream, TRACE_MEMALIGN, 1003)->alignment_log2, 6);
    assert_int_equal(find(stream, TRACE_ALIGNED_ALLOC, 1024)->alignment_log2, 8);
    assert_int_equal(find(stream, TRACE_POSIX_MEMALIGN, 1004)->alignment_log2, 12);
    assert_false(find(stream, TRACE_REALLOC, 0)->failed);
    assert_int_equal(stream->hello.reason, RING_STARTED);
    assert_int_equal(stream->hello.parent, getpid());
    assert_non_null(strstr(stream->ring->allocator, "libc.so"));
    assert_int_equal(stream->ring->unrecorded, 0);
}

static void test_records_failures_with_errno(void **state)
{
    (void)state;
    assert_int_equal(record("failures", ""), 0);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_told(stream);
    const struct fixture_record *failed = find(stream, TRACE_CALLOC, UINT64_MAX);
    assert_true(failed->failed);
    assert_int_equal(failed->address, ENOMEM);
    failed = find(stream, TRACE_POSIX_MEMALIGN, 10);
    assert_true(failed->failed);
    assert_int_equal(failed->address, EINVAL);
    assert_int_equal(failed->alignment_log2, RING_ALIGNMENT_ODD);
    assert_true(find(stream, TRACE_MALLOC, UINT64_C(1) << 45)->failed);
}

/* ---- C++ ------------------------------------------------------------------------- */

static void assert_operators_once(const char *preload)
{
    assert_int_equal(record("cplusplus", preload), 0);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_told(stream);
    assert_int_equal(count_of(stream, TRACE_MALLOC, 3001), 1);
    assert_int_equal(count_of(stream, TRACE_ALIGNED_ALLOC, 3072), 1);
    uint64_t block = find(stream, TRACE_MALLOC, 3001)->address;
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

/* ---- order ------------------------------------------------------------------------ */

static int compare_numbers(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* In each stripe the numbers go from 0 on, without a gap and without one taken twice. */
static void assert_numbered(const struct fixture_stream *stream)
{
    uint64_t *keys = malloc((stream->count + 1) * sizeof *keys);
    size_t count = 0;
    for (size_t i = 0; i < stream->count; i++) {
        const struct fixture_record *one = &stream->records[i];
        if (one->kind < RING_TIME && !one->failed && one->address != 0)
            keys[count++] = (uint64_t)ring_stripe_of(one->address) << 32 | one->number;
    }
    assert_true(count > 0);
    qsort(keys, count, sizeof *keys, compare_numbers);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || keys[i] >> 32 != keys[i - 1] >> 32;
        assert_int_equal(keys[i] & UINT32_MAX, first ? 0 : (keys[i - 1] & UINT32_MAX) + 1);
    }
    free(keys);
    assert_int_equal(stream->holes, 0);
}

/* By number in its stripe an address is handed out and given back in turn. */
struct event {
    uint64_t address;
    uint32_t number;
    bool gives;
};

static int compare_events(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static void assert_alternating(const struct fixture_stream *stream)
{
    struct event *events = malloc((stream->count + 1) * sizeof *events);
    size_t count = 0;
    for (size_t i = 0; i < stream->count; i++) {
        const struct fixture_record *one = &stream->records[i];
        if (one->kind < RING_TIME && !one->failed && one->address != 0)
            events[count++] =
                (struct event){one->address, one->number,
                               one->kind == TRACE_FREE || one->kind == TRACE_REALLOC_BEGIN};
    }
    qsort(events, count, sizeof *events, compare_events);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || events[i].address != events[i - 1].address;
        assert_int_equal(events[i].gives, first ? false : !events[i - 1].gives);
    }
    free(events);
}

static void test_orders_threads(void **state)
{
    (void)state;
    assert_int_equal(record("threads", ""), 0);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_int_equal(stream->ring->threads, 5);
    assert_numbered(stream);
    assert_alternating(stream);
    /* Calls that a destructor of thread-specific data makes are there, too. */
    assert_int_equal(count_of(stream, TRACE_MALLOC, 4004), 4);
    assert_int_equal(count_of(stream, TRACE_MALLOC, 4003), 4);
}

static void test_bears_handlers_that_allocate(void **state)
{
    (void)state;
    char shim[4096];
    ring_fixture_built(shim, "tests/unit/shim_reentrant.so");
    fixture.drain = true;
    assert_int_equal(record("storm", shim), 0);
    const struct fixture_stream *stream = &fixture.stream[0];
    unsigned long ticks = 0;
    assert_int_equal(sscanf(words, "ticks %lu", &ticks), 1);
    assert_int_equal(count_of(stream, TRACE_MALLOC, 17), 1000000);
    assert_int_equal(count_of(stream, TRACE_MALLOC, 18), ticks);
    assert_numbered(stream);
    assert_alternating(stream);
}

/* ---- processes ----------------------------------------------------------------------- */

static void test_meets_anew_in_children(void **state)
{
    (void)state;
    assert_int_equal(record("forked", ""), 0);
    assert_int_equal(fixture.stream_count, 3);
    const struct fixture_stream *parent = &fixture.stream[0], *child = &fixture.stream[1],
                                *grandchild = &fixture.stream[2];
    assert_int_equal(child->hello.reason, RING_FORKED);
    assert_int_equal(child->hello.parent, parent->hello.pid);
    assert_int_equal(grandchild->hello.parent, child->hello.pid);
    assert_int_equal(count_of(parent, TRACE_MALLOC, 5001), 1);
    assert_int_equal(count_of(parent, TRACE_MALLOC, 5005), 1);
    assert_int_equal(count_of(parent, TRACE_MALLOC, 5002), 0);
    assert_int_equal(count_of(child, TRACE_MALLOC, 5002), 1);
    assert_int_equal(count_of(child, TRACE_MALLOC, 5004), 1);
    assert_int_equal(count_of(grandchild, TRACE_MALLOC, 5003), 1);
    for (size_t i = 0; i < 3; i++)
        assert_numbered(&fixture.stream[i]);
}

static void test_shares_the_ring_with_a_vforked_child(void **state)
{
    (void)state;
    assert_int_equal(record("vforked", ""), 0);
    assert_int_equal(fixture.stream_count, 1);
    for (uint64_t size = 5101; size <= 5103; size++)
        assert_int_equal(count_of(&fixture.stream[0], TRACE_MALLOC, size), 1);
    assert_numbered(&fixture.stream[0]);
}

static void test_starts_anew_after_exec(void **state)
{
    (void)state;
    assert_int_equal(record("executed", ""), 0);
    assert_int_equal(fixture.stream_count, 2);
    assert_int_equal(fixture.stream[1].hello.reason, RING_STARTED);
    assert_int_equal(count_of(&fixture.stream[0], TRACE_MALLOC, 5201), 1);
    assert_int_equal(count_of(&fixture.stream[1], TRACE_MALLOC, 5202), 1);
}

static void test_leaves_everything_when_killed(void **state)
{
    (void)state;
    int status = record("killed", "");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(count_of(&fixture.stream[0], TRACE_MALLOC, 5301), 3000);
    assert_numbered(&fixture.stream[0]);
}

/* ---- the ring, the collector ----------------------------------------------------------- */

static void test_waits_for_room(void **state)
{
    (void)state;
    fixture.ring_bytes = (size_t)6 * RING_CHUNK_BYTES;
    fixture.drain = true;
    assert_int_equal(record("many", ""), 0);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_int_equal(count_of(stream, TRACE_MALLOC, 7001), 100000);
    assert_true(stream->ring->stalls > 0 && stream->ring->stall_ns > 0);
    assert_int_equal(stream->ring->waiting, 0);
    assert_numbered(stream);
    assert_non_null(strstr(words, "many"));
    assert_null(strstr(words, "heapmark"));
}

__attribute__((unused)) static void test_goes_on_when_the_collector_is_dead(void **state)
{
    (void)state;
    fixture.ring_bytes = (size_t)6 * RING_CHUNK_BYTES;
    fixture.beat = false;
    assert_int_equal(record("many", ""), 0);
    assert_int_equal(fixture.stream[0].ring->state, RING_STOPPED);
    assert_non_null(strstr(words, "many"));
    assert_non_null(strstr(words, "heapmark: the collector does not answer any more, "));
    assert_non_null(strstr(words, " goes on unrecorded\n"));
}

static void test_goes_on_when_refused(void **state)
{
    (void)state;
    fixture.refuse = true;
    assert_int_equal(record("many", ""), 0);
    assert_string_equal(words, "many 0 0\n");
}

static void test_goes_on_when_nobody_answers(void **state)
{
    (void)state;
    fixture.deaf = true;
    assert_int_equal(record("many", ""), 0);
    assert_non_null(strstr(words, "many"));
    assert_non_null(strstr(words, "heapmark: cannot reach the collector, "));
}

static void test_keeps_no_descriptor(void **state)
{
    (void)state;
    assert_int_equal(record("bare", ""), 0);
    assert_string_equal(words, "first 3 0\n");
    assert_int_equal(count_of(&fixture.stream[0], TRACE_MALLOC, 7201), 1);
}

/* It takes all of RING_PATIENCE_MS; once is enough. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define PATIENT_TEST(test)
#else
#define PATIENT_TEST(test) RECORDER_TEST(test),
#endif
#define RECORDER_TEST(test) cmocka_unit_test_setup_teardown(test, start_fixture, release_fixture)

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
        RECORDER_TEST(test_orders_threads),
        RECORDER_TEST(test_bears_handlers_that_allocate),
        RECORDER_TEST(test_meets_anew_in_children),
        RECORDER_TEST(test_shares_the_ring_with_a_vforked_child),
        RECORDER_TEST(test_starts_anew_after_exec),
        RECORDER_TEST(test_leaves_everything_when_killed),
        RECORDER_TEST(test_waits_for_room),
        PATIENT_TEST(test_goes_on_when_the_collector_is_dead)
            RECORDER_TEST(test_goes_on_when_refused),
        RECORDER_TEST(test_goes_on_when_nobody_answers),
        RECORDER_TEST(test_keeps_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
