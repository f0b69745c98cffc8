/*
 * What every workload owes: the same calls whatever the allocator, contents checked, nothing
 * left behind. Runs are made by the measured program, and in this process (forked) where
 * sanitizers look at workload and runner.
 */
#include "catalog.h"
#include "runner_driver.h"
#include "session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Short forms of each workload: all parts of it are reached. A workload that is not here is run
 * with its defaults. */
static const char *const short_forms[][2] = {
    {"ageing",            "live=500k,phase=1,steps=3000,laps=5"                              },
    {"alloc-test",        "slots=600,steps=3000,laps=3"                                      },
    {"blowup",            "phases=4,live=40k,largest=4k,replace=50,twice=yes,laps=3"         },
    {"cache-fleet",       "budget=1M,requests=2000,period=3,laps=4"                          },
    {"cache-scratch",     "objects=5,writes=100,laps=3"                                      },
    {"cache-thrash",      "objects=5,writes=100,laps=3"                                      },
    {"cfrac",             "steps=100,kept=50,laps=3"                                         },
    {"cheese",            "layer=40k,age=2,laps=3"                                           },
    {"dynamic-array",     "arrays=200,steps=3000,laps=3"                                     },
    {"glibc-simple",      "sizes=2,blocks=2000,laps=2"                                       },
    {"glibc-thread",      "slots=100,steps=3000,laps=3"                                      },
    {"larson",            "slots=300,steps=300,generations=3,touch=all,laps=3"               },
    {"linux-scalability", "pairs=2000,batch=50,touch=all,laps=3"                             },
    {"malloc-large",      "slots=10,smallest=300,largest=200k,buffers=700,laps=2"            },
    {"matrix",            "plan=40,pool=20,largest=60,laps=3"                                },
    {"mleak",             "slots=20,together=3,rounds=120,laps=3"                            },
    {"mstress",           "items=400,shared=100,laps=3"                                      },
    {"nbody",             "bodies=200,block=1,laps=12"                                       },
    {"null",              "operations=1000,laps=3"                                           },
    {"pairs",             "pairs=2000,touch=all,laps=3"                                      },
    {"rbstress",          "chunk=300,retained=500,strings=1500,long=1000,laps=3"             },
    {"realloc-growth",    "strings=300,steps=3000,large=1M,laps=3"                           },
    {"realloc-ladder",    "climbs=10,laps=2"                                                 },
    {"robson",            "live=100k,steps=5,touch=all,laps=2"                               },
    {"rptest",            "loops=10,slots=100,blocks=20,touch=all,laps=3"                    },
    {"sawtooth",          "blocks=1000,calls=3000,period=4,laps=5"                           },
    {"sh6",               "slots=1000,rounds=1,most=100,touch=all,laps=3"                    },
    {"sh8",               "slots=2000,rows=12,small=100,touch=all,laps=3"                    },
    {"size-drift",        "live=500k,span=2,steps=3000,laps=5"                               },
    {"t-test1",           "bins=200,bursts=50,laps=3"                                        },
    {"threadtest",        "objects=500,rounds=3,touch=all,laps=3"                            },
    {"trees",             "smallest=2,largest=8,long=8,stretch=9,array=100,nodes=500,laps=2" },
    {"webserver",         "requests=300,logins=300,connections=40,cache=500k,period=4,laps=6"},
    {"xmalloc",           "objects=50,batches=20,queue=4,sizes=mixed,laps=3"                 },
};

static const char *const allocators[] = {"libbump.so", "libfreelist-first.so"};

static const char *form_of(const char *workload)
{
    for (size_t i = 0; i < sizeof short_forms / sizeof short_forms[0]; i++)
        if (strcmp(short_forms[i][0], workload) == 0)
            return short_forms[i][1];
    return "laps=2";
}

static struct driver_outcome run_well(const struct driver_order *order)
{
    struct driver_outcome outcome;
    driver_run(order, &outcome);
    if (outcome.signal != 0 || outcome.exit_status != 0)
        fail_msg("%s:%s: status %d, signal %d: %s", order->workload, order->params,
                 outcome.exit_status, outcome.signal, outcome.page->message);
    assert_int_equal(outcome.page->report[CHECKPOINT_DRAINED].live_bytes, 0);
    return outcome;
}

