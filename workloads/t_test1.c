/*
 * t-test1: bins, each with a block or none, worked on in bursts by short-lived threads: up to 30
 * random bins are emptied, then up to 30 filled again, a few by memalign, calloc or realloc. When a
 * thread has done its share, another takes over its bins, and goes on to free what it did not
 * allocate. The pattern of the test program of ptmalloc, from which glibc's malloc descends.
 *
 * Invariant: a bin's block holds its mark, as far as it was written.
 */
#include "distribution.h"
#include "piece.h"

enum { BINS, LARGEST, SIZES, ACTIONS, BURSTS, THREADS_PER_LAP, TOUCH };
enum { SIZES_SKEWED, SIZES_UNIFORM };

static const struct param t_test1_params[] = {
    PARAM_COUNT_ROW("bins", "4000", 2, 1000000, "of a worker"),
    PARAM_BYTES_ROW("largest", "10000", 16, 1 << 24, "block"),
    PARAM_CHOICE_ROW("sizes", "skewed", "skewed|uniform",
                     "uniform, or skewed: every octave as likely"),
    PARAM_COUNT_ROW("actions", "30", 1, 10000, "frees, and allocations, of a burst at most"),
    PARAM_COUNT_ROW("bursts", "1500", 1, 1000000000, "of a thread"),
    PARAM_COUNT_ROW("relay", "2", 1, 1000, "threads that take over from each other in a lap"),
    PARAM_CHOICE_ROW("touch", "first", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset t_test1_presets[] = {
    {"classic", "bins=1000,largest=10000,sizes=uniform,actions=30,bursts=700,relay=5,touch=first",
     "10 thousand actions a thread, blocks up to 10000 bytes"},
    PRESET_TABLE_END,
};

enum {
    SMALLEST = 1,
    /* Of 1024 allocations. */
    BY_MEMALIGN = 4,
    BY_CALLOC = 16,
    BY_REALLOC = 80,
    ALIGNMENTS = 8, /* 16, 32, .. 2048 */
};

struct t_test1_state {
    struct distribution sizes;
    struct piece pieces[]; /* bins of worker 0, of worker 1, ... */
};

static const char *t_test1_setup(struct trial *trial)
{
    struct t_test1_state *state =
        trial_memory(trial, sizeof *state +
                                trial->threads * trial->values[BINS] * sizeof state->pieces[0]);
    distribution_log_uniform(&state->sizes, SMALLEST, (uint32_t)trial->values[LARGEST]);
    trial->state = state;
    return NULL;
}

static struct piece *own_bins(const struct worker *worker)
{
    struct t_test1_state *state = worker->trial->state;
    return state->pieces + worker->index * worker->trial->values[BINS];
}

static struct piece *draw_bin(struct worker *worker)
{
    return own_bins(worker) + random_below(&worker->random, (uint32_t)worker->trial->values[BINS]);
}

static uint32_t draw_size(struct worker *worker)
{
    const struct t_test1_state *state = worker->trial->state;
    if (worker->trial->values[SIZES] == SIZES_SKEWED)
        return distribution_draw(&state->sizes, &worker->random);
    return SMALLEST + random_below(&worker->random, (uint32_t)worker->trial->values[LARGEST]);
}

static void empty(struct worker *worker, struct piece *bin)
{
    if (bin->block != NULL)
        piece_give(worker, bin, (enum touch)worker->trial->values[TOUCH]);
}

/* What is written into a bin is the same however its block came; a block made by calloc has to be
 * zero first. */
static void fill_bin(struct worker *worker, struct piece *bin)
{
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    uint32_t bytes = draw_size(worker), choice = random_below(&worker->random, 1024);
    if (choice >= BY_MEMALIGN + BY_CALLOC && choice < BY_MEMALIGN + BY_CALLOC + BY_REALLOC &&
        bin->block != NULL) {
        bin->block = worker_realloc(worker, bin->block, bin->bytes, bytes);
        uint32_t kept = bytes < bin->bytes ? bytes : bin->bytes;
        if (heapmark_unlikely(worker->trial->verify) &&
            !touch_holds(bin->block, kept, touch, bin->mark))
            worker_corrupt(worker, "a block that realloc has moved");
        if (bytes > kept)
            touch_range(bin->block, kept, bytes, touch, bin->mark);
        bin->bytes = bin->written = bytes;
        return;
    }
    empty(worker, bin);
    *bin = (struct piece){.bytes = bytes, .written = bytes, .mark = (unsigned char)(bytes | 1)};
    if (choice < BY_MEMALIGN) {
        bin->block =
            worker_aligned(worker, (size_t)16 << (random_next(&worker->random) % ALIGNMENTS),
                           bytes);
    } else if (choice < BY_MEMALIGN + BY_CALLOC) {
        bin->block = worker_calloc(worker, bytes);
        if (heapmark_unlikely(worker->trial->verify) &&
            !touch_holds(bin->block, bytes, TOUCH_ALL, 0))
            worker_corrupt(worker, "a zeroed block");
    } else {
        bin->block = worker_malloc(worker, bytes);
    }
    touch_range(bin->block, 0, bytes, touch, bin->mark);
}

static void work(struct worker *worker, unsigned number)
{
    const uint64_t *values = worker->trial->values;
    (void)number;
    for (uint64_t burst = values[BURSTS]; burst > 0; burst--) {
        uint32_t frees = random_below(&worker->random, (uint32_t)values[ACTIONS]) + 1;
        uint32_t fills = random_below(&worker->random, (uint32_t)values[ACTIONS]) + 1;
        while (frees-- > 0)
            empty(worker, draw_bin(worker));
        while (fills-- > 0)
            fill_bin(worker, draw_bin(worker));
    }
}

/* As many bins are full as in the long run. */
static void t_test1_fill(struct worker *worker)
{
    for (uint64_t i = 0; i < worker->trial->values[BINS]; i += 2)
        fill_bin(worker, own_bins(worker) + i);
}

static void t_test1_lap(struct worker *worker, unsigned lap)
{
    (void)lap;
    worker_relay(worker, work, (unsigned)worker->trial->values[THREADS_PER_LAP]);
}

static void t_test1_drain(struct worker *worker)
{
    for (uint64_t i = 0; i < worker->trial->values[BINS]; i++)
        empty(worker, own_bins(worker) + i);
}

static const struct workload t_test1 = {
    .name = "t-test1",
    .summary = "bursts of frees and allocations in random bins, by threads that follow each other",
    .source = "the pattern of t-test1, W. Gloger's test of ptmalloc",
    .touch = "the first byte (touch=first); what calloc gives is read when verified",
    .params = t_test1_params,
    .presets = t_test1_presets,
    .threads_maximum = 32,
    .laps = 40,
    .floods = true,
    .starts_threads = true,
    .setup = t_test1_setup,
    .fill = t_test1_fill,
    .lap = t_test1_lap,
    .drain = t_test1_drain,
};
WORKLOAD_REGISTER(t_test1)
