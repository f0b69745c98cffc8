/* The lives of a trace's blocks; see lives.h. */
#include "lives.h"

#include <stdlib.h>

enum { CAPACITY_AT_FIRST = 1024 };

struct open_realloc {
    uint64_t address;
    uint32_t thread, life;
};

static const char twice_live[] = "its block is handed out while it is live";
static const char too_large[] = "its size and those of the live blocks exceed an address space";
static const char never_live[] = "its block was freed before, or never allocated";

int lives_init(struct lives *lives, bool inherited)
{
    *lives = (struct lives){.unused = LIFE_NONE, .inherited = inherited};
    return live_map_init(&lives->map);
}

void lives_release(struct lives *lives)
{
    live_map_release(&lives->map);
    free(lives->life);
    free(lives->open);
    *lives = (struct lives){0};
}

static int grow(struct lives *lives)
{
    uint32_t capacity = lives->capacity > 0 ? 2 * lives->capacity : CAPACITY_AT_FIRST;
    struct life *life = realloc(lives->life, capacity * sizeof *life);
    if (life == NULL || capacity <= lives->capacity)
        return -1;
    lives->life = life;
    lives->capacity = capacity;
    return 0;
}

/* Returns LIFE_NONE when memory is short. */
static uint32_t new_life(struct lives *lives, uint64_t size)
{
    uint32_t number = lives->unused;
    if (number != LIFE_NONE) {
        lives->unused = lives->life[number].next;
    } else {
        if (lives->count == lives->capacity && grow(lives) < 0)
            return LIFE_NONE;
        number = lives->count++;
    }
    lives->life[number] = (struct life){.size = size, .used = true};
    return number;
}

void lives_forget(struct lives *lives, uint32_t number)
{
    lives->life[number].used = false;
    lives->life[number].next = lives->unused;
    lives->unused = number;
}

static int begin(struct lives *lives, uint64_t address, uint64_t size, struct change *change)
{
    if (size > (uint64_t)(INT64_MAX - lives->live_bytes)) {
        change->mistake = too_large;
        return 0;
    }
    uint32_t number = new_life(lives, size);
    if (number == LIFE_NONE)
        return -1;
    int added = live_map_add(&lives->map, address, number);
    if (added < 0)
        return -1;
    if (added > 0) {
        change->mistake = twice_live;
        lives_forget(lives, number);
        return 0;
    }
    change->begun = number;
    lives->live_bytes += (int64_t)size;
    lives->live_blocks++;
    return 0;
}

static void end(struct lives *lives, uint32_t number, struct change *change)
{
    change->ended = number;
    if (number == LIFE_NONE) {
        change->foreign = lives->inherited;
        if (!lives->inherited)
            change->mistake = never_live;
        return;
    }
    lives->live_bytes -= (int64_t)lives->life[number].size;
    lives->live_blocks--;
}

/* The old address may be handed out again from here on. */
static int open_realloc(struct lives *lives, const struct trace_op *op)
{
    if (lives->open_count == lives->open_capacity) {
        size_t capacity = lives->open_capacity > 0 ? 2 * lives->open_capacity : 16;
        struct open_realloc *open = realloc(lives->open, capacity * sizeof *open);
        if (open == NULL)
            return -1;
        lives->open = open;
        lives->open_capacity = capacity;
    }
    lives->open[lives->open_count++] =
        (struct open_realloc){op->old_address, op->thread,
                              live_map_take(&lives->map, op->old_address)};
    return 0;
}

/* A signal handler may have come between: the last one of that thread and address is meant. */
static uint32_t close_realloc(struct lives *lives, const struct trace_op *op, bool *found)
{
    for (size_t i = lives->open_count; i-- > 0;) {
        struct open_realloc open = lives->open[i];
        if (open.thread != op->thread || open.address != op->old_address)
            continue;
        lives->open[i] = lives->open[--lives->open_count];
        *found = true;
        return open.life;
    }
    return LIFE_NONE;
}

static int apply_realloc(struct lives *lives, const struct trace_op *op, struct change *change)
{
    bool failed = (op->flags & TRACE_FAILED) != 0, found = false;
    if (op->old_address != 0) {
        uint32_t number = LIFE_NONE;
        if ((op->flags & TRACE_SPLIT) != 0)
            number = close_realloc(lives, op, &found);
        if (!found)
            number = live_map_take(&lives->map, op->old_address);
        end(lives, number, change);
        if (failed && number != LIFE_NONE)
            return begin(lives, op->old_address, lives->life[number].size, change);
    }
    if (failed || op->address == 0 || change->mistake != NULL)
        return 0;
    return begin(lives, op->address, op->size, change);
}

int lives_apply(struct lives *lives, const struct trace_op *op, struct change *change)
{
    *change = (struct change){.ended = LIFE_NONE, .begun = LIFE_NONE};
    switch (op->kind) {
    case TRACE_REALLOC_BEGIN:
        return op->old_address != 0 ? open_realloc(lives, op) : 0;
    case TRACE_REALLOC:
    case TRACE_REALLOCARRAY:
        return apply_realloc(lives, op, change);
    case TRACE_FREE:
        if (op->old_address != 0)
            end(lives, live_map_take(&lives->map, op->old_address), change);
        return 0;
    default:
        return (op->flags & TRACE_FAILED) != 0 || op->address == 0
                   ? 0
                   : begin(lives, op->address, op->size, change);
    }
}
