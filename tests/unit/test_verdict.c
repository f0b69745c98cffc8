/*
 * Looks, decisions, families, and what has no pairs. How often verdicts are right is the matter
 * of test_verdict_rates.c.
 */
#include "pair_table.h"
#include "run_fixture.h"
#include "verdict.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

enum { PAIRS = 80, LAPS = 5 };

static const struct verdict_measure time_measure = {.is_time = true,
                                                    .gates = true,
                                                    .threshold = 0.02};
static const struct verdict_measure bytes_measure = {.gates = true,
                                                     .threshold = 0.02,
                                                     .tolerance = 16384};

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.10g is not %.10g (+- %g)", value, expected, tolerance);
}

static void assert_verdict(const struct verdict_cell *cell, enum verdict verdict,
                           enum verdict_reason reason)
{
    if (cell->verdict != verdict || cell->reason != reason)
        fail_msg("'%s' (%s) is not verdict %d, reason %d", verdict_name(cell),
                 verdict_reason_name(cell->reason), verdict, reason);
}

/* Times of both sides with noise of that standard deviation, NEW `ratio` times as long. */
struct times {
    double base[PAIRS * LAPS], new[PAIRS * LAPS];
};
static struct verdict_pairs make_pairs(struct times *times, double noise, double ratio)
{
    struct fixture_random random = {17};
    for (size_t i = 0; i < PAIRS * LAPS; i++) {
        times->base[i] = 5e6 * exp(noise * fixture_normal(&random));
        times->new[i] = 5e6 * ratio *exp(noise * fixture_normal(&random));
    }
    return (
        struct verdict_pairs){.pairs = PAIRS, .laps = LAPS, .base = times->base, .new = times->new};
}

static void look_and_decide(struct verdict_cell *cell, const struct verdict_pairs *pairs)
{
    assert_int_equal(verdict_look(cell, &verdict_rules_default, pairs), 0);
    assert_int_equal(verdict_decide(&cell, 1, &verdict_rules_default), 0);
}

static struct verdict_cell judge(const struct verdict_measure *measure, double noise, double ratio)
{
    struct times times;
    struct verdict_pairs pairs = make_pairs(&times, noise, ratio);
    struct verdict_cell cell;
    verdict_cell_init(&cell, measure);
    while (!cell.settled)
        look_and_decide(&cell, &pairs);
    return cell;
}

static void test_verdicts(void **state)
{
    (void)state;
    struct verdict_measure throughput = time_measure;
    throughput.larger_is_better = true;
    struct verdict_cell slower = judge(&time_measure, 0.01, 1.05);
    assert_verdict(&slower, VERDICT_WORSE, REASON_NONE);
    assert_string_equal(verdict_name(&slower), "slower");
    assert_int_equal(slower.pairs, 20);
    assert_near(verdict_change(&slower, slower.track[slower.reported].value), 0.05, 0.01);
    assert_near(slower.level, 0.99, 1e-12);
    /* All twenty signs alike is the least that the first look can have: 2 x 2^-20 by six. */
    assert_near(slower.p, 6 * 2 * pow(2, -20), 1e-9);
    struct verdict_cell faster = judge(&time_measure, 0.01, 0.95);
    assert_verdict(&faster, VERDICT_BETTER, REASON_NONE);
    struct verdict_cell more = judge(&throughput, 0.01, 1.05);
    assert_verdict(&more, VERDICT_BETTER, REASON_NONE);
    struct verdict_cell same = judge(&time_measure, 0.005, 1);
    assert_verdict(&same, VERDICT_SAME, REASON_NONE);
    struct verdict_cell tiny = judge(&time_measure, 0.001, 1.006);
    assert_verdict(&tiny, VERDICT_SAME, REASON_TINY);
    assert_true(tiny.p < 0.001);
    struct verdict_cell wide = judge(&time_measure, 0.4, 1);
    assert_verdict(&wide, VERDICT_UNDECIDED, REASON_WIDE);
    assert_int_equal(wide.pairs, 80);
    const struct verdict_estimate *reported = &wide.track[wide.reported];
    double half_width = (reported->high - reported->low) / 2;
    assert_near((double)wide.pairs_needed, 80 * pow(half_width / log(1.02), 2), 1);
}

