/* One thread of a pattern; see lane.h. */
#include "lane_internal.h"

#include <string.h>

/* ---- lives -------------------------------------------------------------------------- */

static enum pattern_clock clock_of(const struct pattern_kind *kind)
{
    switch (kind->death) {
    case DEATH_SPREAD:
        return kind->clock;
    case DEATH_PHASE:
        return CLOCK_PHASES;
    default:
        return CLOCK_STEPS; /* batches, tables */
    }
}

/* How long, in units of the kind's clock; `living`: it is one of those met at the start. */
static double draw_life(struct lane *lane, const struct pattern_kind *kind, bool living)
{
    switch (kind->death) {
    case DEATH_SPREAD:
        if (!living)
            return spread_draw(&kind->lifetime, random_share(lane));
        /* Of a long life one meets any part. */
        return random_share(lane) * spread_draw_living(&kind->lifetime, random_share(lane));
    case DEATH_BATCH:
        /* The step of this very block is counted already. */
        return (double)(kind->batch - 1 - (lane->clock[CLOCK_STEPS] - 1) % kind->batch);
    case DEATH_TABLE: /* exponential has no memory: the rest is as long as the whole */
        return lane->step_life < INFINITY ? random_exponential(lane, lane->step_life) : INFINITY;
    case DEATH_PHASE:
        return 1;
    default:
        return INFINITY;
    }
}

static uint64_t tie_of(struct lane *lane, const struct pattern_kind *kind)
{
    uint64_t serial = lane->lanes->born++;
    if (kind->order[ORDER_FIFO] > 0 || kind->death != DEATH_BATCH)
        return serial;
    return kind->order[ORDER_LIFO] > 0 ? ~serial : random_next(lane);
}

static int plan_death(struct lane *lane, const struct pattern_kind *kind, uint32_t block,
                      bool living)
{
    enum pattern_clock clock = clock_of(kind);
    double life = draw_life(lane, kind, living);
    struct due due = {
        .tie = tie_of(lane, kind),
        .block = block,
        .life = lane->lanes->pool.block[block].life,
    };
    if (!(life < 1e18))
        return 0;
    due.when = lane->clock[clock] + (uint64_t)(life + 0.5);
    return due_heap_add(&lane->heap[clock], &due);
}

/* To the thread that is to free it. */
static int hand_over(struct lane *lane, uint32_t number)
{
    struct block *block = &lane->lanes->pool.block[number];
    struct lane *other = &lane->lanes->lane[block->thread];
    struct due due = {.tie = lane->lanes->born++, .block = number, .life = block->life};
    block_pool_unlist(&lane->lanes->pool, number);
    return due_heap_add(&other->inbox, &due);
}

/* ---- calls -------------------------------------------------------------------------- */

static void next_arrival(struct lane *lane)
{
    const struct pattern_phase *phase = phase_of(lane);
    lane->pause_ns = 0;
    if (lane->stage == STAGE_FILL || lane->stage == STAGE_DONE)
        return;
    if (lane->burst_left > 0 && --lane->burst_left > 0)
        return;
    lane->burst_left = phase->burst;
    if (phase->rate > 0) {
        double mean_ns = 1e9 / phase->rate;
        double wait_ns = phase->poisson ? random_exponential(lane, mean_ns) : mean_ns;
        lane->ready_ns += (uint64_t)(wait_ns + 0.5);
    } else if (phase->think.count > 0) {
        lane->pause_ns = (uint64_t)(spread_draw(&phase->think, random_share(lane)) + 0.5);
        lane->ready_ns += lane->pause_ns;
    }
    lane->clock[CLOCK_NS] = lane->ready_ns;
}

static void next_phase(struct lane *lane)
{
    const struct pattern *pattern = lane->lanes->pattern;
    lane->phase_calls = 0;
    lane->burst_left = 0;
    lane->step = NULL;
    lane->clock[CLOCK_PHASES]++;
    if (++lane->phase < pattern->phases)
        return;
    lane->phase = 0;
    if (++lane->round == pattern->rounds)
        lane->stage = STAGE_DONE;
}

void lane_start_phases(struct lane *lane)
{
    lane->stage = lane->lanes->warm_calls > 0 ? STAGE_WARM : STAGE_RUN;
    lane->step = NULL;
}

