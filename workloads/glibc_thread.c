/*
 * glibc-thread: slots with a block each; one is drawn, its block freed, and another of a new size
 * put there; the pattern of glibc's own malloc-thread. Threads share nothing. Sizes fall off with
 * the inverse square: half of the blocks are below twice the smallest, few are very large.
 *
 * Invariant: between steps every slot holds a block.
 */
#include "piece.h"

enum { SLOTS, SMALLEST, LARGEST, STEPS, TOUCH };

static const struct param glibc_thread_params[] = {
    PARAM_COUNT_ROW("slots", "1024", 1, 1000000, "of a worker"),
    PARAM_BYTES_ROW("smallest", "4", 1, 1 << 20, "size"),
    PARAM_BYTES_ROW("largest", "32k", 1, 1 << 26, "size; the inverse square of sizes falls to it"),
    PARAM_COUNT_ROW("steps", "100k", 1, 1000000000, "blocks a worker replaces in a lap"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset glibc_thread_presets[] = {
    {"classic", "slots=1024,smallest=4,largest=32k,steps=1M,touch=all,laps=40",
     "its slots and sizes; steps in place of its fixed time"},
    PRESET_TABLE_END,
};

/* As many sizes are drawn in advance as the original keeps, rounded to a power of two. */
enum { SIZES_BITS = 13, SIZES = 1 << SIZES_BITS };

struct glibc_thread_state {
    uint32_t sizes[SIZES];
    struct piece pieces[]; /* of worker 0, of worker 1, ... */
};

/* Quantiles of the density 1/x^2 between a and b: x = 1 / (1/a - p (1/a - 1/b)). */
static const char *glibc_thread_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct glibc_thread_state *state =
        trial_memory(trial,
                     sizeof *state + trial->threads * values[SLOTS] * sizeof state->pieces[0]);
    double high = 1.0 / (double)values[SMALLEST], low = 1.0 / (double)values[LARGEST];
    if (values[LARGEST] < values[SMALLEST])
        return "`largest` must not be less than `smallest`";
    for (int i = 0; i < SIZES; i++)
        state->sizes[i] = (uint32_t)(1.0 / (high - (i + 0.5) / SIZES * (high - low)));
    trial->state = state;
    return NULL;
}

static struct piece *own_pieces(const struct worker *worker)
{
    struct glibc_thread_state *state = worker->trial->state;
    return state->pieces + (size_t)worker->index * worker->trial->values[SLOTS];
}

static struct piece take(struct worker *worker, uint64_t random)
{
    const struct glibc_thread_state *state = worker->trial->state;
    return piece_take(worker, state->sizes[random >> (64 - SIZES_BITS)],
                      (enum touch)worker->trial->values[TOUCH]);
}

static void glibc_thread_fill(struct worker *worker)
{
    struct piece *pieces = own_pieces(worker);
    for (uint64_t i = 0; i < worker->trial->values[SLOTS]; i++)
        pieces[i] = take(worker, random_next(&worker->random));
}

static void glibc_thread_lap(struct worker *worker, unsigned lap)
{
    const uint64_t *values = worker->trial->values;
    struct piece *pieces = own_pieces(worker);
    (void)lap;
    for (uint64_t left = values[STEPS]; left > 0; left--) {
        uint64_t random = random_next(&worker->random);
        struct piece *piece = &pieces[((random & UINT32_MAX) * values[SLOTS]) >> 32];
        piece_give(worker, piece, (enum touch)values[TOUCH]);
        *piece = take(worker, random);
    }
}

static void glibc_thread_drain(struct worker *worker)
{
    struct piece *pieces = own_pieces(worker);
    for (uint64_t i = 0; i < worker->trial->values[SLOTS]; i++)
        piece_give(worker, &pieces[i], (enum touch)worker->trial->values[TOUCH]);
}

static const struct workload glibc_thread = {
    .name = "glibc-thread",
    .summary = "random slots of 1024, block freed and another put there; sizes by inverse square",
    .source = "glibc's benchtests, malloc-thread",
    .touch = "every byte (touch=all)",
    .params = glibc_thread_params,
    .presets = glibc_thread_presets,
    .threads_maximum = 64,
    .laps = 40,
    .setup = glibc_thread_setup,
    .fill = glibc_thread_fill,
    .lap = glibc_thread_lap,
    .drain = glibc_thread_drain,
};
WORKLOAD_REGISTER(glibc_thread)
