/*
 * mstress: threads that live for one lap, allocate and free at random, and swap blocks with each
 * other through slots that all share.
 *
 * In a lap each worker's thread allocates items into a growing vector, frees random ones of them,
 * keeps some to its end, and exchanges random ones with the shared slots; then it frees all that
 * it still holds and ends. Between laps half of the shared items live on. The first worker's part
 * is done by the main thread, those of the others by new threads.
 *
 * The pattern of Leijen's mstress, the stress test of mimalloc. There an exchange may take any
 * block; here only one of equal size, so that the work done does not depend on who comes first.
 * Invariant: a shared slot always holds an item of the size that belongs to it.
 */
#include "piece.h"

#include <stdatomic.h>

enum { ITEMS, SHARED };

static const struct param mstress_params[] = {
    PARAM_COUNT_ROW("items", "20k", 2, 10000000,
                    "that a thread allocates and frees in a lap, and half as many it keeps; "
                    "the n-th of eight workers n times that"),
    PARAM_COUNT_ROW("shared", "1000", 5, 1000000, "slots through which threads swap items"),
    PARAM_TABLE_END,
};

static const struct preset mstress_presets[] = {
    {"classic", "items=5000,shared=1000,laps=25", "scale 50, 25 rounds"},
    PRESET_TABLE_END,
};

enum {
    WORD_BYTES = 8,
    SHAREABLE = 5, /* sizes: 1, 2, 4, 8 and 16 words */
    KEPT_SIZES = 7,
    VECTOR_FIRST = 128, /* entries */
    KEPT_SHARE = 2,     /* of the items, its inverse */
    LOADS = 8,          /* workers differ in their load, from one to eight times `items` */
};

/* One worker's: the items that it holds, and what the vector's own block would be. */
struct hands {
    struct piece *items, *kept;
    uint32_t count, kept_count;
    struct piece vector;
};

struct mstress {
    struct hands hands[64];
    _Atomic(unsigned char *) *shared; /* slot i: an item of 8 << i % SHAREABLE bytes */
};

static uint64_t items_of(const struct trial *trial, unsigned index)
{
    return trial->values[ITEMS] * (index % LOADS + 1);
}

static const char *mstress_setup(struct trial *trial)
{
    struct mstress *mstress = trial_memory(trial, sizeof *mstress);
    mstress->shared = trial_memory(trial, trial->values[SHARED] * sizeof *mstress->shared);
    for (unsigned i = 0; i < trial->threads; i++) {
        struct hands *hands = &mstress->hands[i];
        uint64_t items = items_of(trial, i);
        hands->items = trial_memory(trial, items * sizeof *hands->items);
        hands->kept = trial_memory(trial, items / KEPT_SHARE * sizeof *hands->kept);
    }
    trial->state = mstress;
    return NULL;
}

/* ---- items ------------------------------------------------------------------------------- */

/* A power of two words below `sizes`; one in 100 is 100 times as large, one in 1000, and so on. */
static struct piece take(struct worker *worker, uint32_t sizes)
{
    uint64_t draw = random_next(&worker->random);
    uint32_t rare = (uint32_t)(((draw & UINT32_MAX) * 10000) >> 32);
    uint32_t bytes = WORD_BYTES << (uint32_t)(((draw >> 32) * sizes) >> 32);
    if (rare < 1)
        bytes *= 10000;
    else if (rare < 10)
        bytes *= 1000;
    else if (rare < 100)
        bytes *= 100;
    return piece_take(worker, bytes, TOUCH_ALL);
}

static void give(struct worker *worker, struct piece *piece)
{
    piece_give(worker, piece, TOUCH_ALL);
}

/* The vector grows to twice its capacity by realloc, as the original's does; the items that it
 * would hold are kept where no allocator can damage them. */
static void add_item(struct worker *worker, struct hands *hands)
{
    uint32_t entry_bytes = sizeof(void *);
    if (hands->vector.block == NULL)
        hands->vector = piece_take(worker, VECTOR_FIRST * entry_bytes, TOUCH_ALL);
    if ((hands->count + 1) * entry_bytes > hands->vector.bytes)
        piece_grow(worker, &hands->vector, 2 * hands->vector.bytes, TOUCH_ALL);
    hands->items[hands->count++] = take(worker, SHAREABLE);
}

static void drop_item(struct worker *worker, struct hands *hands)
{
    uint32_t place = random_below(&worker->random, hands->count);
    give(worker, &hands->items[place]);
    hands->items[place] = hands->items[--hands->count];
}

