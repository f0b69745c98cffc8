/*
 * xmalloc: producers allocate, consumers free; no thread frees what it allocated.
 *
 * A producer makes a batch: a node that holds pointers, and that many objects. It puts the node on
 * a stack shared by all, sleeping while `queue` batches are there; a consumer takes the newest,
 * sleeping while there is none, and frees objects and node. Half of the workers, rounded down,
 * consume. A worker alone does both by turns.
 *
 * The pattern of Lever and Boreham, 'malloc() Performance in a Multithreaded Linux Environment',
 * USENIX 2000, as xmalloc-test of the mimalloc benchmarks has it (batches, a stack with a limit).
 * Theirs runs for a time; here each lap has a fixed number of batches. Which consumer takes a batch
 * depends on timing, how much is freed in a lap does not. Invariant: the stack is empty between
 * laps.
 */
#include "touch.h"
#include "workload.h"

#include <pthread.h>

enum { SIZE, SIZES, OBJECTS, BATCHES, QUEUE };

static const struct param xmalloc_params[] = {
    PARAM_BYTES_ROW("size", "64", 1, 1 << 20, "of every object, unless sizes are mixed"),
    PARAM_CHOICE_ROW("sizes", "fixed", "fixed|mixed", "mixed: 17 sizes from 8 to 2048"),
    PARAM_COUNT_ROW("objects", "1024", 1, 100000, "of a batch"),
    PARAM_COUNT_ROW("batches", "60", 1, 1000000, "that a producer makes in a lap"),
    PARAM_COUNT_ROW("queue", "16", 1, 1000, "batches at most on their way"),
    PARAM_TABLE_END,
};

static const struct preset xmalloc_presets[] = {
    {"classic", "size=64,sizes=fixed,objects=4096,batches=100,queue=100,laps=40",
     "batches of 4096 objects of 64 bytes, 100 of them at most on their way"},
    {"mixed",   "sizes=mixed,objects=4096,batches=100,queue=100,laps=40",
     "the same with 17 sizes from 8 to 2048 bytes"                          },
    PRESET_TABLE_END,
};

enum { MIXED_SIZES = 17, TOUCHED_BYTES = 128, MARK = 0x78 };

static const uint32_t mixed_sizes[MIXED_SIZES] = {8,   12,  16,  24,  32,  48,   64,   96,  128,
                                                  192, 256, 384, 512, 768, 1024, 1536, 2048};

/* What a producer has made. The node lies in the allocator's memory; a damaged one must be found
 * before its pointers are followed. */
struct batch {
    unsigned char **node;
    uintptr_t sum; /* of its pointers, by exclusive or */
};

struct xmalloc {
    uint64_t per_lap; /* batches of all producers */
    unsigned producers;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t not_full, not_empty;
    uint64_t taken; /* in this and all laps before */
    uint64_t waiting;
    struct batch stack[];
};

static const char *xmalloc_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct xmalloc *xmalloc =
        trial_memory(trial, sizeof *xmalloc + values[QUEUE] * sizeof xmalloc->stack[0]);
    xmalloc->producers = (trial->threads + 1) / 2;
    xmalloc->per_lap = values[BATCHES] * xmalloc->producers;
    pthread_mutex_init(&xmalloc->lock, NULL);
    pthread_cond_init(&xmalloc->not_full, NULL);
    pthread_cond_init(&xmalloc->not_empty, NULL);
    trial->state = xmalloc;
    return NULL;
}

/* ---- batches --------------------------------------------------------------------------- */

static size_t object_bytes(const struct trial *trial, uint64_t number)
{
    return trial->values[SIZES] == 0 ? trial->values[SIZE] : mixed_sizes[number % MIXED_SIZES];
}

static size_t touched_bytes(size_t bytes)
{
    return bytes < TOUCHED_BYTES ? bytes : TOUCHED_BYTES;
}

static struct batch make_batch(struct worker *worker)
{
    uint64_t objects = worker->trial->values[OBJECTS];
    struct batch batch = {worker_malloc(worker, objects * sizeof *batch.node), 0};
    for (uint64_t i = 0; i < objects; i++) {
        size_t bytes = object_bytes(worker->trial, i);
        unsigned char *object = worker_malloc(worker, bytes);
        memset(object, MARK, touched_bytes(bytes));
        batch.node[i] = object;
        batch.sum ^= (uintptr_t)object;
    }
    return batch;
}

