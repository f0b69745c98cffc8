/*
 * The exact test with scores that leave disturbed pairs out. No worked example of it is published,
 * so p is held against every exchange of labels there is, the interval against simulations.
 */
#include "run_fixture.h"
#include "simulations.h"
#include "steady_shift.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAIRS = 40, ENUMERATED = 11 };

static struct fixture_random lots = {7};

static bool toss(void)
{
    return fixture_uniform(&lots) < 0.5;
}

/* Pairs on a machine: `change` between the sides, `effect` of coming second, normal noise of one
 * standard deviation, and one pair in `burst_in` (0: none) moved by up to half. */
struct series {
    double difference[PAIRS];
    signed char order[PAIRS];
};
struct noise {
    double change, effect, deviation;
    int burst_in;
};

static struct steady_pairs draw(struct series *series, const struct noise *noise, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool burst = noise->burst_in > 0 && i % (size_t)noise->burst_in == 0;
        double second = noise->effect + noise->deviation * fixture_normal(&lots);
        second += burst ? fixture_uniform(&lots) - 0.5 : 0;
        series->order[i] = toss() ? 1 : -1;
        series->difference[i] = noise->change + series->order[i] * second;
    }
    return (struct steady_pairs){series->difference, series->order, count};
}

static double width(const struct shift *shift)
{
    return shift->high - shift->low;
}

/* p is the share of all exchanges of labels with a p as small. */
static void check_enumeration(const struct steady_pairs *pairs)
{
    double p = steady_shift_p(pairs, 0), difference[ENUMERATED];
    signed char order[ENUMERATED];
    size_t as_small = 0, all = (size_t)1 << pairs->count;
    for (size_t mask = 0; mask < all; mask++) {
        for (size_t i = 0; i < pairs->count; i++) {
            int sign = mask >> i & 1 ? -1 : 1;
            difference[i] = sign * pairs->difference[i];
            if (pairs->order != NULL)
                order[i] = (signed char)(sign * pairs->order[i]);
        }
        struct steady_pairs exchanged = {difference, pairs->order != NULL ? order : NULL,
                                         pairs->count};
        as_small += steady_shift_p(&exchanged, 0) <= p + 1e-12;
    }
    assert_true(fabs(p - (double)as_small / (double)all) < 1e-12);
}

static void test_every_exchange(void **state)
{
    (void)state;
    struct series series;
    for (size_t count = 1; count <= ENUMERATED; count += count < 8 ? 1 : 3)
        for (int burst_in = 0; burst_in < 4; burst_in += 3)
            for (int changed = 0; changed < 2; changed++) {
                struct noise noise = {0.02 * changed, 0.03, 0.01, burst_in};
                struct steady_pairs pairs = draw(&series, &noise, count);
                check_enumeration(&pairs);
                pairs.order = NULL;
                check_enumeration(&pairs);
            }
}

static void test_few_and_equal(void **state)
{
    (void)state;
    static const double line[] = {0.01, 0.011, 0.012, 0.013, 0.014, 0.015, 0.016, 0.017};
    static const double zeros[8], ties[8] = {0, 0, 0, 0, 0, 0, 0.01, 0.01};
    struct shift shift;
    /* All on one side: two of the 2^8 exchanges are as far. */
    assert_true(fabs(steady_shift_p(&(struct steady_pairs){line, NULL, 8}, 0) - 2 / 256.0) < 1e-15);
    assert_int_equal(steady_shift(&(struct steady_pairs){line, NULL, 8}, 0.05, &shift), 0);
    assert_true(shift.value > 0.0125 && shift.value < 0.0145);
    assert_true(shift.low > 0.009 && shift.high < 0.018 && shift.level == 0.95);
    assert_int_equal(steady_shift(&(struct steady_pairs){line, NULL, 5}, 0.05, &shift), 0);
    assert_true(!isnan(shift.value) && isnan(shift.low) && isnan(shift.high) && isnan(shift.level));
    assert_int_equal(steady_shift(&(struct steady_pairs){line, NULL, 0}, 0.05, &shift), 0);
    assert_true(isnan(shift.value) && isnan(shift.low));
    assert_true(steady_shift_p(&(struct steady_pairs){line, NULL, 0}, 0) == 1);
    assert_true(steady_shift_p(&(struct steady_pairs){zeros, NULL, 8}, 0) == 1);
    assert_int_equal(steady_shift(&(struct steady_pairs){zeros, NULL, 8}, 0.05, &shift), 0);
    assert_true(fabs(shift.value) < 1e-4);
    /* Two of the eight differ, on one side: 1/2 by their signs. */
    assert_true(fabs(steady_shift_p(&(struct steady_pairs){ties, NULL, 8}, 0) - 0.5) < 1e-15);
}

