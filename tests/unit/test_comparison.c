/*
 * The comparison's rules with a conductor that measures nothing: which trials it wants, when it
 * looks, when it stops, and what comes of failures. Seeds are fixed, so every case is the same
 * each time.
 */
#include "compare_output.h"
#include "comparison_fixture.h"
#include "message.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_same_stops_at_the_first_look(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    for (int w = 0; w < WORKLOADS; w++) {
        assert_int_equal(fake.ran[w][COMPARE_BASE], 21); /* with the warm-up */
        assert_int_equal(fake.ran[w][COMPARE_NEW], 21);
        assert_int_equal(fake_cell(&fake, w, MEASURE_TIME)->verdict, VERDICT_SAME);
        assert_int_equal(fake_cell(&fake, w, MEASURE_RSS)->verdict, VERDICT_SAME);
        assert_int_equal(fake_cell(&fake, w, MEASURE_SYSCALLS)->verdict, VERDICT_SAME);
    }
    assert_int_equal(fake.inspected, WORKLOADS * COMPARE_SIDES * COMPARE_INSPECTIONS);
    assert_int_equal(fake.comparison.mean[MEASURE_TIME].rounds, 20);
    assert_true(fabs(fake.comparison.mean[MEASURE_TIME].value) < 0.005);
    fake_release(&fake);
}

static void twice_as_slow_is_worse_and_the_other_is_not(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[1][COMPARE_NEW].slower = 2;
    assert_int_equal(fake_drive(&fake), COMPARE_WORSE);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_TIME)->verdict, VERDICT_SAME);
    assert_int_equal(fake_cell(&fake, 1, MEASURE_TIME)->verdict, VERDICT_WORSE);
    assert_int_equal(fake_cell(&fake, 1, MEASURE_CPU)->verdict, VERDICT_WORSE);
    assert_int_equal(fake_cell(&fake, 1, MEASURE_THROUGHPUT)->verdict, VERDICT_WORSE);
    assert_true(fabs(exp(fake_cell(&fake, 1, MEASURE_THROUGHPUT)->track[TRACK_LAPS].value) - 0.5) <
                0.01);
    fake_release(&fake);
}

static void twice_as_fast_is_not_worse(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_BASE].slower = 2;
    fake.plan[1][COMPARE_BASE].fatter = 2;
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_TIME)->verdict, VERDICT_BETTER);
    assert_int_equal(fake_cell(&fake, 1, MEASURE_RSS)->verdict, VERDICT_BETTER);
    fake_release(&fake);
}

static void only_what_gates_decides(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].fatter = 2;
    fake.plan[0][COMPARE_NEW].syscalls = 1000;
    fake.rules.gates[MEASURE_RSS] = false;
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_RSS)->verdict, VERDICT_WORSE);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_SYSCALLS)->verdict, VERDICT_WORSE);
    comparison_release(&fake.comparison);
    fake.rules.gates[MEASURE_SYSCALLS] = true;
    assert_int_equal(fake_drive(&fake), COMPARE_WORSE);
    fake_release(&fake);
}

static void noise_goes_on_to_the_last_look_and_is_undecided(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake.plan[0][side].noise = 0.5;
    assert_int_equal(fake_drive(&fake), COMPARE_UNDECIDED);
    assert_int_equal(fake.ran[0][COMPARE_NEW], 81);
    assert_int_equal(fake.ran[1][COMPARE_NEW], 21);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_TIME)->verdict, VERDICT_UNDECIDED);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_TIME)->reason, REASON_WIDE);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_TIME)->look, 3);
    /* What was clear at the first look was not looked at again. */
    assert_int_equal(fake_cell(&fake, 0, MEASURE_RSS)->look, 1);
    /* Rounds that both have. */
    assert_int_equal(fake.comparison.mean[MEASURE_TIME].rounds, 20);
    fake_release(&fake);
}

static void the_warm_up_counts_for_nothing(void **state)
{
    struct fake fake;
    double plain;
    (void)state;
    fake_init(&fake);
    fake_drive(&fake);
    plain = fake_cell(&fake, 0, MEASURE_TIME)->track[TRACK_LAPS].value;
    fake_release(&fake);
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].first_slower = 50;
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    assert_true(fake_cell(&fake, 0, MEASURE_TIME)->track[TRACK_LAPS].value == plain);
    fake_release(&fake);
}

