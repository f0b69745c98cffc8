/* The runner as the harness meets it: checkpoints, outcomes, and what it takes for itself. */
#include "catalog.h"
#include "runner_driver.h"
#include "session.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { RSS_LIMIT_BYTES = 4 << 20, PAIRS = 1000, LAPS = 3 };

static const char small_pairs[] = "pairs=1000,batch=10,laps=3";

static struct driver_outcome run_well(const struct driver_order *order)
{
    struct driver_outcome outcome;
    driver_run(order, &outcome);
    if (outcome.page->message[0] != '\0')
        print_message("%s\n", outcome.page->message);
    assert_int_equal(outcome.signal, 0);
    assert_int_equal(outcome.exit_status, 0);
    assert_int_equal(outcome.page->outcome, OUTCOME_DONE);
    return outcome;
}

/* ---- the way of a trial ------------------------------------------------------------ */

static void a_trial_passes_its_checkpoints(void **state)
{
    struct driver_order order = {.workload = "pairs", .params = small_pairs, .seed = 1};
    (void)state;
    struct driver_outcome outcome = run_well(&order);
    const struct trial_page *page = outcome.page;
    assert_true(outcome.reached[CHECKPOINT_START]);
    assert_true(outcome.reached[CHECKPOINT_END]);
    assert_true(outcome.reached[CHECKPOINT_DRAINED]);
    assert_false(outcome.reached[CHECKPOINT_PEAK]);
    assert_false(outcome.reached[CHECKPOINT_SETTLED]);
    assert_int_equal(page->laps, LAPS);
    assert_int_equal(page->laps_done, LAPS);
    assert_int_equal(page->threads, 1);
    assert_int_equal(page->phase, PHASE_OVER);
    assert_true(page->ready_ns > outcome.reached_ns[CHECKPOINT_START]);
    assert_true(page->warm_up.wall_ns > 0);
    for (int i = 0; i < LAPS; i++) {
        assert_true(page->lap[i].wall_ns > 0);
        assert_in_range(page->lap[i].cpu_ns, 1, page->lap[i].wall_ns + 1000000);
        assert_int_equal(page->lap[i].operations, 2 * PAIRS);
    }
    assert_int_equal(page->live_peak_bytes, 10 * 32);
    assert_int_equal(page->live_peak_usable_bytes, -1);
    assert_int_equal(page->report[CHECKPOINT_END].live_bytes, 0);
    assert_int_equal(page->report[CHECKPOINT_END].live_blocks, -1);
    driver_release(&outcome);
}

static void the_owner_of_malloc_is_proved(void **state)
{
    struct driver_order order = {.workload = "pairs", .params = small_pairs};
    (void)state;
    struct driver_outcome outcome = run_well(&order);
    assert_non_null(strstr(outcome.page->malloc_file, "libc.so"));
    assert_string_equal(outcome.page->malloc_other, "");
    assert_true(outcome.page->usable_size_known);
    driver_release(&outcome);
    char *library = strdup(driver_beside("libbump.so"));
    order.preload = library;
    outcome = run_well(&order);
    assert_string_equal(outcome.page->malloc_file, library);
    driver_release(&outcome);
    free(library);
}

/* The counting shim has no memalign and no malloc_usable_size: others serve them. */
static void a_partial_family_is_told(void **state)
{
    char *shim = strdup(driver_beside("tests/unit/shim_counting.so"));
    struct driver_order order = {.workload = "pairs",
                                 .params = small_pairs,
                                 .preload = shim,
                                 .inspect = true};
    (void)state;
    struct driver_outcome outcome = run_well(&order);
    assert_string_equal(outcome.page->malloc_file, shim);
    assert_int_equal(strncmp(outcome.page->malloc_other, "aligned_alloc /", 15), 0);
    assert_false(outcome.page->usable_size_known);
    assert_int_equal(outcome.page->live_peak_usable_bytes, -1);
    assert_int_equal(outcome.page->report[CHECKPOINT_END].usable_bytes, -1);
    driver_release(&outcome);
    free(shim);
}

static void assert_books_agree(const struct trial_page *page)
{
    const struct checkpoint_report *peak = &page->report[CHECKPOINT_PEAK];
    const struct checkpoint_report *drained = &page->report[CHECKPOINT_DRAINED];
    assert_int_equal(peak->live_bytes, page->live_peak_bytes);
    assert_true(peak->live_blocks > 500);
    assert_true(peak->usable_bytes >= peak->live_bytes);
    assert_int_equal(peak->usable_bytes, page->live_peak_usable_bytes);
    assert_true(peak->heap_free_bytes >= peak->heap_largest_free_bytes);
    assert_true(peak->heap_largest_free_bytes >= 0);
    assert_int_equal(drained->live_bytes, 0);
    assert_int_equal(drained->live_blocks, 0);
    assert_int_equal(drained->usable_bytes, 0);
    assert_true(drained->heap_largest_free_bytes > 0);
}

