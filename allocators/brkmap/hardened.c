/*
 * brkmap-hardened: its secret, the wait of freed blocks, and their way to other threads. seal.h has
 * the checks.
 */
#include "heap.h"
#include "os.h"
#include "region.h"
#include "thread_heap.h"

uint64_t seal_secret;
uint16_t seal_class_words[SIZE_CLASSES];

void block_begin(void)
{
    os_random(&seal_secret, sizeof(seal_secret));
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        seal_class_words[i] = (uint16_t)(size_class_bytes(i) / sizeof(uint64_t));
}

/* The high bits of a linear congruence (Knuth's MMIX): not to be guessed without the secret. */
uint32_t block_chance(void)
{
    static _Thread_local uint64_t state;

    if (state == 0)
        state = seal_of(&state, SEAL_ODD);
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 32);
}

struct free_block *block_delay(struct span **span, struct free_block *block)
{
    struct free_block **place = &thread_cache.heap->delayed[block_chance() % DELAYED_BLOCKS];
    struct free_block *other = *place;

    *place = block;
    if (other != NULL)
        *span = span_around(other);
    return other;
}

bool block_delay_end(struct heap_of_thread *heap)
{
    bool any = false;

    for (unsigned i = 0; i < DELAYED_BLOCKS; i++) {
        struct free_block *block = heap->delayed[i];
        if (block == NULL)
            continue;
        any = true;
        heap->delayed[i] = NULL;
        struct span *span = span_around(block);
        if (span_put(span, block))
            thread_heap_attend(span);
    }
    return any;
}

/* Of what waits, the seal and the first word: a write after free is seen early. */
void block_delay_check(const struct heap_of_thread *heap)
{
    for (unsigned i = 0; i < DELAYED_BLOCKS; i++) {
        const struct free_block *block = heap->delayed[i];
        if (block != NULL && (!block_is_free(span_around(block), block) || block->next != NULL))
            os_abort("a free block was written to");
    }
}

struct free_block *block_mail_checked(struct free_block *block)
{
    struct free_block *next = block_mail_next(block, block->next);
    const struct span *span = span_around(block);

    block->next = NULL;
    if ((next != NULL && region_chunk_of(next) == NULL) || span->size_class >= SIZE_CLASSES ||
        !block_is_free(span, block))
        os_abort("a free block was written to");
    return next;
}
