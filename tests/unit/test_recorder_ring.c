/* The preloaded recorder: what it does when its collector is slow, dead, or never there. */
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

static void test_goes_on_when_the_collector_is_dead(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDER_TEST(test_waits_for_room),
        RECORDER_TEST(test_goes_on_when_the_collector_is_dead),
        RECORDER_TEST(test_goes_on_when_refused),
        RECORDER_TEST(test_goes_on_when_nobody_answers),
        RECORDER_TEST(test_keeps_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
