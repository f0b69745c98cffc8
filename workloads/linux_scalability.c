/*
 * linux-scalability: every thread allocates a block and frees it at once, over and over.
 *
 * The pattern of Lever and Boreham, 'malloc() Performance in a Multithreaded Linux Environment',
 * USENIX 2000, who asked whether T threads that share nothing take longer than one. Theirs times
 * every thread from a common start and gives the mean; here all threads meet at each lap's end and
 * a lap takes as long as its last thread. The program of that name that comes with Hoard allocates
 * all its blocks before it frees the first: that is a large `batch`. Invariant: no block outlives
 * its batch.
 */
#include "touch.h"
#include "workload.h"

enum { SIZE, PAIRS, BATCH, TOUCH };

static const struct param linux_scalability_params[] = {
    PARAM_BYTES_ROW("size", "512", 1, 1 << 30, "of every block"),
    PARAM_COUNT_ROW("pairs", "500k", 1, 1000000000, "blocks a worker allocates and frees in a lap"),
    PARAM_COUNT_ROW("batch", "1", 1, 4000000, "blocks that it allocates before it frees them"),
    PARAM_CHOICE_ROW("touch", "first", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset linux_scalability_presets[] = {
    {"classic", "size=512,pairs=250k,batch=1,touch=none,laps=40",
     "10 million pairs of 512 bytes a thread"},
    PRESET_TABLE_END,
};

enum { MARK = 0x4c };

struct linux_scalability {
    void **blocks[64]; /* of each worker: a batch */
};

static const char *linux_scalability_setup(struct trial *trial)
{
    struct linux_scalability *test = trial_memory(trial, sizeof *test);
    for (unsigned i = 0; i < trial->threads; i++)
        test->blocks[i] = trial_memory(trial, trial->values[BATCH] * sizeof(void *));
    trial->state = test;
    return NULL;
}

static inline void *take(struct worker *worker, size_t bytes, enum touch touch)
{
    void *block = worker_malloc(worker, bytes);
    if (touch != TOUCH_NONE)
        touch_range(block, 0, bytes, touch, MARK);
    return block;
}

static inline void give(struct worker *worker, void *block, size_t bytes, enum touch touch)
{
    if (heapmark_unlikely(worker->trial->verify) && !touch_holds(block, bytes, touch, MARK))
        worker_corrupt(worker, "a block of linux-scalability");
    worker_free(worker, block, bytes);
}

static void do_batch(struct worker *worker, void **blocks, uint64_t count)
{
    size_t bytes = worker->trial->values[SIZE];
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    for (uint64_t i = 0; i < count; i++)
        blocks[i] = take(worker, bytes, touch);
    for (uint64_t i = 0; i < count; i++)
        give(worker, blocks[i], bytes, touch);
}

static void linux_scalability_lap(struct worker *worker, unsigned lap)
{
    struct linux_scalability *test = worker->trial->state;
    const uint64_t *values = worker->trial->values;
    size_t bytes = values[SIZE];
    enum touch touch = (enum touch)values[TOUCH];
    (void)lap;
    if (values[BATCH] == 1) {
        for (uint64_t i = values[PAIRS]; i > 0; i--)
            give(worker, take(worker, bytes, touch), bytes, touch);
        return;
    }
    for (uint64_t left = values[PAIRS]; left > 0;) {
        uint64_t count = left < values[BATCH] ? left : values[BATCH];
        do_batch(worker, test->blocks[worker->index], count);
        left -= count;
    }
}

static void linux_scalability_drain(struct worker *worker)
{
    (void)worker; /* no block outlives its batch */
}

static const struct workload linux_scalability = {
    .name = "linux-scalability",
    .summary = "one block at a time, allocated and freed by threads that share nothing",
    .source = "Lever and Boreham, 'malloc() Performance in a Multithreaded Linux Environment', "
              "USENIX 2000",
    .touch = "the first byte (touch=first); the classic writes none",
    .params = linux_scalability_params,
    .presets = linux_scalability_presets,
    .threads_maximum = 64,
    .laps = 40,
    .floods = true,
    .setup = linux_scalability_setup,
    .lap = linux_scalability_lap,
    .drain = linux_scalability_drain,
};
WORKLOAD_REGISTER(linux_scalability)
