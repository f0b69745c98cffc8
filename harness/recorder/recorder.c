/*
 * The preloaded recorder: the malloc family, each function calling the next definition of itself
 * and recording the call.
 *
 * A call that gives a block away is recorded before it is made, one that yields a block after:
 * then no other thread can record the same address in between. The recorder never allocates.
 */
#include "meeting.h"
#include "next.h"
#include "system.h"
#include "writer.h"

#include <malloc.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))
#define COLD   __attribute__((noinline, cold))

/* A program that never allocates is met, too. */
__attribute__((constructor)) static void start(void)
{
    int error = errno;
    uint64_t mask = system_block_signals();
    writer_believe_libc();
    next_find();
    if (meeting_hold())
        meeting_name_allocator();
    system_restore_signals(mask);
    errno = error;
}

static COLD void record_failure(uint64_t head, uint64_t size, int error)
{
    writer_record_bare(head | UINT64_C(1) << RING_FAILED_SHIFT | (unsigned)error, size);
}

ALWAYS_INLINE void *record_block(uint64_t head, void *block, size_t size)
{
    if (likely(block != NULL))
        writer_record(head, block, size);
    else
        record_failure(head, size, errno);
    return block;
}

static uint64_t alignment_log2(size_t alignment)
{
    if (alignment == 0)
        return 0;
    return (alignment & (alignment - 1)) != 0 ? RING_ALIGNMENT_ODD
                                              : (uint64_t)__builtin_ctzll(alignment);
}

static COLD void *record_aligned(uint64_t kind, void *block, size_t alignment, size_t size)
{
    return record_block(writer_head(kind, alignment_log2(alignment)), block, size);
}

EXPORT void *malloc(size_t size)
{
    return record_block(writer_head(TRACE_MALLOC, 0), next.malloc(size), size);
}

/* Returns whether there is something to free for the next definition. */
ALWAYS_INLINE bool record_free(void *block)
{
    if (unlikely(next_is_in_arena(block)))
        return false;
    writer_record(writer_head(TRACE_FREE, 0), block, 0);
    return true;
}

EXPORT void free(void *block)
{
    if (likely(record_free(block)))
        next.free(block);
}

/* In glibc for programs linked long ago. */
EXPORT void cfree(void *block);
EXPORT void cfree(void *block)
{
    free(block);
}

/* C23 */
EXPORT void free_sized(void *block, size_t size);
EXPORT void free_sized(void *block, size_t size)
{
    if (!record_free(block))
        return;
    if (next.free_sized != NULL)
        next.free_sized(block, size);
    else
        next.free(block);
}

EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size);
EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
    if (!record_free(block))
        return;
    if (next.free_aligned_sized != NULL)
        next.free_aligned_sized(block, alignment, size);
    else
        next.free(block);
}

static inline size_t product(size_t count, size_t size)
{
    size_t bytes;
    return unlikely(__builtin_mul_overflow(count, size, &bytes)) ? SIZE_MAX : bytes;
}

EXPORT void *calloc(size_t count, size_t size)
{
    void *block = next.calloc(count, size);
    if (unlikely(next_is_in_arena(block)))
        return block;
    return record_block(writer_head(TRACE_CALLOC, 0), block, product(count, size));
}

ALWAYS_INLINE void record_resize_begin(const void *block)
{
    writer_record(writer_head(TRACE_REALLOC_BEGIN, 0), block, 0);
}

ALWAYS_INLINE void *record_resize(uint64_t kind, void *old, void *block, size_t size)
{
    /* Not a failure: the block was freed. */
    if (unlikely(block == NULL) && size == 0 && old != NULL)
        writer_record_bare(writer_head(kind, 0), 0);
    else
        record_block(writer_head(kind, 0), block, size);
    return block;
}

static COLD void *resize_arena_block(uint64_t kind, void *block, size_t size)
{
    record_resize_begin(NULL);
    return record_resize(kind, NULL, next_leave_arena(block, size), size);
}

EXPORT void *realloc(void *block, size_t size)
{
    if (unlikely(next_is_in_arena(block)))
        return resize_arena_block(TRACE_REALLOC, block, size);
    record_resize_begin(block);
    return record_resize(TRACE_REALLOC, block, next.realloc(block, size), size);
}

/* Made of realloc, as everywhere. */
static void *resize_array(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (!__builtin_mul_overflow(count, size, &bytes))
        return next.realloc(block, bytes);
    errno = ENOMEM;
    return NULL;
}

EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes = product(count, size);
    if (unlikely(next_is_in_arena(block)))
        return resize_arena_block(TRACE_REALLOCARRAY, block, bytes);
    record_resize_begin(block);
    return record_resize(TRACE_REALLOCARRAY, block, resize_array(block, count, size), bytes);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    return record_aligned(TRACE_MEMALIGN, next.memalign(alignment, size), alignment, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return record_aligned(TRACE_ALIGNED_ALLOC, next.aligned_alloc(alignment, size), alignment,
                          size);
}

EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
    int error = next.posix_memalign(block, alignment, size);
    uint64_t head = writer_head(TRACE_POSIX_MEMALIGN, alignment_log2(alignment));
    if (error == 0 && *block != NULL)
        writer_record(head, *block, size);
    else
        record_failure(head, size, error);
    return error;
}

EXPORT void *valloc(size_t size)
{
    return record_aligned(TRACE_VALLOC, next.valloc(size), (size_t)sysconf(_SC_PAGESIZE), size);
}

EXPORT void *pvalloc(size_t size)
{
    return record_aligned(TRACE_PVALLOC, next.pvalloc(size), (size_t)sysconf(_SC_PAGESIZE), size);
}
