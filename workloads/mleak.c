/*
 * mleak: many threads that live briefly. Each round starts a few, all of which live at once; each
 * takes a small zeroed block, puts it into a random one of many slots, and frees what was there,
 * which another thread, long gone, has allocated. An allocator that loses what it keeps for a
 * thread grows with every round.
 *
 * The threads of a round make their calls one after another, so that every trial makes the same.
 * Invariant: a slot is either empty or holds a block whose bytes are all zero.
 */
#include "workload.h"

#include <string.h>

enum { SLOTS, SIZE, TOGETHER, ROUNDS };

static const struct param mleak_params[] = {
    PARAM_COUNT_ROW("slots", "1000", 1, 1000000, "of a worker"),
    PARAM_BYTES_ROW("size", "128", 1, 1 << 20, "of every block"),
    PARAM_COUNT_ROW("together", "10", 1, 64, "threads that live at once, beside each worker"),
    PARAM_COUNT_ROW("rounds", "20", 1, 100000, "of so many threads in a lap of a worker"),
    PARAM_TABLE_END,
};

static const struct preset mleak_presets[] = {
    {"classic", "slots=1000,size=128,together=10,rounds=10,laps=50", "5000 threads"},
    PRESET_TABLE_END,
};

struct mleak {
    void **slots;
    unsigned to_start; /* threads of the round */
} __attribute__((aligned(128)));

static const char *mleak_setup(struct trial *trial)
{
    struct mleak *state = trial_memory(trial, trial->threads * sizeof *state);
    for (unsigned i = 0; i < trial->threads; i++)
        state[i].slots = trial_memory(trial, trial->values[SLOTS] * sizeof(void *));
    trial->state = state;
    return NULL;
}

static struct mleak *own_of(const struct worker *worker)
{
    return (struct mleak *)worker->trial->state + worker->index;
}

static void give(struct worker *worker, unsigned char *block)
{
    size_t bytes = worker->trial->values[SIZE];
    if (heapmark_unlikely(worker->trial->verify) &&
        (block[0] != 0 || memcmp(block, block + 1, bytes - 1) != 0))
        worker_corrupt(worker, "a zeroed block");
    worker_free(worker, block, bytes);
}

/* What a thread does: its one exchange; then it starts the next and lives until that has ended. */
static void exchange(struct worker *worker, unsigned number)
{
    const uint64_t *values = worker->trial->values;
    struct mleak *own = own_of(worker);
    void **slot = own->slots + random_below(&worker->random, (uint32_t)values[SLOTS]);
    void *old = *slot;
    (void)number;
    *slot = worker_calloc(worker, values[SIZE]);
    if (old != NULL)
        give(worker, old);
    if (--own->to_start > 0)
        worker_relay(worker, exchange, 1);
}

static void mleak_lap(struct worker *worker, unsigned lap)
{
    const uint64_t *values = worker->trial->values;
    (void)lap;
    for (uint64_t round = values[ROUNDS]; round > 0; round--) {
        own_of(worker)->to_start = (unsigned)values[TOGETHER];
        worker_relay(worker, exchange, 1);
    }
}

static void mleak_drain(struct worker *worker)
{
    void **slots = own_of(worker)->slots;
    for (uint64_t i = 0; i < worker->trial->values[SLOTS]; i++)
        if (slots[i] != NULL)
            give(worker, slots[i]);
}

static const struct workload mleak = {
    .name = "mleak",
    .summary = "many threads that live briefly, each frees what one before it has allocated",
    .source = "the mimalloc authors' collection of benchmarks, mleak",
    .touch = "none: blocks are zeroed by calloc and read back when verified",
    .params = mleak_params,
    .presets = mleak_presets,
    .threads_maximum = 16,
    .laps = 40,
    .starts_threads = true,
    .setup = mleak_setup,
    .lap = mleak_lap,
    .drain = mleak_drain,
};
WORKLOAD_REGISTER(mleak)
