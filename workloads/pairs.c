/*
 * pairs: the cheapest workload. A batch of blocks of one size is allocated, then freed in the
 * same or in the opposite order, over and over; nothing is looked up, nothing else is done.
 *
 * It shows the fast path of an allocator, and what heapmark adds to it: with accounting=off not
 * even the tallies are kept, so the difference of the two is the harness's own cost.
 * The pattern is that of Lever and Boreham, 'malloc() Performance in a Multithreaded Linux
 * Environment', USENIX 2000 (batch=1) and of glibc's malloc-simple (larger batches).
 */
#include "touch.h"
#include "workload.h"

enum { SIZE, BATCH, PAIRS, ORDER, ACCOUNTING, TOUCH };
enum { ORDER_LIFO, ORDER_FIFO };
enum { ACCOUNTING_ON, ACCOUNTING_OFF };

static const struct param pairs_params[] = {
    PARAM_BYTES_ROW("size", "32", 1, 1 << 30, "of every block"),
    PARAM_COUNT_ROW("batch", "32", 1, 1000000, "blocks that live at once in a worker"),
    PARAM_COUNT_ROW("pairs", "300k", 1, 1000000000, "blocks a worker allocates in a lap"),
    PARAM_CHOICE_ROW("order", "lifo", "lifo|fifo", "which block of a batch is freed first"),
    PARAM_CHOICE_ROW("accounting", "on", "on|off", "off: no tallies, for the harness's own cost"),
    PARAM_CHOICE_ROW("touch", "none", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

enum { MARK = 0xa5 };

static const char *pairs_setup(struct trial *trial)
{
    uint64_t batch = trial->values[BATCH];
    trial->state = trial_memory(trial, trial->threads * batch * sizeof(void *));
    return NULL;
}

static inline void *take(struct worker *worker, size_t bytes, bool counted)
{
    if (counted)
        return worker_malloc(worker, bytes);
    void *block = malloc(bytes);
    if (heapmark_unlikely(block == NULL))
        worker_out_of_memory(worker, bytes);
    return block;
}

static inline void give(struct worker *worker, void *block, size_t bytes, bool counted)
{
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    if (heapmark_unlikely(worker->trial->verify) && !touch_holds(block, bytes, touch, MARK))
        worker_corrupt(worker, "a block of pairs");
    if (counted)
        worker_free(worker, block, bytes);
    else
        free(block);
}

/* `counted` is a constant at both calls, so that each has a loop without the other's work. */
static inline void run_batch(struct worker *worker, void **blocks, uint64_t count, bool counted)
{
    const uint64_t *values = worker->trial->values;
    size_t bytes = values[SIZE];
    enum touch touch = (enum touch)values[TOUCH];
    for (uint64_t i = 0; i < count; i++) {
        blocks[i] = take(worker, bytes, counted);
        if (touch != TOUCH_NONE)
            touch_range(blocks[i], 0, bytes, touch, MARK);
    }
    if (values[ORDER] == ORDER_LIFO)
        for (uint64_t i = count; i > 0; i--)
            give(worker, blocks[i - 1], bytes, counted);
    else
        for (uint64_t i = 0; i < count; i++)
            give(worker, blocks[i], bytes, counted);
}

static void pairs_lap(struct worker *worker, unsigned lap)
{
    const uint64_t *values = worker->trial->values;
    uint64_t batch = values[BATCH], left = values[PAIRS];
    void **blocks = (void **)worker->trial->state + worker->index * batch;
    bool counted = values[ACCOUNTING] == ACCOUNTING_ON || worker->watched;
    (void)lap;
    while (left > 0) {
        uint64_t count = left < batch ? left : batch;
        if (counted)
            run_batch(worker, blocks, count, true);
        else
            run_batch(worker, blocks, count, false);
        left -= count;
    }
    if (!counted)
        tally_operations(&worker->tally, 2 * values[PAIRS]);
}

static void pairs_drain(struct worker *worker)
{
    (void)worker; /* no batch outlives its lap */
}

static const struct workload pairs = {
    .name = "pairs",
    .summary = "batches of equal blocks, allocated and freed: the fast path and nothing else",
    .source = "Lever and Boreham, USENIX 2000; glibc benchtests malloc-simple",
    .touch = "none by default: the allocator's own writes are all there is",
    .params = pairs_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = pairs_setup,
    .lap = pairs_lap,
    .drain = pairs_drain,
};
WORKLOAD_REGISTER(pairs)
