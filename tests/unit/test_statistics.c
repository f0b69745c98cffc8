/*
 * Estimates and intervals against published examples, against enumeration of every outcome, and
 * against simulations with fixed seeds.
 */
#include "order_statistic.h"
#include "run_fixture.h"
#include "signed_rank.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.10g is not %.10g (+- %g)", value, expected, tolerance);
}

static void test_medians(void **state)
{
    (void)state;
    double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2}, huge[] = {1.7e308, 1.6e308};
    assert_near(order_statistic_median(odd, 3), 2, 0);
    assert_near(order_statistic_median(even, 4), 2.5, 0);
    assert_near(order_statistic_median(huge, 2), 1.65e308, 1e300);
    assert_true(isnan(order_statistic_median(odd, 0)));
}

static void test_means(void **state)
{
    (void)state;
    double values[] = {1, 2, 4, 8}, zero[] = {1, 0};
    assert_near(geometric_mean(values, 4), 2.828427124746190, 1e-12);
    assert_near(arithmetic_mean(values, 4), 3.75, 1e-12);
    assert_near(standard_deviation(values, 4), 3.095695936834452, 1e-12);
    assert_true(isnan(geometric_mean(zero, 2)));
    assert_true(isnan(geometric_mean(values, 0)));
    assert_true(isnan(standard_deviation(values, 1)));
}

/* Ranks as in the tables of the sign test at 95 % (Hollander and Wolfe 1999, table A.2; Conover
 * 1999, table A3), e.g. n = 10: from the second to the ninth, 97.9 %. */
static void test_median_interval_ranks(void **state)
{
    (void)state;
    static const size_t ranks[][2] = {
        {0,   0 },
        {1,   0 },
        {5,   0 },
        {6,   1 },
        {8,   1 },
        {9,   2 },
        {10,  2 },
        {12,  3 },
        {15,  4 },
        {20,  6 },
        {25,  8 },
        {30,  10},
        {50,  18},
        {100, 40}
    };
    for (size_t i = 0; i < COUNT_OF(ranks); i++)
        assert_int_equal(order_statistic_interval_rank(ranks[i][0], 0.05), ranks[i][1]);
    assert_int_equal(order_statistic_interval_rank(7, 0.01), 0);
    assert_int_equal(order_statistic_interval_rank(8, 0.01), 1);
    /* Beyond where 2^-n is a number; about n/2 - 1.96 sqrt(n)/2. */
    assert_int_equal(order_statistic_interval_rank(10000, 0.05), 4902);
}

/* Hamilton depression scale factor IV before and after the first session (Hollander and Wolfe
 * 1999, table 3.1, examples 3.1 to 3.4; R's wilcox.test(paired, conf.int) gives the same). */
static const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
static const double after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};

static void test_depression(void **state)
{
    (void)state;
    double improvement[9], change[9];
    size_t used;
    struct shift shift;
    for (size_t i = 0; i < 9; i++) {
        improvement[i] = before[i] - after[i];
        change[i] = after[i] - before[i];
    }
    assert_near(signed_rank_statistic(improvement, 9, &used), 40, 0);
    assert_int_equal(used, 9);
    assert_near(signed_rank_statistic(change, 9, &used), 5, 0);
    assert_near(signed_rank_p(improvement, 9, TAIL_BOTH), 0.0390625, 1e-12);
    assert_near(signed_rank_p(improvement, 9, TAIL_GREATER), 0.01953125, 1e-12);
    assert_near(signed_rank_p(change, 9, TAIL_LESS), 0.01953125, 1e-12);
    assert_int_equal(signed_rank_shift(change, 9, 0.05, &shift), 0);
    assert_near(shift.value, -0.46, 1e-9);
    assert_near(shift.low, -0.786, 1e-9);
    assert_near(shift.high, -0.010, 1e-9);
    assert_near(shift.level, 0.9609375, 1e-12);
}

/* Darwin's Zea mays: differences in eighths of an inch of 15 pairs (Fisher 1935, The Design of
 * Experiments, section 17). The exact sign-flip p of the signed ranks is worked out by
 * enumeration of all 2^15 outcomes, ties and all. */
static const double darwin[] = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};

/* p of TAIL_BOTH from every assignment of signs, with the statistic computed anew each time. */
static double enumerate(const double *differences, size_t count, enum tail tail)
{
    double flipped[16];
    size_t used, below = 0, above = 0, all = (size_t)1 << count;
    double observed = signed_rank_statistic(differences, count, &used);
    for (size_t signs = 0; signs < all; signs++) {
        for (size_t i = 0; i < count; i++)
            flipped[i] = (signs >> i & 1) != 0 ? -differences[i] : differences[i];
        double statistic = signed_rank_statistic(flipped, count, &used);
        below += statistic <= observed;
        above += statistic >= observed;
    }
    double p_below = (double)below / (double)all, p_above = (double)above / (double)all;
    if (tail != TAIL_BOTH)
        return tail == TAIL_LESS ? p_below : p_above;
    return fmin(1, 2 * fmin(p_below, p_above));
}

