/* Times of single calls, in the runner: which calls are timed, and from when. */
#include "runner_driver.h"
#include "sampler.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { CALLS = 400000, PAIRS = 20000, LAPS = 3, THREADS = 2 };

static uint64_t timed_calls(const struct latency_sheet *sheet, unsigned kind)
{
    uint64_t calls = 0;
    for (unsigned size_class = 0; size_class < LATENCY_CLASSES; size_class++)
        for (unsigned bucket = 0; bucket < LATENCY_BUCKETS; bucket++)
            calls += sheet->of[kind][size_class].calls[bucket];
    return calls;
}

static struct latency_sheet *new_sheet(void)
{
    struct latency_sheet *sheet = aligned_alloc(_Alignof(struct latency_sheet), sizeof *sheet);
    assert_non_null(sheet);
    *sheet = (struct latency_sheet){0};
    return sheet;
}

/* Gaps of a geometric distribution: their mean, their spread, and how often two calls in a row are
 * timed; each within five standard errors. */
static void gaps_are_geometric(void **state)
{
    static const unsigned gaps[] = {2, 7, 64, 1000};
    (void)state;
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
        struct latency_sheet *sheet = new_sheet();
        struct sampler sampler;
        double gap = gaps[g], share = 1 / gap, sum = 0, squares = 0, ones = 0, count = 0;
        sampler_init(&sampler, sheet, gaps[g], 7 + g);
        for (uint64_t since = 0; count < CALLS / 4;) {
            since++;
            if (!sampler_wants(&sampler))
                continue;
            sampler_note(&sampler, 1, 2, LATENCY_MALLOC, 8);
            sum += (double)since;
            squares += (double)since * (double)since;
            ones += since == 1;
            count++;
            since = 0;
        }
        double mean = sum / count, deviation = sqrt(squares / count - mean * mean);
        double expected = gap * sqrt(1 - share);
        assert_true(fabs(mean - gap) < 5 * expected / sqrt(count));
        assert_true(fabs(deviation / expected - 1) < 0.03);
        assert_true(fabs(ones / count - share) < 5 * sqrt(share * (1 - share) / count));
        free(sheet);
    }
}

static void every_call_is_timed_when_asked(void **state)
{
    struct latency_sheet *sheet = new_sheet();
    struct sampler sampler;
    (void)state;
    sampler_init(&sampler, sheet, 1, 1);
    for (int i = 0; i < 1000; i++) {
        void *block = sampler_malloc(&sampler, 100);
        block = sampler_realloc(&sampler, block, 5000);
        sampler_free(&sampler, block, 5000);
        sampler_free(&sampler, sampler_calloc(&sampler, 16), 16);
    }
    assert_int_equal(timed_calls(sheet, LATENCY_MALLOC), 1000);
    assert_int_equal(timed_calls(sheet, LATENCY_REALLOC), 1000);
    assert_int_equal(timed_calls(sheet, LATENCY_CALLOC), 1000);
    assert_int_equal(timed_calls(sheet, LATENCY_FREE), 2000);
    free(sheet);
}

/* The longest time in the sheet, in ns. */
static double longest_ns(const struct latency_sheet *sheet, const struct sampler *sampler)
{
    return (double)sheet->of[LATENCY_MALLOC][0].longest / sampler->ticks_per_ns;
}

static void make_call(struct sampler *sampler)
{
    free(sampler_malloc(sampler, 8));
}

static struct sampler pace(struct latency_sheet *sheet)
{
    struct sampler sampler;
    sampler_init(&sampler, sheet, 1, 1);
    sampler.paced = true;
    sampler.grain_ns = 20000;
    sampler.ticks_per_ns = sampler_ticks_per_ns();
    return sampler;
}

