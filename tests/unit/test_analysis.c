/* What is computed from a trace, against answers known by hand and against a naive model. */
#include "leaks.h"
#include "message.h"
#include "profile.h"
#include "program_trace_fixture.h"
#include "survey.h"
#include "trace_fixture.h"
#include "trace_range.h"
#include "verify.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/heapmark-analysis-XXXXXX", path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/a.hmt", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

#define OP(...)     \
    {               \
        __VA_ARGS__ \
    }

/* Two threads; one block crosses, one is resized in place and then moved, two are never freed. */
static const struct trace_op by_hand[] = {
    OP(.time_ns = 0, .address = 0x10, .size = 100, .kind = TRACE_MALLOC),
    OP(.time_ns = 1000, .address = 0x20, .size = 60, .kind = TRACE_CALLOC, .thread = 1),
    OP(.time_ns = 2000, .address = 0x10, .old_address = 0x10, .size = 200, .kind = TRACE_REALLOC),
    OP(.time_ns = 2000, .size = 1u << 30, .kind = TRACE_MALLOC, .flags = TRACE_FAILED, .error = 12),
    OP(.time_ns = 3000, .old_address = 0x20, .kind = TRACE_FREE),
    OP(.time_ns = 3000, .old_address = 0x10, .kind = TRACE_REALLOC_BEGIN),
    OP(.time_ns = 4000, .address = 0x10, .size = 64, .alignment = 64, .kind = TRACE_MEMALIGN,
       .thread = 1),
    OP(.time_ns = 5000, .address = 0x90, .old_address = 0x10, .size = 300, .kind = TRACE_REALLOC,
       .flags = TRACE_SPLIT),
    OP(.time_ns = 9000, .old_address = 0, .kind = TRACE_FREE),
    OP(.time_ns = 10000, .address = 0, .old_address = 0x90, .kind = TRACE_REALLOC, .thread = 1),
    OP(.time_ns = 10000, .address = 0x30, .size = 60, .kind = TRACE_MALLOC, .thread = 1),
};
enum { BY_HAND = sizeof by_hand / sizeof by_hand[0] };

static void survey_of(struct survey *survey)
{
    char message[MESSAGE_BYTES] = "";
    struct trace_reader *reader = program_open(path);
    assert_int_equal(survey_trace(reader, survey, message), 0);
    trace_reader_close(reader);
}

static void survey_counts_what_was_counted_by_hand(void **state)
{
    (void)state;
    struct survey s;
    program_write(path, by_hand, BY_HAND, 2, NULL);
    survey_of(&s);
    assert_int_equal(s.operations, 11);
    assert_int_equal(s.calls, 10);
    assert_int_equal(s.split, 1);
    assert_int_equal(s.failed, 1);
    assert_int_equal(s.kind[TRACE_MALLOC].calls, 3);
    assert_int_equal(s.kind[TRACE_MALLOC].failed, 1);
    assert_int_equal(s.kind[TRACE_MALLOC].bytes, 160);
    assert_int_equal(s.kind[TRACE_REALLOC].calls, 3);
    assert_int_equal(s.kind[TRACE_FREE].calls, 2);
    assert_int_equal(s.resized_in_place, 1);
    assert_int_equal(s.resized_moved, 1);
    assert_int_equal(s.resized_to_nothing, 1);
    assert_int_equal(s.freed_null, 1);
    assert_int_equal(s.objects, 6);
    assert_int_equal(s.bytes, 100 + 60 + 200 + 64 + 300 + 60);
    assert_int_equal(s.largest, 300);
    assert_int_equal(s.ended, 4);
    assert_int_equal(s.ended_of_others, 2);
    assert_int_equal(s.peak.bytes, 364);
    assert_int_equal(s.peak.operation, 7);
    assert_int_equal(s.peak.time_ns, 5000);
    assert_int_equal(s.peak.blocks, 2);
    assert_int_equal(s.most_blocks, 2);
    assert_int_equal(s.end.bytes, 124);
    assert_int_equal(s.end.blocks, 2);
    assert_int_equal(s.duration_ns, 10000);
    assert_int_equal(s.threads[0].calls, 6);
    assert_int_equal(s.threads[1].calls, 4);
    assert_int_equal(s.threads[0].ended_of_others, 1);
    assert_int_equal(s.threads[1].ended_of_others, 1);
    assert_int_equal(s.threads[1].bytes, 60 + 64 + 60);
    assert_int_equal(s.mistakes, 0);
    /* 2, 3, 5 and 2 operations; 2, 2, 3 and 5 us. */
    assert_int_equal(s.lifetimes.count[histogram_class(2)], 2);
    assert_int_equal(s.lifetimes.count[histogram_class(3)], 1);
    assert_int_equal(s.lifetimes.count[histogram_class(5)], 1);
    assert_int_equal(s.lifetimes_ns.count[histogram_class(2000)], 2);
    assert_int_equal(s.sizes.count[histogram_class(64)], 3);
    assert_int_equal(s.sizes.total, 6);
    survey_release(&s);
}

