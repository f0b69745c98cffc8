/*
 * The runner's main business: one trial; see trial_run.h.
 *
 * All workers, the main thread among them, live the same life (live()) and meet between its
 * parts. Whoever arrives last at a meeting notes the lap that ends there and starts the next.
 */
#include "trial_run.h"

#include "clock.h"
#include "malloc_owner.h"
#include "map_stop.h"
#include "session.h"
#include "timing.h"
#include "turn.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MESSAGE_BYTES = sizeof((struct trial_page *)0)->message,
};

static void publish_phase(struct session *session, enum trial_phase phase)
{
    atomic_store_explicit(&session->page->phase, phase, memory_order_relaxed);
}

/* ---- laps ------------------------------------------------------------------------ */

struct totals {
    uint64_t operations, cpu_ns;
    int64_t live_bytes;
};

static struct totals add_up(const struct session *session)
{
    struct totals totals = {0, 0, 0};
    for (unsigned i = 0; i < session->trial.threads; i++) {
        const struct tally *tally = &session_worker(session, i)->tally;
        totals.operations += atomic_load_explicit(&tally->operations, memory_order_relaxed);
        totals.live_bytes += atomic_load_explicit(&tally->live_bytes, memory_order_relaxed);
        totals.cpu_ns += session->slots[i].cpu_ns;
    }
    return totals;
}

static void note_live_peak(struct session *session, int64_t live_bytes)
{
    if (live_bytes > session->page->live_peak_bytes)
        session->page->live_peak_bytes = live_bytes;
}

static void end_lap(struct session *session, int64_t now_ns)
{
    struct trial_page *page = session->page;
    struct totals totals = add_up(session);
    unsigned lap = session->next_lap - 1;
    if (session->workload->starts_threads)
        totals.cpu_ns = (uint64_t)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - session->cpu_before_ns);
    struct lap_record *record = lap == 0 ? &page->warm_up : &page->lap[lap - 1];
    *record = (struct lap_record){.wall_ns = (uint64_t)(now_ns - session->lap_started_ns),
                                  .cpu_ns = totals.cpu_ns,
                                  .operations = totals.operations - session->operations};
    note_live_peak(session, totals.live_bytes);
    session->operations = totals.operations;
    atomic_store_explicit(&page->laps_done, lap, memory_order_relaxed);
}

/* These three by the last worker at a meeting, while nobody works. */
static void stop_clock(struct session *session)
{
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    if (session->lap_running) {
        end_lap(session, now_ns);
    } else {
        struct totals filled = add_up(session);
        session->operations = filled.operations;
        note_live_peak(session, filled.live_bytes);
    }
    session->lap_running = false;
    if (session->next_lap > 0)
        map_stop(session, session->next_lap - 1);
}

static void start_clock(struct session *session)
{
    /* What was done to prepare the lap is not of it. */
    if (session->workload->prepare != NULL)
        session->operations = add_up(session).operations;
    session->lap_running = session->next_lap <= session->trial.laps;
    if (!session->lap_running)
        return;
    turn_at_lap(session->turns, session->page, session->next_lap);
    if (session->next_lap <= 1)
        publish_phase(session, session->next_lap == 0 ? PHASE_WARM_UP : PHASE_LAPS);
    session->next_lap++;
    if (session->workload->starts_threads)
        session->cpu_before_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    session->lap_started_ns = clock_ns(CLOCK_MONOTONIC);
}

static void between_laps(struct session *session)
{
    stop_clock(session);
    start_clock(session);
}

/* The last to come calls `act`, if it is not NULL. */
static void meet(struct session *session, void (*act)(struct session *))
{
    if (!meeting_arrive(&session->meeting))
        return;
    if (act != NULL)
        act(session);
    meeting_release(&session->meeting);
}

static void enter_lap(struct session *session, struct worker *worker, unsigned lap)
{
    if (session->workload->prepare == NULL) {
        meet(session, between_laps);
        return;
    }
    meet(session, stop_clock);
    session->workload->prepare(worker, lap);
    meet(session, start_clock);
}

/* What callgrind counts the instructions of: it is told to by the name (--toggle-collect). The
 * barrier keeps the call from becoming a jump, which callgrind might not see return. */
void heapmark_counted_lap(void (*part)(struct worker *worker, unsigned number),
                          struct worker *worker, unsigned number)
{
    part(worker, number);
    __asm__ volatile("" ::: "memory");
}

static void do_lap(struct session *session, struct worker *worker, unsigned lap)
{
    const struct trial_page *page = session->page;
    if (page->count_events && lap > 0)
        events_start();
    if (page->count_laps > 0 && lap > 0)
        heapmark_counted_lap(session->workload->lap, worker, lap);
    else
        session->workload->lap(worker, lap);
    if (page->count_events)
        events_stop();
}

