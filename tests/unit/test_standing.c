/* One allocator against the others: ratios worked out by hand from the fixture's figures. */
#include "run_fixture.h"
#include "standing_output.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GLIBC, FAST, ODD };
enum { WEB, WEB_2, PROG };

struct fixture {
    struct run run;
    struct summary summary;
    struct standing standing[STANDING_MEASURE_COUNT];
};

static void stand(struct fixture *fixture, unsigned subject)
{
    assert_int_equal(summary_init(&fixture->summary, &fixture->run), 0);
    for (int i = 0; i < STANDING_MEASURE_COUNT; i++)
        assert_int_equal(standing_init(&fixture->standing[i], &fixture->summary, subject,
                                       (enum standing_measure)i),
                         0);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    run_fixture_init(&fixture->run, "2026-11-21T10-00-00-testhost");
    run_fixture_measure(&fixture->run);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < STANDING_MEASURE_COUNT; i++)
        standing_release(&fixture->standing[i]);
    summary_release(&fixture->summary);
    run_release(&fixture->run);
    free(fixture);
    return 0;
}

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-3))
        fail_msg("%.10g is not %.10g", value, expected);
}

static void test_times(void **state)
{
    struct fixture *fixture = *state;
    const struct standing *cpu = &fixture->standing[STANDING_CPU];
    stand(fixture, ODD);
    for (size_t w = 0; w < FIXTURE_WORKLOADS; w++) {
        assert_near(standing_against(cpu, w, GLIBC)->value, 1.25);
        assert_near(standing_against(cpu, w, FAST)->value, 2.5);
        assert_near(standing_against(cpu, w, FAST)->low, 2.5);
        assert_int_equal(standing_against(cpu, w, FAST)->count, FIXTURE_BLOCKS);
        assert_int_equal(standing_best_peer(cpu, w), FAST);
    }
    assert_near(standing_mean(cpu, GLIBC)->value, 1.25);
    assert_near(standing_mean(cpu, FAST)->high, 2.5);
    assert_int_equal(standing_mean(cpu, FAST)->count, FIXTURE_BLOCKS);
    assert_int_equal(standing_mean_workloads(cpu, FAST), FIXTURE_WORKLOADS);
}

static void test_memory_is_that_of_the_tables(void **state)
{
    struct fixture *fixture = *state;
    stand(fixture, FAST);
    for (size_t w = 0; w < FIXTURE_WORKLOADS; w++)
        assert_near(standing_against(&fixture->standing[STANDING_PEAK_RSS], w, GLIBC)->value,
                    summary_cell(&fixture->summary, w, FAST)->peak_rss.value /
                        summary_cell(&fixture->summary, w, GLIBC)->peak_rss.value);
    assert_near(standing_mean(&fixture->standing[STANDING_PEAK_RSS], GLIBC)->value,
                fixture->summary.mean[FAST].memory);
}

/* Nothing left over, or a page, is the same as the tolerance. */
static void test_little_that_is_retained_is_equal(void **state)
{
    struct fixture *fixture = *state;
    int64_t left_bytes[] = {FIXTURE_MIB, 4096, -8192};
    for (unsigned a = 0; a < FIXTURE_ALLOCATORS; a++) {
        struct trial_record *trial =
            run_fixture_trial(&fixture->run, (struct trial_key){WEB, a, 0, PASS_INSPECT});
        struct checkpoint_record *settled = &trial->checkpoints[CHECKPOINT_SETTLED];
        settled->reached = true;
        settled->vm_rss_bytes = trial->checkpoints[CHECKPOINT_START].vm_rss_bytes + left_bytes[a];
    }
    stand(fixture, FAST);
    const struct standing *settled = &fixture->standing[STANDING_SETTLED];
    assert_near(standing_against(settled, WEB, GLIBC)->value, 0.25);
    assert_near(standing_against(settled, WEB, ODD)->value, 1);
    assert_true(isnan(standing_against(settled, WEB, ODD)->low)); /* measured once */
}

static void test_what_failed_has_no_figures(void **state)
{
    struct fixture *fixture = *state;
    run_fixture_trial(&fixture->run, (struct trial_key){WEB, FAST, 3, PASS_TIMED})->status =
        STATUS_CRASHED;
    run_fixture_trial(&fixture->run, (struct trial_key){WEB_2, GLIBC, 4, PASS_TIMED})->status =
        STATUS_PLANNED;
    stand(fixture, ODD);
    const struct standing *cpu = &fixture->standing[STANDING_CPU];
    assert_int_equal(standing_against(cpu, WEB, FAST)->count, 0);
    assert_int_equal(standing_best_peer(cpu, WEB), GLIBC);
    assert_int_equal(standing_mean_workloads(cpu, FAST), FIXTURE_WORKLOADS - 1);
    assert_near(standing_mean(cpu, FAST)->value, 2.5);
    /* A block that one workload lacks is in no mean. */
    assert_int_equal(standing_against(cpu, WEB_2, GLIBC)->count, FIXTURE_BLOCKS - 1);
    assert_int_equal(standing_mean(cpu, GLIBC)->count, FIXTURE_BLOCKS - 1);
}

static char *print_as(const struct fixture *fixture, const char *format)
{
    static char text[1 << 16];
    FILE *stream = fmemopen(text, sizeof text, "w");
    assert_int_equal(standing_output_find(format)(stream, fixture->standing), 0);
    fclose(stream);
    return text;
}

static void test_tables(void **state)
{
    struct fixture *fixture = *state;
    stand(fixture, ODD);
    const char *text = print_as(fixture, "text");
    assert_non_null(strstr(text, "CPU time, odd, \"name\" / peer"));
    assert_non_null(strstr(text, "web         1.25    2.50  2.500 [2.500, 2.500] fast *\n"));
    assert_non_null(strstr(text, "    glibc    1.250 [1.250, 1.250], 3 workloads\n"));
    text = print_as(fixture, "md");
    assert_non_null(strstr(text, "| web | 1.25 | 2.50 | 2.500 [2.500, 2.500] fast \\* |\n"));
    assert_non_null(strstr(text, "| geometric mean | 1.250 [1.250, 1.250] | 2.500 [2.500, 2.500] "
                                 "| |\n"));
    text = print_as(fixture, "csv");
    assert_non_null(strstr(text, "CPU time,web,\"odd, \"\"name\"\"\",glibc,1.25"));
    assert_null(standing_output_find("json"));
    FILE *full = fopen("/dev/full", "w");
    assert_true(standing_text(full, fixture->standing) < 0);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
        TEST(test_times),
        TEST(test_memory_is_that_of_the_tables),
        TEST(test_little_that_is_retained_is_equal),
        TEST(test_what_failed_has_no_figures),
        TEST(test_tables),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