/* Sums that would turn over are refused; a failed call may ask for anything. */
static void sizes_that_cannot_be_are_told(void **state)
{
    const struct trace_op huge[] = {
        {.kind = TRACE_MALLOC, .flags = TRACE_FAILED, .error = 12,       .size = UINT64_MAX},
        {.kind = TRACE_MALLOC,                    .address = 0x1000,                      .size = INT64_MAX - 5  },
        {.kind = TRACE_MALLOC,                    .address = 0x2000,                      .size = 5},
        {.kind = TRACE_FREE,                    .old_address = 0x1000                       },
        {.kind = TRACE_MALLOC, .address = 0x3000,     .size = UINT64_MAX},
    };
    char message[MESSAGE_BYTES] = "";
    struct verify_result result;
    struct survey s;
    struct leaks leaks;
    (void)state;
    program_write(path, huge, 4, 1, NULL);
    survey_of(&s);
    assert_int_equal(s.peak.bytes, INT64_MAX);
    survey_release(&s);
    program_write(path, huge, 5, 1, NULL);
    struct trace_reader *reader = program_open(path);
    assert_int_equal(survey_trace(reader, &s, message), -1);
    assert_non_null(strstr(message, "operation 4 allocates"));
    survey_release(&s);
    assert_int_equal(leaks_find(reader, &leaks, message), -1);
    leaks_release(&leaks);
    assert_int_equal(verify_trace(reader, &result, message), 0);
    assert_int_equal(result.mistakes, 1);
    assert_int_equal(result.kept[0].operation, 4);
    trace_reader_close(reader);
}

/* ---- the naive model ---------------------------------------------------------- */

struct model_block {
    uint64_t address, size, born;
    bool live;
    uint32_t given; /* to a realloc under way by this thread, from 1 */
};

struct model {
    struct model_block block[8192];
    size_t count;
    uint64_t live_bytes, live_blocks, peak, peak_at, objects, bytes;
    struct histogram lifetimes;
};

static struct model_block *model_find(struct model *m, uint64_t address, uint32_t given)
{
    for (size_t i = m->count; i-- > 0;)
        if (m->block[i].address == address && m->block[i].live && m->block[i].given == given)
            return &m->block[i];
    fail_msg("the model has no such block");
    return NULL;
}

static void model_apply(struct model *m, uint64_t index, const struct trace_op *op)
{
    bool split = (op->flags & TRACE_SPLIT) != 0;
    if (op->kind == TRACE_REALLOC_BEGIN) {
        model_find(m, op->old_address, 0)->given = op->thread + 1;
        return;
    }
    if (split && (op->flags & TRACE_FAILED) != 0)
        model_find(m, op->old_address, op->thread + 1)->given = 0;
    if ((op->flags & TRACE_FAILED) != 0)
        return;
    if (op->old_address != 0) {
        struct model_block *old = model_find(m, op->old_address, split ? op->thread + 1 : 0);
        old->live = false;
        m->live_bytes -= old->size;
        m->live_blocks--;
        histogram_add(&m->lifetimes, index - old->born);
    }
    if (op->address != 0) {
        assert_true(m->count < sizeof m->block / sizeof m->block[0]);
        m->block[m->count++] = (struct model_block){op->address, op->size, index, true, 0};
        m->live_bytes += op->size;
        m->live_blocks++;
        m->objects++;
        m->bytes += op->size;
    }
    if (m->live_bytes > m->peak) {
        m->peak = m->live_bytes;
        m->peak_at = index;
    }
}