static void test_darwin(void **state)
{
    (void)state;
    size_t used;
    struct shift shift;
    assert_near(signed_rank_statistic(darwin, 15, &used), 96, 0);
    assert_near(signed_rank_p(darwin, 15, TAIL_BOTH), enumerate(darwin, 15, TAIL_BOTH), 1e-12);
    assert_near(signed_rank_p(darwin, 15, TAIL_BOTH), 0.041259765625, 1e-12);
    assert_int_equal(signed_rank_shift(darwin, 15, 0.05, &shift), 0);
    /* c = 26 of 120 Walsh averages (the table's t = 95 at .024). */
    assert_near(shift.level, 1 - 2 * signed_rank_cumulative(15, 25), 1e-12);
    assert_true(shift.low > 0 && shift.low < shift.value && shift.value < shift.high);
}

static void test_enumeration(void **state)
{
    (void)state;
    static const enum tail tails[] = {TAIL_BOTH, TAIL_GREATER, TAIL_LESS};
    struct fixture_random random = {1};
    for (size_t count = 1; count <= 11; count++)
        for (int repeat = 0; repeat < 4; repeat++) {
            double differences[16];
            /* Rounded, so that ties happen, in the last two repeats; zeros in the last. */
            for (size_t i = 0; i < count; i++) {
                double value = fixture_normal(&random) + 0.3;
                differences[i] = repeat < 2 ? value : round(value * 2) + (repeat == 2 ? 0.1 : 0);
            }
            for (size_t i = 0; i < COUNT_OF(tails); i++)
                assert_near(signed_rank_p(differences, count, tails[i]),
                            enumerate(differences, count, tails[i]), 1e-12);
        }
}

/* The counts of subsets of 1..n by their sum: n = 4 has 1 1 1 2 2 2 2 2 1 1 1. */
static void test_distribution(void **state)
{
    (void)state;
    static const double counts[] = {1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1};
    double sum = 0;
    for (size_t v = 0; v < COUNT_OF(counts); v++) {
        sum += counts[v];
        assert_near(signed_rank_cumulative(4, (double)v), sum / 16, 1e-12);
    }
    assert_near(signed_rank_cumulative(4, -1), 0, 0);
    assert_near(signed_rank_cumulative(100, 5050), 1, 1e-12);
    /* Symmetric about n(n+1)/4, so P(V <= 2524) = 1/2 - P(V = 2525)/2. */
    double at = signed_rank_cumulative(100, 2525) - signed_rank_cumulative(100, 2524);
    assert_near(signed_rank_cumulative(100, 2524), 0.5 - at / 2, 1e-12);
    /* Exact and approximate agree where one gives way to the other. */
    double exact = signed_rank_cumulative(100, 1955), z = (1955.5 - 2525) / sqrt(84587.5);
    assert_near(exact, erfc(-z / M_SQRT2) / 2, 2e-4);
}

static void test_smallest_samples(void **state)
{
    (void)state;
    static const double five[] = {1, 2, 3, 4, 5}, six[] = {1, 2, 3, 4, 5, 6}, zeros[] = {0, 0};
    struct shift shift;
    assert_int_equal(signed_rank_shift(five, 5, 0.05, &shift), 0);
    assert_near(shift.value, 3, 1e-12);
    assert_true(isnan(shift.low) && isnan(shift.high) && isnan(shift.level));
    assert_int_equal(signed_rank_shift(six, 6, 0.05, &shift), 0);
    assert_near(shift.low, 1, 0);
    assert_near(shift.high, 6, 0);
    assert_near(shift.level, 1 - 2.0 / 64, 1e-12);
    assert_int_equal(signed_rank_shift(six, 0, 0.05, &shift), 0);
    assert_true(isnan(shift.value));
    assert_near(signed_rank_p(zeros, 2, TAIL_BOTH), 1, 0);
    assert_near(signed_rank_p(six, 6, TAIL_BOTH), 2.0 / 64, 1e-12);
}

enum { SIMULATIONS = 10000, SAMPLE_MAXIMUM = 20 };

/* Noise as a benchmark has it: symmetric with heavy tails, or skewed. */
static double noise(struct fixture_random *random, bool skewed)
{
    if (skewed)
        return -log(fixture_uniform(random));
    double scale = fixture_uniform(random) < 0.1 ? 10 : 1;
    return scale * fixture_normal(random);
}

