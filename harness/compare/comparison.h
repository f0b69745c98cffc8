/*
 * The comparison of two allocators, BASE and NEW, over the workloads of a run: takes trials as
 * they come in, makes pairs of them, looks at fixed numbers of pairs, and says which trials are
 * still wanted. Who runs the trials is no matter: the conductor live, or a stored run again.
 *
 * Pair j of a workload is block j of its run, the order in it drawn by lot (plan.h): a timed trial
 * of each side and, where they are run beside it, a latency trial of each, or a memory trial. The
 * first pair is a warm-up and counts for nothing. A pair that was begun is always completed; what
 * only a pass beside the timed one measures is left out of further pairs once it is clear.
 * Invariant: cells are looked at after rules.verdict.looks pairs only, so that the error rates of
 * verdict.h hold whenever and for whatever reason it ends.
 */
#ifndef HEAPMARK_COMPARISON_H
#define HEAPMARK_COMPARISON_H

#include "compare_measure.h"
#include "noise_flags.h"
#include "pair_table.h"
#include "suite_mean.h"

/* When both of a pair take turns on one CPU: never, when the machine was saturated before the first
 * pair, or in any case. */
enum compare_lockstep { LOCKSTEP_NEVER, LOCKSTEP_AUTO, LOCKSTEP_ALWAYS };

enum { COMPARE_INSPECTIONS = 2, COMPARE_DETAIL_BYTES = 512 };

struct compare_rules {
    struct verdict_rules verdict; /* the family is found by comparison_init() */
    double threshold[COMPARE_MEASURE_COUNT];
    bool gates[COMPARE_MEASURE_COUNT];
    bool gates_named; /* by the user: what gates and can nowhere be measured is a failure */
    enum compare_lockstep lockstep;
    int64_t max_time_ns; /* from comparison_start(); 0: no limit */
    bool keep_first;     /* block 0 is no warm-up */
};
/* Looks at 20, 40 and 80 pairs, each measure's own threshold, time and rss gate, no time limit. */
void compare_rules_init(struct compare_rules *rules);
/* Looks at 20, 40, 80, ... below `most` and one at `most`; 0: no pairs, only what is exact is
 * measured. Returns 0, or -1 with a message: more looks than there can be. */
int compare_rules_set_pairs(struct compare_rules *rules, size_t most, char *message);
/* Whether all that gates is exact and takes no pairs. */
bool compare_rules_are_exact(const struct compare_rules *rules);
/* The fewest pairs at one look that could show a change of any measure that gates, over so many
 * workloads. */
size_t compare_rules_least_pairs(const struct compare_rules *rules, size_t workloads);

enum compare_side { COMPARE_BASE, COMPARE_NEW, COMPARE_SIDES };

/* X(name, what it says) */
#define COMPARE_OUTCOMES(X)                                   \
    X(COMPARED, "compared")                                   \
    X(NEW_FAILED, "NEW failed where BASE did not")            \
    X(BASE_FAILED, "BASE failed where NEW did not")           \
    X(BOTH_FAILED, "could not be compared")                   \
    X(LEFT_OUT, "left out: not for both, or cannot run here") \
    X(NOT_RUN, "not run")

enum compare_outcome {
#define X(name, text) OUTCOME_##name,
    COMPARE_OUTCOMES(X)
#undef X
};
const char *compare_outcome_text(enum compare_outcome outcome);

struct compare_failure {
    enum trial_status status; /* OK: none */
    enum pass pass;
    unsigned block;
    char detail[COMPARE_DETAIL_BYTES];
};

/* One measure of a workload. */
struct compare_cell {
    bool available; /* measured in every trial so far */
    bool thin;      /* it is not, for want of calls or requests that were timed */
    struct verdict_cell verdict;
    double value[COMPARE_SIDES]; /* medians over trials, in units; NAN: none */
};

/* Values of an exact measure. */
struct compare_exact {
    double value[COMPARE_SIDES][COMPARE_INSPECTIONS];
    size_t count[COMPARE_SIDES];
};

/* Values of a measure that is no time: trials x laps of each side. */
struct compare_column {
    size_t laps, capacity;
    size_t count[COMPARE_SIDES]; /* trials; of pairs, both the same */
    double *value[COMPARE_SIDES];
};

