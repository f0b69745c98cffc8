/*
 * A machine that disturbs what is timed on it, as a simulation: the noise of a small virtual
 * machine and its neighbours, and pairs of trials run on it in an order drawn by lot.
 *
 * A lap of `lap_s` of work takes: its work, times the slowness of the host at that moment (two
 * states, fast and slow, each lasting an exponential time), times jitter of the lap and of the
 * trial; and, while other processes have the CPU, slices of waiting. The figures of the conditions
 * are chosen to look like series measured on a guest with two CPUs: trial times of 100 to 190 ms
 * for the same work, with a correlation of 0.8 from one trial to the next, where the host is noisy.
 */
#ifndef HEAPMARK_NOISE_FIXTURE_H
#define HEAPMARK_NOISE_FIXTURE_H

#include "run_fixture.h"
#include "verdict.h"

enum { NOISE_BURSTS_MAXIMUM = 2 };

struct noise_condition {
    const char *name;
    double lap_jitter, trial_jitter; /* standard deviations of ln(time) */
    double slow_s, fast_s;        /* mean times in each state of the host; slow_s 0: always fast */
    double slow_least, slow_most; /* factor of a slow episode, drawn for each */
    int bursts;                   /* processes that come and go: 10 to 300 ms on */
    double pause_s;               /* mean time between bursts of one; 0: none, always on */
    double share;                 /* of the CPU lost while all of them are on, per unit of work */
    double period_s; /* the host is slow by slow_most in every second half of this; 0: not so */
};

enum { NOISE_CONDITIONS = 6 };
/* quiet, host episodes, same-core bursts, bursts x2, saturated, periodic */
extern const struct noise_condition noise_conditions[NOISE_CONDITIONS];

struct noise_machine {
    const struct noise_condition *condition;
    struct fixture_random random;
    double now_s, host_until_s, host_factor;
    bool slow, on[NOISE_BURSTS_MAXIMUM];
    double until_s[NOISE_BURSTS_MAXIMUM];
};
void noise_machine_init(struct noise_machine *machine, const struct noise_condition *condition,
                        uint64_t seed);

enum { NOISE_LAPS = 12, NOISE_PAIRS_MAXIMUM = 160 };
#define NOISE_LAP_S 0.008

/* The trials of one workload so far. */
struct noise_series {
    double effect; /* NEW takes so much longer: 0.03 */
    size_t pairs;
    double base[NOISE_PAIRS_MAXIMUM * NOISE_LAPS], new[NOISE_PAIRS_MAXIMUM * NOISE_LAPS];
    double base_whole[NOISE_PAIRS_MAXIMUM], new_whole[NOISE_PAIRS_MAXIMUM]; /* seconds, all */
    signed char order[NOISE_PAIRS_MAXIMUM];
};
/* One pair more. */
void noise_series_add(struct noise_series *series, struct noise_machine *machine);
struct verdict_pairs noise_series_pairs(const struct noise_series *series);

/* Runs one comparison of a time to its end. `series` is scratch. Returns 0 or -1 as
 * verdict_look(). */
int noise_compare(struct noise_machine *machine, struct noise_series *series, double effect,
                  const struct verdict_rules *rules, struct verdict_cell *cell);

#endif
