/* Requests that are due at times: their schedule, and from when they count. */
#include "clock.h"
#include "pacer.h"
#include "runner_driver.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MS 1000000

static struct latency_sheet sheet;

static struct pacer new_pacer(struct pace pace, uint64_t requests, unsigned index, unsigned threads)
{
    static struct trial trial;
    static struct worker worker;
    struct pacer pacer;
    trial = (struct trial){.seed = 7, .threads = threads, .pace = pace, .requests = requests};
    worker = (struct worker){.trial = &trial, .index = index};
    memset(&sheet, 0, sizeof sheet);
    pacer_init(&pacer, &worker, &sheet);
    return pacer;
}

static void fixed_gaps_are_alike(void **state)
{
    enum { REQUESTS = 50, LAPS = 3 };
    const struct pace pace = {.rate = 1000, .burst = 1};
    (void)state;
    /* The second of two workers comes in between. */
    for (unsigned index = 0; index < 2; index++) {
        struct pacer pacer = new_pacer(pace, REQUESTS, index, 2);
        double phase = (index + 0.5) / 2;
        for (int lap = 0, i = 0; lap < LAPS; lap++) {
            pacer_enter(&pacer);
            for (int request = 0; request < REQUESTS; request++, i++)
                assert_true(fabs(pacer_next_ns(&pacer) - (i + phase) * MS) < 1);
        }
    }
}

static void bursts_come_together(void **state)
{
    enum { REQUESTS = 10, BURST = 4 };
    struct pacer pacer = new_pacer((struct pace){.rate = 1000, .burst = BURST}, REQUESTS, 0, 1);
    double before = -1, at[REQUESTS];
    (void)state;
    pacer_enter(&pacer);
    for (int i = 0; i < REQUESTS; i++)
        at[i] = pacer_next_ns(&pacer);
    for (int i = 0; i < REQUESTS; i++) {
        assert_true(i % BURST == 0 ? at[i] > before : !(at[i] > before));
        before = at[i];
    }
    assert_true(before < REQUESTS * MS);
}

/* Independent uniform draws in each lap: as many in the first half as in the second, gaps as far
 * spread as they are wide, each within five standard errors; every lap has all its requests. */
static void random_arrivals_fill_their_lap(void **state)
{
    enum { REQUESTS = 400, LAPS = 200, ALL = REQUESTS * LAPS };
    const struct pace pace = {.rate = 1000, .burst = 1, .arrivals = ARRIVALS_POISSON};
    struct pacer pacer = new_pacer(pace, REQUESTS, 0, 1), again = new_pacer(pace, REQUESTS, 0, 1);
    struct pacer other = new_pacer(pace, REQUESTS, 1, 2);
    double early = 0, squares = 0, before = 0;
    (void)state;
    for (int lap = 0; lap < LAPS; lap++) {
        double begin = (double)lap * REQUESTS * MS, end = begin + (double)REQUESTS * MS;
        pacer_enter(&pacer);
        pacer_enter(&again);
        pacer_enter(&other);
        for (int i = 0; i < REQUESTS; i++) {
            double at = pacer_next_ns(&pacer), gap = (at - before) / MS;
            assert_true(at > before && at > begin && at < end);
            assert_true(!(pacer_next_ns(&again) > at) && pacer_next_ns(&other) != at);
            early += at < (begin + end) / 2;
            squares += gap * gap;
            before = at;
        }
    }
    assert_true(fabs(early - ALL / 2.) < 5 * sqrt(ALL / 4.));
    /* An exponential gap's square is 2 in the mean and has a standard deviation of sqrt(20). */
    assert_true(fabs(squares / ALL - 2) < 5 * sqrt(20. / ALL) + 2. / REQUESTS);
}

static uint64_t counted_from(enum latency_kind kind, int64_t ns)
{
    const struct latency_histogram *histogram = latency_histogram_of(&sheet, kind, 0);
    uint64_t count = 0;
    for (unsigned bucket = latency_bucket((uint64_t)ns); bucket < LATENCY_BUCKETS; bucket++)
        count += histogram->calls[bucket];
    return count;
}

/* What is late behind a stall stays late; a worker that woke late, or stood between laps, does not
 * make the allocator late. */
static void only_what_is_the_allocator_s_is_charged(void **state)
{
    struct pacer pacer = new_pacer((struct pace){.rate = 1000, .burst = 1}, 100, 0, 1);
    (void)state;
    pacer_enter(&pacer);
    pacer_due(&pacer, 10 * MS, 50 * MS, false);
    assert_int_equal(pacer.due_ns, 10 * MS);
    assert_int_equal(pacer.backlog, 40);
    pacer_due(&pacer, 60 * MS, 63 * MS, true); /* idle, and 3 ms overslept */
    assert_int_equal(pacer.due_ns, 63 * MS);
    assert_int_equal(counted_from(LATENCY_WAKE_UP, 2 * MS), 1);
    pacer_due(&pacer, 61 * MS, 64 * MS, false); /* late for that reason alone */
    assert_int_equal(pacer.due_ns, 64 * MS);
    pacer_due(&pacer, 62 * MS, 75 * MS, false); /* and 10 ms more, which nobody slept */
    assert_int_equal(pacer.due_ns, 65 * MS);
    pacer.held_ns = 4 * MS; /* between laps */
    pacer_due(&pacer, 66 * MS, 80 * MS, false);
    assert_int_equal(pacer.due_ns, 73 * MS);
    assert_int_equal(pacer.forgiven_ns, 4 * MS);
    assert_int_equal(pacer.backlog, 40);
    pacer_due(&pacer, 70 * MS, 73 * MS, false); /* it has caught up by 4 ms */
    assert_int_equal(pacer.due_ns, 73 * MS);
    pacer_due(&pacer, 72 * MS, 79 * MS, false); /* these are not put off again */
    assert_int_equal(pacer.due_ns, 75 * MS);
    pacer_due(&pacer, 90 * MS, 90 * MS, true); /* idle again: nothing is put off any more */
    assert_int_equal(pacer.due_ns, 90 * MS);
}

