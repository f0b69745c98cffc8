/*
 * The estimators behind verdicts against published examples, against enumeration of every
 * outcome, and against simulations with fixed seeds.
 */
#include "floor_ratio.h"
#include "holm.h"
#include "order_statistic.h"
#include "rank_sum.h"
#include "run_fixture.h"
#include "simulations.h"
#include "suite_mean.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.10g is not %.10g (+- %g)", value, expected, tolerance);
}

/* Permeability constants of the human chorioamnion at term, and at 12 to 26 weeks (Hollander and
 * Wolfe 1999, table 4.1, examples 4.1, 4.3 and 4.4; R's wilcox.test() shows the same). */
static const double at_term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
static const double earlier[] = {1.15, 0.88, 0.90, 0.74, 1.21};

static void test_permeability(void **state)
{
    (void)state;
    struct sample term = {at_term, 10}, early = {earlier, 5};
    struct shift shift;
    assert_near(rank_sum_statistic(term, early), 30, 0);
    /* 382 of the 3,003 choices: 0.1272. */
    assert_near(rank_sum_p(term, early, TAIL_LESS), 0.1272, 5e-5);
    assert_int_equal(rank_sum_shift(term, early, 0.04, &shift), 0);
    assert_near(shift.value, -0.305, 1e-9);
    assert_near(shift.low, -0.76, 1e-9);
    assert_near(shift.high, 0.15, 1e-9);
    assert_true(shift.level >= 0.96 && shift.level < 0.97);
}

/* p of both tails from every choice of which values are b's. */
static double enumerate_choices(const double *values, size_t count, size_t in_b)
{
    double a[16], b[16], observed = 0;
    size_t below = 0, above = 0, all = 0;
    for (size_t choice = 0; choice <= (size_t)1 << count; choice++) {
        /* First the choice that was made: the last ones are b's. */
        size_t bits = choice == 0 ? (((size_t)1 << in_b) - 1) << (count - in_b) : choice - 1;
        size_t n = 0, m = 0;
        if ((size_t)__builtin_popcountll(bits) != in_b)
            continue;
        for (size_t i = 0; i < count; i++)
            *((bits >> i & 1) != 0 ? &b[m++] : &a[n++]) = values[i];
        double sum = rank_sum_statistic((struct sample){a, n}, (struct sample){b, m});
        if (choice == 0) {
            observed = sum;
            continue;
        }
        below += sum <= observed;
        above += sum >= observed;
        all++;
    }
    return fmin(1, 2 * fmin((double)below, (double)above) / (double)all);
}

/* Percent of flies killed by two concentrations of a spray (Wilcoxon 1945, Biometrics Bulletin 1,
 * table I: rank totals 91 and 45). */
static void test_fly_spray(void **state)
{
    (void)state;
    static const double kills[] = {68, 68, 59, 72, 64, 67, 70, 74, 60, 67, 61, 62, 67, 63, 56, 58};
    struct sample a = {kills, 8}, b = {kills + 8, 8};
    assert_near(rank_sum_statistic(b, a), 91, 0);
    assert_near(rank_sum_statistic(a, b), 45, 0);
    assert_near(rank_sum_p(a, b, TAIL_BOTH), enumerate_choices(kills, 16, 8), 1e-12);
    assert_near(rank_sum_p(a, b, TAIL_LESS) + rank_sum_p(b, a, TAIL_LESS), 1, 0.01);
}

static void test_rank_sum_enumeration(void **state)
{
    (void)state;
    struct fixture_random random = {3};
    for (size_t count = 2; count <= 11; count++)
        for (size_t in_b = 1; in_b < count; in_b += 2)
            for (int rounded = 0; rounded < 2; rounded++) {
                double values[16];
                for (size_t i = 0; i < count; i++) {
                    double value = fixture_normal(&random) + (i >= count - in_b);
                    values[i] = rounded ? round(value) : value;
                }
                struct sample a = {values, count - in_b}, b = {values + count - in_b, in_b};
                assert_near(rank_sum_p(a, b, TAIL_BOTH), enumerate_choices(values, count, in_b),
                            1e-12);
            }
}

