/*
 * A comparison's run with a conductor that measures nothing: trials are made up as they are asked
 * for. Seeds are fixed, so every case is the same each time.
 */
#ifndef HEAPMARK_COMPARISON_FIXTURE_H
#define HEAPMARK_COMPARISON_FIXTURE_H

#include "comparison.h"
#include "run_fixture.h"

enum { FAKE_LAPS = 8, FAKE_BLOCKS = 81, WORKLOADS = 2 };

/* What the trials of a workload under an allocator are like. */
struct cell_plan {
    double slower, noise; /* of NEW; of every lap */
    double first_slower;  /* in block 0 */
    double fatter;
    int64_t syscalls, syscalls_step; /* more in each pass */
    enum trial_status status;        /* of both passes from `fails_at` on; OK: never fails */
    unsigned fails_at;
    enum pass fails_in;
    bool no_memory;
    int64_t timed_calls; /* of malloc in a latency trial; of free, a tenth of them */
    double tail;         /* the slowest hundredth of them takes so much longer; also of requests */
    int64_t requests;    /* at a pace, of a timed trial; 0: it is a closed loop */
};

struct fake {
    struct run run;
    struct comparison comparison;
    struct compare_rules rules;
    struct cell_plan plan[WORKLOADS][COMPARE_SIDES];
    struct fixture_random random;
    int64_t now_ns, step_ns; /* a trial takes that long */
    double waited;           /* for a CPU, share of each trial */
    bool latency, program;   /* latency trials beside the timed ones; the second is a program */
    size_t ran[WORKLOADS][COMPARE_SIDES], inspected;
    size_t beside[WORKLOADS]; /* latency and memory trials, of both sides */
};

/* Two workloads, nothing different between old and new. */
void fake_init(struct fake *fake);
/* Plans and runs it, and gives the result; may be called again after comparison_release(). */
enum compare_result fake_drive(struct fake *fake);
void fake_release(struct fake *fake);
const struct verdict_cell *fake_cell(const struct fake *fake, int workload,
                                     enum compare_measure_name measure);

#endif
