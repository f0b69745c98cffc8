/* Copies a trace many times over; see scale.h. */
#include "scale.h"

#include "address_map.h"
#include "halves.h"
#include "message.h"
#include "rewrite.h"

#include <stdio.h>

enum { NAME_STEP = 16, PROVENANCE_BYTES = 256 };

struct scaling {
    struct trace_scale *scale;
    struct rewrite rewrite;
    struct address_map names; /* live addresses of the source: their names */
    struct halves halves;
    uint64_t named;
};

static uint64_t name_of_copy(const struct scaling *s, uint64_t name, uint32_t copy)
{
    return name != 0 ? (name * s->scale->copies + copy) * NAME_STEP : 0;
}

/* Takes the name of a block that is being freed or resized; one from before the recording, or one
 * that a mistake names, gets its name here. */
static uint64_t take_name(struct scaling *s, uint64_t address)
{
    uint64_t name = 0;
    if (address != 0 && !address_map_take(&s->names, address, &name))
        name = ++s->named;
    return name;
}

static int give_name(struct scaling *s, uint64_t address, uint64_t name, char *message)
{
    if (address == 0 || address_map_put(&s->names, address, name) == 0)
        return 0;
    return message_set(message, "out of memory");
}

static int write_copies(struct scaling *s, const struct trace_op *op, uint64_t name,
                        uint64_t old_name, char *message)
{
    for (uint32_t copy = 0; copy < s->scale->copies; copy++) {
        struct trace_op one = *op;
        one.address = name_of_copy(s, name, copy);
        one.old_address = name_of_copy(s, old_name, copy);
        one.flags &= (uint8_t)~TRACE_SPLIT;
        if (rewrite_add(&s->rewrite, &one, s->scale->own_threads ? copy : 0, message) < 0)
            return -1;
        s->scale->written++;
    }
    return 0;
}

static int give_way(struct scaling *s, const struct trace_op *op, char *message)
{
    const struct half as = {.name = take_name(s, op->old_address)};
    return halves_begin(&s->halves, 0, op, &as) < 0 ? message_set(message, "out of memory") : 0;
}

static int scale_op(struct scaling *s, const struct trace_op *op, char *message)
{
    struct half half;
    if (op->kind == TRACE_REALLOC_BEGIN)
        return give_way(s, op, message);
    uint64_t old_name = (op->flags & TRACE_SPLIT) != 0 && halves_end(&s->halves, op, &half)
                            ? half.name
                            : take_name(s, op->old_address);
    uint64_t address = op->address, name = 0;
    if ((op->flags & TRACE_FAILED) != 0)
        address = op->old_address; /* nothing changed */
    if (address != 0)
        name = address == op->old_address ? old_name : ++s->named; /* in place: so it stays */
    if (give_name(s, address, name, message) < 0)
        return -1;
    return write_copies(s, op, (op->flags & TRACE_FAILED) != 0 ? 0 : name, old_name, message);
}

static int scale_all(struct scaling *s, struct trace_reader *reader, char *message)
{
    struct trace_op op;
    int more, result = trace_reader_seek(reader, 0, message);
    while (result == 0 && (more = trace_reader_next(reader, &op, message)) != 0)
        result = more < 0 ? -1 : scale_op(s, &op, message);
    return result;
}

int trace_scale_write(struct trace_reader *reader, const char *path, struct trace_scale *scale,
                      char *message)
{
    struct scaling s = {.scale = scale, .rewrite = {.reader = reader}};
    char provenance[PROVENANCE_BYTES];
    snprintf(provenance, sizeof provenance, "%u copies of %s on %s", scale->copies, scale->name,
             scale->own_threads ? "threads of their own" : "the same threads");
    struct rewrite_facts facts = {.source = "scaled", .provenance = provenance};
    scale->written = 0;
    int result =
        rewrite_begin(&s.rewrite, path, &facts, scale->own_threads ? scale->copies : 1, message);
    if (result == 0)
        result = scale_all(&s, reader, message);
    scale->threads = s.rewrite.new_threads;
    result = rewrite_end(&s.rewrite, result, message);
    address_map_release(&s.names);
    halves_release(&s.halves);
    return result;
}
