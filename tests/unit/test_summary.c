/* The figures of a run, each worked out by hand from the fixture's. */
#include "run_fixture.h"
#include "summary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GLIBC, FAST, ODD };
enum { WEB, WEB_2, PROG };

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.10g is not %.10g (+- %g)", value, expected, tolerance);
}

static int set_up(void **state)
{
    struct run *run = calloc(1, sizeof *run);
    run_fixture_init(run, "2026-11-21T10-00-00-testhost");
    run_fixture_measure(run);
    *state = run;
    return 0;
}

static int tear_down(void **state)
{
    run_release(*state);
    free(*state);
    return 0;
}

static void test_ratios(void **state)
{
    struct summary summary;
    assert_int_equal(summary_init(&summary, *state), 0);
    for (size_t w = 0; w < FIXTURE_WORKLOADS; w++) {
        const struct summary_cell *fast = summary_cell(&summary, w, FAST);
        /* Every lap is twice as fast in every block, so the interval has no width. */
        assert_near(fast->speed.value, 2, 1e-3);
        assert_near(fast->speed.low, 2, 1e-3);
        assert_near(fast->speed.high, 2, 1e-3);
        assert_int_equal(fast->speed.count, FIXTURE_BLOCKS);
        assert_near(fast->cpu_ratio.value, 0.5, 1e-3);
        assert_near(summary_cell(&summary, w, ODD)->speed.value, 0.8, 1e-3);
        assert_near(summary_cell(&summary, w, GLIBC)->speed.value, 1, 0);
        assert_true(isnan(summary_cell(&summary, w, GLIBC)->speed.low));
    }
    assert_int_equal(summary.mean_workloads, FIXTURE_WORKLOADS);
    assert_near(summary.mean[FAST].speed.value, 2, 1e-3);
    assert_int_equal(summary.mean[FAST].speed.count, FIXTURE_BLOCKS);
    assert_int_equal(summary.mean[FAST].workloads, FIXTURE_WORKLOADS);
    double memory = cbrt(13.0 / 12 * 13 / 12 * 31 / 30);
    assert_near(summary.mean[FAST].memory, memory, 1e-12);
    assert_int_equal(summary.mean[GLIBC].frontier, FRONTIER_ON);
    assert_int_equal(summary.mean[FAST].frontier, FRONTIER_ON);
    assert_int_equal(summary.mean[ODD].frontier, FRONTIER_BEATEN);
    summary_release(&summary);
}

static void test_medians(void **state)
{
    struct summary summary;
    assert_int_equal(summary_init(&summary, *state), 0);
    const struct summary_cell *web = summary_cell(&summary, WEB, GLIBC);
    /* Block b: 40 laps of 4.00 ms (1 + b/100), the first five times 2 + b % 3; ten blocks. */
    double sorted[] = {45, 46.35, 47.7, 49.05, 50.5, 52, 53.5, 56.1, 57.75, 59.4};
    assert_near(web->wall.value, (sorted[4] + sorted[5]) / 2 * 4e-3, 1e-9);
    assert_near(web->wall.low, sorted[1] * 4e-3, 1e-9);
    assert_near(web->wall.high, sorted[8] * 4e-3, 1e-9);
    assert_int_equal(web->wall.count, FIXTURE_BLOCKS);
    assert_near(web->lap.value, 4e-3 * 1.045, 1e-9);
    /* 4 million calls; the median of rates is not the rate of the median of two. */
    double rate = (4e6 / (50.5 * 4e-3) + 4e6 / (52 * 4e-3)) / 2;
    assert_near(web->throughput.value, rate, 1e-3);
    assert_near(web->ns_per_operation.value, web->wall.value * 1e9 / 4e6, 1e-9);
    assert_near(summary_cell(&summary, WEB_2, GLIBC)->ns_per_operation.value,
                2 * web->wall.value * 1e9 / 4e6, 1e-9);
    assert_near(web->cpu.value, 40 * 2e-3 * 1.045, 1e-9);
    assert_true(isnan(summary_cell(&summary, PROG, GLIBC)->throughput.value));
    assert_near(summary_cell(&summary, PROG, GLIBC)->wall.value, 0.8 * 1.045, 1e-9);
    summary_release(&summary);
}