static void time_runs_out_between_looks_and_the_last_look_stands(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int w = 0; w < WORKLOADS; w++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            fake.plan[w][side].noise = 0.5;
    /* Pair 25 of both: 2 x 2 trials a block, behind 8 inspections; one more trial is under way. */
    fake.rules.max_time_ns = (8 + 4 * 26 + 1) * fake.step_ns;
    assert_int_equal(fake_drive(&fake), COMPARE_UNDECIDED);
    assert_true(fake.comparison.out_of_time);
    /* The pair that was begun was completed, and no other begun. */
    assert_int_equal(fake.ran[0][COMPARE_BASE], 27);
    assert_int_equal(fake.ran[0][COMPARE_NEW], 27);
    assert_int_equal(fake.ran[1][COMPARE_BASE], 26);
    assert_int_equal(fake.comparison.workload[0].pairs, 26);
    assert_int_equal(fake.comparison.workload[0].seen, 20);
    assert_int_equal(fake_cell(&fake, 0, MEASURE_TIME)->pairs, 20);
    fake_release(&fake);
}

static void the_family_is_whole_from_the_first_look(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].slower = 2;
    /* The first workload's 20th pair is the last to be begun. */
    fake.rules.max_time_ns = (8 + 4 * 20 + 1) * fake.step_ns;
    fake_drive(&fake);
    assert_int_equal(fake.comparison.workload[0].seen, 20);
    assert_int_equal(fake.comparison.workload[1].seen, 0);
    const struct verdict_cell *cell = fake_cell(&fake, 0, MEASURE_TIME);
    assert_true(cell->p < 0.001);
    /* Time and rss of both workloads. */
    assert_true(fabs(cell->p_family - 4 * cell->p) < 1e-9);
    fake_release(&fake);
}

static void no_look_before_time_is_up(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].slower = 3;
    fake.rules.max_time_ns = 50 * fake.step_ns;
    assert_int_equal(fake_drive(&fake), COMPARE_UNDECIDED);
    assert_int_equal(fake.comparison.workload[0].seen, 0);
    fake_release(&fake);
}

static void new_that_fails_is_worse(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].status = STATUS_CRASHED;
    fake.plan[0][COMPARE_NEW].fails_at = 3;
    assert_int_equal(fake_drive(&fake), COMPARE_WORSE);
    assert_int_equal(compare_outcome(&fake.comparison.workload[0]), OUTCOME_NEW_FAILED);
    assert_int_equal(compare_outcome(&fake.comparison.workload[1]), OUTCOME_COMPARED);
    /* BASE was run beside it, and then neither. */
    assert_int_equal(fake.ran[0][COMPARE_NEW], 4);
    assert_int_equal(fake.ran[0][COMPARE_BASE], 4);
    assert_string_equal(fake.comparison.workload[0].failure[COMPARE_NEW].detail,
                        "fell <over> & \"out\"");
    fake_release(&fake);
}

static void base_that_fails_alone_is_not_worse(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_BASE].status = STATUS_CORRUPT;
    fake.plan[0][COMPARE_BASE].fails_in = PASS_INSPECT;
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    assert_int_equal(compare_outcome(&fake.comparison.workload[0]), OUTCOME_BASE_FAILED);
    assert_int_equal(fake.ran[0][COMPARE_BASE], 1);
    fake_release(&fake);
}

static void both_that_fail_could_not_run(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake.plan[0][side].status = STATUS_TIMED_OUT;
    assert_int_equal(fake_drive(&fake), COMPARE_COULD_NOT_RUN);
    assert_int_equal(fake.ran[0][COMPARE_BASE], 1);
    assert_int_equal(fake.ran[0][COMPARE_NEW], 1);
    /* Something worse outweighs it. */
    comparison_release(&fake.comparison);
    fake.plan[1][COMPARE_NEW].slower = 2;
    assert_int_equal(fake_drive(&fake), COMPARE_WORSE);
    fake_release(&fake);
}

static void another_malloc_is_no_verdict(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int w = 0; w < WORKLOADS; w++)
        fake.plan[w][COMPARE_NEW].status = STATUS_NOT_INJECTED;
    assert_int_equal(fake_drive(&fake), COMPARE_COULD_NOT_RUN);
    fake_release(&fake);
}

