/*
 * freelist: boundary tags with splitting and coalescing over sbrk, large blocks by mmap.
 *
 * A block is cut from the low end of the free block that the policy chose, and joins its free
 * neighbours as soon as it is freed.
 */
#include "freelist.h"

#include <string.h>

#include "heap.h"
#include "os.h"
#include "policy.h"

static struct freelist freelist;

struct freelist *freelist_heap(void)
{
    return &freelist;
}

static void enter(void)
{
    lock_acquire(&freelist.lock);
}

static void leave(void)
{
#ifdef HEAPMARK_DEBUG
    /* Each time would make programs of a large heap unbearable. */
    enum { CHECK_EVERY = 1024 };
    static unsigned operations;
    if (++operations % CHECK_EVERY == 0)
        freelist_check(&freelist);
#endif
    lock_release(&freelist.lock);
}

void free_insert(struct freelist *heap, struct block *block, size_t bytes)
{
    heap->free_blocks++;
    heap->free_bytes += bytes;
    policy.index->insert(heap, block, bytes);
}

void free_remove(struct freelist *heap, struct block *block)
{
    heap->free_blocks--;
    heap->free_bytes -= block_bytes(block);
    policy.index->remove(heap, block);
}

void free_replace(struct freelist *heap, struct block *old, struct block *block, size_t bytes)
{
    heap->free_bytes += bytes - block_bytes(old);
    policy.index->replace(heap, old, block, bytes);
}

static bool is_mapped(const struct block *block)
{
    return (block_header(block) & BLOCK_MAPPED) && block_is_genuine(block);
}

/* Whether `block` may be the start of a block: a wild size must not lead out of the heap. */
static bool is_inside(const struct block *block)
{
    return (uintptr_t)block > freelist.base && (uintptr_t)block < freelist.top->end;
}

static bool next_is_sound(const struct block *next)
{
    if (block_is_used(next))
        return block_is_genuine(next);
    return is_inside(block_next(next)) && block_previous(block_next(next)) == next;
}

static bool previous_is_sound(const struct block *block)
{
    if (block_previous_is_used(block))
        return true;
    const struct block *previous = block_previous(block);
    return is_inside(previous) && !block_is_used(previous) && block_next(previous) == block;
}

/* Nothing has been changed yet: a handler of SIGABRT that allocates finds a heap that works. */
static _Noreturn void leave_and_abort(const char *message)
{
    lock_release(&freelist.lock);
    os_abort(message);
}

/* Looks at a block given to us and at its neighbours before their tags are believed. */
static void check_block(const struct block *block)
{
    if (!block_is_genuine(block))
        leave_and_abort(
            block_is_used(block)
                ? "free or realloc of what is no block, or of one with an overwritten header"
                : "free or realloc of a block that is free already");
    if (!next_is_sound(block_next(block)))
        leave_and_abort(
            "heap damage: the block behind the one given to free or realloc is overwritten");
    if (!previous_is_sound(block))
        leave_and_abort(
            "heap damage: the block before the one given to free or realloc is overwritten");
}

/* Cuts `bytes` from the low end of a free block, or takes all of it. */
static void free_block_take(struct block *block, size_t bytes)
{
    size_t rest_bytes = block_bytes(block) - bytes;

    if (rest_bytes >= BLOCK_MIN_BYTES) {
        free_replace(&freelist, block, block_at(block, bytes), rest_bytes);
        return;
    }
    free_remove(&freelist, block);
    block_set_previous_used(block_next(block), true);
}

/* How much of a free block a request for `bytes` gets: no remainder too small to stand alone. */
static size_t taken_bytes(const struct block *block, size_t bytes)
{
    size_t have_bytes = block_bytes(block);
    return have_bytes - bytes < BLOCK_MIN_BYTES ? have_bytes : bytes;
}

static struct block *block_allocate(size_t bytes)
{
    /* The indexes count units in 32 bits, and the heap spans no more. */
    if (bytes / BLOCK_UNIT_BYTES > BLOCK_UNITS_MOST)
        return NULL;
    struct block *block = policy.find(&freelist, bytes);
    if (block == NULL)
        block = region_grow(&freelist, bytes);
    if (block == NULL)
        return NULL;
    size_t used_bytes = taken_bytes(block, bytes);
    free_block_take(block, bytes);
    block_set_used(block, used_bytes, BLOCK_PREVIOUS_USED);
    freelist.rover = (uintptr_t)block + used_bytes;
    return block;
}

