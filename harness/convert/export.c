/* Follows the blocks of a trace for exporters; see export.h. */
#include "export.h"

#include "message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Addresses for blocks whose own is still taken in the output: none that a process has. */
#define ALIAS_FIRST UINT64_C(0x7000000000000000)
enum { ALIAS_STEP = 1 << 20, PENDING_MAXIMUM = 1 << 12 };

struct pending { /* a realloc whose second half has not come yet */
    uint32_t thread;
    uint64_t key; /* its address in the trace */
    bool known;   /* the block is one of ours, taken out of the map */
    struct block block;
};

struct export
{
    struct trace_reader *reader;
    unsigned carries;
    struct block_map blocks;
    struct pending *pending;
    size_t pending_count;
    uint32_t *free_slot; /* a heap, smallest first */
    size_t free_slots, free_slot_room;
    uint32_t slots;
    uint64_t numbers, aliases;
    struct export_result *result;
};

const char *export_loss_text(enum export_loss loss)
{
    static const char *const texts[LOST_COUNT] = {
#define X(name, text) [LOST_##name] = (text),
        EXPORT_LOSSES(X)
#undef X
    };
    return texts[loss];
}

void export_lose(struct export *export, enum export_loss loss)
{
    export->result->lost[loss]++;
}

static int out_of_memory(char *message)
{
    return message_set(message, "out of memory (or more than %d blocks live at once)",
                       BLOCK_MAP_MAXIMUM);
}

/* ---- slots ---------------------------------------------------------------- */

static uint32_t take_slot(struct export *export)
{
    if (export->free_slots == 0)
        return export->slots++;
    uint32_t *heap = export->free_slot, smallest = heap[0];
    uint32_t last = heap[--export->free_slots];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < export->free_slots && heap[child + 1] < heap[child])
            child++;
        if (child >= export->free_slots || heap[child] >= last)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return smallest;
}

