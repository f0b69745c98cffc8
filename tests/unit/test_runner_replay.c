/* The replayer: it makes the calls of a script, waits where it must, checks what blocks hold, and
 * lists them at map stops. Scripts are made of made-up traces (trace_fixture.h). */
#include "block_list.h"
#include "message.h"
#include "replay.h"
#include "runner_driver.h"
#include "trace_fixture.h"

#include <err.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { CALLS = 20000, LAPS = 7 };

static char trace[] = "/tmp/heapmark-test-runner-replay-XXXXXX";

static int make_trace_path(void **state)
{
    (void)state;
    int file = mkstemp(trace);
    return file < 0 ? -1 : close(file);
}

static int remove_trace(void **state)
{
    (void)state;
    return unlink(trace);
}

/* `length` calls that do not fail, of sizes that every machine has: threads take turns, and half
 * of the blocks are freed or resized by another one soon. */
static void write_trace(size_t length, uint32_t threads)
{
    struct fixture_stream stream = {.op = calloc(length, sizeof(struct trace_op)),
                                    .threads = threads};
    struct {
        uint64_t address, size;
    } live[200];
    size_t live_count = 0;
    uint64_t random = length + threads, address = UINT64_C(1) << 32;
    assert_non_null(stream.op);
    for (; stream.count < length; stream.count++) {
        struct trace_op *op = &stream.op[stream.count];
        op->thread = stream.count < threads ? (uint32_t)stream.count
                                            : (uint32_t)(fixture_random(&random) % threads);
        op->time_ns = stream.count * 100;
        bool full = live_count == sizeof live / sizeof live[0];
        if (live_count == 0 || (!full && fixture_random(&random) % 100 < 52)) {
            op->kind = fixture_random(&random) % 8 == 0 ? TRACE_CALLOC : TRACE_MALLOC;
            op->size = fixture_random(&random) % 300;
            op->address = address += 512;
            live[live_count].size = op->size;
            live[live_count++].address = op->address;
            continue;
        }
        size_t at = fixture_random(&random) % live_count;
        op->old_address = live[at].address;
        if (fixture_random(&random) % 5 == 0) {
            op->kind = TRACE_REALLOC;
            op->size = 1 + fixture_random(&random) % 20000;
            op->address = live[at].address = address += 32768;
            live[at].size = op->size;
        } else {
            op->kind = TRACE_FREE;
            live[at] = live[--live_count];
        }
    }
    fixture_write(trace, &stream, 0);
    fixture_stream_release(&stream);
}

static struct replay make(const struct replay_options *options)
{
    struct replay replay;
    char message[MESSAGE_BYTES] = "";
    if (replay_make(&replay, trace, options, message) < 0)
        fail_msg("%s", message);
    return replay;
}

static struct replay make_of(const struct trace_op *ops, size_t count)
{
    struct fixture_stream stream = {(struct trace_op *)(uintptr_t)ops, count, 1};
    fixture_write(trace, &stream, 0);
    return make(&(struct replay_options){.laps = 1, .repeat = 1});
}

static struct driver_outcome run_well(const struct driver_order *order)
{
    struct driver_outcome outcome;
    driver_run(order, &outcome);
    if (outcome.signal != 0 || outcome.exit_status != 0)
        fail_msg("status %d, signal %d: %s", outcome.exit_status, outcome.signal,
                 outcome.page->message);
    assert_int_equal(outcome.page->report[CHECKPOINT_DRAINED].live_bytes, 0);
    return outcome;
}

static void assert_counts(const struct driver_outcome *outcome, const struct replay *replay,
                          unsigned repeat)
{
    uint64_t operations = 0;
    assert_int_equal(outcome->page->laps, replay->head.laps * repeat);
    assert_int_equal(outcome->page->warm_up.operations, 0);
    for (unsigned i = 0; i < outcome->page->laps; i++)
        operations += outcome->page->lap[i].operations;
    assert_int_equal(operations, replay->head.calls * repeat);
    assert_int_equal(outcome->page->report[CHECKPOINT_END].live_bytes, replay->head.live_end_bytes);
}