/* Counts the call that is made. */
static int finish(struct lane *lane, struct trace_op *op)
{
    op->time_ns = lane->ready_ns;
    op->thread = lane->number;
    lane->calls++;
    lane->clock[CLOCK_CALLS]++;
    if (lane->stage == STAGE_WARM && ++lane->warmed == lane->lanes->warm_calls)
        lane->stage = STAGE_RUN;
    else if (lane->stage == STAGE_RUN && ++lane->phase_calls == phase_of(lane)->operations)
        next_phase(lane);
    next_arrival(lane);
    return 1;
}

static int make_free(struct lane *lane, uint32_t block, struct trace_op *op)
{
    *op = (struct trace_op){.kind = TRACE_FREE, .old_address = block_address(block)};
    block_pool_end(&lane->lanes->pool, block);
    return finish(lane, op);
}

int lane_make_block(struct lane *lane, const struct pattern_kind *kind, bool living,
                    struct trace_op *op)
{
    struct lanes *lanes = lane->lanes;
    uint64_t bytes = lane->step_bytes;
    uint32_t block = block_pool_begin(&lanes->pool, bytes, list_of(lane, kind));
    *op = (struct trace_op){.kind = TRACE_MALLOC, .size = bytes};
    if (block == BLOCK_NONE)
        return -1;
    op->address = block_address(block);
    double way = kind->calloc_share + kind->aligned_share > 0 ? random_share(lane) : 1;
    if (way < kind->calloc_share) {
        op->kind = TRACE_CALLOC;
    } else if (way < kind->calloc_share + kind->aligned_share) {
        op->kind = TRACE_POSIX_MEMALIGN;
        op->alignment = kind->alignment;
    }
    unsigned threads = lanes->pattern->threads, to = lane->number;
    if (threads > 1 && happens(lane, kind->handover_share)) /* to each of the others in turn */
        to = (unsigned)((to + 1 + lane->handed_over++ % (threads - 1)) % threads);
    lanes->pool.block[block].thread = (uint16_t)to;
    lane->clock[CLOCK_STEPS]++;
    lane->clock[CLOCK_BYTES] += bytes;
    if (plan_death(lane, kind, block, living) < 0)
        return -1;
    lane->step = NULL;
    return finish(lane, op);
}

static uint64_t size_of(double bytes)
{
    return bytes < 1 ? (bytes > 0 ? 1 : 0) : (uint64_t)(bytes + 0.5);
}

/* The size of a new block, and of a table also how long it may live. */
void lane_draw_block(struct lane *lane, const struct pattern_kind *kind, bool living)
{
    const struct pattern_table *table = &kind->table;
    if (kind->death != DEATH_TABLE) {
        lane->step_bytes = size_of(spread_draw(&kind->sizes, random_share(lane)));
        return;
    }
    size_t row = draw_row(lane, living ? table->live_sum : table->rate_sum, table->count);
    lane->step_bytes = size_of(table->size[row]);
    /* Little's law, in steps of the thread: of its steps this kind has its share. */
    double births = kind->share * (1 - kind->realloc_share);
    double rates = table->rate_sum[table->count - 1];
    lane->step_life = table->rate[row] > 0 && births > 0 ? kind->table_scale * table->live[row] /
                                                               (table->rate[row] / rates) / births
                                                         : INFINITY;
}

static int make_resize(struct lane *lane, const struct pattern_kind *kind, struct trace_op *op)
{
    const struct block_list *list = blocks_of(lane, kind);
    size_t any = (size_t)(((__uint128_t)random_next(lane) * list->count) >> 64);
    uint32_t block = list->row[any];
    uint64_t old = lane->lanes->pool.block[block].size;
    uint64_t bytes = kind->growth_factor > 0 ? size_of((double)old * kind->growth_factor)
                                             : old + kind->growth_bytes;
    /* What cannot grow on begins anew; in the same size it would be no call worth making. */
    if (bytes > kind->largest || bytes == 0)
        bytes = lane->step_bytes;
    *op = (struct trace_op){
        .kind = TRACE_REALLOC,
        .address = block_address(block),
        .old_address = block_address(block),
        .size = bytes > 0 ? bytes : 1, /* 0 would free it */
    };
    block_pool_resize(&lane->lanes->pool, block, op->size);
    lane->clock[CLOCK_STEPS]++;
    lane->step = NULL;
    return finish(lane, op);
}

/* ---- steps -------------------------------------------------------------------------- */