static int give_slot(struct export *export, uint32_t slot)
{
    if (export->free_slots == export->free_slot_room) {
        size_t room = export->free_slot_room == 0 ? 256 : 2 * export->free_slot_room;
        uint32_t *larger = reallocarray(export->free_slot, room, sizeof *larger);
        if (larger == NULL)
            return -1;
        export->free_slot = larger;
        export->free_slot_room = room;
    }
    size_t at = export->free_slots++;
    while (at > 0 && export->free_slot[(at - 1) / 2] > slot) {
        export->free_slot[at] = export->free_slot[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    export->free_slot[at] = slot;
    return 0;
}

/* ---- split reallocs --------------------------------------------------------- */

/* The innermost one of that block: a signal handler's realloc may come inside another. */
static struct pending *find_pending(struct export *export, const struct trace_op *op)
{
    for (size_t i = export->pending_count; i-- > 0;)
        if (export->pending[i].thread == op->thread && export->pending[i].key == op->old_address)
            return &export->pending[i];
    return NULL;
}

static void drop_pending(struct export *export, struct pending *pending)
{
    size_t behind = (size_t)(export->pending + --export->pending_count - pending);
    memmove(pending, pending + 1, behind * sizeof *pending);
}

/* The block leaves the map, since its address may be handed out from now on; in the output it
 * lives on until the second half. */
static int begin_realloc(struct export *export, const struct trace_op *op, char *message)
{
    if (op->old_address == 0)
        return 0;
    if (export->pending_count == PENDING_MAXIMUM)
        drop_pending(export, export->pending); /* it never ends: the process died in it */
    struct pending *larger =
        reallocarray(export->pending, export->pending_count + 1, sizeof *larger);
    if (larger == NULL)
        return out_of_memory(message);
    export->pending = larger;
    struct pending *pending = &larger[export->pending_count++];
    struct block *block = block_map_find(&export->blocks, op->old_address);
    *pending =
        (struct pending){.thread = op->thread, .key = op->old_address, .known = block != NULL};
    pending->block.address = op->old_address;
    if (block != NULL) {
        pending->block = *block;
        block_map_remove(&export->blocks, block);
    }
    return 0;
}

static bool address_is_taken(const struct export *export, uint64_t address)
{
    for (size_t i = 0; i < export->pending_count; i++)
        if (export->pending[i].block.address == address)
            return true;
    return false;
}

/* ---- steps ------------------------------------------------------------------ */

/* Takes the block that an operation gives back out of the map. False: it is a foreign one. */
static bool take_old(struct export *export, const struct trace_op *op, struct block *old)
{
    *old = (struct block){.address = op->old_address, .owner = op->thread};
    struct pending *pending = (op->flags & TRACE_SPLIT) != 0 ? find_pending(export, op) : NULL;
    if (pending != NULL) {
        bool known = pending->known;
        *old = pending->block;
        drop_pending(export, pending);
        return known;
    }
    struct block *block = block_map_find(&export->blocks, op->old_address);
    if (block == NULL)
        return false;
    *old = *block;
    block_map_remove(&export->blocks, block);
    return true;
}

/* Puts the block at `address` into the map. `from`: the block it goes on as, or NULL. */
static int put_new(struct export *export, const struct trace_op *op, const struct block *from,
                   struct export_step *step)
{
    uint64_t key = op->address;
    struct block *block = block_map_find(&export->blocks, key);
    if (block == NULL)
        block = block_map_insert(&export->blocks, key);
    if (block == NULL)
        return -1;
    block->address =
        address_is_taken(export, key) ? ALIAS_FIRST + ALIAS_STEP * export->aliases++ : key;
    block->number = from != NULL ? from->number : export->numbers++;
    block->slot = from != NULL ? from->slot : take_slot(export);
    block->owner = op->thread;
    block->size = op->size;
    step->address = block->address;
    step->number = block->number;
    step->slot = block->slot;
    return 0;
}

/* A block that stays as it is: the operation failed. */
static int put_back(struct export *export, const struct block *old, uint64_t key)
{
    struct block *block = block_map_find(&export->blocks, key);
    if (block == NULL)
        block = block_map_insert(&export->blocks, key);
    if (block == NULL)
        return -1;
    *block = *old;
    block->key = key;
    block->used = true;
    return 0;
}

static int follow(struct export *export, struct export_step *step)
{
    const struct trace_op *op = &step->op;
    bool failed = (op->flags & TRACE_FAILED) != 0;
    bool has_old = op->old_address != 0 && trace_kind_name(op->kind) != NULL;
    struct block old = {0};
    bool known = has_old && take_old(export, op, &old);
    step->old_address = has_old ? old.address : 0;
    step->foreign = has_old && !known;
    step->last_thread = known ? old.owner : op->thread;
    step->old_bytes = known ? old.size : 0;
    step->number = old.number;
    step->slot = old.slot;
    if (failed)
        return known ? put_back(export, &old, op->old_address) : 0;
    step->freed = has_old && op->kind != TRACE_FREE && op->address == 0;
    if (op->kind == TRACE_FREE || op->address == 0)
        return known ? give_slot(export, old.slot) : 0;
    return put_new(export, op, known ? &old : NULL, step);
}

int export_next(struct export *export, struct export_step *step, char *message)
{
    for (;;) {
        *step = (struct export_step){0};
        int got = trace_reader_next(export->reader, &step->op, message);
        if (got <= 0)
            return got;
        if (step->op.kind == TRACE_REALLOC_BEGIN) {
            if (begin_realloc(export, &step->op, message) < 0)
                return -1;
            continue;
        }
        export->result->operations++;
        if (step->op.thread != 0 && (export->carries & CARRIES_THREADS) == 0)
            export_lose(export, LOST_THREADS);
        if (step->op.alignment != 0 && (export->carries & CARRIES_ALIGNMENTS) == 0)
            export_lose(export, LOST_ALIGNMENTS);
        return follow(export, step) < 0 ? out_of_memory(message) : 1;
    }
}

static void forget(struct export *export)
{
    block_map_release(&export->blocks);
    free(export->pending);
    free(export->free_slot);
    export->pending = NULL;
    export->free_slot = NULL;
    export->pending_count = export->free_slots = export->free_slot_room = 0;
    export->slots = 0;
    export->numbers = export->aliases = 0;
}

int export_rewind(struct export *export, char *message)
{
    forget(export);
    *export->result = (struct export_result){0};
    return trace_reader_seek(export->reader, 0, message);
}

const struct trace_facts *export_facts(const struct export *export)
{
    return trace_reader_facts(export->reader);
}

uint32_t export_threads(const struct export *export)
{
    return trace_reader_threads(export->reader);
}

uint64_t export_tid(const struct export *export, uint32_t thread)
{
    const struct trace_thread *known =
        thread < export_threads(export) ? trace_reader_thread(export->reader, thread) : NULL;
    return known != NULL && known->tid != 0 ? known->tid : (uint64_t)thread + 1;
}

uint32_t export_slots(const struct export *export)
{
    return export->slots;
}

int export_stream(struct trace_reader *reader, const struct foreign_format *format, FILE *stream,
                  struct export_result *result, char *message)
{
    if (format->export == NULL)
        return message_set(message, "%s is a format to import from, not to export to",
                           format->name);
    *result = (struct export_result){0};
    struct export export = {.reader = reader, .carries = format->carries, .result = result};
    int done = format->export(&export, stream, message);
    result->had_times = trace_facts_yes(trace_reader_facts(reader), "has_times");
    result->had_threads = trace_reader_threads(reader) > 1;
    forget(&export);
    return done;
}
