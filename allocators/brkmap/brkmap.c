/*
 * brkmap: the fast allocator over sbrk and mmap. README.md has the design; this file has the ways
 * in: malloc and free as programs call them, and heap.h for all else.
 *
 * Small blocks come from the thread's heap (thread_heap.h), large ones are runs of slices of the
 * region (region.h), huge ones mappings of their own (huge.h).
 */
#include <string.h>

#include "entry.h"
#include "heap.h"
#include "huge.h"
#include "os.h"
#include "region.h"
#include "span_table.h"
#include "thread_heap.h"

/* From the start of a cache line on: 0.3 ns of 0.7 that a pair costs above two empty calls. */
#define PUBLIC_HOT     __attribute__((visibility("default"), aligned(64)))
#define likely(test)   __builtin_expect(!!(test), 1)
#define unlikely(test) __builtin_expect(!!(test), 0)

#define LARGE_BYTES_MAX (REGION_RUN_MAX * SLICE_BYTES)
/* Larger blocks are mappings of their own; hardened, more of them, since these fault where they end
 * and when they are gone. */
#define RUN_BYTES_MAX (HARDENED ? (size_t)128 << 10 : LARGE_BYTES_MAX)
/* What of the largest small block is the program's. */
#define SMALL_ROOM_MAX (SMALL_BYTES_MAX - BLOCK_OWN_BYTES)
/* Granule of what may be used of a large block: what is behind it was never touched for it. */
#define LARGE_GRANULE ((size_t)4096)

/* Copied and cleared without a call, in units of 16 bytes, as all blocks are but for hardened ones'
 * seals. */
#define IN_UNITS_MAX (HARDENED ? 0 : (size_t)64)

static unsigned slices_for(size_t bytes)
{
    return (unsigned)((bytes + SLICE_BYTES - 1) / SLICE_BYTES);
}

static void large_set_bytes(struct span *span, size_t bytes)
{
    span->large_bytes = (uint32_t)(HARDENED ? bytes : heap_round_up(bytes, LARGE_GRANULE));
    if (HARDENED)
        seal_run(span);
}

static void *large_allocate(size_t bytes, size_t alignment, bool *zeroed)
{
    struct span *span = thread_heap_take(slices_for(bytes + BLOCK_OWN_BYTES), alignment, zeroed);
    if (span == NULL)
        return NULL;
    span->free = NULL;
    span_set_heap(span, NULL);
    span->size_class = SPAN_LARGE;
    large_set_bytes(span, bytes);
    return span->start;
}

static void *small_allocate(size_t bytes)
{
    unsigned size_class = size_class_of(bytes + BLOCK_OWN_BYTES);
    struct heap_of_thread *heap = thread_cache.heap;
    if (unlikely(heap == NULL) && (heap = thread_heap()) == NULL)
        return NULL;
    struct span *span = heap->current[size_class];
    void *block = span->free != NULL ? span_pop(span) : thread_heap_refill(heap, size_class);
    if (HARDENED && block == NULL && block_delay_end(heap))
        block = thread_heap_refill(heap, size_class);
    if (HARDENED && block != NULL)
        seal_live(heap->current[size_class], block, bytes);
    return block;
}

/* A block above SMALL_ROOM_MAX, or more aligned than small ones are. */
static void *big_allocate(size_t bytes, size_t alignment, bool *zeroed)
{
    void *payload = NULL;

    if (bytes == 0)
        bytes = 1;
    if (bytes > RUN_BYTES_MAX)
        payload = huge_allocate(bytes, alignment, zeroed);
    if (payload == NULL && bytes <= LARGE_BYTES_MAX - BLOCK_OWN_BYTES &&
        alignment <= LARGE_BYTES_MAX / 2)
        payload = large_allocate(bytes, alignment, zeroed);
    /* Also when the break and its chunks are at an end: a mapping may still be had. */
    if (payload == NULL && bytes <= RUN_BYTES_MAX)
        payload = huge_allocate(bytes, alignment, zeroed);
    /* Memory that has been small blocks is full of their marks. realloc could carry one off, and
     * back to its own place when there is a small block again, which would then seem to be free. */
    if (!HARDENED && payload != NULL && !*zeroed)
        ((struct free_block *)payload)->mark = 0;
    return payload;
}

