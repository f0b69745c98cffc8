/* What a test of the conformance suite came to, from what it said and how it ended. */
#include "check_run.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct check_test plain = {"contract", "a", ""}, misuse = {"misuse", "b/small", ""};

static struct check_result judge(const struct check_test *test, struct check_end end)
{
    struct check_result result = {0};
    if (end.errors == NULL)
        end.errors = "";
    end.malloc_file = "/proc";
    check_judge(&result, test, &end);
    return result;
}

static void verdicts_of_a_test(void **state)
{
    (void)state;
    assert_int_equal(judge(&plain, (struct check_end){.output = "owner /proc\npass\n"}).outcome,
                     CHECK_PASS);
    struct check_result failed =
        judge(&plain,
              (struct check_end){.output = "owner /proc\nfail why\npass\n", .exit_status = 1});
    assert_int_equal(failed.outcome, CHECK_FAIL);
    assert_string_equal(failed.reason, "why");
    assert_int_equal(judge(&plain, (struct check_end){.output = "skip no\n"}).outcome, CHECK_SKIP);
    assert_int_equal(judge(&plain, (struct check_end){.output = "owner /sys\npass\n"}).outcome,
                     CHECK_NOT_INJECTED);
    assert_int_equal(judge(&plain,
                           (struct check_end){.output = "", .timed_out = true, .signal = SIGKILL})
                         .outcome,
                     CHECK_HANG);
}

static void a_death_after_the_verdict_is_no_pass(void **state)
{
    (void)state;
    struct check_result result =
        judge(&plain, (struct check_end){.output = "pass\n", .signal = SIGSEGV, .exit_status = -1});
    assert_int_equal(result.outcome, CHECK_CRASH);
    assert_string_equal(result.reason, "SIGSEGV after its verdict");
    assert_int_equal(
        judge(&plain, (struct check_end){.output = "pass\n", .exit_status = 3}).outcome,
        CHECK_FAIL);
    assert_int_equal(judge(&plain, (struct check_end){.output = ""}).outcome, CHECK_FAIL);
}

static void when_misuse_was_noticed(void **state)
{
    (void)state;
    assert_int_equal(judge(&misuse, (struct check_end){.output = "begins\n",
                                                       .errors = "double free\n",
                                                       .signal = SIGABRT})
                         .outcome,
                     CHECK_AT_ONCE);
    assert_int_equal(
        judge(&misuse, (struct check_end){.output = "begins\ndone\n", .signal = SIGABRT}).outcome,
        CHECK_LATE);
    assert_int_equal(
        judge(&misuse, (struct check_end){.output = "begins\n", .signal = SIGSEGV}).outcome,
        CHECK_FAULT);
    /* A page fault is the memory's word at the wrong access itself, and nobody's anywhere else. */
    assert_int_equal(
        judge(&misuse, (struct check_end){.output = "begins\naccess\n", .signal = SIGSEGV}).outcome,
        CHECK_TRAPPED);
    assert_int_equal(judge(&misuse, (struct check_end){.output = "begins\naccess\naccessed\n",
                                                       .signal = SIGSEGV})
                         .outcome,
                     CHECK_FAULT);
    assert_int_equal(judge(&misuse, (struct check_end){.output = "begins\ndone\npass\n"}).outcome,
                     CHECK_HARMLESS);
    assert_int_equal(judge(&misuse, (struct check_end){.output = "begins\ndone\npass\n",
                                                       .errors = "bad free\n"})
                         .outcome,
                     CHECK_WARNED);
    assert_int_equal(
        judge(&misuse, (struct check_end){.output = "begins\ndone\nharm twice\n"}).outcome,
        CHECK_NEVER);
    /* Before anything was wrong it is a crash like any other. */
    assert_int_equal(judge(&misuse, (struct check_end){.output = "", .signal = SIGABRT}).outcome,
                     CHECK_CRASH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_of_a_test),
        cmocka_unit_test(a_death_after_the_verdict_is_no_pass),
        cmocka_unit_test(when_misuse_was_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