struct compare_workload {
    const struct workload_spec *spec; /* the run's */
    bool planned[COMPARE_SIDES];
    struct compare_failure failure[COMPARE_SIDES];
    struct compare_cell cell[COMPARE_MEASURE_COUNT];
    struct noise_flag flags[NOISE_FLAG_COUNT]; /* of the pairs that the last look was at */
    size_t pairs;                              /* complete, without the warm-up */
    size_t seen;                               /* pairs at the last look */
    size_t alone[COMPARE_SIDES];               /* trials of series that were not interleaved */
    bool settled;                              /* needs no further pair */
    bool paced;                                /* took as long as its schedule */
    bool lockstep;                             /* its pairs took turns */
    struct pair_table table[2];                /* by clock */
    struct compare_column column[COMPARE_MEASURE_COUNT];
    struct compare_exact exact[COMPARE_MEASURE_COUNT];
    char absent[PASS_COUNT][COMPARE_DETAIL_BYTES]; /* why what the pass measures is not there; "" */
    bool beside[PASS_COUNT]; /* passes that are run in pairs: the timed one and those beside it */
    struct compare_round {
        bool open;
        unsigned block;
        bool expected[PASS_COUNT];                           /* that make it whole */
        struct trial_record held[PASS_COUNT][COMPARE_SIDES]; /* PLANNED: none */
    } round;
};

struct comparison {
    const struct run *run; /* borrowed, as all of its strings */
    unsigned allocator[COMPARE_SIDES];
    const struct allocator *who[COMPARE_SIDES];
    bool independent; /* two series, not interleaved (stored.h): what is no exact measure does not
                         gate */
    struct compare_rules rules;
    struct compare_workload *workload; /* by index into the run's */
    size_t workloads;
    struct suite_mean mean[COMPARE_MEASURE_COUNT]; /* of times and memory; see comparison_finish */
    unsigned cpus;
    struct compare_waiting {
        double wall_ns, run_delay_ns; /* of the warm-up trials */
    } waiting;
    int64_t started_ns, ended_ns; /* CLOCK_MONOTONIC */
    bool out_of_time;             /* pairs were refused since the time was up */
    bool failed;                  /* memory ran out: what is missing was not looked at */
};

/* Of a planned or stored run. Returns 0, or -1 with errno ENOMEM. */
int comparison_init(struct comparison *comparison, const struct run *run,
                    const unsigned allocator[COMPARE_SIDES], const struct compare_rules *rules);
void comparison_release(struct comparison *comparison);

/* The clock of the budget starts. */
void comparison_start(struct comparison *comparison, int64_t now_ns);
bool comparison_wants(struct comparison *comparison, const struct trial_key *key, int64_t now_ns);
/* Whether the pair of that timed trial is to take turns. All pairs of a comparison are of one kind:
 * what the warm-up trials have waited decides, which knows nothing of who is faster. */
bool comparison_is_lockstep(const struct comparison *comparison, const struct trial_key *key);
/* The share of their time that the warm-up trials have waited for a CPU; NAN: not known. */
double comparison_waited(const struct comparison *comparison);
/* A trial has ended, its laps at hand; borrowed. */
void comparison_add(struct comparison *comparison, const struct trial_record *trial);
/* Nothing more will come: geometric means and noise flags are made. Returns 0, or -1 with errno
 * ENOMEM. */
int comparison_finish(struct comparison *comparison, int64_t now_ns);

/* Whether the cell takes part in the exit status. */
bool compare_cell_gates(const struct comparison *comparison,
                        const struct compare_workload *workload, enum compare_measure_name measure);
/* Why the measure, which was asked for, is not there; "" when nobody knows, or it is. */
const char *compare_cell_absence(const struct compare_workload *workload,
                                 enum compare_measure_name measure);
/* The first measure that gates by name and that no workload which was compared has, or -1. */
int comparison_missing_gate(const struct comparison *comparison);
/* Whether a ratio says anything: the values are larger than what does not matter. */
bool compare_cell_has_ratio(const struct compare_cell *cell);
enum compare_outcome compare_outcome(const struct compare_workload *workload);
/* Workloads whose gating cells are all clear, or that have failed or been left out. */
size_t comparison_settled(const struct comparison *comparison);

/* What the exit status says. */
enum compare_result {
    COMPARE_NOTHING_WORSE = 0,
    COMPARE_WORSE = 1,
    COMPARE_UNDECIDED = 2,
    COMPARE_COULD_NOT_RUN = 3,
};
enum compare_result comparison_result(const struct comparison *comparison);

#endif