static void survey_agrees_with_a_naive_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        size_t count = 3000;
        uint32_t threads = (uint32_t)seed;
        struct trace_op *ops = program_ops(count, threads, seed);
        struct model *m = calloc(1, sizeof *m);
        struct survey s;
        assert_non_null(m);
        for (size_t i = 0; i < count; i++)
            model_apply(m, i, &ops[i]);
        program_write(path, ops, count, threads, NULL);
        survey_of(&s);
        assert_int_equal(s.mistakes, 0);
        assert_int_equal(s.operations, count);
        assert_int_equal(s.objects, m->objects);
        assert_int_equal(s.bytes, m->bytes);
        assert_int_equal(s.peak.bytes, m->peak);
        assert_int_equal(s.peak.operation, m->peak_at);
        assert_int_equal(s.end.bytes, m->live_bytes);
        assert_int_equal(s.end.blocks, m->live_blocks);
        assert_memory_equal(&s.lifetimes, &m->lifetimes, sizeof s.lifetimes);
        survey_release(&s);
        free(m);
        free(ops);
    }
}

/* ---- verify ------------------------------------------------------------------- */

static struct verify_result verdict_on(const struct trace_op *ops, size_t count, uint32_t threads)
{
    char message[MESSAGE_BYTES] = "";
    struct verify_result result;
    program_write(path, ops, count, threads, NULL);
    struct trace_reader *reader = program_open(path);
    assert_int_equal(verify_trace(reader, &result, message), 0);
    trace_reader_close(reader);
    return result;
}

static void verify_finds_nothing_in_what_can_be(void **state)
{
    (void)state;
    assert_int_equal(verdict_on(by_hand, BY_HAND, 2).mistakes, 0);
    assert_int_equal(verdict_on(by_hand, 0, 0).mistakes, 0);
    struct trace_op *ops = program_ops(5000, 8, 42);
    struct verify_result result = verdict_on(ops, 5000, 8);
    assert_int_equal(result.mistakes, 0);
    assert_int_equal(result.operations, 5000);
    assert_false(result.unfinished);
    free(ops);
}

static void verify_finds_each_mistake_where_it_is(void **state)
{
    (void)state;
    const struct trace_op allocate = {.address = 0x10, .size = 8, .kind = TRACE_MALLOC};
    const struct trace_op other = {.address = 0x20, .size = 8, .kind = TRACE_MALLOC};
    const struct trace_op release = {.old_address = 0x10, .kind = TRACE_FREE};
    const struct trace_op returns = {.address = 0x30,
                                     .old_address = 0x10,
                                     .size = 9,
                                     .kind = TRACE_REALLOC,
                                     .flags = TRACE_SPLIT};
    const struct trace_op odd = {.address = 0x40,
                                 .size = 8,
                                 .alignment = 24,
                                 .kind = TRACE_ALIGNED_ALLOC};
    const struct trace_op late = {.address = 0x40, .size = 8, .kind = TRACE_MALLOC, .thread = 1};
    const struct wrong {
        struct trace_op op[3];
        uint64_t where;
        const char *reason;
    } cases[] = {
        {{allocate, release, release}, 2, "freed"                },
        {{allocate, other, allocate},  2, "while a block is live"},
        {{other, other, release},      1, "while a block is live"},
        {{allocate, other, returns},   2, "did not begin"        },
        {{allocate, other, odd},       2, "power of two"         },
        {{late, allocate, release},    0, "thread 1 appears"     },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct verify_result result = verdict_on(cases[i].op, 3, 2);
        assert_true(result.mistakes >= 1);
        assert_int_equal(result.kept[0].operation, cases[i].where);
        if (strstr(result.kept[0].reason, cases[i].reason) == NULL)
            fail_msg("case %zu: %s", i, result.kept[0].reason);
    }
}

static void verify_keeps_the_first_mistakes_and_counts_all(void **state)
{
    (void)state;
    struct trace_op ops[25] = {{.old_address = 0}};
    for (size_t i = 0; i < 25; i++)
        ops[i] = (struct trace_op){.old_address = 16 * (i + 1), .kind = TRACE_FREE};
    struct verify_result result = verdict_on(ops, 25, 1);
    assert_int_equal(result.mistakes, 25);
    for (size_t i = 0; i < VERIFY_KEPT; i++)
        assert_int_equal(result.kept[i].operation, i);
}

