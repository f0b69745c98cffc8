/*
 * ageing: a process that lives long. What lives stays as large as it is, but its mix of sizes
 * changes from phase to phase: strings, then records, then buffers, then everything. Blocks die at
 * random, and some are kept through many phases: they stand in the way of the sizes that come after
 * them.
 *
 * Invariant: live bytes never exceed `live` by more than one block.
 */
#include "crowd.h"
#include "distribution.h"

enum { LIVE, PHASE, STEPS, KEPT, TOUCH };

static const struct param ageing_params[] = {
    PARAM_BYTES_ROW("live", "8M", 65536, 1 << 30, "that live at any time, of a worker"),
    PARAM_COUNT_ROW("phase", "8", 1, 1000, "laps until the mix of sizes changes"),
    PARAM_COUNT_ROW("steps", "40k", 1, 1000000000,
                    "work of a worker in a lap: a block, or 512 bytes written, are one each"),
    PARAM_COUNT_ROW("kept", "6", 0, 50, "percent of the blocks that are kept for long"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

enum {
    MIXES = 4,
    SMALLEST = 16,
    KEPT_SHARE = 4, /* one part in so many of the live bytes is kept for long */
};

static const struct log_normal mixes[MIXES] = {
    {40,   0.5, SMALLEST, 512     },
    {250,  0.5, 64,       4096    },
    {2000, 0.8, 256,      64 << 10},
    {120,  1.5, SMALLEST, 64 << 10},
};

struct ageing {
    struct crowd crowd;
    struct piece *kept; /* a ring in order of age */
    uint32_t kept_first, kept_count, kept_capacity;
    uint64_t kept_bytes;
} __attribute__((aligned(128)));

struct ageing_state {
    struct distribution sizes[MIXES];
    struct ageing of[];
};

/* Room for what lives where all of it is as small as strings are on the average. */
static uint32_t capacity_of(uint64_t live_bytes)
{
    return (uint32_t)(live_bytes / 42 + 64);
}

static const char *ageing_setup(struct trial *trial)
{
    struct ageing_state *state =
        trial_memory(trial, sizeof *state + trial->threads * sizeof state->of[0]);
    uint32_t capacity = capacity_of(trial->values[LIVE]);
    for (int i = 0; i < MIXES; i++)
        distribution_log_normal(&state->sizes[i], &mixes[i]);
    for (unsigned i = 0; i < trial->threads; i++) {
        struct ageing *own = &state->of[i];
        own->kept_capacity = capacity / KEPT_SHARE;
        own->crowd.capacity = capacity;
        own->crowd.pieces = trial_memory(trial, capacity * sizeof own->crowd.pieces[0]);
        own->kept = trial_memory(trial, own->kept_capacity * sizeof own->kept[0]);
    }
    trial->state = state;
    return NULL;
}

static struct ageing *own_of(const struct worker *worker)
{
    return &((struct ageing_state *)worker->trial->state)->of[worker->index];
}

static void drop_oldest_kept(struct ageing *own, struct worker *worker, enum touch touch)
{
    struct piece *oldest = &own->kept[own->kept_first];
    own->kept_bytes -= oldest->bytes;
    piece_give(worker, oldest, touch);
    own->kept_first = (own->kept_first + 1) % own->kept_capacity;
    own->kept_count--;
}

static void keep(struct ageing *own, struct worker *worker, uint32_t bytes, enum touch touch)
{
    uint64_t limit = worker->trial->values[LIVE] / KEPT_SHARE;
    while (own->kept_count > 0 &&
           (own->kept_bytes + bytes > limit || own->kept_count == own->kept_capacity))
        drop_oldest_kept(own, worker, touch);
    own->kept[(own->kept_first + own->kept_count++) % own->kept_capacity] =
        piece_take(worker, bytes, touch);
    own->kept_bytes += bytes;
}

/* Allocates one block of that mix and frees until the rest fits again. Returns what it cost. */
static uint64_t step(struct ageing *own, struct worker *worker, const struct distribution *sizes)
{
    const uint64_t *values = worker->trial->values;
    enum touch touch = (enum touch)values[TOUCH];
    uint64_t random = random_next(&worker->random);
    uint32_t bytes = distribution_at(sizes, random);
    while (own->crowd.count > 0 && (own->crowd.bytes + own->kept_bytes + bytes > values[LIVE] ||
                                    own->crowd.count == own->crowd.capacity))
        crowd_drop_any(&own->crowd, worker, touch);
    if (((random & 0xffff) * 100) >> 16 < values[KEPT])
        keep(own, worker, bytes, touch);
    else
        crowd_add(&own->crowd, worker, bytes, touch);
    return crowd_cost(bytes);
}

/* A live set of the mix that comes before the first phase's. */
static void ageing_fill(struct worker *worker)
{
    struct ageing_state *state = worker->trial->state;
    struct ageing *own = own_of(worker);
    uint64_t live = worker->trial->values[LIVE];
    while (own->crowd.bytes + own->kept_bytes + mixes[MIXES - 1].maximum < live)
        step(own, worker, &state->sizes[MIXES - 1]);
}

static void ageing_lap(struct worker *worker, unsigned lap)
{
    struct ageing_state *state = worker->trial->state;
    const uint64_t *values = worker->trial->values;
    struct ageing *own = own_of(worker);
    unsigned phase = lap > 0 ? (lap - 1) / (unsigned)values[PHASE] : 0;
    uint64_t left = values[STEPS] * 512, cost;
    do {
        cost = step(own, worker, &state->sizes[phase % MIXES]);
        left = left > cost ? left - cost : 0;
    } while (left > 0);
}

static void ageing_drain(struct worker *worker)
{
    struct ageing *own = own_of(worker);
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    crowd_clear(&own->crowd, worker, touch);
    while (own->kept_count > 0)
        drop_oldest_kept(own, worker, touch);
}

static const struct workload ageing = {
    .name = "ageing",
    .summary = "a long life: what lives stays as large, its mix of sizes changes by phases",
    .source = "ours; the question is that of Johnstone and Wilson, ISMM 1998",
    .touch = "every byte (touch=all)",
    .params = ageing_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = ageing_setup,
    .fill = ageing_fill,
    .lap = ageing_lap,
    .drain = ageing_drain,
};
WORKLOAD_REGISTER(ageing)