/* Share of the intervals of the shift that hold the true one, of differences of two sides with
 * the same skewed noise: the pairing makes it symmetric. */
static double shift_coverage(size_t count, double truth)
{
    struct fixture_random random = {count};
    double differences[SAMPLE_MAXIMUM];
    size_t covered = 0;
    for (int i = 0; i < SIMULATIONS; i++) {
        struct shift shift;
        for (size_t j = 0; j < count; j++)
            differences[j] = truth + noise(&random, true) - noise(&random, true);
        assert_int_equal(signed_rank_shift(differences, count, 0.05, &shift), 0);
        covered += shift.low <= truth && truth <= shift.high;
    }
    return (double)covered / SIMULATIONS;
}

static double median_coverage(size_t count, bool skewed)
{
    struct fixture_random random = {count};
    double values[SAMPLE_MAXIMUM], truth = skewed ? M_LN2 : 0;
    size_t covered = 0, rank = order_statistic_interval_rank(count, 0.05);
    for (int i = 0; i < SIMULATIONS; i++) {
        for (size_t j = 0; j < count; j++)
            values[j] = noise(&random, skewed);
        order_statistic_sort(values, count);
        covered += values[rank - 1] <= truth && truth <= values[count - rank];
    }
    return (double)covered / SIMULATIONS;
}

/* Three standard errors of a share near 0.95 over 10,000 are 0.0065. */
static void test_coverage(void **state)
{
    (void)state;
    static const size_t counts[] = {6, 10, 20};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        size_t count = counts[i];
        const double ones[SAMPLE_MAXIMUM] = {0};
        struct shift exact;
        assert_int_equal(signed_rank_shift(ones, count, 0.05, &exact), 0);
        double shift = shift_coverage(count, 0.03);
        double symmetric = median_coverage(count, false), skewed = median_coverage(count, true);
        print_message("coverage of 95 %% intervals, n=%zu: shift %.4f (exact level %.4f), median "
                      "%.4f, median of skewed noise %.4f\n",
                      count, shift, exact.level, symmetric, skewed);
        assert_near(shift, exact.level, 0.0065);
        assert_true(shift >= 0.9435 && symmetric >= 0.9435 && skewed >= 0.9435);
        /* Exact, but not lazy: a rank more would be below 95 %. */
        assert_true(symmetric <= 0.99 && shift <= 0.98);
    }
}

/* Under no difference p must be at most alpha, alpha of the time. */
static void test_false_alarms(void **state)
{
    (void)state;
    struct fixture_random random = {99};
    size_t alarms = 0;
    for (int i = 0; i < SIMULATIONS; i++) {
        double differences[20];
        for (size_t j = 0; j < 20; j++)
            differences[j] = noise(&random, false);
        alarms += signed_rank_p(differences, 20, TAIL_BOTH) <= 0.01;
    }
    print_message("false alarms at 1 %%, n=20: %.4f\n", (double)alarms / SIMULATIONS);
    assert_true(alarms <= 0.013 * SIMULATIONS && alarms >= 0.006 * SIMULATIONS);
}

/* Beyond the exact range the interval must go on as it was. */
static void test_large_samples(void **state)
{
    (void)state;
    enum { LARGE = 400 };
    struct fixture_random random = {5};
    double *differences = calloc(LARGE, sizeof *differences);
    struct shift below, above, large;
    assert_non_null(differences);
    for (size_t i = 0; i < LARGE; i++)
        differences[i] = 1 + fixture_normal(&random);
    assert_int_equal(signed_rank_shift(differences, SIGNED_RANK_EXACT_MAXIMUM, 0.05, &below), 0);
    assert_int_equal(signed_rank_shift(differences, SIGNED_RANK_EXACT_MAXIMUM + 1, 0.05, &above), 0);
    assert_int_equal(signed_rank_shift(differences, LARGE, 0.05, &large), 0);
    assert_near(below.low, above.low, 0.05);
    assert_near(below.high, above.high, 0.05);
    assert_near(above.level, 0.95, 0.001);
    assert_true(large.low < 1 && 1 < large.high);
    assert_near(large.high - large.low, 2 * 1.96 * 1.0233 / sqrt(LARGE), 0.03);
    free(differences);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_medians),
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_median_interval_ranks),
        cmocka_unit_test(test_depression),
        cmocka_unit_test(test_darwin),
        cmocka_unit_test(test_enumeration),
        cmocka_unit_test(test_distribution),
        cmocka_unit_test(test_smallest_samples),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_false_alarms),
        cmocka_unit_test(test_large_samples),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
