/* Blow-up lap by lap, from a timeline. */
#include "blow_up_laps.h"
#include "run_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MIB = 1 << 20, LAPS = 10 };

/* 5 MiB before anything; fill and drain, which are no laps, hold far more. Lap k: 2 MiB live and k
 * resident, then 1 MiB live and k + 1 resident; lap 5 was not sampled, in lap 6 too little lived.
 */
static size_t make_timeline(struct timeline_point *points)
{
    size_t count = 0;
    points[count++] = (struct timeline_point){0, 4 * MIB, 500 * MIB, 0};
    for (int64_t lap = 1; lap <= LAPS; lap++) {
        int64_t live = lap == 6 ? MIB / 4 : MIB;
        if (lap == 5)
            continue;
        points[count++] = (struct timeline_point){lap * 10, 2 * live, (5 + lap) * MIB, lap};
        points[count++] = (struct timeline_point){lap * 10 + 1, live, (6 + lap) * MIB, lap};
    }
    points[count++] = (struct timeline_point){200, 4 * MIB, 500 * MIB, 0};
    return count;
}

/* Of a run with one workload and allocator; `points` is the caller's. */
static void make_trial(struct trial_record *trial, struct timeline_point *points)
{
    trial_record_init(trial);
    trial->key.pass = PASS_TIMED;
    trial->status = STATUS_OK;
    trial->checkpoints[CHECKPOINT_START].reached = true;
    trial->checkpoints[CHECKPOINT_START].vm_rss_bytes = 5 * MIB;
    trial->laps = LAPS;
    trial->sampled = (int64_t)make_timeline(points);
    trial->timeline = points;
}

static void a_lap_is_its_largest_growth_over_its_largest_live(void **state)
{
    struct timeline_point points[2 * LAPS + 2];
    struct trial_record trial;
    struct run run = {.trials = &trial, .trial_count = 1};
    double live[LAPS], values[LAPS];
    (void)state;
    make_trial(&trial, points);
    blow_up_live_by_lap(&run, 0, LAPS, live);
    blow_up_by_lap(&trial, live, values);
    for (int lap = 1; lap <= LAPS; lap++) {
        if (lap == 5 || lap == 6)
            assert_true(isnan(values[lap - 1]));
        else
            assert_true(values[lap - 1] == (lap + 1) / 2.0);
    }
}

/* A trial whose samples missed the top of a lap is measured by one that saw it. */
static void live_bytes_are_the_largest_that_any_trial_saw(void **state)
{
    struct timeline_point points[2][2 * LAPS + 2];
    struct trial_record trials[3];
    struct run run = {.trials = trials, .trial_count = 3};
    double live[LAPS], values[LAPS];
    (void)state;
    make_trial(&trials[0], points[0]);
    make_trial(&trials[1], points[1]);
    trials[2] = trials[1];
    trials[2].status = STATUS_CRASHED;
    points[1][1].live_bytes = 4 * MIB;
    for (int i = 0; i < 2; i++) {
        blow_up_live_by_lap(&run, 0, LAPS, live);
        blow_up_by_lap(&trials[0], live, values);
        assert_true(values[0] == (i == 0 ? 0.5 : 1));
        trials[1].status = STATUS_CRASHED; /* what it saw does not count */
    }
}

/* The fixture's timeline: points of four to a lap, live and resident bytes rise by the same each.
 */
static double of_fixture(const struct trial_record *trial, int lap)
{
    const struct timeline_point *last = &trial->timeline[4 * lap + 3];
    assert_int_equal(last->lap, lap);
    return (double)(last->rss_bytes - trial->checkpoints[CHECKPOINT_START].vm_rss_bytes) /
           (double)last->live_bytes;
}

static void the_ends_are_means_of_a_fifth(void **state)
{
    struct run run;
    struct summary summary;
    struct estimate *curve;
    double early = 0, late = 0;
    (void)state;
    run_fixture_init(&run, "laps");
    run_fixture_measure(&run);
    assert_int_equal(summary_init(&summary, &run), 0);
    const struct trial_record *trial = run_fixture_trial(&run, (struct trial_key){0});
    const struct summary_cell *cell = summary_cell(&summary, 0, 0);
    assert_int_equal(blow_up_curve(&summary, 0, 0, &curve), FIXTURE_LAPS);
    assert_true(fabs(curve[19].value - of_fixture(trial, 20)) < 1e-12);
    assert_int_equal(curve[19].count, FIXTURE_BLOCKS);
    for (int lap = 6; lap <= 8; lap++) /* the first that have 1 MiB */
        early += of_fixture(trial, lap) / 3;
    for (int lap = 33; lap <= FIXTURE_LAPS; lap++)
        late += of_fixture(trial, lap) / 8;
    assert_true(fabs(cell->blow_up_early.value - early) < 1e-12);
    assert_true(fabs(cell->blow_up_late.value - late) < 1e-12);
    assert_true(fabs(cell->blow_up_growth.value - late / early) < 1e-12);
    assert_true(isnan(summary_cell(&summary, 2, 0)->blow_up_early.value)); /* a program */
    free(curve);
    summary_release(&summary);
    run_release(&run);
}

static void what_was_not_sampled_has_none(void **state)
{
    struct timeline_point points[2 * LAPS + 2];
    struct trial_record trial;
    struct run run = {.trials = &trial, .trial_count = 1};
    double live[LAPS], values[LAPS];
    (void)state;
    make_trial(&trial, points);
    blow_up_live_by_lap(&run, 0, LAPS, live);
    trial.timeline = NULL;
    blow_up_by_lap(&trial, live, values);
    assert_true(isnan(values[0]) && isnan(values[LAPS - 1]));
    trial.timeline = points;
    trial.checkpoints[CHECKPOINT_START].reached = false;
    blow_up_by_lap(&trial, live, values);
    assert_true(isnan(values[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lap_is_its_largest_growth_over_its_largest_live),
        cmocka_unit_test(live_bytes_are_the_largest_that_any_trial_saw),
        cmocka_unit_test(the_ends_are_means_of_a_fifth),
        cmocka_unit_test(what_was_not_sampled_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
