/*
 * null: no allocation at all. What it takes is what heapmark itself costs a workload: the
 * tallies of an allocation and of a free, the random draws, the loop.
 *
 * Invariant: calls of the malloc family: none; `operations` counts what would have been one.
 */
#include "workload.h"

enum { OPERATIONS, DRAWS };

static const struct param null_params[] = {
    PARAM_COUNT_ROW("operations", "4M", 2, 1000000000, "pretended calls of a worker in a lap"),
    PARAM_COUNT_ROW("draws", "1", 0, 16, "random numbers drawn for every allocation"),
    PARAM_TABLE_END,
};

enum { PRETENDED_BYTES = 64 };

static const char *null_setup(struct trial *trial)
{
    trial->state = trial_memory(trial, trial->threads * sizeof(struct worker));
    return NULL;
}

static void null_lap(struct worker *worker, unsigned lap)
{
    uint64_t pairs = worker->trial->values[OPERATIONS] / 2;
    uint64_t draws = worker->trial->values[DRAWS];
    uint64_t drawn = lap;
    for (uint64_t i = 0; i < pairs; i++) {
        for (uint64_t d = 0; d < draws; d++)
            drawn ^= random_next(&worker->random);
        tally_operation(&worker->tally);
        tally_grew(&worker->tally, PRETENDED_BYTES);
        tally_operation(&worker->tally);
        tally_shrank(&worker->tally, PRETENDED_BYTES);
    }
    /* Kept, so that the compiler cannot leave out the draws; each worker has a line of its own. */
    struct worker *lines = worker->trial->state;
    lines[worker->index].random = drawn;
}

static void null_drain(struct worker *worker)
{
    (void)worker;
}

static const struct workload null = {
    .name = "null",
    .summary = "no allocation: what heapmark itself costs, per operation that it counts",
    .source = "heapmark's own; the loop and the tallies that all workloads share",
    .touch = "nothing",
    .params = null_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = null_setup,
    .lap = null_lap,
    .drain = null_drain,
};
WORKLOAD_REGISTER(null)
