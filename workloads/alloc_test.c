/*
 * alloc-test: a random slot is emptied or filled; a few slots are chosen most of the time.
 *
 * Half of the slots hold a block at the start. A step chooses a slot by Pareto's 80/20 rule,
 * applied six times over: four times in five it is in the first fifth of what is left. A used slot
 * has all its bytes read and is freed; an empty one gets a block, and all its bytes are written.
 * Sizes halve in frequency from one power of two to the next, from 5 to 8 bytes up to `most`.
 *
 * The pattern of No Bugs' alloc-test (ithare.com, 2018). Invariant: a slot holds a block or NULL;
 * no worker sees another's.
 */
#include "piece.h"

enum { SLOTS, STEPS, MOST };

static const struct param alloc_test_params[] = {
    PARAM_COUNT_ROW("slots", "60k", 64, 4000000, "of a worker; half of them hold a block"),
    PARAM_COUNT_ROW("steps", "80k", 1, 1000000000, "slots that a worker fills or empties in a lap"),
    PARAM_BYTES_ROW("most", "1k", 16, 1 << 20, "largest block; a power of two"),
    PARAM_TABLE_END,
};

static const struct preset alloc_test_presets[] = {
    {"classic", "slots=262144,steps=1M,most=1k,laps=100",
     "100 million steps on 2^18 slots; divide both by the threads"},
    PRESET_TABLE_END,
};

enum {
    LEVELS = 6,          /* of the 80/20 rule */
    FIFTHS_FAVOURED = 4, /* of five choices fall into */
    SMALLEST_BYTES = 8,  /* the first class ends here */
};

struct alloc_test {
    uint32_t levels[LEVELS]; /* slots in the first fifth of the first fifth ... */
    struct piece *slots[64];
};

static const char *alloc_test_setup(struct trial *trial)
{
    struct alloc_test *test = trial_memory(trial, sizeof *test);
    uint64_t most = trial->values[MOST];
    if ((most & (most - 1)) != 0)
        return "most must be a power of two";
    for (unsigned i = 0; i < trial->threads; i++)
        test->slots[i] = trial_memory(trial, trial->values[SLOTS] * sizeof *test->slots[i]);
    trial->state = test;
    return NULL;
}

/* By the bits of one draw: each of the low LEVELS groups of 8 bits decides a level. */
static uint32_t draw_slot(struct worker *worker)
{
    uint64_t draw = random_next(&worker->random);
    uint32_t first = 0, count = (uint32_t)worker->trial->values[SLOTS];
    for (int level = 0; level < LEVELS && count >= 5; level++, draw >>= 8) {
        uint32_t fifth = count / 5;
        if ((draw & 0xff) * 5 >= FIFTHS_FAVOURED * 256) { /* the other four fifths */
            first += fifth;
            count -= fifth;
            break;
        }
        count = fifth;
    }
    return first + random_below(&worker->random, count);
}

/* The number of leading zeroes is geometric with one half. */
static uint32_t draw_bytes(struct worker *worker)
{
    uint64_t draw = random_next(&worker->random);
    uint64_t upper = (uint64_t)SMALLEST_BYTES << __builtin_clz((uint32_t)(draw >> 32) | 1);
    if (upper > worker->trial->values[MOST])
        upper = worker->trial->values[MOST];
    return (uint32_t)(upper - (((draw & UINT32_MAX) * (upper / 2)) >> 32));
}

static void fill_slot(struct worker *worker, struct piece *slot)
{
    *slot = piece_take(worker, draw_bytes(worker), TOUCH_ALL);
}

static void empty_slot(struct worker *worker, struct piece *slot)
{
    /* In timed laps as well: the pattern reads what it wrote. */
    if (!touch_holds(slot->block, slot->written, TOUCH_ALL, slot->mark))
        worker_corrupt(worker, "a block of alloc-test");
    worker_free(worker, slot->block, slot->bytes);
    slot->block = NULL;
}

static void alloc_test_fill(struct worker *worker)
{
    struct alloc_test *test = worker->trial->state;
    for (uint64_t i = 0; i < worker->trial->values[SLOTS]; i++)
        if (random_below(&worker->random, 2) == 0)
            fill_slot(worker, &test->slots[worker->index][i]);
}

static void alloc_test_lap(struct worker *worker, unsigned lap)
{
    struct alloc_test *test = worker->trial->state;
    (void)lap;
    for (uint64_t i = worker->trial->values[STEPS]; i > 0; i--) {
        struct piece *slot = &test->slots[worker->index][draw_slot(worker)];
        if (slot->block != NULL)
            empty_slot(worker, slot);
        else
            fill_slot(worker, slot);
    }
}

static void alloc_test_drain(struct worker *worker)
{
    struct alloc_test *test = worker->trial->state;
    for (uint64_t i = 0; i < worker->trial->values[SLOTS]; i++)
        if (test->slots[worker->index][i].block != NULL)
            empty_slot(worker, &test->slots[worker->index][i]);
}

static const struct workload alloc_test = {
    .name = "alloc-test",
    .summary = "slots emptied and filled by the 80/20 rule, small blocks most frequent",
    .source = "No Bugs, alloc-test, ithare.com 2018",
    .touch = "every byte written, and read before it is freed",
    .params = alloc_test_params,
    .presets = alloc_test_presets,
    .threads_maximum = 64,
    .laps = 40,
    .setup = alloc_test_setup,
    .fill = alloc_test_fill,
    .lap = alloc_test_lap,
    .drain = alloc_test_drain,
};
WORKLOAD_REGISTER(alloc_test)