static void test_rank_sum_edges(void **state)
{
    (void)state;
    static const double ones[60] = {0}, three[] = {1, 2, 3};
    double many[120];
    struct shift below, above;
    struct fixture_random random = {8};
    assert_near(rank_sum_p((struct sample){ones, 60}, (struct sample){ones, 60}, TAIL_BOTH), 1, 0);
    assert_near(rank_sum_p((struct sample){ones, 5}, (struct sample){ones, 0}, TAIL_BOTH), 1, 0);
    assert_int_equal(rank_sum_shift((struct sample){three, 3}, (struct sample){three, 3}, 0.05,
                                    &below),
                     0);
    /* The widest interval of 3 against 3 covers 90 %. */
    assert_true(below.value == 0 && isnan(below.low) && isnan(below.level));
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = fixture_normal(&random) + (i >= 60);
    assert_int_equal(rank_sum_shift((struct sample){many, 50}, (struct sample){many + 60, 50}, 0.05,
                                    &below),
                     0);
    assert_int_equal(rank_sum_shift((struct sample){many, 51}, (struct sample){many + 60, 50}, 0.05,
                                    &above),
                     0);
    assert_near(below.low, above.low, 0.08);
    assert_near(below.high, above.high, 0.08);
    assert_near(above.level, 0.95, 0.001);
}

static void test_rank_sum_coverage(void **state)
{
    (void)state;
    struct fixture_random random = {77};
    size_t covered = 0, alarms = 0;
    struct shift shift;
    for (size_t i = 0; i < SIMULATIONS; i++) {
        double a[12], b[9];
        for (size_t j = 0; j < 12; j++)
            a[j] = -log(fixture_uniform(&random));
        for (size_t j = 0; j < 9; j++)
            b[j] = 0.4 - log(fixture_uniform(&random));
        struct sample first = {a, 12}, second = {b, 9};
        assert_int_equal(rank_sum_shift(first, second, 0.05, &shift), 0);
        covered += shift.low <= 0.4 && 0.4 <= shift.high;
        for (size_t j = 0; j < 9; j++)
            b[j] -= 0.4;
        alarms += rank_sum_p(first, second, TAIL_BOTH) <= 0.05;
    }
    double share = (double)covered / SIMULATIONS, false_share = (double)alarms / SIMULATIONS;
    print_message("rank sum, 12 and 9: coverage %.4f (exact level %.4f), false alarms %.4f\n",
                  share, shift.level, false_share);
    assert_near(share, 0.95, SIMULATIONS_BAND);
    assert_near(share, shift.level, SIMULATIONS_ERROR);
    assert_near(false_share, 1 - shift.level, SIMULATIONS_ERROR);
}

static void test_holm(void **state)
{
    (void)state;
    /* As documented for R's p.adjust() and pingouin.multicomp(method='holm'). */
    double p[] = {0.50, 0.003, 0.32, 0.054, 0.0003}, four[] = {0.01, 0.04, 0.03, 0.005};
    static const double expected[] = {0.64, 0.012, 0.64, 0.162, 0.0015};
    static const double expected_four[] = {0.03, 0.06, 0.06, 0.02};
    double missing[] = {NAN, 0.02};
    assert_int_equal(holm_adjust(p, 5, p), 0);
    assert_int_equal(holm_adjust(four, 4, four), 0);
    for (size_t i = 0; i < 5; i++)
        assert_near(p[i], expected[i], 1e-12);
    for (size_t i = 0; i < 4; i++)
        assert_near(four[i], expected_four[i], 1e-12);
    assert_int_equal(holm_adjust(missing, 2, missing), 0);
    assert_near(missing[0], 1, 0);
    assert_near(missing[1], 0.04, 1e-12);
    assert_int_equal(holm_adjust(p, 0, p), 0);
}

/* ln of the ratio of floors as the header defines it, with the pairs of `exchanged` exchanged. */
static double naive_floor(const double *base, const double *new, size_t pairs, size_t laps,
                          size_t exchanged)
{
    double sums[2] = {0, 0}, sorted[64];
    for (size_t side = 0; side < 2; side++)
        for (size_t lap = 0; lap < laps; lap++) {
            for (size_t i = 0; i < pairs; i++)
                sorted[i] = ((exchanged >> i & 1) ^ side ? new : base)[i * laps + lap];
            order_statistic_sort(sorted, pairs);
            sums[side] += sorted[(pairs + 9) / 10 - 1];
        }
    return log(sums[1] / sums[0]);
}

static void draw_pairs(struct fixture_random *random, double *base, double *new, size_t count,
                       double ratio)
{
    for (size_t i = 0; i < count; i++) {
        base[i] = 1 - 0.3 * log(fixture_uniform(random));
        new[i] = ratio *(1 - 0.3 * log(fixture_uniform(random)));
    }
}