/* ---- the parts ---------------------------------------------------------------- */

static void histogram_classes_end_at_powers_of_two(void **state)
{
    (void)state;
    struct histogram h = {{0}, 0};
    for (unsigned power = 1; power < 64; power++) {
        uint64_t value = UINT64_C(1) << power;
        assert_int_equal(histogram_class(value), histogram_class(value - (power > 1)));
        assert_int_equal(histogram_class(value + 1), histogram_class(value) + 1);
        assert_int_equal(histogram_most(histogram_class(value)), value);
        assert_int_equal(histogram_least(histogram_class(value + 1)), value + 1);
    }
    assert_int_equal(histogram_class(UINT64_MAX), HISTOGRAM_CLASSES - 1);
    assert_int_equal(histogram_quantile(&h, 50), 0);
    for (int i = 0; i < 90; i++)
        histogram_add(&h, 10);
    for (int i = 0; i < 10; i++)
        histogram_add(&h, 1000);
    assert_int_equal(histogram_quantile(&h, 50), 16);
    assert_int_equal(histogram_quantile(&h, 90), 16);
    assert_int_equal(histogram_quantile(&h, 91), 1024);
}

static void live_curve_keeps_every_peak(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 20; round++) {
        enum { LENGTH = 5000, PARTS = 16 };
        static uint64_t value[LENGTH];
        uint64_t part[PARTS], all = 0, expected = 0, last = 0;
        struct live_curve curve;
        live_curve_init(&curve);
        for (size_t i = 0; i < LENGTH; i++) {
            if (fixture_random(&seed) % 3 == 0) {
                last = fixture_random(&seed) % 1000000;
                live_curve_step(&curve, i, last);
            }
            value[i] = last;
            expected = last > expected ? last : expected;
        }
        live_curve_resample(&curve, LENGTH, part, PARTS);
        for (size_t k = 0; k < PARTS; k++) {
            uint64_t inside = 0;
            for (size_t i = k * LENGTH / PARTS; i < (k + 1) * LENGTH / PARTS; i++)
                inside = value[i] > inside ? value[i] : inside;
            assert_true(part[k] >= inside); /* a bin may reach into the next part */
            all = part[k] > all ? part[k] : all;
        }
        assert_int_equal(all, expected);
    }
}

/* What is printed as figures is exact, at any length. */
static void parts_of_a_live_curve_hold_their_own_peaks(void **state)
{
    enum { LONGEST = 20000, ROOM = 256 };
    static uint64_t value[LONGEST];
    struct live_curve_part part[ROOM];
    uint64_t seed = 11;
    (void)state;
    for (uint64_t length = 1; length <= LONGEST; length += 1 + length / 3) {
        struct live_curve curve;
        live_curve_init(&curve);
        uint64_t last = 0, from = 0;
        for (uint64_t i = 0; i < length; i++) {
            if (i == 0 || fixture_random(&seed) % 5 == 0) {
                last = fixture_random(&seed) % 1000000;
                live_curve_step(&curve, i, last);
            }
            value[i] = last;
        }
        size_t count = live_curve_parts(&curve, length, part, ROOM);
        assert_true(count <= ROOM && (length <= ROOM ? count == length : count > ROOM / 2));
        for (size_t k = 0; k < count; from = part[k++].end) {
            uint64_t inside = 0;
            for (uint64_t i = from; i < part[k].end; i++)
                inside = value[i] > inside ? value[i] : inside;
            assert_int_equal(part[k].most, inside);
        }
        assert_int_equal(from, length);
    }
}

static void profile_classes_cover_all_sizes(void **state)
{
    (void)state;
    unsigned last = 0;
    for (uint64_t size = 0; size < 100000; size++) {
        unsigned class = profile_class_of(size);
        assert_true(class == last || class == last + 1);
        last = class;
    }
    assert_int_equal(profile_class_of(UINT64_MAX), PROFILE_CLASSES - 1);
    assert_int_equal(profile_class_of(2048) + 1, profile_class_of(2049));
}

