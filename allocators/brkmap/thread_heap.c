/* A thread's heap at work: new blocks for its spans, spans for its classes, mail for others. */
#include "thread_heap.h"

#include <string.h>

#include "heap.h"
#include "os.h"
#include "region.h"
#include "thread_life.h"

/* Of a full span's blocks, the share that must come back before it is looked at again. */
#define RELIST_SHARE 8
/* Blocks or bytes for one other heap until they are sent. */
#define OUTBOX_BLOCKS_MAX 64
#define OUTBOX_BYTES_MAX  ((uint32_t)32 << 10)
/* Of empty spans, what a heap may hold for the next time: so much, and what was wanted again within
 * a moment of being given back or held. */
#define HELD_BYTES_LEAST ((uint32_t)128 << 10)
#define HELD_BYTES_MORE  ((uint32_t)512 << 10)
#define MOMENT_MS        250

static unsigned capacity_of(const struct span *span)
{
    return (unsigned)(span->slices * SLICE_BYTES / size_class_bytes(span->size_class));
}

/* As span_carved, but quicker, for the span's own thread. */
static uint32_t own_carved(const struct span *span)
{
    uint32_t excess = (uint32_t)(span->reciprocal * size_class_bytes(span->size_class));
    return span->limit == 0 ? 0 : (uint32_t)span->limit / excess;
}

static uint32_t carved_bytes(const struct span *span)
{
    return own_carved(span) * size_class_bytes(span->size_class);
}

static bool has_room_for(const struct span *span, uint32_t blocks)
{
    return span != &span_none &&
           blocks * size_class_bytes(span->size_class) <= span->slices * SLICE_BYTES;
}

/* How many frees make a full span partial. */
static unsigned relist_share(const struct span *span)
{
    unsigned share = capacity_of(span) / RELIST_SHARE;
    return share > 0 ? share : 1;
}

static void set_carved(struct span *span, unsigned carved)
{
    uint64_t excess = span->reciprocal * size_class_bytes(span->size_class);
    /* Atomic, since other threads read it when they free. */
    __atomic_store_n(&span->limit, carved * excess, __ATOMIC_RELAXED);
}

/* New blocks become the span's list, which is empty: in order, since that is how memory is read
 * fastest; hardened, each at one end or the other by chance. */
static void list_fill(struct span *span, char *start, unsigned count)
{
    size_t block_bytes = size_class_bytes(span->size_class);
    struct free_block *first = (struct free_block *)start, *last = first;

    for (unsigned i = 1; i < count; i++) {
        struct free_block *block = (struct free_block *)(start += block_bytes);
        if (HARDENED && block_chance() % 2 == 0) {
            block_link(span, block, first);
            first = block;
        } else {
            block_link(span, last, block);
            if (!HARDENED)
                block_set_free(span, last);
            last = block;
        }
    }
    block_link(span, last, NULL);
    if (!HARDENED)
        block_set_free(span, last);
    span->free = first;
}

/* Blocks are made page by page, as they are needed, so that a span's later pages stay untouched. */
static void carve(struct span *span, uint32_t carved)
{
    uint32_t block_bytes = size_class_bytes(span->size_class);
    size_t from = (size_t)carved * block_bytes, end = span->slices * SLICE_BYTES;
    size_t page_end = heap_round_up(from + block_bytes, 4096);
    uint32_t count = (uint32_t)((page_end < end ? page_end : end) - from) / block_bytes;

    HEAP_ASSERT(count > 0 && span->free == NULL);
    list_fill(span, span->start + from, count);
    set_carved(span, carved + count);
}

static void set_current(struct heap_of_thread *heap, unsigned size_class, struct span *span)
{
    heap->current[size_class] = span;
    if (size_class_bytes(size_class) > DIRECT_BYTES_MAX)
        return;
    size_t last = size_class_direct(size_class_bytes(size_class));
    size_t first = size_class == 0 ? 0 : size_class_direct(size_class_bytes(size_class - 1)) + 1;
    for (size_t i = first; i <= last; i++)
        thread_cache.direct[i] = span;
}

void thread_heap_give_held(struct heap_of_thread *heap)
{
    for (unsigned i = 0; i < SIZE_CLASSES && heap->held_bytes > 0; i++) {
        struct span **list = &heap->partial[i], *last;
        while (*list != NULL && (last = (*list)->previous)->count == 0) {
            span_list_remove(list, last);
            heap->held_bytes -= carved_bytes(last);
            region_give(last);
        }
    }
}

struct span *thread_heap_take(unsigned slices, size_t alignment, bool *zeroed)
{
    struct span *span = region_take(slices, alignment, zeroed);
    struct heap_of_thread *heap = thread_cache.heap;

