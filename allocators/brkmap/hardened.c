/*
 * brkmap-hardened: the checks of small blocks, and the wait of freed ones. block.h says what a
 * block keeps.
 */
#include <string.h>

#include "heap.h"
#include "os.h"
#include "region.h"
#include "thread_heap.h"

/* What was not asked for, up to so many bytes, holds what a stray write would change. */
#define SLACK_BYTES  ((size_t)32)
#define SLACK_FILLER 0xf5
#define SLACK_FILLER_4 \
    (char)SLACK_FILLER, (char)SLACK_FILLER, (char)SLACK_FILLER, (char)SLACK_FILLER

uint64_t block_secret;

uint16_t block_class_words[SIZE_CLASSES];

static _Thread_local uint64_t random_state; /* 0: not begun */

void block_begin(void)
{
    os_random(&block_secret, sizeof(block_secret));
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        block_class_words[i] = (uint16_t)(size_class_bytes(i) / sizeof(uint64_t));
}

_Noreturn void block_damaged(const char *what)
{
    os_abort(what);
}

/* Marsaglia's xorshift64*: unpredictable enough without the secret. */
uint32_t block_chance(void)
{
    if (random_state == 0)
        random_state = seal_of(&random_state, 0) | 1;
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)(random_state * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static size_t filled_slack(size_t slack)
{
    return slack < SLACK_BYTES ? slack : SLACK_BYTES;
}

static void seal(struct span *span, char *block, size_t bytes)
{
    size_t slack = seal_room(span) - bytes, filled = filled_slack(slack);

    /* Most have less than a word of it. */
    if (filled < sizeof(uint64_t))
        for (size_t i = 0; i < filled; i++)
            block[bytes + i] = (char)SLACK_FILLER;
    else
        memset(block + bytes, SLACK_FILLER, filled);
    seal_set(span, block, slack * 2);
}

/* `bytes` is a multiple of a word. */
static void check_zero(const uint64_t *words, size_t bytes)
{
    uint64_t any = 0;
    for (size_t i = 0; i < bytes / sizeof(*words); i++)
        any |= words[i];
    if (any != 0)
        block_damaged("a free block was written to");
}

void block_seal_live(struct span *span, void *block, size_t bytes)
{
    check_zero(block, seal_room(span));
    seal(span, block, bytes);
}

/* What nobody asked for is as malloc left it, up to `end`. */
static void check_slack(const struct span *span, const char *block, size_t *end)
{
    static const char filler[] = {SLACK_FILLER_4, SLACK_FILLER_4, SLACK_FILLER_4, SLACK_FILLER_4,
                                  SLACK_FILLER_4, SLACK_FILLER_4, SLACK_FILLER_4, SLACK_FILLER_4};
    _Static_assert(sizeof(filler) == SLACK_BYTES, "all of it");
    size_t bytes = block_bytes(span, block), filled = filled_slack(seal_room(span) - bytes);

    *end = bytes + filled;
    if (memcmp(block + bytes, filler, filled) != 0)
        block_damaged("a block was written past its end");
}

void block_seal_free(struct span *span, void *block)
{
    size_t end;
    const char *before = (const char *)block - seal_room(span) - BLOCK_OWN_BYTES;

    check_slack(span, block, &end);
    if (before >= span->start && seal_low(span, before) == SEAL_LOW)
        block_damaged("a block was written before its start, or its neighbour past its end");
    memset(block, 0, end);
    seal_set(span, block, SEAL_FREE);
}

void block_seal_resized(struct span *span, void *block, size_t bytes)
{
    size_t end;

    check_slack(span, block, &end);
    if (end > bytes)
        memset((char *)block + bytes, 0, end - bytes);
    seal(span, block, bytes);
}

static struct span *span_around(const void *block)
{
    return chunk_around(block)->map[slice_of(block)];
}

struct free_block *block_delay(struct span **span, struct free_block *block)
{
    struct free_block **place = &(*span)->heap->delayed[block_chance() % DELAYED_BLOCKS];
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

/* Of what waits, the seal and the first bytes: a write after free is seen early. */
void block_delay_check(const struct heap_of_thread *heap)
{
    for (unsigned i = 0; i < DELAYED_BLOCKS; i++) {
        const struct free_block *block = heap->delayed[i];
        if (block == NULL)
            continue;
        const struct span *span = span_around(block);
        block_next(span, block);
        check_zero((const uint64_t *)block, seal_room(span) < 64 ? seal_room(span) : 64);
    }
}

struct free_block *block_mail_checked(struct free_block *block)
{
    struct free_block *next = block_mail_next(block, block->next);
    struct span *span = span_around(block);

    if (next != NULL && region_chunk_of(next) == NULL)
        block_damaged("a free block was written to");
    block->next = NULL;
    if (span->size_class >= SIZE_CLASSES || !block_is_free(span, block))
        block_damaged("a free block was written to");
    return next;
}