/* One block of 64 MiB makes the peak: it has been written to when the trial stands there. */
static void the_peak_is_resident(void **state)
{
    struct driver_order order = {.workload = "pairs",
                                 .params = "size=64M,batch=1,pairs=1,touch=all,laps=1",
                                 .inspect = true,
                                 .peak_live_bytes = 64 << 20};
    (void)state;
    struct driver_outcome outcome = run_well(&order);
    assert_true(outcome.reached[CHECKPOINT_PEAK]);
    assert_true(outcome.rss_bytes[CHECKPOINT_PEAK] - outcome.rss_bytes[CHECKPOINT_START] >=
                64 << 20);
    assert_int_equal(outcome.page->report[CHECKPOINT_PEAK].live_bytes, 64 << 20);
    driver_release(&outcome);
}

static void an_inspection_stands_at_the_peak(void **state)
{
    char *library = strdup(driver_beside("libfreelist-best.so"));
    struct driver_order order = {.workload = "webserver",
                                 .params = "requests=200,laps=21,logins=500",
                                 .preload = library,
                                 .seed = 5};
    (void)state;
    struct driver_outcome timed = run_well(&order);
    order.inspect = true;
    order.peak_live_bytes = timed.page->live_peak_bytes;
    order.settle_ns = 20000000;
    struct driver_outcome outcome = run_well(&order);
    assert_true(outcome.reached[CHECKPOINT_PEAK]);
    assert_true(outcome.reached[CHECKPOINT_SETTLED]);
    assert_true(outcome.reached_ns[CHECKPOINT_SETTLED] - outcome.reached_ns[CHECKPOINT_DRAINED] >=
                order.settle_ns);
    assert_int_equal(outcome.page->live_peak_bytes, timed.page->live_peak_bytes);
    assert_books_agree(outcome.page);
    driver_release(&timed);
    driver_release(&outcome);
    free(library);
}

/* ---- failures ------------------------------------------------------------------------ */

static void ends(const struct driver_order *order, enum trial_outcome expected, int status,
                 const char *words)
{
    struct driver_outcome outcome;
    driver_run(order, &outcome);
    assert_int_equal(outcome.signal, 0);
    assert_int_equal(outcome.page->outcome, expected);
    assert_int_equal(outcome.exit_status, status);
    if (strstr(outcome.page->message, words) == NULL)
        fail_msg("'%s' does not say '%s'", outcome.page->message, words);
    assert_null(strchr(outcome.page->message, '\n'));
    driver_release(&outcome);
}

static void null_from_malloc_is_out_of_memory(void **state)
{
    struct driver_order order = {.workload = "webserver",
                                 .params = "laps=2",
                                 .memory_limit_bytes = 8 << 20};
    (void)state;
    ends(&order, OUTCOME_OUT_OF_MEMORY, EXIT_OUT_OF_MEMORY, "the memory limit is 8.00 MiB");
    order.params = "laps=2,threads=4";
    ends(&order, OUTCOME_OUT_OF_MEMORY, EXIT_OUT_OF_MEMORY, "the allocator returned NULL for ");
    order.workload = "realloc-growth";
    order.params = "laps=2,large=64M";
    ends(&order, OUTCOME_OUT_OF_MEMORY, EXIT_OUT_OF_MEMORY, " live");
}

static void bad_orders_are_refused(void **state)
{
    struct driver_order order = {.workload = "pears", .params = ""};
    (void)state;
    ends(&order, OUTCOME_REFUSED, EXIT_REFUSED, "did you mean 'pairs'?");
    order.workload = "pairs";
    order.params = "size=0";
    ends(&order, OUTCOME_REFUSED, EXIT_REFUSED, "size=0: must be");
    order.params = "batch=1M,threads=64";
    ends(&order, OUTCOME_REFUSED, EXIT_REFUSED, "its tables would take more than 256 MiB");
}

static void a_harness_that_is_gone_ends_the_trial(void **state)
{
    struct driver_order order = {.workload = "pairs", .params = small_pairs, .vanish = true};
    struct driver_outcome outcome;
    (void)state;
    driver_run(&order, &outcome);
    assert_int_equal(outcome.signal, 0);
    assert_int_equal(outcome.exit_status, EXIT_ABANDONED);
    assert_int_equal(outcome.page->outcome, OUTCOME_RUNNING);
    driver_release(&outcome);
}

