/*
 * Threads that a workload starts in its laps: worker_relay() of workload.h.
 *
 * One thread after the other carries the worker on. The runner's own thread of that worker sleeps
 * meanwhile, so a worker's tally keeps one writer: each hands it over by starting the next, or by
 * the semaphore that wakes the runner's. A thread is joined by its successor, the last by the
 * runner's own: when worker_relay() returns, none of them is left.
 *
 * What a thread costs its allocator beyond the workload's own calls: the C library takes a few
 * hundred bytes for its thread-local storage by calloc, and the allocator sets up and gives back
 * what it keeps for a thread. The stack is mapped by the C library, which keeps and reuses it.
 */
#include "events.h"
#include "session.h"

#include <errno.h>
#include <semaphore.h>

struct relay {
    struct worker *worker;
    void (*part)(struct worker *worker, unsigned number);
    unsigned count, number; /* of parts; of the one under way or about to start */
    pthread_t ended;        /* the thread before the one that runs */
    sem_t finished;
};

static void *relay_main(void *argument);

static void start_thread(struct relay *relay)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SESSION_STACK_BYTES);
    int failed = pthread_create(&thread, &attributes, relay_main, relay);
    pthread_attr_destroy(&attributes);
    if (failed != 0)
        session_end(session_of(relay->worker->trial), OUTCOME_OUT_OF_MEMORY,
                    failed == EAGAIN ? "no thread can be started in a lap: EAGAIN: no memory for "
                                       "it, or too many threads"
                                     : "no thread can be started in a lap");
}

static void run_part(struct relay *relay)
{
    struct worker *worker = relay->worker;
    struct session *session = session_of(worker->trial);
    bool counted = session->lap_running && session->next_lap > 1; /* not the warm-up */
    struct events events;
    if (counted && session->page->count_events) {
        events_open(&events, session->page);
        events_start();
    }
    if (counted && session->page->count_laps > 0)
        heapmark_counted_lap(relay->part, worker, relay->number);
    else
        relay->part(worker, relay->number);
    if (counted && session->page->count_events) {
        events_stop();
        events_close(&events, session->page);
    }
}

static void *relay_main(void *argument)
{
    struct relay *relay = argument;
    run_part(relay);
    if (relay->number > 0)
        pthread_join(relay->ended, NULL);
    relay->ended = pthread_self();
    relay->number++;
    /* Past this line the relay is another thread's. */
    if (relay->number < relay->count)
        start_thread(relay);
    else
        sem_post(&relay->finished);
    return NULL;
}

void worker_relay(struct worker *worker, void (*part)(struct worker *worker, unsigned number),
                  unsigned count)
{
    struct relay relay = {.worker = worker, .part = part, .count = count};
    if (count == 0)
        return;
    sem_init(&relay.finished, 0, 0);
    start_thread(&relay);
    while (sem_wait(&relay.finished) < 0 && errno == EINTR)
        continue;
    pthread_join(relay.ended, NULL);
    sem_destroy(&relay.finished);
}
