/* Traces made of others: whatever is cut or multiplied can have happened, and holds what it should.
 */
#include "address_map.h"
#include "cut.h"
#include "halves.h"
#include "ledger.h"
#include "message.h"
#include "part_file.h"
#include "program_trace_fixture.h"
#include "scale.h"
#include "survey.h"
#include "trace_fixture.h"
#include "verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { OPERATIONS = 2000, THREADS = 6 };

static char folder[] = "/tmp/heapmark-rewrite-XXXXXX", path[64], other[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/a.hmt", folder);
    snprintf(other, sizeof other, "%s/b.hmt", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(other);
    return rmdir(folder);
}

static void check_verdict(const char *file)
{
    char message[MESSAGE_BYTES] = "";
    struct verify_result result;
    struct trace_reader *reader = program_open(file);
    assert_int_equal(verify_trace(reader, &result, message), 0);
    if (result.mistakes != 0)
        fail_msg("%llu mistakes, the first at %llu: %s", (unsigned long long)result.mistakes,
                 (unsigned long long)result.kept[0].operation, result.kept[0].reason);
    assert_false(result.unfinished);
    trace_reader_close(reader);
}

static void survey_of(const char *file, struct survey *survey)
{
    char message[MESSAGE_BYTES] = "";
    struct trace_reader *reader = program_open(file);
    assert_int_equal(survey_trace(reader, survey, message), 0);
    trace_reader_close(reader);
}

static void cut_to_other(struct trace_cut *cut)
{
    char message[MESSAGE_BYTES] = "";
    struct trace_reader *reader = program_open(path);
    cut->name = "a.hmt";
    if (trace_cut_write(reader, other, cut, message) != 0)
        fail_msg("%s", message);
    trace_reader_close(reader);
}

/* Live bytes after each operation of a stream, by a ledger. */
static void live_after(const struct trace_op *ops, size_t count, uint64_t *live)
{
    struct ledger_effect effect;
    struct ledger *ledger = ledger_create(false);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ledger_apply(ledger, i, &ops[i], &effect), 0);
        live[i] = ledger_live_bytes(ledger);
    }
    ledger_free(ledger);
}

static void cuts_verify_and_hold_the_same_live_bytes(void **state)
{
    (void)state;
    struct trace_op *ops = program_ops(OPERATIONS, THREADS, 11);
    static uint64_t live[OPERATIONS], live_cut[2 * OPERATIONS];
    uint64_t seed = 3;
    program_write(path, ops, OPERATIONS, THREADS, NULL);
    live_after(ops, OPERATIONS, live);
    for (int round = 0; round < 60; round++) {
        uint64_t from = fixture_random(&seed) % OPERATIONS;
        uint64_t to = from + 1 + fixture_random(&seed) % (OPERATIONS - from);
        struct trace_cut cut = {
            .range = {from, to}
        };
        size_t count;
        cut_to_other(&cut);
        check_verdict(other);
        struct trace_op *got = program_read(other, &count);
        assert_int_equal(count, cut.written);
        assert_true(count >= to - from + cut.blocks);
        size_t start = count - (size_t)(to - from);
        live_after(got, count, live_cut);
        for (size_t i = 0; i < to - from; i++) {
            assert_int_equal(live_cut[start + i], live[from + i]);
            assert_int_equal(got[start + i].kind, ops[from + i].kind);
            assert_int_equal(got[start + i].size, ops[from + i].size);
            assert_int_equal(got[start + i].address, ops[from + i].address);
            assert_int_equal(got[start + i].time_ns, ops[from + i].time_ns - ops[from].time_ns);
        }
        free(got);
    }
    free(ops);
}