static void assert_same_calls(const struct trial_page *a, const struct trial_page *b)
{
    assert_int_equal(a->laps, b->laps);
    assert_int_equal(a->warm_up.operations, b->warm_up.operations);
    for (unsigned i = 0; i < a->laps; i++)
        assert_int_equal(a->lap[i].operations, b->lap[i].operations);
    assert_int_equal(a->live_peak_bytes, b->live_peak_bytes);
    assert_int_equal(a->report[CHECKPOINT_END].live_bytes, b->report[CHECKPOINT_END].live_bytes);
}

static void the_same_seed_gives_the_same_calls(void **state)
{
    const struct workload *workload = *state;
    struct driver_order order = {.workload = workload->name,
                                 .params = form_of(workload->name),
                                 .seed = 42};
    struct driver_outcome first = run_well(&order), second = run_well(&order);
    assert_same_calls(first.page, second.page);
    driver_release(&second);
    for (size_t i = 0; i < sizeof allocators / sizeof allocators[0]; i++) {
        char *library = strdup(driver_beside(allocators[i]));
        order.preload = library;
        second = run_well(&order);
        assert_string_equal(second.page->malloc_file, library);
        assert_same_calls(first.page, second.page);
        driver_release(&second);
        free(library);
    }
    driver_release(&first);
}

static bool is_among(const struct workload *workload, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(workload->name, names[i]) == 0)
            return true;
    return false;
}

static bool draws_sizes(const struct workload *workload)
{
    static const char *const fixed[] = {
        "cache-scratch", "cache-thrash", "linux-scalability", "null",    "pairs",
        "sh6",           "sh8",          "threadtest",        "xmalloc", "cheese",
        "glibc-simple",  "mleak",        "realloc-ladder",    "robson",  "trees",
    };
    return !is_among(workload, fixed, sizeof fixed / sizeof fixed[0]);
}

static void another_seed_gives_other_calls(void **state)
{
    const struct workload *workload = *state;
    struct driver_order order = {.workload = workload->name,
                                 .params = form_of(workload->name),
                                 .seed = 1};
    struct driver_outcome first = run_well(&order);
    order.seed = 2;
    struct driver_outcome second = run_well(&order);
    /* One that holds its live bytes at a limit has the same peak. */
    assert_true(first.page->live_peak_bytes != second.page->live_peak_bytes ||
                first.page->lap[0].operations != second.page->lap[0].operations);
    driver_release(&first);
    driver_release(&second);
}

/* Under the sanitizers of this build: verified contents and exact books, one thread and five. */
static void it_is_clean_when_inspected(void **state)
{
    const struct workload *workload = *state;
    char params[256];
    for (unsigned threads = 1; threads <= 5; threads += 4) {
        snprintf(params, sizeof params, "%s,threads=%u", form_of(workload->name), threads);
        struct driver_order order = {.workload = workload->name,
                                     .params = params,
                                     .seed = 3,
                                     .inspect = true,
                                     .in_process = true};
        struct driver_outcome outcome = run_well(&order);
        const struct checkpoint_report *end = &outcome.page->report[CHECKPOINT_END];
        assert_int_equal(outcome.page->report[CHECKPOINT_DRAINED].live_blocks, 0);
        if (outcome.page->usable_size_known)
            assert_true(end->usable_bytes >= end->live_bytes);
        driver_release(&outcome);
    }
}

/* Without the books, whose lock would order the workers and so hide a race of theirs. */
static void threads_do_not_race(void **state)
{
    const struct workload *workload = *state;
    char params[256];
    for (unsigned threads = 2; threads <= 4; threads += 2) { /* spinning, and sleeping at once */
        snprintf(params, sizeof params, "%s,threads=%u", form_of(workload->name), threads);
        struct driver_order order = {.workload = workload->name,
                                     .params = params,
                                     .seed = 4,
                                     .in_process = true};
        struct driver_outcome first = run_well(&order), second = run_well(&order);
        /* Nor does the number of calls depend on how the workers were scheduled. */
        for (unsigned i = 0; i < first.page->laps; i++)
            assert_int_equal(first.page->lap[i].operations, second.page->lap[i].operations);
        assert_int_equal(first.page->report[CHECKPOINT_END].live_bytes,
                         second.page->report[CHECKPOINT_END].live_bytes);
        driver_release(&first);
        driver_release(&second);
    }
}

