/* Cuts a stretch out of a trace; see cut.h. */
#include "cut.h"

#include "address_map.h"
#include "halves.h"
#include "message.h"
#include "rewrite.h"
#include "trace_walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROVENANCE_BYTES = 256 };

/* An operation that the new trace begins with; they are put in the order of the source. */
struct opening {
    uint64_t index;
    struct trace_op op;
};

struct cutting {
    struct trace_cut *cut;
    struct rewrite rewrite;
    struct halves halves;
    struct half **under_way; /* at the start of the range: halves.count, by address */
    struct opening *openings;
    size_t opening_count, opening_room;
    struct address_map dropped; /* addresses of blocks left out */
    bool failed;                /* memory ran out */
};

/* ---- up to the start of the range --------------------------------------------- */

static int follow_halves(void *argument, const struct trace_step *step, char *message)
{
    static const struct half kept = {0};
    struct cutting *c = argument;
    struct half half;
    if (step->op->kind == TRACE_REALLOC_BEGIN &&
        halves_begin(&c->halves, step->index, step->op, &kept) < 0)
        return message_set(message, "out of memory");
    if ((step->op->flags & TRACE_SPLIT) != 0)
        halves_end(&c->halves, step->op, &half);
    return 0;
}

/* The realloc under way that has taken this block's address away, or NULL. A block that got the
 * address afterwards is younger than that. */