    if ((span != NULL && !*zeroed) || heap == NULL || heap->held_bytes == 0)
        return span;
    /* What is held serves better than pages that nobody has touched. */
    thread_heap_give_held(heap);
    if (span != NULL) {
        span->size_class = 0; /* any: nothing of it is carved */
        region_give(span);
    }
    return region_take(slices, alignment, zeroed);
}

static void wanted_again(struct heap_of_thread *heap, uint32_t bytes)
{
    heap->wanted_bytes += bytes;
    if (heap->wanted_bytes > HELD_BYTES_MORE)
        heap->wanted_bytes = HELD_BYTES_MORE;
}

static struct span *fresh_span(struct heap_of_thread *heap, unsigned size_class)
{
    bool zeroed;
    const struct span *before = heap->current[size_class];
    /* Hardened, a block should find many others to be mistaken for. */
    unsigned slices = HARDENED ? size_class_slices_most(size_class)
                               : size_class_slices(size_class, before->slices);
    struct span *span = thread_heap_take(slices, SLICE_BYTES, &zeroed);
    if (span == NULL)
        return NULL;
    uint32_t again = (uint32_t)(slices * SLICE_BYTES);
    again = again < heap->given_bytes ? again : heap->given_bytes;
    heap->given_bytes -= again;
    wanted_again(heap, again);
    if (HARDENED && !zeroed)
        memset(span->start, 0, slices * SLICE_BYTES);
    span->free = NULL;
    span_set_heap(span, heap);
    span->reciprocal = span_reciprocal(size_class_bytes(size_class));
    span->size_class = (uint8_t)size_class;
    set_carved(span, 0);
    span->state = SPAN_CURRENT;
    span->count = 0;
    return span;
}

/* It has to be asked again when it is empty. */
static void let_go(struct heap_of_thread *heap, struct span *span)
{
    if (span->state != SPAN_HELD)
        return;
    HEAP_ASSERT(span->count > 0 && heap->held_bytes >= carved_bytes(span));
    heap->held_bytes -= carved_bytes(span);
    span->state = SPAN_CURRENT;
    span->count--;
}

static void moment_turn(struct heap_of_thread *heap)
{
    uint32_t now_ms = (uint32_t)os_coarse_ms();

    if (now_ms - heap->moment_ms < MOMENT_MS)
        return;
    heap->moment_ms = now_ms;
    heap->wanted_bytes /= 4;
    heap->given_bytes = 0;
    if (heap->held_bytes > HELD_BYTES_LEAST + heap->wanted_bytes)
        thread_heap_give_held(heap);
}

/* False: it went back to the region, since enough are held. */
static bool hold_or_give(struct heap_of_thread *heap, struct span *span)
{
    uint32_t bytes = carved_bytes(span);

    moment_turn(heap);
    /* Hardened, a current one's free blocks are looked at when they are handed out again. */
    bool holds = heap->held_bytes + bytes <= HELD_BYTES_LEAST + heap->wanted_bytes ||
                 (HARDENED && span->state == SPAN_CURRENT);
    if (holds) {
        heap->held_bytes += bytes;
    } else {
        heap->given_bytes += bytes;
        /* First, since a handler that calls malloc may come while its pages are purged. */
        if (span->state == SPAN_CURRENT)
            set_current(heap, span->size_class, &span_none);
        region_give(span);
    }
    return holds;
}

__attribute__((no_sanitize("thread"))) unsigned thread_heap_used_blocks(const struct span *span)
{
    uint32_t count = __atomic_load_n(&span->count, __ATOMIC_RELAXED);

    switch (__atomic_load_n(&span->state, __ATOMIC_RELAXED)) {
    case SPAN_HELD:
        return count - 1;
    case SPAN_FULL:
        return capacity_of(span) - relist_share(span) + count;
    default:
        return count;
    }
}

static void retire_full(struct heap_of_thread *heap, struct span *span)
{
    span->state = SPAN_FULL;
    span->count = relist_share(span);
    span_list_push(&heap->full, span);
}

static struct span *next_span(struct heap_of_thread *heap, unsigned size_class)
{
    struct span *span = heap->partial[size_class];
    if (span == NULL)
        return fresh_span(heap, size_class);
    span_list_remove(&heap->partial[size_class], span);
    if (span->count == 0) {
        heap->held_bytes -= carved_bytes(span);
        wanted_again(heap, carved_bytes(span));
        if (span->free == NULL)
            set_carved(span, 0);
    }
    span->state = SPAN_CURRENT;
    return span;
}