static void *allocate(size_t bytes, bool *zeroed)
{
    void *payload = HARDENED && bytes == 0 ? huge_allocate(0, HEAP_ALIGNMENT, zeroed) : NULL;
    *zeroed = HARDENED;
    if (payload == NULL && bytes <= SMALL_ROOM_MAX)
        payload = small_allocate(bytes);
    return payload != NULL ? payload : big_allocate(bytes, HEAP_ALIGNMENT, zeroed);
}

void *heap_allocate(size_t bytes)
{
    bool zeroed;
    return allocate(bytes, &zeroed);
}

/* malloc's fast path; NULL when it takes longer. */
static inline void *allocate_at_once(size_t bytes)
{
    if (unlikely(bytes > DIRECT_BYTES_MAX - BLOCK_OWN_BYTES || (HARDENED && bytes == 0)))
        return NULL;
    struct span *span = thread_cache.direct[size_class_direct(bytes + BLOCK_OWN_BYTES)];
    if (unlikely(span->free == NULL))
        return NULL;
    void *block = span_pop(span);
    if (HARDENED)
        seal_live(span, block, bytes);
    return block;
}

static inline void *clear(char *payload, size_t bytes)
{
    if (bytes > IN_UNITS_MAX)
        return memset(payload, 0, bytes);
    for (size_t i = 0; i < bytes; i += HEAP_ALIGNMENT)
        memset(payload + i, 0, HEAP_ALIGNMENT);
    return payload;
}

void *heap_allocate_zeroed(size_t bytes)
{
    bool zeroed = HARDENED;
    void *payload = allocate_at_once(bytes);
    if (payload == NULL)
        payload = allocate(bytes, &zeroed);
    return payload != NULL && !zeroed ? clear(payload, bytes) : payload;
}

/* A small class whose blocks, a multiple of their size from a slice's border, are so aligned. */
static size_t aligned_small_bytes(size_t bytes, size_t alignment)
{
    bytes = heap_round_up((bytes == 0 ? 1 : bytes) + BLOCK_OWN_BYTES, alignment);
    for (; bytes <= SMALL_BYTES_MAX; bytes += alignment)
        if (size_class_bytes(size_class_of(bytes)) % alignment == 0)
            return bytes - BLOCK_OWN_BYTES;
    return 0;
}

void *heap_allocate_aligned(size_t bytes, size_t alignment)
{
    bool zeroed;
    size_t small_bytes = alignment <= SLICE_BYTES ? aligned_small_bytes(bytes, alignment) : 0;
    void *payload = small_bytes != 0 ? small_allocate(small_bytes) : NULL;
    return payload != NULL ? payload : big_allocate(bytes, alignment, &zeroed);
}

/* All that free() asks on its way; span_of() asks more. */
static inline bool is_own_block(const struct span *span, const void *payload)
{
    return likely(span_is_mine(span)) && likely(span_has_block(span, payload)) &&
           likely(HARDENED || !block_is_free(span, payload));
}

/* The span of a block that was handed out, or NULL for one without. Aborts on anything else. */
static struct span *span_of(const void *payload)
{
    struct span *span = span_table_get(payload);
    /* A span lies in the chunk of its blocks: another one would be of a slice far away. */
    if (span == &span_none || chunk_around(span) != chunk_around(payload)) {
        if (region_chunk_of(payload) == NULL)
            return NULL;
        span = span_around(payload);
    }
    if (span->size_class == SPAN_NONE)
        os_abort("free of a pointer into free memory: freed twice, or never allocated");
    if (span->size_class == SPAN_LARGE) {
        if (payload != span->start)
            os_abort("free of a pointer that is no block: it points into one");
        if (HARDENED)
            seal_check_run(span);
        return span;
    }
    if (!span_has_block_for_all(span, payload))
        os_abort("free of a pointer that is no block: it points into one, or past the last");
    /* Hardened, its seal is looked at anyway, later. */
    if (!HARDENED && block_is_free(span, payload))
        os_abort("free of a block that is free: freed twice");
    return span;
}

static void small_release(struct span *span, struct free_block *block)
{
    block_set_free(span, block);
    if (!span_is_mine(span)) {
        thread_heap_send(span, block);
        return;
    }
    if (HARDENED)
        block = block_delay(&span, block);
    if (block != NULL && span_put(span, block))
        thread_heap_attend(span);
}