/* Verified under allocators of this tree, by two workers and by five. */
static void other_allocators_keep_its_blocks(void **state)
{
    const struct workload *workload = *state;
    char params[256];
    for (unsigned threads = 2; threads <= 5; threads += 3) {
        snprintf(params, sizeof params, "%s,threads=%u", form_of(workload->name), threads);
        for (size_t i = 0; i < sizeof allocators / sizeof allocators[0]; i++) {
            char *library = strdup(driver_beside(allocators[i]));
            struct driver_order order = {.workload = workload->name,
                                         .params = params,
                                         .preload = library,
                                         .seed = 5,
                                         .inspect = true};
            struct driver_outcome outcome = run_well(&order);
            assert_int_equal(outcome.page->report[CHECKPOINT_DRAINED].live_blocks, 0);
            driver_release(&outcome);
            free(library);
        }
    }
}

/* When another is allocated, which is when the shim damages one. */
static bool holds_blocks(const struct workload *workload)
{
    static const char *const none[] = {"cache-scratch", "cache-thrash", "null"};
    return !is_among(workload, none, sizeof none / sizeof none[0]);
}

static void a_corrupting_allocator_is_noticed(void **state)
{
    const struct workload *workload = *state;
    char *shim = strdup(driver_beside("tests/unit/shim_corrupting.so"));
    struct driver_order order = {.workload = workload->name,
                                 .params = form_of(workload->name),
                                 .preload = shim,
                                 .inspect = true};
    struct driver_outcome outcome;
    setenv("CORRUPT_AFTER", "1000000000", 1);
    outcome = run_well(&order); /* the shim itself is sound */
    driver_release(&outcome);
    setenv("CORRUPT_AFTER", "1000", 1);
    driver_run(&order, &outcome);
    unsetenv("CORRUPT_AFTER");
    if (!holds_blocks(workload)) {
        assert_int_equal(outcome.exit_status, 0);
    } else if (strcmp(workload->name, "matrix") == 0 && outcome.signal != 0) {
        /* A damaged row pointer may kill before the check of contents: noticed as well. */
        assert_int_equal(outcome.page->outcome, OUTCOME_RUNNING);
    } else {
        assert_int_equal(outcome.signal, 0);
        assert_int_equal(outcome.page->outcome, OUTCOME_CORRUPT);
        assert_int_equal(outcome.exit_status, EXIT_CORRUPT);
        assert_non_null(strstr(outcome.page->message, "does not hold what was written into it"));
    }
    driver_release(&outcome);
    free(shim);
}

/* bump never frees: what it holds at the end is all that was asked for. A tenth of a trial is
 * enough to tell what the whole would come to. */
static void a_default_trial_fits_an_allocator_that_never_frees(void **state)
{
    enum { LAPS = 4, LIMIT_BYTES = 1 << 30 };
    const struct workload *workload = *state;
    char params[32], *library = strdup(driver_beside("libbump.so"));
    snprintf(params, sizeof params, "laps=%d", LAPS);
    struct driver_order order = {.workload = workload->name,
                                 .params = params,
                                 .preload = library,
                                 .seed = 1};
    struct driver_outcome outcome = run_well(&order);
    int64_t grown = outcome.rss_bytes[CHECKPOINT_END] - outcome.rss_bytes[CHECKPOINT_START];
    assert_true(grown / (LAPS + 1) * (workload->laps + 1) < LIMIT_BYTES);
    driver_release(&outcome);
    free(library);
}

/* realloc-growth looks at its ends after every step, also when it is timed. */
static void realloc_growth_is_checked_when_timed(void **state)
{
    char *shim = strdup(driver_beside("tests/unit/shim_corrupting.so"));
    struct driver_order order = {.workload = "realloc-growth",
                                 .params = "strings=100,steps=20000,laps=2",
                                 .preload = shim};
    struct driver_outcome outcome;
    (void)state;
    setenv("CORRUPT_AFTER", "500", 1);
    driver_run(&order, &outcome);
    unsetenv("CORRUPT_AFTER");
    assert_int_equal(outcome.page->outcome, OUTCOME_CORRUPT);
    driver_release(&outcome);
    free(shim);
}