static void profile_tells_rates_and_means_known_by_hand(void **state)
{
    (void)state;
    char message[MESSAGE_BYTES] = "";
    struct profile profile;
    struct profile_row row;
    program_write(path, by_hand, BY_HAND, 2, NULL);
    struct trace_reader *reader = program_open(path);
    assert_int_equal(profile_trace(reader, &profile, message), 0);
    assert_true(profile_row(&profile, 60, &row));
    assert_int_equal(row.size, 60);
    assert_int_equal(row.objects, 2);
    /* two in 10 us; one of them lives for 2 us of the 10, the other is born at the end */
    assert_true(fabs(row.alloc_rate - 2e5) < 1);
    assert_true(fabs(row.num_live - 0.2) < 1e-9);
    assert_true(fabs(row.share_calloc - 0.5) < 1e-9);
    assert_true(fabs(row.share_cross_thread - 1) < 1e-9);
    assert_true(fabs(row.share_ended - 0.5) < 1e-9);
    assert_int_equal(row.lifetime_p50, 2048);
    assert_true(profile_row(&profile, 200, &row));
    assert_true(fabs(row.share_realloc - 1) < 1e-9);
    assert_true(fabs(row.num_live - 0.3) < 1e-9);
    assert_false(profile_row(&profile, 61, &row));
    profile_release(&profile);
    trace_reader_close(reader);
}

static void profile_without_times_counts_in_operations(void **state)
{
    (void)state;
    static const char *const facts[] = {"has_times", "no", NULL};
    static const struct trace_op ops[] = {
        {.address = 0x10,       .size = 8, .kind = TRACE_MALLOC},
        {.address = 0x20,                     .size = 9,                .kind = TRACE_MALLOC},
        {.old_address = 0x10, .kind = TRACE_FREE},
        {.old_address = 0x20,   .kind = TRACE_FREE                 },
    };
    char message[MESSAGE_BYTES] = "";
    struct profile profile;
    struct profile_row row;
    program_write(path, ops, 4, 1, facts);
    struct trace_reader *reader = program_open(path);
    assert_int_equal(profile_trace(reader, &profile, message), 0);
    assert_false(profile.timed);
    assert_true(profile_row(&profile, 8, &row));
    assert_true(fabs(row.alloc_rate - 0.25) < 1e-9);
    assert_true(fabs(row.num_live - 0.5) < 1e-9);
    assert_int_equal(row.lifetime_p50, 2);
    profile_release(&profile);
    trace_reader_close(reader);
}

static void leaks_are_grouped_by_size_and_thread(void **state)
{
    (void)state;
    char message[MESSAGE_BYTES] = "";
    struct leaks leaks;
    struct trace_op ops[12] = {{.kind = 0}};
    for (size_t i = 0; i < 12; i++)
        ops[i] = (struct trace_op){.time_ns = i * 1000,
                                   .address = 0x100 + 16 * i,
                                   .size = i < 6 ? 24 : 1000,
                                   .kind = TRACE_MALLOC,
                                   .thread = i % 3 == 2};
    ops[11] = (struct trace_op){.time_ns = 11000, .old_address = 0x100, .kind = TRACE_FREE};
    program_write(path, ops, 12, 2, NULL);
    struct trace_reader *reader = program_open(path);
    assert_int_equal(leaks_find(reader, &leaks, message), 0);
    assert_int_equal(leaks.blocks, 10);
    assert_int_equal(leaks.bytes, 5 * 24 + 5 * 1000);
    assert_int_equal(leaks.sizes, 2);
    assert_int_equal(leaks.by_size[0].key, 1000);
    assert_int_equal(leaks.by_size[0].blocks, 5);
    assert_int_equal(leaks.by_size[0].threads, 2);
    assert_int_equal(leaks.by_size[0].oldest_operation, 6);
    assert_int_equal(leaks.by_size[1].oldest_operation, 1);
    assert_int_equal(leaks.threads, 2);
    assert_int_equal(leaks.by_thread[0].key, 0);
    assert_int_equal(leaks.by_thread[0].blocks, 7);
    assert_int_equal(leaks.by_thread[1].bytes, 2 * 24 + 1000);
    assert_int_equal(leaks.age.total, 10);
    leaks_release(&leaks);
    trace_reader_close(reader);
}

