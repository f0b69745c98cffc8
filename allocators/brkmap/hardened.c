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
/* Freed blocks of a thread that wait; which one leaves is left to chance. */
#define DELAYED 32

uint64_t block_secret;

static _Thread_local struct {
    struct free_block *block[DELAYED];
    uint64_t random; /* 0: not begun */
} delay;

void block_begin(void)
{
    os_random(&block_secret, sizeof(block_secret));
}

_Noreturn void block_damaged(const char *what)
{
    os_abort(what);
}

/* Marsaglia's xorshift64*: unpredictable enough without the secret. */
uint32_t block_chance(void)
{
    if (delay.random == 0)
        delay.random = seal_of(&delay, 0) | 1;
    delay.random ^= delay.random >> 12;
    delay.random ^= delay.random << 25;
    delay.random ^= delay.random >> 27;
    return (uint32_t)(delay.random * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static size_t room_of(const struct span *span)
{
    return size_class_bytes(span->size_class) - BLOCK_OWN_BYTES;
}

static size_t filled_slack(size_t slack)
{
    return slack < SLACK_BYTES ? slack : SLACK_BYTES;
}

static void seal(struct span *span, void *block, size_t bytes)
{
    size_t slack = room_of(span) - bytes;
    memset((char *)block + bytes, SLACK_FILLER, filled_slack(slack));
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
    check_zero(block, room_of(span));
    seal(span, block, bytes);
}

/* The bytes asked for, when those behind them are as malloc left them. */
static size_t check_slack(const struct span *span, const void *block)
{
    size_t bytes = block_bytes(span, block), slack = filled_slack(room_of(span) - bytes);
    const unsigned char *behind = (const unsigned char *)block + bytes;
    unsigned any = 0;

    for (size_t i = 0; i < slack; i++)
        any |= behind[i] ^ SLACK_FILLER;
    if (any != 0)
        block_damaged("a block was written past its end");
    return bytes;
}

void block_seal_free(struct span *span, void *block)
{
    size_t bytes = check_slack(span, block);
    const char *before = (const char *)block - size_class_bytes(span->size_class);

    if (before >= span->start && seal_low(span, before) == SEAL_LOW)
        block_damaged("a block was written before its start, or its neighbour past its end");
    memset(block, 0, bytes + filled_slack(room_of(span) - bytes));
    seal_set(span, block, SEAL_FREE);
}

void block_seal_resized(struct span *span, void *block, size_t bytes)
{
    size_t old_bytes = check_slack(span, block);
    size_t end = old_bytes + filled_slack(room_of(span) - old_bytes);

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
    struct free_block **place = &delay.block[block_chance() % DELAYED], *other = *place;
    *place = block;
    if (other != NULL)
        *span = span_around(other);
    return other;
}

bool block_delay_end(void)
{
    bool any = false;
    for (unsigned i = 0; i < DELAYED; i++) {
        struct free_block *block = delay.block[i];
        if (block == NULL)
            continue;
        any = true;
        delay.block[i] = NULL;
        struct span *span = span_around(block);
        if (span_put(span, block))
            thread_heap_attend(span);
    }
    return any;
}

/* Of what waits, the seal and the first bytes: a write after free is seen early. */
void block_delay_check(void)
{
    for (unsigned i = 0; i < DELAYED; i++)
        if (delay.block[i] != NULL) {
            const struct span *span = span_around(delay.block[i]);
            block_next(span, delay.block[i]);
            check_zero((const uint64_t *)delay.block[i], room_of(span) < 64 ? room_of(span) : 64);
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
