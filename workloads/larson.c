/*
 * larson: a server whose threads come and go, and hand what they hold to their successors.
 *
 * The main thread fills the slots of all workers with blocks of random size, shuffles them and
 * replaces some, so that the first blocks of a worker were allocated elsewhere. Then, in every lap,
 * each worker's slots are worked on by one thread after the other: it frees a random slot and
 * allocates a block of another size for it, many times; then it starts its successor on the same
 * slots and ends, and the successor frees what a thread allocated that is no more ("bleeding").
 *
 * The pattern of Larson and Krishnan, 'Memory Allocation for Long-Running Server Applications',
 * ISMM 1998. Theirs runs for a time and counts operations; here the number of replacements is
 * fixed. Invariant: every slot holds a block from the end of fill on.
 */
#include "piece.h"

enum { SLOTS, LEAST, MOST, STEPS, GENERATIONS, TOUCH };

static const struct param larson_params[] = {
    PARAM_COUNT_ROW("slots", "5000", 1, 1000000, "blocks that a worker keeps"),
    PARAM_BYTES_ROW("least", "8", 1, 1 << 20, "smallest block"),
    PARAM_BYTES_ROW("most", "1000", 1, 1 << 20, "largest block; sizes are uniform between them"),
    PARAM_COUNT_ROW("steps", "20k", 1, 1000000000, "blocks that one thread replaces"),
    PARAM_COUNT_ROW("generations", "4", 0, 10000,
                    "threads after each other in a lap; 0: none, the worker does the steps of one"),
    PARAM_CHOICE_ROW("touch", "first", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset larson_presets[] = {
    {"classic", "slots=5000,least=8,most=1000,steps=500k,generations=2,touch=first,laps=20",
     "8 to 1000 bytes, 5000 slots a thread, 100 rounds of them before it is replaced"},
    PRESET_TABLE_END,
};

enum { REPLACED_FIRST = 4 }; /* by the main thread, for every slot */

struct larson {
    struct piece *slots[64]; /* of each worker */
};

static const char *larson_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct larson *larson = trial_memory(trial, sizeof *larson);
    if (values[LEAST] > values[MOST])
        return "least is larger than most";
    for (unsigned i = 0; i < trial->threads; i++)
        larson->slots[i] = trial_memory(trial, values[SLOTS] * sizeof *larson->slots[i]);
    trial->state = larson;
    return NULL;
}

static struct piece take(struct worker *worker)
{
    const uint64_t *values = worker->trial->values;
    uint32_t spread = (uint32_t)(values[MOST] - values[LEAST] + 1);
    uint32_t bytes = (uint32_t)values[LEAST] + random_below(&worker->random, spread);
    return piece_take(worker, bytes, (enum touch)values[TOUCH]);
}

static void replace(struct worker *worker, struct piece *slot)
{
    piece_give(worker, slot, (enum touch)worker->trial->values[TOUCH]);
    *slot = take(worker);
}

static struct piece *random_slot(struct worker *worker, unsigned owner)
{
    struct larson *larson = worker->trial->state;
    return &larson->slots[owner]
                         [random_below(&worker->random, (uint32_t)worker->trial->values[SLOTS])];
}

/* All by the main thread, as the original does it. */
static void larson_fill(struct worker *worker)
{
    struct larson *larson = worker->trial->state;
    unsigned threads = worker->trial->threads;
    uint64_t slots = worker->trial->values[SLOTS];
    if (worker->index != 0)
        return;
    for (unsigned owner = 0; owner < threads; owner++)
        for (uint64_t i = 0; i < slots; i++)
            larson->slots[owner][i] = take(worker);
    for (unsigned owner = 0; owner < threads; owner++) {
        for (uint64_t i = 0; i < slots; i++) {
            struct piece *other = random_slot(worker, random_below(&worker->random, threads));
            struct piece kept = *other;
            *other = larson->slots[owner][i];
            larson->slots[owner][i] = kept;
        }
    }
    for (uint64_t i = REPLACED_FIRST * slots * threads; i > 0; i--)
        replace(worker, random_slot(worker, random_below(&worker->random, threads)));
}

static void live_one_life(struct worker *worker, unsigned generation)
{
    (void)generation;
    for (uint64_t i = worker->trial->values[STEPS]; i > 0; i--)
        replace(worker, random_slot(worker, worker->index));
}

static void larson_lap(struct worker *worker, unsigned lap)
{
    unsigned generations = (unsigned)worker->trial->values[GENERATIONS];
    (void)lap;
    if (generations == 0)
        live_one_life(worker, 0);
    else
        worker_relay(worker, live_one_life, generations);
}

static void larson_drain(struct worker *worker)
{
    struct larson *larson = worker->trial->state;
    for (uint64_t i = 0; i < worker->trial->values[SLOTS]; i++)
        piece_give(worker, &larson->slots[worker->index][i],
                   (enum touch)worker->trial->values[TOUCH]);
}

static const struct workload larson = {
    .name = "larson",
    .summary = "random blocks replaced by threads that pass them on to their successors and end",
    .source = "Larson and Krishnan, 'Memory Allocation for Long-Running Server Applications', "
              "ISMM 1998",
    .touch = "the first byte of each block (touch=first)",
    .params = larson_params,
    .presets = larson_presets,
    .threads_maximum = 64,
    .laps = 40,
    .floods = true,
    .starts_threads = true,
    .setup = larson_setup,
    .fill = larson_fill,
    .lap = larson_lap,
    .drain = larson_drain,
};
WORKLOAD_REGISTER(larson)
