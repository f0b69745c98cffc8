/* The suites that ship: each can be planned, all its cells included, and says what it is. */
#include "message.h"
#include "plan.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct shipped {
    struct paths paths;
    struct allocator_catalog allocators;
    struct workload_catalog workloads;
};

/* The tree's own files and this build's runner: the test is build/MODE/tests/unit/NAME. */
static int load(void **state)
{
    struct shipped *shipped = calloc(1, sizeof *shipped);
    char self[PATH_MAX], message[MESSAGE_BYTES] = "";
    ssize_t bytes = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(shipped != NULL && bytes > 0);
    self[bytes] = '\0';
    for (int up = 0; up < 3; up++)
        *strrchr(self, '/') = '\0';
    shipped->paths.programs = strdup(self);
    for (int up = 0; up < 2; up++)
        *strrchr(self, '/') = '\0';
    shipped->paths.allocators = path_join(self, "allocators/allocators.ini");
    shipped->paths.suites = path_join(self, "workloads/suites");
    shipped->paths.stanzas = path_join(self, "workloads/programs");
    if (allocator_catalog_load(&shipped->allocators, &shipped->paths, message) < 0 ||
        workload_catalog_load(&shipped->workloads, &shipped->paths, message) < 0)
        fail_msg("%s", message);
    *state = shipped;
    return 0;
}

static int unload(void **state)
{
    struct shipped *shipped = *state;
    allocator_catalog_release(&shipped->allocators);
    workload_catalog_release(&shipped->workloads);
    paths_release(&shipped->paths);
    free(shipped);
    return 0;
}

/* With glibc, which is there wherever this is; one block. */
static void plan(struct shipped *shipped, const char *name, struct suite *suite, struct run *run)
{
    static const char *const allocators[] = {"glibc"};
    char message[MESSAGE_BYTES] = "";
    run_init(run);
    if (suite_load(suite, shipped->paths.suites, name, message) < 0)
        fail_msg("%s: %s", name, message);
    struct plan_request request = {.suite = suite,
                                   .allocators = allocators,
                                   .allocator_count = 1,
                                   .blocks = 1};
    if (plan_make(run, &request, &shipped->allocators, &shipped->workloads, message) < 0)
        fail_msg("%s: %s", name, message);
}

static void every_suite_can_be_planned(void **state)
{
    struct shipped *shipped = *state;
    char message[MESSAGE_BYTES] = "", *names = suite_names(shipped->paths.suites, message);
    assert_non_null(names);
    size_t count = 0;
    for (char *rest = names, *name; (name = strsep(&rest, "\n")) != NULL; count++) {
        struct suite suite;
        struct run run;
        plan(shipped, name, &suite, &run);
        if (suite.summary[0] == '\0' || suite.time[0] == '\0')
            fail_msg("%s: a suite says what it is and how long it takes", suite.path);
        assert_true(run.workload_count >= suite.item_count);
        for (size_t w = 0; w < run.workload_count; w++) {
            bool timed = false;
            for (size_t t = 0; t < run.trial_count; t++)
                timed |= run.trials[t].key.workload == w && run.trials[t].key.pass == PASS_TIMED;
            if (!timed)
                fail_msg("%s: nothing times %s under glibc", name, run.workloads[w].label);
        }
        run_release(&run);
        suite_release(&suite);
    }
    assert_true(count >= 9);
    free(names);
}

/* Words in a suite's `allocators` are not looked at when others are asked for, as above. */
static void allocators_of_suites_are_known(void **state)
{
    struct shipped *shipped = *state;
    char message[MESSAGE_BYTES] = "", *names = suite_names(shipped->paths.suites, message);
    assert_non_null(names);
    for (char *rest = names, *name; (name = strsep(&rest, "\n")) != NULL;) {
        struct suite suite;
        if (suite_load(&suite, shipped->paths.suites, name, message) < 0)
            fail_msg("%s: %s", name, message);
        for (size_t i = 0; i < suite.allocator_count; i++) {
            struct run run;
            run_init(&run);
            const char *word = suite.allocators[i];
            if (allocator_select(&shipped->allocators, &word, 1, &run, message) < 0 &&
                strstr(message, "apt-get install") == NULL)
                fail_msg("%s: %s", name, message);
            run_release(&run);
        }
        suite_release(&suite);
    }
    free(names);
}

static size_t of_name(const struct run *run, const char *name)
{
    size_t count = 0;
    for (size_t w = 0; w < run->workload_count; w++)
        count += strcmp(run->workloads[w].name, name) == 0;
    return count;
}

static void threads_sweeps_to_twice_the_cpus(void **state)
{
    static const char *const swept[] = {"larson",  "linux-scalability", "threadtest",
                                        "mstress", "cache-scratch",     "cache-thrash"};
    struct suite suite;
    struct run run;
    plan(*state, "threads", &suite, &run);
    unsigned least = UINT_MAX, most = 0;
    for (size_t w = 0; w < run.workload_count; w++) {
        least = run.workloads[w].threads < least ? run.workloads[w].threads : least;
        most = run.workloads[w].threads > most ? run.workloads[w].threads : most;
    }
    assert_int_equal(least, 1);
    assert_true(most >= 2 && most % 2 == 0);
    for (size_t i = 0; i < sizeof swept / sizeof swept[0]; i++)
        assert_true(of_name(&run, swept[i]) >= 2);
    run_release(&run);
    suite_release(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suite_can_be_planned),
        cmocka_unit_test(allocators_of_suites_are_known),
        cmocka_unit_test(threads_sweeps_to_twice_the_cpus),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
