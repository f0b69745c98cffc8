/* The order of a trace; see merge.h. */
#include "merge_internal.h"

#include "message.h"

#include <stdlib.h>
#include <string.h>

struct merge *merge_create(struct ring_memory *memory, const struct merge_sink *sink)
{
    struct merge *merge = calloc(1, sizeof *merge);
    if (merge == NULL)
        return NULL;
    merge->memory = memory;
    merge->sink = *sink;
    return merge;
}

void merge_free(struct merge *merge)
{
    if (merge == NULL)
        return;
    for (size_t i = 0; i < merge->threads; i++) {
        record_queue_release(&merge->thread[i]->queue);
        free(merge->thread[i]);
    }
    free(merge->thread);
    free(merge->heap);
    free(merge);
}

static int damaged(struct merge *merge)
{
    return message_set(merge->message,
                       "the program has overwritten the memory that its recorder writes to");
}

/* ---- the threads that are ready, earliest first: a binary heap ---- */

void merge_push(struct merge *merge, struct merge_thread *thread)
{
    size_t at = merge->heap_count++;
    for (; at > 0 && merge->heap[(at - 1) / 2]->ticks > thread->ticks; at = (at - 1) / 2)
        merge->heap[at] = merge->heap[(at - 1) / 2];
    merge->heap[at] = thread;
}

static struct merge_thread *pop(struct merge *merge)
{
    struct merge_thread *top = merge->heap[0], *moved = merge->heap[--merge->heap_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < merge->heap_count; at = child) {
        if (child + 1 < merge->heap_count &&
            merge->heap[child + 1]->ticks < merge->heap[child]->ticks)
            child++;
        if (merge->heap[child]->ticks >= moved->ticks)
            break;
        merge->heap[at] = merge->heap[child];
    }
    merge->heap[at] = moved;
    return top;
}

/* ---- threads and stripes ---- */

static int make_room(struct merge *merge)
{
    if (merge->threads < merge->thread_capacity)
        return 0;
    size_t capacity = merge->thread_capacity * 2 + 16;
    struct merge_thread **threads = realloc(merge->thread, capacity * sizeof *threads);
    if (threads == NULL)
        return message_set(merge->message, "out of memory");
    merge->thread = threads;
    struct merge_thread **heap = realloc(merge->heap, capacity * sizeof *heap);
    if (heap == NULL)
        return message_set(merge->message, "out of memory");
    merge->heap = heap;
    merge->thread_capacity = capacity;
    return 0;
}

static int greet_arrivals(struct merge *merge)
{
    struct ring *ring = merge->memory->ring;
    if (atomic_load_explicit(&ring->arrivals, memory_order_relaxed) == RING_NO_CHUNK)
        return 0;
    /* Acquire: partner of the release with which a thread puts its first chunk there. */
    uint32_t chunk = atomic_exchange_explicit(&ring->arrivals, RING_NO_CHUNK, memory_order_acquire);
    while (chunk != RING_NO_CHUNK) {
        struct merge_thread *thread = calloc(1, sizeof *thread);
        if (thread == NULL || make_room(merge) < 0) {
            free(thread);
            return message_set(merge->message, "out of memory");
        }
        if (record_queue_init(&thread->queue, merge->memory, chunk) < 0) {
            free(thread);
            return damaged(merge);
        }
        merge->thread[merge->threads++] = thread;
        chunk = ring_memory_chunk(merge->memory, chunk)->link;
    }
    return 0;
}

void merge_set_time(struct merge *merge, struct merge_thread *thread)
{
    thread->ticks = thread->entry.ticks;
    double age_ns = (double)(int64_t)(merge->now.ticks - thread->ticks) * merge->now.ns_per_tick;
    double ns = (double)merge->now.ns - age_ns;
    thread->time_ns = ns > 0 ? (uint64_t)ns : 0;
}

static int next_entry(struct merge *merge, struct merge_thread *thread)
{
    if (thread->postponements > 0) {
        const struct postponed_entry *last = &thread->postponed[thread->postponements - 1];
        if (merge_has_passed(merge, last->stripe, last->number)) {
            thread->entry = last->entry;
            thread->postponements--;
            return 1;
        }
    }
    int result = record_queue_next(&thread->queue, &thread->entry);
    return result < 0 ? damaged(merge) : result;
}