/* Gives a random item away for one of the same size, if there are such to share. */
static void swap_item(struct worker *worker, struct mstress *mstress, struct hands *hands)
{
    struct piece *item = &hands->items[random_below(&worker->random, hands->count)];
    uint32_t groups = (uint32_t)worker->trial->values[SHARED] / SHAREABLE;
    uint32_t slot = random_below(&worker->random, groups) * SHAREABLE;
    if (item->bytes > WORD_BYTES << (SHAREABLE - 1))
        return;
    slot += (uint32_t)__builtin_ctz(item->bytes / WORD_BYTES);
    /* acq_rel: what the other wrote into the item, and what we wrote into ours */
    item->block =
        atomic_exchange_explicit(&mstress->shared[slot], item->block, memory_order_acq_rel);
}

/* ---- a thread's life ------------------------------------------------------------------------ */

static void work(struct worker *worker, struct mstress *mstress, struct hands *hands)
{
    uint64_t left = items_of(worker->trial, worker->index), kept_left = left / KEPT_SHARE;
    while (left > 0 || kept_left > 0) {
        if (kept_left == 0 || (left > 0 && random_below(&worker->random, 2) == 0)) {
            add_item(worker, hands);
            left--;
        } else {
            hands->kept[hands->kept_count++] = take(worker, KEPT_SIZES);
            kept_left--;
        }
        if (hands->count > 0 && random_below(&worker->random, 3) < 2)
            drop_item(worker, hands);
        if (hands->count > 0 && random_below(&worker->random, 4) == 0)
            swap_item(worker, mstress, hands);
    }
}

static void let_go(struct worker *worker, struct hands *hands)
{
    while (hands->kept_count > 0)
        give(worker, &hands->kept[--hands->kept_count]);
    while (hands->count > 0)
        give(worker, &hands->items[--hands->count]);
    give(worker, &hands->vector);
}

static void live_one_life(struct worker *worker, unsigned number)
{
    struct mstress *mstress = worker->trial->state;
    struct hands *hands = &mstress->hands[worker->index];
    (void)number;
    work(worker, mstress, hands);
    let_go(worker, hands);
}

/* ---- the shared slots ------------------------------------------------------------------------ */

static struct piece shared_piece(uint64_t slot, unsigned char *block)
{
    uint32_t bytes = WORD_BYTES << slot % SHAREABLE;
    return (struct piece){block, bytes, bytes, (unsigned char)(bytes | 1)};
}

static unsigned char *new_shared(struct worker *worker, uint64_t slot)
{
    return piece_take(worker, shared_piece(slot, NULL).bytes, TOUCH_ALL).block;
}

/* Every second, now the even ones, now the odd. */
static void renew_shared(struct worker *worker, struct mstress *mstress, unsigned lap)
{
    for (uint64_t slot = lap & 1; slot < worker->trial->values[SHARED]; slot += 2) {
        unsigned char *fresh = new_shared(worker, slot);
        struct piece old =
            shared_piece(slot, atomic_exchange_explicit(&mstress->shared[slot], fresh,
                                                        memory_order_acq_rel));
        give(worker, &old);
    }
}

static void mstress_fill(struct worker *worker)
{
    struct mstress *mstress = worker->trial->state;
    for (uint64_t slot = 0; worker->index == 0 && slot < worker->trial->values[SHARED]; slot++)
        atomic_store_explicit(&mstress->shared[slot], new_shared(worker, slot),
                              memory_order_release);
}

static void mstress_lap(struct worker *worker, unsigned lap)
{
    struct mstress *mstress = worker->trial->state;
    if (worker->index == 0) {
        renew_shared(worker, mstress, lap);
        live_one_life(worker, 0);
    } else {
        worker_relay(worker, live_one_life, 1);
    }
}

static void mstress_drain(struct worker *worker)
{
    struct mstress *mstress = worker->trial->state;
    for (uint64_t slot = 0; worker->index == 0 && slot < worker->trial->values[SHARED]; slot++) {
        struct piece item =
            shared_piece(slot, atomic_load_explicit(&mstress->shared[slot], memory_order_acquire));
        give(worker, &item);
    }
}

static const struct workload mstress = {
    .name = "mstress",
    .summary = "threads of one lap's life that allocate, free and swap blocks with each other",
    .source = "the pattern of Leijen's mstress, the stress test of mimalloc",
    .touch = "every byte of each item",
    .params = mstress_params,
    .presets = mstress_presets,
    .threads_maximum = 64,
    .laps = 40,
    .starts_threads = true,
    .setup = mstress_setup,
    .fill = mstress_fill,
    .lap = mstress_lap,
    .drain = mstress_drain,
};
WORKLOAD_REGISTER(mstress)
