/* What a thread does when it has no slot at hand; see writer.h. Keeps errno. */
#include "writer.h"

#include "meeting.h"
#include "system.h"

_Alignas(WIPED_BYTES) union process
    process; /* in .bss: only memory without a file behind it can be wiped */
struct ring *shared_ring;
_Thread_local struct writer writer;

enum {
    LINE_BYTES = 64,
    WAIT_NS = 20 * 1000 * 1000, /* one sleep of a thread that wants a chunk */
    NS_PER_MS = 1000 * 1000,
    PREFETCH_BYTES =
        1024, /* the collector wrote that memory last: have it back before we need it */
};

/* ---- chunks ---------------------------------------------------------------- */

/* Takes one off the free stack; RING_NO_CHUNK when there is none. The tag keeps a chunk that was
 * taken and given back meanwhile from being mistaken for itself, so that a `link` read from one
 * which another thread took first does no harm. */
static uint32_t take_chunk(struct ring *ring)
{
    uint64_t top = atomic_load_explicit(&ring->free_stack, memory_order_acquire);
    for (;;) {
        uint32_t index = (uint32_t)top;
        if (index == RING_NO_CHUNK)
            return RING_NO_CHUNK;
        uint32_t link = __atomic_load_n(&ring_chunk_at(ring, index)->link, __ATOMIC_RELAXED);
        uint64_t below = ((top >> 32) + 1) << 32 | link;
        if (atomic_compare_exchange_weak_explicit(&ring->free_stack, &top, below,
                                                  memory_order_acquire, memory_order_acquire))
            return index;
    }
}

static void announce_chunk(struct ring *ring, uint32_t index)
{
    uint32_t *link = &ring_chunk_at(ring, index)->link;
    uint32_t top = atomic_load_explicit(&ring->arrivals, memory_order_relaxed);
    do {
        __atomic_store_n(link, top, __ATOMIC_RELAXED);
    } while (!atomic_compare_exchange_weak_explicit(&ring->arrivals, &top, index,
                                                    memory_order_release, memory_order_relaxed));
}

/* Signals are blocked. */
static void join_meeting(struct writer *self, uint32_t epoch)
{
    *self = (struct writer){
        .epoch = epoch,
        .chunk = RING_NO_CHUNK,
        .thread = atomic_fetch_add_explicit(&shared_ring->threads, 1, memory_order_relaxed),
        .tid = system_tid(),
        /* Unlike the ring's, so that the first record has a stamp and wakes who sleeps. */
        .tick = atomic_load_explicit(&shared_ring->tick, memory_order_relaxed) - 1,
    };
}

/* Signals are blocked. The thread that was alone goes on as who it was, in the same chunk. */
static void have_company(uint32_t epoch)
{
    struct writer *alone = &process.alone;
    if (!atomic_exchange(&process.has_company, 1))
        /* Should libc say once more that there is one thread, its next record goes the slow way,
         * and to `writer` by that. */
        alone->tick = atomic_load_explicit(&shared_ring->tick, memory_order_relaxed) - 1;
    if (writer.epoch == epoch || alone->epoch != epoch || alone->tid != system_tid())
        return;
    writer = *alone;
    *alone = (struct writer){0};
}

/* Signals are blocked. */
static void start_chunk(struct writer *self, struct ring *ring, uint32_t index)
{
    struct ring_chunk *chunk = ring_chunk_at(ring, index);
    chunk->thread = self->thread;
    chunk->tid = self->tid;
    chunk->serial = self->serial++;
    atomic_store_explicit(&chunk->next, RING_NO_CHUNK, memory_order_relaxed);
    if (self->chunk == RING_NO_CHUNK)
        announce_chunk(ring, index);
    else
        atomic_store_explicit(&ring_chunk_at(ring, self->chunk)->next, index, memory_order_release);
    self->chunk = index;
    self->cursor = (uintptr_t)&chunk->record[0];
}

enum opening { CHUNK_OPEN, CHUNK_NONE, CHUNK_UNWANTED };

/* Signals are blocked: a handler that came between these lines would find the thread's state
 * half changed. */
