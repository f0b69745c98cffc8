/*
 * The replayer: a workload that makes the calls of a script (replay_script.h).
 *
 * Two loops make the same calls. The quick one (replayer_run.c) does nothing beside them but what a
 * timed trial needs; the careful one (replayer_call.c), of untimed passes, also keeps sizes, fills
 * blocks and checks what they hold, and makes every call that the quick one leaves to it.
 */
#ifndef HEAPMARK_REPLAYER_H
#define HEAPMARK_REPLAYER_H

#include "replay_script.h"
#include "touch.h"
#include "workload.h"

/* A slot: the block, or NULL. */
typedef void *_Atomic replayer_slot;

struct replayer_sleep {
    _Atomic uint32_t doorbell; /* futex */
    _Atomic uint32_t sleepers;
    bool spin; /* a CPU for each worker: who waits may keep its own */
} __attribute__((aligned(64)));

/* How far a worker has come in the lap: written by it, read by the others. */
struct replayer_place {
    _Atomic uint32_t stretch; /* it has done with all before; REPLAYER_DONE: with the lap */
} __attribute__((aligned(64)));
#define REPLAYER_DONE UINT32_MAX

struct replayer {
    replayer_slot *slots;
    struct replayer_place *places; /* of each worker */
    const unsigned char *script;   /* the streams of the lap at hand: script + offset */
    const struct script_stream *streams;
    uint64_t *sizes;  /* of each slot's block, and */
    uint16_t *phases; /* see replayer_pattern.h; both NULL in quick replays */
    uint64_t speed;   /* 0: as fast as can be */
    enum touch touch;
    bool verify;
    _Atomic int64_t started_ns; /* of this repetition, where there is a speed; 0: not yet */
    struct replayer_sleep sleep;
    struct script_head head;
    unsigned char *buffer; /* where the script is streamed: one lap, and */
    uint64_t *pieces;      /* a piece of each worker's last stream */
};

static inline struct replayer *replayer_of(const struct worker *worker)
{
    return worker->trial->state;
}

/* One call with its prefixes. */
struct replayer_call {
    enum script_kind kind;
    unsigned options;
    uint32_t slot, target;
    uint64_t bytes, old_bytes, alignment;
};

/* Reads the call at `word`, sleeping until it is due; returns the word behind it, NULL at the end
 * of the stream. */
const uint64_t *replayer_next(struct worker *worker, const uint64_t *word,
                              struct replayer_call *call);
/* Makes it, and counts it. */
void replayer_make_call(struct worker *worker, const struct replayer_call *call);
/* Ends the trial: the call, which allocates, gave no block where one was due; `error`: errno. */
_Noreturn void replayer_end_without_block(struct worker *worker, const struct replayer_call *call,
                                          int error);
/* Ends the trial when the block is not what the call asked for. */
void replayer_check_new(struct worker *worker, const struct replayer_call *call, const void *block);
/* The quick loop over a whole stream; the same with times taken by the worker's sampler. */
void replayer_run(struct worker *worker, const uint64_t *word);
void replayer_run_sampled(struct worker *worker, const uint64_t *word);

/* Waits until the slot holds a block, and takes it out. */
void *replayer_take(struct replayer *replayer, replayer_slot *slot);
/* Puts it there for another worker that may be waiting. */
void replayer_give(struct replayer *replayer, replayer_slot *slot, void *block);
/* Says that this worker has done with all before that stretch, or with the lap. */
void replayer_reach(struct worker *worker, uint32_t stretch);
/* The same, and waits until the others have done with the stretch before the last. */
void replayer_enter(struct worker *worker, uint32_t stretch);
/* Wakes who sleeps. Out of line: hardly ever called. */
void replayer_ring(struct replayer *replayer);

static inline void replayer_publish(struct replayer *replayer, replayer_slot *slot, void *block)
{
    /* release: pairs with the acquire in replayer_take */
    atomic_store_explicit(slot, block, memory_order_release);
    /* A sleeper that is missed here, since nothing orders the load behind the store, wakes by
     * itself a little later: cheaper than a fence at every block. */
    if (heapmark_unlikely(atomic_load_explicit(&replayer->sleep.sleepers, memory_order_relaxed) >
                          0))
        replayer_ring(replayer);
}

static inline unsigned char replayer_mark(uint32_t slot)
{
    return (unsigned char)(slot * 0x9du) | 1;
}

/* The script and its tables. A complaint, or NULL. */
const char *replayer_load(struct replayer *replayer, struct trial *trial, bool careful);
/* Makes the lap's streams readable; by one worker, while none works. */
void replayer_load_lap(struct worker *worker, unsigned row);
/* Frees what the trace leaves of this worker's. */
void replayer_free_rest(struct worker *worker);

static inline const struct script_stream *replayer_stream(const struct replayer *replayer,
                                                          unsigned row, unsigned worker)
{
    return &replayer->streams[(size_t)row * replayer->head.threads + worker];
}

static inline const uint64_t *replayer_words(const struct replayer *replayer,
                                             const struct script_stream *stream)
{
    return (const uint64_t *)(const void *)(replayer->script + stream->offset);
}

#endif
