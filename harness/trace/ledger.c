/* What each operation does to the blocks; see ledger.h. */
#include "ledger.h"

#include "ledger_table.h"

#include <stdlib.h>
#include <string.h>

static const char not_live[] = "a block is freed or resized that was freed before or never made";
static const char handed_out[] = "an address is handed out while a block is live there";
static const char no_begin[] = "a realloc ends that did not begin";
static const char no_end[] = "a realloc began and did not end";

enum { NESTING_MAXIMUM = 64 };

/* A realloc under way: its block is out of the table, since its address may be another's now. */
struct pending {
    struct ledger_object object;
    uint64_t old_address;
    uint32_t below; /* what this thread had under way before: a signal handler may nest; 0: none */
    uint32_t depth;
    bool known, foreign;
};

struct ledger {
    struct ledger_table live;
    struct ledger_table spent; /* `inherited`: addresses that no inherited block has any more */
    bool inherited;
    uint64_t births, live_bytes;
    struct pending *pending; /* [0] is not used */
    uint32_t pending_room, pending_used, pending_free, pending_known;
    uint32_t *top; /* by thread: its innermost pending; 0: none */
    uint32_t top_room;
};

struct ledger *ledger_create(bool inherited)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL)
        return NULL;
    ledger->inherited = inherited;
    ledger->pending_used = 1;
    bool live = ledger_table_init(&ledger->live) == 0;
    bool spent = ledger_table_init(&ledger->spent) == 0;
    if (live && spent)
        return ledger;
    ledger_free(ledger);
    return NULL;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    ledger_table_release(&ledger->live);
    ledger_table_release(&ledger->spent);
    free(ledger->pending);
    free(ledger->top);
    free(ledger);
}

static int reserve_pending(struct ledger *ledger, uint32_t thread)
{
    if (thread >= ledger->top_room) {
        size_t room = (size_t)thread * 2 + 16;
        if (room > UINT32_MAX)
            room = UINT32_MAX;
        uint32_t *top = realloc(ledger->top, room * sizeof *top);
        if (top == NULL)
            return -1;
        memset(top + ledger->top_room, 0, (room - ledger->top_room) * sizeof *top);
        ledger->top = top;
        ledger->top_room = (uint32_t)room;
    }
    if (ledger->pending_free != 0 || ledger->pending_used < ledger->pending_room)
        return 0;
    uint32_t room = ledger->pending_room * 2 + 16;
    struct pending *pending = realloc(ledger->pending, room * sizeof *pending);
    if (pending == NULL)
        return -1;
    ledger->pending = pending;
    ledger->pending_room = room;
    return 0;
}

static void mistake(struct ledger_effect *effect, const char *what)
{
    if (effect->mistake == NULL)
        effect->mistake = what;
}

/* From now on nothing at this address is inherited. Whether it was spent before. */
static bool spend(struct ledger *ledger, uint64_t address)
{
    if (ledger_table_holds(&ledger->spent, address))
        return true;
    ledger_table_put(&ledger->spent, &(struct ledger_object){.address = address});
    return false;
}

/* A block leaves the table: true, and what it was; false when it is none of the trace's own. */
static bool take(struct ledger *ledger, uint64_t address, struct ledger_object *object,
                 struct ledger_effect *effect)
{
    bool known = ledger_table_take(&ledger->live, address, object);
    bool spent = ledger->inherited && spend(ledger, address);
    if (!known && ledger->inherited && !spent)
        effect->foreign = true;
    else if (!known)
        mistake(effect, not_live);
    return known;
}

static void end(struct ledger *ledger, const struct ledger_object *object,
                struct ledger_effect *effect)
{
    effect->ended = true;
    effect->old = *object;
    ledger->live_bytes -= object->size;
}

/* Whatever is live there ends: the address has been handed out, so it cannot be. */
static void displace(struct ledger *ledger, uint64_t address, struct ledger_effect *effect)
{
    struct ledger_object displaced;
    if (!ledger_table_take(&ledger->live, address, &displaced))
        return;
    mistake(effect, handed_out);
    if (!effect->ended)
        end(ledger, &displaced, effect);
    else
        ledger->live_bytes -= displaced.size;
}

static void begin(struct ledger *ledger, uint64_t index, const struct trace_op *op,
                  struct ledger_effect *effect)
{
    if (op->address == 0)
        return;
    displace(ledger, op->address, effect);
    effect->begun = true;
    effect->new = (struct ledger_object){
        .serial = ledger->births++,
        .address = op->address,
        .size = op->size,
        .alignment = op->alignment,
        .born_index = index,
        .born_ns = op->time_ns,
        .thread = op->thread,
        .kind = op->kind,
    };
    ledger_table_put(&ledger->live, &effect->new);
    ledger->live_bytes += op->size;
}

static void drop_pending(struct ledger *ledger, uint32_t *link)
{
    uint32_t number = *link;
    *link = ledger->pending[number].below;
    ledger->pending_known -= ledger->pending[number].known;
    ledger->pending[number].known = false;
    ledger->pending[number].below = ledger->pending_free;
    ledger->pending_free = number;
}

