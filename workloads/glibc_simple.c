/*
 * glibc-simple: n blocks of one size, then all freed, for small and large n and for a few sizes;
 * the pattern of glibc's own malloc-simple. Small n stays in a thread's cache, large n does not.
 *
 * Every byte is written. `order=half` frees the first half as it was allocated and the second half
 * backwards, as the program of that name in the field's collections does. Invariant: no block
 * outlives its batch.
 */
#include "touch.h"
#include "workload.h"

enum { SMALLEST, SIZES, BLOCKS, ORDER, TOUCH };
enum { ORDER_FIFO, ORDER_LIFO, ORDER_HALF };

static const struct param glibc_simple_params[] = {
    PARAM_BYTES_ROW("smallest", "16", 1, 1 << 20, "size; the next ones are twice as large each"),
    PARAM_COUNT_ROW("sizes", "3", 1, 10, "sizes that are tried"),
    PARAM_COUNT_ROW("blocks", "25k", 1, 1000000000, "for each size and batch, a worker and lap"),
    PARAM_CHOICE_ROW("order", "half", "fifo|lifo|half", "in which a batch is freed"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset glibc_simple_presets[] = {
    {"classic",       "smallest=16,sizes=3,blocks=50k,order=half,touch=all,laps=40",
     "as collected beside mimalloc: 2 million blocks of 16, 32 and 64 bytes, for each n"          },
    {"classic-glibc", "smallest=8,sizes=10,blocks=125k,order=fifo,touch=none,laps=40",
     "glibc's own: 5 million blocks of each size from 8 to 4096 bytes, for each n, freed in order"},
    PRESET_TABLE_END,
};

enum { BATCHES = 4, LARGEST_BATCH = 1600, MARK = 0x67 };
static const unsigned batches[BATCHES] = {25, 100, 400, LARGEST_BATCH};

static const char *glibc_simple_setup(struct trial *trial)
{
    trial->state = trial_memory(trial, trial->threads * LARGEST_BATCH * sizeof(void *));
    return NULL;
}

static inline void give(struct worker *worker, void *block, size_t bytes)
{
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    if (heapmark_unlikely(worker->trial->verify) && !touch_holds(block, bytes, touch, MARK))
        worker_corrupt(worker, "a block of glibc-simple");
    worker_free(worker, block, bytes);
}

static void run_batch(struct worker *worker, void **blocks, unsigned count, size_t bytes)
{
    const uint64_t *values = worker->trial->values;
    enum touch touch = (enum touch)values[TOUCH];
    unsigned forward = values[ORDER] == ORDER_FIFO   ? count
                       : values[ORDER] == ORDER_LIFO ? 0
                                                     : count / 2;
    for (unsigned i = 0; i < count; i++) {
        blocks[i] = worker_malloc(worker, bytes);
        touch_range(blocks[i], 0, bytes, touch, MARK);
    }
    for (unsigned i = 0; i < forward; i++)
        give(worker, blocks[i], bytes);
    for (unsigned i = count; i > forward; i--)
        give(worker, blocks[i - 1], bytes);
}

static void glibc_simple_lap(struct worker *worker, unsigned lap)
{
    const uint64_t *values = worker->trial->values;
    void **blocks = (void **)worker->trial->state + (size_t)worker->index * LARGEST_BATCH;
    (void)lap;
    for (unsigned size = 0; size < values[SIZES]; size++)
        for (unsigned batch = 0; batch < BATCHES; batch++)
            for (uint64_t left = values[BLOCKS]; left > 0;) {
                unsigned count = left < batches[batch] ? (unsigned)left : batches[batch];
                run_batch(worker, blocks, count, values[SMALLEST] << size);
                left -= count;
            }
}

static void glibc_simple_drain(struct worker *worker)
{
    (void)worker; /* no batch outlives its lap */
}

static const struct workload glibc_simple = {
    .name = "glibc-simple",
    .summary = "n equal blocks allocated, then freed, n from 25 to 1600, for a few small sizes",
    .source = "glibc's benchtests, malloc-simple; the mimalloc authors' collection",
    .touch = "every byte (touch=all)",
    .params = glibc_simple_params,
    .presets = glibc_simple_presets,
    .threads_maximum = 64,
    .laps = 40,
    .setup = glibc_simple_setup,
    .lap = glibc_simple_lap,
    .drain = glibc_simple_drain,
};
WORKLOAD_REGISTER(glibc_simple)
