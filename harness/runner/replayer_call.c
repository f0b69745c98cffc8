/* Makes any call of a script, with all that an untimed pass looks at; see replayer.h. */
#include "replayer.h"
#include "replayer_pattern.h"

#include "clock.h"
#include "malloc_owner.h"
#include "sampler.h"
#include "session.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

/* Sleeping and waking up take some 60 us. */
enum { PAUSE_ASLEEP_NS = 200000 };

/* ---- reading ---------------------------------------------------------------------- */

/* Sleeps until that moment of the trace has come, at the speed asked for. */
static void await(struct worker *worker, uint64_t due_ns)
{
    struct replayer *replayer = replayer_of(worker);
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC), none = 0;
    if (replayer->speed == 0)
        return;
    /* The first to come starts the clock for all. */
    if (atomic_load(&replayer->started_ns) == 0)
        atomic_compare_exchange_strong(&replayer->started_ns, &none,
                                       now_ns - (int64_t)(due_ns / replayer->speed));
    int64_t until_ns = atomic_load(&replayer->started_ns) + (int64_t)(due_ns / replayer->speed);
    struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};
    bool waits = now_ns < until_ns;
    while (waits && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
    if (worker->sampler != NULL)
        sampler_due(worker->sampler, until_ns, clock_ns(CLOCK_MONOTONIC), waits);
}

/* What the program does between its calls. Shorter than a sleep is good for: the CPU is kept busy,
 * as the program would. */
static void pause_for(struct worker *worker, uint64_t ns)
{
    int64_t before_ns = clock_ns(CLOCK_MONOTONIC), until_ns = before_ns + (int64_t)ns;
    struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};
    while (ns >= PAUSE_ASLEEP_NS &&
           clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    while (now_ns < until_ns)
        now_ns = clock_ns(CLOCK_MONOTONIC);
    if (worker->sampler != NULL)
        sampler_hold(worker->sampler, now_ns - before_ns);
}

static void enter(struct worker *worker, uint32_t stretch)
{
    if (worker->sampler == NULL) {
        replayer_enter(worker, stretch);
        return;
    }
    int64_t before_ns = clock_ns(CLOCK_MONOTONIC);
    replayer_enter(worker, stretch);
    sampler_hold(worker->sampler, clock_ns(CLOCK_MONOTONIC) - before_ns);
}

const uint64_t *replayer_next(struct worker *worker, const uint64_t *word,
                              struct replayer_call *call)
{
    *call = (struct replayer_call){.kind = SCRIPT_END};
    bool sized = false, moved = false;
    for (;; word++) {
        uint64_t value = script_value_of(*word);
        switch (script_kind_of(*word)) {
        case SCRIPT_OPTIONS:
            call->options = (unsigned)value;
            continue;
        case SCRIPT_SIZE:
            call->bytes = value;
            sized = true;
            continue;
        case SCRIPT_OLD_SIZE:
            call->old_bytes = value;
            continue;
        case SCRIPT_ALIGNMENT:
            call->alignment = value;
            continue;
        case SCRIPT_TARGET:
            call->target = (uint32_t)value;
            moved = true;
            continue;
        case SCRIPT_DUE:
            await(worker, value);
            continue;
        case SCRIPT_PAUSE:
            pause_for(worker, value);
            continue;
        case SCRIPT_STRETCH:
            enter(worker, (uint32_t)value);
            continue;
        case SCRIPT_END:
            return NULL;
        default:
            break;
        }
        break;
    }
    call->kind = script_kind_of(*word);
    call->slot = script_slot_of(*word);
    if (!sized)
        call->bytes = script_size_of(*word);
    if (!moved)
        call->target = call->slot;
    if (call->kind == SCRIPT_GIVE) {
        call->kind = SCRIPT_MALLOC;
        call->options |= SCRIPT_GIVES;
    } else if (call->kind == SCRIPT_TAKE) {
        call->kind = SCRIPT_FREE;
        call->options |= SCRIPT_TAKES;
    }
    return word + 1;
}

/* ---- slots ------------------------------------------------------------------------ */

/* The block given to free or realloc; its contents are checked. */
static void *take_block(struct worker *worker, const struct replayer_call *call, size_t bytes)
{
    struct replayer *replayer = replayer_of(worker);
    replayer_slot *slot = &replayer->slots[call->slot];
    void *block;
    if ((call->options & SCRIPT_FROM_NOTHING) != 0)
        return NULL;
    if ((call->options & SCRIPT_TAKES) != 0)
        block = replayer_take(replayer, slot);
    else
        block = atomic_load_explicit(slot, memory_order_relaxed);
    if (block != NULL && replayer->verify &&
        !replayer_holds(block, bytes, replayer->touch, replayer->phases[call->slot],
                        replayer_mark(call->slot)))
        worker_corrupt(worker, "a block of the trace");
    if (replayer->sizes != NULL)
        atomic_store_explicit(slot, NULL, memory_order_relaxed); /* nothing stale is listed */
    return block;
}

