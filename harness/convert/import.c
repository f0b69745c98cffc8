/* Checks and writes what importers read; see import.h. */
#include "import.h"

#include "message.h"
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    TOKEN_ALIGNMENT = 16,
    TOKEN_ALIGNMENT_MAXIMUM = 1 << 24, /* a token is a name, not memory */
    TOKEN_FIRST = 1 << 16,
};
#define TOKEN_LAST (UINT64_MAX / 2)
/* What lives at once, and more than any process can address: sums of it do not overflow. */
#define LIVE_BYTES_MAXIMUM (UINT64_C(1) << 57)

static int out_of_memory(struct import *import, char *message)
{
    return source_fail(import->source, message,
                       "out of memory (or more than %d blocks live at once)", BLOCK_MAP_MAXIMUM);
}

int import_mistake(struct import *import, char *message, const char *reason)
{
    if (import->lenient) {
        import->counts.skipped++;
        return 0;
    }
    return source_fail(import->source, message, "%s; --lenient skips such operations", reason);
}

int import_fact(struct import *import, const char *name, const char *value, char *message)
{
    return trace_facts_set(&import->facts, name, value) < 0 ? out_of_memory(import, message) : 0;
}

/* The index of the thread, introduced when it is new; -1 with a message. */
static int64_t thread_of(struct import *import, uint64_t tid, char *message)
{
    struct block *thread = block_map_find(&import->threads, tid);
    if (thread != NULL)
        return (int64_t)thread->number;
    thread = block_map_insert(&import->threads, tid);
    if (thread == NULL)
        return out_of_memory(import, message);
    thread->number = import->counts.threads;
    if (thread->number > UINT32_MAX - 1)
        return source_fail(import->source, message, "more threads than a trace can hold");
    /* Without addresses the numbers of threads are the format's own, too. */
    unsigned real = CARRIES_THREADS | CARRIES_ADDRESSES;
    uint64_t known = (import->format->carries & real) == real ? tid : 0;
    if (trace_writer_thread(import->writer, (uint32_t)thread->number, known, "", message) < 0)
        return -1;
    import->counts.threads++;
    return (int64_t)thread->number;
}

void import_thread_done(struct import *import, uint64_t tid)
{
    struct block *thread = block_map_find(&import->threads, tid);
    if (thread != NULL)
        block_map_remove(&import->threads, thread);
}

/* Times count from the first, and never go back: formats that note when a call began list calls
 * in the order in which they ended. */
static uint64_t time_of(struct import *import, const struct import_event *event)
{
    if (!import->begun) {
        import->begun = true;
        import->first_ns = event->time_ns;
    }
    uint64_t since = event->time_ns > import->first_ns ? event->time_ns - import->first_ns : 0;
    if (since > import->last_ns)
        import->last_ns = since;
    return import->last_ns;
}

static int write_op(struct import *import, const struct import_event *event, struct trace_op *op,
                    char *message)
{
    int64_t thread = thread_of(import, event->tid, message);
    if (thread < 0)
        return -1;
    op->thread = (uint32_t)thread;
    op->time_ns = time_of(import, event);
    if (op->kind != TRACE_FREE) {
        op->size = event->size;
        op->alignment = event->alignment;
    }
    if (trace_writer_add(import->writer, op, message) < 0)
        return -1;
    import->counts.operations++;
    return 0;
}

/* An address for a block that has only an id. 0: none left. */
static uint64_t make_token(struct import *import, const struct import_event *event)
{
    uint64_t alignment = TOKEN_ALIGNMENT, wanted = event->alignment;
    bool power_of_two = (wanted & (wanted - 1)) == 0;
    if (power_of_two && wanted > alignment && wanted <= TOKEN_ALIGNMENT_MAXIMUM)
        alignment = wanted;
    if (import->next_address == 0)
        import->next_address = TOKEN_FIRST;
    uint64_t address = (import->next_address + alignment - 1) & ~(alignment - 1);
    if (event->size > TOKEN_LAST - address)
        return 0;
    import->next_address =
        (address + event->size + TOKEN_ALIGNMENT) & ~(uint64_t)(TOKEN_ALIGNMENT - 1);
    return address;
}

bool import_is_live(const struct import *import, uint64_t key)
{
    const struct block *block = block_map_find(&import->blocks, key);
    return block != NULL && !block->dead;
}

/* The block holds `size` bytes from now on, where it held what `number` says. */
static void hold(struct import *import, struct block *block, uint64_t size)
{
    import->live_bytes += size - block->number;
    block->number = size;
    if (import->live_bytes > import->live_peak_bytes)
        import->live_peak_bytes = import->live_bytes;
}

/* A block begins. */
static int begin(struct import *import, const struct import_event *event, struct trace_op *op,
                 char *message)
{
    struct block *block = block_map_find(&import->blocks, event->key);
    if (block == NULL)
        block = block_map_insert(&import->blocks, event->key);
    if (block == NULL)
        return out_of_memory(import, message);
    bool addressed = (import->format->carries & CARRIES_ADDRESSES) != 0;
    op->address = addressed ? event->key : make_token(import, event);
    if (op->address == 0)
        return source_fail(import->source, message,
                           "the sizes so far add up to more than an address space");
    block->dead = false;
    block->address = op->address;
    block->size = event->size;
    hold(import, block, event->size);
    import->counts.blocks++;
    return 0;
}