static void test_looks(void **state)
{
    (void)state;
    struct times times;
    struct verdict_pairs pairs = make_pairs(&times, 0.05, 1.01);
    struct verdict_cell cell;
    double p = 1;
    verdict_cell_init(&cell, &time_measure);
    assert_verdict(&cell, VERDICT_UNDECIDED, REASON_FEW);
    pairs.pairs = 19;
    assert_int_equal(verdict_look(&cell, &verdict_rules_default, &pairs), -1);
    assert_int_equal(errno, EINVAL);
    /* More pairs than the look takes change nothing. */
    pairs.pairs = 39;
    for (size_t look = 0; look < 3; look++, pairs.pairs = PAIRS) {
        assert_int_equal(verdict_look(&cell, &verdict_rules_default, &pairs), 0);
        assert_int_equal(cell.pairs, verdict_rules_default.looks[look]);
        double least = fmin(cell.track_p[TRACK_LAPS], cell.track_p[TRACK_FLOOR]);
        p = fmin(p, 6 * least);
        assert_near(cell.p, p, 1e-12);
    }
    assert_int_equal(verdict_look(&cell, &verdict_rules_default, &pairs), -1);
    times.base[7] = 0;
    verdict_cell_init(&cell, &time_measure);
    assert_int_equal(verdict_look(&cell, &verdict_rules_default, &pairs), -1);
    assert_int_equal(errno, EINVAL);
}

/* The same data give the same evidence, whatever stands beside them. */
static void test_repeatable(void **state)
{
    (void)state;
    struct verdict_cell one = judge(&time_measure, 0.03, 1.02);
    struct verdict_cell two = judge(&time_measure, 0.03, 1.02);
    assert_int_equal(one.verdict, two.verdict);
    assert_true(one.p == two.p && one.pairs == two.pairs);
    for (size_t t = 0; t < TRACK_COUNT; t++)
        assert_memory_equal(&one.track[t], &two.track[t], sizeof one.track[t]);
}

/* Evidence as a look leaves it: of one track, and the estimate of the other. */
static struct verdict_cell evidence(double value, double low, double high, double other, double p)
{
    struct verdict_cell cell;
    verdict_cell_init(&cell, &time_measure);
    cell.is_ratio = true;
    cell.zone = 0.02;
    cell.least = 0.01;
    cell.look = 2;
    cell.pairs = 40;
    cell.level = isnan(low) ? NAN : 0.99;
    cell.track[TRACK_LAPS] = (struct verdict_estimate){other, other - 0.02, other + 0.02};
    cell.track[TRACK_FLOOR] = (struct verdict_estimate){value, low, high};
    cell.reported = TRACK_FLOOR;
    cell.p = p;
    cell.direction = value > 0 ? 1 : -1;
    return cell;
}

static void test_decisions(void **state)
{
    (void)state;
    static const struct {
        double value, low, high, other, p;
        enum verdict verdict;
        enum verdict_reason reason;
    } cases[] = {
        {0.030,  0.010,  0.050, 0.020,  0.001, VERDICT_WORSE,     REASON_NONE  },
        {-0.030, -0.050, -0.01, -0.001, 0.010, VERDICT_BETTER,    REASON_NONE  },
        {0.030,  0.010,  0.050, -0.001, 0.001, VERDICT_UNDECIDED, REASON_TRACKS},
 /* A change of three quarters of the threshold is one, though all of it lies inside. */
        {0.015,  0.012,  0.018, 0.015,  0.001, VERDICT_WORSE,     REASON_NONE  },
        {0.009,  0.001,  0.017, 0.009,  0.001, VERDICT_SAME,      REASON_TINY  },
        {0.009,  0.001,  0.021, 0.009,  0.001, VERDICT_UNDECIDED, REASON_TINY  },
        {0.000,  -0.019, 0.019, 0.010,  0.500, VERDICT_SAME,      REASON_NONE  },
        {0.000,  -0.019, 0.019, 0.050,  0.500, VERDICT_UNDECIDED, REASON_TRACKS},
        {0.000,  -0.021, 0.019, 0.000,  0.500, VERDICT_UNDECIDED, REASON_WIDE  },
        {0.030,  -0.010, 0.070, 0.030,  0.011, VERDICT_UNDECIDED, REASON_WIDE  },
        {0.000,  NAN,    NAN,   0.000,  1.000, VERDICT_UNDECIDED, REASON_FEW   },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct verdict_cell cell =
            evidence(cases[i].value, cases[i].low, cases[i].high, cases[i].other, cases[i].p);
        struct verdict_cell *cells[] = {&cell};
        assert_int_equal(verdict_decide(cells, 1, &verdict_rules_default), 0);
        assert_verdict(&cell, cases[i].verdict, cases[i].reason);
        assert_int_equal(cell.settled, cases[i].verdict != VERDICT_UNDECIDED);
    }
}

