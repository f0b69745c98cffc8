/* Histograms of call times against the times themselves, and what is computed from their bins. */
#include "latency.h"
#include "latency_merge.h"
#include "latency_read.h"
#include "run_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { TIMES = 20000 };
#define WIDTH (1.0 / 128) /* of a bucket, relative to its values */

static void buckets_part_the_numbers(void **state)
{
    (void)state;
    for (unsigned bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
        uint64_t low = latency_bucket_low(bucket), end = latency_bucket_low(bucket + 1);
        assert_true(low < end);
        assert_int_equal(latency_bucket(low), bucket);
        assert_int_equal(latency_bucket(end - 1), bucket);
        assert_true((double)(end - low) <= fmax(1, (double)low * WIDTH));
    }
    assert_int_equal(latency_bucket_low(LATENCY_BUCKETS), UINT64_C(1) << LATENCY_VALUE_BITS);
    assert_int_equal(latency_bucket(UINT64_MAX), LATENCY_BUCKETS - 1);
}

static void classes_part_the_sizes(void **state)
{
    (void)state;
    assert_int_equal(latency_class(0), 0);
    for (unsigned class = 0; class < LATENCY_CLASSES; class ++) {
        int64_t bytes = latency_class_bytes(class);
        assert_int_equal(latency_class_parse(bytes), class);
        if (bytes > 0) {
            assert_int_equal(latency_class((uint64_t)bytes), class);
            assert_int_equal(latency_class((uint64_t)bytes + 1), class + 1);
        }
    }
    assert_int_equal(latency_class_bytes(LATENCY_CLASSES - 1), 0);
    assert_int_equal(latency_class(UINT64_MAX), LATENCY_CLASSES - 1);
    assert_int_equal(latency_class_parse(17), -1);
    for (unsigned kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        assert_int_equal(latency_kind_parse(latency_kind_name(kind)), kind);
    assert_int_equal(latency_kind_parse("mmap"), -1);
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Times over six decades; as the runner would count them in `workers` sheets. */
static void draw(uint64_t *times, struct latency_sheet *sheets, unsigned workers)
{
    struct fixture_random random = {1};
    for (size_t i = 0; i < TIMES; i++) {
        times[i] = (uint64_t)exp(3 + 14 * fixture_uniform(&random));
        latency_count(&sheets[i % workers], (enum latency_kind)(i % LATENCY_CALL_KIND_COUNT), i * 37,
                      times[i]);
    }
    qsort(times, TIMES, sizeof *times, compare);
}

static struct latency_sheet *map_sheets(int file, unsigned workers)
{
    size_t bytes = workers * sizeof(struct latency_sheet);
    assert_int_equal(ftruncate(file, (off_t)bytes), 0);
    void *sheets = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_true(sheets != MAP_FAILED);
    return sheets;
}

static struct trial_page *make_page(unsigned threads, double rate, uint64_t timer_ticks)
{
    struct trial_page *page = calloc(1, sizeof *page + 128);
    assert_non_null(page);
    page->threads = threads;
    page->latency_gap = 64;
    page->latency_ticks_per_ns = rate;
    page->latency_timer_ticks = timer_ticks;
    return page;
}

/* Every percentile lies within half a bucket of the exact one; the longest is exact. */
static void percentiles_are_those_of_the_times(void **state)
{
    enum { WORKERS = 3 };
    static const double shares[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.999};
    static uint64_t times[TIMES];
    const double rate = 2.5, timer = 40;
    struct trial_record record;
    int file = latency_file_open();
    (void)state;
    draw(times, map_sheets(file, WORKERS), WORKERS);
    struct trial_page *page = make_page(WORKERS, rate, (uint64_t)timer);
    trial_record_init(&record);
    if (latency_read(file, page, &record) < 0)
        fail_msg("%s", record.detail);
    assert_int_equal(record.latency_samples, TIMES);
    assert_int_equal(record.latency_timer_ps, llround(timer / rate * 1000));
    latency_sort(record.latency, record.latency_bins);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double ticks = (double)times[(size_t)ceil(shares[i] * TIMES - 1e-6) - 1];
        double exact_ps = fmax(0, (ticks - timer) / rate * 1000);
        double got_ps =
            (double)latency_percentile_ps(record.latency, record.latency_bins, shares[i]);
        double slack_ps = ticks * WIDTH / 2 / rate * 1000 + 1;
        if (fabs(got_ps - exact_ps) > slack_ps)
            fail_msg("%g: %g ps, not %g", shares[i], got_ps, exact_ps);
    }
    double longest_ns = ((double)times[TIMES - 1] - timer) / rate;
    assert_int_equal(record.latency_max_ns, llround(longest_ns));
    assert_true(record.latency_p50_ns < record.latency_p90_ns);
    assert_true(record.latency_p999_ns < record.latency_max_ns);
    assert_true(record.latency_p9999_ns == MEASURE_NONE); /* two calls were slower */
    trial_record_release(&record);
    free(page);
    close(file);
}

/* What takes less than the timer takes no time, not a negative one. */
static void nothing_takes_less_than_no_time(void **state)
{
    struct trial_record record;
    int file = latency_file_open();
    (void)state;
    struct latency_sheet *sheet = map_sheets(file, 1);
    for (int i = 0; i < 100; i++)
        latency_count(sheet, LATENCY_FREE, 8, 10);
    struct trial_page *page = make_page(1, 1, 12);
    trial_record_init(&record);
    assert_int_equal(latency_read(file, page, &record), 0);
    assert_int_equal(record.latency_p50_ns, 0);
    assert_int_equal(record.latency_max_ns, 0);
    trial_record_release(&record);
    free(page);
    close(file);
}

static void a_file_that_does_not_fit_is_refused(void **state)
{
    struct trial_record record;
    int file = latency_file_open();
    (void)state;
    map_sheets(file, 1);
    struct trial_page *page = make_page(2, 1, 0);
    trial_record_init(&record);
    assert_int_equal(latency_read(file, page, &record), -1);
    assert_non_null(strstr(record.detail, "how long calls took"));
    page->threads = 1;
    page->latency_ticks_per_ns = 0;
    assert_int_equal(latency_read(file, page, &record), -1);
    assert_true(record.latency_samples == MEASURE_NONE);
    free(page);
    close(file);
}

static void percentiles_need_ten_calls_behind_them(void **state)
{
    struct latency_bin bins[] = {
        {10, 90, 0, 0},
        {20, 9,  0, 0},
        {30, 1,  0, 0}
    };
    (void)state;
    assert_int_equal(latency_calls(bins, 3), 100);
    assert_int_equal(latency_percentile_ps(bins, 3, 0.5), 10);
    assert_int_equal(latency_percentile_ps(bins, 3, 0.9), 10);
    assert_true(latency_percentile_ps(bins, 3, 0.91) == MEASURE_NONE);
    assert_true(latency_percentile_ps(bins, 0, 0.5) == MEASURE_NONE);
}

static void set_bins(struct trial_record *trial, int64_t first_ps)
{
    trial->key.pass = PASS_LATENCY;
    trial->latency_samples = 40;
    trial->latency_gap = 64;
    trial->latency_paced = 0;
    trial->latency_timer_ps = 15000;
    trial->latency_bins = 2;
    trial->latency = calloc(2, sizeof *trial->latency);
    trial->latency[0] = (struct latency_bin){first_ps, 30, LATENCY_FREE, 2};
    trial->latency[1] = (struct latency_bin){3 * first_ps, 10, LATENCY_MALLOC, 1};
}

/* Trials of one cell are merged by kind and class; what failed is left out. */
static void trials_are_merged(void **state)
{
    struct run run;
    struct summary summary;
    struct latency_merged merged;
    const struct trial_key cell = {.workload = 0, .allocator = 0};
    (void)state;
    run_fixture_init(&run, "merged");
    run_fixture_measure(&run);
    for (unsigned block = 1; block < 4; block++) {
        struct trial_key key = {0, 0, block, PASS_TIMED};
        struct trial_record *trial = run_fixture_trial(&run, key);
        set_bins(trial, 1000 * block);
        trial->status = block == 3 ? STATUS_CRASHED : STATUS_OK;
    }
    assert_int_equal(summary_init(&summary, &run), 0);
    assert_int_equal(latency_merge(&merged, &summary, &cell, LATENCY_ANY, LATENCY_ANY), 0);
    assert_int_equal(merged.calls, 80);
    assert_int_equal(merged.count, 4);
    assert_int_equal(merged.timer_ps, 15000);
    assert_int_equal(latency_merged_longest_ps(&merged), 6000);
    assert_int_equal(latency_percentile_ps(merged.bins, merged.count, 0.5), 2000);
    latency_merged_release(&merged);
    assert_int_equal(latency_merge(&merged, &summary, &cell, LATENCY_MALLOC, 1), 0);
    assert_int_equal(merged.calls, 20);
    latency_merged_release(&merged);
    assert_int_equal(latency_merge(&merged, &summary, &cell, LATENCY_MALLOC, 2), 0);
    assert_int_equal(merged.calls, 0);
    assert_true(latency_merged_longest_ps(&merged) == MEASURE_NONE);
    latency_merged_release(&merged);
    assert_non_null(latency_measured(&summary, 0, LATENCY_OF_CALLS));
    assert_null(latency_measured(&summary, 1, LATENCY_OF_CALLS));
    summary_release(&summary);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_part_the_numbers),
        cmocka_unit_test(classes_part_the_sizes),
        cmocka_unit_test(percentiles_are_those_of_the_times),
        cmocka_unit_test(nothing_takes_less_than_no_time),
        cmocka_unit_test(a_file_that_does_not_fit_is_refused),
        cmocka_unit_test(percentiles_need_ten_calls_behind_them),
        cmocka_unit_test(trials_are_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