static void what_cannot_run_here_is_left_out(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_BASE].status = fake.plan[0][COMPARE_NEW].status = STATUS_SKIPPED;
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    assert_int_equal(compare_outcome(&fake.comparison.workload[0]), OUTCOME_LEFT_OUT);
    comparison_release(&fake.comparison);
    fake.plan[1][COMPARE_BASE].status = fake.plan[1][COMPARE_NEW].status = STATUS_SKIPPED;
    assert_int_equal(fake_drive(&fake), COMPARE_COULD_NOT_RUN);
    fake_release(&fake);
}

static void a_measure_that_is_missing_gates_nothing(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake.plan[0][side].no_memory = true;
    assert_int_equal(fake_drive(&fake), COMPARE_NOTHING_WORSE);
    assert_false(fake.comparison.workload[0].cell[MEASURE_RSS].available);
    assert_false(compare_cell_gates(&fake.comparison, &fake.comparison.workload[0], MEASURE_RSS));
    assert_true(fake.comparison.workload[1].cell[MEASURE_RSS].available);
    fake_release(&fake);
}

static void looks_are_made_of_the_most_pairs(void **state)
{
    static const struct {
        size_t most, looks[4], count;
    } cases[] = {
        {80, {20, 40, 80}, 3},
        {30, {20, 30},     2},
        {12, {12},         1},
        {20, {20},         1}
    };
    struct compare_rules rules;
    char message[MESSAGE_BYTES];
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        compare_rules_init(&rules);
        assert_int_equal(compare_rules_set_pairs(&rules, cases[c].most, message), 0);
        assert_int_equal(rules.verdict.look_count, cases[c].count);
        for (size_t i = 0; i < cases[c].count; i++)
            assert_int_equal(rules.verdict.looks[i], cases[c].looks[i]);
    }
    assert_int_equal(compare_rules_set_pairs(&rules, 100000, message), -1);
    /* One look, one workload, time and rss: 0.01 / 2 / 2 = 0.0025 <= 2 / 2^n, n = 10. */
    compare_rules_init(&rules);
    compare_rules_set_pairs(&rules, 12, message);
    assert_int_equal(compare_rules_least_pairs(&rules, 1), 10);
}

static void no_format_fails_on_what_is_strange(void **state)
{
    struct fake fake;
    char *text = NULL;
    size_t bytes = 0;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].status = STATUS_CRASHED;
    fake_drive(&fake);
    struct compare_report report = {
        .comparison = &fake.comparison, .word = {"old", "new <&>"},
             .store = "a store"
    };
    for (const struct compare_format *format = compare_formats; format->name != NULL; format++) {
        FILE *stream = open_memstream(&text, &bytes);
        assert_int_equal(format->write(stream, &report), 0);
        fclose(stream);
        assert_non_null(strstr(text, "crashed"));
        if (strcmp(format->name, "junit") == 0) {
            assert_non_null(strstr(text, "fell &lt;over&gt; &amp; &quot;out&quot;"));
            assert_non_null(strstr(text, "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\""));
        }
        free(text);
        FILE *full = fopen("/dev/full", "w");
        assert_non_null(full);
        assert_int_equal(format->write(full, &report), -1);
        fclose(full);
    }
    fake_release(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_stops_at_the_first_look),
        cmocka_unit_test(twice_as_slow_is_worse_and_the_other_is_not),
        cmocka_unit_test(twice_as_fast_is_not_worse),
        cmocka_unit_test(only_what_gates_decides),
        cmocka_unit_test(noise_goes_on_to_the_last_look_and_is_undecided),
        cmocka_unit_test(the_warm_up_counts_for_nothing),
        cmocka_unit_test(time_runs_out_between_looks_and_the_last_look_stands),
        cmocka_unit_test(the_family_is_whole_from_the_first_look),
        cmocka_unit_test(no_look_before_time_is_up),
        cmocka_unit_test(new_that_fails_is_worse),
        cmocka_unit_test(base_that_fails_alone_is_not_worse),
        cmocka_unit_test(both_that_fail_could_not_run),
        cmocka_unit_test(another_malloc_is_no_verdict),
        cmocka_unit_test(what_cannot_run_here_is_left_out),
        cmocka_unit_test(a_measure_that_is_missing_gates_nothing),
        cmocka_unit_test(looks_are_made_of_the_most_pairs),
        cmocka_unit_test(no_format_fails_on_what_is_strange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
