/* One trial as the runner holds it; see session.h. Also the functions of workload.h by which a
 * workload takes tables and ends a trial. */
#include "session.h"

#include "clock.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static_assert(sizeof(struct worker) == TRIAL_WORKER_BYTES, "the harness finds tallies by it");
static_assert(offsetof(struct session, trial) == 0, "session_of()");

enum { MESSAGE_BYTES = sizeof((struct trial_page *)0)->message };

void *session_map(size_t bytes, int flags)
{
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

struct session *session_create(void)
{
    /* Touched here and now, so that no page of it counts as growth later. */
    struct session *session = session_map(sizeof *session, MAP_POPULATE);
    if (session != NULL)
        atomic_flag_clear(&session->ended);
    return session;
}

int session_choose(struct session *session, const struct workload *workload, const char *params,
                   struct text *why)
{
    session->workload = workload;
    param_table_init(&session->params, workload);
    if (param_table_parse(&session->params, params, why) < 0)
        return -1;
    session->trial.values = session->params.values;
    session->trial.threads = param_table_threads(&session->params);
    session->trial.laps = param_table_laps(&session->params);
    session->trial.pace = param_table_pace(&session->params);
    const char *complaint = workload->setup(&session->trial);
    const struct pace *pace = &session->trial.pace;
    if (complaint == NULL && workload->requests && session->trial.requests == 0)
        complaint = "there is no request in a lap";
    if (complaint == NULL && pace->rate == 0 &&
        (pace->burst > 1 || pace->arrivals != ARRIVALS_FIXED))
        complaint = "arrivals and burst say when requests are due: give a rate, too (rate=1000)";
    if (complaint == NULL)
        return 0;
    text_add(why, "workload ");
    text_add(why, workload->name);
    text_add(why, ": ");
    text_add(why, complaint);
    return -1;
}

_Noreturn void session_end(struct session *session, enum trial_outcome outcome, const char *message)
{
    static const int statuses[] = {
        [OUTCOME_OUT_OF_MEMORY] = EXIT_OUT_OF_MEMORY,
        [OUTCOME_CORRUPT] = EXIT_CORRUPT,
        [OUTCOME_REFUSED] = EXIT_REFUSED,
    };
    /* Another worker got here first and is about to take the whole process down. */
    while (atomic_flag_test_and_set_explicit(&session->ended, memory_order_relaxed))
        pause();
    if (session->page != NULL) {
        strncpy(session->page->message, message, MESSAGE_BYTES - 1);
        atomic_store_explicit(&session->page->outcome, outcome, memory_order_release);
    } else {
        char line[MESSAGE_BYTES + 32];
        struct text text;
        text_init(&text, line, sizeof line, STDERR_FILENO);
        text_add(&text, "heapmark-runner: ");
        text_add(&text, message);
        text_add(&text, "\n");
        text_flush(&text);
    }
    _exit(statuses[outcome]);
}

void session_meet_harness(unsigned char byte)
{
    ssize_t done;
    while ((done = send(TRIAL_CHANNEL_FD, &byte, 1, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        continue;
    if (done != 1)
        _exit(EXIT_ABANDONED);
    while ((done = read(TRIAL_CHANNEL_FD, &byte, 1)) < 0 && errno == EINTR)
        continue;
    if (done != 1)
        _exit(EXIT_ABANDONED);
}

void session_stand(struct session *session, enum checkpoint checkpoint)
{
    struct trial_page *page = session->page;
    struct checkpoint_report *report = &page->report[checkpoint];
    *report = (struct checkpoint_report){0, -1, -1, -1, -1};
    for (unsigned i = 0; i < session->trial.threads; i++)
        report->live_bytes += atomic_load_explicit(&session_worker(session, i)->tally.live_bytes,
                                                   memory_order_relaxed);
    if (page->inspect)
        inspection_report(&session->inspection, report);
    session_meet_harness((unsigned char)checkpoint);
}

/* ---- for workloads -------------------------------------------------------------- */

void *trial_memory(struct trial *trial, size_t bytes)
{
    struct session *session = session_of(trial);
    char message[MESSAGE_BYTES];
    struct text text;
    text_init(&text, message, sizeof message, -1);
    text_add(&text, "workload ");
    text_add(&text, session->workload->name);
    text_add(&text, ": its tables would take ");
    if (bytes > SESSION_TABLES_MAXIMUM_BYTES - session->table_bytes) {
        text_add(&text, "more than ");
        text_add_bytes(&text, SESSION_TABLES_MAXIMUM_BYTES);
        text_add(&text, "; choose smaller counts or fewer threads");
        session_end(session, OUTCOME_REFUSED, message);
    }
    /* A check of parameters must be quick: pages are touched only in a trial. */
    void *memory = session_map(bytes > 0 ? bytes : 1, session->page != NULL ? MAP_POPULATE : 0);
    if (memory == NULL) {
        text_add_bytes(&text, session->table_bytes + bytes);
        text_add(&text, ", and the system has not that much");
        session_end(session, OUTCOME_REFUSED, message);
    }
    session->table_bytes += bytes;
    return memory;
}

_Noreturn void worker_out_of_memory(struct worker *worker, size_t bytes)
{
    struct session *session = session_of(worker->trial);
    char message[MESSAGE_BYTES];
    struct text text;
    int64_t live = 0;
    for (unsigned i = 0; i < session->trial.threads; i++)
        live += atomic_load_explicit(&session_worker(session, i)->tally.live_bytes,
                                     memory_order_relaxed);
    text_init(&text, message, sizeof message, -1);
    text_add(&text, "the allocator returned NULL for ");
    text_add_bytes(&text, bytes);
    text_add(&text, " with ");
    text_add_bytes(&text, live > 0 ? (uint64_t)live : 0);
    text_add(&text, " live");
    if (session->page->memory_limit_bytes > 0) {
        text_add(&text, "; the memory limit is ");
        text_add_bytes(&text, session->page->memory_limit_bytes);
    }
    session_end(session, OUTCOME_OUT_OF_MEMORY, message);
}

_Noreturn void worker_corrupt(struct worker *worker, const char *what)
{
    struct session *session = session_of(worker->trial);
    char message[MESSAGE_BYTES];
    struct text text;
    text_init(&text, message, sizeof message, -1);
    text_add(&text, what);
    text_add(&text, " does not hold what was written into it");
    if (session->trial.threads > 1) {
        text_add(&text, " (worker ");
        text_add_number(&text, worker->index);
        text_add(&text, ")");
    }
    session_end(session, OUTCOME_CORRUPT, message);
}