static void work(struct session *session, struct worker *worker)
{
    const struct workload *workload = session->workload;
    struct worker_slot *slot = &session->slots[worker->index];
    if (session->page->count_events)
        events_open(&slot->events, session->page);
    if (workload->fill != NULL)
        workload->fill(worker);
    for (unsigned lap = 0; lap <= session->trial.laps; lap++) {
        enter_lap(session, worker, lap);
        timing_enter(session, worker, lap);
        int64_t before_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        do_lap(session, worker, lap);
        slot->cpu_ns = (uint64_t)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - before_ns);
        timing_leave(worker);
    }
    if (session->page->count_events)
        events_close(&slot->events, session->page);
    meet(session, stop_clock);
}

/* ---- what the main thread does while the others wait -------------------------------- */

/* Marks for an outer strace between which system calls are counted. */
static void mark(struct session *session, const char *name)
{
    if (session->page->inspect)
        prctl(PR_SET_NAME, name);
}

static void begin(struct session *session)
{
    session_stand(session, CHECKPOINT_START);
    turn_take(session->turns, session->page);
    publish_phase(session, session->workload->fill != NULL ? PHASE_FILL : PHASE_WARM_UP);
    mark(session, "hm-begin");
    session->page->ready_ns = (uint64_t)clock_ns(CLOCK_MONOTONIC);
}

static void end(struct session *session)
{
    struct trial_page *page = session->page;
    turn_leave(session->turns, page);
    mark(session, "hm-end");
    timing_end(session);
    if (page->inspect) {
        inspection_end(session);
        page->live_peak_bytes = session->inspection.peak_live_bytes;
        if (session->inspection.usable_known)
            page->live_peak_usable_bytes = session->inspection.peak_usable_bytes;
    } else if (session->trial.threads == 1) {
        note_live_peak(session,
                       atomic_load_explicit(&session_worker(session, 0)->tally.live_peak_bytes,
                                            memory_order_relaxed));
    }
    session_stand(session, CHECKPOINT_END);
    publish_phase(session, PHASE_DRAIN);
}

static void finish(struct session *session)
{
    uint64_t settle_ns = session->page->settle_ns;
    session_stand(session, CHECKPOINT_DRAINED);
    if (settle_ns > 0) {
        struct timespec wait = {.tv_sec = (time_t)(settle_ns / 1000000000),
                                .tv_nsec = (long)(settle_ns % 1000000000)};
        while (nanosleep(&wait, &wait) < 0 && errno == EINTR)
            continue;
        session_stand(session, CHECKPOINT_SETTLED);
    }
    publish_phase(session, PHASE_OVER);
}

static void live(struct session *session, struct worker *worker)
{
    bool main_thread = worker->index == 0;
    if (main_thread)
        begin(session);
    meet(session, NULL);
    work(session, worker);
    if (main_thread)
        end(session);
    meet(session, NULL);
    session->workload->drain(worker);
    meet(session, NULL);
    if (main_thread)
        finish(session);
    /* The others stand until the last checkpoint is over: a thread that ends gives its caches
     * back to the allocator, which would be seen there or not, as it happens. */
    meet(session, NULL);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    live(session_of(worker->trial), worker);
    return NULL;
}

/* ---- before the first checkpoint ---------------------------------------------------- */

static _Noreturn void refuse_system(struct session *session, const char *what)
{
    char message[MESSAGE_BYTES];
    struct text text;
    const char *name = strerrorname_np(errno);
    text_init(&text, message, sizeof message, -1);
    text_add(&text, what);
    text_add(&text, ": ");
    text_add(&text, name != NULL ? name : "unknown error");
    session_end(session, OUTCOME_REFUSED, message);
}

static void take_limits(struct session *session)
{
    const struct trial_page *page = session->page;
    /* A harness that is killed takes its trial along, also in the middle of a lap. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (page->memory_limit_bytes > 0) {
        struct rlimit limit = {page->memory_limit_bytes, page->memory_limit_bytes};
        if (setrlimit(RLIMIT_DATA, &limit) < 0)
            refuse_system(session, "cannot set the memory limit");
    }
    if (page->cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        errno = EINVAL;
        if (page->cpu >= CPU_SETSIZE)
            refuse_system(session, "cannot run on the chosen CPU");
        CPU_SET(page->cpu, &set);
        if (sched_setaffinity(0, sizeof set, &set) < 0)
            refuse_system(session, "cannot run on the chosen CPU");
    }
}

static void prove_injection(struct session *session)
{
    struct malloc_owner owners[MALLOC_FAMILY];
    struct trial_page *page = session->page;
    malloc_owners(owners);
    strncpy(page->malloc_file, owners[0].file, sizeof page->malloc_file - 1);
    page->usable_size_known = strcmp(owners[0].file, owners[MALLOC_FAMILY - 1].file) == 0;
    for (int i = MALLOC_FAMILY - 1; i > 0; i--) {
        struct text other;
        if (strcmp(owners[i].file, owners[0].file) == 0)
            continue;
        text_init(&other, page->malloc_other, sizeof page->malloc_other, -1);
        text_add(&other, owners[i].function);
        text_add(&other, " ");
        text_add(&other, owners[i].file);
    }
    inspection_init(&session->inspection, page->usable_size_known);
    const char *owner = NULL, *instrument = foreign_instrument(&owner);
    /* Where nothing is timed, the clock is the harness's own: the still clock. */
    if (instrument != NULL && page->count_laps == 0) {
        struct text foreign;
        text_init(&foreign, page->interposed, sizeof page->interposed, -1);
        text_add(&foreign, instrument);
        text_add(&foreign, " from ");
        text_add(&foreign, owner);
    }
}

