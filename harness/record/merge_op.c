/* Operations of a trace, made of records whose turn it is; see merge_internal.h. */
#include "merge_internal.h"

#include "message.h"

#include <string.h>

/* Passes for which a REALLOC_BEGIN waits for its call's end, so that only calls that really took
 * long, or that others came between, are split. */
enum { DEFERRED_PASSES = 8 };

static bool ends_realloc(unsigned kind)
{
    return kind == TRACE_REALLOC || kind == TRACE_REALLOCARRAY;
}

static uint64_t alignment_of(const struct ring_entry *entry)
{
    unsigned kind = ring_entry_kind(entry);
    if (kind != TRACE_MEMALIGN && kind != TRACE_ALIGNED_ALLOC && kind != TRACE_POSIX_MEMALIGN)
        return 0;
    unsigned code = entry->head >> RING_ALIGNMENT_SHIFT & ((1u << RING_ALIGNMENT_BITS) - 1);
    if (code == 0)
        return 0;
    /* Which odd one is not known: one that is no power of two stands for all. */
    return code == RING_ALIGNMENT_ODD ? RING_ALIGNMENT_ODD : UINT64_C(1) << code;
}

static int introduce(struct merge *merge, struct merge_thread *thread)
{
    if (thread->introduced)
        return 0;
    thread->introduced = true;
    thread->index = merge->introduced++;
    return merge->sink.thread(merge->sink.argument, thread->index, thread->queue.tid,
                              merge->message);
}

static int hand_out(struct merge *merge, struct merge_thread *thread, struct trace_op *op)
{
    if (introduce(merge, thread) < 0)
        return -1;
    if (thread->time_ns > merge->time_ns)
        merge->time_ns = thread->time_ns;
    op->time_ns = merge->time_ns;
    op->thread = thread->index;
    merge->operations++;
    return merge->sink.op(merge->sink.argument, op, merge->message);
}

static void fill(struct trace_op *op, const struct ring_entry *entry)
{
    *op = (struct trace_op){.kind = (uint8_t)ring_entry_kind(entry)};
    if (op->kind == TRACE_FREE || op->kind == TRACE_REALLOC_BEGIN) {
        op->old_address = ring_entry_address(entry);
        return;
    }
    op->size = entry->size;
    op->alignment = alignment_of(entry);
    if (ring_entry_failed(entry)) {
        op->flags = TRACE_FAILED;
        op->error = (uint16_t)ring_entry_address(entry);
        return;
    }
    op->address = ring_entry_address(entry);
}

static int open_realloc(struct merge *merge, struct merge_thread *thread, uint64_t address)
{
    /* Handlers that left by siglongjmp leave open calls behind: the oldest are forgotten. */
    if (thread->opened == MERGE_NESTING)
        memmove(thread->open, thread->open + 1, --thread->opened * sizeof *thread->open);
    thread->open[thread->opened++] = (struct open_realloc){.address = address, .split = true};
    struct trace_op op = {.kind = TRACE_REALLOC_BEGIN, .old_address = address};
    return hand_out(merge, thread, &op);
}

/* A REALLOC_BEGIN: one operation with the record behind it when that ends the call and is next. */
static int take_begin(struct merge *merge, struct merge_thread *thread)
{
    uint64_t address = ring_entry_address(&thread->entry);
    struct ring_entry end;
    int result = record_queue_next(&thread->queue, &end);
    if (result < 0)
        return message_set(merge->message, "the program has overwritten its recorder's memory");
    if (result == 0 && merge->haste == MERGE_LIVE && thread->deferred < DEFERRED_PASSES) {
        thread->deferred++;
        return 0;
    }
    thread->deferred = 0;
    merge_bump(merge, &thread->entry);
    if (result == 0)
        return open_realloc(merge, thread, address) < 0 ? -1 : 1;
    if (ends_realloc(ring_entry_kind(&end)) && merge_is_ready(merge, &end)) {
        struct trace_op op;
        fill(&op, &end);
        op.old_address = address;
        merge_bump(merge, &end);
        return hand_out(merge, thread, &op) < 0 ? -1 : 1;
    }
    if (open_realloc(merge, thread, address) < 0)
        return -1;
    if (merge_is_late(merge, &end)) {
        merge->missing++;
        return 1;
    }
    thread->entry = end;
    merge_set_time(merge, thread);
    merge_place(merge, thread);
    return 2;
}

int merge_take(struct merge *merge, struct merge_thread *thread)
{
    unsigned kind = ring_entry_kind(&thread->entry);
    if (kind == 0 || kind >= TRACE_KIND_COUNT)
        return message_set(merge->message, "the program has overwritten its recorder's memory");
    if (kind == TRACE_REALLOC_BEGIN)
        return take_begin(merge, thread);
    struct trace_op op;
    fill(&op, &thread->entry);
    if (ends_realloc(kind) && thread->opened > 0) {
        op.old_address = thread->open[--thread->opened].address;
        op.flags |= TRACE_SPLIT;
    }
    merge_bump(merge, &thread->entry);
    return hand_out(merge, thread, &op) < 0 ? -1 : 1;
}
