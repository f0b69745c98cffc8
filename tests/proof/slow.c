/*
 * glibc's malloc, made slower by a known amount: every EVERY-th call that allocates first turns
 * PROOF_TURNS times round an empty loop. Libraries of different PROOF_TURNS differ in that one
 * number and in nothing else, so no layout moves between them; the base of a comparison is the
 * same library with 0.
 *
 * The fences keep the loop from running beside the memory accesses around it, so that it
 * adds its whole time; they stand in the base, too.
 */
#include <stddef.h>

#ifndef PROOF_TURNS
#error "compile with -DPROOF_TURNS=N"
#endif

enum { EVERY = 64 };
#define EXPORTED __attribute__((visibility("default")))

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *block);

/* Volatile: or the compiler would make other code of another number. */
static const volatile unsigned turns = PROOF_TURNS;
static _Thread_local unsigned calls;

#if defined(__x86_64__)
#define FENCE "lfence"
#elif defined(__aarch64__)
#define FENCE "isb"
#else
#define FENCE ""
#endif

static void slow_down(void)
{
    if (++calls % EVERY != 0)
        return;
    __asm__ volatile(FENCE ::: "memory");
    for (unsigned left = turns; left > 0; left--)
        __asm__ volatile("" : "+r"(left));
    __asm__ volatile(FENCE ::: "memory");
}

EXPORTED void *malloc(size_t bytes)
{
    slow_down();
    return __libc_malloc(bytes);
}

EXPORTED void *calloc(size_t count, size_t bytes)
{
    slow_down();
    return __libc_calloc(count, bytes);
}

EXPORTED void *realloc(void *block, size_t bytes)
{
    slow_down();
    return __libc_realloc(block, bytes);
}

EXPORTED void *memalign(size_t alignment, size_t bytes)
{
    slow_down();
    return __libc_memalign(alignment, bytes);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t bytes)
{
    slow_down();
    return __libc_memalign(alignment, bytes);
}

EXPORTED void free(void *block)
{
    __libc_free(block);
}
