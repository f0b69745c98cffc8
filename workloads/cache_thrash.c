/*
 * cache-thrash: active false sharing. Each worker allocates a small object, writes to it many
 * times and frees it; see false_sharing.h for what is looked for.
 *
 * The pattern of the Hoard benchmarks; the term is that of Berger, McKinley, Blumofe and Wilson,
 * 'Hoard: A Scalable Memory Allocator for Multithreaded Applications', ASPLOS 2000. Invariant: a
 * worker holds one object at a time.
 */
#include "false_sharing.h"

static const struct param cache_thrash_params[] = {FALSE_SHARING_ROWS, PARAM_TABLE_END};

static const struct preset cache_thrash_presets[] = {
    {"classic", "size=1,objects=25,writes=2M,laps=40",
     "1000 objects of 1 byte, 2 million writes each; divide writes by the threads"},
    PRESET_TABLE_END,
};

static const char *cache_thrash_setup(struct trial *trial)
{
    (void)trial;
    return NULL;
}

static void cache_thrash_lap(struct worker *worker, unsigned lap)
{
    (void)lap;
    false_sharing_work(worker);
}

static void cache_thrash_drain(struct worker *worker)
{
    (void)worker; /* no object outlives a lap */
}

static const struct workload cache_thrash = {
    .name = "cache-thrash",
    .summary = "active false sharing: each thread writes to a small object of its own allocating",
    .source = "Berger, McKinley, Blumofe and Wilson, ASPLOS 2000; the benchmarks of Hoard",
    .touch = "every byte, many times",
    .params = cache_thrash_params,
    .presets = cache_thrash_presets,
    .threads_maximum = 64,
    .laps = 40,
    .setup = cache_thrash_setup,
    .lap = cache_thrash_lap,
    .drain = cache_thrash_drain,
};
WORKLOAD_REGISTER(cache_thrash)
