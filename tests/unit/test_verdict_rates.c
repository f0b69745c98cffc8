/*
 * How often verdicts are right on simulated machines, and what flags say of their noise. The
 * numbers are those of `make figures-verdict` in small; limits are what the stated rates allow,
 * with three standard errors. All seeds are fixed.
 */
#include "noise_fixture.h"
#include "noise_flags.h"
#include "simulations.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COMPARISONS = SIMULATIONS / 100, FAMILIES = SIMULATIONS / 200, FAMILY = 12, SATURATED = 4 };

static struct noise_series series[FAMILY];

/* What rate p over n tries may show. */
static size_t most(double rate, size_t tries)
{
    double n = (double)tries;
    return (size_t)ceil(rate * n + 3 * sqrt(rate * (1 - rate) * n));
}

static struct verdict_cell compare(size_t condition, double effect, size_t seed)
{
    struct noise_machine machine;
    struct verdict_cell cell;
    struct verdict_rules rules = verdict_rules_default;
    rules.seed = seed + 1;
    noise_machine_init(&machine, &noise_conditions[condition], seed);
    assert_int_equal(noise_compare(&machine, series, effect, &rules, &cell), 0);
    return cell;
}

static void test_same_with_same(void **state)
{
    (void)state;
    size_t wrong = 0, missed = 0, all = COMPARISONS * NOISE_CONDITIONS;
    for (size_t c = 0; c < NOISE_CONDITIONS; c++) {
        size_t same = 0;
        for (size_t i = 0; i < COMPARISONS; i++) {
            struct verdict_cell cell = compare(c, 0, i);
            const struct verdict_estimate *reported = &cell.track[cell.reported];
            wrong += cell.verdict == VERDICT_WORSE || cell.verdict == VERDICT_BETTER;
            missed += reported->low > 0 || reported->high < 0;
            same += cell.verdict == VERDICT_SAME;
        }
        print_message("%s: same %zu of %d\n", noise_conditions[c].name, same, COMPARISONS);
        assert_true((double)same >= (c == SATURATED ? 0.6 : 0.8) * COMPARISONS);
    }
    print_message("wrong %zu, interval missed %zu of %zu\n", wrong, missed, all);
    assert_true(wrong <= most(0.01, all) && missed <= most(0.01, all));
}

static void test_planted(void **state)
{
    (void)state;
    static const double effects[] = {0.02, 0.03, 0.05, -0.05};
    static const double least[] = {0.75, 0.9, 0.9, 0.9};
    enum { TRIES = COMPARISONS / 5 };
    for (size_t e = 0; e < sizeof effects / sizeof *effects; e++)
        for (size_t c = 0; c < NOISE_CONDITIONS; c++) {
            size_t caught = 0, wrong_side = 0;
            for (size_t i = 0; i < TRIES; i++) {
                enum verdict verdict = compare(c, effects[e], 1000 + i).verdict;
                caught += verdict == (effects[e] > 0 ? VERDICT_WORSE : VERDICT_BETTER);
                wrong_side += verdict == (effects[e] > 0 ? VERDICT_BETTER : VERDICT_WORSE);
            }
            if ((double)caught < least[e] * TRIES || wrong_side > 0)
                fail_msg("%s, %+.0f %%: caught %zu of %d, wrong side %zu", noise_conditions[c].name,
                         100 * effects[e], caught, TRIES, wrong_side);
        }
}

/* Everything about NEW takes exactly the threshold longer: by half of alpha may this be SAME. */
static void test_wrong_same(void **state)
{
    (void)state;
    static const struct verdict_measure time = {.is_time = true, .threshold = 0.02};
    size_t same = 0, tries = COMPARISONS;
    /* A level at which something happens. */
    struct verdict_rules rules = verdict_rules_default;
    rules.alpha = 0.2;
    for (size_t i = 0; i < tries; i++) {
        struct noise_machine machine;
        struct verdict_cell cell, *cells[] = {&cell};
        noise_machine_init(&machine, &noise_conditions[3], i);
        verdict_cell_init(&cell, &time);
        series->pairs = 0;
        series->effect = 0;
        while (!cell.settled) {
            size_t first = series->pairs;
            while (series->pairs < rules.looks[cell.look])
                noise_series_add(series, &machine);
            for (size_t j = first * NOISE_LAPS; j < series->pairs * NOISE_LAPS; j++)
                series->new[j] *= 1.02;
            struct verdict_pairs pairs = noise_series_pairs(series);
            pairs.base_whole = pairs.new_whole = NULL;
            assert_int_equal(verdict_look(&cell, &rules, &pairs), 0);
            assert_int_equal(verdict_decide(cells, 1, &rules), 0);
        }
        same += cell.verdict == VERDICT_SAME;
    }
    print_message("same in spite of the threshold: %zu of %zu\n", same, tries);
    assert_true(same <= most(rules.alpha / 2, tries));
}