/* Both loops, in the program and under the sanitizers, mapped and streamed. */
static void every_way_makes_the_calls_of_the_trace(void **state)
{
    static const uint32_t threads[] = {1, 2, 5};
    (void)state;
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++)
        for (unsigned way = 0; way < 8; way++) {
            struct replay_options options = {.laps = LAPS, .repeat = 2};
            options.memory_bytes = (way & 1) != 0 ? 1 : UINT64_C(1) << 30;
            write_trace(CALLS, threads[t]);
            struct replay replay = make(&options);
            assert_int_equal(replay.head.streamed, way & 1);
            assert_int_equal(replay.head.threads, threads[t]);
            struct driver_order order = {.workload = "replay",
                                         .params = "repeat=2,touch=all",
                                         .script = replay.descriptor,
                                         .inspect = (way & 2) != 0,
                                         .in_process = (way & 4) != 0};
            struct driver_outcome outcome = run_well(&order);
            assert_counts(&outcome, &replay, 2);
            if (threads[t] == 1)
                assert_int_equal(outcome.page->live_peak_bytes, replay.head.live_peak_bytes);
            if ((way & 2) != 0)
                assert_int_equal(outcome.page->report[CHECKPOINT_END].live_blocks,
                                 replay.head.live_end_blocks);
            driver_release(&outcome);
            replay_release(&replay);
        }
}

static void a_corrupting_allocator_is_caught(void **state)
{
    static const char *const touches[] = {"touch=all,repeat=1", "touch=page,repeat=1"};
    struct replay_options options = {.laps = 1, .repeat = 1};
    (void)state;
    write_trace(CALLS, 1);
    struct replay replay = make(&options);
    char *shim = strdup(driver_beside("tests/unit/shim_corrupting.so"));
    for (size_t i = 0; i < 2; i++) {
        struct driver_outcome outcome;
        struct driver_order order = {.workload = "replay",
                                     .params = touches[i],
                                     .script = replay.descriptor,
                                     .preload = shim,
                                     .inspect = true};
        driver_run(&order, &outcome);
        assert_int_equal(outcome.page->outcome, OUTCOME_CORRUPT);
        driver_release(&outcome);
    }
    free(shim);
    replay_release(&replay);
}

/* malloc(0) that returned NULL, realloc(NULL, 0) that did: what they return here is nobody's, and
 * in no other block's place. */
static void calls_that_yielded_no_block_keep_none(void **state)
{
    static const struct trace_op ops[] = {
        {.kind = TRACE_MALLOC,  .address = 16, .size = 100},
        {.kind = TRACE_MALLOC                    },
        {.kind = TRACE_REALLOC},
        {.kind = TRACE_CALLOC                    },
        {.kind = TRACE_FREE,                     .old_address = 16              },
    };
    (void)state;
    for (int inspect = 0; inspect < 2; inspect++) {
        struct driver_outcome outcome;
        struct replay replay = make_of(ops, sizeof ops / sizeof ops[0]);
        struct driver_order order = {.workload = "replay",
                                     .params = "repeat=1,touch=all",
                                     .script = replay.descriptor,
                                     .inspect = inspect != 0,
                                     .in_process = true};
        outcome = run_well(&order);
        assert_counts(&outcome, &replay, 1);
        driver_release(&outcome);
        replay_release(&replay);
    }
}

static void ends_as(const struct trace_op *op, const char *preload, enum trial_outcome wanted,
                    const char *words)
{
    struct replay replay = make_of(op, 1);
    struct driver_outcome outcome;
    struct driver_order order = {.workload = "replay",
                                 .params = "repeat=1",
                                 .script = replay.descriptor,
                                 .preload = preload};
    driver_run(&order, &outcome);
    assert_int_equal(outcome.page->outcome, wanted);
    if (strstr(outcome.page->message, words) == NULL)
        fail_msg("'%s' does not say '%s'", outcome.page->message, words);
    driver_release(&outcome);
    replay_release(&replay);
}

static void alignments_refused_or_missed_are_called_that(void **state)
{
    static const struct trace_op refused = {.kind = TRACE_POSIX_MEMALIGN,
                                            .address = 16,
                                            .size = 100,
                                            .alignment = 24};
    static const struct trace_op missed = {.kind = TRACE_MEMALIGN,
                                           .address = 256,
                                           .size = 300,
                                           .alignment = 256};
    char *shim = strdup(driver_beside("tests/unit/shim_corrupting.so"));
    (void)state;
    ends_as(&refused, NULL, OUTCOME_REFUSED,
            "posix_memalign(&block, 24, 100): the allocator refuses");
    ends_as(&missed, shim, OUTCOME_CORRUPT,
            "memalign(256, 300): the allocator returned a block "
            "that is not aligned");
    free(shim);
}

/* ---- map stops ------------------------------------------------------------------------ */