static enum opening try_to_open(struct writer *self)
{
    if (!meeting_hold())
        return CHUNK_UNWANTED;
    struct ring *ring = shared_ring;
    uint32_t epoch = atomic_load_explicit(&process.epoch, memory_order_relaxed);
    if (self == &writer)
        have_company(epoch);
    if (self->epoch != epoch)
        join_meeting(self, epoch);
    if (writer_is_slot(self->cursor))
        return CHUNK_OPEN; /* a handler came before signals were blocked, and has seen to it */
    if (atomic_load_explicit(&ring->state, memory_order_relaxed) != RING_RECORDING) {
        meeting_stop(false);
        return CHUNK_UNWANTED;
    }
    uint32_t index = take_chunk(ring);
    if (index == RING_NO_CHUNK)
        return CHUNK_NONE;
    start_chunk(self, ring, index);
    return CHUNK_OPEN;
}

/* ---- waiting --------------------------------------------------------------- */

static void wake_collector(struct ring *ring)
{
    if (atomic_load_explicit(&ring->asleep, memory_order_relaxed) == 0 ||
        atomic_exchange_explicit(&ring->asleep, 0, memory_order_acq_rel) == 0)
        return;
    atomic_fetch_add_explicit(&ring->doorbell, 1, memory_order_release);
    system_futex_wake(&ring->doorbell);
}

struct patience {
    bool waited;
    uint32_t heartbeat;
    uint64_t since_ns; /* when the heartbeat was seen to move */
};

static bool is_collector_dead(struct patience *patience, uint64_t now_ns)
{
    uint32_t heartbeat = atomic_load_explicit(&shared_ring->heartbeat, memory_order_relaxed);
    if (!patience->waited || heartbeat != patience->heartbeat) {
        patience->heartbeat = heartbeat;
        patience->since_ns = now_ns;
    }
    return now_ns - patience->since_ns > (uint64_t)shared_ring->patience_ms * NS_PER_MS;
}

/* Sleeps a little for want of a chunk, with signals open: a handler may run, and may wait here in
 * its turn. Returns false when the collector is dead. */
static bool wait_for_room(const struct writer *self, struct patience *patience)
{
    struct ring *ring = shared_ring;
    uint32_t epoch = self->epoch, room = atomic_load(&ring->room);
    uint64_t before_ns = system_clock_ns();
    if (is_collector_dead(patience, before_ns))
        return false;
    if (!patience->waited)
        atomic_fetch_add_explicit(&ring->stalls, 1, memory_order_relaxed);
    patience->waited = true;
    atomic_fetch_add(&ring->waiting, 1);
    wake_collector(ring);
    /* A chunk that is given back after this look changes `room`, and the sleep does not begin. */
    if ((uint32_t)atomic_load(&ring->free_stack) == RING_NO_CHUNK &&
        atomic_load(&ring->state) == RING_RECORDING)
        system_futex_wait(&ring->room, room, WAIT_NS);
    if (epoch != atomic_load_explicit(&process.epoch, memory_order_relaxed))
        return true; /* a handler forked, and this is the child: that ring is not ours */
    atomic_fetch_sub(&ring->waiting, 1);
    atomic_fetch_add_explicit(&ring->stall_ns, system_clock_ns() - before_ns, memory_order_relaxed);
    return true;
}

/* ---- a slot ---------------------------------------------------------------- */

