/*
 * A thread's way of writing records: the part that runs on every call, inline.
 *
 * One record costs a look at three words that hardly ever change, one xadd on a word of the
 * thread's own, two stores, and, once there have been two threads, one xadd on a stripe. Everything
 * rarer is writer.c's.
 *
 * A signal handler may come between any two instructions here and record calls of its own: it
 * gets the slots behind ours. The collector meets our slot while its head is 0, and waits.
 */
#ifndef HEAPMARK_WRITER_H
#define HEAPMARK_WRITER_H

#include "ring.h"
#include "trace.h"

#include <stdbool.h>
#include <sys/single_threaded.h>

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
/* The compiler counts the rare ways, too, and would have these called. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum {
    /* Chunks are mapped at multiples of their size. An address within the first bytes of one is
     * no slot: a thread's cursor there has run off the end of the chunk before, or is 0. The head
     * is four slots long, so that handlers nested four deep in the few instructions between
     * finding that and mending it still see what they have. */
    SLOT_MASK = RING_CHUNK_BYTES - RING_CHUNK_HEAD_BYTES,
    STAMP_MASK = RING_TIME_EVERY * RING_RECORD_BYTES - 1,
    STAMP_OFFSET = RING_CHUNK_HEAD_BYTES & STAMP_MASK,
};

_Static_assert((SLOT_MASK & (RING_CHUNK_HEAD_BYTES - 1)) == 0, "the mask leaves a head's offsets");

/* Ours alone, so that the compiler reaches it without a table. */
#pragma GCC visibility push(hidden)

struct writer {
    uintptr_t cursor; /* the next slot */
    uint32_t epoch;   /* the meeting that the rest belongs to */
    uint32_t tick;    /* the ring's, when this thread looked last */
    uint32_t chunk;   /* the one under the cursor, or RING_NO_CHUNK */
    uint32_t thread, tid, serial;
    uint64_t deleting; /* a block whose free is recorded already; see writer_begin_delete */
};

/* What a process is at: a page of its own, which the kernel wipes in the child of a fork. */
#if defined __aarch64__
enum { WIPED_BYTES = 65536 }; /* the largest page there */
#else
enum { WIPED_BYTES = 4096 };
#endif
union process {
    struct {
        struct ring *_Atomic ring; /* NULL: nothing is to be recorded, or nobody has been met */
        _Atomic uint32_t epoch;    /* number of the meeting by which we have the ring, EPOCH_OFF,
                                      0 when wiped, as in a new thread: its cursor is 0, too */
        _Atomic uint32_t phase;    /* enum phase */
        /* That of the only thread. Here it is reached without a table, and wiped, so that nobody
         * need compare epochs. The thread takes it along when it gets company. */
        struct writer alone;
        _Atomic uint32_t has_company; /* there have been two threads: records take numbers */
    };
    unsigned char wiped[WIPED_BYTES];
};
enum phase { PHASE_UNMET, PHASE_MEETING, PHASE_RECORDING, PHASE_OFF };
#define WRITER_ADDRESS_MASK ((UINT64_C(1) << RING_KIND_SHIFT) - 1)
#define EPOCH_OFF           UINT32_C(0xffffffff) /* nothing is to be recorded */
extern union process process;

/* What is mapped, by the last meeting of this process or of the one that forked it. */
extern struct ring *shared_ring;

/* Each thread's, once there have been two. */
extern _Thread_local struct writer writer __attribute__((tls_model("initial-exec")));

/*
 * Records where the inline part found a reason not to: `place` is what the cursor gave, 0 if none
 * was asked. Meets the collector, opens chunks, writes stamps, waits for room; or lets the
 * call pass unrecorded. Keeps errno.
 */
void writer_record_slowly(uintptr_t place, uint64_t head, uint64_t address, uint64_t size);
/*
 * Records an operator delete, during which a free of the same block is not recorded: it would be
 * the same call. Returns what the end needs.
 */
uint32_t writer_begin_delete(const void *block);
void writer_end_delete(uint32_t tick);
/* The libc is initialised, so that it tells the truth about threads. */
void writer_believe_libc(void);
/* The one that this thread's next record is written by. */
struct writer *writer_in_force(void);

#pragma GCC visibility pop

/* By one instruction, or by what is as good (an exclusive pair that an interrupt breaks): no
 * handler can get the same slot. No other thread has this word, so nothing need be locked. */
static inline uintptr_t writer_next_slot(uintptr_t *cursor)
{
#if defined __x86_64__
    uintptr_t place = RING_RECORD_BYTES;
    __asm__ volatile("xaddq %0, %1" : "+r"(place), "+m"(*cursor));
    return place;
#else
    return __atomic_fetch_add(cursor, RING_RECORD_BYTES, __ATOMIC_RELAXED);
#endif
}