static void check_node(struct worker *worker, struct batch batch)
{
    for (uint64_t i = 0; i < worker->trial->values[OBJECTS]; i++)
        batch.sum ^= (uintptr_t)batch.node[i];
    if (batch.sum != 0)
        worker_corrupt(worker, "the node of a batch");
}

static void free_batch(struct worker *worker, struct batch batch)
{
    bool verify = worker->trial->verify;
    uint64_t objects = worker->trial->values[OBJECTS];
    if (heapmark_unlikely(verify))
        check_node(worker, batch);
    for (uint64_t i = 0; i < objects; i++) {
        size_t bytes = object_bytes(worker->trial, i);
        if (heapmark_unlikely(verify) &&
            !touch_holds(batch.node[i], touched_bytes(bytes), TOUCH_ALL, MARK))
            worker_corrupt(worker, "an object of a batch");
        worker_free(worker, batch.node[i], bytes);
    }
    worker_free(worker, batch.node, objects * sizeof *batch.node);
}

/* ---- the stack -------------------------------------------------------------------------- */

static void push(struct worker *worker, struct xmalloc *xmalloc, struct batch batch)
{
    pthread_mutex_lock(&xmalloc->lock);
    while (xmalloc->waiting == worker->trial->values[QUEUE])
        pthread_cond_wait(&xmalloc->not_full, &xmalloc->lock);
    xmalloc->stack[xmalloc->waiting++] = batch;
    pthread_cond_signal(&xmalloc->not_empty);
    pthread_mutex_unlock(&xmalloc->lock);
}

/* False when all batches up to the `last` have been taken. */
static bool pop(struct xmalloc *xmalloc, uint64_t last, struct batch *batch)
{
    pthread_mutex_lock(&xmalloc->lock);
    while (xmalloc->waiting == 0 && xmalloc->taken < last)
        pthread_cond_wait(&xmalloc->not_empty, &xmalloc->lock);
    bool found = xmalloc->waiting > 0;
    if (found) {
        *batch = xmalloc->stack[--xmalloc->waiting];
        pthread_cond_signal(&xmalloc->not_full);
        if (++xmalloc->taken == last)
            pthread_cond_broadcast(&xmalloc->not_empty);
    }
    pthread_mutex_unlock(&xmalloc->lock);
    return found;
}

/* ---- laps --------------------------------------------------------------------------------- */

static void consume(struct worker *worker, struct xmalloc *xmalloc, uint64_t last)
{
    struct batch batch;
    while (pop(xmalloc, last, &batch))
        free_batch(worker, batch);
}

static void do_both(struct worker *worker, struct xmalloc *xmalloc, unsigned lap)
{
    uint64_t queue = worker->trial->values[QUEUE], done = lap * xmalloc->per_lap;
    for (uint64_t left = xmalloc->per_lap; left > 0;) {
        uint64_t part = left < queue ? left : queue;
        for (uint64_t i = 0; i < part; i++)
            push(worker, xmalloc, make_batch(worker));
        consume(worker, xmalloc, done += part);
        left -= part;
    }
}

static void xmalloc_lap(struct worker *worker, unsigned lap)
{
    struct xmalloc *xmalloc = worker->trial->state;
    if (worker->trial->threads == 1)
        do_both(worker, xmalloc, lap);
    else if (worker->index < xmalloc->producers)
        for (uint64_t i = worker->trial->values[BATCHES]; i > 0; i--)
            push(worker, xmalloc, make_batch(worker));
    else
        consume(worker, xmalloc, (lap + 1) * xmalloc->per_lap);
}

static void xmalloc_drain(struct worker *worker)
{
    (void)worker; /* every lap ends with an empty stack */
}

static const struct workload xmalloc = {
    .name = "xmalloc",
    .summary = "producers allocate batches of objects, consumers free them: every free is remote",
    .source = "Lever and Boreham, 'malloc() Performance in a Multithreaded Linux Environment', "
              "USENIX 2000; xmalloc-test of the mimalloc benchmarks",
    .touch = "the first 128 bytes of each object, and the pointers in the nodes",
    .params = xmalloc_params,
    .presets = xmalloc_presets,
    .threads_maximum = 64,
    .laps = 40,
    .setup = xmalloc_setup,
    .lap = xmalloc_lap,
    .drain = xmalloc_drain,
};
WORKLOAD_REGISTER(xmalloc)
