/*
 * What a comparison makes of the passes beside the timed one: times of single calls, and the memory
 * of programs.
 */
#include "compare_words.h"
#include "comparison_fixture.h"
#include "lockstep.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_tail_shows_in_its_percentile_alone(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.latency = true;
    fake.rules.gates[MEASURE_MALLOC_P99] = true;
    fake.plan[0][COMPARE_NEW].tail = 1.5;
    assert_int_equal(fake_drive(&fake), COMPARE_WORSE);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_TIME)->verdict, VERDICT_SAME);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_MALLOC_P50)->verdict, VERDICT_SAME);
    const struct verdict_cell *cell = fake_cell(&fake, 0, MEASURE_MALLOC_P99);
    assert_int_equal(cell->verdict, VERDICT_WORSE);
    assert_int_equal(cell->design, DESIGN_PAIRED);
    assert_true(fabs(exp(cell->track[TRACK_LAPS].value) - 1.5) < 0.02);
    assert_int_equal(fake_cell(&fake, 1, MEASURE_MALLOC_P99)->verdict, VERDICT_SAME);
    /* Typical trials, in ns. */
    assert_true(fabs(fake.comparison.workload[0].cell[MEASURE_MALLOC_P99].value[0] - 1000) < 20);
    fake_release(&fake);
}

static void a_percentile_takes_ten_calls_beyond_it(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.latency = true;
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    const struct compare_workload *workload = &fake.comparison.workload[0];
    /* 20,000 mallocs were timed, 2,000 frees, and no realloc. */
    assert_true(workload->cell[MEASURE_MALLOC_P999].available);
    assert_true(workload->cell[MEASURE_FREE_P99].available);
    assert_false(workload->cell[MEASURE_FREE_P999].available);
    assert_true(workload->cell[MEASURE_FREE_P999].thin);
    assert_non_null(strstr(compare_cell_absence(workload, MEASURE_FREE_P999), "too few calls"));
    assert_false(workload->cell[MEASURE_REALLOC_P50].available);
    assert_string_equal(compare_cell_absence(workload, MEASURE_REALLOC_P50), "");
    fake_release(&fake);
}

static void a_few_ns_do_not_matter(void **state)
{
    const struct compare_measure *p50 = &compare_measures[MEASURE_MALLOC_P50];
    struct verdict_measure asked = {.threshold = p50->threshold, .tolerance = p50->tolerance};
    struct verdict_cell cell;
    double base[20], new[20];
    struct verdict_pairs pairs = {.pairs = 20, .laps = 1, .base = base, .new = new};
    (void)state;
    for (int i = 0; i < 20; i++) {
        base[i] = 14 + 0.01 * i;
        new[i] = base[i] + 1;
    }
    verdict_cell_init(&cell, &asked);
    assert_int_equal(verdict_look(&cell, &verdict_rules_default, &pairs), 0);
    assert_int_equal(verdict_decide((struct verdict_cell *[]){&cell}, 1, &verdict_rules_default),
                     0);
    assert_int_equal(cell.verdict, VERDICT_SAME);
}

static void a_latency_trial_that_fails_is_absent_and_the_rest_goes_on(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.latency = true;
    fake.plan[0][COMPARE_NEW].status = STATUS_TIMED_OUT;
    fake.plan[0][COMPARE_NEW].fails_in = PASS_LATENCY;
    fake.plan[0][COMPARE_NEW].fails_at = 4;
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    const struct compare_workload *workload = &fake.comparison.workload[0];
    assert_int_equal(workload->seen, 20);
    assert_false(workload->cell[MEASURE_MALLOC_P50].available);
    assert_non_null(strstr(compare_cell_absence(workload, MEASURE_MALLOC_P50), "timed out"));
    assert_true(fake.beside[0] <= 10);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_TIME)->verdict, VERDICT_SAME);
    fake_release(&fake);
}

static void what_is_clear_of_a_pass_is_not_run_again(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.latency = true;
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake.plan[0][side].noise = 0.5;
    assert_int_equal(fake_drive(&fake), COMPARE_UNDECIDED);
    assert_int_equal(fake.ran[0][COMPARE_NEW], 81);
    /* The warm-up, and 20 pairs that made every percentile clear. */
    assert_int_equal(fake.beside[0], 2 * 21);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_MALLOC_P99)->pairs, 20);
    fake_release(&fake);
}