static void test_floor_estimate(void **state)
{
    (void)state;
    static const size_t pairs[] = {1, 9, 10, 11, 20, 40, 41, 64};
    static const size_t laps[] = {1, 3, 12};
    struct fixture_random random = {4};
    double base[64 * 12], new[64 * 12];
    for (size_t n = 0; n < COUNT_OF(pairs); n++)
        for (size_t r = 0; r < COUNT_OF(laps); r++) {
            struct floor_ratio floors;
            draw_pairs(&random, base, new, pairs[n] * laps[r], 1.1);
            assert_int_equal(floor_ratio_init(&floors, base, new, pairs[n], laps[r]), 0);
            assert_near(floor_ratio_estimate(&floors), naive_floor(base, new, pairs[n], laps[r], 0),
                        1e-12);
            floor_ratio_release(&floors);
        }
}

/* The random exchanges against all of them, n = 11, two laps; three standard errors. */
static void test_floor_enumeration(void **state)
{
    (void)state;
    enum { PAIRS = 11, LAPS = 2, FLIPS = 20000 };
    static const double ratios[] = {1, 1.1, 0.7, 2};
    struct fixture_random random = {12};
    for (size_t r = 0; r < COUNT_OF(ratios); r++) {
        double base[PAIRS * LAPS], new[PAIRS * LAPS];
        struct floor_ratio floors;
        struct floor_flips flips = {FLIPS, 0, 1}, early = {FLIPS, 10, 1};
        draw_pairs(&random, base, new, PAIRS * LAPS, ratios[r]);
        double observed = fabs(naive_floor(base, new, PAIRS, LAPS, 0));
        size_t hits = 0;
        for (size_t s = 0; s < (size_t)1 << PAIRS; s++)
            hits += fabs(naive_floor(base, new, PAIRS, LAPS, s)) >= observed * (1 - 1e-12);
        double p = (double)hits / (1 << PAIRS);
        assert_int_equal(floor_ratio_init(&floors, base, new, PAIRS, LAPS), 0);
        double found = floor_ratio_p(&floors, 0, &flips), error = sqrt(p * (1 - p) / FLIPS);
        assert_near(found, p, 3 * error + 1.0 / FLIPS);
        /* Stopped at ten hits it is the same p, known less well. */
        double rough = floor_ratio_p(&floors, 0, &early);
        assert_near(rough, p, p + 1.0 / FLIPS);
        assert_true(rough > 0);
        floor_ratio_release(&floors);
    }
}

static void test_floor_edges(void **state)
{
    (void)state;
    struct floor_ratio floors;
    struct floor_flips flips = {999, 0, 1};
    double one[] = {1, 2, 3, 4}, zero[] = {1, 2, 0, 4};
    assert_int_equal(floor_ratio_init(&floors, one, zero, 4, 1), -1);
    assert_int_equal(floor_ratio_init(&floors, one, one, 0, 1), -1);
    assert_int_equal(floor_ratio_init(&floors, one, one, 4, 0), -1);
    assert_int_equal(floor_ratio_init(&floors, one, one, FLOOR_PAIRS_MAXIMUM + 1, 1), -1);
    assert_int_equal(floor_ratio_init(&floors, one, one, 4, 1), 0);
    /* Nothing differs: every exchange is a hit. */
    assert_near(floor_ratio_p(&floors, 0, &flips), 1, 0);
    /* Of four pairs no p can be below 1/8; of nine flips, none below 1/10. */
    assert_true(isnan(floor_ratio_interval(&floors, 0.05, &flips).low));
    flips.flips = 9;
    assert_true(isnan(floor_ratio_interval(&floors, 0.05, &flips).level));
    floor_ratio_release(&floors);
}

/* The interval is the set of shifts with p above alpha; the same exchanges make that exact. */
static void test_floor_duality(void **state)
{
    (void)state;
    enum { PAIRS = 20, LAPS = 3 };
    struct fixture_random random = {21};
    struct floor_flips flips = {1199, 0, 7};
    for (int repeat = 0; repeat < 10; repeat++) {
        double base[PAIRS * LAPS], new[PAIRS * LAPS];
        struct floor_ratio floors;
        draw_pairs(&random, base, new, PAIRS * LAPS, 1.05);
        assert_int_equal(floor_ratio_init(&floors, base, new, PAIRS, LAPS), 0);
        struct floor_interval interval = floor_ratio_interval(&floors, 0.01, &flips);
        double width = interval.high - interval.low;
        assert_near(interval.level, 0.99, 1e-9);
        for (double at = -0.5; at <= 1.5; at += 0.0625) {
            double shift = interval.low + at * width;
            bool inside = at > 0.02 && at < 0.98, outside = at <= 0 || at >= 1;
            if (inside || outside)
                assert_int_equal(floor_ratio_p(&floors, shift, &flips) > 0.01, inside);
        }
        floor_ratio_release(&floors);
    }
}