static void test_memory(void **state)
{
    struct summary summary;
    assert_int_equal(summary_init(&summary, *state), 0);
    const struct summary_cell *web = summary_cell(&summary, WEB, FAST);
    assert_near(web->peak_rss.value, 13.0 * FIXTURE_MIB, 0);
    assert_near(web->peak_growth.value, 11.0 * FIXTURE_MIB, 0);
    assert_near(web->peak_live.value, 8.0 * FIXTURE_MIB, 0);
    assert_near(web->blow_up.value, 11.0 / 8, 1e-12);
    assert_near(web->overhead_at_peak.value, (11.0 - 2) / 8, 1e-12);
    assert_near(web->mean_overhead.value, 1.3, 1e-12);
    assert_near(web->internal_fragmentation.value, 0.2, 1e-12);
    assert_near(web->external_fragmentation.value, 0.75, 1e-12);
    assert_near(web->retained.value, 3.0 * FIXTURE_MIB, 0);
    assert_near(web->retained_settled.value, 1.0 * FIXTURE_MIB, 0);
    assert_near(web->pss_anon.value, 12.0 * FIXTURE_MIB, 0);
    assert_near(web->minor_faults.value, 2500, 0);
    assert_near(web->syscalls.value, 132, 0);
    assert_int_equal(web->overhead_at_peak.count, 1);
    assert_true(isnan(web->overhead_at_peak.low));
    assert_int_equal(web->blow_up.count, FIXTURE_BLOCKS);
    /* A program's come from its memory pass, and its live bytes are unknown. */
    const struct summary_cell *prog = summary_cell(&summary, PROG, FAST);
    assert_near(prog->peak_rss.value, 31.0 * FIXTURE_MIB, 0);
    assert_true(isnan(prog->blow_up.value) && isnan(prog->mean_overhead.value));
    assert_true(isnan(prog->syscalls.value) && !prog->syscalls_by_name.counted);
    summary_release(&summary);
}

static void set_live(struct run *run, unsigned workload, int64_t live_bytes)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].key.workload == workload)
            run->trials[i].live_peak_bytes = live_bytes;
}

static void test_small_live_set(void **state)
{
    struct summary summary;
    set_live(*state, WEB, FIXTURE_MIB - 1);
    set_live(*state, WEB_2, 64);
    assert_int_equal(summary_init(&summary, *state), 0);
    const struct summary_cell *web = summary_cell(&summary, WEB, GLIBC);
    assert_true(isnan(web->blow_up.value) && isnan(web->overhead_at_peak.value));
    assert_true(isnan(web->mean_overhead.value) && isnan(web->internal_fragmentation.value));
    assert_true(isnan(web->external_fragmentation.value));
    assert_near(web->peak_growth.value, 10.0 * FIXTURE_MIB, 0);
    /* What never had a page of live bytes is no part of the means. */
    assert_int_equal(summary.mean_workloads, 2);
    summary_release(&summary);
    set_live(*state, WEB, FIXTURE_MIB);
    assert_int_equal(summary_init(&summary, *state), 0);
    assert_near(summary_cell(&summary, WEB, GLIBC)->blow_up.value, 10, 1e-12);
    summary_release(&summary);
}

/* The inspection sees the peak of several threads that timed trials miss between laps. */
static void test_peak_of_threads(void **state)
{
    struct summary summary;
    struct trial_key key = {WEB_2, GLIBC, 0, PASS_INSPECT};
    run_fixture_trial(*state, key)->live_peak_bytes = 10 * FIXTURE_MIB;
    assert_int_equal(summary_init(&summary, *state), 0);
    assert_near(summary_cell(&summary, WEB_2, GLIBC)->peak_live.value, 10.0 * FIXTURE_MIB, 0);
    assert_near(summary_cell(&summary, WEB_2, GLIBC)->blow_up.value, 1, 1e-12);
    summary_release(&summary);
}

static void end_as(struct run *run, struct trial_key key, enum trial_status status)
{
    struct trial_record *record = run_fixture_trial(run, key);
    record->status = status;
    snprintf(record->detail, sizeof record->detail, "it %s", trial_status_name(status));
    /* Figures that must not show anywhere. */
    record->wall_ns = 1;
    record->rss_peak_growth_bytes = 1000 * FIXTURE_MIB;
}