static void memory_of_a_program_comes_from_pairs_of_its_own_pass(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.program = true;
    fake.plan[1][COMPARE_NEW].fatter = 1.1;
    assert_int_equal(fake_drive(&fake), COMPARE_WORSE);
    const struct verdict_cell *rss = fake_cell(&fake, 1, MEASURE_RSS);
    assert_int_equal(rss->verdict, VERDICT_WORSE);
    assert_int_equal(rss->pairs, 20);
    assert_true(fabs(exp(rss->track[TRACK_LAPS].value) - 1.1) < 0.002);
    assert_int_equal(fake_cell(&fake, 1, MEASURE_FAULTS)->verdict, VERDICT_SAME);
    assert_int_equal(fake_cell(&fake, 1, MEASURE_TIME)->verdict, VERDICT_SAME);
    assert_false(fake.comparison.workload[1].cell[MEASURE_OVERHEAD].available);
    assert_int_equal(fake.beside[1], 2 * 20);
    assert_int_equal(fake.beside[0], 0);
    fake_release(&fake);
}

static void pace(struct fake *fake, int workload, int64_t requests)
{
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake->plan[workload][side].requests = requests;
}

/* Twice as slow in the laps that its schedule makes, which says nothing; what waits does. */
static void requests_at_a_pace_are_judged_and_their_time_is_not(void **state)
{
    struct fake fake;
    char words[COMPARE_WORDS_BYTES];
    (void)state;
    fake_init(&fake);
    pace(&fake, 0, 20000);
    fake.rules.gates[MEASURE_REQUEST_P99] = true;
    fake.plan[0][COMPARE_NEW].slower = 2;
    fake.plan[0][COMPARE_NEW].tail = 1.5;
    assert_int_equal(fake_drive(&fake), COMPARE_WORSE);
    const struct compare_workload *workload = &fake.comparison.workload[0];
    assert_false(workload->cell[MEASURE_TIME].available);
    assert_false(workload->cell[MEASURE_CPU].available);
    assert_false(workload->cell[MEASURE_THROUGHPUT].available);
    assert_non_null(strstr(compare_cell_absence(workload, MEASURE_TIME), "schedule"));
    assert_non_null(strstr(compare_words_absent(workload, words), "time, cpu, throughput (at its"));
    assert_int_equal(fake_cell(&fake, 0, MEASURE_REQUEST_P50)->verdict, VERDICT_SAME);
    const struct verdict_cell *p99 = fake_cell(&fake, 0, MEASURE_REQUEST_P99);
    assert_int_equal(p99->verdict, VERDICT_WORSE);
    assert_true(fabs(exp(p99->track[TRACK_LAPS].value) - 1.5) < 0.02);
    /* The other is a closed loop: none are missed, and its time counts. */
    workload = &fake.comparison.workload[1];
    assert_false(workload->cell[MEASURE_REQUEST_P99].available);
    assert_string_equal(compare_words_absent(workload, words), "");
    assert_int_equal(fake_cell(&fake, 1, MEASURE_TIME)->verdict, VERDICT_SAME);
    fake_release(&fake);
}

static void a_percentile_of_requests_takes_many(void **state)
{
    struct fake fake;
    char words[COMPARE_WORDS_BYTES];
    (void)state;
    fake_init(&fake);
    pace(&fake, 0, 2000);
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    const struct compare_workload *workload = &fake.comparison.workload[0];
    assert_true(workload->cell[MEASURE_REQUEST_P99].available);
    assert_false(workload->cell[MEASURE_REQUEST_P999].available);
    assert_non_null(
        strstr(compare_words_absent(workload, words), "; request-p99.9 (too few requests"));
    fake_release(&fake);
}

