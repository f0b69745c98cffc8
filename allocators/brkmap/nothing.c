/* The addresses lie HEAP_ALIGNMENT apart in a reservation; a bit each says that it is taken. */
#include "nothing.h"

#include <stdint.h>

#include "heap.h"
#include "huge.h"
#include "os.h"

enum { WORDS = 1024 };
#define BYTES (WORDS * 64 * HEAP_ALIGNMENT)

/* Under huge_lock but for `start`, which is set once. */
static struct {
    _Atomic uintptr_t start;
    uint64_t taken[WORDS];
    unsigned last; /* word of the last one given */
} nothing;

void *nothing_allocate(void)
{
    void *block = NULL;

    lock_acquire(&huge_lock);
    if (nothing.start == 0)
        nothing.start = (uintptr_t)os_reserve(BYTES);
    for (unsigned tried = 0; nothing.start != 0 && block == NULL && tried < WORDS; tried++) {
        /* One of each word in turn: what was given back comes last. */
        unsigned word = nothing.last = (nothing.last + 1) % WORDS;
        if (~nothing.taken[word] == 0)
            continue;
        unsigned bit = (unsigned)__builtin_ctzll(~nothing.taken[word]);
        nothing.taken[word] |= (uint64_t)1 << bit;
        block = (void *)(nothing.start + (word * 64 + bit) * HEAP_ALIGNMENT);
    }
    lock_release(&huge_lock);
    return block;
}

bool nothing_is(const void *address)
{
    return nothing.start != 0 && (uintptr_t)address - nothing.start < BYTES;
}

void nothing_check(const void *block, bool release)
{
    size_t offset = (uintptr_t)block - nothing.start, index = offset / HEAP_ALIGNMENT;
    uint64_t bit = (uint64_t)1 << index % 64;

    lock_acquire(&huge_lock);
    bool taken = (nothing.taken[index / 64] & bit) != 0 && offset % HEAP_ALIGNMENT == 0;
    if (taken && release)
        nothing.taken[index / 64] &= ~bit;
    lock_release(&huge_lock);
    if (!taken)
        os_abort("free of a pointer that malloc never returned, or freed twice: of no bytes");
}
