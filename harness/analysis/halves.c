/* A short list; see halves.h. */
#include "halves.h"

#include <stdlib.h>

void halves_release(struct halves *halves)
{
    free(halves->open);
    *halves = (struct halves){0};
}

int halves_begin(struct halves *halves, uint64_t index, const struct trace_op *op,
                 const struct half *as)
{
    if (halves->count == halves->room) {
        size_t room = halves->room > 0 ? halves->room * 2 : 16;
        struct half *open = realloc(halves->open, room * sizeof *open);
        if (open == NULL)
            return -1;
        halves->open = open;
        halves->room = room;
    }
    struct half *half = &halves->open[halves->count++];
    *half = *as;
    half->index = index;
    half->old_address = op->old_address;
    half->thread = op->thread;
    return 0;
}

bool halves_end(struct halves *halves, const struct trace_op *op, struct half *half)
{
    size_t at = halves->count;
    while (at > 0 && !(halves->open[at - 1].thread == op->thread &&
                       halves->open[at - 1].old_address == op->old_address))
        at--;
    if (at == 0)
        return false;
    *half = halves->open[--at];
    size_t kept = at;
    for (size_t i = at + 1; i < halves->count; i++)
        if (halves->open[i].thread != op->thread)
            halves->open[kept++] = halves->open[i];
    halves->count = kept;
    return true;
}
