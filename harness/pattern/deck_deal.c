/*
 * Deals a deck; see deck_deal.h.
 *
 * A clock counts calls. What is due is freed or resized first, what lives shortest before what
 * lives long, for which some calls more mean little; otherwise the next card of the slice's
 * shuffled births is dealt. A slice ends when all its births are dealt and nothing more is
 * due in it: then the clock stands where the recording's did, so that slices do not drift apart.
 */
#include "deck_deal.h"

#include "block_pool.h"
#include "due_heap.h"

#include <stdbool.h>
#include <stdlib.h>

enum { SHORT_LIFE = 64 };

struct deck_deal {
    const struct deck *deck;
    struct block_pool pool;
    struct due_heap soon, later; /* ends of short lives and of long ones */
    uint64_t seed, random, clock, born;
    uint64_t slice;
    size_t cell;    /* the first that has not been laid out yet */
    uint32_t *card; /* cells of the slice's births by allocation, shuffled, owned */
    size_t cards, cards_capacity, dealt;
    uint32_t *grown; /* cells of births by realloc, not dealt yet, smallest first, owned */
    size_t grown_count, grown_capacity;
};

static uint64_t random_next(struct deck_deal *deal)
{
    uint64_t z = deal->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t random_below(struct deck_deal *deal, uint64_t bound)
{
    return (uint64_t)(((__uint128_t)random_next(deal) * bound) >> 64);
}

static uint64_t start_of(const struct deck *deck, uint64_t slice)
{
    return slice > 0 ? deck->slice_end[slice - 1] : 0;
}

static int add_card(uint32_t **row, size_t *count, size_t *capacity, uint32_t cell)
{
    if (*count == *capacity) {
        size_t room = *capacity > 0 ? 2 * *capacity : 1024;
        uint32_t *grown = realloc(*row, room * sizeof *grown);
        if (grown == NULL)
            return -1;
        *row = grown;
        *capacity = room;
    }
    (*row)[(*count)++] = cell;
    return 0;
}

/* ---- slices ------------------------------------------------------------------------- */

static void shuffle(struct deck_deal *deal)
{
    for (size_t i = deal->cards; i > 1; i--) {
        size_t other = (size_t)random_below(deal, i);
        uint32_t card = deal->card[i - 1];
        deal->card[i - 1] = deal->card[other];
        deal->card[other] = card;
    }
}

/* What the slice before left of births by realloc stays; the rows are in order of their sizes. */
static int compare_cards(const void *a, const void *b, void *cells)
{
    const struct deck_cell *cell = cells;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (cell[x].size != cell[y].size)
        return cell[x].size < cell[y].size ? -1 : 1;
    return (x > y) - (x < y);
}

static int lay_out(struct deck_deal *deal)
{
    const struct deck *deck = deal->deck;
    deal->cards = deal->dealt = 0;
    for (; deal->cell < deck->cells && deck->cell[deal->cell].slice == deal->slice; deal->cell++) {
        const struct deck_cell *cell = &deck->cell[deal->cell];
        bool grown = cell->kind == TRACE_REALLOC;
        for (uint64_t i = 0; i < cell->count; i++)
            if ((grown ? add_card(&deal->grown, &deal->grown_count, &deal->grown_capacity,
                                  (uint32_t)deal->cell)
                       : add_card(&deal->card, &deal->cards, &deal->cards_capacity,
                                  (uint32_t)deal->cell)) < 0)
                return -1;
    }
    if (deal->grown_count > 0)
        qsort_r(deal->grown, deal->grown_count, sizeof *deal->grown, compare_cards,
                deal->deck->cell);
    shuffle(deal);
    return 0;
}

/* ---- calls -------------------------------------------------------------------------- */

static int plan_end(struct deck_deal *deal, const struct deck_cell *cell, uint32_t number)
{
    const struct deck *deck = deal->deck;
    struct block *block = &deal->pool.block[number];
    struct due due = {.tie = ~deal->born++, .block = number};
    bool soon = false;
    block->thread = (uint16_t)cell->end_thread;
    block->end = (uint8_t)cell->end;
    if (cell->end == DECK_NEVER)
        return 0;
    if (cell->life_most != DECK_NONE) {
        due.when = deal->clock - 1 + cell->life_least + /* the clock counts its birth */
                   random_below(deal, cell->life_most - cell->life_least + 1);
        soon = cell->life_most <= SHORT_LIFE;
    } else {
        uint64_t slice = cell->end_slice < deck->slices ? cell->end_slice : deck->slices - 1;
        uint64_t start = start_of(deck, slice);
        due.when = start + random_below(deal, deck->slice_end[slice] - start + 1);
    }
    return due_heap_add(soon ? &deal->soon : &deal->later, &due);
}

static int begin(struct deck_deal *deal, const struct deck_cell *cell, struct trace_op *op)
{
    uint32_t number = block_pool_begin(&deal->pool, cell->size, BLOCK_NONE);
    if (number == BLOCK_NONE)
        return -1;
    op->address = block_address(number);
    op->size = cell->size;
    return plan_end(deal, cell, number) < 0 ? -1 : 1;
}

static int deal_card(struct deck_deal *deal, struct trace_op *op)
{
    const struct deck_cell *cell = &deal->deck->cell[deal->card[deal->dealt++]];
    *op = (struct trace_op){.kind = (uint8_t)cell->kind, .thread = (uint32_t)cell->thread};
    deal->clock++;
    if (cell->kind == TRACE_FREE)
        return 1;
    if (cell->kind == TRACE_POSIX_MEMALIGN)
        op->alignment = cell->alignment;
    return begin(deal, cell, op);
}

/* The next larger of the births by realloc: what grows grows a little at a time. */
static const struct deck_cell *take_grown(struct deck_deal *deal, uint64_t size)
{
    const struct deck_cell *cell = deal->deck->cell;
    size_t low = 0, high = deal->grown_count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cell[deal->grown[middle]].size > size)
            high = middle;
        else
            low = middle + 1;
    }
    uint32_t card = deal->grown[low];
    for (size_t i = low + 1; i < deal->grown_count; i++)
        deal->grown[i - 1] = deal->grown[i];
    deal->grown_count--;
    return &cell[card];
}