/* Of a track that sees nothing, the estimate may lie anywhere; unless it rules out the other's. */
static void test_blind_track(void **state)
{
    (void)state;
    static const struct {
        double value, other, half_width;
        enum verdict verdict;
    } cases[] = {
        {0.030, -0.05, 0.10,  VERDICT_WORSE    },
        {0.030, -0.05, 0.07,  VERDICT_UNDECIDED},
        {0.030, -0.01, 0.019, VERDICT_UNDECIDED},
        {0.000, 0.05,  0.06,  VERDICT_SAME     },
        {0.000, 0.05,  0.04,  VERDICT_UNDECIDED},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct verdict_cell cell =
            evidence(cases[i].value, cases[i].value - 0.018, cases[i].value + 0.018, cases[i].other,
                     cases[i].value > 0 ? 0.001 : 0.5);
        struct verdict_cell *cells[] = {&cell};
        cell.track[TRACK_LAPS].low = cases[i].other - cases[i].half_width;
        cell.track[TRACK_LAPS].high = cases[i].other + cases[i].half_width;
        assert_int_equal(verdict_decide(cells, 1, &verdict_rules_default), 0);
        assert_verdict(&cell, cases[i].verdict,
                       cases[i].verdict == VERDICT_UNDECIDED ? REASON_TRACKS : REASON_NONE);
    }
}

static void test_family(void **state)
{
    (void)state;
    struct verdict_cell cell[4], *cells[4];
    for (size_t i = 0; i < 4; i++) {
        cell[i] = evidence(0.03, 0.01, 0.05, 0.03, 0.004);
        cells[i] = &cell[i];
    }
    cell[3].measure.gates = false;
    assert_int_equal(verdict_decide(cells, 4, &verdict_rules_default), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_near(cell[i].p_family, 0.012, 1e-12);
        assert_verdict(cells[i], VERDICT_UNDECIDED, REASON_FAMILY);
        assert_false(cell[i].settled);
    }
    /* What does not gate is judged by itself, and weighs on nobody. */
    assert_verdict(cells[3], VERDICT_WORSE, REASON_NONE);
    /* One that becomes clear lets the others follow, without further pairs of theirs. */
    cell[0].p = 0.0001;
    assert_int_equal(verdict_decide(cells, 4, &verdict_rules_default), 0);
    for (size_t i = 0; i < 4; i++)
        assert_verdict(cells[i], VERDICT_WORSE, REASON_NONE);
    assert_near(cell[1].p_family, 0.008, 1e-12);
    /* After the last look a cell is settled, decided or not. */
    cell[0] = evidence(0, -1, 1, 0, 1);
    cell[0].look = 3;
    assert_int_equal(verdict_decide(cells, 4, &verdict_rules_default), 0);
    assert_verdict(cells[0], VERDICT_UNDECIDED, REASON_WIDE);
    assert_true(cell[0].settled);
}

static struct verdict_cell judge_bytes(const struct verdict_measure *measure, double base,
                                       double base_step, double new, double new_step)
{
    double bases[20], news[20];
    struct verdict_pairs pairs = {.pairs = 20, .laps = 1, .base = bases, .new = news};
    struct verdict_cell cell;
    for (size_t i = 0; i < 20; i++) {
        bases[i] = base + base_step * (double)(i % 3);
        news[i] = new + new_step *(double)(i % 4);
    }
    verdict_cell_init(&cell, measure);
    look_and_decide(&cell, &pairs);
    return cell;
}