static void push_pending(struct ledger *ledger, const struct trace_op *op,
                         struct ledger_effect *effect)
{
    uint32_t below = ledger->top[op->thread];
    uint32_t depth = below != 0 ? ledger->pending[below].depth + 1 : 0;
    if (depth == NESTING_MAXIMUM) {
        /* No handler nests so deep: they will never end. */
        mistake(effect, no_end);
        while (ledger->top[op->thread] != 0) {
            struct pending *lost = &ledger->pending[ledger->top[op->thread]];
            if (lost->known)
                ledger->live_bytes -= lost->object.size;
            drop_pending(ledger, &ledger->top[op->thread]);
        }
        below = depth = 0;
    }
    uint32_t number = ledger->pending_free;
    if (number != 0)
        ledger->pending_free = ledger->pending[number].below;
    else
        number = ledger->pending_used++;
    struct pending *pending = &ledger->pending[number];
    *pending = (struct pending){.old_address = op->old_address, .below = below, .depth = depth};
    if (op->old_address != 0)
        pending->known = take(ledger, op->old_address, &pending->object, effect);
    pending->foreign = effect->foreign;
    effect->foreign = false;
    ledger->pending_known += pending->known;
    ledger->top[op->thread] = number;
}

/* Finds the begin of a split realloc and takes it off; those above it will never end. */
static bool pop_pending(struct ledger *ledger, const struct trace_op *op, struct pending *found,
                        struct ledger_effect *effect)
{
    uint32_t at = ledger->top[op->thread];
    while (at != 0 && ledger->pending[at].old_address != op->old_address)
        at = ledger->pending[at].below;
    if (at == 0)
        return false;
    while (ledger->top[op->thread] != at) {
        struct pending *lost = &ledger->pending[ledger->top[op->thread]];
        if (lost->known)
            ledger->live_bytes -= lost->object.size;
        mistake(effect, no_end);
        drop_pending(ledger, &ledger->top[op->thread]);
    }
    *found = ledger->pending[at];
    drop_pending(ledger, &ledger->top[op->thread]);
    return true;
}

/* The block is where it was. */
static void put_back(struct ledger *ledger, const struct pending *pending,
                     struct ledger_effect *effect)
{
    if (pending->foreign) {
        struct ledger_object spent;
        ledger_table_take(&ledger->spent, pending->old_address, &spent);
    }
    if (!pending->known)
        return;
    displace(ledger, pending->old_address, effect);
    ledger_table_put(&ledger->live, &pending->object);
}

static void end_split(struct ledger *ledger, uint64_t index, const struct trace_op *op,
                      struct ledger_effect *effect)
{
    struct pending pending = {.old_address = op->old_address};
    if (!pop_pending(ledger, op, &pending, effect))
        mistake(effect, no_begin);
    if ((op->flags & TRACE_FAILED) != 0) {
        put_back(ledger, &pending, effect);
        return;
    }
    effect->foreign = pending.foreign;
    if (pending.known)
        end(ledger, &pending.object, effect);
    begin(ledger, index, op, effect);
}

/* A failed realloc leaves its block, which must be one. */
static void check_kept(const struct ledger *ledger, const struct trace_op *op,
                       struct ledger_effect *effect)
{
    if (op->old_address == 0 || ledger_table_holds(&ledger->live, op->old_address))
        return;
    if (!ledger->inherited || ledger_table_holds(&ledger->spent, op->old_address))
        mistake(effect, not_live);
}

static void give_away(struct ledger *ledger, const struct trace_op *op,
                      struct ledger_effect *effect)
{
    struct ledger_object object;
    if (op->old_address != 0 && take(ledger, op->old_address, &object, effect))
        end(ledger, &object, effect);
}

int ledger_apply(struct ledger *ledger, uint64_t index, const struct trace_op *op,
                 struct ledger_effect *effect)
{
    effect->ended = effect->begun = effect->foreign = false;
    effect->mistake = NULL;
    bool paired = op->kind == TRACE_REALLOC_BEGIN || (op->flags & TRACE_SPLIT) != 0;
    if (ledger_table_reserve(&ledger->live) != 0 ||
        (ledger->inherited && ledger_table_reserve(&ledger->spent) != 0) ||
        (paired && reserve_pending(ledger, op->thread) != 0))
        return -1;
    if (op->kind == TRACE_REALLOC_BEGIN) {
        push_pending(ledger, op, effect);
        return 0;
    }
    if (paired) {
        end_split(ledger, index, op, effect);
        return 0;
    }
    if ((op->flags & TRACE_FAILED) != 0) {
        check_kept(ledger, op, effect);
        return 0;
    }
    give_away(ledger, op, effect);
    begin(ledger, index, op, effect);
    return 0;
}

uint64_t ledger_live_bytes(const struct ledger *ledger)
{
    return ledger->live_bytes;
}

uint64_t ledger_live_blocks(const struct ledger *ledger)
{
    return (uint64_t)ledger->live.count + ledger->pending_known;
}

void ledger_visit(const struct ledger *ledger,
                  bool (*visit)(void *argument, const struct ledger_object *object), void *argument)
{
    size_t slots = (size_t)1 << ledger->live.slot_bits;
    for (size_t i = 0; i < slots; i++) {
        uint32_t number = ledger->live.slot[i].object;
        if (number != 0 && !visit(argument, &ledger->live.pool[number]))
            return;
    }
    for (uint32_t i = 1; i < ledger->pending_used; i++)
        if (ledger->pending[i].known && !visit(argument, &ledger->pending[i].object))
            return;
}