/* Frees a used block and joins it with its free neighbours. */
static void block_release(struct block *block)
{
    struct block *next = block_next(block);
    size_t bytes = block_bytes(block);
    bool next_is_free = !block_is_used(next);

    if (next_is_free)
        bytes += block_bytes(next);
    if (!block_previous_is_used(block)) {
        struct block *previous = block_previous(block);
        if (next_is_free)
            free_remove(&freelist, next);
        /* It is inside another now: a second free of it must not find a header. */
        atomic_store_explicit(&block->header, 0, memory_order_relaxed);
        bytes += block_bytes(previous);
        free_replace(&freelist, previous, previous, bytes);
        block = previous;
    } else if (next_is_free) {
        free_replace(&freelist, next, block, bytes);
    } else {
        free_insert(&freelist, block, bytes);
    }
    block_set_previous_used(block_next(block), false);
    /* Next fit goes on at a block's start; this one may have swallowed it. */
    if (freelist.rover - (uintptr_t)block < bytes)
        freelist.rover = (uintptr_t)block;
    region_shrink_if_large(&freelist, block);
}

static uint64_t previous_flag(const struct block *block)
{
    return block_header(block) & BLOCK_PREVIOUS_USED;
}

/* Gives back what a used block has beyond `bytes`, if that makes a block. */
static void block_shrink(struct block *block, size_t bytes)
{
    size_t rest_bytes = block_bytes(block) - bytes;

    if (rest_bytes < BLOCK_MIN_BYTES)
        return;
    block_set_used(block, bytes, previous_flag(block));
    struct block *rest = block_at(block, bytes);
    block_set_used(rest, rest_bytes, BLOCK_PREVIOUS_USED);
    block_release(rest);
}

/* Grows a used block into the free one behind it, which the top of the heap can always be. */
static bool block_grow(struct block *block, size_t bytes)
{
    struct block *next = block_next(block);
    struct block *marker = region_end_marker(freelist.top);
    size_t more_bytes = bytes - block_bytes(block);

    if (next == marker || (!block_is_used(next) && block_next(next) == marker)) {
        bool fits = next != marker && block_bytes(next) >= more_bytes;
        /* Another region may have come into being instead. */
        if (!fits && region_grow(&freelist, more_bytes) != next)
            return false;
    }
    if (block_is_used(next) || block_bytes(next) < more_bytes)
        return false;
    size_t taken = taken_bytes(next, more_bytes);
    free_block_take(next, more_bytes);
    block_set_used(block, block_bytes(block) + taken, previous_flag(block));
    return true;
}

/* Cuts a used block so that its payload stands at a multiple of `alignment`; what is cut off in
 * front is freed. */
static struct block *block_align(struct block *block, size_t alignment)
{
    uintptr_t payload = (uintptr_t)block_payload(block);
    size_t lead_bytes = heap_round_up(payload, alignment) - payload;

    if (lead_bytes == 0)
        return block;
    if (lead_bytes < BLOCK_MIN_BYTES)
        lead_bytes += alignment;
    struct block *aligned = block_at(block, lead_bytes);
    block_set_used(aligned, block_bytes(block) - lead_bytes, BLOCK_PREVIOUS_USED);
    block_set_used(block, lead_bytes, previous_flag(block));
    block_release(block);
    return aligned;
}

static void *heap_part_allocate(size_t bytes, size_t alignment)
{
    size_t needed_bytes = block_bytes_for(bytes);
    /* Room to leave a whole block in front of an aligned one. */
    size_t slack_bytes = alignment > HEAP_ALIGNMENT ? alignment + BLOCK_MIN_BYTES : 0;

    enter();
    struct block *block = block_allocate(needed_bytes + slack_bytes);
    if (block != NULL && slack_bytes != 0) {
        block = block_align(block, alignment);
        block_shrink(block, needed_bytes);
    }
    leave();
    return block == NULL ? NULL : block_payload(block);
}