static void test_failed_trial(void **state)
{
    struct summary summary;
    end_as(*state, (struct trial_key){WEB, FAST, 3, PASS_TIMED}, STATUS_CRASHED);
    assert_int_equal(summary_init(&summary, *state), 0);
    const struct summary_cell *web = summary_cell(&summary, WEB, FAST);
    assert_int_equal(web->status, STATUS_CRASHED);
    assert_string_equal(web->detail, "it crashed");
    assert_int_equal(web->planned, FIXTURE_BLOCKS);
    assert_int_equal(web->ok, FIXTURE_BLOCKS - 1);
    assert_int_equal(web->speed.count, FIXTURE_BLOCKS - 1);
    assert_near(web->speed.value, 2, 1e-3);
    assert_near(web->peak_growth.high, 11.0 * FIXTURE_MIB, 0);
    /* Out of the mean on both sides, and not compared on the edge. */
    assert_int_equal(summary.mean[FAST].workloads, 2);
    assert_near(summary.mean[FAST].speed.value, 2, 1e-3);
    assert_int_equal(summary.mean[FAST].frontier, FRONTIER_UNKNOWN);
    assert_int_equal(summary.mean[GLIBC].workloads, 3);
    summary_release(&summary);
}

static void test_failed_reference(void **state)
{
    struct summary summary;
    end_as(*state, (struct trial_key){WEB, GLIBC, 3, PASS_TIMED}, STATUS_TIMED_OUT);
    assert_int_equal(summary_init(&summary, *state), 0);
    assert_int_equal(summary_cell(&summary, WEB, FAST)->status, STATUS_OK);
    assert_int_equal(summary_cell(&summary, WEB, FAST)->speed.count, FIXTURE_BLOCKS - 1);
    assert_int_equal(summary.mean_workloads, 2);
    assert_int_equal(summary.mean[FAST].workloads, 2);
    assert_int_equal(summary.mean[FAST].frontier, FRONTIER_ON);
    summary_release(&summary);
}

static void test_failed_inspection(void **state)
{
    struct summary summary;
    end_as(*state, (struct trial_key){WEB, FAST, 0, PASS_INSPECT}, STATUS_TIMED_OUT);
    end_as(*state, (struct trial_key){WEB_2, FAST, 0, PASS_INSPECT}, STATUS_CORRUPT);
    assert_int_equal(summary_init(&summary, *state), 0);
    const struct summary_cell *web = summary_cell(&summary, WEB, FAST);
    assert_int_equal(web->status, STATUS_OK);
    assert_int_equal(web->untimed_status, STATUS_TIMED_OUT);
    assert_int_equal(web->untimed_pass, PASS_INSPECT);
    assert_true(isnan(web->syscalls.value) && isnan(web->internal_fragmentation.value));
    assert_near(web->speed.value, 2, 1e-3);
    /* Damage to contents shows in the inspection only, and spoils the times. */
    assert_int_equal(summary_cell(&summary, WEB_2, FAST)->status, STATUS_CORRUPT);
    assert_int_equal(summary_cell(&summary, WEB_2, FAST)->status_pass, PASS_INSPECT);
    assert_int_equal(summary.mean[FAST].workloads, 2);
    summary_release(&summary);
}

static void set_statuses(struct run *run, unsigned allocator, unsigned from_block,
                         enum trial_status status)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].key.allocator == allocator && run->trials[i].key.block >= from_block &&
            run->trials[i].key.pass == PASS_TIMED)
            run->trials[i].status = status;
}

static void test_unfinished(void **state)
{
    struct summary summary;
    for (unsigned a = 0; a < FIXTURE_ALLOCATORS; a++)
        set_statuses(*state, a, 5, STATUS_PLANNED);
    assert_int_equal(summary_init(&summary, *state), 0);
    const struct summary_cell *web = summary_cell(&summary, WEB, FAST);
    assert_int_equal(web->status, STATUS_OK);
    assert_int_equal(web->ok, 5);
    /* Five blocks: a figure, but no interval at 95 %. */
    assert_near(web->speed.value, 2, 1e-3);
    assert_true(isnan(web->speed.low) && isnan(web->wall.low));
    summary_release(&summary);
    for (unsigned a = 0; a < FIXTURE_ALLOCATORS; a++)
        set_statuses(*state, a, 5, STATUS_OK), set_statuses(*state, a, 6, STATUS_PLANNED);
    assert_int_equal(summary_init(&summary, *state), 0);
    assert_false(isnan(summary_cell(&summary, WEB, FAST)->speed.low));
    assert_false(isnan(summary_cell(&summary, WEB, FAST)->wall.low));
    summary_release(&summary);
}

