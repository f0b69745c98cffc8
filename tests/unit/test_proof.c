/*
 * Verdicts on recorded noise: the tables of docs/proof.md in small (tests/proof/replay.c makes them
 * in full). Limits are what the stated rates allow, with three standard errors. All seeds are
 * fixed.
 */
#include "corpus_fixture.h"
#include "run_fixture.h"
#include "simulations.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COMPARISONS = SIMULATIONS / 250, PATH_BYTES = 64 };

static const struct condition {
    const char *name;
    double same, caught; /* shares expected, well below those of the full tables */
} conditions[] = {
    {"quiet",     0.85, 0.95},
    {"hog",       0.7,  0.75},
    {"bursts",    0.85, 0.95},
    {"ci",        0.65, 0.75},
    {"saturated", 0,    0   },
    {"compile",   0,    0   },
};
enum { CONDITIONS = sizeof conditions / sizeof *conditions };

/* What a rate of at least p over n tries may show, and of at most p. */
static double least(double rate, size_t tries)
{
    double n = (double)tries;
    return rate * n - 3 * sqrt(rate * (1 - rate) * n);
}

static double most(double rate, size_t tries)
{
    double n = (double)tries;
    return rate * n + 3 * sqrt(rate * (1 - rate) * n);
}

static struct corpus load(const char *condition)
{
    struct corpus corpus;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "tests/proof/corpora/same-%s.gz", condition);
    assert_int_equal(corpus_load(&corpus, path), 0);
    return corpus;
}

/* Workload, beginning and labels by lot. */
static enum verdict compare(const struct corpus *corpus, double planted, uint64_t seed)
{
    static struct corpus_window window;
    struct verdict_cell cell;
    struct verdict_rules rules = corpus_rules(corpus);
    struct fixture_random random = {seed * UINT64_C(0x9e3779b97f4a7c15)};
    const struct corpus_series *any =
        &corpus->series[(size_t)(fixture_uniform(&random) * (double)corpus->count)];
    struct corpus_draw draw = {
        .base = corpus_find(corpus, any->workload, "one"),
        .new = corpus_find(corpus, any->workload, "two"),
        .start = (size_t)(fixture_uniform(&random) * (double)any->trials),
        .lot = seed,
        .planted = planted,
    };
    rules.seed = seed;
    /* The first two looks do for a test. */
    rules.look_count = 2;
    assert_int_equal(corpus_compare(&window, &draw, &rules, &cell), 0);
    return cell.verdict;
}

static void test_recorded_noise(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t c = 0; c < CONDITIONS; c++) {
        struct corpus corpus = load(conditions[c].name);
        size_t same = 0, caught = 0;
        for (uint64_t i = 1; i <= COMPARISONS; i++) {
            enum verdict verdict = compare(&corpus, 0, i);
            wrong += verdict == VERDICT_WORSE || verdict == VERDICT_BETTER;
            same += verdict == VERDICT_SAME;
            verdict = compare(&corpus, 0.05, i);
            assert_true(verdict != VERDICT_BETTER);
            caught += verdict == VERDICT_WORSE;
        }
        print_message("%s: same %zu, 5 %% caught %zu of %d\n", conditions[c].name, same, caught,
                      COMPARISONS);
        assert_true((double)same >= least(conditions[c].same, COMPARISONS));
        assert_true((double)caught >= least(conditions[c].caught, COMPARISONS));
        corpus_release(&corpus);
    }
    assert_true((double)wrong <= most(0.01, COMPARISONS * CONDITIONS));
}

/* A file that is not one, or not there. */
static void test_bad_corpora(void **state)
{
    (void)state;
    const char *folder = getenv("TMP");
    char path[4096];
    struct corpus corpus;
    static const char *const texts[] = {"", "webserver one 5\n", "webserver one 5 0 1 0 7\n",
                                        "webserver one 5 0 1 0\nwebserver one 5 0 1 0 2 0\n",
                                        "webserver one 5 0 1 x\n"};
    assert_int_equal(corpus_load(&corpus, "/no/such/corpus"), -1);
    corpus_release(&corpus);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        snprintf(path, sizeof path, "%s/corpus-%zu", folder != NULL ? folder : "/tmp", i);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(corpus_load(&corpus, path), -1);
        corpus_release(&corpus);
        remove(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_noise),
        cmocka_unit_test(test_bad_corpora),
    };
    return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
