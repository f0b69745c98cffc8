/* The quick loop of the replayer; see replayer.h. Nothing here but what its calls need. */
#include "replayer.h"
#include "sampler.h"

/* The table of slots is larger than the caches, and the script knows what comes. */
enum { AHEAD_WORDS = 10 };
static_assert((int)AHEAD_WORDS <= (int)SCRIPT_PAD_WORDS, "looks beyond the stream");

/* What the loop keeps at hand of the worker's tally. */
struct books {
    struct tally *tally;
    int64_t live_bytes;
};

static inline void account(struct books *books, int64_t bytes)
{
    books->live_bytes += bytes;
    atomic_store_explicit(&books->tally->live_bytes, books->live_bytes, memory_order_relaxed);
}

static inline void note_peak(struct books *books)
{
    if (books->live_bytes >
        atomic_load_explicit(&books->tally->live_peak_bytes, memory_order_relaxed))
        atomic_store_explicit(&books->tally->live_peak_bytes, books->live_bytes,
                              memory_order_relaxed);
}

/* `sampled` is a constant wherever these are compiled in. */
static inline void *allocate(struct worker *worker, size_t bytes, bool zeroed, bool sampled)
{
    void *block;
    if (sampled)
        block = zeroed ? sampler_calloc(worker->sampler, bytes)
                       : sampler_malloc(worker->sampler, bytes);
    else
        block = zeroed ? calloc(1, bytes) : malloc(bytes);
    if (heapmark_unlikely(block == NULL) && bytes > 0)
        worker_out_of_memory(worker, bytes);
    return block;
}

static inline void release(struct worker *worker, void *block, size_t bytes, bool sampled)
{
    if (sampled)
        sampler_free(worker->sampler, block, bytes);
    else
        free(block);
}

/* All but the first byte of the first page are for few. */
static inline void touch_new(void *block, size_t bytes, enum touch touch, unsigned char mark)
{
    if (bytes == 0 || touch == TOUCH_NONE)
        return;
    if (heapmark_unlikely(bytes > TOUCH_STRIDE_BYTES) || touch == TOUCH_ALL)
        touch_range(block, 0, bytes, touch, mark);
    else
        *(unsigned char *)block = mark;
}

/* A block of the slot that stays there, at another size. */
static inline void resize(struct worker *worker, replayer_slot *slot, size_t old_bytes,
                          size_t bytes, unsigned char mark)
{
    const enum touch touch = replayer_of(worker)->touch;
    void *block = realloc(atomic_load_explicit(slot, memory_order_relaxed), bytes);
    if (heapmark_unlikely(block == NULL) && bytes > 0)
        worker_out_of_memory(worker, bytes);
    atomic_store_explicit(slot, block, memory_order_relaxed);
    /* Where the first page has been begun, no other byte of it is for the common policies. */
    if (bytes > old_bytes && (old_bytes == 0 || bytes > TOUCH_STRIDE_BYTES || touch == TOUCH_ALL))
        touch_range(block, old_bytes, bytes, touch, mark);
}

static inline __attribute__((always_inline)) void run(struct worker *worker, const uint64_t *word,
                                                      const bool sampled)
{
    struct replayer *replayer = replayer_of(worker);
    replayer_slot *slots = replayer->slots;
    const enum touch touch = replayer->touch;
    struct books books = {&worker->tally,
                          atomic_load_explicit(&worker->tally.live_bytes, memory_order_relaxed)};
    for (;;) {
        uint64_t now = *word;
        replayer_slot *slot = &slots[script_slot_of(now)];
        size_t bytes = script_size_of(now);
        void *block;
        __builtin_prefetch((const void *)&slots[script_slot_of(word[AHEAD_WORDS])], 1);
        switch (script_kind_of(now)) {
        case SCRIPT_MALLOC:
        case SCRIPT_CALLOC:
            block = allocate(worker, bytes, script_kind_of(now) == SCRIPT_CALLOC, sampled);
            atomic_store_explicit(slot, block, memory_order_relaxed);
            touch_new(block, bytes, touch, replayer_mark(script_slot_of(now)));
            account(&books, (int64_t)bytes);
            note_peak(&books);
            word++;
            break;
        case SCRIPT_FREE:
            account(&books, -(int64_t)bytes);
            release(worker, atomic_load_explicit(slot, memory_order_relaxed), bytes, sampled);
            word++;
            break;
        case SCRIPT_GIVE:
            block = allocate(worker, bytes, false, sampled);
            touch_new(block, bytes, touch, replayer_mark(script_slot_of(now)));
            account(&books, (int64_t)bytes);
            note_peak(&books);
            replayer_give(replayer, slot, block);
            word++;
            break;
        case SCRIPT_TAKE:
            account(&books, -(int64_t)bytes);
            release(worker, replayer_take(replayer, slot), bytes, sampled);
            word++;
            break;
        case SCRIPT_END:
            return;
        case SCRIPT_OLD_SIZE:
            /* The only prefix of nearly all reallocs; the careful loop knows how to time them. */
            if (!sampled && script_kind_of(word[1]) == SCRIPT_REALLOC) {
                uint32_t at = script_slot_of(word[1]);
                bytes = script_size_of(word[1]);
                resize(worker, &slots[at], script_value_of(now), bytes, replayer_mark(at));
                account(&books, (int64_t)bytes - (int64_t)script_value_of(now));
                note_peak(&books);
                word += 2;
                break;
            }
            /* fall through */
        default: {
            struct replayer_call call;
            word = replayer_next(worker, word, &call);
            replayer_make_call(worker, &call);
            books.live_bytes =
                atomic_load_explicit(&worker->tally.live_bytes, memory_order_relaxed);
            break;
        }
        }
    }
}

void replayer_run(struct worker *worker, const uint64_t *word)
{
    run(worker, word, false);
}

void replayer_run_sampled(struct worker *worker, const uint64_t *word)
{
    run(worker, word, true);
}