static void test_skipped_and_planned(void **state)
{
    struct summary summary;
    set_statuses(*state, FAST, 0, STATUS_SKIPPED);
    set_statuses(*state, ODD, 0, STATUS_PLANNED);
    assert_int_equal(summary_init(&summary, *state), 0);
    assert_int_equal(summary_cell(&summary, WEB, FAST)->status, STATUS_SKIPPED);
    assert_int_equal(summary_cell(&summary, WEB, FAST)->skipped, FIXTURE_BLOCKS);
    assert_int_equal(summary_cell(&summary, WEB, ODD)->status, STATUS_PLANNED);
    assert_true(isnan(summary_cell(&summary, WEB, FAST)->speed.value));
    assert_true(isnan(summary.mean[FAST].speed.value) && isnan(summary.mean[FAST].memory));
    assert_int_equal(summary.mean[FAST].workloads, 0);
    summary_release(&summary);
}

/* Different numbers of laps are different work. */
static void test_laps_differ(void **state)
{
    struct summary summary;
    run_fixture_trial(*state, (struct trial_key){WEB, FAST, 2, PASS_TIMED})->laps--;
    assert_int_equal(summary_init(&summary, *state), 0);
    assert_int_equal(summary_cell(&summary, WEB, FAST)->speed.count, FIXTURE_BLOCKS - 1);
    summary_release(&summary);
}

static void test_empty(void **state)
{
    (void)state;
    struct run run;
    struct summary summary;
    run_init(&run);
    assert_int_equal(summary_init(&summary, &run), 0);
    assert_int_equal(summary.mean_workloads, 0);
    summary_release(&summary);
}

static void test_median_trial(void **state)
{
    struct summary summary;
    assert_int_equal(summary_init(&summary, *state), 0);
    const struct trial_record *trial = summary_median_trial(&summary, WEB, GLIBC, PASS_TIMED);
    assert_non_null(trial);
    assert_int_equal(trial->key.block, 1); /* 50.5, the fifth of ten */
    assert_null(summary_median_trial(&summary, PROG, GLIBC, PASS_TIMED));
    summary_release(&summary);
}

/* Drift, bursts and noise common to both sides of a block, and a true ratio under them. */
static void simulate(struct run *run, struct fixture_random *random, double log_slower)
{
    double drift = 0;
    for (size_t i = 0; i < run->trial_count; i++) {
        struct trial_record *record = &run->trials[i];
        if (record->lap == NULL)
            continue;
        drift += 0.02 * fixture_normal(random);
        double slower = record->key.allocator == FAST ? log_slower : 0;
        for (int64_t lap = 0; lap < record->laps; lap++) {
            double burst = fixture_uniform(random) < 0.1 ? 1.5 * fixture_uniform(random) : 0;
            double noise = 0.02 * fixture_normal(random);
            record->lap[lap].wall_ns = (int64_t)(4e6 * exp(drift + slower + burst + noise));
        }
    }
}

static void test_known_ratio(void **state)
{
    enum { RUNS = 400 };
    struct run *run = *state;
    struct fixture_random random = {2026};
    const double truth = 1 / 1.03;
    size_t covered = 0, detected = 0;
    double bias = 0;
    for (int i = 0; i < RUNS; i++) {
        struct summary summary;
        simulate(run, &random, log(1.03));
        assert_int_equal(summary_init(&summary, run), 0);
        const struct estimate *speed = &summary_cell(&summary, WEB, FAST)->speed;
        covered += speed->low <= truth && truth <= speed->high;
        detected += speed->high < 1;
        bias += log(speed->value / truth) / RUNS;
        summary_release(&summary);
    }
    print_message("3 %% slower, 10 blocks: covered %.3f, found %.3f, mean error %.2g %%\n",
                  (double)covered / RUNS, (double)detected / RUNS, 100 * bias);
    assert_true(covered >= 0.92 * RUNS && covered <= 0.985 * RUNS);
    assert_near(bias, 0, 0.003);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_ratios),           TEST(test_medians),
        TEST(test_memory),           TEST(test_small_live_set),
        TEST(test_peak_of_threads),  TEST(test_failed_trial),
        TEST(test_failed_reference), TEST(test_failed_inspection),
        TEST(test_unfinished),       TEST(test_skipped_and_planned),
        TEST(test_laps_differ),      TEST(test_median_trial),
        TEST(test_known_ratio),      cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
