/*
 * cache-fleet: several LRU caches in one process, each with entries of its own size. They share a
 * budget that moves from one to the next and back, as tenants come and go: what one cache evicts
 * another is to use.
 *
 * Every lap makes the same number of requests. Invariant: a cache that has just taken an entry is
 * within its share.
 */
#include "distribution.h"
#include "lru_cache.h"

enum { CACHES, BUDGET, REQUESTS, PERIOD, TOUCH };

static const struct param cache_fleet_params[] = {
    PARAM_COUNT_ROW("caches", "6", 1, 32, "of a worker"),
    PARAM_BYTES_ROW("budget", "8M", 1 << 20, 1 << 30, "of all caches of a worker"),
    PARAM_COUNT_ROW("requests", "20k", 1, 1000000000, "to the caches of a worker in a lap"),
    PARAM_COUNT_ROW("period", "20", 1, 1000, "laps in which a cache's share rises and falls"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

/* Entries of cache i: log-normal, the median of the one before times 3, from the first again. */
enum { KINDS = 5, SMALLEST = 16, SHARES = 64 };
#define ENTRY_SIGMA 0.5
static const struct log_normal kinds[KINDS] = {
    {60,   ENTRY_SIGMA, SMALLEST, 1024     },
    {180,  ENTRY_SIGMA, SMALLEST, 4096     },
    {540,  ENTRY_SIGMA, SMALLEST, 16384    },
    {1600, ENTRY_SIGMA, SMALLEST, 65536    },
    {4800, ENTRY_SIGMA, SMALLEST, 128 << 10},
};

struct fleet_state {
    struct distribution sizes[KINDS];
    struct lru_cache *caches; /* of worker 0, of worker 1, ... */
};

/* Twice as many different entries as the mean share has room for. */
static uint32_t entries_of(const struct trial *trial, unsigned cache)
{
    uint64_t share = trial->values[BUDGET] / trial->values[CACHES];
    uint64_t entries = share / (uint64_t)kinds[cache % KINDS].median * 2;
    return entries < 64 ? 64 : (uint32_t)entries;
}

static const char *cache_fleet_setup(struct trial *trial)
{
    uint64_t caches = trial->values[CACHES];
    struct fleet_state *state = trial_memory(trial, sizeof *state);
    for (unsigned i = 0; i < KINDS; i++)
        distribution_log_normal(&state->sizes[i], &kinds[i]);
    state->caches = trial_memory(trial, trial->threads * caches * sizeof state->caches[0]);
    for (uint64_t i = 0; i < trial->threads * caches; i++) {
        struct lru_cache *cache = &state->caches[i];
        cache->documents = entries_of(trial, (unsigned)(i % caches));
        cache->touch = (enum touch)trial->values[TOUCH];
        cache->entries = trial_memory(trial, lru_cache_table_bytes(cache->documents));
        lru_cache_init(cache);
    }
    trial->state = state;
    return NULL;
}

static struct lru_cache *own_of(const struct worker *worker)
{
    const struct fleet_state *state = worker->trial->state;
    return state->caches + (size_t)worker->index * worker->trial->values[CACHES];
}

/* A triangle from a quarter of the mean share to seven quarters; the caches stand at even distances
 * in it, so that all shares together are the budget, or nearly. */
static uint64_t share_of(const struct worker *worker, unsigned lap, uint64_t cache)
{
    const uint64_t *values = worker->trial->values;
    uint64_t mean = values[BUDGET] / values[CACHES], period = values[PERIOD];
    uint64_t at = (lap * (uint64_t)SHARES / period + cache * SHARES / values[CACHES]) % SHARES;
    uint64_t height = at < SHARES / 2 ? at : SHARES - at; /* 0 .. SHARES / 2 */
    return mean / 4 + mean * 3 * height / SHARES;
}

static void request(struct worker *worker, const struct fleet_state *state,
                    struct lru_cache *caches)
{
    uint64_t random = random_next(&worker->random);
    uint32_t number = (uint32_t)(((random & 0xffff) * worker->trial->values[CACHES]) >> 16);
    struct lru_cache *cache = &caches[number];
    /* The product of two uniform numbers: the first entries are asked for far more often. */
    uint32_t skewed = random_below(&worker->random, cache->documents);
    uint32_t entry = (uint32_t)(((random >> 32) * skewed) >> 32);
    if (lru_cache_use(cache, entry))
        return;
    uint32_t bytes = distribution_draw(&state->sizes[number % KINDS], &worker->random);
    lru_cache_insert(cache, worker, entry, piece_take(worker, bytes, cache->touch));
}

static void run(struct worker *worker, unsigned lap)
{
    const struct fleet_state *state = worker->trial->state;
    struct lru_cache *caches = own_of(worker);
    for (uint64_t i = 0; i < worker->trial->values[CACHES]; i++)
        caches[i].limit_bytes = share_of(worker, lap, i);
    for (uint64_t left = worker->trial->values[REQUESTS]; left > 0; left--)
        request(worker, state, caches);
}

/* Long enough for the caches to be full. */
static void cache_fleet_fill(struct worker *worker)
{
    for (unsigned lap = 0; lap <= worker->trial->values[PERIOD] / 4; lap++)
        run(worker, lap);
}

static void cache_fleet_lap(struct worker *worker, unsigned lap)
{
    run(worker, lap);
}

static void cache_fleet_drain(struct worker *worker)
{
    struct lru_cache *caches = own_of(worker);
    for (uint64_t i = 0; i < worker->trial->values[CACHES]; i++)
        lru_cache_clear(&caches[i], worker);
}

static const struct workload cache_fleet = {
    .name = "cache-fleet",
    .summary = "LRU caches with entries of different sizes, whose shares of a budget move",
    .source = "ours; memcached's slab rebalancing answers the same question",
    .touch = "every byte (touch=all)",
    .params = cache_fleet_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = cache_fleet_setup,
    .fill = cache_fleet_fill,
    .lap = cache_fleet_lap,
    .drain = cache_fleet_drain,
};
WORKLOAD_REGISTER(cache_fleet)
