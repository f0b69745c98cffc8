/*
 * The memory that a recorded process shares with its collector, and how they meet.
 *
 * The process (the preloaded recorder) writes records of 16 bytes into chunks, each of which
 * belongs to one thread; the collector (heapmark record) takes them out. Either may die at any
 * moment: nothing here needs a lock, and what has been written survives the writer.
 *
 * Meeting: the recorder connects to the abstract Unix socket (SOCK_SEQPACKET) named in
 * HEAPMARK_RECORD as "@name", sends a struct ring_hello, and gets a struct ring_answer with, when
 * `accepted`, the descriptor of a memfd (SCM_RIGHTS) that holds a struct ring and its chunks; it
 * maps it and closes both descriptors: a program may close every descriptor it finds. The
 * collector watches the process through a pidfd that it opens on the socket's peer. A process
 * that forks or executes another image meets the collector anew; each image is a stream, and a
 * file, of its own.
 *
 * A chunk: a thread takes one from the free stack, fills in its head, links it (the first one on
 * `arrivals`, each later one in `next` of the one before), then writes records front to back. A
 * slot is claimed by one instruction that a signal cannot part, its `body` written, then its
 * `head` with release; head 0 is a slot claimed and not yet written, or not yet claimed. The
 * collector reads records in order (acquire) from full and open chunks alike, zeroes a chunk that
 * it has emptied and whose `next` is set (or whose thread is gone), and pushes it on the free
 * stack.
 *
 * Order: each address belongs to a stripe by its 16 KiB region; each stripe counts. A record that
 * names an address takes the stripe's number and bumps it: before the real call where the call
 * gives the block away (FREE, REALLOC_BEGIN), after it where the call yields one. Records of one
 * stripe in the order of its numbers, and records of one thread in the order of its chunk,
 * together give the linear order of the trace. Numbers of a stripe begin at 0.
 *
 * While the process has one thread, the order of its chunk is the order, and its records take no
 * number: they bear RING_ALONE, and the whole body is the size. From the first record on that
 * another thread could have preceded (glibc has cleared __libc_single_threaded) all take numbers,
 * to the end of the process, though it be left with one thread again. Whatever is RING_ALONE has
 * been written before a thread that takes numbers was made: who sees (acquire) a record with a
 * number, then looks at the queues again, sees every record that goes before all of those.
 *
 * Every realloc and reallocarray is two records, REALLOC_BEGIN (of NULL: address 0 and no number)
 * and the call's end; pairs nest, since a signal handler may reallocate between the two. So do
 * RING_SIZE and the record it belongs to, which bears RING_SIZE_APART in its size bits (neither is
 * RING_ALONE): what a handler writes between the two is not mistaken for that record.
 *
 * Time: a RING_TIME record holds a stamp for the records behind it. A thread writes one in the
 * slots whose number is a multiple of RING_TIME_EVERY, or nearly so, and whenever `tick` is not
 * what it saw last: the collector bumps `tick` every millisecond while it works, and once more when
 * it goes to sleep for want of records (then it also sets `asleep`, and the next record's writer
 * wakes it).
 */
#ifndef HEAPMARK_RING_H
#define HEAPMARK_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    RING_VERSION = 2,
    RING_CHUNK_BYTES = 16384,
    RING_RECORD_BYTES = 16,
    RING_CHUNK_HEAD_BYTES = 64,
    RING_RECORDS = (RING_CHUNK_BYTES - RING_CHUNK_HEAD_BYTES) / RING_RECORD_BYTES,
    RING_STRIPES = 1024, /* a power of two */
    RING_STRIPE_SHIFT = 14,
    RING_TIME_EVERY = 64, /* a power of two */
    RING_BYTES_DEFAULT = 64 << 20,
    RING_BYTES_MINIMUM = 1 << 20,
    RING_BYTES_MAXIMUM = 128 << 20, /* numbers of a stripe are told apart modulo 2^24 */
    RING_NO_CHUNK = 0xffffffff,
    RING_PATIENCE_MS = 10000, /* of `patience_ms`, and of who waits for a ring_answer */
};

#define RING_ENVIRONMENT "HEAPMARK_RECORD"

/* head:  bits 0..47 address (a failed call: errno; RING_TIME, RING_SIZE: 0)
 *             48..51 kind: enum trace_kind, or one of those below
 *             52..57 log2 of the alignment asked for; 0: none; 63: not a power of two
 *             58     RING_FAILED
 *             59     RING_ALONE
 * body:  RING_ALONE: size, 64 bits; else bits 0..39 size, 40..63 number in the stripe, modulo 2^24
 *        RING_TIME: ring_ticks(), 64 bits; RING_SIZE: the size, 64 bits, of a record behind it
 *        whose size does not fit into 40 and is RING_SIZE_APART instead */