/* Memory repeats nearly to the byte: ties and zeros are the rule. */
static void test_bytes(void **state)
{
    (void)state;
    struct verdict_measure no_tolerance = bytes_measure;
    no_tolerance.tolerance = 0;
    struct verdict_cell cell = judge_bytes(&bytes_measure, 1 << 20, 0, 1 << 20, 0);
    assert_verdict(&cell, VERDICT_SAME, REASON_NONE);
    assert_true(cell.p == 1 && cell.track[TRACK_LAPS].low == 0 && cell.track[TRACK_LAPS].high == 0);
    assert_true(isnan(cell.track[TRACK_FLOOR].value));
    cell = judge_bytes(&bytes_measure, 1 << 20, 4096, (1 << 20) + 65536, 4096);
    assert_verdict(&cell, VERDICT_WORSE, REASON_NONE);
    assert_string_equal(verdict_name(&cell), "worse");
    assert_near(verdict_change(&cell, cell.track[TRACK_LAPS].value), 1.0 / 16, 0.01);
    /* 8 KiB are 8 % of 100 KiB, and never matter. */
    cell = judge_bytes(&bytes_measure, 102400, 0, 110592, 0);
    assert_verdict(&cell, VERDICT_SAME, REASON_TINY);
    cell = judge_bytes(&no_tolerance, 102400, 0, 110592, 0);
    assert_verdict(&cell, VERDICT_WORSE, REASON_NONE);
    /* Retained bytes may be none, or fewer. */
    cell = judge_bytes(&bytes_measure, 0, 0, 4096, 0);
    assert_false(cell.is_ratio);
    assert_verdict(&cell, VERDICT_SAME, REASON_TINY);
    assert_near(verdict_change(&cell, cell.track[TRACK_LAPS].value), 4096, 0);
    cell = judge_bytes(&bytes_measure, -4096, 4096, 1 << 20, 4096);
    assert_verdict(&cell, VERDICT_WORSE, REASON_NONE);
    cell = judge_bytes(&no_tolerance, 0, 0, 4096, 0);
    assert_verdict(&cell, VERDICT_WORSE, REASON_NONE);
    cell = judge_bytes(&no_tolerance, -4096, 4096, -4096, 2731);
    assert_verdict(&cell, VERDICT_UNDECIDED, REASON_NO_SCALE);
    cell = judge_bytes(&no_tolerance, 0, 0, 0, 0);
    assert_verdict(&cell, VERDICT_SAME, REASON_NONE);
}

static struct verdict_cell judge_exact(const struct verdict_measure *measure,
                                       struct verdict_values base, struct verdict_values new)
{
    struct verdict_cell cell;
    verdict_cell_init(&cell, measure);
    verdict_exact(&cell, base, new);
    return cell;
}

static void test_exact(void **state)
{
    (void)state;
    const struct verdict_measure counts = {.threshold = 0.005, .gates = true};
    static const double thousand[] = {1000}, more[] = {1006, 1006}, little[] = {1005},
                        less[] = {990, 991}, mixed[] = {1000, 1006};
    struct verdict_values base = {thousand, 1};
    struct verdict_cell cell = judge_exact(&counts, base, (struct verdict_values){more, 2});
    assert_verdict(&cell, VERDICT_WORSE, REASON_NONE);
    assert_true(cell.settled && isnan(cell.p));
    assert_true(cell.is_ratio);
    assert_near(cell.track[TRACK_LAPS].value, log(1.006), 1e-12);
    assert_near(cell.typical, 1000, 0);
    static const double nothing[] = {0};
    cell = judge_exact(&counts, base, (struct verdict_values){nothing, 1});
    assert_verdict(&cell, VERDICT_BETTER, REASON_NONE);
    assert_false(cell.is_ratio);
    assert_near(cell.track[TRACK_LAPS].value, -1000, 0);
    cell = judge_exact(&counts, base, (struct verdict_values){little, 1});
    assert_verdict(&cell, VERDICT_SAME, REASON_NONE);
    cell = judge_exact(&counts, base, (struct verdict_values){less, 2});
    assert_verdict(&cell, VERDICT_BETTER, REASON_NONE);
    cell = judge_exact(&counts, base, (struct verdict_values){mixed, 2});
    assert_verdict(&cell, VERDICT_UNDECIDED, REASON_UNREPEATABLE);
    cell = judge_exact(&counts, base, (struct verdict_values){NULL, 0});
    assert_verdict(&cell, VERDICT_UNDECIDED, REASON_FEW);
    /* It has no p and does not weigh on the family, nor is it decided anew. */
    struct verdict_cell paired = evidence(0.03, 0.01, 0.05, 0.03, 0.01);
    struct verdict_cell worse = judge_exact(&counts, base, (struct verdict_values){more, 2});
    struct verdict_cell *cells[] = {&worse, &paired};
    assert_int_equal(verdict_decide(cells, 2, &verdict_rules_default), 0);
    assert_verdict(&worse, VERDICT_WORSE, REASON_NONE);
    assert_verdict(&paired, VERDICT_WORSE, REASON_NONE);
}