struct seen {
    int blocks;
    unsigned stops;
    uint64_t live_bytes[8], count[8], operations[8];
    uint32_t lap[8];
};

static int compare_entries(const void *a, const void *b)
{
    const struct block_list_entry *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

static void look(void *argument)
{
    struct seen *seen = argument;
    struct block_list head;
    if (pread(seen->blocks, &head, sizeof head, 0) != (ssize_t)sizeof head)
        err(1, "no list");
    size_t bytes = head.count * sizeof(struct block_list_entry);
    struct block_list_entry *entry = malloc(bytes + 1);
    if (entry == NULL || pread(seen->blocks, entry, bytes, sizeof head) != (ssize_t)bytes)
        err(1, "a short list");
    uint64_t live = 0, count = 0;
    qsort(entry, head.count, sizeof *entry, compare_entries);
    for (uint64_t i = 0; i < head.count; i++) {
        if (entry[i].kind != BLOCK_LIVE)
            continue;
        live += entry[i].bytes;
        count++;
        if (i > 0 && entry[i - 1].kind == BLOCK_LIVE &&
            entry[i - 1].address + entry[i - 1].bytes > entry[i].address)
            errx(1, "blocks overlap");
    }
    free(entry);
    if (live != head.live_bytes)
        errx(1, "the sum is wrong");
    seen->lap[seen->stops] = head.lap;
    seen->operations[seen->stops] = head.operations;
    seen->live_bytes[seen->stops] = live;
    seen->count[seen->stops++] = count;
}

static void map_stops_list_the_live_blocks(void **state)
{
    static const struct replay_stop stops[] = {
        {REPLAY_AFTER_CALLS, 0                },
        {REPLAY_AFTER_CALLS, 1                },
        {REPLAY_AT_SHARE,    REPLAY_SHARES / 2},
        {REPLAY_AT_PEAK,     0                },
        {REPLAY_AT_END,      0                },
    };
    enum { STOPS = sizeof stops / sizeof stops[0] };
    struct replay_options options = {.only_stops = true, .stops = stops, .stop_count = STOPS};
    (void)state;
    for (uint32_t threads = 1; threads < 4; threads += 2) {
        write_trace(CALLS, threads);
        struct replay replay = make(&options);
        int low = memfd_create("blocks", MFD_CLOEXEC);
        struct seen seen = {.blocks = fcntl(low, F_DUPFD_CLOEXEC, TRIAL_BLOCKS_FD + 1)};
        close(low);
        struct driver_order order = {.workload = "replay",
                                     .params = "repeat=1",
                                     .script = replay.descriptor,
                                     .blocks = seen.blocks,
                                     .map_stop = replay.stop_lap,
                                     .map_stop_count = STOPS,
                                     .at_map_stop = look,
                                     .argument = &seen};
        struct driver_outcome outcome = run_well(&order);
        assert_int_equal(seen.stops, STOPS);
        assert_int_equal(seen.count[0], 0);
        assert_int_equal(seen.operations[1], 1);
        assert_int_equal(seen.operations[2], CALLS / 2);
        assert_int_equal(seen.live_bytes[3], replay.head.live_peak_bytes);
        assert_int_equal(seen.operations[3], replay.head.live_peak_call);
        assert_int_equal(seen.live_bytes[4], replay.head.live_end_bytes);
        assert_int_equal(seen.operations[4], CALLS);
        for (unsigned i = 0; i < STOPS; i++)
            assert_int_equal(seen.lap[i], replay.stop_lap[i]);
        driver_release(&outcome);
        replay_release(&replay);
        close(seen.blocks);
    }
}

static void without_a_script_there_is_no_replay(void **state)
{
    struct driver_order order = {.workload = "replay", .params = ""};
    struct driver_outcome outcome;
    (void)state;
    driver_run(&order, &outcome);
    assert_int_equal(outcome.page->outcome, OUTCOME_REFUSED);
    assert_non_null(strstr(outcome.page->message, "script of a trace"));
    driver_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_makes_the_calls_of_the_trace),
        cmocka_unit_test(a_corrupting_allocator_is_caught),
        cmocka_unit_test(calls_that_yielded_no_block_keep_none),
        cmocka_unit_test(alignments_refused_or_missed_are_called_that),
        cmocka_unit_test(map_stops_list_the_live_blocks),
        cmocka_unit_test(without_a_script_there_is_no_replay),
    };
    return cmocka_run_group_tests(tests, make_trace_path, remove_trace);
}