static void points_are_operations_times_or_shares(void **state)
{
    (void)state;
    char message[MESSAGE_BYTES];
    struct trace_point point;
    assert_int_equal(trace_point_parse("--from", "1500", &point, message), 0);
    assert_true(point.kind == POINT_OPERATION && point.operation == 1500);
    assert_int_equal(trace_point_parse("--from", "2M", &point, message), 0);
    assert_true(point.kind == POINT_OPERATION && point.operation == 2000000);
    assert_int_equal(trace_point_parse("--from", "2m", &point, message), 0);
    assert_true(point.kind == POINT_TIME && point.time_ns == UINT64_C(120000000000));
    assert_int_equal(trace_point_parse("--from", "1.5s", &point, message), 0);
    assert_true(point.kind == POINT_TIME && point.time_ns == 1500000000);
    assert_int_equal(trace_point_parse("--from", "12.5%", &point, message), 0);
    assert_true(point.kind == POINT_PERCENT && point.millionths == 125000);
    assert_int_equal(trace_point_parse("--from", "100%", &point, message), 0);
    static const char *const wrong[] = {"",
                                        "%",
                                        "101%",
                                        "-1",
                                        "x",
                                        "1.5",
                                        "5 s",
                                        "--1",
                                        "1q",
                                        "9.%%",
                                        "100.1%",
                                        "1e3",
                                        "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (trace_point_parse("--from", wrong[i], &point, message) == 0)
            fail_msg("'%s' was taken", wrong[i]);
}

static int find_range(const char *from_text, const char *to_text, struct trace_range *range)
{
    char message[MESSAGE_BYTES];
    struct trace_point from = {0}, to = {0};
    struct trace_reader *reader = program_open(path);
    if (from_text != NULL)
        assert_int_equal(trace_point_parse("--from", from_text, &from, message), 0);
    if (to_text != NULL)
        assert_int_equal(trace_point_parse("--to", to_text, &to, message), 0);
    int result = trace_range_find(reader, &from, &to, range, message);
    if (result == 0)
        assert_int_equal(trace_reader_position(reader), range->from);
    trace_reader_close(reader);
    return result;
}

static void ranges_begin_with_the_first_operation_at_a_time(void **state)
{
    (void)state;
    struct trace_range range;
    program_write(path, by_hand, BY_HAND, 2, NULL);
    assert_int_equal(find_range(NULL, NULL, &range), 0);
    assert_true(range.from == 0 && range.to == BY_HAND);
    assert_int_equal(find_range("2us", "10us", &range), 0);
    assert_true(range.from == 2 && range.to == 9);
    assert_int_equal(find_range("6us", "99s", &range), 0);
    assert_true(range.from == 8 && range.to == BY_HAND);
    assert_int_equal(find_range("50%", "999", &range), 0);
    assert_true(range.from == 5 && range.to == BY_HAND);
    assert_int_equal(find_range("5", "4", &range), -1);
    assert_int_equal(find_range("11", NULL, &range), -1);
    assert_int_equal(find_range("5us", "1us", &range), -1);
    static const char *const facts[] = {"has_times", "no", NULL};
    program_write(path, by_hand, BY_HAND, 2, facts);
    assert_int_equal(find_range("1us", NULL, &range), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survey_counts_what_was_counted_by_hand),
        cmocka_unit_test(sizes_that_cannot_be_are_told),
        cmocka_unit_test(survey_agrees_with_a_naive_model),
        cmocka_unit_test(verify_finds_nothing_in_what_can_be),
        cmocka_unit_test(verify_finds_each_mistake_where_it_is),
        cmocka_unit_test(verify_keeps_the_first_mistakes_and_counts_all),
        cmocka_unit_test(histogram_classes_end_at_powers_of_two),
        cmocka_unit_test(live_curve_keeps_every_peak),
        cmocka_unit_test(parts_of_a_live_curve_hold_their_own_peaks),
        cmocka_unit_test(profile_classes_cover_all_sizes),
        cmocka_unit_test(profile_tells_rates_and_means_known_by_hand),
        cmocka_unit_test(profile_without_times_counts_in_operations),
        cmocka_unit_test(leaks_are_grouped_by_size_and_thread),
        cmocka_unit_test(points_are_operations_times_or_shares),
        cmocka_unit_test(ranges_begin_with_the_first_operation_at_a_time),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