static void test_floor_coverage(void **state)
{
    (void)state;
    enum { PAIRS = 20, LAPS = 3 };
    struct fixture_random random = {31};
    size_t covered = 0, alarms = 0;
    for (size_t i = 0; i < SIMULATIONS; i++) {
        double base[PAIRS * LAPS], new[PAIRS * LAPS];
        struct floor_ratio floors;
        struct floor_flips flips = {199, 0, i};
        draw_pairs(&random, base, new, PAIRS * LAPS, 1.05);
        assert_int_equal(floor_ratio_init(&floors, base, new, PAIRS, LAPS), 0);
        struct floor_interval interval = floor_ratio_interval(&floors, 0.05, &flips);
        covered += interval.low <= log(1.05) && log(1.05) <= interval.high;
        alarms += floor_ratio_p(&floors, log(1.05), &flips) <= 0.05;
        floor_ratio_release(&floors);
    }
    double share = (double)covered / SIMULATIONS, false_share = (double)alarms / SIMULATIONS;
    print_message("floor, n=20: coverage %.4f of 0.95, false alarms %.4f\n", share, false_share);
    assert_near(share, 0.95, SIMULATIONS_ERROR);
    assert_near(false_share, 0.05, SIMULATIONS_ERROR);
}

/* A fifth workload that failed, and one that lacks a round. */
static void test_suite_mean(void **state)
{
    (void)state;
    double values[3][8];
    struct suite_mean mean;
    for (size_t j = 0; j < 8; j++) {
        values[0][j] = 0.01 * (double)j;
        values[1][j] = 0.03;
        values[2][j] = j == 7 ? NAN : 0.02;
    }
    struct suite_workload workloads[] = {
        {values[0], 8, false},
        {values[1], 8, false},
        {values[2], 8, false},
        {values[2], 8, true },
        {NULL,      0, false}
    };
    assert_int_equal(suite_mean(workloads, 5, 0.05, &mean), 0);
    assert_int_equal(mean.workloads, 3);
    assert_int_equal(mean.dropped, 2);
    assert_int_equal(mean.rounds, 7);
    /* g_j = (0.01 j + 0.05) / 3, j = 0..6. */
    assert_near(mean.value, 0.08 / 3, 1e-12);
    assert_near(mean.level, 1 - 6.0 / 128, 1e-12);
    assert_int_equal(suite_mean(workloads + 3, 2, 0.05, &mean), 0);
    assert_true(isnan(mean.value) && isnan(mean.level) && mean.workloads == 0);
}

/* Twelve workloads of very different noise, all 2 % slower. */
static void test_suite_coverage(void **state)
{
    (void)state;
    enum { WORKLOADS = 12, ROUNDS = 10 };
    struct fixture_random random = {41};
    size_t covered = 0;
    struct suite_mean mean;
    for (size_t i = 0; i < SIMULATIONS; i++) {
        double values[WORKLOADS][ROUNDS];
        struct suite_workload workloads[WORKLOADS];
        for (size_t w = 0; w < WORKLOADS; w++) {
            workloads[w] = (struct suite_workload){values[w], ROUNDS, false};
            for (size_t j = 0; j < ROUNDS; j++)
                values[w][j] = 0.02 + 0.01 * (double)(w + 1) * fixture_normal(&random);
        }
        assert_int_equal(suite_mean(workloads, WORKLOADS, 0.05, &mean), 0);
        covered += mean.low <= 0.02 && 0.02 <= mean.high;
    }
    double share = (double)covered / SIMULATIONS;
    print_message("geometric mean: coverage %.4f (exact level %.4f)\n", share, mean.level);
    assert_near(share, 0.95, SIMULATIONS_BAND);
    assert_near(share, mean.level, SIMULATIONS_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permeability),         cmocka_unit_test(test_fly_spray),
        cmocka_unit_test(test_rank_sum_enumeration), cmocka_unit_test(test_rank_sum_edges),
        cmocka_unit_test(test_rank_sum_coverage),    cmocka_unit_test(test_holm),
        cmocka_unit_test(test_floor_estimate),       cmocka_unit_test(test_floor_enumeration),
        cmocka_unit_test(test_floor_edges),          cmocka_unit_test(test_floor_duality),
        cmocka_unit_test(test_floor_coverage),       cmocka_unit_test(test_suite_mean),
        cmocka_unit_test(test_suite_coverage),
    };
    return cmocka_run_group_tests_name("verdict estimators", tests, NULL, NULL);
}
