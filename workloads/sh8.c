/*
 * sh8: runs of equal blocks by a table of sizes, freed as in sh6; and beside them blocks of 8
 * bytes that the first worker allocates and the others free.
 *
 * A worker takes one row of the table after the other, puts its run of blocks away
 * (save_window.h), and frees what the first worker has published of the small blocks that are its
 * share: every (threads - 1)-th. What it does not find yet it tries again after the next row, and
 * at the lap's end it waits for the rest; so who frees what does not depend on timing, only when.
 *
 * The pattern of MicroQuill's SmartHeap benchmark shbench 8 (2005), written from its published
 * description alone; there a thread of its own allocates the small blocks, here it is the first
 * worker, beside its own rows. Invariant: a small block is freed in the lap it was allocated in.
 */
#include "save_window.h"

#include <pthread.h>

enum { SLOTS, ROWS, SMALL, TOUCH };

static const struct param sh8_params[] = {
    PARAM_COUNT_ROW("slots", "50k", 5, 4000000,
                    "blocks that a worker holds when it begins to free"),
    PARAM_COUNT_ROW("rows", "180", 1, 10000000, "of the table of sizes, of a worker in a lap"),
    PARAM_COUNT_ROW("small", "2k", 0, 4000000, "blocks of 8 bytes that others free, in a lap"),
    PARAM_CHOICE_ROW("touch", "first", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset sh8_presets[] = {
    {"classic", "slots=1M,rows=700,small=10k,touch=first,laps=1000",
     "700000 rows over a million slots, 10 million small blocks; divide rows and slots by the "
     "threads"},
    PRESET_TABLE_END,
};

static const struct {
    uint32_t bytes, blocks;
} table[] = {
    {8,      1000},
    {16,     5000},
    {48,     1000},
    {72,     100 },
    {148,    100 },
    {200,    100 },
    {520,    10  },
    {1056,   5   },
    {4096,   3   },
    {9162,   1   },
    {34562,  1   },
    {168524, 1   },
};
enum { TABLE_ROWS = sizeof table / sizeof table[0], SMALL_BYTES = 8 };

struct sh8 {
    struct save_window *windows;
    _Atomic(unsigned char *) *small; /* NULL: not yet there, or freed */
    pthread_mutex_t lock;            /* guards complete */
    pthread_cond_t completed;
    unsigned complete; /* laps of which all small blocks are there */
    struct {
        uint64_t next; /* small block to free */
        uint32_t row;  /* of the table */
    } __attribute__((aligned(128))) at[64];
};

static const char *sh8_setup(struct trial *trial)
{
    struct sh8 *sh8 = trial_memory(trial, sizeof *sh8);
    sh8->windows = save_windows_make(trial, (uint32_t)trial->values[SLOTS]);
    sh8->small = trial_memory(trial, trial->values[SMALL] * sizeof *sh8->small);
    pthread_mutex_init(&sh8->lock, NULL);
    pthread_cond_init(&sh8->completed, NULL);
    trial->state = sh8;
    return NULL;
}

static void do_row(struct worker *worker, struct sh8 *sh8)
{
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    uint32_t *row = &sh8->at[worker->index].row;
    for (uint32_t i = table[*row].blocks; i > 0; i--)
        save_window_put(&sh8->windows[worker->index], worker,
                        piece_take(worker, table[*row].bytes, touch), touch);
    *row = (*row + 1) % TABLE_ROWS;
}

/* ---- the small blocks ---------------------------------------------------------------- */

static unsigned char mark_of(uint64_t number)
{
    return (unsigned char)(number | 1);
}

static void publish(struct worker *worker, struct sh8 *sh8, uint64_t from, uint64_t to)
{
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    for (uint64_t i = from; i < to; i++) {
        unsigned char *block = worker_malloc(worker, SMALL_BYTES);
        touch_range(block, 0, SMALL_BYTES, touch, mark_of(i));
        /* release: pairs with the acquire in free_share */
        atomic_store_explicit(&sh8->small[i], block, memory_order_release);
    }
}

static void complete(struct sh8 *sh8)
{
    pthread_mutex_lock(&sh8->lock);
    sh8->complete++;
    pthread_cond_broadcast(&sh8->completed);
    pthread_mutex_unlock(&sh8->lock);
}

static void wait_for_all(struct sh8 *sh8, unsigned lap)
{
    pthread_mutex_lock(&sh8->lock);
    while (sh8->complete <= lap)
        pthread_cond_wait(&sh8->completed, &sh8->lock);
    pthread_mutex_unlock(&sh8->lock);
}

/* Up to the first of the worker's share that is not there yet. */
static void free_share(struct worker *worker, struct sh8 *sh8)
{
    const uint64_t *values = worker->trial->values;
    unsigned threads = worker->trial->threads, others = threads > 1 ? threads - 1 : 1;
    uint64_t *next = &sh8->at[worker->index].next;
    for (; *next < values[SMALL]; *next += others) {
        unsigned char *block = atomic_load_explicit(&sh8->small[*next], memory_order_acquire);
        if (block == NULL)
            return;
        atomic_store_explicit(&sh8->small[*next], NULL, memory_order_relaxed);
        if (heapmark_unlikely(worker->trial->verify) &&
            !touch_holds(block, SMALL_BYTES, (enum touch)values[TOUCH], mark_of(*next)))
            worker_corrupt(worker, "a small block");
        worker_free(worker, block, SMALL_BYTES);
    }
}

static void sh8_lap(struct worker *worker, unsigned lap)
{
    const uint64_t *values = worker->trial->values;
    struct sh8 *sh8 = worker->trial->state;
    bool publisher = worker->index == 0, alone = worker->trial->threads == 1;
    sh8->at[worker->index].next = publisher ? 0 : worker->index - 1;
    for (uint64_t row = 0; row < values[ROWS]; row++) {
        if (publisher)
            publish(worker, sh8, values[SMALL] * row / values[ROWS],
                    values[SMALL] * (row + 1) / values[ROWS]);
        if (!publisher || alone)
            free_share(worker, sh8);
        do_row(worker, sh8);
    }
    if (publisher)
        complete(sh8);
    else
        wait_for_all(sh8, lap);
    if (!publisher || alone)
        free_share(worker, sh8);
}

static void sh8_drain(struct worker *worker)
{
    struct sh8 *sh8 = worker->trial->state;
    save_window_clear(&sh8->windows[worker->index], worker,
                      (enum touch)worker->trial->values[TOUCH]);
}

static const struct workload sh8 = {
    .name = "sh8",
    .summary = "runs of equal blocks by a table of sizes, beside small ones that others free",
    .source = "the pattern of MicroQuill's SmartHeap benchmark shbench 8 (2005), as described by "
              "others",
    .touch = "the first byte of each block (touch=first)",
    .params = sh8_params,
    .presets = sh8_presets,
    .threads_maximum = 64,
    .laps = 40,
    .floods = true,
    .setup = sh8_setup,
    .lap = sh8_lap,
    .drain = sh8_drain,
};
WORKLOAD_REGISTER(sh8)
