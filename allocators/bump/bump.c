/*
 * bump: sbrk and a pointer, free does nothing. The floor of cost and the ceiling of waste.
 *
 * Each thread moves a pointer of its own through a piece of memory taken from the break, so that
 * an allocation costs no atomic instruction; a thread alone in its process gets pieces that join,
 * which makes its heap one plain row of blocks. In front of every payload stand 8 bytes that hold
 * its usable size. Invariant: memory at and after a thread's cursor has never been handed out and
 * reads as zero, so calloc clears nothing.
 */
#include <stdint.h>
#include <string.h>

#include "heap.h"
#include "lock.h"
#include "os.h"

#define HEADER_BYTES ((size_t)8)
/* What a thread takes from the break at a time, to pay for the system call. */
#define PIECE_BYTES ((size_t)256 << 10)

_Static_assert(sizeof(size_t) == HEADER_BYTES, "a header holds a size");
_Static_assert(HEAP_ALIGNMENT % HEADER_BYTES == 0, "headers stand right before payloads");

/* The piece of this thread: cursor is where the next header goes, HEADER_BYTES below a multiple
 * of HEAP_ALIGNMENT. Both 0 before the first piece. */
static _Thread_local struct {
    uintptr_t cursor;
    uintptr_t limit;
} piece;

/* The lock guards the rest, and libc's sbrk. */
static struct {
    struct lock lock;
    uintptr_t top;       /* where our last piece ends */
    size_t system_bytes; /* taken from the break in all */
} bump;

static size_t *header_of(const void *payload)
{
    return (size_t *)((uintptr_t)payload - HEADER_BYTES);
}

/* Bytes from one header to the next. */
static size_t stride_of(size_t bytes)
{
    return heap_round_up(bytes + HEADER_BYTES, HEAP_ALIGNMENT);
}

/* Grows the break by `bytes` from a page border to a page border, wherever it stands: another
 * user of sbrk may have left it anywhere, and dirt behind it up to the page's end. Called with
 * the lock held; returns the start, or 0. */
static uintptr_t break_take(size_t bytes)
{
    size_t page_bytes = os_page_bytes();

    bytes = heap_round_up(bytes, page_bytes);
    for (;;) {
        uintptr_t now = (uintptr_t)os_break_now();
        if (now < bump.top)
            os_abort("another user of sbrk has moved the break below the heap's top");
        size_t skew_bytes = heap_round_up(now, page_bytes) - now;
        uintptr_t start = (uintptr_t)os_break_grow(skew_bytes + bytes);
        if (start == 0)
            return 0;
        bump.system_bytes += skew_bytes + bytes;
        bump.top = start + skew_bytes + bytes;
        if (start == now)
            return start + skew_bytes;
        /* Somebody moved the break in between, and the skew is wrong: lost, try again. */
    }
}

/* Makes room for `bytes` at the cursor, in a new piece when the old one cannot grow in place. */
static bool piece_refill(size_t bytes)
{
    /* Room to put the cursor HEADER_BYTES below an aligned payload. */
    size_t least_bytes = bytes + HEAP_ALIGNMENT;

    lock_acquire(&bump.lock);
    uintptr_t start = break_take(least_bytes + PIECE_BYTES);
    if (start == 0)
        start = break_take(least_bytes);
    uintptr_t end = bump.top;
    lock_release(&bump.lock);

    if (start == 0)
        return false;
    if (start != piece.limit)
        piece.cursor = start + HEAP_ALIGNMENT - HEADER_BYTES;
    piece.limit = end;
    return true;
}

static bool piece_has_room(size_t bytes)
{
    return piece.limit - piece.cursor >= bytes;
}

void *heap_allocate(size_t bytes)
{
    size_t stride_bytes = stride_of(bytes);

    if (__builtin_expect(!piece_has_room(stride_bytes), 0) && !piece_refill(stride_bytes))
        return NULL;
    uintptr_t header = piece.cursor;
    piece.cursor = header + stride_bytes;
    *(size_t *)header = stride_bytes - HEADER_BYTES;
    return (void *)(header + HEADER_BYTES);
}

void *heap_allocate_zeroed(size_t bytes)
{
    return heap_allocate(bytes);
}

void *heap_allocate_aligned(size_t bytes, size_t alignment)
{
    size_t stride_bytes = stride_of(bytes);

    if (!piece_has_room(stride_bytes + alignment) && !piece_refill(stride_bytes + alignment))
        return NULL;
    uintptr_t payload = heap_round_up(piece.cursor + HEADER_BYTES, alignment);
    piece.cursor = payload - HEADER_BYTES + stride_bytes;
    *header_of((void *)payload) = stride_bytes - HEADER_BYTES;
    return (void *)payload;
}

void heap_release(void *payload)
{
    (void)payload;
}

/* Grows the last block of this thread's piece where it is. */
static bool grow_in_place(void *payload, size_t bytes)
{
    size_t *header = header_of(payload);
    size_t more_bytes = stride_of(bytes) - HEADER_BYTES - *header;
    uintptr_t end = (uintptr_t)payload + *header;

    if (end != piece.cursor)
        return false;
    if (!piece_has_room(more_bytes)) {
        /* A piece that does not join leaves the block where it is no longer the last. */
        if (!piece_refill(more_bytes) || end != piece.cursor)
            return false;
    }
    piece.cursor += more_bytes;
    *header += more_bytes;
    return true;
}

void *heap_resize(void *payload, size_t bytes)
{
    size_t old_bytes = heap_usable_bytes(payload);

    if (bytes <= old_bytes || grow_in_place(payload, bytes))
        return payload;
    void *moved = heap_allocate(bytes);
    return moved == NULL ? NULL : memcpy(moved, payload, old_bytes);
}

size_t heap_usable_bytes(const void *payload)
{
    return *header_of(payload);
}

bool heap_trim(size_t keep_bytes)
{
    (void)keep_bytes;
    return false;
}

struct heap_statistics heap_statistics(void)
{
    lock_acquire(&bump.lock);
    struct heap_statistics statistics = {.system_bytes = bump.system_bytes};
    lock_release(&bump.lock);
    return statistics;
}

struct lock *const heap_locks[] = {&bump.lock, NULL};

void heap_after_fork(void)
{
}
