/* What a machine can show, on simulated machines whose noise is known. */
#include "noise_fixture.h"
#include "self_noise.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

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
        cmocka_unit_test(a_short_series_is_extended_and_says_so),
        cmocka_unit_test(too_few_pairs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