/* All pairs are in lockstep or none, and what decides is known before the first. */
static void lockstep_is_for_machines_that_are_saturated(void **state)
{
    static const struct trial_key warm_up = {.pass = PASS_TIMED}, pair = {.block = 1},
                                  paced = {.workload = 1, .block = 1};
    static const double waited[] = {0, 0.2, 0.5};
    struct fake fake;
    (void)state;
    for (int i = 0; i < 3; i++) {
        fake_init(&fake);
        fake.waited = waited[i];
        pace(&fake, 1, 2000);
        fake.rules.lockstep = LOCKSTEP_AUTO;
        fake_drive(&fake);
        struct comparison *comparison = &fake.comparison;
        assert_true(fabs(comparison_waited(comparison) - waited[i]) < 1e-6);
        assert_int_equal(comparison_is_lockstep(comparison, &pair), waited[i] > 0.3);
        assert_false(comparison_is_lockstep(comparison, &warm_up));
        comparison->rules.lockstep = LOCKSTEP_NEVER;
        assert_false(comparison_is_lockstep(comparison, &pair));
        comparison->rules.lockstep = LOCKSTEP_ALWAYS;
        assert_true(comparison_is_lockstep(comparison, &pair));
        assert_false(comparison_is_lockstep(comparison, &paced));
        fake_release(&fake);
    }
}

static void turns_are_10_ms_and_what_leads_in(void **state)
{
    static const struct {
        double lap_ms;
        int64_t laps;
        uint32_t turn, lead;
    } cases[] = {
        {5,    12, 3,  1},
        {2,    50, 7,  2},
        {1,    50, 13, 3},
        {10,   10, 2,  1},
        {30,   10, 2,  1},
        {0.01, 8,  8,  2},
        {4,    3,  3,  1},
        {5,    2,  2,  1},
        {5,    1,  1,  0},
        {0,    12, 2,  1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lockstep_turns turns = lockstep_turns(cases[i].lap_ms * 1e6, cases[i].laps);
        assert_int_equal(turns.laps, cases[i].turn);
        assert_int_equal(turns.lead, cases[i].lead);
    }
}

/* glibc against itself with two threads: 141 and 143 system calls, then 130 and 127. */
static void threads_are_not_exact(void **state)
{
    struct fake fake;
    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        fake_init(&fake);
        fake.run.workloads[0].threads = threads;
        fake.plan[0][COMPARE_NEW].syscalls = 110;
        fake.plan[0][COMPARE_NEW].syscalls_step = 1;
        fake_drive(&fake);
        assert_int_equal(fake_cell(&fake, 0, MEASURE_SYSCALLS)->verdict,
                         threads == 1 ? VERDICT_WORSE : VERDICT_UNDECIDED);
        fake_release(&fake);
    }
}

/* The same trials, stored and taken again, give the same verdicts. */
static void a_round_cut_short_is_dropped(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.latency = true;
    fake.rules.max_time_ns = 1000 * fake.step_ns;
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    struct comparison *comparison = &fake.comparison;
    struct compare_workload *workload = &comparison->workload[0];
    size_t pairs = workload->pairs;
    for (unsigned side = 0; side < COMPARE_SIDES; side++) {
        struct trial_record trial;
        trial_record_init(&trial);
        trial.key = (struct trial_key){.allocator = side, .block = 30 + side, .pass = PASS_TIMED};
        trial.status = STATUS_OK;
        comparison_add(comparison, &trial);
    }
    assert_int_equal(workload->pairs, pairs);
    assert_true(workload->round.open);
    fake_release(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tail_shows_in_its_percentile_alone),
        cmocka_unit_test(a_percentile_takes_ten_calls_beyond_it),
        cmocka_unit_test(a_few_ns_do_not_matter),
        cmocka_unit_test(a_latency_trial_that_fails_is_absent_and_the_rest_goes_on),
        cmocka_unit_test(what_is_clear_of_a_pass_is_not_run_again),
        cmocka_unit_test(memory_of_a_program_comes_from_pairs_of_its_own_pass),
        cmocka_unit_test(requests_at_a_pace_are_judged_and_their_time_is_not),
        cmocka_unit_test(a_percentile_of_requests_takes_many),
        cmocka_unit_test(lockstep_is_for_machines_that_are_saturated),
        cmocka_unit_test(turns_are_10_ms_and_what_leads_in),
        cmocka_unit_test(threads_are_not_exact),
        cmocka_unit_test(a_round_cut_short_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
