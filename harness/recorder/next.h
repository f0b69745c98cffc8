/*
 * The definitions that the program would have called: the next after ours in the order in which
 * the dynamic linker searches.
 */
#ifndef HEAPMARK_NEXT_H
#define HEAPMARK_NEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Every entry can be called from the first: until they are known, they lead to functions that
 * find them. free_sized and free_aligned_sized may be NULL. No reallocarray: glibc's calls realloc
 * as a program would, and would be recorded twice. */
struct next {
    void *(*malloc)(size_t);
    void (*free)(void *);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    void (*free_sized)(void *, size_t);
    void (*free_aligned_sized)(void *, size_t, size_t);
};
extern struct next next;

/* The path of the object that next.malloc lies in; NULL when that cannot be told, as before the
 * dynamic linker has initialised the first object. */
const char *next_allocator(void);

/* Fills in `next`. Returns false to a call that dlsym itself makes meanwhile. */
bool next_find(void);

/* Whether the function lies in the same object as next.malloc. */
bool next_is_in_allocator(const void *function);

/* The blocks that calls made by dlsym get: never given back, never recorded. */
enum { NEXT_ARENA_BYTES = 16384 };
extern unsigned char next_arena[NEXT_ARENA_BYTES];
extern _Atomic size_t next_arena_used;

static inline bool next_is_in_arena(const void *block)
{
    /* Hardly ever is there one. */
    return __builtin_expect(atomic_load_explicit(&next_arena_used, memory_order_relaxed) != 0, 0) &&
           (uintptr_t)block - (uintptr_t)next_arena < NEXT_ARENA_BYTES;
}
/* realloc of such a block. */
void *next_leave_arena(void *block, size_t size);

#pragma GCC visibility pop

#endif