void *thread_heap_refill(struct heap_of_thread *heap, unsigned size_class)
{
    if (atomic_load_explicit(&heap->inbox, memory_order_relaxed) != NULL)
        thread_heap_receive(heap);
    struct span *span = heap->current[size_class];
    let_go(heap, span);
    /* Of a list that nobody wrote to, all blocks have been handed out. */
    uint32_t carved = span == &span_none ? 0 : own_carved(span);
    if (span->free == NULL && span->count != carved)
        os_abort("a free block was written to: the list of its span is broken");
    if (span->free == NULL && !has_room_for(span, carved + 1)) {
        struct span *next = next_span(heap, size_class);
        if (next == NULL)
            return NULL;
        if (span != &span_none)
            retire_full(heap, span);
        set_current(heap, size_class, next);
        span = next;
    }
    if (span->free == NULL) {
        if (HARDENED)
            block_delay_check(heap);
        carve(span, own_carved(span));
    }
    return span_pop(span);
}

static void attend(struct heap_of_thread *heap, struct span *span)
{
    struct span **list = &heap->partial[span->size_class];

    if (span->state == SPAN_FULL) {
        span_list_remove(&heap->full, span);
        span->count = capacity_of(span) - relist_share(span);
        span->state = SPAN_PARTIAL;
        span_list_push(list, span);
        if (span->count > 0)
            return;
    }
    /* It is empty. */
    if (span->state == SPAN_PARTIAL) {
        span_list_remove(list, span);
        if (!hold_or_give(heap, span))
            return;
        /* To be carved anew, since in order is read faster than in the order of others' frees. Not
         * a longer span: that its last slices were written to must stay known. */
        if (heap->receives && span->slices == 1)
            span->free = NULL;
        span_list_append(list, span);
    } else if (hold_or_give(heap, span)) {
        span->state = SPAN_HELD;
        span->count = 1;
    }
}

void thread_heap_retire(struct heap_of_thread *heap, unsigned size_class)
{
    struct span *span = heap->current[size_class];

    if (span == &span_none)
        return;
    let_go(heap, span);
    set_current(heap, size_class, &span_none);
    if (span->count == 0) {
        region_give(span);
    } else if (span->free == NULL && !has_room_for(span, own_carved(span) + 1)) {
        retire_full(heap, span);
    } else {
        span->state = SPAN_PARTIAL;
        span_list_push(&heap->partial[size_class], span);
    }
}

static void outbox_flush(struct outbox *box)
{
    struct heap_of_thread *to = box->to;
    struct free_block *seen = atomic_load_explicit(&to->inbox, memory_order_relaxed);

    do
        block_mail_link(box->last, seen);
    while (!atomic_compare_exchange_weak_explicit(&to->inbox, &seen, box->first,
                                                  memory_order_release, memory_order_relaxed));
    *box = (struct outbox){0};
    /* Nobody looks into it. */
    if (atomic_load_explicit(&to->orphan, memory_order_relaxed))
        thread_heap_inherit(to);
}

void thread_heap_flush(struct heap_of_thread *heap)
{
    for (unsigned i = 0; i < OUTBOXES; i++)
        if (heap->outbox[i].to != NULL)
            outbox_flush(&heap->outbox[i]);
}

void thread_heap_send(struct span *span, struct free_block *block)
{
    struct heap_of_thread *to = span_heap(span), *mine = thread_heap();
    struct outbox one = {0};
    /* Without a heap, for want of memory, it goes at once. */
    struct outbox *box = mine == NULL ? &one : &mine->outbox[((uintptr_t)to >> 11) % OUTBOXES];

    if (box->to != NULL && box->to != to)
        outbox_flush(box);
    block_mail_link(block, box->first);
    box->first = block;
    if (box->to == NULL) {
        box->to = to;
        box->last = block;
    }
    box->blocks++;
    box->bytes += size_class_bytes(span->size_class);
    if (mine == NULL || box->blocks >= OUTBOX_BLOCKS_MAX || box->bytes >= OUTBOX_BYTES_MAX)
        outbox_flush(box);
}

void thread_heap_receive(struct heap_of_thread *heap)
{
    /* Acquire pairs with the release in outbox_flush: the links are there. */
    struct free_block *block = atomic_exchange_explicit(&heap->inbox, NULL, memory_order_acquire);

    heap->receives = true;
    while (block != NULL) {
        struct free_block *next = HARDENED ? block_mail_checked(block) : block->next;
        struct span *span = span_around(block);
        if (span_heap(span) != heap)
            thread_heap_send(span, block);
        else if (span_put(span, block))
            attend(heap, span);
        block = next;
    }
    heap->receives = false;
}

void thread_heap_attend(struct span *span)
{
    struct heap_of_thread *heap = span_heap(span);

    attend(heap, span);
    /* A thread that frees and takes nothing has mail, too. */
    if (atomic_load_explicit(&heap->inbox, memory_order_relaxed) != NULL)
        thread_heap_receive(heap);
}
