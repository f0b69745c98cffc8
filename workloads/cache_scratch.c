/*
 * cache-scratch: passive false sharing. Before each lap the main thread allocates a small object
 * for every worker, side by side; the worker writes to it and frees it, then goes on as in
 * cache-thrash. See false_sharing.h for what is looked for.
 *
 * The pattern of the Hoard benchmarks; the term is that of Berger, McKinley, Blumofe and Wilson,
 * 'Hoard: A Scalable Memory Allocator for Multithreaded Applications', ASPLOS 2000. Theirs hands
 * objects over once, at the start; here every lap begins so, or laps would differ. Invariant:
 * given[i] is worker i's alone from the start of the lap until it frees it.
 */
#include "false_sharing.h"

static const struct param cache_scratch_params[] = {FALSE_SHARING_ROWS, PARAM_TABLE_END};

static const struct preset cache_scratch_presets[] = {
    {"classic", "size=1,objects=25,writes=2M,laps=40",
     "1000 objects of 1 byte, 2 million writes each; divide writes by the threads"},
    PRESET_TABLE_END,
};

struct cache_scratch {
    void *given[64];
};

static const char *cache_scratch_setup(struct trial *trial)
{
    trial->state = trial_memory(trial, sizeof(struct cache_scratch));
    return NULL;
}

static void cache_scratch_prepare(struct worker *worker, unsigned lap)
{
    struct cache_scratch *scratch = worker->trial->state;
    size_t bytes = worker->trial->values[FALSE_SHARING_SIZE];
    (void)lap;
    for (unsigned i = 0; worker->index == 0 && i < worker->trial->threads; i++) {
        scratch->given[i] = worker_malloc(worker, bytes);
        false_sharing_write(scratch->given[i], bytes, 0);
    }
}

static void cache_scratch_lap(struct worker *worker, unsigned lap)
{
    struct cache_scratch *scratch = worker->trial->state;
    size_t bytes = worker->trial->values[FALSE_SHARING_SIZE];
    void *given = scratch->given[worker->index];
    (void)lap;
    false_sharing_check(worker, given, bytes, 0);
    worker_free(worker, given, bytes);
    false_sharing_work(worker);
}

static void cache_scratch_drain(struct worker *worker)
{
    (void)worker; /* no object outlives a lap */
}

static const struct workload cache_scratch = {
    .name = "cache-scratch",
    .summary = "passive false sharing: threads free objects that lay side by side, write to others",
    .source = "Berger, McKinley, Blumofe and Wilson, ASPLOS 2000; the benchmarks of Hoard",
    .touch = "every byte, many times",
    .params = cache_scratch_params,
    .presets = cache_scratch_presets,
    .threads_maximum = 64,
    .laps = 40,
    .setup = cache_scratch_setup,
    .prepare = cache_scratch_prepare,
    .lap = cache_scratch_lap,
    .drain = cache_scratch_drain,
};
WORKLOAD_REGISTER(cache_scratch)