static void test_independent(void **state)
{
    (void)state;
    double base[20], new[18];
    struct verdict_cell cell, *cells[] = {&cell};
    for (size_t i = 0; i < 20; i++)
        base[i] = 100 + (double)i / 10;
    for (size_t i = 0; i < 18; i++)
        new[i] = 110 + (double)i / 10;
    verdict_cell_init(&cell, &time_measure);
    assert_int_equal(verdict_independent(&cell, &verdict_rules_default,
                                         (struct verdict_values){base, 20},
                                         (struct verdict_values){new, 18}),
                     0);
    assert_int_equal(verdict_decide(cells, 1, &verdict_rules_default), 0);
    assert_verdict(&cell, VERDICT_WORSE, REASON_NONE);
    assert_int_equal(cell.design, DESIGN_INDEPENDENT);
    assert_true(!cell.measure.gates && cell.settled && cell.pairs == 18);
    assert_near(verdict_change(&cell, cell.track[TRACK_LAPS].value), 0.098, 0.002);
    assert_int_equal(verdict_independent(&cell, &verdict_rules_default,
                                         (struct verdict_values){base, 0},
                                         (struct verdict_values){new, 18}),
                     -1);
}

static const struct trial_record *fixture_trial(struct run *run, unsigned workload,
                                                unsigned allocator, unsigned block)
{
    struct trial_key key = {workload, allocator, block, PASS_TIMED};
    return run_fixture_trial(run, key);
}

static void test_pair_table(void **state)
{
    (void)state;
    struct run run;
    struct pair_table table;
    run_fixture_init(&run, "table");
    run_fixture_measure(&run);
    pair_table_init(&table, PAIR_CLOCK_WALL);
    for (unsigned block = 0; block < FIXTURE_BLOCKS; block++)
        assert_int_equal(pair_table_add(&table, fixture_trial(&run, 0, 0, block),
                                        fixture_trial(&run, 0, 1, block)),
                         0);
    struct verdict_pairs pairs = pair_table_pairs(&table);
    assert_int_equal(pairs.pairs, FIXTURE_BLOCKS);
    assert_int_equal(pairs.laps, FIXTURE_LAPS);
    double values[FIXTURE_BLOCKS];
    assert_int_equal(verdict_pair_values(&pairs, true, values), 0);
    for (size_t i = 0; i < FIXTURE_BLOCKS; i++)
        assert_near(values[i], log(0.5), 1e-6);
    /* The program has no laps: other work. A failed trial is no pair. */
    struct trial_record *failed = run_fixture_trial(&run, (struct trial_key){0, 1, 3, PASS_TIMED});
    assert_int_equal(pair_table_add(&table, fixture_trial(&run, 2, 0, 0),
                                    fixture_trial(&run, 2, 1, 0)),
                     -1);
    failed->status = STATUS_CRASHED;
    assert_int_equal(pair_table_add(&table, fixture_trial(&run, 0, 0, 3), failed), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(table.pairs, FIXTURE_BLOCKS);
    pair_table_release(&table);
    pair_table_init(&table, PAIR_CLOCK_CPU);
    assert_int_equal(pair_table_add(&table, fixture_trial(&run, 2, 0, 0),
                                    fixture_trial(&run, 2, 1, 0)),
                     0);
    assert_int_equal(table.laps, 1);
    pair_table_release(&table);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),    cmocka_unit_test(test_looks),
        cmocka_unit_test(test_repeatable),  cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_blind_track), cmocka_unit_test(test_family),
        cmocka_unit_test(test_bytes),       cmocka_unit_test(test_exact),
        cmocka_unit_test(test_independent), cmocka_unit_test(test_pair_table),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
