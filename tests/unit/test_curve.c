/* Curves: which workloads of a run are on one, in which order, and where on the axis. */
#include "curve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORKLOADS_MAXIMUM = 16 };

/* A run of nothing but workloads, "name:params" each, up to NULL. */
struct bare_run {
    struct run run;
    struct workload_spec workloads[WORKLOADS_MAXIMUM];
    struct curve_list list;
};

static void make(struct bare_run *bare, const char *const *texts)
{
    memset(bare, 0, sizeof *bare);
    bare->run.workloads = bare->workloads;
    for (size_t i = 0; texts[i] != NULL; i++) {
        const char *colon = strchr(texts[i], ':');
        assert_true(i < WORKLOADS_MAXIMUM && colon != NULL);
        bare->workloads[i] = (struct workload_spec){
            .label = strdup(texts[i]),
            .name = strndup(texts[i], (size_t)(colon - texts[i])),
            .params = strdup(colon + 1),
            .kind = strstr(texts[i], ".hmt") != NULL ? WORKLOAD_RECORDED : WORKLOAD_SYNTHETIC,
        };
        bare->run.workload_count++;
    }
    assert_int_equal(curve_list_make(&bare->list, &bare->run), 0);
}

static void release(struct bare_run *bare)
{
    curve_list_release(&bare->list);
    for (size_t i = 0; i < bare->run.workload_count; i++) {
        free(bare->workloads[i].label);
        free(bare->workloads[i].name);
        free(bare->workloads[i].params);
    }
}

/* All curves: "name by param (fixed): value@workload ...", one a line. */
static void describe(const struct bare_run *bare, char *text, size_t room)
{
    text[0] = '\0';
    for (size_t c = 0; c < bare->list.count; c++) {
        const struct curve *curve = &bare->list.curves[c];
        snprintf(text + strlen(text), room - strlen(text), "%s by %s (%s):", curve->name,
                 curve->param, curve->fixed);
        for (size_t i = 0; i < curve->count; i++)
            snprintf(text + strlen(text), room - strlen(text), " %s@%zu", curve->points[i].text,
                     curve->points[i].workload);
        snprintf(text + strlen(text), room - strlen(text), "\n");
    }
}

static void workloads_alike_but_for_a_number_are_a_curve(void **state)
{
    static const struct {
        const char *workloads[9];
        const char *expected;
    } cases[] = {
  /* Two values are none; the same value twice is one. */
        {{"w:n=1,s=a", "w:n=2,s=a", "w:n=2,s=a"},                                  ""                               },
 /* By value, in whatever order the run has them. */
        {{"w:n=10,s=a", "w:n=9,s=a", "w:n=100,s=a"},                               "w by n (): 9@1 10@0 100@2\n"    },
 /* Other names, words instead of numbers, and other parameters are apart. */
        {{"w:n=1,s=a", "w:n=2,s=a", "v:n=3,s=a"},                                  ""                               },
        {{"w:n=1,s=a", "w:n=1,s=b", "w:n=1,s=c"},                                  ""                               },
        {{"w:n=1,s=a", "w:n=2,s=b", "w:n=3,s=a"},                                  ""                               },
        {{"w:n=1", "w:n=2", "w:n=3,s=a"},                                          ""                               },
 /* A curve for each combination of the others, which are named; what never varies is not. */
        {{"w:n=1,m=1,k=5", "w:n=2,m=1,k=5", "w:n=3,m=1,k=5", "w:n=1,m=2,k=5", "w:n=2,m=2,k=5",
          "w:n=3,m=2,k=5"},
         "w by n (m=1): 1@0 2@1 3@2\nw by n (m=2): 1@3 2@4 3@5\n"                                                   },
 /* A workload may be on several. */
        {{"w:n=1,m=1", "w:n=2,m=1", "w:n=4,m=1", "w:n=1,m=3", "w:n=1,m=9"},
         "w by n (m=1): 1@0 2@1 4@2\nw by m (n=1): 1@0 3@3 9@4\n"                                                   },
 /* Whole multiples of 1024 are sizes. */
        {{"w:n=16", "w:n=1024", "w:n=65536"},                                      "w by n (): 16@0 1k@1 64k@2\n"   },
        {{"w:n=16", "w:n=1000", "w:n=2000000"},                                    "w by n (): 16@0 1k@1 2M@2\n"    },
        {{"w:n=16", "w:n=1024", "w:n=1100"},                                       "w by n (): 16@0 1024@1 1100@2\n"},
 /* A trace goes by its file's name. */
        {{"/a.b/app.hmt:times=1", "/a.b/app.hmt:times=2", "/a.b/app.hmt:times=3"},
         "app by times (): 1@0 2@1 3@2\n"                                                                           },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bare_run bare;
        char text[512];
        make(&bare, cases[i].workloads);
        describe(&bare, text, sizeof text);
        assert_string_equal(text, cases[i].expected);
        release(&bare);
    }
}

static void values_stand_where_they_are_spread_evenly(void **state)
{
    static const struct {
        const char *workloads[5];
        bool logarithmic;
        double x[4];
    } cases[] = {
        {{"w:n=1", "w:n=2", "w:n=4", "w:n=8"},         true,  {0, 1, 2, 3}        },
        {{"w:n=10", "w:n=20", "w:n=30", "w:n=40"},     false, {10, 20, 30, 40}    },
 /* Zero is a step before the others. */
        {{"w:n=0", "w:n=4", "w:n=16", "w:n=64"},       true,  {0, 2, 4, 6}        },
        {{"w:n=0", "w:n=8", "w:n=16", "w:n=24"},       false, {0, 8, 16, 24}      },
 /* Within a factor of four a logarithm gains nothing. */
        {{"w:n=100", "w:n=101", "w:n=110", "w:n=200"}, false, {100, 101, 110, 200}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bare_run bare;
        make(&bare, cases[i].workloads);
        assert_int_equal(bare.list.count, 1);
        const struct curve *curve = &bare.list.curves[0];
        assert_int_equal(curve->count, 4);
        assert_int_equal(curve->logarithmic, cases[i].logarithmic);
        for (size_t p = 0; p < curve->count; p++)
            assert_true(fabs(curve->points[p].x - cases[i].x[p]) < 1e-9);
        release(&bare);
    }
}

static void the_number_of_threads_is_marked(void **state)
{
    static const char *const workloads[] = {"w:threads=1,n=1", "w:threads=2,n=1", "w:threads=4,n=1",
                                            "w:threads=1,n=2", "w:threads=1,n=3", NULL};
    struct bare_run bare;
    (void)state;
    make(&bare, workloads);
    assert_int_equal(bare.list.count, 2);
    assert_true(bare.list.curves[0].threads);
    assert_false(bare.list.curves[1].threads);
    release(&bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workloads_alike_but_for_a_number_are_a_curve),
        cmocka_unit_test(values_stand_where_they_are_spread_evenly),
        cmocka_unit_test(the_number_of_threads_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
