/*
 * glibc's malloc, made to waste a known share of memory: every request is rounded up by
 * PROOF_PERCENT per cent. Libraries of different PROOF_PERCENT differ in that one number; the base
 * of a comparison is the same library with 0.
 *
 * What a request of a few bytes more takes depends on the size classes of glibc (16 bytes apart),
 * so the remainder is carried: requests grow by PROOF_PERCENT on average, in whole steps of 16
 * bytes.
 */
#include <stddef.h>

#ifndef PROOF_PERCENT
#error "compile with -DPROOF_PERCENT=N"
#endif

enum { STEP_BYTES = 16 };
#define EXPORTED __attribute__((visibility("default")))

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *block);

/* Volatile: or the compiler would make other code of another number. */
static const volatile size_t percent = PROOF_PERCENT;
static _Thread_local size_t owed; /* hundredths of a byte */

static size_t more(size_t bytes)
{
    owed += bytes * percent;
    size_t steps = owed / (100 * STEP_BYTES);
    owed -= steps * 100 * STEP_BYTES;
    return bytes + steps * STEP_BYTES;
}

EXPORTED void *malloc(size_t bytes)
{
    return __libc_malloc(more(bytes));
}

EXPORTED void *calloc(size_t count, size_t bytes)
{
    return count == 1 ? __libc_calloc(1, more(bytes)) : __libc_calloc(count, bytes);
}

EXPORTED void *realloc(void *block, size_t bytes)
{
    return __libc_realloc(block, bytes > 0 ? more(bytes) : 0);
}

EXPORTED void *memalign(size_t alignment, size_t bytes)
{
    return __libc_memalign(alignment, more(bytes));
}

EXPORTED void *aligned_alloc(size_t alignment, size_t bytes)
{
    return __libc_memalign(alignment, more(bytes));
}

EXPORTED void free(void *block)
{
    __libc_free(block);
}