/* `span` is what span_of() says. */
static void release(struct span *span, void *payload)
{
    if (span != NULL && span->size_class == SPAN_LARGE)
        region_give(span);
    else if (span != NULL)
        small_release(span, payload);
    else if (!huge_release(payload))
        os_abort("free of a pointer that malloc never returned, or that is free");
}

void heap_release(void *payload)
{
    release(span_of(payload), payload);
}

/* `span` may be NULL: a huge block. */
static size_t usable_bytes(const struct span *span, const void *payload)
{
    size_t bytes;

    if (span == NULL) {
        if (!huge_usable_bytes(payload, &bytes))
            os_abort("use of a pointer that malloc never returned, or that is free");
        return bytes;
    }
    return span->size_class == SPAN_LARGE ? span->large_bytes : block_bytes(span, payload);
}

size_t heap_usable_bytes(const void *payload)
{
    return usable_bytes(span_of(payload), payload);
}

static inline void copy(char *to, const char *from, size_t bytes)
{
    if (bytes > IN_UNITS_MAX)
        memcpy(to, from, bytes);
    else
        for (size_t i = 0; i < bytes; i += HEAP_ALIGNMENT)
            memcpy(to + i, from + i, HEAP_ALIGNMENT);
}

static void *resize_by_copy(struct span *span, void *payload, size_t old_bytes, size_t bytes)
{
    void *moved = allocate_at_once(bytes);
    /* What shrinks may stay. */
    if (moved == NULL && (moved = heap_allocate(bytes)) == NULL)
        return !HARDENED && bytes <= old_bytes ? payload : NULL;
    copy(moved, payload, old_bytes < bytes ? old_bytes : bytes);
    release(span, payload);
    return moved;
}

static void *large_resize(struct span *span, void *payload, size_t bytes)
{
    unsigned slices = slices_for(bytes + BLOCK_OWN_BYTES);

    if (slices == span->slices || region_resize(span, slices)) {
        large_set_bytes(span, bytes);
        return payload;
    }
    return resize_by_copy(span, payload, span->large_bytes, bytes);
}

void *heap_resize(void *payload, size_t bytes)
{
    struct span *span = span_table_get(payload);
    if (unlikely(!is_own_block(span, payload)))
        span = span_of(payload);
    size_t old_bytes = usable_bytes(span, payload);
    bool is_small = span != NULL && span->size_class != SPAN_LARGE;

    if (span == NULL && old_bytes > 0 && bytes > RUN_BYTES_MAX)
        return huge_resize(payload, bytes);
    if (span != NULL && !is_small && bytes > SMALL_BYTES_MAX && bytes <= LARGE_BYTES_MAX)
        return large_resize(span, payload, bytes);
    /* In place while half of it is used: shrinking further gives the memory back. */
    size_t room =
        HARDENED && is_small ? size_class_bytes(span->size_class) - BLOCK_OWN_BYTES : old_bytes;
    if (bytes > room || bytes < old_bytes / 2)
        return resize_by_copy(span, payload, old_bytes, bytes);
    if (HARDENED && is_small)
        seal_resize(span, payload, bytes);
    return payload;
}

bool heap_trim(size_t keep_bytes)
{
    bool any = HARDENED && thread_cache.heap != NULL && block_delay_end(thread_cache.heap);
    any |= huge_trim();
    if (thread_cache.heap != NULL)
        thread_heap_give_held(thread_cache.heap);
    return region_trim(keep_bytes) || any;
}

struct lock *const heap_locks[] = {&region_lock, &huge_lock, NULL};

/* ---- the fast paths: no call, no atomic read-modify-write, no lock -----------------------------
 */

PUBLIC_HOT void *HEAP_ENTRY(malloc)(size_t bytes)
{
    void *block = allocate_at_once(bytes);
    return unlikely(block == NULL) ? entry_malloc(bytes) : block;
}

PUBLIC_HOT void HEAP_ENTRY(free)(void *payload)
{
    struct span *span = span_table_get(payload);
    struct free_block *block = payload;

    if (unlikely(!is_own_block(span, payload))) {
        entry_free(payload);
        return;
    }
    block_set_free(span, block);
    if (HARDENED && (block = block_delay(&span, block)) == NULL)
        return;
    if (unlikely(span_put(span, block)))
        thread_heap_attend(span);
}