/* A block that is to die now and be freed by this thread; BLOCK_NONE: none. -1: memory is short. */
static int find_due(struct lane *lane, uint32_t *block)
{
    struct block_pool *pool = &lane->lanes->pool;
    *block = BLOCK_NONE;
    if (lane->inbox.count > 0) {
        *block = due_heap_take(&lane->inbox).block;
        return 0;
    }
    for (unsigned clock = 0; clock < PATTERN_CLOCKS; clock++) {
        struct due_heap *heap = &lane->heap[clock];
        while (heap->count > 0 && heap->due[0].when <= lane->clock[clock]) {
            struct due due = due_heap_take(heap);
            if (pool->block[due.block].life != due.life)
                continue; /* freed for another reason before */
            if (pool->block[due.block].list == BLOCK_NONE)
                continue; /* handed over before */
            if (pool->block[due.block].thread == lane->number) {
                *block = due.block;
                return 0;
            }
            if (hand_over(lane, due.block) < 0)
                return -1;
        }
    }
    return 0;
}

static uint32_t choose_victim(struct lane *lane, const struct pattern_kind *kind)
{
    const struct block_list *list = blocks_of(lane, kind);
    double at = random_share(lane);
    if (at < kind->order[ORDER_FIFO])
        return list->oldest;
    if (at < kind->order[ORDER_FIFO] + kind->order[ORDER_LIFO])
        return list->newest;
    return list->row[(size_t)(((__uint128_t)random_next(lane) * list->count) >> 64)];
}

/* Frees what the new block has no room beside. */
static int make_room(struct lane *lane, const struct pattern_kind *kind, uint32_t *victim)
{
    const struct block_list *list = blocks_of(lane, kind);
    *victim = BLOCK_NONE;
    while (kind->death == DEATH_LIVE && list->count > 0 &&
           list->bytes + lane->step_bytes > kind->live_bytes) {
        uint32_t block = choose_victim(lane, kind);
        if (lane->lanes->pool.block[block].thread == lane->number) {
            *victim = block;
            return 0;
        }
        if (hand_over(lane, block) < 0)
            return -1;
    }
    return 0;
}

static void begin_step(struct lane *lane)
{
    const struct pattern_phase *phase = phase_of(lane);
    double at = phase->kinds > 1 ? random_share(lane) : 0;
    unsigned k = 0;
    while (k + 1 < phase->kinds && at >= phase->kind[k].share)
        at -= phase->kind[k++].share;
    lane->step = &phase->kind[k];
    lane_draw_block(lane, lane->step, false);
}

int lane_take_step(struct lane *lane, struct trace_op *op)
{
    uint32_t block;
    if (find_due(lane, &block) < 0)
        return -1;
    if (block != BLOCK_NONE)
        return make_free(lane, block, op);
    if (lane->step == NULL) {
        begin_step(lane);
        if (blocks_of(lane, lane->step)->count > 0 && happens(lane, lane->step->realloc_share))
            return make_resize(lane, lane->step, op);
    }
    if (make_room(lane, lane->step, &block) < 0)
        return -1;
    if (block != BLOCK_NONE)
        return make_free(lane, block, op);
    return lane_make_block(lane, lane->step, false, op);
}

/* ---- a lane ------------------------------------------------------------------------- */

void lane_begin(struct lane *lane, uint64_t seed)
{
    for (unsigned clock = 0; clock < PATTERN_CLOCKS; clock++)
        lane->heap[clock].count = 0;
    lane->inbox.count = 0;
    memset(lane->clock, 0, sizeof lane->clock);
    lane->random = seed ^ (UINT64_C(0xd1342543de82ef95) * (lane->number + 1));
    lane->handed_over = lane->warmed = lane->phase_calls = lane->calls = lane->burst_left = 0;
    lane->ready_ns = lane->pause_ns = 0;
    lane->round = lane->phase = 0;
    lane->step = NULL;
    lane->stage = STAGE_FILL;
    lane_plan_fill(lane);
    next_arrival(lane);
}

double lane_fill_blocks(const struct lane *lane)
{
    return lane->stage == STAGE_FILL ? lane->wanted_sum : 0;
}

int lane_next(struct lane *lane, struct trace_op *op)
{
    if (lane->stage == STAGE_DONE)
        return 0;
    return lane->stage == STAGE_FILL ? lane_take_fill_step(lane, op) : lane_take_step(lane, op);
}

void lane_release(struct lane *lane)
{
    for (unsigned clock = 0; clock < PATTERN_CLOCKS; clock++)
        due_heap_release(&lane->heap[clock]);
    due_heap_release(&lane->inbox);
}
