/* What workloads are made of: distributions, touch policies, and how parameters are read. */
#include "catalog.h"
#include "distribution.h"
#include "robson_plan.h"
#include "touch.h"
#include "trial_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void log_normal_has_its_median_and_spread(void **state)
{
    struct distribution d;
    struct log_normal shape = {1000, 1.0, 1, 1 << 30};
    (void)state;
    distribution_log_normal(&d, &shape);
    assert_in_range(d.quantile[DISTRIBUTION_POINTS / 2], 995, 1005);
    /* One sigma above and below: factors of e at probabilities 0.8413 and 0.1587. */
    assert_in_range(d.quantile[(int)(0.8413 * DISTRIBUTION_POINTS)], 2690, 2750);
    assert_in_range(d.quantile[(int)(0.1587 * DISTRIBUTION_POINTS)], 363, 373);
    for (int i = 1; i < DISTRIBUTION_POINTS; i++)
        assert_true(d.quantile[i] >= d.quantile[i - 1]);
}

static void log_normal_stays_in_its_limits(void **state)
{
    struct distribution d;
    struct log_normal shape = {1000, 3.0, 900, 1100};
    (void)state;
    distribution_log_normal(&d, &shape);
    assert_int_equal(d.quantile[0], 900);
    assert_int_equal(d.quantile[DISTRIBUTION_POINTS - 1], 1100);
}

static void log_uniform_gives_every_octave_its_share(void **state)
{
    struct distribution d;
    int below[4] = {0};
    (void)state;
    distribution_log_uniform(&d, 16, 256);
    for (int i = 0; i < DISTRIBUTION_POINTS; i++)
        for (int octave = 0; octave < 4; octave++)
            below[octave] += d.quantile[i] < 32u << octave;
    for (int octave = 0; octave < 4; octave++) {
        int share = below[octave] - (octave > 0 ? below[octave - 1] : 0);
        assert_in_range(share, DISTRIBUTION_POINTS / 4 - 12, DISTRIBUTION_POINTS / 4 + 12);
    }
    distribution_log_uniform(&d, 7, 7);
    assert_int_equal(d.quantile[0], 7);
    assert_int_equal(d.quantile[DISTRIBUTION_POINTS - 1], 7);
}

static void the_tail_is_a_pareto_distribution(void **state)
{
    struct distribution d;
    struct log_normal shape = {1000, 0.1, 1, 1 << 30};
    struct pareto_tail tail = {0.5, 1.0, 1 << 30};
    (void)state;
    distribution_log_normal(&d, &shape);
    uint32_t low = d.quantile[DISTRIBUTION_POINTS / 2];
    distribution_add_tail(&d, &tail);
    /* Of index 1: half of the tail is above twice its beginning, a tenth above ten times. */
    assert_in_range(d.quantile[DISTRIBUTION_POINTS * 3 / 4], low * 195 / 100, low * 205 / 100);
    assert_in_range(d.quantile[DISTRIBUTION_POINTS * 95 / 100], low * 93 / 10, low * 107 / 10);
    for (int i = 1; i < DISTRIBUTION_POINTS; i++)
        assert_true(d.quantile[i] >= d.quantile[i - 1]);
}

static void touch_writes_what_it_says(void **state)
{
    static const int written[] = {
        [TOUCH_NONE] = 0, [TOUCH_FIRST] = 1, [TOUCH_PAGE] = 3, [TOUCH_ALL] = 10000};
    unsigned char block[10000];
    (void)state;
    for (enum touch touch = TOUCH_NONE; touch <= TOUCH_ALL; touch++) {
        int count = 0;
        memset(block, 0, sizeof block);
        touch_range(block, 0, 10, touch, 7);
        touch_range(block, 10, 4096, touch, 7);
        touch_range(block, 4096, 4097, touch, 7);
        touch_range(block, 4097, sizeof block, touch, 7);
        for (size_t i = 0; i < sizeof block; i++)
            count += block[i] == 7;
        assert_int_equal(count, written[touch]);
        assert_true(touch_holds(block, sizeof block, touch, 7));
        block[touch == TOUCH_ALL ? 9999 : touch == TOUCH_PAGE ? 8192 : 0] ^= 1;
        assert_int_equal(touch_holds(block, sizeof block, touch, 7), touch == TOUCH_NONE);
    }
    assert_true(touch_holds(block, 0, TOUCH_ALL, 7));
}

