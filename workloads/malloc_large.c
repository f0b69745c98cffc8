/*
 * malloc-large: a few slots with large buffers, of which a random one is replaced at each step;
 * every byte is written. What an allocator asks of the system for them, and whether it keeps it.
 *
 * The new buffer is there before the old one goes. Invariant: each slot holds a buffer or, at
 * first, nothing.
 */
#include "piece.h"

enum { SLOTS, SMALLEST, LARGEST, BUFFERS, TOUCH };

static const struct param malloc_large_params[] = {
    PARAM_COUNT_ROW("slots", "20", 1, 1000, "of a worker"),
    PARAM_BYTES_ROW("smallest", "256k", 1, 1 << 28, "buffer"),
    PARAM_BYTES_ROW("largest", "1280k", 1, 1 << 30, "buffer; every size between is as likely"),
    PARAM_COUNT_ROW("buffers", "60", 1, 1000000, "that a worker allocates in a lap"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset malloc_large_presets[] = {
    {"classic", "slots=20,smallest=5M,largest=25M,buffers=50,touch=all,laps=40",
     "2000 buffers of 5 to 25 MiB"},
    PRESET_TABLE_END,
};

static const char *malloc_large_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    if (values[LARGEST] < values[SMALLEST])
        return "`largest` must not be less than `smallest`";
    trial->state = trial_memory(trial, trial->threads * values[SLOTS] * sizeof(struct piece));
    return NULL;
}

static struct piece *own_slots(const struct worker *worker)
{
    return (struct piece *)worker->trial->state + worker->index * worker->trial->values[SLOTS];
}

static void replace(struct worker *worker, struct piece *slot)
{
    const uint64_t *values = worker->trial->values;
    enum touch touch = (enum touch)values[TOUCH];
    uint32_t bytes =
        (uint32_t)values[SMALLEST] +
        random_below(&worker->random, (uint32_t)(values[LARGEST] - values[SMALLEST]) + 1);
    struct piece piece = piece_take(worker, bytes, touch);
    if (slot->block != NULL)
        piece_give(worker, slot, touch);
    *slot = piece;
}

static void malloc_large_fill(struct worker *worker)
{
    for (uint64_t i = 0; i < worker->trial->values[SLOTS]; i++)
        replace(worker, own_slots(worker) + i);
}

static void malloc_large_lap(struct worker *worker, unsigned lap)
{
    const uint64_t *values = worker->trial->values;
    struct piece *slots = own_slots(worker);
    (void)lap;
    for (uint64_t i = 0; i < values[BUFFERS]; i++)
        replace(worker, slots + random_below(&worker->random, (uint32_t)values[SLOTS]));
}

static void malloc_large_drain(struct worker *worker)
{
    struct piece *slots = own_slots(worker);
    for (uint64_t i = 0; i < worker->trial->values[SLOTS]; i++)
        piece_give(worker, &slots[i], (enum touch)worker->trial->values[TOUCH]);
}

static const struct workload malloc_large = {
    .name = "malloc-large",
    .summary = "a few slots of large buffers, replaced at random: what is mapped, kept, given back",
    .source = "the mimalloc authors' collection of benchmarks, malloc-large",
    .touch = "every byte (touch=all)",
    .params = malloc_large_params,
    .presets = malloc_large_presets,
    .threads_maximum = 16,
    .laps = 40,
    .floods = true,
    .setup = malloc_large_setup,
    .fill = malloc_large_fill,
    .lap = malloc_large_lap,
    .drain = malloc_large_drain,
};
WORKLOAD_REGISTER(malloc_large)
