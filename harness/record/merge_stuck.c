/* Ways out when no record is next; see merge_internal.h. */
#include "merge_internal.h"

#include "message.h"

enum {
    /* Passes, a millisecond each while there is work, after which a thread that others depend on is
     * believed to have left its operation for good: ten seconds, one when the program waits. */
    PATIENCE_PASSES = 10000,
    PATIENCE_WAITING_PASSES = 1000,
};

/* The nearest number of a stripe that a record in sight bears. */
struct search {
    const struct merge *merge;
    uint32_t stripe, nearest;
};

static bool look(void *argument, const struct ring_entry *entry)
{
    struct search *search = argument;
    if (!ring_entry_is_ordered(entry) ||
        ring_stripe_of(ring_entry_address(entry)) != search->stripe)
        return true;
    uint32_t distance = merge_distance(search->merge, entry);
    if (distance < search->nearest)
        search->nearest = distance;
    return search->nearest > 0;
}

/* The thread behind whose entry the stripe's next record stands, or NULL. */
static struct merge_thread *find_holder(const struct merge *merge, struct search *search)
{
    for (size_t i = 0; i < merge->threads; i++) {
        struct merge_thread *thread = merge->thread[i];
        for (unsigned p = 0; p < thread->postponements; p++)
            look(search, &thread->postponed[p].entry);
        if (thread->state != MERGE_IDLE)
            look(search, &thread->entry);
        if (search->nearest > 0)
            record_queue_visit(&thread->queue, look, search);
        if (search->nearest == 0)
            return thread;
    }
    return NULL;
}

/* Puts the thread's entry aside until the record with the next number of `stripe`, which stands
 * behind it, has been taken. */
static int postpone(struct merge *merge, struct merge_thread *thread, uint32_t stripe)
{
    struct postponed_entry aside = {thread->entry, stripe, merge->expected[stripe]};
    merge_unblock(merge, thread);
    for (unsigned p = 0; p < thread->postponements; p++)
        if (merge_is_ready(merge, &thread->postponed[p].entry)) {
            /* Put aside itself, and too early. */
            thread->entry = thread->postponed[p].entry;
            thread->postponed[p] = aside;
            merge_place(merge, thread);
            return 1;
        }
    if (thread->postponements == MERGE_NESTING) {
        merge->missing++; /* no program does this: leave it out */
        return merge_load(merge, thread) < 0 ? -1 : 1;
    }
    thread->postponed[thread->postponements++] = aside;
    int result = merge_load(merge, thread);
    if (result == 1)
        merge_place(merge, thread);
    return result < 0 ? -1 : 1;
}

/* Looks whether a realloc begins and ends by its thread's record with the stripe's next number.
 */
struct nesting {
    const struct merge *merge;
    uint32_t stripe;
    int depth;
    bool ended;
};

static bool look_for_end(void *argument, const struct ring_entry *entry)
{
    struct nesting *nesting = argument;
    unsigned kind = ring_entry_kind(entry);
    nesting->depth +=
        (kind == TRACE_REALLOC_BEGIN) - (kind == TRACE_REALLOC || kind == TRACE_REALLOCARRAY);
    nesting->ended = nesting->depth < 0;
    bool found = ring_entry_is_ordered(entry) &&
                 ring_stripe_of(ring_entry_address(entry)) == nesting->stripe &&
                 merge_distance(nesting->merge, entry) == 0;
    return !nesting->ended && !found;
}

/* Whether the thread's entry may have been written after the record that bears the next number of
 * `stripe`, by a handler that came between. Not if it begins a realloc that ends by then. */
static bool may_be_inverted(const struct merge *merge, const struct merge_thread *thread,
                            uint32_t stripe)
{
    struct nesting nesting = {merge, stripe, 0, false};
    if (ring_entry_kind(&thread->entry) == TRACE_REALLOC_BEGIN)
        record_queue_visit(&thread->queue, look_for_end, &nesting);
    return !nesting.ended;
}

