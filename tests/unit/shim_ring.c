/* An allocator that costs as little as one can: blocks from a ring of memory that is written over
 * when it is through. It shows what the replayer and the workloads themselves cost. RING_BYTES of
 * the environment makes the ring turn earlier, so that it stays in a cache. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { RINGS = 4, RING_BYTES = 8 << 20, HEADER_BYTES = 16, ALIGNMENT = 16 };

static unsigned char memory[RINGS][RING_BYTES] __attribute__((aligned(4096)));
static unsigned threads;
static size_t turn_bytes = RING_BYTES;
static _Thread_local unsigned char *ring;
static _Thread_local size_t used;

EXPORT void *malloc(size_t bytes);
EXPORT void free(void *block);
EXPORT void *calloc(size_t count, size_t bytes);
EXPORT void *realloc(void *block, size_t bytes);
EXPORT void *aligned_alloc(size_t alignment, size_t bytes);
EXPORT void *memalign(size_t alignment, size_t bytes);
EXPORT int posix_memalign(void **block, size_t alignment, size_t bytes);
EXPORT size_t malloc_usable_size(void *block);

__attribute__((constructor)) static void read_size(void)
{
    const char *text = getenv("RING_BYTES");
    size_t bytes = text != NULL ? strtoul(text, NULL, 10) : 0;
    if (bytes > 0 && bytes < RING_BYTES / 2)
        turn_bytes = bytes;
}

static void *take(size_t alignment, size_t bytes)
{
    if (bytes > RING_BYTES / 2 || alignment > 4096)
        return NULL;
    if (ring == NULL)
        ring = memory[__atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED) % RINGS];
    size_t at = (used + HEADER_BYTES + alignment - 1) & ~(alignment - 1);
    if (at + bytes > turn_bytes)
        at = alignment > HEADER_BYTES ? alignment : HEADER_BYTES;
    used = at + bytes;
    memcpy(ring + at - sizeof bytes, &bytes, sizeof bytes);
    return ring + at;
}

void *malloc(size_t bytes)
{
    return take(ALIGNMENT, bytes);
}

void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t bytes)
{
    void *block = malloc(count * bytes);
    return block != NULL ? memset(block, 0, count * bytes) : NULL;
}

void *realloc(void *block, size_t bytes)
{
    void *moved = malloc(bytes);
    size_t old = block != NULL ? malloc_usable_size(block) : 0;
    if (moved != NULL && block != NULL)
        memmove(moved, block, old < bytes ? old : bytes);
    return moved;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return take(alignment > ALIGNMENT ? alignment : ALIGNMENT, bytes);
}

void *memalign(size_t alignment, size_t bytes)
{
    return aligned_alloc(alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    *block = aligned_alloc(alignment, bytes);
    return *block != NULL ? 0 : ENOMEM;
}

size_t malloc_usable_size(void *block)
{
    size_t bytes;
    memcpy(&bytes, (unsigned char *)block - sizeof bytes, sizeof bytes);
    return bytes;
}