static inline bool writer_is_slot(uintptr_t place)
{
    return (place & SLOT_MASK) != 0;
}

static inline bool writer_is_stamp(uintptr_t place)
{
    return (place & STAMP_MASK) == STAMP_OFFSET;
}

/*
 * The next number of the address's stripe.
 *
 * Relaxed will do: a block that was freed here and is handed out there went from one to the other
 * through the allocator, whose own synchronisation orders the two bumps.
 */
static inline uint32_t writer_number(struct ring *ring, uint64_t address)
{
    return atomic_fetch_add_explicit(&ring->stripe[ring_stripe_of(address)], 1,
                                     memory_order_relaxed);
}

static inline uint64_t writer_head(uint64_t kind, uint64_t alignment_log2)
{
    return kind << RING_KIND_SHIFT | alignment_log2 << RING_ALIGNMENT_SHIFT;
}

/* Whether a record's head says that a block is given away. */
static inline bool writer_is_freeing(uint64_t head)
{
    unsigned kind = head >> RING_KIND_SHIFT & ((1U << RING_KIND_BITS) - 1);
    return kind == TRACE_FREE || kind == TRACE_REALLOC_BEGIN;
}

/* Writes a record into its slot. */
static inline void writer_fill(uintptr_t place, uint64_t head, uint64_t body)
{
    struct ring_record *slot = (struct ring_record *)place;
    slot->body = body;
    atomic_store_explicit(&slot->head, head, memory_order_release);
}

static inline void writer_fill_alone(uintptr_t place, uint64_t head, uint64_t address,
                                     uint64_t size)
{
    writer_fill(place, head | address | UINT64_C(1) << RING_ALONE_SHIFT, size);
}

/*
 * The slot has come first, and may have been waited for; here nothing stands between taking the
 * number and writing it, so that no thread waits for a number whose owner waits for room. A
 * thread that is preempted between the two delays only the collector, which has others' later
 * numbers wait their turn in its own memory; one that is killed there leaves a number that never
 * comes, which the collector gives up when the thread is gone.
 */
static inline void writer_fill_numbered(struct ring *ring, uintptr_t place, uint64_t head,
                                        uint64_t address, uint64_t size)
{
    /* No address, no number: it failed, or it was given NULL, or gave it. */
    uint64_t number = address == 0 ? 0 : writer_number(ring, address);
    writer_fill(place, head | address, size | number << RING_SIZE_BITS);
}

/* By a bit less than would fit, since one size is RING_SIZE_APART. */
static inline bool writer_is_large(uint64_t size)
{
    return size >> (RING_SIZE_BITS - 1) != 0;
}

static inline bool writer_needs_care(const struct ring *ring, uintptr_t place, uint32_t tick)
{
    return unlikely(!writer_is_slot(place)) || unlikely(writer_is_stamp(place)) ||
           unlikely(atomic_load_explicit(&ring->tick, memory_order_relaxed) != tick);
}

ALWAYS_INLINE void writer_record_numbered(struct ring *ring, uint64_t head, uint64_t address,
                                          uint64_t size)
{
    uint32_t epoch = atomic_load_explicit(&process.epoch, memory_order_relaxed);
    if (unlikely(writer.epoch != epoch) || unlikely(writer_is_large(size))) {
        writer_record_slowly(0, head, address, size);
        return;
    }
    uintptr_t place = writer_next_slot(&writer.cursor);
    if (writer_needs_care(ring, place, writer.tick))
        writer_record_slowly(place, head, address, size);
    else
        writer_fill_numbered(ring, place, head, address, size);
}

/*
 * Records a call, and the block that it names.
 *
 * glibc clears __libc_single_threaded in pthread_create, before there is a second thread.
 */
ALWAYS_INLINE void writer_record(uint64_t head, const void *block, uint64_t size)
{
    uint64_t address = (uintptr_t)block;
#if defined __aarch64__
    address &= WRITER_ADDRESS_MASK; /* the top byte may hold a tag */
#endif
    struct ring *ring = atomic_load_explicit(&process.ring, memory_order_relaxed);
    if (unlikely(ring == NULL)) {
        if (atomic_load_explicit(&process.phase, memory_order_relaxed) != PHASE_OFF)
            writer_record_slowly(0, head, address, size);
        return;
    }
    if (unlikely(!__libc_single_threaded)) {
        writer_record_numbered(ring, head, address, size);
        return;
    }
    uintptr_t place = writer_next_slot(&process.alone.cursor);
    if (writer_needs_care(ring, place, process.alone.tick))
        writer_record_slowly(place, head, address, size);
    else
        writer_fill_alone(place, head, address, size);
}

/* Records a call that names no block. */
static inline void writer_record_bare(uint64_t head, uint64_t size)
{
    writer_record(head, NULL, size);
}

#endif