/* ---- parameters ------------------------------------------------------------------------- */

static const struct param demo_params[] = {
    PARAM_COUNT_ROW("items", "10", 1, 1000, "things"),
    PARAM_BYTES_ROW("size", "1k", 16, 4096, "bytes"),
    PARAM_CHOICE_ROW("order", "up", "up|down|some", "way"),
    PARAM_TABLE_END,
};
static const struct preset demo_presets[] = {
    {"classic", "items=7,order=down,threads=2,laps=5", "as it was"},
    {"large",   "size=4k",                             "more"     },
    PRESET_TABLE_END,
};
static const struct workload demo = {.name = "demo",
                                     .params = demo_params,
                                     .presets = demo_presets,
                                     .threads_maximum = 8,
                                     .laps = 40};

static void takes(const char *params, const char *expected)
{
    char printed[256], why_bytes[256];
    struct param_table table;
    struct text text, why;
    text_init(&text, printed, sizeof printed, -1);
    text_init(&why, why_bytes, sizeof why_bytes, -1);
    param_table_init(&table, &demo);
    if (param_table_parse(&table, params, &why) < 0)
        fail_msg("%s: %s", params, why_bytes);
    param_table_print(&table, &text);
    assert_string_equal(printed, expected);
}

static void refuses(const char *params, const char *expected)
{
    char why_bytes[256];
    struct param_table table;
    struct text why;
    text_init(&why, why_bytes, sizeof why_bytes, -1);
    param_table_init(&table, &demo);
    if (param_table_parse(&table, params, &why) == 0)
        fail_msg("'%s' is taken", params);
    if (strstr(why_bytes, expected) == NULL)
        fail_msg("'%s': '%s' does not say '%s'", params, why_bytes, expected);
}

static void parameters_are_taken_and_spelt_out(void **state)
{
    (void)state;
    takes("", "items=10,size=1024,order=up,threads=1,laps=40");
    takes("size=2k,items=1k", "items=1000,size=2048,order=up,threads=1,laps=40");
    takes("order=down,threads=8,laps=1", "items=10,size=1024,order=down,threads=8,laps=1");
}

static void wrong_parameters_are_told(void **state)
{
    (void)state;
    refuses("threads=0", "workload demo: threads=0: must be a whole number from 1 to 8");
    refuses("threads=-1", "threads=-1: must be a whole number from 1 to 8");
    refuses("threads=9", "must be a whole number from 1 to 8");
    refuses("items=1e30", "items=1e30: must be a whole number from 1 to 1000");
    refuses("items=1000000000000000000000000000000", "must be a whole number from 1 to 1000");
    refuses("items=10^30", "must be a whole number");
    refuses("items=", "items=: must be a whole number");
    refuses("items=1,items", "'items' is not of the form parameter=value");
    refuses("=3", "is not of the form parameter=value");
    refuses("items=1,", "is not of the form parameter=value");
    refuses("items=1,,size=16", "is not of the form parameter=value");
    refuses("items=1,items=1", "items is given twice");
    refuses("itmes=1", "unknown parameter 'itmes', did you mean 'items'?; it has items, size, "
                       "order, threads, laps");
    refuses("banana=1", "unknown parameter 'banana'; it has");
    refuses("size=8", "size=8: must be a size (suffix k, M or G allowed) from 16 to 4096");
    refuses("order=sideways", "order=sideways: must be one of up|down|some");
    refuses("order=u", "must be one of up|down|some");
    refuses("order=", "must be one of up|down|some");
    refuses("laps=1025", "must be a whole number from 1 to 1024");
    refuses("items=00000000000000000000000000000000000000000000000000000000000000000000000001",
            "must be a whole number");
    refuses("a\nb=1", "unknown parameter 'a?b'");
}

static void presets_are_a_place_to_start_from(void **state)
{
    (void)state;
    takes("classic", "items=7,size=1024,order=down,threads=2,laps=5");
    takes("classic,order=some,laps=6", "items=7,size=1024,order=some,threads=2,laps=6");
    takes("large,items=2", "items=2,size=4096,order=up,threads=1,laps=40");
    refuses("clasic", "workload demo: unknown preset 'clasic', did you mean 'classic'?; it has "
                      "classic, large, and parameters as parameter=value");
    refuses("classic,", "'' is not of the form parameter=value");
    refuses("classic,large", "'large' is not of the form parameter=value");
    refuses("items=1,classic", "'classic' is not of the form parameter=value");
    refuses("classic,items=1,items=2", "items is given twice");
    refuses("classic,threads=9", "must be a whole number from 1 to 8");
}

