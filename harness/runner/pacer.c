/* Makes requests when they are due, and times them; see pacer.h. */
#include "pacer.h"

#include "clock.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#define NS_PER_S 1e9

enum {
    /* A wake-up takes some 50 us on a virtual machine, more where its CPU has gone to sleep. */
    AWAKE_NS = 200000,
    PAUSES_A_LOOK = 8,
    PAGE_BYTES = 4096,
};

/* ---- the schedule --------------------------------------------------------------------- */

static uint64_t bursts_of(const struct pacer *pacer)
{
    return (pacer->requests + pacer->pace.burst - 1) / pacer->pace.burst;
}

/* The gap that makes a lap's bursts fill the lap: given their number, the arrivals of a Poisson
 * process are spread like independent uniform draws, and so are sums of exponential gaps divided by
 * their total, one gap more than there are arrivals (Devroye 1986, V.2). The draws are made twice,
 * so that the schedule takes no memory. */
static double scaled_gap(struct pacer *pacer)
{
    uint64_t bursts = bursts_of(pacer);
    double sum = 0;
    if (pacer->pace.arrivals == ARRIVALS_FIXED)
        return pacer->lap_ns / (double)bursts;
    pacer->random = pacer->next_random;
    for (uint64_t i = 0; i <= bursts; i++)
        sum += random_exponential(&pacer->next_random);
    return pacer->lap_ns / sum;
}

static double draw_gap(struct pacer *pacer)
{
    return pacer->pace.arrivals == ARRIVALS_FIXED
               ? pacer->gap_ns
               : pacer->gap_ns * random_exponential(&pacer->random);
}

static void begin_schedule(struct pacer *pacer)
{
    pacer->lap_begin_ns = pacer->lap_end_ns;
    pacer->lap_end_ns += pacer->lap_ns;
    pacer->gap_ns = scaled_gap(pacer);
    pacer->left = 0;
    pacer->next_ns = pacer->lap_begin_ns;
    if (pacer->pace.arrivals == ARRIVALS_FIXED)
        pacer->next_ns += (pacer->phase - 1) * pacer->gap_ns;
}

double pacer_next_ns(struct pacer *pacer)
{
    if (pacer->left == 0) {
        pacer->next_ns += draw_gap(pacer);
        pacer->left = pacer->pace.burst;
    }
    pacer->left--;
    return pacer->next_ns;
}

/* ---- waiting ---------------------------------------------------------------------------- */

static void relax(void)
{
    for (int i = 0; i < PAUSES_A_LOOK; i++) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#else
        __asm__ volatile("" ::: "memory");
#endif
    }
}

/* Returns the time when it is over. */
static int64_t wait_until(const struct pacer *pacer, int64_t until_ns, int64_t now_ns)
{
    int64_t asleep_ns = until_ns - (pacer->spins ? AWAKE_NS : 0);
    struct timespec until = {.tv_sec = asleep_ns / 1000000000, .tv_nsec = asleep_ns % 1000000000};
    if (asleep_ns > now_ns)
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
            continue;
    while ((now_ns = clock_ns(CLOCK_MONOTONIC)) < until_ns)
        relax();
    return now_ns;
}

/* ---- requests ----------------------------------------------------------------------------- */

static void count(struct pacer *pacer, enum latency_kind kind, int64_t ns)
{
    if (pacer->sheet != NULL)
        latency_count(pacer->sheet, kind, 0, ns > 0 ? (uint64_t)ns : 0);
}

