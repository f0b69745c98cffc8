/* Flags of single trials: from records made up so that each flag has a reason of its own. */
#include "disturbance.h"
#include "run_fixture.h"
#include "summary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TRIALS = 6, LAPS = 20 };
#define MS INT64_C(1000000)

struct cell {
    struct trial_record record[TRIALS];
    const struct trial_record *trial[TRIALS];
    unsigned flags[TRIALS];
};

/* Trials of 20 laps; the work of a lap depends on the lap, its time on nothing else. */
static int set_up(void **state)
{
    struct cell *cell = calloc(1, sizeof *cell);
    for (int i = 0; i < TRIALS; i++) {
        struct trial_record *record = &cell->record[i];
        trial_record_init(record);
        record->status = STATUS_OK;
        record->laps = LAPS;
        record->lap = calloc(LAPS, sizeof *record->lap);
        record->threads = 1;
        record->elapsed_ns = 200 * MS;
        record->involuntary_switches = 3;
        record->run_delay_ns = MS / 5;
        record->steal_ticks = 0;
        for (int lap = 0; lap < LAPS; lap++)
            record->lap[lap].wall_ns = (lap % 5 == 0 ? 20 : 5) * MS;
        cell->trial[i] = record;
    }
    *state = cell;
    return 0;
}

static int tear_down(void **state)
{
    struct cell *cell = *state;
    for (int i = 0; i < TRIALS; i++)
        trial_record_release(&cell->record[i]);
    free(cell);
    return 0;
}

static unsigned flags_of(struct cell *cell, int trial)
{
    assert_int_equal(disturbance_of_cell(cell->trial, TRIALS, cell->flags), 0);
    for (int i = 0; i < TRIALS; i++)
        if (i != trial)
            assert_int_equal(cell->flags[i], 0);
    return cell->flags[trial];
}

static void quiet_trials_are_not_flagged_though_their_laps_differ(void **state)
{
    assert_int_equal(flags_of(*state, 0), 0);
}

static void counters_are_held_against_the_life_of_the_trial(void **state)
{
    struct cell *cell = *state;
    struct trial_record *record = &cell->record[2];
    record->steal_ticks = 2; /* 20 ms of 200 */
    assert_int_equal(flags_of(cell, 2), 1u << DISTURBANCE_STEAL);
    record->elapsed_ns = 2000 * MS;
    assert_int_equal(flags_of(cell, 2), 0);
    record->involuntary_switches = 101; /* in 2 s */
    assert_int_equal(flags_of(cell, 2), 1u << DISTURBANCE_PREEMPTED);
    record->threads = 2; /* each half of them */
    record->run_delay_ns = 201 * MS;
    assert_int_equal(flags_of(cell, 2), 1u << DISTURBANCE_WAITED);
    record->threads = 3;
    assert_int_equal(flags_of(cell, 2), 0);
}

static void laps_are_held_against_the_quickest_quarter(void **state)
{
    struct cell *cell = *state;
    for (int lap = 0; lap < LAPS; lap++)
        cell->record[1].lap[lap].wall_ns = cell->record[0].lap[lap].wall_ns * 13 / 10;
    assert_int_equal(flags_of(cell, 1), 1u << DISTURBANCE_SLOW);
    for (int lap = 0; lap < LAPS; lap++)
        cell->record[1].lap[lap].wall_ns = cell->record[0].lap[lap].wall_ns * (lap % 4 ? 1 : 2);
    assert_int_equal(flags_of(cell, 1), 1u << DISTURBANCE_UNEVEN);
    /* One lap in twenty is no burst. */
    for (int lap = 1; lap < LAPS; lap++)
        cell->record[1].lap[lap].wall_ns = cell->record[0].lap[lap].wall_ns;
    assert_int_equal(flags_of(cell, 1), 0);
}

static void most_of_a_cell_may_be_slow(void **state)
{
    struct cell *cell = *state;
    for (int i = 2; i < TRIALS; i++)
        for (int lap = 0; lap < LAPS; lap++)
            cell->record[i].lap[lap].wall_ns = cell->record[0].lap[lap].wall_ns * 3 / 2;
    assert_int_equal(disturbance_of_cell(cell->trial, TRIALS, cell->flags), 0);
    for (int i = 0; i < TRIALS; i++)
        assert_int_equal(cell->flags[i], i < 2 ? 0 : 1u << DISTURBANCE_SLOW);
}

static void what_is_not_known_is_no_flag(void **state)
{
    struct cell *cell = *state;
    struct trial_record *record = &cell->record[3];
    double figures[DISTURBANCE_COUNT];
    record->steal_ticks = record->involuntary_switches = record->run_delay_ns = MEASURE_NONE;
    disturbance_figures(record, NULL, NULL, figures);
    for (int i = 0; i < DISTURBANCE_COUNT; i++)
        assert_true(isnan(figures[i]));
    assert_int_equal(flags_of(cell, 3), 0);
    /* Three trials are too few to tell which of them is slow. */
    for (int i = 3; i < TRIALS; i++)
        cell->record[i].status = STATUS_CRASHED;
    for (int lap = 0; lap < LAPS; lap++)
        cell->record[1].lap[lap].wall_ns *= 2;
    assert_int_equal(flags_of(cell, 1), 0);
    /* One that failed is none that was disturbed. */
    cell->record[4].steal_ticks = 100;
    assert_int_equal(flags_of(cell, 4), 0);
    assert_int_equal(disturbance_of_cell(NULL, 0, NULL), 0);
}

static void words_of_flags(void **state)
{
    (void)state;
    char text[DISTURBANCE_TEXT_BYTES];
    assert_string_equal(disturbance_text(0, text), "");
    assert_string_equal(disturbance_text(1u << DISTURBANCE_SLOW | 1u << DISTURBANCE_STEAL, text),
                        "steal slow");
    assert_string_equal(disturbance_text((1u << DISTURBANCE_COUNT) - 1, text),
                        "steal preempted waited slow uneven");
}

static void the_summary_counts_by_cell_and_keeps_every_trial(void **state)
{
    (void)state;
    struct run run;
    struct summary before, after;
    run_fixture_init(&run, "2026-11-21T10-00-00-testhost");
    run_fixture_measure(&run);
    assert_int_equal(summary_init(&before, &run), 0);
    struct trial_record *hit = run_fixture_trial(&run, (struct trial_key){1, 2, 3, PASS_TIMED});
    hit->elapsed_ns = 1000000000;
    hit->run_delay_ns = hit->elapsed_ns;
    assert_int_equal(summary_init(&after, &run), 0);
    const struct summary_cell *cell = summary_cell(&after, 1, 2);
    assert_int_equal(cell->disturbed_by[DISTURBANCE_WAITED],
                     summary_cell(&before, 1, 2)->disturbed_by[DISTURBANCE_WAITED] + 1);
    assert_true(after.disturbances[hit - run.trials] & 1u << DISTURBANCE_WAITED);
    assert_int_equal(cell->ok, FIXTURE_BLOCKS);
    assert_int_equal(cell->wall.count, FIXTURE_BLOCKS);
    summary_release(&before);
    summary_release(&after);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(quiet_trials_are_not_flagged_though_their_laps_differ,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(counters_are_held_against_the_life_of_the_trial, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(laps_are_held_against_the_quickest_quarter, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(most_of_a_cell_may_be_slow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_known_is_no_flag, set_up, tear_down),
        cmocka_unit_test(words_of_flags),
        cmocka_unit_test(the_summary_counts_by_cell_and_keeps_every_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
