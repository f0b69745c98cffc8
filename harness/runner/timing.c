/* What a trial times beside its laps; see timing.h. */
#include "timing.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { TIMER_SLACK_NS = 1 }; /* the kernel's default puts up to 50 us on every sleep */

static struct latency_sheet *map_sheets(unsigned threads)
{
    size_t bytes = threads * sizeof(struct latency_sheet);
    if (ftruncate(TRIAL_LATENCY_FD, (off_t)bytes) < 0)
        return NULL;
    void *sheets = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, TRIAL_LATENCY_FD, 0);
    return sheets != MAP_FAILED ? sheets : NULL;
}

static int init_samplers(struct session *session, struct latency_sheet *sheets)
{
    struct trial_page *page = session->page;
    unsigned threads = session->trial.threads;
    session->samplers = session_map(threads * sizeof *session->samplers, MAP_POPULATE);
    if (session->samplers == NULL)
        return -1;
    page->latency_ticks_per_ns = sampler_ticks_per_ns();
    page->latency_timer_ticks = sampler_timer_ticks();
    page->latency_paced = session->call_grain_ns > 0;
    for (unsigned i = 0; i < threads; i++) {
        struct sampler *sampler = &session->samplers[i];
        sampler_init(sampler, &sheets[i], page->latency_gap,
                     page->latency_seed + i * UINT64_C(0xd1342543de82ef95));
        sampler->paced = page->latency_paced;
        sampler->grain_ns = session->call_grain_ns;
        sampler->ticks_per_ns = page->latency_ticks_per_ns;
    }
    return 0;
}

static int init_pacers(struct session *session, struct latency_sheet *sheets)
{
    unsigned threads = session->trial.threads;
    session->pacers = session_map(threads * sizeof *session->pacers, MAP_POPULATE);
    if (session->pacers == NULL)
        return -1;
    session->page->requests_timed = sheets != NULL;
    for (unsigned i = 0; i < threads; i++)
        pacer_init(&session->pacers[i], session_worker(session, i),
                   sheets != NULL ? &sheets[i] : NULL);
    return 0;
}

int timing_init(struct session *session)
{
    struct trial_page *page = session->page;
    bool calls = page->latency_gap > 0;
    bool asked = page->time_requests && session->workload->requests;
    bool paced = asked && session->trial.pace.rate > 0;
    /* What times calls slows requests, which then do not tell how long they take. */
    bool requests = asked && paced == !calls;
    struct latency_sheet *sheets = NULL;
    if ((calls || requests) && (sheets = map_sheets(session->trial.threads)) == NULL)
        return -1;
    if (calls && init_samplers(session, sheets) < 0)
        return -1;
    page->paced = paced || session->call_grain_ns > 0;
    return paced || requests ? init_pacers(session, requests ? sheets : NULL) : 0;
}

void timing_enter(struct session *session, struct worker *worker, unsigned lap)
{
    if (lap == 0)
        return;
    if (lap == 1 && session->page->paced)
        prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS); /* of this thread */
    if (session->samplers != NULL) {
        worker->sampler = &session->samplers[worker->index];
        sampler_enter(worker->sampler);
    }
    if (session->pacers != NULL) {
        worker->pacer = &session->pacers[worker->index];
        pacer_enter(worker->pacer);
    }
}

void timing_leave(struct worker *worker)
{
    if (worker->sampler != NULL)
        sampler_leave(worker->sampler);
    if (worker->pacer != NULL)
        pacer_leave(worker->pacer);
    worker->sampler = NULL;
    worker->pacer = NULL;
}

static uint64_t larger(uint64_t a, int64_t b)
{
    return b > 0 && (uint64_t)b > a ? (uint64_t)b : a;
}

void timing_end(struct session *session)
{
    struct trial_page *page = session->page;
    if (session->workload->requests)
        page->requests = session->trial.requests * session->trial.laps * session->trial.threads;
    for (unsigned i = 0; session->pacers != NULL && i < session->trial.threads; i++) {
        const struct pacer *pacer = &session->pacers[i];
        page->requests_due_ns = larger(page->requests_due_ns, pacer->last_due_ns);
        page->requests_served_ns = larger(page->requests_served_ns, pacer->last_end_ns);
        page->requests_held_ns = larger(page->requests_held_ns, pacer->forgiven_ns);
        page->requests_backlog = larger(page->requests_backlog, (int64_t)pacer->backlog);
    }
}