static struct half *half_of(struct cutting *c, const struct ledger_object *object)
{
    size_t low = 0, high = c->halves.count;
    while (low < high) { /* the first that begins behind the block's birth, at its address */
        size_t middle = (low + high) / 2;
        const struct half *half = c->under_way[middle];
        if (half->old_address < object->address ||
            (half->old_address == object->address && half->index <= object->born_index))
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->halves.count && c->under_way[low]->old_address == object->address
               ? c->under_way[low]
               : NULL;
}

static void open_with(struct cutting *c, uint64_t index, const struct trace_op *op)
{
    if (c->opening_count == c->opening_room) {
        size_t room = c->opening_room > 0 ? c->opening_room * 2 : 64;
        struct opening *openings = realloc(c->openings, room * sizeof *openings);
        if (openings == NULL) {
            c->failed = true;
            return;
        }
        c->openings = openings;
        c->opening_room = room;
    }
    c->openings[c->opening_count++] = (struct opening){index, *op};
}

/* Calls that ask for an alignment stay what they were; all others become malloc. */
static uint8_t kind_at_start(unsigned kind)
{
    switch (kind) {
    case TRACE_MEMALIGN:
    case TRACE_ALIGNED_ALLOC:
    case TRACE_POSIX_MEMALIGN:
    case TRACE_VALLOC:
    case TRACE_PVALLOC:
        return (uint8_t)kind;
    default:
        return TRACE_MALLOC;
    }
}

static bool take_live(void *argument, const struct ledger_object *object)
{
    struct cutting *c = argument;
    struct trace_op op = {
        .address = object->address,
        .size = object->size,
        .alignment = object->alignment,
        .thread = object->thread,
        .kind = kind_at_start(object->kind),
    };
    if (!c->cut->drop_live) {
        open_with(c, object->born_index, &op);
        c->cut->blocks++;
        c->cut->bytes += object->size;
        return !c->failed;
    }
    struct half *half = half_of(c, object);
    if (half != NULL)
        half->dropped = true;
    else if (address_map_put(&c->dropped, object->address, 0) < 0)
        c->failed = true;
    return !c->failed;
}

static void take_start(void *argument, const struct ledger *ledger)
{
    struct cutting *c = argument;
    c->under_way = halves_sorted(&c->halves);
    c->failed = c->under_way == NULL;
    if (!c->failed)
        ledger_visit(ledger, take_live, c);
    for (size_t i = 0; i < c->halves.count && !c->failed; i++) {
        const struct half *half = c->under_way[i];
        struct trace_op op = {.old_address = half->old_address,
                              .thread = half->thread,
                              .kind = TRACE_REALLOC_BEGIN};
        if (!half->dropped)
            open_with(c, half->index, &op);
    }
}

static int compare_openings(const void *left, const void *right)
{
    const struct opening *a = left, *b = right;
    return (a->index > b->index) - (a->index < b->index);
}

static int write_start(struct cutting *c, char *message)
{
    if (c->opening_count > 0)
        qsort(c->openings, c->opening_count, sizeof *c->openings, compare_openings);
    for (size_t i = 0; i < c->opening_count; i++)
        if (rewrite_add(&c->rewrite, &c->openings[i].op, 0, message) < 0)
            return -1;
    c->cut->written = c->opening_count;
    return 0;
}

/* ---- the range ---------------------------------------------------------------- */

/* Whether the operation touches a block that is left out; follows such a block through reallocs.
 * Returns 1, 0, or -1 when memory is short. */
static int touches_dropped(struct cutting *c, const struct trace_op *op)
{
    struct half half = {0};
    uint64_t next = (op->flags & TRACE_FAILED) != 0 ? op->old_address : op->address;
    if (op->kind == TRACE_REALLOC_BEGIN) {
        half.dropped = op->old_address != 0 && address_map_take(&c->dropped, op->old_address, NULL);
        return halves_begin(&c->halves, 0, op, &half) < 0 ? -1 : half.dropped;
    }
    bool split = (op->flags & TRACE_SPLIT) != 0;
    if (split ? !halves_end(&c->halves, op, &half) || !half.dropped
              : op->old_address == 0 || !address_map_take(&c->dropped, op->old_address, NULL))
        return 0;
    if (next != 0 && address_map_put(&c->dropped, next, 0) < 0)
        return -1;
    return 1;
}

static int write_range(struct cutting *c, char *message)
{
    struct trace_reader *reader = c->rewrite.reader;
    struct trace_op op;
    uint64_t start_ns = 0;
    int result = trace_reader_seek(reader, c->cut->range.from, message);
    for (uint64_t i = c->cut->range.from; i < c->cut->range.to && result == 0; i++) {
        int more = trace_reader_next(reader, &op, message);
        if (more <= 0)
            return more;
        if (i == c->cut->range.from)
            start_ns = op.time_ns;
        op.time_ns -= start_ns;
        int dropped = c->cut->drop_live ? touches_dropped(c, &op) : 0;
        c->cut->dropped += dropped > 0;
        c->cut->written += dropped == 0;
        if (dropped < 0)
            result = message_set(message, "out of memory");
        else if (dropped == 0)
            result = rewrite_add(&c->rewrite, &op, 0, message);
    }
    return result;
}

static int cut(struct cutting *c, struct trace_reader *reader, char *message)
{
    if (trace_walk(reader, c->cut->range.from, follow_halves, take_start, c, message) < 0)
        return -1;
    if (c->failed)
        return message_set(message, "out of memory");
    return write_start(c, message) < 0 ? -1 : write_range(c, message);
}

int trace_cut_write(struct trace_reader *reader, const char *path, struct trace_cut *of,
                    char *message)
{
    struct cutting c = {.cut = of, .rewrite = {.reader = reader}};
    char provenance[PROVENANCE_BYTES];
    bool whole_end = of->range.to == trace_reader_operations(reader);
    const char *addresses = trace_facts_find(trace_reader_facts(reader), "has_addresses");
    snprintf(provenance, sizeof provenance, "operations %" PRIu64 " to %" PRIu64 " of %s%s",
             of->range.from, of->range.to, of->name,
             of->drop_live ? " without the blocks live before" : "");
    struct rewrite_facts facts = {.source = "cut",
                                  .provenance = provenance,
                                  .end = whole_end ? NULL : "cut",
                                  .has_addresses =
                                      addresses == NULL || strcmp(addresses, "no") != 0};
    of->blocks = of->bytes = of->dropped = of->written = 0;
    int result = rewrite_begin(&c.rewrite, path, &facts, 1, message);
    if (result == 0)
        result = cut(&c, reader, message);
    result = rewrite_end(&c.rewrite, result, message);
    address_map_release(&c.dropped);
    free(c.openings);
    free(c.under_way);
    halves_release(&c.halves);
    return result;
}
