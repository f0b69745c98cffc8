/* What a machine can show, on simulated machines whose noise is known. */
#include "noise_fixture.h"
#include "self_noise.h"
#include "simulations.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#ifdef SIMULATIONS_SANITIZED
enum { TRIES = 8 };
#else
enum { TRIES = 24 };
#endif

static struct noise_series series;

static struct verdict_pairs run_series(const struct noise_condition *condition, size_t pairs)
{
    struct noise_machine machine;
    noise_machine_init(&machine, condition, 7);
    series = (struct noise_series){.effect = 0};
    while (series.pairs < pairs)
        noise_series_add(&series, &machine);
    return noise_series_pairs(&series);
}

static void a_quiet_machine_shows_less_than_two_per_cent(void **state)
{
    (void)state;
    struct self_noise noise;
    struct verdict_pairs pairs = run_series(&noise_conditions[0], 160);
    assert_int_equal(self_noise_compute(&noise, &pairs, 0.3, 0.01), 0);
    assert_int_equal(noise.look_count, 4);
    for (size_t i = 0; i < noise.look_count; i++) {
        assert_int_equal(noise.look[i].pairs, self_noise_looks[i]);
        assert_false(noise.look[i].extrapolated);
        assert_true(noise.look[i].half_width > 0 && noise.look[i].half_width < 0.05);
    }
    assert_true(noise.look[3].half_width < noise.look[0].half_width);
    assert_true(noise.smallest <= 0.02);
    assert_false(noise.smallest_extrapolated);
    assert_int_equal(noise.self.verdict, VERDICT_SAME);
}

static void a_noisier_machine_shows_less(void **state)
{
    (void)state;
    struct self_noise quiet, noisy;
    struct verdict_pairs pairs = run_series(&noise_conditions[0], 40);
    assert_int_equal(self_noise_compute(&quiet, &pairs, 0.8, 0.01), 0);
    struct noise_condition wild = {.name = "wild", .lap_jitter = 0.2, .trial_jitter = 0.3};
    pairs = run_series(&wild, 40);
    assert_int_equal(self_noise_compute(&noisy, &pairs, 0.8, 0.01), 0);
    assert_int_equal(noisy.look_count, 2);
    assert_true(noisy.look[1].half_width > 3 * quiet.look[1].half_width);
    assert_true(noisy.smallest > 3 * quiet.smallest);
    assert_true(noisy.smallest > noisy.look[1].half_width / 2);
}

/* Whether another minute of the machine shows the change. */
static bool is_shown(const struct noise_condition *condition, uint64_t seed, double change)
{
    struct noise_machine machine;
    struct verdict_cell cell, *all = &cell;
    const struct verdict_measure measure = {.is_time = true, .gates = true, .threshold = change};
    noise_machine_init(&machine, condition, seed);
    series = (struct noise_series){.effect = change};
    verdict_cell_init(&cell, &measure);
    for (size_t look = 0; look < verdict_rules_default.look_count; look++) {
        while (series.pairs < verdict_rules_default.looks[look])
            noise_series_add(&series, &machine);
        struct verdict_pairs pairs = noise_series_pairs(&series);
        assert_int_equal(verdict_look(&cell, &verdict_rules_default, &pairs), 0);
        assert_int_equal(verdict_decide(&all, 1, &verdict_rules_default), 0);
        if (cell.verdict == VERDICT_WORSE)
            return true;
    }
    return false;
}

/* The size promised of one minute is seen in others of the same machine, a third of it is not:
 * neither an empty promise nor one that could have been any larger. */
static void what_is_promised_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < NOISE_CONDITIONS; i++) {
        const struct noise_condition *condition = &noise_conditions[i];
        struct self_noise noise;
        struct verdict_pairs pairs = run_series(condition, 80);
        assert_int_equal(self_noise_compute(&noise, &pairs, 0.5, 0.01), 0);
        assert_int_equal(noise.look_count, verdict_rules_default.look_count);
        int found = 0, small = 0;
        for (uint64_t seed = 100; seed < 100 + TRIES; seed++) {
            found += is_shown(condition, seed, noise.smallest);
            small += is_shown(condition, seed, noise.smallest / 3);
        }
        print_message("%s: +-%.2f %%, promised %.2f %%: %d of %d, a third of it %d\n",
                      condition->name, 100 * noise.look[2].half_width, 100 * noise.smallest, found,
                      TRIES, small);
        assert_true(found >= TRIES * 3 / 5);
        assert_true(small <= TRIES / 2);
    }
}

static void a_short_series_is_extended_and_says_so(void **state)
{
    (void)state;
    struct self_noise noise;
    struct verdict_pairs pairs = run_series(&noise_conditions[0], 25);
    assert_int_equal(self_noise_compute(&noise, &pairs, 0.3, 0.01), 0);
    assert_int_equal(noise.look_count, 4);
    assert_false(noise.look[0].extrapolated);
    for (size_t i = 1; i < 4; i++) {
        assert_true(noise.look[i].extrapolated);
        assert_true(fabs(noise.look[i].half_width * sqrt(2) - noise.look[i - 1].half_width) < 1e-9);
    }
    assert_true(noise.smallest_extrapolated);
    /* A pair of ten seconds leaves no choice: the first look it is. */
    assert_int_equal(self_noise_compute(&noise, &pairs, 10, 0.01), 0);
    assert_int_equal(noise.look_count, 1);
    assert_false(noise.smallest_extrapolated);
}

static void too_few_pairs_are_refused(void **state)
{
    (void)state;
    struct self_noise noise;
    struct verdict_pairs pairs = run_series(&noise_conditions[0], SELF_NOISE_PAIRS_LEAST - 1);
    assert_int_equal(self_noise_compute(&noise, &pairs, 0.3, 0.01), -1);
    assert_int_equal(errno, EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_machine_shows_less_than_two_per_cent),
        cmocka_unit_test(a_noisier_machine_shows_less),
        cmocka_unit_test(what_is_promised_is_found),
        cmocka_unit_test(a_short_series_is_extended_and_says_so),
        cmocka_unit_test(too_few_pairs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