int merge_load(struct merge *merge, struct merge_thread *thread)
{
    int result;
    thread->state = MERGE_IDLE;
    while ((result = next_entry(merge, thread)) == 1 && merge_is_late(merge, &thread->entry))
        merge->missing++;
    if (result == 1 && thread->entry.ticks != thread->ticks)
        merge_set_time(merge, thread);
    return result;
}

void merge_place(struct merge *merge, struct merge_thread *thread)
{
    if (merge_is_ready(merge, &thread->entry)) {
        thread->state = MERGE_READY;
        thread->stuck = thread->outrun = 0;
        return;
    }
    uint32_t stripe = ring_stripe_of(ring_entry_address(&thread->entry));
    thread->state = MERGE_BLOCKED;
    thread->next_waiting = merge->waiting[stripe];
    merge->waiting[stripe] = thread;
}

void merge_unblock(struct merge *merge, struct merge_thread *thread)
{
    uint32_t stripe = ring_stripe_of(ring_entry_address(&thread->entry));
    struct merge_thread **link = &merge->waiting[stripe];
    while (*link != thread)
        link = &(*link)->next_waiting;
    *link = thread->next_waiting;
}

void merge_advance(struct merge *merge, uint32_t stripe, uint32_t number)
{
    merge->expected[stripe] = number & MERGE_NUMBER_MASK;
    for (struct merge_thread *t = merge->waiting[stripe]; t != NULL; t = t->next_waiting)
        if (t->entry.number == merge->expected[stripe]) {
            merge_unblock(merge, t);
            t->state = MERGE_READY;
            t->stuck = t->outrun = 0;
            merge_push(merge, t);
            return;
        }
}

void merge_bump(struct merge *merge, const struct ring_entry *entry)
{
    if (ring_entry_is_ordered(entry))
        merge_advance(merge, ring_stripe_of(ring_entry_address(entry)), entry->number + 1);
}

/* ---- passes ---- */

static bool is_too_new(const struct merge *merge, const struct merge_thread *thread)
{
    return merge->haste == MERGE_LIVE && thread->ticks > merge->now.ticks;
}

/* Hands out the thread's records while it is its turn. */
static int run(struct merge *merge, struct merge_thread *thread)
{
    for (;;) {
        int result = merge_take(merge, thread);
        if (result <= 0)
            return result;
        if (result == 1) {
            result = merge_load(merge, thread);
            if (result <= 0)
                return result;
            merge_place(merge, thread);
        }
        if (thread->state != MERGE_READY || is_too_new(merge, thread))
            return 0;
        if (merge->heap_count > 0 && merge->heap[0]->ticks < thread->ticks) {
            merge_push(merge, thread);
            return 0;
        }
    }
}

static int run_all(struct merge *merge)
{
    while (merge->heap_count > 0) {
        if (is_too_new(merge, merge->heap[0]))
            break;
        if (run(merge, pop(merge)) < 0)
            return -1;
    }
    merge->heap_count = 0; /* those that are too new are READY still, for the next pass */
    return 0;
}

static int look_at_all(struct merge *merge)
{
    for (size_t i = 0; i < merge->threads; i++) {
        struct merge_thread *thread = merge->thread[i];
        if (record_queue_follow(&thread->queue) < 0)
            return damaged(merge);
        if (thread->state == MERGE_IDLE) {
            int result = merge_load(merge, thread);
            if (result < 0)
                return -1;
            if (result == 1)
                merge_place(merge, thread);
        }
        if (thread->state == MERGE_READY)
            merge_push(merge, thread);
    }
    return 0;
}

/* ---- from one thread to more ---- */

/* Whether some thread waits for nothing but the end of the time of one thread. */
static bool is_numbering_awaited(const struct merge *merge)
{
    for (size_t i = 0; !merge->numbered && i < merge->threads; i++)
        if (merge->thread[i]->state == MERGE_BLOCKED)
            return true;
    return false;
}

/* Whether that time's records are all taken, but for those behind a slot that its thread never
 * wrote; they are as good as any other by now. */