/* Returns false when the call is not to be recorded. */
static bool open_chunk(struct writer *self)
{
    /* Give nested handlers their four slots of grace again; not when one has just opened a chunk,
     * hence by one instruction that compares. */
    uintptr_t cursor = __atomic_load_n(&self->cursor, __ATOMIC_RELAXED);
    if (!writer_is_slot(cursor))
        __atomic_compare_exchange_n(&self->cursor, &cursor, 0, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
    for (struct patience patience = {0};;) {
        uint64_t mask = system_block_signals();
        enum opening opening = try_to_open(self);
        system_restore_signals(mask);
        if (opening != CHUNK_NONE)
            return opening == CHUNK_OPEN;
        if (!wait_for_room(self, &patience)) {
            meeting_stop(true);
            system_complain("the collector does not answer any more");
            return false;
        }
    }
}

static void write_stamp(struct writer *self, uintptr_t place)
{
    struct ring *ring = shared_ring;
    self->tick = atomic_load_explicit(&ring->tick, memory_order_acquire);
    writer_fill(place, (uint64_t)RING_TIME << RING_KIND_SHIFT, ring_ticks());
    if (writer_is_stamp(place))
        for (unsigned bytes = 0; bytes <= STAMP_MASK; bytes += LINE_BYTES)
            __builtin_prefetch((const void *)(place + PREFETCH_BYTES + bytes), 1);
    wake_collector(ring);
}

/* Not so: none, or one of the process that forked us, by a handler that came behind the claim; that
 * process writes it. */
static bool is_of_our_ring(uintptr_t place)
{
    const struct ring *ring = atomic_load_explicit(&process.ring, memory_order_relaxed);
    return ring != NULL && place - (uintptr_t)ring <
                               ring->chunks_offset + (uint64_t)ring->chunk_count * RING_CHUNK_BYTES;
}

/* Returns a slot for a call's record, or 0. */
static uintptr_t claim_slot(struct writer *self, uintptr_t place)
{
    for (;; place = writer_next_slot(&self->cursor)) {
        uint32_t epoch = atomic_load_explicit(&process.epoch, memory_order_relaxed);
        if (self->epoch != epoch || !writer_is_slot(place) || !is_of_our_ring(place)) {
            if (!open_chunk(self))
                return 0;
            continue;
        }
        uint32_t tick = atomic_load_explicit(&shared_ring->tick, memory_order_relaxed);
        if (!writer_is_stamp(place) && tick == self->tick)
            return place;
        write_stamp(self, place);
    }
}

/* Before libc is initialised, by the dynamic linker, its variable means nothing, and there is one
 * thread. Never wiped. */
static bool libc_is_ready;

void writer_believe_libc(void)
{
    libc_is_ready = true;
}

static bool is_alone(void)
{
    extern char **environ;
    if (!libc_is_ready && (__libc_single_threaded || environ != NULL))
        libc_is_ready = true;
    return __libc_single_threaded || !libc_is_ready;
}

struct writer *writer_in_force(void)
{
    if (is_alone() && !atomic_load_explicit(&process.has_company, memory_order_relaxed))
        return &process.alone;
    return &writer;
}

static void record(struct writer *self, uintptr_t place, uint64_t head, uint64_t address,
                   uint64_t size)
{
    place = claim_slot(self, place);
    if (place == 0)
        return;
    if (address != 0 && address == self->deleting && writer_is_freeing(head)) {
        self->deleting = 0;
        write_stamp(self, place); /* the slot is claimed, and has to hold something */
    } else if (self == &process.alone) {
        writer_fill_alone(place, head, address, size);
    } else {
        writer_fill_numbered(shared_ring, place, head, address, size);
    }
}

__attribute__((noinline)) void writer_record_slowly(uintptr_t place, uint64_t head,
                                                    uint64_t address, uint64_t size)
{
    int error = errno;
    struct writer *self = writer_in_force();
    if (self == &writer && __libc_single_threaded) {
        /* There has been company, and the inline part has looked at the other cursor. */
        if (place != 0 && writer_is_slot(place)) {
            write_stamp(&process.alone, place);
            process.alone.tick--; /* so that the next one comes here, too */
        } else {
            process.alone.cursor = 0;
        }
        place = 0;
    }
    if (self == &writer && writer_is_large(size)) {
        record(self, place, (uint64_t)RING_SIZE << RING_KIND_SHIFT, 0, size);
        place = writer_next_slot(&self->cursor);
        size = RING_SIZE_APART;
    }
    record(self, place, head, address, size);
    errno = error;
}

/* The free that may follow is led into writer_record_slowly by a tick that is not the ring's, so
 * that others need not look at `deleting`. */
uint32_t writer_begin_delete(const void *block)
{
    writer_record(writer_head(TRACE_FREE, 0), block, 0);
    struct writer *self = writer_in_force();
    uint32_t tick = self->tick;
    self->deleting = (uintptr_t)block;
    self->tick = tick - 1;
    return tick;
}

void writer_end_delete(uint32_t tick)
{
    struct writer *self = writer_in_force();
    self->deleting = 0;
    if (self->tick == tick - 1)
        self->tick = tick;
}
