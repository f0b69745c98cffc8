/* An allocator with a bug: now and then it writes into a block that it has given out. It never
 * reuses memory, so the write does no other harm. CORRUPT_AFTER: number of the first bad call. */
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORTED __attribute__((visibility("default")))

enum { HEADER_BYTES = 16, RECENT = 64, PERIOD = 16 };
static const size_t arena_bytes = (size_t)8 << 30;

static _Atomic uintptr_t top;
static atomic_ulong calls;
static unsigned char *_Atomic recent[RECENT];

static unsigned long corrupt_after(void)
{
    const char *text = getenv("CORRUPT_AFTER");
    return text != NULL ? strtoul(text, NULL, 10) : 0;
}

EXPORTED void *malloc(size_t bytes)
{
    if (atomic_load(&top) == 0) {
        uintptr_t none = 0;
        void *arena = mmap(NULL, arena_bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        atomic_compare_exchange_strong(&top, &none, (uintptr_t)arena);
    }
    size_t whole = (bytes + HEADER_BYTES + 15) & ~(size_t)15;
    unsigned char *block = (unsigned char *)atomic_fetch_add(&top, whole) + HEADER_BYTES;
    unsigned long call = atomic_fetch_add(&calls, 1);
    memcpy(block - HEADER_BYTES, &bytes, sizeof bytes);
    atomic_store(&recent[call % RECENT], block);
    /* One of the last blocks, now a nearer, now a farther one: some are still in use. */
    unsigned long back = call / PERIOD % (RECENT - 1) + 1;
    unsigned char *victim = atomic_load(&recent[(call + RECENT - back) % RECENT]);
    if (call >= corrupt_after() && call % PERIOD == 0 && victim != NULL)
        victim[0] ^= 0x55;
    return block;
}

/* It aligns nothing, either. */
EXPORTED void *memalign(size_t alignment, size_t bytes)
{
    (void)alignment;
    return malloc(bytes);
}

EXPORTED void free(void *block)
{
    (void)block;
}

EXPORTED void *calloc(size_t count, size_t bytes)
{
    return malloc(count * bytes); /* the arena is zero and never reused */
}

EXPORTED void *realloc(void *block, size_t bytes)
{
    size_t old = 0;
    void *moved = malloc(bytes);
    if (block != NULL)
        memcpy(&old, (unsigned char *)block - HEADER_BYTES, sizeof old);
    if (block != NULL)
        memcpy(moved, block, old < bytes ? old : bytes);
    return moved;
}