static void cuts_without_what_was_live_touch_none_of_it(void **state)
{
    (void)state;
    struct trace_op *ops = program_ops(OPERATIONS, THREADS, 12);
    uint64_t seed = 4;
    program_write(path, ops, OPERATIONS, THREADS, NULL);
    for (int round = 0; round < 60; round++) {
        uint64_t from = fixture_random(&seed) % OPERATIONS;
        uint64_t to = from + 1 + fixture_random(&seed) % (OPERATIONS - from);
        struct trace_cut cut = {
            .range = {from, to},
              .drop_live = true
        };
        uint64_t allocated = 0, begun = 0;
        size_t count;
        cut_to_other(&cut);
        check_verdict(other);
        assert_true(cut.written + cut.dropped >= to - from);
        struct trace_op *got = program_read(other, &count);
        /* Every block that is new in the range is there. */
        for (size_t i = (size_t)from; i < to; i++)
            allocated += ops[i].old_address == 0 && ops[i].address != 0;
        for (size_t i = 0; i < count; i++)
            begun += got[i].old_address == 0 && got[i].address != 0;
        assert_int_equal(begun, allocated);
        free(got);
    }
    free(ops);
}

static void a_cut_says_where_it_comes_from(void **state)
{
    (void)state;
    static const char *const facts[] = {"source", "recorded", "provenance", "a run", "stalls",
                                        "7",      "end",      "exit 0",     NULL};
    struct trace_op *ops = program_ops(100, 2, 5);
    program_write(path, ops, 100, 2, facts);
    struct trace_cut cut = {
        .range = {10, 50}
    };
    cut_to_other(&cut);
    struct trace_reader *reader = program_open(other);
    const struct trace_facts *got = trace_reader_facts(reader);
    assert_string_equal(trace_facts_find(got, "source"), "cut");
    assert_string_equal(trace_facts_find(got, "end"), "cut");
    assert_string_equal(trace_facts_find(got, "provenance"), "operations 10 to 50 of a.hmt; a run");
    assert_null(trace_facts_find(got, "stalls"));
    trace_reader_close(reader);
    free(ops);
}

static void aligned_blocks_keep_their_alignment_at_the_start(void **state)
{
    (void)state;
    static const struct trace_op ops[] = {
        {.address = 0x40, .size = 10, .alignment = 64, .kind = TRACE_POSIX_MEMALIGN},
        {.address = 0x90, .size = 20, .alignment = 0,  .kind = TRACE_CALLOC        },
        {.address = 0xf0, .size = 30, .alignment = 0,  .kind = TRACE_MALLOC        },
    };
    size_t count;
    program_write(path, ops, 3, 1, NULL);
    struct trace_cut cut = {
        .range = {2, 3}
    };
    cut_to_other(&cut);
    assert_int_equal(cut.blocks, 2);
    assert_int_equal(cut.bytes, 30);
    struct trace_op *got = program_read(other, &count);
    assert_int_equal(count, 3);
    assert_int_equal(got[0].kind, TRACE_POSIX_MEMALIGN);
    assert_int_equal(got[0].alignment, 64);
    assert_int_equal(got[1].kind, TRACE_MALLOC);
    assert_int_equal(got[1].size, 20);
    free(got);
}

static void copies_verify_and_multiply(void **state)
{
    (void)state;
    struct trace_op *ops = program_ops(OPERATIONS, THREADS, 21);
    struct survey before, after;
    program_write(path, ops, OPERATIONS, THREADS, NULL);
    survey_of(path, &before);
    for (unsigned own = 0; own < 2; own++)
        for (uint32_t copies = 2; copies <= 5; copies += 3) {
            char message[MESSAGE_BYTES] = "";
            struct trace_scale scale = {.copies = copies, .own_threads = own == 1, .name = "a.hmt"};
            struct trace_reader *reader = program_open(path);
            assert_int_equal(trace_scale_write(reader, other, &scale, message), 0);
            trace_reader_close(reader);
            check_verdict(other);
            survey_of(other, &after);
            assert_int_equal(scale.threads, own == 1 ? copies * THREADS : THREADS);
            assert_int_equal(after.thread_count, scale.threads);
            assert_int_equal(after.calls, copies * before.calls);
            assert_int_equal(after.failed, copies * before.failed);
            assert_int_equal(after.bytes, copies * before.bytes);
            assert_int_equal(after.objects, copies * before.objects);
            assert_int_equal(after.ended_of_others, copies * before.ended_of_others);
            assert_int_equal(after.resized_in_place, copies * before.resized_in_place);
            assert_int_equal(after.end.bytes, copies * before.end.bytes);
            assert_int_equal(after.duration_ns, before.duration_ns);
            survey_release(&after);
        }
    survey_release(&before);
    free(ops);
}