static void init_worker(struct session *session, unsigned index)
{
    struct worker *worker = session_worker(session, index);
    uint64_t mixed = session->trial.seed;
    /* Neighbouring seeds and indices must not give streams that are shifts of each other. */
    uint64_t stream = random_next(&mixed) ^ (UINT64_C(0xd1342543de82ef95) * (index + 1));
    worker->trial = &session->trial;
    worker->random = random_next(&stream);
    worker->index = index;
    worker->inspected = session->page->inspect != 0;
    worker->watched = worker->inspected || session->page->latency_gap > 0;
}

static void start_workers(struct session *session)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SESSION_STACK_BYTES);
    for (unsigned i = 1; i < session->trial.threads; i++) {
        errno = pthread_create(&session->slots[i].thread, &attributes, worker_main,
                               session_worker(session, i));
        if (errno != 0)
            refuse_system(session, "cannot start a worker thread");
    }
    pthread_attr_destroy(&attributes);
}

static struct trial_page *map_page(void)
{
    struct stat stat;
    if (fstat(TRIAL_PAGE_FD, &stat) < 0 || stat.st_size != (off_t)sizeof(struct trial_page))
        return NULL;
    struct trial_page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_POPULATE, TRIAL_PAGE_FD, 0);
    if (page == MAP_FAILED)
        return NULL;
    return page->version == TRIAL_PAGE_VERSION && page->page_bytes == sizeof *page ? page : NULL;
}

static void choose_workload(struct session *session)
{
    struct trial_page *page = session->page;
    char message[MESSAGE_BYTES];
    struct text why;
    text_init(&why, message, sizeof message, -1);
    page->workload[sizeof page->workload - 1] = page->params[sizeof page->params - 1] = '\0';
    const struct workload *workload = catalog_find(page->workload, strlen(page->workload), &why);
    session->trial.seed = page->seed;
    session->trial.verify = page->inspect != 0;
    if (workload == NULL || session_choose(session, workload, page->params, &why) < 0)
        session_end(session, OUTCOME_REFUSED, message);
    if (page->count_laps > 0 && !workload->recorded && page->count_laps < session->trial.laps)
        session->trial.laps = page->count_laps;
    page->threads = session->trial.threads;
    page->laps = session->trial.laps;
    page->live_peak_usable_bytes = -1;
}

int trial_run(void)
{
    static const char no_page[] = "heapmark-runner: descriptor 3 is no trial page of this version; "
                                  "it is heapmark that starts "
                                  "trials (see --help)\n";
    struct trial_page *page = map_page();
    struct session *session = session_create();
    if (page == NULL || session == NULL) {
        ssize_t ignored = write(STDERR_FILENO, no_page, sizeof no_page - 1);
        return ignored < 0 ? EXIT_ABANDONED : EXIT_REFUSED;
    }
    session->page = page;
    atomic_store_explicit(&page->pid, getpid(), memory_order_relaxed);
    take_limits(session);
    choose_workload(session);
    prove_injection(session);
    if (turn_open(&session->turns, page) < 0)
        refuse_system(session, "cannot map the page by which turns are taken");
    for (unsigned i = 0; i < session->trial.threads; i++)
        init_worker(session, i);
    if (timing_init(session) < 0)
        refuse_system(session, "cannot map the sheets that times are counted in");
    meeting_init(&session->meeting, session->trial.threads);
    /* The time of threads that end in a lap is told by the clock of the whole process alone, and
     * that has spinning in it. */
    if (session->workload->starts_threads)
        session->meeting.spin_ns = 0;
    start_workers(session);
    live(session, session_worker(session, 0));
    for (unsigned i = 1; i < session->trial.threads; i++)
        pthread_join(session->slots[i].thread, NULL);
    atomic_store_explicit(&page->outcome, OUTCOME_DONE, memory_order_release);
    return 0;
}