static void put_block(struct worker *worker, const struct replayer_call *call, void *block,
                      size_t bytes)
{
    struct replayer *replayer = replayer_of(worker);
    replayer_slot *slot = &replayer->slots[call->target];
    if (replayer->sizes != NULL) {
        replayer->sizes[call->target] = bytes;
        replayer->phases[call->target] = replayer_phase(block);
    }
    if ((call->options & SCRIPT_GIVES) != 0)
        replayer_give(replayer, slot, block);
    else
        atomic_store_explicit(slot, block, memory_order_relaxed);
}

/* Writes to what is new of a block; `kept` bytes have been written to before. */
static void write_block(struct worker *worker, const struct replayer_call *call, void *block,
                        size_t kept, size_t bytes)
{
    const struct replayer *replayer = replayer_of(worker);
    unsigned char mark = replayer_mark(call->target);
    if (block == NULL || bytes == 0)
        return;
    if (replayer->verify)
        replayer_fill(block, bytes, replayer->touch, mark);
    else if (kept < bytes)
        touch_range(block, kept, bytes, replayer->touch, mark);
}

/* ---- calls that allocate ------------------------------------------------------------ */

/* Not every allocator has these; glibc's would then come to its free. */
static bool is_own(const void *function)
{
    return malloc_owner_is(function);
}

static void *call_paged(const struct replayer_call *call)
{
    size_t page = TOUCH_STRIDE_BYTES, bytes = call->bytes;
    if (call->kind == SCRIPT_VALLOC && is_own((const void *)valloc))
        return valloc(bytes);
    if (call->kind == SCRIPT_PVALLOC && is_own((const void *)pvalloc))
        return pvalloc(bytes);
    if (call->kind == SCRIPT_PVALLOC)
        bytes = (bytes + page - 1) & ~(page - 1);
    return memalign(page, bytes);
}

static void *call_allocate(const struct replayer_call *call)
{
    void *block = NULL;
    switch (call->kind) {
    case SCRIPT_CALLOC:
        return calloc(1, call->bytes);
    case SCRIPT_MEMALIGN:
        return memalign(call->alignment, call->bytes);
    case SCRIPT_ALIGNED_ALLOC:
        return aligned_alloc(call->alignment, call->bytes);
    case SCRIPT_POSIX_MEMALIGN:
        errno = posix_memalign(&block, call->alignment, call->bytes);
        return errno == 0 ? block : NULL;
    case SCRIPT_VALLOC:
    case SCRIPT_PVALLOC:
        return call_paged(call);
    default:
        return malloc(call->bytes);
    }
}

static void *sample_allocate(struct worker *worker, const struct replayer_call *call)
{
    if (!sampler_wants(worker->sampler))
        return call_allocate(call);
    enum latency_kind kind = call->kind == SCRIPT_MALLOC   ? LATENCY_MALLOC
                             : call->kind == SCRIPT_CALLOC ? LATENCY_CALLOC
                                                           : LATENCY_ALIGNED;
    uint64_t begin = sampler_begin(worker->sampler);
    void *block = call_allocate(call);
    sampler_note(worker->sampler, begin, ticks_end(), kind, call->bytes);
    return block;
}

static void make_allocation(struct worker *worker, const struct replayer_call *call)
{
    errno = 0;
    void *block = worker->watched ? sample_allocate(worker, call) : call_allocate(call);
    if ((call->options & SCRIPT_FAILED) != 0) {
        free(block); /* here it did not fail; nobody has a use for it */
        tally_operation(&worker->tally);
        return;
    }
    if (heapmark_unlikely(block == NULL) && call->bytes > 0)
        replayer_end_without_block(worker, call, errno);
    if (block != NULL) {
        replayer_check_new(worker, call, block);
        write_block(worker, call, block, 0, call->bytes);
    }
    tally_operation(&worker->tally);
    tally_grew(&worker->tally, (int64_t)call->bytes);
    if (worker->inspected && block != NULL)
        worker_inspect_grew(worker, block, call->bytes);
    put_block(worker, call, block, call->bytes);
}

/* ---- calls that are given a block ----------------------------------------------------- */

