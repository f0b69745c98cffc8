/*
 * sawtooth: load that comes and goes. The number of live blocks rises from a floor to its top and
 * falls back to the floor, again and again. Which blocks survive the fall is chance, so every page
 * may hold one: what an allocator can give back then, and what it can use again at the next rise.
 *
 * Every lap makes the same number of calls; rising laps have more mallocs among them, falling ones
 * more frees. Invariant: after a lap, the number of live blocks is that of its place in the tooth.
 */
#include "crowd.h"
#include "distribution.h"

enum { BLOCKS, FLOOR, PERIOD, CALLS, MEDIAN, FALL, TOUCH };
enum { FALL_RANDOM, FALL_NEWEST };

static const struct param sawtooth_params[] = {
    PARAM_COUNT_ROW("blocks", "50k", 16, 10000000, "that live at the top, of a worker"),
    PARAM_COUNT_ROW("floor", "20", 0, 90, "percent of them that live at the lowest"),
    PARAM_COUNT_ROW("period", "8", 2, 1000, "laps from top to top; even"),
    PARAM_COUNT_ROW("calls", "50k", 1, 1000000000, "of a worker in a lap, half mallocs on average"),
    PARAM_BYTES_ROW("median", "100", 1, 1 << 20, "of the sizes: log-normal, sigma 1.1"),
    PARAM_CHOICE_ROW("fall", "random", "random|newest", "which blocks go when load falls"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

#define SIZE_SIGMA 1.1
enum { SMALLEST = 8, LARGEST_FACTOR = 128 };

struct sawtooth_state {
    struct distribution sizes;
    uint32_t delta;       /* blocks by which a lap's number of live ones differs from the last */
    struct crowd crowd[]; /* of each worker */
};

static const char *sawtooth_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct sawtooth_state *state =
        trial_memory(trial, sizeof *state + trial->threads * sizeof state->crowd[0]);
    uint64_t floor = values[BLOCKS] * values[FLOOR] / 100;
    uint32_t median = (uint32_t)values[MEDIAN];
    struct log_normal shape = {median, SIZE_SIGMA, median < SMALLEST ? 1 : SMALLEST,
                               median * LARGEST_FACTOR};
    if (values[PERIOD] % 2 != 0)
        return "period must be even: as many laps rise as fall";
    state->delta = (uint32_t)((values[BLOCKS] - floor) / (values[PERIOD] / 2));
    if (state->delta > values[CALLS])
        return "calls are too few to get from the floor to the top in half a period";
    distribution_log_normal(&state->sizes, &shape);
    for (unsigned i = 0; i < trial->threads; i++) {
        /* Half of a lap's surplus comes before what makes up for it. */
        state->crowd[i].capacity = (uint32_t)values[BLOCKS] + 2;
        state->crowd[i].pieces =
            trial_memory(trial, state->crowd[i].capacity * sizeof(struct piece));
    }
    trial->state = state;
    return NULL;
}

static struct crowd *own_of(const struct worker *worker)
{
    return &((struct sawtooth_state *)worker->trial->state)->crowd[worker->index];
}

static void add(struct worker *worker, struct crowd *crowd)
{
    struct sawtooth_state *state = worker->trial->state;
    crowd_add(crowd, worker, distribution_draw(&state->sizes, &worker->random),
              (enum touch)worker->trial->values[TOUCH]);
}

static void drop(struct worker *worker, struct crowd *crowd, bool falling)
{
    const uint64_t *values = worker->trial->values;
    if (falling && values[FALL] == FALL_NEWEST)
        crowd_drop(crowd, worker, crowd->count - 1, (enum touch)values[TOUCH]);
    else
        crowd_drop_any(crowd, worker, (enum touch)values[TOUCH]);
}

/* The first lap after the warm-up begins at the floor. */
static void sawtooth_fill(struct worker *worker)
{
    const uint64_t *values = worker->trial->values;
    struct crowd *crowd = own_of(worker);
    for (uint64_t left = values[BLOCKS] * values[FLOOR] / 100 + 1; left > 0; left--)
        add(worker, crowd);
}

static void sawtooth_lap(struct worker *worker, unsigned lap)
{
    struct sawtooth_state *state = worker->trial->state;
    const uint64_t *values = worker->trial->values;
    struct crowd *crowd = own_of(worker);
    unsigned half = (unsigned)values[PERIOD] / 2;
    bool falling = lap > 0 && (lap - 1) / half % 2 == 1;
    uint32_t delta = lap > 0 ? state->delta : 0;
    uint64_t exchanges = (values[CALLS] - delta) / 2;
    /* The surplus is spread evenly over the lap. */
    uint64_t due = 0;
    for (uint64_t i = 0; i < exchanges || due < delta; i++) {
        while (due < delta && due * (exchanges + 1) <= i * delta) {
            if (falling)
                drop(worker, crowd, true);
            else
                add(worker, crowd);
            due++;
        }
        if (i < exchanges) {
            drop(worker, crowd, false);
            add(worker, crowd);
        }
    }
}

static void sawtooth_drain(struct worker *worker)
{
    crowd_clear(own_of(worker), worker, (enum touch)worker->trial->values[TOUCH]);
}

static const struct workload sawtooth = {
    .name = "sawtooth",
    .summary = "live blocks rise to a top and fall to a floor; chance says which survive",
    .source = "ours",
    .touch = "every byte (touch=all)",
    .params = sawtooth_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = sawtooth_setup,
    .fill = sawtooth_fill,
    .lap = sawtooth_lap,
    .drain = sawtooth_drain,
};
WORKLOAD_REGISTER(sawtooth)
