/*
 * size-drift: live bytes stay, but blocks grow larger from lap to lap, up to `to` bytes, and
 * smaller again, as when a program's load changes over a day. Memory that is bound to one size has
 * to find its way to another.
 *
 * Invariant: live bytes never exceed `live`.
 */
#include "crowd.h"
#include "distribution.h"

enum { LIVE, FROM, TO, SPAN, STEPS, TOUCH };

static const struct param size_drift_params[] = {
    PARAM_BYTES_ROW("live", "8M", 65536, 1 << 30, "that live at any time, of a worker"),
    PARAM_BYTES_ROW("from", "48", 8, 1 << 20, "mean size at first"),
    PARAM_BYTES_ROW("to", "1500", 8, 1 << 20, "mean size after `span` laps; then back"),
    PARAM_COUNT_ROW("span", "20", 1, 1000, "laps from the smallest to the largest"),
    PARAM_COUNT_ROW("steps", "35k", 1, 1000000000,
                    "work of a worker in a lap: a block, or 512 bytes written, are one each"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

struct size_drift_state {
    struct distribution path; /* of the mean: its quantiles are equal steps of the logarithm */
    struct crowd crowd[];     /* of each worker */
};

static const char *size_drift_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct size_drift_state *state =
        trial_memory(trial, sizeof *state + trial->threads * sizeof state->crowd[0]);
    if (values[TO] < values[FROM])
        return "`to` must not be less than `from`";
    if (values[TO] * 3 > values[LIVE])
        return "`live` must be at least three times `to`";
    distribution_log_uniform(&state->path, (uint32_t)values[FROM], (uint32_t)values[TO]);
    for (unsigned i = 0; i < trial->threads; i++) {
        struct crowd *crowd = &state->crowd[i];
        /* Sizes are uniform around the mean; a tenth on top is far more than chance adds. */
        crowd->capacity = (uint32_t)(values[LIVE] / values[FROM] * 11 / 10 + 1024);
        crowd->pieces = trial_memory(trial, crowd->capacity * sizeof(struct piece));
    }
    trial->state = state;
    return NULL;
}

static struct crowd *own_of(const struct worker *worker)
{
    return &((struct size_drift_state *)worker->trial->state)->crowd[worker->index];
}

/* The mean size of a lap's blocks: up in `span` laps, down in as many. */
static uint32_t mean_of(const struct worker *worker, unsigned lap)
{
    const struct size_drift_state *state = worker->trial->state;
    unsigned span = (unsigned)worker->trial->values[SPAN];
    unsigned at = lap > 0 ? (lap - 1) % (2 * span) : 0;
    unsigned up = at <= span ? at : 2 * span - at;
    return state->path.quantile[(uint64_t)up * (DISTRIBUTION_POINTS - 1) / span];
}

/* A block of half to one and a half of the mean. Returns what it cost. */
static uint64_t add(struct worker *worker, struct crowd *crowd, uint32_t mean)
{
    const uint64_t *values = worker->trial->values;
    enum touch touch = (enum touch)values[TOUCH];
    uint32_t bytes = mean - mean / 2 + random_below(&worker->random, mean / 2 * 2 + 1);
    while (crowd->count > 0 &&
           (crowd->bytes + bytes > values[LIVE] || crowd->count == crowd->capacity))
        crowd_drop_any(crowd, worker, touch);
    crowd_add(crowd, worker, bytes, touch);
    return crowd_cost(bytes);
}

static void size_drift_fill(struct worker *worker)
{
    struct crowd *crowd = own_of(worker);
    uint32_t mean = mean_of(worker, 0);
    while (crowd->bytes + 2 * mean < worker->trial->values[LIVE])
        add(worker, crowd, mean);
}

static void size_drift_lap(struct worker *worker, unsigned lap)
{
    struct crowd *crowd = own_of(worker);
    uint32_t mean = mean_of(worker, lap);
    uint64_t left = worker->trial->values[STEPS] * 512, cost;
    do {
        cost = add(worker, crowd, mean);
        left = left > cost ? left - cost : 0;
    } while (left > 0);
}

static void size_drift_drain(struct worker *worker)
{
    crowd_clear(own_of(worker), worker, (enum touch)worker->trial->values[TOUCH]);
}

static const struct workload size_drift = {
    .name = "size-drift",
    .summary = "as many bytes live as before, in ever larger blocks, then in smaller ones again",
    .source = "ours",
    .touch = "every byte (touch=all)",
    .params = size_drift_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = size_drift_setup,
    .fill = size_drift_fill,
    .lap = size_drift_lap,
    .drain = size_drift_drain,
};
WORKLOAD_REGISTER(size_drift)
