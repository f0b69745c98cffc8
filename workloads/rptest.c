/*
 * rptest: threads that free and allocate scattered blocks of wide-spread size, and send batches of
 * blocks to each other.
 *
 * A loop frees about four fifths of `blocks` slots, scattered over the table; frees the batches
 * that others sent; allocates about `blocks` into slots scattered otherwise (what a slot still
 * holds goes first); and every `cross`-th time allocates a batch for another worker. At the end of
 * its loops a thread frees all and ends; the next takes over. A worker waits at its end for what
 * was sent to it and is not yet there: it knows how many batches will come, not when.
 *
 * The pattern of Jansson's rpmalloc-benchmark. There some blocks are asked for with an alignment of
 * 8 or 16 bytes, which every malloc gives; here all are asked for by malloc. Invariant: no block
 * outlives the lap.
 */
#include "piece.h"

#include <pthread.h>

enum { SIZES, CROSS, LOOPS, SLOTS, BLOCKS, LEAST, MOST, GENERATIONS, TOUCH };
enum { SIZES_FIXED, SIZES_EVEN, SIZES_LINEAR, SIZES_STEEP };

static const struct param rptest_params[] = {
    PARAM_CHOICE_ROW("sizes", "linear", "fixed|even|linear|steep",
                     "how the frequency of sizes falls from least to most; fixed: all are of most"),
    PARAM_COUNT_ROW("cross", "2", 0, 1000000, "every so many loops a batch for another; 0: none"),
    PARAM_COUNT_ROW("loops", "40", 1, 1000000, "of a thread"),
    PARAM_COUNT_ROW("slots", "1000", 10, 1000000, "blocks that a thread can hold"),
    PARAM_COUNT_ROW("blocks", "100", 4, 10000, "allocated in a loop, more or less; and of a batch"),
    PARAM_BYTES_ROW("least", "8", 1, 1 << 24, "smallest block"),
    PARAM_BYTES_ROW("most", "16000", 1, 1 << 24, "largest block"),
    PARAM_COUNT_ROW("generations", "2", 1, 1000, "threads after each other in a lap"),
    PARAM_CHOICE_ROW("touch", "page", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset rptest_presets[] = {
    {"classic",
     "sizes=linear,cross=2,loops=500,slots=1000,blocks=100,least=8,most=16000,generations=2,"
     "touch=page,laps=20", "500 loops of 100 blocks of 8 to 16000 bytes in 1000 slots, sizes falling linearly"},
    PRESET_TABLE_END,
};

enum { STEEP_DRAWS = 6, FREE_STRIDE = 1009, TAKE_STRIDE = 769 };

/* Blocks on their way to another worker. */
struct batch {
    struct batch *next;
    struct piece pieces[];
};

/* One worker's. */
struct desk {
    struct piece *slots;
    unsigned char *batches; /* that it may send in a lap */
    uint32_t free_at, take_at, sent, received;
    pthread_mutex_t lock; /* guards inbox */
    pthread_cond_t arrived;
    struct batch *inbox;
} __attribute__((aligned(128)));

struct rptest {
    uint32_t batches_a_life, expected; /* expected: that a worker gets in a lap */
    size_t batch_bytes;
    struct desk desks[];
};

static const char *rptest_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct rptest *rptest =
        trial_memory(trial, sizeof *rptest + trial->threads * sizeof rptest->desks[0]);
    if (values[LEAST] > values[MOST])
        return "least is larger than most";
    if (values[CROSS] > 0)
        rptest->batches_a_life = (uint32_t)(values[LOOPS] / values[CROSS]);
    rptest->expected = rptest->batches_a_life * (uint32_t)values[GENERATIONS];
    rptest->batch_bytes = sizeof(struct batch) + values[BLOCKS] * sizeof(struct piece);
    for (unsigned i = 0; i < trial->threads; i++) {
        struct desk *desk = &rptest->desks[i];
        desk->slots = trial_memory(trial, values[SLOTS] * sizeof *desk->slots);
        desk->batches = trial_memory(trial, rptest->expected * rptest->batch_bytes);
        pthread_mutex_init(&desk->lock, NULL);
        pthread_cond_init(&desk->arrived, NULL);
    }
    trial->state = rptest;
    return NULL;
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* The least of n uniform numbers has a density that falls with the (n-1)-th power: even, linear,
 * steeper. */
static uint32_t draw_bytes(struct worker *worker)
{
    static const int draws[] = {[SIZES_EVEN] = 1, [SIZES_LINEAR] = 2, [SIZES_STEEP] = STEEP_DRAWS};
    const uint64_t *values = worker->trial->values;
    uint32_t lowest = UINT32_MAX;
    if (values[SIZES] == SIZES_FIXED)
        return (uint32_t)values[MOST];
    for (int i = draws[values[SIZES]]; i > 0; i--) {
        uint32_t drawn = (uint32_t)(random_next(&worker->random) >> 32);
        lowest = drawn < lowest ? drawn : lowest;
    }
    return (uint32_t)(values[LEAST] + (lowest * (values[MOST] - values[LEAST] + 1) >> 32));
}

static struct piece take(struct worker *worker)
{
    return piece_take(worker, draw_bytes(worker), (enum touch)worker->trial->values[TOUCH]);
}

static void give(struct worker *worker, struct piece *piece)
{
    if (piece->block != NULL)
        piece_give(worker, piece, (enum touch)worker->trial->values[TOUCH]);
}

/* `percent` of the blocks of a loop, and up to a quarter of them more or less. */
static uint32_t about(struct worker *worker, uint64_t percent)
{
    uint32_t blocks = (uint32_t)(worker->trial->values[BLOCKS] * percent / 100);
    return blocks - blocks / 4 + random_below(&worker->random, blocks / 2 + 1);
}

static struct piece *next_slot(struct worker *worker, struct desk *desk, uint32_t *at,
                               uint32_t stride)
{
    *at = (uint32_t)((*at + stride) % worker->trial->values[SLOTS]);
    return &desk->slots[*at];
}

/* ---- batches ----------------------------------------------------------------------------------
 */

static void send_batch(struct worker *worker, struct rptest *rptest, struct desk *desk)
{
    unsigned threads = worker->trial->threads, to = worker->index;
    struct batch *batch = (void *)(desk->batches + desk->sent * rptest->batch_bytes);
    for (uint64_t i = 0; i < worker->trial->values[BLOCKS]; i++)
        batch->pieces[i] = take(worker);
    /* Round and round, so that all get as many as they send. */
    if (threads > 1)
        to = (worker->index + 1 + desk->sent % (threads - 1)) % threads;
    desk->sent++;
    pthread_mutex_lock(&rptest->desks[to].lock);
    batch->next = rptest->desks[to].inbox;
    rptest->desks[to].inbox = batch;
    pthread_cond_signal(&rptest->desks[to].arrived);
    pthread_mutex_unlock(&rptest->desks[to].lock);
}

static void empty_inbox(struct worker *worker, struct desk *desk, bool wait)
{
    pthread_mutex_lock(&desk->lock);
    while (wait && desk->inbox == NULL)
        pthread_cond_wait(&desk->arrived, &desk->lock);
    struct batch *batch = desk->inbox;
    desk->inbox = NULL;
    pthread_mutex_unlock(&desk->lock);
    for (; batch != NULL; batch = batch->next) {
        for (uint64_t i = 0; i < worker->trial->values[BLOCKS]; i++)
            give(worker, &batch->pieces[i]);
        desk->received++;
    }
}

/* ---- a thread's life ---------------------------------------------------------------------------
 */

static void do_loop(struct worker *worker, struct rptest *rptest, struct desk *desk, uint64_t loop)
{
    uint64_t cross = worker->trial->values[CROSS];
    for (uint32_t i = about(worker, 80); i > 0; i--)
        give(worker, next_slot(worker, desk, &desk->free_at, FREE_STRIDE));
    empty_inbox(worker, desk, false);
    for (uint32_t i = about(worker, 100); i > 0; i--) {
        struct piece *slot = next_slot(worker, desk, &desk->take_at, TAKE_STRIDE);
        give(worker, slot);
        *slot = take(worker);
    }
    if (cross > 0 && (loop + 1) % cross == 0)
        send_batch(worker, rptest, desk);
}

static void live_one_life(struct worker *worker, unsigned generation)
{
    struct rptest *rptest = worker->trial->state;
    struct desk *desk = &rptest->desks[worker->index];
    for (uint64_t loop = 0; loop < worker->trial->values[LOOPS]; loop++)
        do_loop(worker, rptest, desk, loop);
    for (uint64_t i = 0; i < worker->trial->values[SLOTS]; i++)
        give(worker, &desk->slots[i]);
    /* The last one waits for what is on its way. */
    if (generation + 1 == worker->trial->values[GENERATIONS])
        while (desk->received < rptest->expected)
            empty_inbox(worker, desk, true);
}

static void rptest_lap(struct worker *worker, unsigned lap)
{
    struct rptest *rptest = worker->trial->state;
    struct desk *desk = &rptest->desks[worker->index];
    (void)lap;
    desk->sent = desk->received = 0;
    worker_relay(worker, live_one_life, (unsigned)worker->trial->values[GENERATIONS]);
}

static void rptest_drain(struct worker *worker)
{
    (void)worker; /* no block outlives its lap */
}

static const struct workload rptest = {
    .name = "rptest",
    .summary = "scattered blocks up to 16 KB, batches for other threads, threads that end",
    .source = "the pattern of Jansson's rpmalloc-benchmark",
    .touch = "the first byte of every 4 KiB of a block (touch=page)",
    .params = rptest_params,
    .presets = rptest_presets,
    .threads_maximum = 64,
    .laps = 40,
    .floods = true,
    .starts_threads = true,
    .setup = rptest_setup,
    .lap = rptest_lap,
    .drain = rptest_drain,
};
WORKLOAD_REGISTER(rptest)