enum {
    RING_TIME = 12,
    RING_SIZE = 13,
    RING_KIND_SHIFT = 48,
    RING_KIND_BITS = 4,
    RING_ALIGNMENT_SHIFT = 52,
    RING_ALIGNMENT_BITS = 6,
    RING_ALIGNMENT_ODD = 63,
    RING_FAILED_SHIFT = 58,
    RING_ALONE_SHIFT = 59,
    RING_SIZE_BITS = 40,
    RING_NUMBER_BITS = 24,
};
#define RING_SIZE_APART ((UINT64_C(1) << RING_SIZE_BITS) - 1)

struct ring_record {
    _Atomic uint64_t head;
    uint64_t body;
};

struct ring_chunk {
    /* written by the thread before it links the chunk */
    uint32_t thread; /* number in the order of `threads` */
    uint32_t tid;
    uint32_t serial;       /* 0 for a thread's first chunk */
    uint32_t link;         /* next on `arrivals` or on the free stack */
    _Atomic uint32_t next; /* the thread's next chunk; RING_NO_CHUNK: it is writing here */
    unsigned char reserved[RING_CHUNK_HEAD_BYTES - 20];
    struct ring_record record[RING_RECORDS];
};

enum ring_state {
    RING_RECORDING,
    RING_STOPPED, /* by the collector (disk full, ...) or by the recorder (collector dead): for
                     good; nobody writes records any more */
};

struct ring {
    /* written by the collector before the process has it */
    uint32_t version;
    uint32_t chunk_count;
    uint64_t chunks_offset; /* of the first chunk, from the start of the memfd */
    uint32_t patience_ms;   /* a collector whose heartbeat stands still so long is dead */
    _Alignas(64) _Atomic uint32_t tick;
    _Atomic uint32_t asleep;    /* the collector waits on `doorbell` */
    _Atomic uint32_t state;     /* enum ring_state */
    _Atomic uint32_t heartbeat; /* bumped by the collector at least every 100 ms, asleep or not */
    _Alignas(64) _Atomic uint64_t free_stack; /* tag << 32 | chunk, against ABA */
    _Atomic uint32_t arrivals;                /* first chunks of new threads, a stack */
    _Atomic uint32_t threads;                 /* numbers given out */
    _Alignas(64) _Atomic uint32_t doorbell; /* futex: bumped by the process to wake the collector */
    _Atomic uint32_t room;                  /* futex: bumped by the collector for those who wait */
    _Atomic uint32_t waiting;               /* threads that wait for a chunk */
    _Atomic uint32_t stalls;                /* how often one had to */
    _Atomic uint64_t stall_ns;
    uint64_t clock_hz;   /* of ring_ticks(), nearly: written by the collector */
    char allocator[512]; /* written by the recorder: the object that owns the real malloc */
    _Alignas(64) _Atomic uint32_t stripe[RING_STRIPES];
};

static inline struct ring_chunk *ring_chunk_at(struct ring *ring, uint32_t index)
{
    return (struct ring_chunk *)(void *)((unsigned char *)ring + ring->chunks_offset +
                                         (size_t)index * RING_CHUNK_BYTES);
}

static inline uint32_t ring_stripe_of(uint64_t address)
{
    /* Fibonacci hashing (Knuth 6.4): neighbouring regions fall on different cache lines. */
    return (uint32_t)(((address >> RING_STRIPE_SHIFT) * UINT64_C(0x9e3779b97f4a7c15)) >> 54);
}

/* The clock of RING_TIME: rises at a constant rate, the same on every CPU. */
static inline uint64_t ring_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

enum ring_reason { RING_STARTED, RING_FORKED };

struct ring_hello {
    uint32_t version;
    uint32_t reason;      /* enum ring_reason; an exec'd image has started, too */
    uint32_t pid, parent; /* as the process sees them */
};

struct ring_answer {
    uint32_t version;
    uint32_t accepted; /* 0: this process is not to be recorded; it goes on without a word */
};

_Static_assert(sizeof(struct ring_record) == RING_RECORD_BYTES, "a record");
_Static_assert(sizeof(struct ring_chunk) == RING_CHUNK_BYTES, "a chunk");
_Static_assert(RING_STRIPES == 1 << (64 - 54), "ring_stripe_of()");

#endif