static void the_address_map_agrees_with_a_list(void **state)
{
    (void)state;
    enum { NAMES = 300 };
    struct address_map map = {0};
    uint64_t value[NAMES] = {0}, seed = 9, got;
    for (int i = 0; i < 50000; i++) {
        size_t k = (size_t)(fixture_random(&seed) % NAMES);
        uint64_t address = (uint64_t)(k + 1) * UINT64_C(0x10010);
        switch (fixture_random(&seed) % 3) {
        case 0:
            value[k] = 1 + fixture_random(&seed) % 1000;
            assert_int_equal(address_map_put(&map, address, value[k]), 0);
            break;
        case 1:
            assert_int_equal(address_map_find(&map, address, &got), value[k] != 0);
            break;
        default:
            assert_int_equal(address_map_take(&map, address, &got), value[k] != 0);
            if (value[k] != 0)
                assert_int_equal(got, value[k]);
            value[k] = 0;
        }
    }
    address_map_release(&map);
}

/* Quadratic, this would not end within the test's time. */
static void reallocs_that_never_end_are_soon_forgotten(void **state)
{
    enum { MANY = 800000 };
    struct halves halves = {0};
    const struct half as = {0};
    struct half half;
    (void)state;
    for (uint64_t i = 1; i <= MANY; i++) {
        const struct trace_op begin = {.kind = TRACE_REALLOC_BEGIN, .old_address = 16 * i};
        const struct trace_op end = {.kind = TRACE_REALLOC,
                                     .flags = TRACE_SPLIT,
                                     .old_address = 8,
                                     .thread = 1};
        assert_int_equal(halves_begin(&halves, i, &begin, &as), 0);
        assert_false(halves_end(&halves, &end, &half));
        assert_true(halves.count <= HALVES_NESTING_MAXIMUM);
    }
    const struct trace_op end = {.kind = TRACE_REALLOC, .old_address = 16 * (MANY - 1)};
    assert_true(halves_end(&halves, &end, &half));
    assert_int_equal(half.index, MANY - 1);
    halves_release(&halves);
}

static void part_files_appear_whole_or_not_at_all(void **state)
{
    (void)state;
    char message[MESSAGE_BYTES] = "";
    struct part_file file;
    struct stat found;
    unlink(path);
    for (int result = -1; result <= 0; result++) {
        assert_int_equal(part_file_begin(&file, path, message), 0);
        FILE *stream = fopen(file.draft, "w");
        assert_non_null(stream);
        assert_true(fputs("text", stream) >= 0);
        fclose(stream);
        assert_int_equal(stat(path, &found), -1);
        message_set(message, "cannot write %s: no room", file.draft);
        assert_int_equal(part_file_end(&file, result, message), result);
        assert_int_equal(stat(path, &found), result);
        assert_int_equal(stat(file.draft, &found), -1);
        if (result == -1)
            assert_null(strstr(message, ".part"));
    }
    assert_int_equal(part_file_begin(&file, folder, message), -1);
    assert_int_equal(part_file_begin(&file, "/dev/null", message), 0);
    assert_string_equal(file.draft, "/dev/null");
    assert_int_equal(part_file_end(&file, 0, message), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_verify_and_hold_the_same_live_bytes),
        cmocka_unit_test(cuts_without_what_was_live_touch_none_of_it),
        cmocka_unit_test(a_cut_says_where_it_comes_from),
        cmocka_unit_test(aligned_blocks_keep_their_alignment_at_the_start),
        cmocka_unit_test(copies_verify_and_multiply),
        cmocka_unit_test(the_address_map_agrees_with_a_list),
        cmocka_unit_test(reallocs_that_never_end_are_soon_forgotten),
        cmocka_unit_test(part_files_appear_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