static bool is_alone_over(const struct merge *merge)
{
    for (size_t i = 0; i < merge->threads; i++)
        if (merge->thread[i]->state == MERGE_READY && ring_entry_is_alone(&merge->thread[i]->entry))
            return false;
    return true;
}

static void let_numbers_count(struct merge *merge)
{
    merge->numbered = true;
    for (size_t i = 0; i < merge->threads; i++) {
        struct merge_thread *thread = merge->thread[i];
        if (thread->state != MERGE_BLOCKED || !merge_is_ready(merge, &thread->entry))
            continue;
        merge_unblock(merge, thread);
        thread->state = MERGE_READY;
    }
}

/* Looks, hands out, and looks again where records with numbers turned up for the first time. */
static int take_all(struct merge *merge)
{
    if (look_at_all(merge) < 0 || run_all(merge) < 0)
        return -1;
    if (!is_numbering_awaited(merge))
        return 0;
    if (look_at_all(merge) < 0 || run_all(merge) < 0)
        return -1;
    if (!is_alone_over(merge))
        return 0; /* some are too new: in a later pass */
    let_numbers_count(merge);
    return look_at_all(merge) < 0 || run_all(merge) < 0 ? -1 : 0;
}

int merge_pass(struct merge *merge, const struct merge_moment *now, enum merge_haste haste,
               char *message)
{
    uint64_t before = merge->operations, given = merge->memory->given;
    merge->now = *now;
    merge->haste = haste;
    merge->message = message;
    if (greet_arrivals(merge) < 0)
        return -1;
    int again = 1;
    while (again > 0) {
        if (take_all(merge) < 0)
            return -1;
        again = merge_unstick(merge, ring_memory_is_awaited(merge->memory) ||
                                         merge->operations > before ||
                                         merge->claims != merge->memory->claims);
        merge->claims = merge->memory->claims;
    }
    if (again == 0 && haste == MERGE_LIVE && merge->memory->given == given)
        again = merge_spill(merge);
    return again;
}

/* ---- threads that have ended ---- */

static bool is_succeeded(const struct merge *merge, const struct merge_thread *thread)
{
    for (size_t i = 0; i < merge->threads; i++)
        if (merge->thread[i]->queue.tid == thread->queue.tid &&
            merge->thread[i]->queue.thread > thread->queue.thread)
            return true;
    return false;
}

/* Takes what the thread may have written between our last look and its end; 1: nothing is left. */
static int empty(struct merge *merge, struct merge_thread *thread)
{
    if (record_queue_follow(&thread->queue) < 0)
        return damaged(merge);
    int result = merge_load(merge, thread);
    if (result == 1)
        merge_place(merge, thread);
    if (result != 0)
        return result < 0 ? -1 : 0;
    if (!record_queue_has_gap(&thread->queue))
        return 1;
    record_queue_skip_gap(&thread->queue);
    return 0;
}

int merge_reap(struct merge *merge, bool (*is_gone)(void *argument, uint32_t tid), void *argument,
               char *message)
{
    merge->message = message;
    for (size_t i = 0; i < merge->threads;) {
        struct merge_thread *thread = merge->thread[i];
        bool gone = thread->state == MERGE_IDLE && thread->postponements == 0 &&
                    (is_gone(argument, thread->queue.tid) || is_succeeded(merge, thread));
        int emptied = gone ? empty(merge, thread) : 0;
        if (emptied < 0)
            return -1;
        if (emptied == 0) {
            i++;
            continue;
        }
        merge->unwritten += thread->queue.unwritten;
        record_queue_release(&thread->queue);
        free(thread);
        merge->thread[i] = merge->thread[--merge->threads];
    }
    return 0;
}

size_t merge_threads(const struct merge *merge)
{
    return merge->threads;
}

uint64_t merge_operations(const struct merge *merge)
{
    return merge->operations;
}

bool merge_is_behind(const struct merge *merge)
{
    for (size_t i = 0; i < merge->threads; i++)
        if (merge->thread[i]->state != MERGE_IDLE)
            return true;
    return false;
}

uint64_t merge_lost(const struct merge *merge)
{
    uint64_t unwritten = merge->unwritten;
    for (size_t i = 0; i < merge->threads; i++)
        unwritten += merge->thread[i]->queue.unwritten;
    return unwritten > merge->missing ? unwritten : merge->missing;
}