/* What comes second is quicker by 3 %: known, it is taken off. */
static void test_order(void **state)
{
    (void)state;
    struct series series;
    struct noise noise = {0.005, -0.03, 0.004, 0};
    struct steady_pairs pairs = draw(&series, &noise, PAIRS);
    struct shift known, not_known;
    assert_int_equal(steady_shift(&pairs, 0.01, &known), 0);
    pairs.order = NULL;
    assert_int_equal(steady_shift(&pairs, 0.01, &not_known), 0);
    assert_true(known.low < 0.005 && 0.005 < known.high && width(&known) < 0.006);
    assert_true(width(&not_known) > 3 * width(&known));
}

/* Every third pair is far off: the interval is hardly wider, that of the signed ranks is. */
static void test_bursts(void **state)
{
    (void)state;
    struct series series;
    struct noise noise = {0.03, 0, 0.004, 3};
    struct steady_pairs pairs = draw(&series, &noise, PAIRS);
    struct shift steady, ranks;
    assert_int_equal(steady_shift(&pairs, 0.01, &steady), 0);
    assert_int_equal(signed_rank_shift(pairs.difference, PAIRS, 0.01, &ranks), 0);
    assert_true(steady.low < 0.03 && 0.03 < steady.high);
    print_message("bursts: width %.4f, of ranks %.4f\n", width(&steady), width(&ranks));
    assert_true(width(&steady) < 0.008 && width(&ranks) > 1.5 * width(&steady));
    assert_true(steady_shift_p(&pairs, 0) < 1e-5);
}

/* A change far above the noise, in an order that came out uneven: the heap of those in which BASE
 * was first is not to be taken for the centre. */
static void test_large_changes(void **state)
{
    (void)state;
    struct series series;
    for (size_t first = 6; first <= 14; first++) {
        struct noise noise = {0.3, 0.01, 0.01, 0};
        struct steady_pairs pairs = draw(&series, &noise, 20);
        for (size_t i = 0; i < 20; i++) {
            double second = series.order[i] * (series.difference[i] - noise.change);
            series.order[i] = i < first ? 1 : -1;
            series.difference[i] = noise.change + series.order[i] * second;
        }
        struct shift shift;
        assert_true(steady_shift_p(&pairs, 0) < 1e-5);
        assert_int_equal(steady_shift(&pairs, 0.01, &shift), 0);
        assert_true(shift.low < 0.3 && 0.3 < shift.high && width(&shift) < 0.05);
    }
}

/* Of the intervals of 95 %, so many hold the truth. The interval holds what p does not reject. */
static void check_coverage(const struct noise *noise, bool is_ordered, const char *name)
{
    struct series series;
    size_t held = 0, none = 0;
    for (size_t i = 0; i < SIMULATIONS; i++) {
        struct steady_pairs pairs = draw(&series, noise, 20);
        pairs.order = is_ordered ? pairs.order : NULL;
        bool accepted = steady_shift_p(&pairs, noise->change) > 0.05;
        held += accepted;
        if (i % 50 > 0)
            continue;
        struct shift shift;
        assert_int_equal(steady_shift(&pairs, 0.05, &shift), 0);
        if (isnan(shift.low)) {
            none++;
            continue;
        }
        if (!(shift.low <= shift.value && shift.value <= shift.high))
            fail_msg("%g is not in %g to %g", shift.value, shift.low, shift.high);
        assert_true(!accepted || (shift.low <= noise->change && noise->change <= shift.high));
    }
    double share = (double)held / SIMULATIONS;
    print_message("%s: %.1f %%, no interval: %zu of %d\n", name, 100 * share, none,
                  SIMULATIONS / 50);
    assert_true(none <= SIMULATIONS / 50 / 10);
    assert_true(fabs(share - 0.95) <= SIMULATIONS_BAND);
}

static void test_coverage(void **state)
{
    (void)state;
    check_coverage(&(struct noise){0.02, 0, 0.01, 0}, true, "normal");
    check_coverage(&(struct noise){0.02, 0.03, 0.01, 0}, true, "normal, order");
    check_coverage(&(struct noise){0.02, 0.03, 0.01, 0}, false, "normal, order not known");
    check_coverage(&(struct noise){0.02, -0.02, 0.01, 4}, true, "bursts, order");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_exchange), cmocka_unit_test(test_few_and_equal),
        cmocka_unit_test(test_order),          cmocka_unit_test(test_bursts),
        cmocka_unit_test(test_large_changes),  cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests_name("steady shift", tests, NULL, NULL);
}
