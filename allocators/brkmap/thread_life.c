/*
 * How a heap gets a thread and loses it: the first allocation, the thread's end, fork.
 *
 * A thread's end is known by the destructor of a pthread key. Other destructors may run later and
 * allocate again: then the thread gets a heap once more, and the key another round. After the last
 * round the heap is lost, until a thread comes that stands in the same place.
 */
#include <errno.h>
#include <pthread.h>

#include "heap.h"
#include "os.h"
#include "region.h"
#include "thread_life.h"

/* Heaps mapped at a time, and how far apart they lie. */
#define HEAPS_AT_ONCE 8
#define HEAP_BYTES    ((size_t)2048)
_Static_assert(sizeof(struct heap_of_thread) <= HEAP_BYTES, "outboxes tell heaps apart by this");

static struct heap_of_thread first_heap;

/* Under region_lock. */
static struct {
    struct heap_of_thread *all, *orphans;
    char *fresh; /* for threads to come */
    size_t fresh_count;
} heaps;

static pthread_key_t end_key;
static bool end_key_made;

#define NO_SPAN_8 \
    &span_none, &span_none, &span_none, &span_none, &span_none, &span_none, &span_none, &span_none
#define NO_SPAN_64 \
    NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8
_Static_assert(DIRECT_ENTRIES == 65, "as many as are listed here");

_Thread_local struct thread_cache thread_cache = {
    .direct = {NO_SPAN_64, &span_none},
};

/* Two threads that live at a time differ in it; it may come again when one has ended. */
static uintptr_t thread_identity(void)
{
    return (uintptr_t)__builtin_thread_pointer();
}

/* One that has never had a thread. With the lock held. NULL: no memory. */
static struct heap_of_thread *heap_make(void)
{
    struct heap_of_thread *heap = &first_heap;

    if (heaps.all != NULL) {
        if (heaps.fresh_count == 0) {
            heaps.fresh = os_map(heap_round_up(HEAPS_AT_ONCE * HEAP_BYTES, os_page_bytes()));
            if (heaps.fresh == NULL)
                return NULL;
            heaps.fresh_count = HEAPS_AT_ONCE;
        }
        heap = (struct heap_of_thread *)heaps.fresh;
        heaps.fresh += HEAP_BYTES;
        heaps.fresh_count--;
    }
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        heap->current[i] = &span_none;
    heap->next = heaps.all;
    heaps.all = heap;
    return heap;
}

/* With the lock held. */
static struct heap_of_thread *orphan_unlink(struct heap_of_thread **at)
{
    struct heap_of_thread *heap = *at;

    *at = heap->next_orphan;
    atomic_store_explicit(&heap->orphan, false, memory_order_relaxed);
    return heap;
}

/* The heap of a thread that has ended and allocated after its last look at thread_end: it stood
 * where this one does. Such heaps are as many as threads ever ran at a time, at most. */
static struct heap_of_thread *heap_lost(void)
{
    struct heap_of_thread *heap = heaps.all;
    while (heap != NULL && heap->thread != thread_identity())
        heap = heap->next;
    return heap;
}

/* An orphan, or a lost one, or a new one. */
static struct heap_of_thread *heap_find(void)
{
    lock_acquire(&region_lock);
    struct heap_of_thread *heap =
        heaps.orphans != NULL ? orphan_unlink(&heaps.orphans) : heap_lost();
    if (heap == NULL)
        heap = heap_make();
    if (heap != NULL)
        heap->thread = thread_identity();
    lock_release(&region_lock);
    return heap;
}

struct heap_of_thread *thread_heap(void)
{
    if (thread_cache.heap != NULL)
        return thread_cache.heap;

    struct heap_of_thread *heap = heap_find();
    if (heap == NULL)
        return NULL;
    /* Of a lost one. */
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        thread_heap_retire(heap, i);
    thread_cache.heap = heap;
    thread_heap_receive(heap);
    /* It may allocate, and then finds the heap there. free comes here, too, and keeps errno. */
    int saved_errno = errno;
    if (end_key_made)
        pthread_setspecific(end_key, heap);
    errno = saved_errno;
    return heap;
}

static void orphan_add(struct heap_of_thread *heap)
{
    lock_acquire(&region_lock);
    atomic_store_explicit(&heap->orphan, true, memory_order_relaxed);
    heap->thread = 0;
    heap->next_orphan = heaps.orphans;
    heaps.orphans = heap;
    lock_release(&region_lock);
}

/* Takes it off the orphans. False: it is none any more. */
static bool orphan_take(const struct heap_of_thread *heap)
{
    struct heap_of_thread **at = &heaps.orphans;

    lock_acquire(&region_lock);
    while (*at != NULL && *at != heap)
        at = &(*at)->next_orphan;
    bool found = *at != NULL;
    if (found)
        orphan_unlink(at);
    lock_release(&region_lock);
    return found;
}

/* Moves a list of spans, of which none is current, to another heap. */
static void move_spans(struct span **from, struct span **to, struct heap_of_thread *heap)
{
    for (struct span *span; (span = *from) != NULL;) {
        HEAP_ASSERT(span->state == SPAN_PARTIAL || span->state == SPAN_FULL);
        span_list_remove(from, span);
        span_set_heap(span, heap);
        span_list_push(to, span);
    }
}

void thread_heap_inherit(struct heap_of_thread *from)
{
    struct heap_of_thread *mine = thread_cache.heap;

    if (mine == NULL || mine->inheriting || !orphan_take(from))
        return;
    mine->inheriting = true;
    thread_heap_receive(from);
    thread_heap_give_held(from);
    move_spans(&from->full, &mine->full, mine);
    /* Who has some of a class needs no more: the next thread with that heap may. Else one that only
     * frees would gather them from all. */
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        if (mine->partial[i] == NULL)
            move_spans(&from->partial[i], &mine->partial[i], mine);
    mine->inheriting = false;
    orphan_add(from);
    /* Who sent something meanwhile did not see an orphan. */
    if (atomic_load_explicit(&from->inbox, memory_order_relaxed) != NULL)
        thread_heap_inherit(from);
}

/* The thread ends, and its spans wait for another one. */
static void thread_end(void *argument)
{
    struct heap_of_thread *heap = thread_cache.heap;

    (void)argument;
    if (heap == NULL)
        return;
    if (HARDENED)
        block_delay_end(heap);
    thread_heap_flush(heap);
    thread_heap_receive(heap);
    /* What it got may have had to be sent on. */
    thread_heap_flush(heap);
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        thread_heap_retire(heap, i);
    thread_heap_give_held(heap);
    heap->given_bytes = heap->wanted_bytes = 0;
    thread_cache.heap = NULL;
    orphan_add(heap);
}

/* Other threads' heaps are left as they were in mid-air: nobody may touch their lists again. Their
 * threads' pointers will be those of new threads, which must not take them for lost ones. */
void heap_after_fork(void)
{
    for (struct heap_of_thread *heap = heaps.all; heap != NULL; heap = heap->next)
        if (heap->thread != thread_identity())
            heap->thread = 0;
}

struct heap_of_thread *thread_heap_all(void)
{
    return heaps.all;
}

/* Before any thread but the first. What runs earlier allocates from the first heap, whose thread
 * never ends before the process. */
__attribute__((constructor(102))) static void thread_life_begin(void)
{
    end_key_made = pthread_key_create(&end_key, thread_end) == 0;
}