/* Opens a circle: `thread` is of it, and others wait for what stands behind its entry. */
static int open_circle(struct merge *merge, struct merge_thread *thread, uint32_t stripe)
{
    struct merge_thread *at = thread;
    uint32_t wanted = stripe;
    do {
        if (may_be_inverted(merge, at, wanted))
            return postpone(merge, at, wanted);
        wanted = ring_stripe_of(ring_entry_address(&at->entry));
        at = find_holder(merge, &(struct search){merge, wanted, MERGE_NUMBER_LATE});
    } while (at != NULL && at != thread);
    return postpone(merge, thread, stripe);
}

/* Follows who waits for whom, from `thread` on; a circle is opened, and a number that nobody will
 * write any more is passed over. */
static int resolve(struct merge *merge, struct merge_thread *thread, bool give_up)
{
    uint64_t mark = ++merge->visit_mark;
    for (;;) {
        uint32_t stripe = ring_stripe_of(ring_entry_address(&thread->entry));
        struct search search = {merge, stripe, MERGE_NUMBER_LATE};
        thread->visit_mark = mark;
        struct merge_thread *holder = find_holder(merge, &search);
        if (holder == NULL) {
            if (!give_up || search.nearest == MERGE_NUMBER_LATE)
                return 0;
            merge->missing += search.nearest;
            merge_advance(merge, stripe, merge->expected[stripe] + search.nearest);
            return 1;
        }
        if (holder->state != MERGE_BLOCKED)
            return 0;
        if (holder->visit_mark == mark)
            return open_circle(merge, holder, stripe);
        thread = holder;
    }
}

static bool is_worth_a_search(const struct merge *merge, const struct merge_thread *thread)
{
    /* A search looks at all records in sight: ever more rarely. */
    return merge->haste == MERGE_LAST ||
           (thread->stuck >= 2 && (thread->stuck & (thread->stuck - 1)) == 0);
}

static int unstick_thread(struct merge *merge, struct merge_thread *thread, bool give_up)
{
    if (thread->state == MERGE_IDLE && record_queue_has_gap(&thread->queue)) {
        if (!give_up)
            return 0;
        record_queue_skip_gap(&thread->queue);
        return 1;
    }
    if (thread->state != MERGE_BLOCKED || (!give_up && !is_worth_a_search(merge, thread)))
        return 0;
    if (!merge->numbered)
        return 0; /* it waits for newer records of the time of one thread, and for a later pass */
    return resolve(merge, thread, give_up);
}

int merge_unstick(struct merge *merge, bool moving)
{
    bool awaited = ring_memory_is_awaited(merge->memory);
    unsigned patience = awaited ? PATIENCE_WAITING_PASSES : PATIENCE_PASSES;
    for (size_t i = 0; i < merge->threads; i++) {
        struct merge_thread *thread = merge->thread[i];
        bool stuck = thread->state == MERGE_BLOCKED || thread->postponements > 0 ||
                     record_queue_has_gap(&thread->queue);
        if (thread->state == MERGE_READY || !stuck) {
            thread->stuck = thread->outrun = 0;
            continue;
        }
        thread->stuck++;
        thread->outrun += moving;
        int result =
            unstick_thread(merge, thread, merge->haste == MERGE_LAST || thread->outrun > patience);
        if (result != 0) {
            merge->heap_count = 0; /* the next look puts everybody in its place */
            return result;
        }
    }
    return 0;
}

int merge_spill(struct merge *merge)
{
    if (!ring_memory_is_awaited(merge->memory))
        return 0;
    for (size_t i = 0; i < merge->threads; i++) {
        uint32_t budget = merge->memory->chunk_count - merge->memory->copies;
        if (record_queue_spill(&merge->thread[i]->queue, budget) < 0)
            return message_set(merge->message, "out of memory");
    }
    return 0;
}
