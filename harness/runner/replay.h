/*
 * The replayer: a workload that makes the calls of a script (replay_script.h).
 *
 * Two loops make the same calls. The quick one (replay_run.c) does nothing beside them but what a
 * timed trial needs; the careful one (replay_call.c), of untimed passes, also keeps sizes, fills
 * blocks and checks what they hold, and makes every call that the quick one leaves to it.
 */
#ifndef HEAPMARK_RUNNER_REPLAY_H
#define HEAPMARK_RUNNER_REPLAY_H

#include "replay_script.h"
#include "touch.h"
#include "workload.h"

/* A slot: the block, or NULL. */
typedef void *_Atomic replay_slot;

struct replay_sleep {
    _Atomic uint32_t doorbell; /* futex */
    _Atomic uint32_t sleepers;
    bool spin; /* a CPU for each worker: who waits may keep its own */
} __attribute__((aligned(64)));

struct replay {
    replay_slot *slots;
    const unsigned char *script; /* the streams of the lap at hand: script + offset */
    const struct script_stream *streams;
    uint64_t *sizes;  /* of each slot's block, and */
    uint16_t *phases; /* see replay_pattern.h; both NULL in quick replays */
    uint64_t speed;   /* 0: as fast as can be */
    enum touch touch;
    bool verify;
    _Atomic int64_t started_ns; /* of this repetition, where there is a speed; 0: not yet */
    struct replay_sleep sleep;
    struct script_head head;
    unsigned char *buffer; /* where the script is streamed: one lap, and */
    uint64_t *pieces;      /* a piece of each worker's last stream */
};

static inline struct replay *replay_of(const struct worker *worker)
{
    return worker->trial->state;
}

/* One call with its prefixes. */
struct replay_call {
    enum script_kind kind;
    unsigned options;
    uint32_t slot, target;
    uint64_t bytes, old_bytes, alignment;
};

/* Reads the call at `word`, sleeping until it is due; returns the word behind it, NULL at the end
 * of the stream. */
const uint64_t *replay_next(struct worker *worker, const uint64_t *word, struct replay_call *call);
/* Makes it, and counts it. */
void replay_make_call(struct worker *worker, const struct replay_call *call);
/* The quick loop over a whole stream. */
void replay_run(struct worker *worker, const uint64_t *word);

/* Waits until the slot holds a block, and takes it out. */
void *replay_take(struct replay *replay, replay_slot *slot);
/* Puts it there for another worker that may be waiting. */
void replay_give(struct replay *replay, replay_slot *slot, void *block);
/* Wakes who sleeps. Out of line: hardly ever called. */
void replay_ring(struct replay *replay);

static inline void replay_publish(struct replay *replay, replay_slot *slot, void *block)
{
    /* release: pairs with the acquire in replay_take */
    atomic_store_explicit(slot, block, memory_order_release);
    /* A sleeper that is missed here, since nothing orders the load behind the store, wakes by
     * itself a little later: cheaper than a fence at every block. */
    if (heapmark_unlikely(atomic_load_explicit(&replay->sleep.sleepers, memory_order_relaxed) > 0))
        replay_ring(replay);
}

static inline unsigned char replay_mark(uint32_t slot)
{
    return (unsigned char)(slot * 0x9du) | 1;
}

/* The script and its tables. A complaint, or NULL. */
const char *replay_load(struct replay *replay, struct trial *trial, bool careful);
/* Makes the lap's streams readable; by one worker, while none works. */
void replay_load_lap(struct worker *worker, unsigned row);
/* Frees what the trace leaves of this worker's. */
void replay_free_rest(struct worker *worker);

static inline const struct script_stream *replay_stream(const struct replay *replay, unsigned row,
                                                        unsigned worker)
{
    return &replay->streams[(size_t)row * replay->head.threads + worker];
}

static inline const uint64_t *replay_words(const struct replay *replay,
                                           const struct script_stream *stream)
{
    return (const uint64_t *)(const void *)(replay->script + stream->offset);
}

#endif