void pacer_due(struct pacer *pacer, int64_t due_ns, int64_t now_ns, bool waited)
{
    int64_t late_ns = now_ns > due_ns ? now_ns - due_ns : 0;
    /* Who catches up is put off by less: nothing is due after it has begun. */
    if (late_ns < pacer->slip_ns)
        pacer->slip_ns = late_ns;
    if (!waited)
        late_ns -= pacer->slip_ns;
    if (waited) {
        count(pacer, LATENCY_WAKE_UP, late_ns);
        pacer->slip_ns = late_ns;
        late_ns = 0;
    } else {
        int64_t held_ns = late_ns < pacer->held_ns ? late_ns : pacer->held_ns;
        pacer->slip_ns += held_ns;
        pacer->forgiven_ns += held_ns;
        late_ns -= held_ns;
    }
    pacer->held_ns = 0;
    pacer->due_ns = due_ns + pacer->slip_ns;
    uint64_t backlog = (uint64_t)((double)late_ns * (double)pacer->pace.rate / NS_PER_S);
    if (backlog > pacer->backlog)
        pacer->backlog = backlog;
}

void pacer_await(struct pacer *pacer)
{
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    pacer->began_ns = now_ns;
    if (pacer->pace.rate == 0)
        return;
    pacer->last_due_ns = (int64_t)pacer_next_ns(pacer);
    int64_t due_ns = pacer->origin_ns + pacer->last_due_ns;
    bool waits = now_ns < due_ns;
    if (waits)
        now_ns = wait_until(pacer, due_ns, now_ns);
    pacer_due(pacer, due_ns, now_ns, waits);
    pacer->began_ns = now_ns;
}

void pacer_done(struct pacer *pacer)
{
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    pacer->served++;
    if (pacer->pace.rate == 0) {
        count(pacer, LATENCY_REQUEST, now_ns - pacer->began_ns);
        return;
    }
    pacer->last_end_ns = now_ns - pacer->origin_ns;
    count(pacer, LATENCY_REQUEST, now_ns - pacer->due_ns);
    count(pacer, LATENCY_SERVICE, now_ns - pacer->began_ns);
}

/* ---- laps ------------------------------------------------------------------------------------ */

void pacer_enter(struct pacer *pacer)
{
    if (pacer->pace.rate == 0)
        return;
    begin_schedule(pacer);
    if (pacer->origin_ns == 0)
        pacer->origin_ns = clock_ns(CLOCK_MONOTONIC);
    else
        pacer->held_ns += clock_ns(CLOCK_MONOTONIC) - pacer->left_ns;
}

void pacer_leave(struct pacer *pacer)
{
    if (pacer->pace.rate > 0)
        pacer->left_ns = clock_ns(CLOCK_MONOTONIC);
}

/* ---- set-up -------------------------------------------------------------------------------- */

static bool has_a_cpu_each(unsigned threads)
{
    cpu_set_t allowed;
    return sched_getaffinity(0, sizeof allowed, &allowed) == 0 &&
           threads <= (unsigned)CPU_COUNT(&allowed);
}

static void touch_pages(struct latency_sheet *sheet)
{
    volatile unsigned char *bytes = (volatile unsigned char *)sheet->requests;
    for (size_t i = 0; i < sizeof sheet->requests; i += PAGE_BYTES)
        bytes[i] = 0;
    bytes[sizeof sheet->requests - 1] = 0;
}

void pacer_init(struct pacer *pacer, const struct worker *worker, struct latency_sheet *sheet)
{
    const struct trial *trial = worker->trial;
    uint64_t seed = trial->seed ^ (UINT64_C(0x9fb21c651e98df25) * (worker->index + 1));
    *pacer = (struct pacer){
        .sheet = sheet,
        .pace = trial->pace,
        .requests = trial->requests,
        .phase = (worker->index + 0.5) / trial->threads,
        .spins = has_a_cpu_each(trial->threads),
        .next_random = random_next(&seed),
    };
    if (trial->pace.rate > 0)
        pacer->lap_ns = (double)trial->requests * NS_PER_S / (double)trial->pace.rate;
    if (sheet != NULL)
        touch_pages(sheet);
}

void worker_request_await(struct worker *worker)
{
    pacer_await(worker->pacer);
}

void worker_request_done(struct worker *worker)
{
    pacer_done(worker->pacer);
}