static void *mapped_part_allocate(size_t bytes, size_t alignment)
{
    return mapped_allocate(&freelist.mapped, &freelist.lock, bytes, alignment);
}

/* Each kind of memory stands in for the other when that has run out: a limit on one need not be
 * a limit on both, and another user of sbrk may block the break. */
static void *allocate(size_t bytes, size_t alignment)
{
    void *payload;

    if (bytes + alignment < FREELIST_MAP_BYTES + HEAP_ALIGNMENT) {
        payload = heap_part_allocate(bytes, alignment);
        return payload != NULL ? payload : mapped_part_allocate(bytes, alignment);
    }
    payload = mapped_part_allocate(bytes, alignment);
    return payload != NULL ? payload : heap_part_allocate(bytes, alignment);
}

void *heap_allocate(size_t bytes)
{
    return allocate(bytes, HEAP_ALIGNMENT);
}

void *heap_allocate_aligned(size_t bytes, size_t alignment)
{
    return allocate(bytes, alignment);
}

void *heap_allocate_zeroed(size_t bytes)
{
    void *payload = heap_allocate(bytes);

    if (payload == NULL || is_mapped(block_of_payload(payload)))
        return payload;
    return memset(payload, 0, bytes);
}

void heap_release(void *payload)
{
    struct block *block = block_of_payload(payload);

    if ((uintptr_t)payload % HEAP_ALIGNMENT != 0)
        os_abort("free of a pointer that malloc never returned");
    if (is_mapped(block)) {
        mapped_release(&freelist.mapped, &freelist.lock, payload);
        return;
    }
    enter();
    check_block(block);
    block_release(block);
    leave();
}

/* True when the block could be made `bytes` long where it is. */
static bool resize_in_place(struct block *block, size_t bytes)
{
    size_t needed_bytes = block_bytes_for(bytes);
    bool done = true;

    enter();
    check_block(block);
    if (needed_bytes <= block_bytes(block))
        block_shrink(block, needed_bytes);
    else
        done = bytes < FREELIST_MAP_BYTES && block_grow(block, needed_bytes);
    leave();
    return done;
}

static void *resize_by_copy(void *payload, size_t bytes)
{
    size_t old_bytes = heap_usable_bytes(payload);
    void *moved = heap_allocate(bytes);

    if (moved == NULL)
        return NULL;
    memcpy(moved, payload, old_bytes < bytes ? old_bytes : bytes);
    heap_release(payload);
    return moved;
}

void *heap_resize(void *payload, size_t bytes)
{
    struct block *block = block_of_payload(payload);

    if ((uintptr_t)payload % HEAP_ALIGNMENT != 0)
        os_abort("realloc of a pointer that malloc never returned");
    if (!is_mapped(block))
        return resize_in_place(block, bytes) ? payload : resize_by_copy(payload, bytes);

    void *moved = NULL;
    /* Half the border, so that a size that swings about it does not move each time. */
    if (bytes < FREELIST_MAP_BYTES / 2)
        moved = resize_by_copy(payload, bytes);
    if (moved == NULL)
        moved = mapped_resize(&freelist.mapped, &freelist.lock, payload, bytes);
    return moved != NULL ? moved : resize_by_copy(payload, bytes);
}

size_t heap_usable_bytes(const void *payload)
{
    const struct block *block = block_of_payload(payload);

    if (is_mapped(block))
        return mapped_usable_bytes(payload);
    return block_bytes(block) - BLOCK_HEADER_BYTES;
}

bool heap_trim(size_t keep_bytes)
{
    enter();
    bool given = region_shrink(&freelist, keep_bytes);
    leave();
    return given;
}

struct heap_statistics heap_statistics(void)
{
    enter();
    const struct block *top = region_top_block(&freelist);
    struct heap_statistics statistics = {
        .system_bytes = freelist.system_bytes,
        .free_bytes = freelist.free_bytes,
        .free_blocks = freelist.free_blocks,
        .top_bytes = top == NULL ? 0 : block_bytes(top),
        .mapped_bytes = freelist.mapped.bytes,
        .mapped_blocks = freelist.mapped.count,
    };
    leave();
    return statistics;
}

struct lock *const heap_locks[] = {&freelist.lock, NULL};

void heap_after_fork(void)
{
}