/* A block ends: forgotten, or, where an unknown one may be freed, remembered as freed, so that a
 * second free of it is told from the first of an unknown one. */
static void end(struct import *import, struct block *block)
{
    hold(import, block, 0);
    if ((import->format->carries & FORMAT_INHERITS) != 0)
        block->dead = true;
    else
        block_map_remove(&import->blocks, block);
}

int import_free_implied(struct import *import, uint64_t key, const struct import_event *event,
                        char *message)
{
    struct block *block = block_map_find(&import->blocks, key);
    struct trace_op op = {.kind = TRACE_FREE, .old_address = block->address};
    end(import, block);
    import->counts.implied++;
    return write_op(import, event, &op, message);
}

/* Sees to it that `key` may be handed out. Returns 1, 0 (skipped), or -1. */
static int make_room(struct import *import, const struct import_event *event, char *message)
{
    if (!import_is_live(import, event->key))
        return 1;
    if (!import->lenient)
        return import_mistake(import, message, "hands out a block that is live");
    /* Somebody has freed it, unseen. */
    return import_free_implied(import, event->key, event, message) < 0 ? -1 : 1;
}

/* The block that an event gives back, as the address to write. Returns 1, 0 (skipped), or -1. */
static int old_address(struct import *import, const struct import_event *event, uint64_t *address,
                       char *message)
{
    struct block *block = block_map_find(&import->blocks, event->old_key);
    bool inherits = (import->format->carries & FORMAT_INHERITS) != 0;
    if (block != NULL && !block->dead) {
        *address = block->address;
        return 1;
    }
    if (block != NULL)
        return import_mistake(import, message, "frees or resizes a block that has been freed");
    if (!inherits)
        return import_mistake(import, message,
                              "frees or resizes a block that is not allocated (freed twice, or "
                              "never allocated)");
    block = block_map_insert(&import->blocks, event->old_key);
    if (block == NULL)
        return out_of_memory(import, message);
    block->address = *address = event->old_key;
    import->counts.inherited++;
    return 1;
}

static int add_free(struct import *import, const struct import_event *event, char *message)
{
    struct trace_op op = {.kind = TRACE_FREE};
    if (event->old_key == 0)
        return write_op(import, event, &op, message);
    int go_on = old_address(import, event, &op.old_address, message);
    if (go_on <= 0)
        return go_on;
    end(import, block_map_find(&import->blocks, event->old_key));
    return write_op(import, event, &op, message);
}

static int add_failed(struct import *import, const struct import_event *event, char *message)
{
    struct trace_op op = {.kind = event->kind, .flags = TRACE_FAILED, .error = ENOMEM};
    if (event->old_key != 0) {
        int go_on = old_address(import, event, &op.old_address, message);
        if (go_on <= 0)
            return go_on;
    }
    return write_op(import, event, &op, message);
}

/* A resized block keeps its token while it shrinks; formats with addresses tell. */
static int resize(struct import *import, const struct import_event *event, struct trace_op *op,
                  char *message)
{
    struct block *old = block_map_find(&import->blocks, event->old_key);
    bool addressed = (import->format->carries & CARRIES_ADDRESSES) != 0;
    bool stays = event->old_key == event->key && (addressed || event->size <= old->size);
    if (!stays) {
        end(import, old);
        return begin(import, event, op, message);
    }
    op->address = old->address;
    if (addressed)
        old->size = event->size; /* a token's room stays what it was */
    hold(import, old, event->size);
    import->counts.blocks++;
    return 0;
}

static int add_realloc(struct import *import, const struct import_event *event, char *message)
{
    struct trace_op op = {.kind = event->kind};
    int go_on = old_address(import, event, &op.old_address, message);
    if (go_on <= 0)
        return go_on;
    if (event->key == 0) { /* realloc(block, 0) that freed it */
        end(import, block_map_find(&import->blocks, event->old_key));
        return write_op(import, event, &op, message);
    }
    if (event->key != event->old_key) {
        go_on = make_room(import, event, message);
        if (go_on <= 0)
            return go_on;
    }
    if (resize(import, event, &op, message) < 0)
        return -1;
    return write_op(import, event, &op, message);
}

static int add_allocation(struct import *import, const struct import_event *event, char *message)
{
    struct trace_op op = {.kind = event->kind};
    int go_on = make_room(import, event, message);
    if (go_on <= 0)
        return go_on;
    if (begin(import, event, &op, message) < 0)
        return -1;
    return write_op(import, event, &op, message);
}

int import_add(struct import *import, const struct import_event *event, char *message)
{
    bool whole = (event->alignment & (event->alignment - 1)) == 0;
    bool resizes = event->kind == TRACE_REALLOC || event->kind == TRACE_REALLOCARRAY;
    if (event->kind == TRACE_FREE)
        return add_free(import, event, message);
    if (event->failed)
        return add_failed(import, event, message);
    if (event->size > LIVE_BYTES_MAXIMUM - import->live_bytes)
        return import_mistake(import, message, "live blocks larger than an address space");
    if (!whole && event->kind != TRACE_MEMALIGN)
        return import_mistake(import, message, "an alignment that is no power of two");
    if (resizes && event->old_key != 0)
        return add_realloc(import, event, message);
    if (event->key == 0)
        return import_mistake(import, message, "an allocation that yields no block");
    return add_allocation(import, event, message);
}