static void make_free(struct worker *worker, const struct replayer_call *call)
{
    void *block = take_block(worker, call, call->bytes);
    bool live = (call->options & SCRIPT_FROM_NOTHING) == 0;
    tally_operation(&worker->tally);
    tally_shrank(&worker->tally, live ? (int64_t)call->bytes : 0);
    if (!worker->watched) {
        free(block);
        return;
    }
    if (worker->inspected && block != NULL)
        worker_inspect_shrank(worker, block, call->bytes);
    sampler_free(worker->sampler, block, call->bytes);
}

static void *call_realloc(const struct replayer_call *call, void *block)
{
    return call->kind == SCRIPT_REALLOCARRAY ? reallocarray(block, 1, call->bytes)
                                             : realloc(block, call->bytes);
}

static void *sample_realloc(struct worker *worker, const struct replayer_call *call, void *block)
{
    if (!sampler_wants(worker->sampler))
        return call_realloc(call, block);
    uint64_t begin = sampler_begin(worker->sampler);
    void *moved = call_realloc(call, block);
    sampler_note(worker->sampler, begin, ticks_end(), LATENCY_REALLOC, call->bytes);
    return moved;
}

static void *watch_realloc(struct worker *worker, const struct replayer_call *call, void *block)
{
    if (worker->inspected && block != NULL)
        worker_inspect_shrank(worker, block, call->old_bytes);
    return sample_realloc(worker, call, block);
}

/* The block stays as it was: whoever succeeds where the trace's allocator did not is put back. */
static void make_failing_realloc(struct worker *worker, const struct replayer_call *call)
{
    void *block = take_block(worker, call, call->old_bytes);
    bool inspected = worker->inspected && block != NULL;
    if (inspected)
        worker_inspect_shrank(worker, block, call->old_bytes);
    void *got = sample_realloc(worker, call, block);
    bool live = (call->options & SCRIPT_FROM_NOTHING) == 0;
    if (got != NULL && !live) {
        free(got);
    } else if (got != NULL) {
        block = realloc(got, call->old_bytes > 0 ? call->old_bytes : 1);
        if (block == NULL)
            worker_out_of_memory(worker, call->old_bytes);
    }
    tally_operation(&worker->tally);
    if (!live)
        return;
    if (inspected)
        worker_inspect_grew(worker, block, call->old_bytes);
    write_block(worker, call, block, call->old_bytes, call->old_bytes);
    put_block(worker, call, block, call->old_bytes);
}

/* What realloc kept of the old contents. */
static void check_kept(struct worker *worker, const struct replayer_call *call, const void *block)
{
    const struct replayer *replayer = replayer_of(worker);
    size_t kept = call->bytes < call->old_bytes ? call->bytes : call->old_bytes;
    if (replayer->verify && block != NULL && (call->options & SCRIPT_FROM_NOTHING) == 0 &&
        !replayer_holds(block, kept, replayer->touch, replayer->phases[call->slot],
                        replayer_mark(call->slot)))
        worker_corrupt(worker, "a block of the trace that realloc moved");
}

static void make_realloc(struct worker *worker, const struct replayer_call *call)
{
    bool live = (call->options & SCRIPT_FROM_NOTHING) == 0;
    bool frees = (call->options & SCRIPT_TO_NOTHING) != 0;
    if ((call->options & SCRIPT_FAILED) != 0) {
        make_failing_realloc(worker, call);
        return;
    }
    void *block = take_block(worker, call, call->old_bytes);
    void *moved = worker->watched ? watch_realloc(worker, call, block) : call_realloc(call, block);
    if (heapmark_unlikely(moved == NULL) && call->bytes > 0)
        worker_out_of_memory(worker, call->bytes);
    tally_operation(&worker->tally);
    if (frees) {
        free(moved); /* some return a block of no size where glibc frees */
        tally_shrank(&worker->tally, live ? (int64_t)call->old_bytes : 0);
        return;
    }
    tally_grew(&worker->tally, (int64_t)call->bytes - (live ? (int64_t)call->old_bytes : 0));
    check_kept(worker, call, moved);
    write_block(worker, call, moved, live ? call->old_bytes : 0, call->bytes);
    if (worker->inspected && moved != NULL)
        worker_inspect_grew(worker, moved, call->bytes);
    put_block(worker, call, moved, call->bytes);
}

void replayer_make_call(struct worker *worker, const struct replayer_call *call)
{
    switch (call->kind) {
    case SCRIPT_FREE:
        make_free(worker, call);
        return;
    case SCRIPT_REALLOC:
    case SCRIPT_REALLOCARRAY:
        make_realloc(worker, call);
        return;
    default:
        make_allocation(worker, call);
    }
}