/* The same number stays for the block: the trace's realloc is in its place. */
static int resize(struct deck_deal *deal, uint32_t number, struct trace_op *op)
{
    struct block *block = &deal->pool.block[number];
    const struct deck_cell *cell = take_grown(deal, block->size);
    *op = (struct trace_op){
        .kind = TRACE_REALLOC,
        .thread = (uint32_t)cell->thread,
        .old_address = block_address(number),
        .address = block_address(number),
        .size = cell->size > 0 ? cell->size : 1,
    };
    block->size = op->size;
    return plan_end(deal, cell, number) < 0 ? -1 : 1;
}

static int end_block(struct deck_deal *deal, uint32_t number, struct trace_op *op)
{
    const struct block *block = &deal->pool.block[number];
    deal->clock++;
    if (block->end == DECK_RESIZED && deal->grown_count > 0)
        return resize(deal, number, op);
    *op = (struct trace_op){
        .kind = TRACE_FREE,
        .thread = block->thread,
        .old_address = block_address(number),
    };
    block_pool_end(&deal->pool, number);
    return 1;
}

/* The block whose end comes next, not after `until`; BLOCK_NONE: there is none. */
static uint32_t take_due(struct deck_deal *deal, uint64_t until)
{
    struct due_heap *soon = &deal->soon, *later = &deal->later, *heap = later;
    if (soon->count > 0 && (soon->due[0].when <= deal->clock || later->count == 0 ||
                            soon->due[0].when <= later->due[0].when))
        heap = soon;
    if (heap->count == 0 || heap->due[0].when > until)
        return BLOCK_NONE;
    struct due due = due_heap_take(heap);
    if (due.when > deal->clock)
        deal->clock = due.when;
    return due.block;
}

/* Where the slice has no birth by realloc left, the next one has; -1: memory is short. */
static int put_off(struct deck_deal *deal, uint32_t number)
{
    struct due due = {.when = deal->deck->slice_end[deal->slice],
                      .tie = ~deal->born++,
                      .block = number};
    return due_heap_add(&deal->later, &due);
}

static bool must_wait(const struct deck_deal *deal, uint32_t number)
{
    return deal->pool.block[number].end == DECK_RESIZED && deal->grown_count == 0 &&
           deal->slice + 1 < deal->deck->slices;
}

int deck_deal_next(struct deck_deal *deal, struct trace_op *op)
{
    const struct deck *deck = deal->deck;
    while (deal->slice < deck->slices) {
        uint64_t end = deck->slice_end[deal->slice];
        bool left = deal->dealt < deal->cards;
        uint64_t until = !left && end > 0 && end - 1 > deal->clock ? end - 1 : deal->clock;
        uint32_t block = take_due(deal, until);
        if (block != BLOCK_NONE && !must_wait(deal, block))
            return end_block(deal, block, op);
        if (block != BLOCK_NONE && deal->clock < end) {
            if (put_off(deal, block) < 0)
                return -1;
            continue;
        }
        if (block != BLOCK_NONE)
            return end_block(deal, block, op);
        if (left)
            return deal_card(deal, op);
        deal->slice++;
        if (deal->clock < end)
            deal->clock = end;
        if (lay_out(deal) < 0)
            return -1;
    }
    uint32_t block = take_due(deal, UINT64_MAX);
    return block != BLOCK_NONE ? end_block(deal, block, op) : 0;
}

/* ---- a deal ------------------------------------------------------------------------- */

void deck_deal_restart(struct deck_deal *deal)
{
    block_pool_clear(&deal->pool);
    deal->soon.count = deal->later.count = 0;
    deal->random = deal->seed;
    deal->clock = deal->born = deal->slice = 0;
    deal->cell = deal->grown_count = 0;
    deal->cards = deal->dealt = 0;
    if (lay_out(deal) < 0)
        deal->cards = 0; /* told by the next call, which lays out nothing */
}

struct deck_deal *deck_deal_create(const struct deck *deck, uint64_t seed)
{
    struct deck_deal *deal = calloc(1, sizeof *deal);
    if (deal == NULL)
        return NULL;
    deal->deck = deck;
    deal->seed = seed;
    if (block_pool_init(&deal->pool, 1) < 0) {
        deck_deal_free(deal);
        return NULL;
    }
    deck_deal_restart(deal);
    return deal;
}

void deck_deal_free(struct deck_deal *deal)
{
    if (deal == NULL)
        return;
    block_pool_release(&deal->pool);
    due_heap_release(&deal->soon);
    due_heap_release(&deal->later);
    free(deal->card);
    free(deal->grown);
    free(deal);
}
