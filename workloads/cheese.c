/*
 * cheese: a layer of equal blocks is allocated, then all but every n-th are freed again; the next
 * layer's blocks are four times as large and fit into none of the holes. Four layers are a lap; the
 * survivors of a lap are freed `age` laps later.
 *
 * Invariant: the same number of calls in every lap, and the same bytes.
 */
#include "piece.h"

enum { LAYER, KEEP, AGE, SMALLEST, TOUCH };

static const struct param cheese_params[] = {
    PARAM_BYTES_ROW("layer", "1M", 4096, 1 << 28, "of all blocks of a layer, of a worker"),
    PARAM_COUNT_ROW("keep", "4", 2, 1000, "every such block survives"),
    PARAM_COUNT_ROW("age", "8", 1, 1000, "laps that survivors live"),
    PARAM_BYTES_ROW("smallest", "64", 8, 4096, "of a block of the first layer; then times 4"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

enum { LAYERS = 4, MARK = 'c' };

struct cheese {
    void **layer;   /* room for the blocks of the largest layer */
    void **kept;    /* a ring of `age` laps' survivors, `per_lap` each */
    uint64_t turns; /* laps so far, those of fill among them */
};

struct cheese_state {
    uint32_t blocks[LAYERS], bytes[LAYERS]; /* of each layer */
    uint32_t per_lap;                       /* survivors */
    struct cheese of[];
};

static uint32_t survivors(uint32_t blocks, uint64_t keep)
{
    return (uint32_t)((blocks + keep - 1) / keep);
}

static const char *cheese_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct cheese_state *state =
        trial_memory(trial, sizeof *state + trial->threads * sizeof state->of[0]);
    for (unsigned i = 0; i < LAYERS; i++) {
        state->bytes[i] = (uint32_t)values[SMALLEST] << (2 * i);
        state->blocks[i] = (uint32_t)(values[LAYER] / state->bytes[i]);
        if (state->blocks[i] == 0)
            return "a layer must have room for a block 64 times the smallest";
        state->per_lap += survivors(state->blocks[i], values[KEEP]);
    }
    for (unsigned i = 0; i < trial->threads; i++) {
        state->of[i].layer = trial_memory(trial, state->blocks[0] * sizeof(void *));
        state->of[i].kept = trial_memory(trial, state->per_lap * values[AGE] * sizeof(void *));
    }
    trial->state = state;
    return NULL;
}

static void give(struct worker *worker, void *block, uint32_t bytes)
{
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    if (heapmark_unlikely(worker->trial->verify) && !touch_holds(block, bytes, touch, MARK))
        worker_corrupt(worker, "a block of the cheese");
    worker_free(worker, block, bytes);
}

/* Allocates a layer and frees all but the survivors, which go to `kept`. */
static void bake(struct worker *worker, void **layer, unsigned number, void **kept)
{
    const struct cheese_state *state = worker->trial->state;
    const uint64_t *values = worker->trial->values;
    uint32_t blocks = state->blocks[number], bytes = state->bytes[number];
    for (uint32_t i = 0; i < blocks; i++) {
        layer[i] = worker_malloc(worker, bytes);
        touch_range(layer[i], 0, bytes, (enum touch)values[TOUCH], MARK);
    }
    for (uint32_t first = 0; first < blocks; first += (uint32_t)values[KEEP]) {
        uint32_t end = first + (uint32_t)values[KEEP];
        *kept++ = layer[first];
        for (uint32_t i = first + 1; i < blocks && i < end; i++)
            give(worker, layer[i], bytes);
    }
}

static void free_survivors(struct worker *worker, void **kept)
{
    const struct cheese_state *state = worker->trial->state;
    for (unsigned number = 0; number < LAYERS; number++) {
        uint32_t count = survivors(state->blocks[number], worker->trial->values[KEEP]);
        for (uint32_t i = 0; i < count; i++, kept++)
            if (*kept != NULL) {
                give(worker, *kept, state->bytes[number]);
                *kept = NULL;
            }
    }
}

static void turn(struct worker *worker)
{
    struct cheese_state *state = worker->trial->state;
    struct cheese *own = &state->of[worker->index];
    void **kept = own->kept + own->turns++ % worker->trial->values[AGE] * state->per_lap;
    free_survivors(worker, kept);
    for (unsigned number = 0; number < LAYERS; number++) {
        bake(worker, own->layer, number, kept);
        kept += survivors(state->blocks[number], worker->trial->values[KEEP]);
    }
}

static void cheese_fill(struct worker *worker)
{
    for (uint64_t i = 0; i < worker->trial->values[AGE]; i++)
        turn(worker);
}

static void cheese_lap(struct worker *worker, unsigned lap)
{
    (void)lap;
    turn(worker);
}

static void cheese_drain(struct worker *worker)
{
    struct cheese_state *state = worker->trial->state;
    for (uint64_t i = 0; i < worker->trial->values[AGE]; i++)
        free_survivors(worker, state->of[worker->index].kept + i * state->per_lap);
}

static const struct workload cheese = {
    .name = "cheese",
    .summary = "layers of equal blocks of which only every n-th survives; the next fit no hole",
    .source = "ours; the oldest example of external fragmentation there is",
    .touch = "every byte (touch=all)",
    .params = cheese_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = cheese_setup,
    .fill = cheese_fill,
    .lap = cheese_lap,
    .drain = cheese_drain,
};
WORKLOAD_REGISTER(cheese)