static void check_presets(const struct workload *workload)
{
    for (const struct preset *preset = workload->presets; preset != NULL && preset->name != NULL;
         preset++) {
        char why_bytes[256];
        struct param_table table;
        struct text why;
        text_init(&why, why_bytes, sizeof why_bytes, -1);
        param_table_init(&table, workload);
        assert_null(strpbrk(preset->name, ":=, \t\n"));
        assert_null(strpbrk(preset->params, "\t\n"));
        assert_null(strpbrk(preset->help, "\t\n"));
        assert_non_null(strchr(preset->params, '='));
        if (param_table_parse(&table, preset->name, &why) < 0)
            fail_msg("%s:%s: %s", workload->name, preset->name, why_bytes);
    }
}

/* Every workload's own table, as it will be shown and parsed. */
static void the_workloads_describe_themselves(void **state)
{
    const struct workload *workloads[CATALOG_WORKLOADS_MAXIMUM];
    size_t count = catalog_list(workloads);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct workload *w = workloads[i];
        struct param_table table;
        if (i > 0)
            assert_true(strcmp(workloads[i - 1]->name, w->name) < 0);
        assert_null(strpbrk(w->summary, "\t\n"));
        assert_null(strpbrk(w->source, "\t\n"));
        assert_null(strpbrk(w->touch, "\t\n"));
        assert_in_range(w->threads_maximum, 1, TRIAL_THREADS_MAXIMUM);
        assert_in_range(w->laps, w->recorded ? 0 : 12, w->recorded ? 0 : 50);
        check_presets(w);
        param_table_init(&table, w);
        for (size_t p = 0; p < table.count; p++) {
            assert_null(strpbrk(table.params[p].name, ":=, \t\n"));
            assert_null(strpbrk(table.params[p].help, "\t\n"));
            for (size_t other = 0; other < p; other++)
                assert_string_not_equal(table.params[p].name, table.params[other].name);
        }
    }
}

/* Robson's program of n = 2^steps on M words: against first fit it needs M (1 + steps / 2) words,
 * but for what the ends of a small heap cost (below a fiftieth here); it never has more than M
 * alive. */
static void robson_needs_what_theory_says(void **state)
{
    enum { WORDS = 1 << 14 };
    static uint32_t freed[2 * WORDS];
    static uint8_t exponent[2 * WORDS], alive[2 * WORDS];
    static struct robson_block live[WORDS], merged[WORDS];
    (void)state;
    for (uint32_t steps = 1; steps <= 8; steps++) {
        struct robson_plan plan = {.words = WORDS, .steps = steps + 1, .freed = freed};
        struct robson_model model = {.live = live, .merged = merged, .exponent = exponent};
        uint32_t words = 0, id = 0;
        robson_plan_make(&plan, &model);
        memset(alive, 0, sizeof alive);
        for (uint32_t step = 0; step <= steps; step++) {
            const struct robson_step *now = &plan.step[step];
            for (uint32_t i = 0; i < now->frees; i++) {
                uint32_t dead = freed[now->first_free + i];
                assert_int_equal(alive[dead], 1);
                alive[dead] = 0;
                words -= 1u << exponent[dead];
            }
            for (uint32_t i = 0; i < now->allocations; i++, id++) {
                assert_int_equal(exponent[id], step);
                alive[id] = 1;
                words += 1u << step;
            }
            assert_in_range(words, WORDS - (1u << step), WORDS);
        }
        assert_int_equal(id, plan.blocks);
        assert_in_range(plan.heap_words, (WORDS + WORDS * steps / 2) * 49 / 50,
                        (WORDS + WORDS * steps / 2) * 51 / 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_normal_has_its_median_and_spread),
        cmocka_unit_test(log_normal_stays_in_its_limits),
        cmocka_unit_test(log_uniform_gives_every_octave_its_share),
        cmocka_unit_test(the_tail_is_a_pareto_distribution),
        cmocka_unit_test(touch_writes_what_it_says),
        cmocka_unit_test(parameters_are_taken_and_spelt_out),
        cmocka_unit_test(wrong_parameters_are_told),
        cmocka_unit_test(presets_are_a_place_to_start_from),
        cmocka_unit_test(the_workloads_describe_themselves),
        cmocka_unit_test(robson_needs_what_theory_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
