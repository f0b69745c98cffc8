/*
 * The whole of the operating system that an in-house allocator sees.
 *
 * Every function leaves errno alone; failure is the return value. The break functions call
 * libc's sbrk, which is not thread-safe, so a caller holds its heap's lock around them.
 */
#ifndef HEAPMARK_OS_H
#define HEAPMARK_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes in a page of this machine. */
size_t os_page_bytes(void);

/* The break as it is now, whoever moved it last. NULL when it cannot be known. */
void *os_break_now(void);

/* Moves the break up by `bytes`. Returns the old break, which is the start of the new memory,
 * or NULL when the system refuses. Bytes past the first page border read as zero. */
void *os_break_grow(size_t bytes);

/* Moves the break down by `bytes`. The caller has just seen os_break_now() equal its own top. */
bool os_break_shrink(size_t bytes);

/* Fresh zeroed private memory, page-aligned; `bytes` is a multiple of the page. NULL on failure. */
void *os_map(size_t bytes);

/* The same at a multiple of `alignment`, a power of two. */
void *os_map_aligned(size_t bytes, size_t alignment);

/* Address space that faults when it is touched, page-aligned. NULL on failure. */
void *os_reserve(size_t bytes);

/* Whether pages may be touched: those around the bytes may, those within may not. False when the
 * system refuses: for want of memory, or when there are too many mappings. */
bool os_protect(void *address, size_t bytes, bool accessible);

/* Gives pages back. Where that fails (too many mappings) the addresses are lost, not the memory. */
void os_unmap(void *address, size_t bytes);

/* Resizes a mapping, moving it when it must. NULL on failure, and then nothing has changed. */
void *os_remap(void *address, size_t old_bytes, size_t new_bytes);

/* Moves the pages of one range of ours to another, mapped and ours as well, whose own are given up.
 * `from` is unmapped then. */
enum os_moved {
    OS_MOVED,
    OS_STAYED, /* `from` is several mappings: nothing was moved, `to` reads as zero */
    OS_BROKEN, /* neither range may be used from now on */
};
enum os_moved os_move(void *from, void *to, size_t bytes);

/* Gives the pages' memory back and keeps the addresses: they read as zero. False when the system
 * refuses (locked pages), and then nothing has changed. */
bool os_purge(void *address, size_t bytes);

/* So many random bytes, good as secrets, 16 at most. */
void os_random(void *bytes, size_t count);

/* How much of it is in memory; `address` is a page's. 0 where the system does not say. */
size_t os_resident_bytes(const void *address, size_t bytes);

/* Milliseconds of a clock that never goes back, good to some milliseconds and quick to read. */
uint64_t os_coarse_ms(void);

/* Lets some 50 us pass. */
void os_wait_briefly(void);

/* Writes "heapmark: MESSAGE" and a newline to stderr in one write(2) and aborts. The second time
 * no handler of SIGABRT is called. */
_Noreturn void os_abort(const char *message);

/* Invariants, checked in HEAPMARK_DEBUG builds only. */
#ifdef HEAPMARK_DEBUG
#define HEAP_ASSERT(condition) ((condition) ? (void)0 : os_abort("broken invariant: " #condition))
#else
#define HEAP_ASSERT(condition) ((void)sizeof(condition))
#endif

#endif