/* The load of webserver moves what lives, not what is done. */
static void webserver_load_rises_and_falls(void **state)
{
    int64_t live[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        char params[64];
        snprintf(params, sizeof params, "period=20,laps=%d", i == 0 ? 10 : 20);
        struct driver_order order = {.workload = "webserver", .params = params, .seed = 1};
        struct driver_outcome outcome = run_well(&order);
        live[i] = outcome.page->report[CHECKPOINT_END].live_bytes;
        driver_release(&outcome);
    }
    assert_in_range(live[0], 10 << 20, 20 << 20);
    assert_true(live[1] < live[0] * 3 / 4);
}

/* What threads started in a lap do is the lap's: a call takes more than a nanosecond. */
static void threads_of_a_lap_are_accounted(void **state)
{
    struct driver_order order = {.workload = "larson",
                                 .params = "slots=100,steps=20000,generations=3,threads=2,laps=3"};
    (void)state;
    struct driver_outcome outcome = run_well(&order);
    for (unsigned i = 0; i < outcome.page->laps; i++) {
        assert_int_equal(outcome.page->lap[i].operations, 2 * 2 * 3 * 20000);
        assert_true(outcome.page->lap[i].cpu_ns > outcome.page->lap[i].operations);
    }
    driver_release(&outcome);
}

/* Somewhere between a limit too low for the heap and one that suffices there is one that is too
 * low for a thread's stack. */
static void a_lap_that_can_start_no_thread_says_so(void **state)
{
    enum { STEP_BYTES = 64 << 10, STEPS = 64 };
    bool told = false;
    (void)state;
    for (uint64_t step = 1; step <= STEPS && !told; step++) {
        struct driver_order order = {.workload = "larson",
                                     .params = "slots=1,most=8,steps=1,laps=1",
                                     .memory_limit_bytes = step * STEP_BYTES};
        struct driver_outcome outcome;
        driver_run(&order, &outcome);
        told = strstr(outcome.page->message, "no thread can be started in a lap") != NULL;
        if (told)
            assert_int_equal(outcome.page->outcome, OUTCOME_OUT_OF_MEMORY);
        driver_release(&outcome);
    }
    assert_true(told);
}

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction function;
    } owed[] = {
        {"same seed, same calls",     the_same_seed_gives_the_same_calls                },
        {"another seed, other calls", another_seed_gives_other_calls                    },
        {"clean when inspected",      it_is_clean_when_inspected                        },
        {"threads do not race",       threads_do_not_race                               },
        {"kept by other allocators",  other_allocators_keep_its_blocks                  },
        {"corruption is noticed",     a_corrupting_allocator_is_noticed                 },
        {"never freed, under 1 GiB",  a_default_trial_fits_an_allocator_that_never_frees},
    };
    enum { OWED = sizeof owed / sizeof owed[0] };
    static const struct workload *workloads[CATALOG_WORKLOADS_MAXIMUM];
    static struct CMUnitTest tests[CATALOG_WORKLOADS_MAXIMUM * OWED + 4];
    static char names[CATALOG_WORKLOADS_MAXIMUM * OWED][96];
    size_t count = 0, workload_count = catalog_list(workloads);
    for (size_t i = 0; i < workload_count; i++) {
        for (size_t o = 0; o < OWED; o++) {
            if (workloads[i]->recorded ||
                (owed[o].function == a_default_trial_fits_an_allocator_that_never_frees &&
                 workloads[i]->floods) ||
                (owed[o].function == another_seed_gives_other_calls && !draws_sizes(workloads[i])))
                continue;
            snprintf(names[count], sizeof names[count], "%s: %s", workloads[i]->name, owed[o].name);
            tests[count] = (struct CMUnitTest){names[count], owed[o].function, NULL, NULL,
                                               (void *)(uintptr_t)workloads[i]};
            count++;
        }
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(realloc_growth_is_checked_when_timed);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(threads_of_a_lap_are_accounted);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(a_lap_that_can_start_no_thread_says_so);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(webserver_load_rises_and_falls);
    return _cmocka_run_group_tests("workloads", tests, count, NULL, NULL);
}