/* A suite, round robin; `effect` in its last workload. */
static void run_family(size_t seed, double effect, struct verdict_cell *cell)
{
    static const struct verdict_measure time = {.is_time = true, .gates = true, .threshold = 0.02};
    struct verdict_rules rules = verdict_rules_default;
    struct noise_machine machine;
    struct verdict_cell *cells[FAMILY];
    rules.family = FAMILY;
    noise_machine_init(&machine, &noise_conditions[seed % NOISE_CONDITIONS], 5000 + seed);
    for (size_t w = 0; w < FAMILY; w++) {
        verdict_cell_init(cells[w] = &cell[w], &time);
        series[w].pairs = 0;
        series[w].effect = w == FAMILY - 1 ? effect : 0;
    }
    for (size_t look = 0; look < rules.look_count; look++) {
        for (size_t pair = look == 0 ? 0 : rules.looks[look - 1]; pair < rules.looks[look]; pair++)
            for (size_t w = 0; w < FAMILY; w++)
                if (!cell[w].settled)
                    noise_series_add(&series[w], &machine);
        for (size_t w = 0; w < FAMILY; w++) {
            struct verdict_pairs pairs = noise_series_pairs(&series[w]);
            if (!cell[w].settled)
                assert_int_equal(verdict_look(&cell[w], &rules, &pairs), 0);
        }
        assert_int_equal(verdict_decide(cells, FAMILY, &rules), 0);
    }
}

static void test_families(void **state)
{
    (void)state;
    size_t red = 0, caught = 0, planted = 0;
    for (size_t i = 0; i < FAMILIES; i++) {
        struct verdict_cell cell[FAMILY];
        bool is_red = false, is_planted = i % 5 == 0;
        run_family(i, is_planted ? 0.05 : 0, cell);
        for (size_t w = 0; w < (is_planted ? FAMILY - 1 : FAMILY); w++)
            is_red |= cell[w].verdict == VERDICT_WORSE;
        red += is_red;
        planted += is_planted;
        caught += is_planted && cell[FAMILY - 1].verdict == VERDICT_WORSE;
    }
    print_message("suites of %d: %zu of %d red, 5 %% caught in %zu of %zu\n", FAMILY, red, FAMILIES,
                  caught, planted);
    assert_true(red <= most(0.01, FAMILIES));
    assert_true(10 * caught >= 8 * planted);
}

/* The machine is as noisy as those it stands for. */
static void test_machine(void **state)
{
    (void)state;
    struct noise_machine machine;
    double sum = 0, trials[2 * NOISE_PAIRS_MAXIMUM];
    enum { MACHINES = 20 };
    for (size_t m = 0; m < MACHINES; m++) {
        noise_machine_init(&machine, &noise_conditions[1], m);
        series->pairs = 0;
        series->effect = 0;
        /* Order within a pair is drawn by lot, which hardly matters to a correlation. */
        while (series->pairs < NOISE_PAIRS_MAXIMUM) {
            noise_series_add(series, &machine);
            trials[2 * series->pairs - 2] = log(series->base_whole[series->pairs - 1]);
            trials[2 * series->pairs - 1] = log(series->new_whole[series->pairs - 1]);
        }
        sum += lag_one_correlation(trials, 2 * NOISE_PAIRS_MAXIMUM) / MACHINES;
    }
    print_message("host episodes: correlation of one trial with the next %.2f\n", sum);
    assert_true(sum > 0.7 && sum < 0.85);
}

static void test_figures_of_noise(void **state)
{
    (void)state;
    static const double line[] = {1, 2, 3, 4, 5}, flat[] = {2, 2, 2};
    struct fixture_random random = {6};
    double values[80];
    /* Of 1..5 the deviations -2..2: products 2 + 0 + 0 + 2, squares 10. */
    assert_true(fabs(lag_one_correlation(line, 5) - 0.4) < 1e-12);
    assert_true(isnan(lag_one_correlation(flat, 3)) && isnan(lag_one_correlation(line, 2)));
    size_t raised = 0;
    for (size_t i = 0; i < 500; i++) {
        for (size_t j = 0; j < 80; j++)
            values[j] = i % 2 ? fixture_normal(&random) : fixture_uniform(&random);
        raised += cluster_distance(values, i % 3 ? 80 : 20) > noise_flag_limit(NOISE_BIMODAL);
    }
    assert_true(raised == 0);
    /* One in five 30 % slower, with 2 % of noise: (4/5, 1/5) 15 deviations apart. */
    for (size_t j = 0; j < 80; j++)
        values[j] = (j % 5 ? 0 : 0.3) + 0.02 * fixture_normal(&random);
    double distance = cluster_distance(values, 80);
    assert_true(distance > 12 && distance < 18);
    for (size_t j = 0; j < 80; j++)
        values[j] = 7;
    assert_true(isnan(cluster_distance(values, 80)) && isnan(cluster_distance(values, 7)));
}

/* Both sides of what the series has, in nanoseconds, with that share of waiting. */
struct flag_case {
    double lap[2][NOISE_PAIRS_MAXIMUM * NOISE_LAPS];
    double whole[2][NOISE_PAIRS_MAXIMUM], delay[2][NOISE_PAIRS_MAXIMUM];
};