static void without_a_page_there_is_no_trial(void **state)
{
    char command[4200];
    (void)state;
    snprintf(command, sizeof command, "'%s' 3</dev/null 2>/dev/null", driver_runner());
    assert_int_equal(WEXITSTATUS(system(command)), EXIT_REFUSED);
}

/* ---- what the runner takes for itself ------------------------------------------------- */

static void it_is_small_before_the_first_block(void **state)
{
    const struct workload *workloads[CATALOG_WORKLOADS_MAXIMUM];
    size_t count = catalog_list(workloads);
    (void)state;
    assert_true(count >= 6);
    for (size_t i = 0; i < count; i++) {
        struct driver_order order = {.workload = workloads[i]->name, .params = "laps=1"};
        if (workloads[i]->recorded)
            continue; /* weighs what its trace weighs */
        struct driver_outcome outcome = run_well(&order);
        if (outcome.rss_bytes[CHECKPOINT_START] > RSS_LIMIT_BYTES ||
            outcome.rss_bytes[CHECKPOINT_START] <= 0)
            fail_msg("%s: %ld KiB of its own at the start", workloads[i]->name,
                     (long)outcome.rss_bytes[CHECKPOINT_START] / 1024);
        driver_release(&outcome);
    }
}

/* Calls of the malloc family up to each checkpoint, as the shim in the process counted them. */
static void count_calls(const char *workload, const char *params, unsigned long *calls)
{
    char log[] = "/tmp/heapmark-calls-XXXXXX";
    char *shim = strdup(driver_beside("tests/unit/shim_counting.so"));
    struct driver_order order = {.workload = workload, .params = params, .preload = shim};
    close(mkstemp(log));
    setenv("COUNTING_LOG", log, 1);
    struct driver_outcome outcome = run_well(&order);
    unsetenv("COUNTING_LOG");
    assert_string_equal(outcome.page->malloc_file, shim);
    FILE *counts = fopen(log, "r");
    unsigned checkpoint;
    unsigned long count;
    while (fscanf(counts, "%u %lu", &checkpoint, &count) == 2)
        calls[checkpoint] = count;
    fclose(counts);
    unlink(log);
    driver_release(&outcome);
    free(shim);
}

static void it_calls_malloc_for_blocks_of_the_workload_alone(void **state)
{
    const struct workload *workloads[CATALOG_WORKLOADS_MAXIMUM];
    size_t count = catalog_list(workloads);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        unsigned long calls[CHECKPOINT_COUNT] = {[CHECKPOINT_START] = 1, [CHECKPOINT_END] = 1};
        if (workloads[i]->recorded)
            continue;
        count_calls(workloads[i]->name, "laps=1", calls);
        if (calls[CHECKPOINT_START] != 0)
            fail_msg("%s: %lu calls before its first block", workloads[i]->name,
                     calls[CHECKPOINT_START]);
        if (strcmp(workloads[i]->name, "null") == 0)
            assert_int_equal(calls[CHECKPOINT_DRAINED], 0);
    }
    unsigned long calls[CHECKPOINT_COUNT] = {0};
    count_calls("pairs", small_pairs, calls);
    assert_int_equal(calls[CHECKPOINT_END], 2 * PAIRS * (LAPS + 1));
    assert_int_equal(calls[CHECKPOINT_DRAINED], calls[CHECKPOINT_END]);
    /* pthread_create allocates a vector of the thread's local storage. */
    count_calls("pairs", "pairs=1000,laps=3,threads=4", calls);
    assert_in_range(calls[CHECKPOINT_START], 0, 2 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trial_passes_its_checkpoints),
        cmocka_unit_test(the_owner_of_malloc_is_proved),
        cmocka_unit_test(a_partial_family_is_told),
        cmocka_unit_test(an_inspection_stands_at_the_peak),
        cmocka_unit_test(the_peak_is_resident),
        cmocka_unit_test(null_from_malloc_is_out_of_memory),
        cmocka_unit_test(bad_orders_are_refused),
        cmocka_unit_test(a_harness_that_is_gone_ends_the_trial),
        cmocka_unit_test(without_a_page_there_is_no_trial),
        cmocka_unit_test(it_is_small_before_the_first_block),
        cmocka_unit_test(it_calls_malloc_for_blocks_of_the_workload_alone),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
