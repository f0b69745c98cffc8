/*
 * sh6: runs of equal small blocks of many sizes, freed partly in order and partly in reverse.
 *
 * A round goes through sizes that rise from 1 to `most` bytes by half again each, and for each of
 * them through its halves down to 1 byte; of every size it allocates a run of blocks, long ones of
 * small sizes, short ones of large. save_window.h has the order in which they are freed.
 *
 * The pattern of MicroQuill's SmartHeap benchmark shbench 6, written from its published description
 * alone. Invariant: a worker's blocks are its own, no other worker sees them.
 */
#include "save_window.h"

enum { SLOTS, ROUNDS, MOST, TOUCH };

static const struct param sh6_params[] = {
    PARAM_COUNT_ROW("slots", "10k", 5, 4000000,
                    "blocks that a worker holds when it begins to free"),
    PARAM_COUNT_ROW("rounds", "10", 1, 10000000, "through all sizes, of a worker in a lap"),
    PARAM_BYTES_ROW("most", "1000", 1, 1 << 20, "largest size, not reached itself"),
    PARAM_CHOICE_ROW("touch", "first", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset sh6_presets[] = {
    {"classic", "slots=10k,rounds=100,most=1000,touch=first,laps=100",
     "10000 rounds over 10000 slots; divide both by the threads"},
    PRESET_TABLE_END,
};

enum {
    SMALL_BYTES = 100,  /* a run is long below it, */
    LARGE_BYTES = 1000, /* and short from here on */
    RUN_OF_SMALL = 250,
    RUN_OF_MIDDLE = 50,
    RUN_OF_LARGE = 10,
};

static const char *sh6_setup(struct trial *trial)
{
    trial->state = save_windows_make(trial, (uint32_t)trial->values[SLOTS]);
    return NULL;
}

static unsigned run_of(uint32_t bytes)
{
    if (bytes >= LARGE_BYTES)
        return RUN_OF_LARGE;
    return bytes >= SMALL_BYTES ? RUN_OF_MIDDLE : RUN_OF_SMALL;
}

static void sh6_round(struct worker *worker, struct save_window *window)
{
    const uint64_t *values = worker->trial->values;
    enum touch touch = (enum touch)values[TOUCH];
    for (uint32_t base = 1; base < values[MOST]; base = base * 3 / 2 + 1)
        for (uint32_t bytes = base; bytes > 0; bytes /= 2)
            for (unsigned i = run_of(bytes); i > 0; i--)
                save_window_put(window, worker, piece_take(worker, bytes, touch), touch);
}

static void sh6_lap(struct worker *worker, unsigned lap)
{
    struct save_window *windows = worker->trial->state;
    (void)lap;
    for (uint64_t i = worker->trial->values[ROUNDS]; i > 0; i--)
        sh6_round(worker, &windows[worker->index]);
}

static void sh6_drain(struct worker *worker)
{
    struct save_window *windows = worker->trial->state;
    save_window_clear(&windows[worker->index], worker, (enum touch)worker->trial->values[TOUCH]);
}

static const struct workload sh6 = {
    .name = "sh6",
    .summary = "runs of equal blocks of 1 to 1000 bytes, freed in order and in reverse",
    .source = "the pattern of MicroQuill's SmartHeap benchmark shbench 6, as described by others",
    .touch = "the first byte of each block (touch=first)",
    .params = sh6_params,
    .presets = sh6_presets,
    .threads_maximum = 64,
    .laps = 40,
    .setup = sh6_setup,
    .lap = sh6_lap,
    .drain = sh6_drain,
};
WORKLOAD_REGISTER(sh6)
