/* A stack a thread, in one pool; see halves.h. */
#include "halves.h"

#include <stdlib.h>
#include <string.h>

void halves_release(struct halves *halves)
{
    free(halves->open);
    free(halves->top);
    *halves = (struct halves){0};
}

static int reserve(struct halves *halves, uint32_t thread)
{
    if (thread >= halves->threads) {
        size_t threads = (size_t)thread + thread / 2 + 16;
        if (threads > UINT32_MAX)
            threads = UINT32_MAX;
        uint32_t *top = realloc(halves->top, threads * sizeof *top);
        if (top == NULL)
            return -1;
        memset(top + halves->threads, 0, (threads - halves->threads) * sizeof *top);
        halves->top = top;
        halves->threads = (uint32_t)threads;
    }
    if (halves->free != 0 || halves->used < halves->room)
        return 0;
    uint32_t room = halves->room * 2 + 16;
    struct half *open = realloc(halves->open, room * sizeof *open);
    if (open == NULL)
        return -1;
    halves->open = open;
    halves->room = room;
    halves->used = halves->used > 0 ? halves->used : 1;
    return 0;
}

/* The one begun last by a thread that has one. */
static struct half pop(struct halves *halves, uint32_t thread)
{
    uint32_t number = halves->top[thread];
    struct half half = halves->open[number];
    halves->top[thread] = half.below;
    halves->open[number].below = halves->free;
    halves->free = number;
    halves->count--;
    return half;
}

int halves_begin(struct halves *halves, uint64_t index, const struct trace_op *op,
                 const struct half *as)
{
    if (reserve(halves, op->thread) < 0)
        return -1;
    uint32_t below = halves->top[op->thread];
    if (below != 0 && halves->open[below].depth == HALVES_NESTING_MAXIMUM)
        while ((below = halves->top[op->thread]) != 0)
            pop(halves, op->thread);
    uint32_t number = halves->free;
    if (number != 0)
        halves->free = halves->open[number].below;
    else
        number = halves->used++;
    struct half *half = &halves->open[number];
    *half = *as;
    half->index = index;
    half->old_address = op->old_address;
    half->thread = op->thread;
    half->below = below;
    half->depth = below != 0 ? halves->open[below].depth + 1 : 1;
    halves->top[op->thread] = number;
    halves->count++;
    return 0;
}

bool halves_end(struct halves *halves, const struct trace_op *op, struct half *half)
{
    uint32_t at = op->thread < halves->threads ? halves->top[op->thread] : 0;
    while (at != 0 && halves->open[at].old_address != op->old_address)
        at = halves->open[at].below;
    if (at == 0)
        return false;
    while (halves->top[op->thread] != at)
        pop(halves, op->thread);
    *half = pop(halves, op->thread);
    return true;
}

static int by_address(const void *left, const void *right)
{
    const struct half *const *a = left, *const *b = right;
    if ((*a)->old_address != (*b)->old_address)
        return (*a)->old_address < (*b)->old_address ? -1 : 1;
    return ((*a)->index > (*b)->index) - ((*a)->index < (*b)->index);
}

struct half **halves_sorted(const struct halves *halves)
{
    size_t count = 0;
    struct half **sorted = calloc(halves->count + 1, sizeof *sorted);
    if (sorted == NULL)
        return NULL;
    for (uint32_t thread = 0; thread < halves->threads; thread++)
        for (uint32_t at = halves->top[thread]; at != 0; at = halves->open[at].below)
            sorted[count++] = &halves->open[at];
    qsort(sorted, count, sizeof *sorted, by_address);
    return sorted;
}
