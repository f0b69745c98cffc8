/*
 * A thread's heap: for each size class the span that malloc takes from, those that wait, and those
 * that are full. Only its thread works on it, without a lock; others leave what they free in its
 * inbox.
 *
 *     free span --> current --> full --> partial --> current ... or, when its last block is freed,
 *                                                    held for a moment, or back to the region
 *
 * A heap is for ever. When its thread ends it lies among the orphans until a new thread takes it
 * over, spans, inbox and all, or another thread, which frees blocks of it, inherits its spans
 * (those with free blocks only of classes it has none of). So a block may arrive at a heap that its
 * span has left, and is sent on from there. Invariants: a span is current, or in one list of its
 * heap; a current span is in no list; spans of an orphan are owned by nobody; a span changes its
 * heap only in the hands of who has taken that heap off the orphans.
 */
#ifndef BRKMAP_THREAD_HEAP_H
#define BRKMAP_THREAD_HEAP_H

#include "block.h"

/* What a thread has freed for another, kept until it is worth an atomic exchange. */
struct outbox {
    struct heap_of_thread *to; /* NULL: empty */
    struct free_block *first, *last;
    uint32_t blocks, bytes;
};

enum { OUTBOXES = 8 };

struct heap_of_thread {
    struct span *current[SIZE_CLASSES]; /* &span_none: there is none */
    struct span *partial[SIZE_CLASSES];
    struct span *full;
    struct outbox outbox[OUTBOXES];
    uint32_t held_bytes; /* carved of empty spans that wait to be used again */
    /* Within a moment: emptied and not held; taken again of these, and of those that were. */
    uint32_t given_bytes, wanted_bytes, moment_ms;
    bool receives;   /* it empties its inbox */
    bool inheriting; /* this thread does: one after the other */
    /* Under region_lock: all heaps, and those without a thread. */
    struct heap_of_thread *next, *next_orphan;
    uintptr_t thread;                           /* the pointer of the one that has it, 0: nobody */
    struct brkmap_heap *figures;                /* while figures.c reads them */
    _Atomic bool orphan;                        /* read without it as a hint */
    struct free_block *delayed[DELAYED_BLOCKS]; /* hardened.c */
    /* Other threads push here (release), the owner takes all (acquire). */
    _Alignas(64) _Atomic(struct free_block *) inbox;
};

/* The thread's view of it. The table is what the fast path reads: no heap yet is no special case,
 * since span_none has no free blocks. */
struct thread_cache {
    struct span *direct[DIRECT_ENTRIES];
    struct heap_of_thread *heap; /* NULL: none yet, or it has been given up */
};
extern _Thread_local struct thread_cache thread_cache __attribute__((visibility("hidden")));

/* The heap of this thread, made or adopted if need be. NULL: no memory. */
struct heap_of_thread *thread_heap(void);

/* A block of the class when its current span has none left. NULL: no memory. */
void *thread_heap_refill(struct heap_of_thread *heap, unsigned size_class);

/* As region_take. Where nothing resident is found, the heap's empty spans go back first. */
struct span *thread_heap_take(unsigned slices, size_t alignment, bool *zeroed);

/* The heap's empty spans, but current ones, go back to the region. */
void thread_heap_give_held(struct heap_of_thread *heap);

/* A span of this heap has counted down to 0. */
void thread_heap_attend(struct span *span);

/* A small block of another thread's span, checked. */
void thread_heap_send(struct span *span, struct free_block *block);

/* Takes every block in the inbox. */
void thread_heap_receive(struct heap_of_thread *heap);

/* thread_life.c: the spans of a heap that may have no thread become this thread's. */
void thread_heap_inherit(struct heap_of_thread *from);

/* All heaps by their `next`. With region_lock held. */
struct heap_of_thread *thread_heap_all(void);

/* How many of the span's blocks are out, those among them that wait in some box. Right when its
 * owner stands; else it may be anything. */
unsigned thread_heap_used_blocks(const struct span *span);

/* Lists of spans are rings. `head`: the first, NULL: there is none. */
static inline void span_list_append(struct span **head, struct span *span)
{
    if (*head == NULL)
        *head = span->previous = span;
    span->next = *head;
    span->previous = (*head)->previous;
    span->previous->next = span->next->previous = span;
}

static inline void span_list_push(struct span **head, struct span *span)
{
    span_list_append(head, span);
    *head = span;
}

static inline void span_list_remove(struct span **head, struct span *span)
{
    span->previous->next = span->next;
    span->next->previous = span->previous;
    if (*head == span)
        *head = span->next != span ? span->next : NULL;
}

/* A small span that this thread may work on. Spans without a heap are not small. */
static inline bool span_is_mine(const struct span *span)
{
    return span_heap(span) == thread_cache.heap;
}

/* Puts a free block on its span's list and counts it. True when the span wants attention. */
static inline bool span_put(struct span *span, struct free_block *block)
{
    block_link(span, block, span->free);
    span->free = block;
    return --span->count == 0;
}

/* Takes the first of a current span's list, which is not empty. */
static inline void *span_pop(struct span *span)
{
    struct free_block *block = span->free;
    span->free = block_next(span, block);
    span->count++;
    if (!HARDENED)
        block->mark = 0;
    return block;
}

#endif