struct run {
    struct driver_outcome outcome;
    const struct latency_sheet *mapped;
};

static struct run run_webserver(const char *params, uint32_t gap, const char *preload)
{
    struct run run;
    int low = memfd_create("latency", MFD_CLOEXEC), file = fcntl(low, F_DUPFD_CLOEXEC, 16);
    struct driver_order order = {.workload = "webserver",
                                 .params = params,
                                 .seed = 1,
                                 .preload = preload,
                                 .latency_gap = gap,
                                 .time_requests = true,
                                 .latency = file,
                                 .in_process = preload == NULL};
    close(low);
    driver_run(&order, &run.outcome);
    assert_int_equal(run.outcome.exit_status, 0);
    assert_int_equal(run.outcome.page->outcome, OUTCOME_DONE);
    run.mapped =
        mmap(NULL, run.outcome.page->threads * sizeof sheet, PROT_READ, MAP_SHARED, file, 0);
    assert_true(run.mapped != MAP_FAILED);
    memcpy(&sheet, run.mapped, sizeof sheet); /* of the first worker */
    close(file);
    return run;
}

static void end_run(struct run *run)
{
    munmap((void *)run->mapped, run->outcome.page->threads * sizeof sheet);
    driver_release(&run->outcome);
}

#define SMALL \
    "connections=8,logins=8,cache=64k,documents=16,median=64,largest=4096,requests=1500,laps=1"

/* 20 ms at 10,000 requests a second delay 200 of them, half of those by more than 10 ms; in a
 * closed loop the same stall is one slow request, whatever else the machine may do to some. */
static void a_stall_is_charged_to_all_that_it_delays(void **state)
{
    (void)state;
    setenv("STALL_AT", "25000", 1); /* behind the warm-up */
    char shim[PATH_MAX];
    snprintf(shim, sizeof shim, "%s", driver_beside("tests/unit/shim_stall.so"));
    struct run run = run_webserver(SMALL ",rate=10000", 0, shim);
    uint64_t paced = counted_from(LATENCY_REQUEST, 10 * MS);
    assert_true(paced >= 98);
    assert_true(counted_from(LATENCY_SERVICE, 19 * MS) >= 1);
    assert_true(run.outcome.page->requests_backlog >= 150);
    assert_int_equal(counted_from(LATENCY_REQUEST, 0), 1500);
    end_run(&run);
    run = run_webserver(SMALL, 1000000, shim);
    uint64_t closed = counted_from(LATENCY_REQUEST, 10 * MS);
    assert_true(closed >= 1 && closed < paced / 2);
    assert_int_equal(counted_from(LATENCY_REQUEST, 0), 1500);
    assert_int_equal(counted_from(LATENCY_SERVICE, 0), 0); /* the same there */
    end_run(&run);
}

/* No request is as quick as 100 ns. */
static void a_rate_that_is_too_high_shows(void **state)
{
    (void)state;
    struct run run = run_webserver(SMALL ",rate=10M,arrivals=poisson,threads=2", 0, NULL);
    const struct trial_page *page = run.outcome.page;
    assert_int_equal(page->requests, 2 * 1500);
    assert_true(page->paced && page->requests_timed);
    assert_true(page->requests_served_ns > page->requests_due_ns);
    assert_true(page->requests_due_ns <= 150000);
    assert_true(page->requests_backlog > 0);
    end_run(&run);
}

/* What times calls slows requests. */
static void a_latency_pass_keeps_the_pace_and_times_calls_alone(void **state)
{
    (void)state;
    struct run run = run_webserver(SMALL ",rate=100000", 16, NULL);
    assert_true(run.outcome.page->paced && !run.outcome.page->requests_timed);
    assert_true(run.outcome.page->requests_served_ns >= run.outcome.page->requests_due_ns);
    assert_int_equal(counted_from(LATENCY_REQUEST, 0), 0);
    assert_true(run.outcome.page->lap[0].wall_ns > 14 * MS);
    end_run(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_gaps_are_alike),
        cmocka_unit_test(bursts_come_together),
        cmocka_unit_test(random_arrivals_fill_their_lap),
        cmocka_unit_test(only_what_is_the_allocator_s_is_charged),
        cmocka_unit_test(a_stall_is_charged_to_all_that_it_delays),
        cmocka_unit_test(a_rate_that_is_too_high_shows),
        cmocka_unit_test(a_latency_pass_keeps_the_pace_and_times_calls_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
