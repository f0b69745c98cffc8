/*
 * The seal of a small block in the hardened variant: its last word. All else of a free block reads
 * as zero. The low bits of a seal hold the link of a free block, and of a live one how many bytes
 * before the seal nobody asked for (the slack); the others are a hash of these, the address and a
 * secret of the process.
 *
 * So a link cannot be made up and cannot leave its span, a write behind the end breaks the slack or
 * the seal, a write after free is not zero, and what malloc returns is. What is wrong ends the
 * process.
 */
#ifndef BRKMAP_SEAL_H
#define BRKMAP_SEAL_H

#include <string.h>

#include "os.h"
#include "size_class.h"
#include "span.h"

/* hardened.c */
extern uint64_t seal_secret __attribute__((visibility("hidden")));
extern uint16_t seal_class_words[SIZE_CLASSES] __attribute__((visibility("hidden")));

#define SEAL_LOW  (((uint64_t)1 << 20) - 1)
#define SEAL_FREE ((uint64_t)1 << 19)
/* The byte that a string's end falls on is never 0 already. */
#define SEAL_ODD ((uint64_t)1)
/* In the first byte of the slack; of the others so many words must be zero, as they were. */
#define SLACK_FILLER ((uint64_t)0xf5)
#define SLACK_WORDS  ((size_t)4)

/* Words of a block before the seal. */
static inline size_t seal_at(const struct span *span)
{
    return seal_class_words[span->size_class] - 1u;
}

static inline _Atomic uint64_t *seal_place(const struct span *span, const void *block)
{
    return (_Atomic uint64_t *)block + seal_at(span);
}

static inline uint64_t seal_of(const void *block, uint64_t low)
{
    uint64_t mixed = ((uintptr_t)block ^ seal_secret) + (low << 20);
    return (mixed * UINT64_C(0x9e3779b97f4a7c15) & ~SEAL_LOW) | low;
}

/* The low bits, all of them ones when it is broken. */
static inline uint64_t seal_low(const struct span *span, const void *block)
{
    uint64_t seal = atomic_load_explicit(seal_place(span, block), memory_order_relaxed);
    return seal == seal_of(block, seal & SEAL_LOW) ? seal & SEAL_LOW : SEAL_LOW;
}

static inline void seal_set(const struct span *span, const void *block, uint64_t low)
{
    atomic_store_explicit(seal_place(span, block), seal_of(block, low | SEAL_ODD),
                          memory_order_relaxed);
}

/* How much of a live block was asked for. */
static inline size_t seal_bytes(const struct span *span, const void *block)
{
    uint64_t low = seal_low(span, block);
    if (__builtin_expect((low & SEAL_FREE) != 0, 0))
        os_abort(low == SEAL_LOW ? "a block was written past its end"
                                 : "free of a block that is free: freed twice");
    return seal_at(span) * sizeof(uint64_t) - low / 2;
}

static inline void seal_asked(const struct span *span, char *block, size_t bytes)
{
    size_t slack = seal_at(span) * sizeof(uint64_t) - bytes;
    if (slack > 0)
        block[bytes] = (char)SLACK_FILLER;
    seal_set(span, block, slack * 2);
}

/* It leaves its span's list. */
static inline void seal_live(const struct span *span, void *block, size_t bytes)
{
    const uint64_t *words = block;
    uint64_t any = 0;

    for (size_t i = 0; i < seal_at(span); i++)
        any |= words[i];
    if (__builtin_expect(any != 0, 0))
        os_abort("a free block was written to");
    seal_asked(span, block, bytes);
}

/* The words with anything in them, when the slack is as it was. */
static inline size_t seal_check_slack(const struct span *span, const uint64_t *words)
{
    size_t bytes = seal_bytes(span, words), first = bytes / sizeof(*words), end = seal_at(span);

    if (first == end)
        return end;
    uint64_t wrong = words[first] >> bytes % sizeof(*words) * 8 ^ SLACK_FILLER;
    for (size_t i = first + 1; i < end && i < first + SLACK_WORDS; i++)
        wrong |= words[i];
    if (__builtin_expect(wrong != 0, 0))
        os_abort("a block was written past its end");
    return first + 1;
}

/* It is freed. */
static inline void seal_free(const struct span *span, uint64_t *words)
{
    size_t used = seal_check_slack(span, words);
    const uint64_t *before = words - seal_at(span) - 1;

    if ((const char *)before >= span->start && seal_low(span, before) == SEAL_LOW)
        os_abort("a block was written before its start, or its neighbour past its end");
    if (used > 16)
        memset(words, 0, used * sizeof(*words));
    else
        for (size_t i = 0; i < used; i++)
            ((volatile uint64_t *)words)[i] = 0;
    seal_set(span, words, SEAL_FREE);
}

static inline void seal_resize(const struct span *span, uint64_t *words, size_t bytes)
{
    size_t end = seal_check_slack(span, words) * sizeof(*words);

    if (end > bytes)
        memset((char *)words + bytes, 0, end - bytes);
    seal_asked(span, (char *)words, bytes);
}

/* A run of slices has one behind the last byte that was asked for. */
static inline void seal_run(const struct span *span)
{
    uint64_t seal = seal_of(span->start, SEAL_ODD);
    memcpy(span->start + span->large_bytes, &seal, sizeof(seal));
}

static inline void seal_check_run(const struct span *span)
{
    uint64_t seal = seal_of(span->start, SEAL_ODD);
    if (memcmp(span->start + span->large_bytes, &seal, sizeof(seal)) != 0)
        os_abort("a block was written past its end");
}

#endif