static void flags_of(size_t condition, double waiting, double scale, struct noise_flag *flags)
{
    static struct flag_case data;
    const struct noise_place place = {.cpus = 2, .threads = 4};
    struct verdict_cell cell = compare(condition, 0, 3);
    struct noise_trials sides[2];
    for (size_t s = 0; s < 2; s++) {
        const double *lap = s == 0 ? series->base : series->new;
        const double *whole = s == 0 ? series->base_whole : series->new_whole;
        for (size_t i = 0; i < series->pairs * NOISE_LAPS; i++)
            data.lap[s][i] = lap[i] * scale;
        for (size_t i = 0; i < series->pairs; i++) {
            data.whole[s][i] = whole[i] * scale;
            data.delay[s][i] = waiting * data.whole[s][i];
        }
        sides[s] = (struct noise_trials){.trials = series->pairs,
                                         .laps = NOISE_LAPS,
                                         .lap_ns = data.lap[s],
                                         .whole_ns = data.whole[s],
                                         .wall_ns = data.whole[s],
                                         .run_delay_ns = data.delay[s],
                                         .steal_ns = data.delay[s]};
    }
    assert_int_equal(noise_flags(&sides[0], &sides[1], &cell, &place, flags), 0);
}

static void test_flags(void **state)
{
    (void)state;
    struct noise_flag flags[NOISE_FLAG_COUNT];
    flags_of(0, 0, 1e9, flags);
    assert_false(flags[NOISE_STEAL].raised || flags[NOISE_BUSY].raised ||
                 flags[NOISE_HALVES].raised);
    assert_false(flags[NOISE_TRACKS].raised || flags[NOISE_SHORT].raised);
    assert_false(flags[NOISE_NOLAPS].raised || flags[NOISE_TAIL].raised);
    assert_true(flags[NOISE_THREADS].raised && flags[NOISE_THREADS].figure == 2);
    assert_true(flags[NOISE_SHORT].figure > 7e6 && flags[NOISE_SHORT].figure < 10e6);
    /* Host episodes without waiting: the host; with waiting, that explains it. */
    flags_of(1, 0.001, 1e9, flags);
    assert_true(flags[NOISE_HOST].raised && flags[NOISE_HOST].figure > 1.3);
    assert_true(flags[NOISE_DRIFT].raised && flags[NOISE_DRIFT].figure > 0.3);
    assert_false(flags[NOISE_BUSY].raised);
    flags_of(1, 0.06, 1e9, flags);
    assert_false(flags[NOISE_HOST].raised);
    assert_true(flags[NOISE_BUSY].raised && fabs(flags[NOISE_BUSY].figure - 0.06) < 1e-9);
    assert_true(flags[NOISE_STEAL].raised && fabs(flags[NOISE_STEAL].figure - 0.03) < 1e-9);
    /* Laps of 8 us; delays not measured raise nothing. */
    flags_of(1, NAN, 1e6, flags);
    assert_true(flags[NOISE_SHORT].raised);
    assert_false(flags[NOISE_HOST].raised || flags[NOISE_BUSY].raised || flags[NOISE_STEAL].raised);
    assert_string_equal(noise_flag_word(NOISE_NOLAPS), "no laps");
}

/* Rare slow laps of NEW, which neither track sees: only the wholes move. */
static void test_tail(void **state)
{
    (void)state;
    static const struct verdict_measure time = {.is_time = true, .threshold = 0.02};
    struct noise_machine machine;
    struct verdict_cell cell;
    struct noise_flag flags[NOISE_FLAG_COUNT];
    const struct noise_place place = {0};
    noise_machine_init(&machine, &noise_conditions[0], 1);
    series->pairs = 0;
    series->effect = 0;
    for (size_t i = 0; i < 20; i++) {
        noise_series_add(series, &machine);
        series->new[i * NOISE_LAPS + i % NOISE_LAPS] += 0.1;
        series->new_whole[i] += 0.1;
    }
    struct verdict_pairs pairs = noise_series_pairs(series);
    verdict_cell_init(&cell, &time);
    assert_int_equal(verdict_look(&cell, &verdict_rules_default, &pairs), 0);
    struct noise_trials base = {.trials = 20,
                                .laps = NOISE_LAPS,
                                .lap_ns = series->base,
                                .whole_ns = series->base_whole};
    struct noise_trials new = {.trials = 20,
                               .laps = NOISE_LAPS,
                               .lap_ns = series->new,
                               .whole_ns = series->new_whole};
    assert_int_equal(noise_flags(&base, &new, &cell, &place, flags), 0);
    assert_true(flags[NOISE_TAIL].raised && flags[NOISE_TAIL].figure > 1);
    assert_true(isnan(flags[NOISE_BUSY].figure) && isnan(flags[NOISE_THREADS].figure));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_with_same), cmocka_unit_test(test_planted),
        cmocka_unit_test(test_wrong_same),     cmocka_unit_test(test_families),
        cmocka_unit_test(test_machine),        cmocka_unit_test(test_figures_of_noise),
        cmocka_unit_test(test_flags),          cmocka_unit_test(test_tail),
    };
    return cmocka_run_group_tests_name("verdict rates", tests, NULL, NULL);
}
