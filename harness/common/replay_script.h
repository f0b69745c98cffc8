/*
 * A trace as the runner replays it: the script, made once a run by replay_make (harness/replay)
 * and given to every trial as TRIAL_SCRIPT_FD.
 *
 * It is one file: the head; a table of streams; then the streams, lap by lap, in each lap one for
 * each worker. A stream is a row of 64-bit words that ends in SCRIPT_PAD_WORDS of SCRIPT_END. A
 * word is one call, or a prefix that says more about the call behind it.
 *
 * A block is named by its slot: an entry of a table of pointers. A slot is used again, last in
 * first out, when its block has died, so that the table stays as small as the live set. Within a
 * lap no worker uses a slot that another one has emptied, and a block that is freed or resized by
 * another worker in the lap of its birth (it is given and taken) has a slot that nothing else uses
 * in that lap and that holds NULL until it is given: so to wait for a block is to wait for its
 * slot. Between laps all workers stand, and everything before is done.
 *
 * A lap's calls, in the order of the trace, are cut into stretches. A worker enters a stretch
 * when all others have done with the one before the last: the program's threads kept together by
 * means that a trace does not show (queues, replies), and one that ran ahead here would pile up
 * blocks that never lived at once.
 */
#ifndef HEAPMARK_REPLAY_SCRIPT_H
#define HEAPMARK_REPLAY_SCRIPT_H

#include <assert.h>
#include <stdint.h>

/* Bits 0..4. Those of calls but GIVE and TAKE are the numbers of enum trace_kind. */
enum script_kind {
    SCRIPT_END,
    SCRIPT_MALLOC,
    SCRIPT_CALLOC,
    SCRIPT_REALLOC,
    SCRIPT_REALLOCARRAY,
    SCRIPT_FREE,
    SCRIPT_MEMALIGN,
    SCRIPT_ALIGNED_ALLOC,
    SCRIPT_POSIX_MEMALIGN,
    SCRIPT_VALLOC,
    SCRIPT_PVALLOC,
    SCRIPT_GIVE, /* malloc; another worker takes the block in this lap */
    SCRIPT_TAKE, /* free of a block that another worker gives in this lap */
    SCRIPT_CALLS,

    SCRIPT_OPTIONS = 16, /* enum script_option; prefixes have their value in bits 5..63 */
    SCRIPT_SIZE,         /* of the call, where it has no room in the word */
    SCRIPT_OLD_SIZE,     /* what the block given to realloc was asked for with */
    SCRIPT_ALIGNMENT,
    SCRIPT_TARGET,  /* slot of realloc's result, where it is not that of the block given */
    SCRIPT_DUE,     /* ns since the trace's first operation: not before then */
    SCRIPT_STRETCH, /* number of the stretch that begins here for this worker, from 1 */
    SCRIPT_PAUSE,   /* ns that the worker spends on other things before the call */
    SCRIPT_PREFIXES,
};

enum script_option {
    SCRIPT_FAILED = 1 << 0,       /* no block came of the call in the trace: none is kept */
    SCRIPT_FROM_NOTHING = 1 << 1, /* the block given is NULL */
    SCRIPT_TO_NOTHING = 1 << 2,   /* realloc to 0 that freed the block */
    SCRIPT_GIVES = 1 << 3,        /* as SCRIPT_GIVE, for any kind */
    SCRIPT_TAKES = 1 << 4,        /* as SCRIPT_TAKE */
};

enum {
    SCRIPT_VERSION = 3,
    SCRIPT_KIND_BITS = 5,
    SCRIPT_SLOT_BITS = 27,
    SCRIPT_SLOTS_MAXIMUM = 1 << SCRIPT_SLOT_BITS,
    SCRIPT_SIZE_SHIFT = SCRIPT_KIND_BITS + SCRIPT_SLOT_BITS,
    SCRIPT_PAD_WORDS = 16,       /* a reader may look so far ahead */
    SCRIPT_PREFIXES_MAXIMUM = 7, /* before one call */
};
#define SCRIPT_VALUE_MAXIMUM ((UINT64_C(1) << (64 - SCRIPT_KIND_BITS)) - 1)
/* Workers sleep until a call is due: calls closer to one that has a SCRIPT_DUE than a sleep is
 * good for have none of their own. */
#define SCRIPT_DUE_STEP_NS INT64_C(20000)
#define SCRIPT_MAGIC       UINT64_C(0x5450495243534d48) /* "HMSCRIPT" */

struct script_stream {
    uint64_t offset; /* bytes from the start of the script, a multiple of 8 */
    uint64_t words;  /* without the padding */
    uint64_t calls;
};

struct script_head {
    uint64_t magic;
    uint32_t version;
    uint32_t threads; /* workers */
    uint32_t laps;    /* of one repetition */
    uint32_t slots;
    uint32_t streamed; /* larger than the budget: read it lap by lap, do not map it whole */
    uint32_t has_due;
    uint32_t fill_rows; /* 1: lap 0 has calls, which build the first live set; else 0 */
    uint64_t bytes;
    uint64_t lap_bytes_maximum;           /* of the streams of one lap, padding included */
    uint64_t calls;                       /* of one repetition */
    uint64_t calls_of_kind[SCRIPT_CALLS]; /* by the trace's kinds */
    uint64_t foreign;        /* calls with a block from before the recording; made with NULL */
    int64_t live_peak_bytes; /* in the trace's linear order */
    uint64_t live_peak_call; /* calls until it is first reached, that one included */
    int64_t live_end_bytes;  /* left by the trace */
    uint64_t live_end_blocks;
    uint64_t duration_ns;
    uint64_t
        streams_offset; /* struct script_stream [fill_rows + laps + 1][threads]: row i is lap
                           i + 1 - fill_rows, the last row frees what the trace leaves behind */
};

static inline uint64_t script_word(enum script_kind kind, uint32_t slot, uint32_t bytes)
{
    return (uint64_t)kind | (uint64_t)slot << SCRIPT_KIND_BITS |
           (uint64_t)bytes << SCRIPT_SIZE_SHIFT;
}

static inline uint64_t script_prefix(enum script_kind kind, uint64_t value)
{
    return (uint64_t)kind | (value < SCRIPT_VALUE_MAXIMUM ? value : SCRIPT_VALUE_MAXIMUM)
                                << SCRIPT_KIND_BITS;
}

static inline enum script_kind script_kind_of(uint64_t word)
{
    return (enum script_kind)(word & ((1 << SCRIPT_KIND_BITS) - 1));
}

static inline uint32_t script_slot_of(uint64_t word)
{
    return (uint32_t)word >> SCRIPT_KIND_BITS;
}

static inline uint64_t script_size_of(uint64_t word)
{
    return word >> SCRIPT_SIZE_SHIFT;
}

static inline uint64_t script_value_of(uint64_t word)
{
    return word >> SCRIPT_KIND_BITS;
}

static_assert(SCRIPT_SIZE_SHIFT == 32, "script_slot_of()");
static_assert(SCRIPT_PREFIXES <= 1 << SCRIPT_KIND_BITS, "kinds fit");

#endif
