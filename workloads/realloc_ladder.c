/*
 * realloc-ladder: blocks that climb by realloc, rung by rung, from the smallest size to the
 * largest, and some of the way back down. Several climb in turns, so that a block's neighbour is in
 * its way.
 *
 * Invariant: all blocks of a climb stand on the same rung after each turn.
 */
#include "piece.h"

enum { SMALLEST, LARGEST, RUNG, BLOCKS, CLIMBS, DOWN, TOUCH };
enum { DOWN_NO, DOWN_YES };

static const struct param realloc_ladder_params[] = {
    PARAM_BYTES_ROW("smallest", "16", 1, 1 << 20, "size, where a climb begins"),
    PARAM_BYTES_ROW("largest", "8k", 1, 1 << 28, "size, where it ends"),
    PARAM_WORD_ROW("rung", "double", 0, 1 << 20, "bytes between rungs, or double: twice the size"),
    PARAM_COUNT_ROW("blocks", "16", 1, 100000, "that climb in turns, of a worker"),
    PARAM_COUNT_ROW("climbs", "200", 1, 1000000000, "of so many blocks, of a worker in a lap"),
    PARAM_CHOICE_ROW("down", "yes", "no|yes",
                     "yes: back down, too, by realloc; no: freed at the top"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset realloc_ladder_presets[] = {
    {"classic",  "smallest=16,largest=8k,rung=double,blocks=1,climbs=2000,down=no,touch=all",
     "one block at a time, doubling from 16 to 8192 bytes"         },
    {"by-eight", "smallest=8,largest=800,rung=8,blocks=1,climbs=1500,down=no,touch=all",
     "one block at a time, 99 growths by 8 bytes, as in allocbench"},
    PRESET_TABLE_END,
};

static const char *realloc_ladder_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    if (values[LARGEST] < values[SMALLEST])
        return "`largest` must not be less than `smallest`";
    trial->state = trial_memory(trial, trial->threads * values[BLOCKS] * sizeof(struct piece));
    return NULL;
}

static uint32_t rung_above(const uint64_t *values, uint32_t bytes)
{
    uint64_t next = values[RUNG] == 0 ? (uint64_t)bytes * 2 : bytes + values[RUNG];
    return next < values[LARGEST] ? (uint32_t)next : (uint32_t)values[LARGEST];
}

static uint32_t rung_below(const uint64_t *values, uint32_t bytes)
{
    uint64_t next = values[RUNG] == 0 ? bytes / 2 : bytes > values[RUNG] ? bytes - values[RUNG] : 0;
    return next > values[SMALLEST] ? (uint32_t)next : (uint32_t)values[SMALLEST];
}

static void shrink(struct worker *worker, struct piece *piece, uint32_t bytes)
{
    piece->block = worker_realloc(worker, piece->block, piece->bytes, bytes);
    piece->bytes = piece->written = bytes;
}

static void climb(struct worker *worker, struct piece *pieces)
{
    const uint64_t *values = worker->trial->values;
    enum touch touch = (enum touch)values[TOUCH];
    uint64_t count = values[BLOCKS];
    for (uint64_t i = 0; i < count; i++)
        pieces[i] = piece_take(worker, (uint32_t)values[SMALLEST], touch);
    while (pieces[0].bytes < values[LARGEST])
        for (uint64_t i = 0; i < count; i++)
            piece_grow(worker, &pieces[i], rung_above(values, pieces[i].bytes), touch);
    while (values[DOWN] == DOWN_YES && pieces[0].bytes > values[SMALLEST])
        for (uint64_t i = 0; i < count; i++)
            shrink(worker, &pieces[i], rung_below(values, pieces[i].bytes));
    for (uint64_t i = 0; i < count; i++)
        piece_give(worker, &pieces[i], touch);
}

static void realloc_ladder_lap(struct worker *worker, unsigned lap)
{
    const uint64_t *values = worker->trial->values;
    struct piece *pieces = (struct piece *)worker->trial->state + worker->index * values[BLOCKS];
    (void)lap;
    for (uint64_t left = values[CLIMBS]; left > 0; left--)
        climb(worker, pieces);
}

static void realloc_ladder_drain(struct worker *worker)
{
    (void)worker; /* no block outlives its climb */
}

static const struct workload realloc_ladder = {
    .name = "realloc-ladder",
    .summary = "blocks that climb by realloc from 16 bytes to 8 KiB in turns, and down again",
    .source = "allocbench's realloc; the ladder of mimalloc-pprof's cards",
    .touch = "every byte a block grows by (touch=all)",
    .params = realloc_ladder_params,
    .presets = realloc_ladder_presets,
    .threads_maximum = 64,
    .laps = 40,
    .floods = true,
    .setup = realloc_ladder_setup,
    .lap = realloc_ladder_lap,
    .drain = realloc_ladder_drain,
};
WORKLOAD_REGISTER(realloc_ladder)