/* The lower ends hold on any machine: what was waited was waited. */
static void a_late_call_has_waited(void **state)
{
    enum { LATE_NS = 50000000 };
    struct latency_sheet *sheet = new_sheet();
    struct sampler sampler = pace(sheet);
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    (void)state;
    sampler_due(&sampler, now_ns - LATE_NS, now_ns, false);
    make_call(&sampler);
    assert_true(longest_ns(sheet, &sampler) >= LATE_NS * 0.999);
    *sheet = (struct latency_sheet){0};
    make_call(&sampler); /* it has no time of its own */
    assert_true(longest_ns(sheet, &sampler) >= (LATE_NS - 20000) * 0.999);
    free(sheet);
}

/* How late a timer wakes, and how long others keep us between laps, is none of the allocator's. */
static void what_is_not_the_allocator_s_is_forgiven(void **state)
{
    const int64_t hour_ns = INT64_C(3600000000000);
    struct latency_sheet *sheet = new_sheet();
    struct sampler sampler = pace(sheet);
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    (void)state;
    make_call(&sampler); /* nothing was due yet */
    sampler_due(&sampler, now_ns - hour_ns, now_ns, true);
    make_call(&sampler);
    sampler_due(&sampler, now_ns - hour_ns + 1000, now_ns, false);
    make_call(&sampler);
    sampler.slip_ns = 0;
    sampler.held_ns = hour_ns;
    sampler_due(&sampler, now_ns - hour_ns, now_ns, false);
    make_call(&sampler);
    assert_true(longest_ns(sheet, &sampler) < (double)hour_ns / 2);
    assert_int_equal(sampler.held_ns, 0);
    free(sheet);
}

static uint64_t run_pairs(uint32_t gap, bool in_process, const char *params, uint64_t *operations)
{
    struct driver_outcome outcome;
    int low = memfd_create("latency", MFD_CLOEXEC), file = fcntl(low, F_DUPFD_CLOEXEC, 16);
    struct driver_order order = {.workload = "pairs",
                                 .params = params,
                                 .seed = 1,
                                 .latency_gap = gap,
                                 .latency = file,
                                 .in_process = in_process};
    close(low);
    driver_run(&order, &outcome);
    assert_int_equal(outcome.exit_status, 0);
    assert_int_equal(outcome.page->outcome, OUTCOME_DONE);
    assert_true(outcome.page->latency_ticks_per_ns > 0);
    size_t bytes = outcome.page->threads * sizeof(struct latency_sheet);
    const struct latency_sheet *sheets = mmap(NULL, bytes, PROT_READ, MAP_SHARED, file, 0);
    assert_true(sheets != MAP_FAILED);
    uint64_t timed = 0;
    for (unsigned i = 0; i < outcome.page->threads; i++)
        for (unsigned kind = 0; kind < LATENCY_CALL_KIND_COUNT; kind++)
            timed += timed_calls(&sheets[i], kind);
    *operations = 0;
    for (unsigned lap = 0; lap < outcome.page->laps; lap++)
        *operations += outcome.page->lap[lap].operations;
    munmap((void *)sheets, bytes);
    driver_release(&outcome);
    close(file);
    return timed;
}

/* Only calls of timed laps, all workers', and those all: the warm-up and the drain are left out. */
static void timed_laps_are_timed_whole(void **state)
{
    uint64_t operations;
    (void)state;
    uint64_t timed = run_pairs(1, true, "pairs=20000,batch=10,laps=3,threads=2", &operations);
    assert_int_equal(operations, 2 * PAIRS * LAPS * THREADS);
    assert_int_equal(timed, operations);
    timed = run_pairs(16, false, "pairs=20000,batch=10,laps=3,threads=2", &operations);
    assert_int_equal(operations, 2 * PAIRS * LAPS * THREADS);
    double expected = (double)operations / 16;
    assert_true(fabs((double)timed - expected) < 5 * sqrt(expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_geometric),
        cmocka_unit_test(every_call_is_timed_when_asked),
        cmocka_unit_test(a_late_call_has_waited),
        cmocka_unit_test(what_is_not_the_allocator_s_is_forgiven),
        cmocka_unit_test(timed_laps_are_timed_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
