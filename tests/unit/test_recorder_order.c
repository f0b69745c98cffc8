/* The preloaded recorder: threads, signals, processes. */
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

static void test_numbers_to_the_end_after_company(void **state)
{
    (void)state;
    assert_int_equal(record("company", ""), 0);
    const struct fixture_stream *stream = &fixture.stream[0];
    assert_int_equal(stream->ring->threads, 2);
    assert_numbered(stream);
    assert_alternating(stream);
    assert_true(find_record(stream, TRACE_MALLOC, 4101)->alone);
    size_t numbered = 0;
    for (size_t i = 0; i < stream->count; i++)
        numbered += stream->records[i].size == 4102 && !stream->records[i].alone;
    assert_int_equal(numbered, 3000);
}

static void test_bears_handlers_that_fork(void **state)
{
    (void)state;
    char shim[4096];
    int children = 0;
    ring_fixture_built(shim, "tests/unit/shim_reentrant.so");
    assert_int_equal(record("forking_storm", shim), 0);
    assert_int_equal(sscanf(words, "children %d", &children), 1);
    assert_true(children > 0);
    assert_int_equal(fixture.stream_count, 1 + children);
    assert_numbered(&fixture.stream[0]);
    assert_alternating(&fixture.stream[0]);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDER_TEST(test_orders_threads),
        RECORDER_TEST(test_bears_handlers_that_allocate),
        RECORDER_TEST(test_numbers_to_the_end_after_company),
        RECORDER_TEST(test_bears_handlers_that_fork),
        RECORDER_TEST(test_meets_anew_in_children),
        RECORDER_TEST(test_shares_the_ring_with_a_vforked_child),
        RECORDER_TEST(test_starts_anew_after_exec),
        RECORDER_TEST(test_leaves_everything_when_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
