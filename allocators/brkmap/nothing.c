/* The addresses lie HEAP_ALIGNMENT apart in a reservation; a bit each says that it is taken. */
#include "nothing.h"

#include <stdint.h>

#include "heap.h"
#include "huge.h"
#include "os.h"

enum { BLOCKS = 65536, WORDS = BLOCKS / 64 };

/* Under huge_lock but for `start`, which is set once. */
static struct {
    _Atomic uintptr_t start;
    uint64_t taken[WORDS];
    unsigned word; /* where the search begins */
} nothing;

static uintptr_t start(void)
{
    return atomic_load_explicit(&nothing.start, memory_order_relaxed);
}

static void *take(void)
{
    for (unsigned tried = 0; tried < WORDS; tried++) {
        uint64_t *taken = &nothing.taken[nothing.word];
        unsigned word = nothing.word;
        /* One of each 64 a round: what was given back comes last. */
        nothing.word = (nothing.word + 1) % WORDS;
        if (~*taken == 0)
            continue;
        unsigned bit = (unsigned)__builtin_ctzll(~*taken);
        *taken |= (uint64_t)1 << bit;
        return (void *)(start() + (word * 64 + bit) * HEAP_ALIGNMENT);
    }
    return NULL;
}

void *nothing_allocate(void)
{
    void *block = NULL;

    lock_acquire(&huge_lock);
    if (start() == 0)
        atomic_store_explicit(&nothing.start, (uintptr_t)os_reserve(BLOCKS * HEAP_ALIGNMENT),
                              memory_order_relaxed);
    if (start() != 0)
        block = take();
    lock_release(&huge_lock);
    return block;
}

bool nothing_is(const void *address)
{
    return start() != 0 && (uintptr_t)address - start() < BLOCKS * HEAP_ALIGNMENT;
}

static uint64_t *word_of(const void *block, uint64_t *bit)
{
    size_t index = ((uintptr_t)block - start()) / HEAP_ALIGNMENT;
    *bit = (uint64_t)1 << index % 64;
    return &nothing.taken[index / 64];
}

void nothing_check(const void *block)
{
    uint64_t bit;
    lock_acquire(&huge_lock);
    bool taken = (*word_of(block, &bit) & bit) != 0;
    lock_release(&huge_lock);
    if (!taken || (uintptr_t)block % HEAP_ALIGNMENT != 0)
        os_abort(
            "free of a pointer that malloc never returned, or freed twice: of a block of no bytes");
}

void nothing_release(void *block)
{
    uint64_t bit;
    nothing_check(block);
    lock_acquire(&huge_lock);
    *word_of(block, &bit) &= ~bit;
    lock_release(&huge_lock);
}
