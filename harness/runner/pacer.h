/*
 * Makes the requests of a worker when they are due, and times them.
 *
 * The schedule is drawn beforehand and does not stop for anything: a lap takes requests / rate, and
 * the next one's begins where it ends. What comes late, since the one before took long, is served
 * at once, and its time counts from when it was due; so a stall is charged to every request that it
 * delayed (Tene's coordinated omission). Two things are not the allocator's, and put off what is
 * due until the worker is idle again: that it woke late, which is counted by itself, and that it
 * stood between laps and waited for the others.
 *
 * Where requests have no rate, a pacer times them and nothing more.
 */
#ifndef HEAPMARK_PACER_H
#define HEAPMARK_PACER_H

#include "latency_sheet.h"
#include "workload.h"

struct pacer {
    struct latency_sheet *sheet; /* NULL: not timed */
    struct pace pace;
    uint64_t requests;            /* of a lap */
    double lap_ns;                /* that a lap's requests take to arrive */
    double phase;                 /* share of a gap that this worker comes later than the first */
    bool spins;                   /* has a CPU of its own: the last of a wait is spent awake */
    uint64_t random, next_random; /* of this lap's draws, and of the next one's */
    /* Of the schedule, in ns since `origin_ns`: */
    double lap_begin_ns, lap_end_ns;
    double next_ns;    /* the next burst */
    double gap_ns;     /* mean */
    uint64_t left;     /* of the burst at hand */
    int64_t origin_ns; /* CLOCK_MONOTONIC at the first lap's begin; 0: it has not begun */
    /* Of the request at hand, CLOCK_MONOTONIC: */
    int64_t due_ns; /* slip included */
    int64_t began_ns;
    int64_t slip_ns; /* by which the schedule is put off at the moment */
    int64_t held_ns; /* between laps, since something was due */
    int64_t left_ns; /* the end of the last lap; 0: there was none */
    /* What came of it: */
    uint64_t served, backlog;
    int64_t last_due_ns, last_end_ns; /* since origin_ns; due without slip */
    int64_t forgiven_ns;              /* of held_ns, what put off something that was due */
} __attribute__((aligned(128)));

/* The trial's pace; requests are timed in `sheet`, if it is not NULL. The pages that this will
 * write to are touched. */
void pacer_init(struct pacer *pacer, const struct worker *worker, struct latency_sheet *sheet);

/* By the worker itself, around each timed lap; between them nothing is due. */
void pacer_enter(struct pacer *pacer);
void pacer_leave(struct pacer *pacer);

/* The same as worker_request_begin and worker_request_end (workload.h). */
void pacer_await(struct pacer *pacer);
void pacer_done(struct pacer *pacer);

/* The next request is due at `due_ns`, and it is `now_ns`; `waited`: for that moment. */
void pacer_due(struct pacer *pacer, int64_t due_ns, int64_t now_ns, bool waited);
/* When the next request of the schedule is due, in ns since its begin. */
double pacer_next_ns(struct pacer *pacer);

#endif
