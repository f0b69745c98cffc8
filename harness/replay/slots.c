/* Which slots are free; see slots.h. */
#include "slots.h"

#include "replay_script.h"

#include <stdlib.h>
#include <string.h>

/* Slots that no two workers share a cache line of, nor a prefetched pair, come in rows: 128 bytes.
 */
enum { CAPACITY_AT_FIRST = 64, ROW = 16 };

static int push(struct slot_list *list, uint32_t slot)
{
    if (list->count == list->capacity && list->first > list->capacity / 2) {
        list->count -= list->first;
        memmove(list->slot, list->slot + list->first, list->count * sizeof *list->slot);
        list->first = 0;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : CAPACITY_AT_FIRST;
        uint32_t *grown = realloc(list->slot, capacity * sizeof *grown);
        if (grown == NULL)
            return -1;
        list->slot = grown;
        list->capacity = capacity;
    }
    list->slot[list->count++] = slot;
    return 0;
}

int slots_init(struct slots *slots, uint32_t workers)
{
    *slots = (struct slots){.workers = workers};
    slots->own = calloc(workers, sizeof *slots->own);
    return slots->own != NULL ? 0 : -1;
}

void slots_release(struct slots *slots)
{
    for (uint32_t w = 0; slots->own != NULL && w < slots->workers; w++)
        free(slots->own[w].slot);
    free(slots->own);
    free(slots->passing.slot);
    free(slots->late.slot);
    free(slots->late_owner.slot);
    *slots = (struct slots){0};
}

/* A new slot. What else is in its row is the same owner's, in order. */
static uint32_t take_new(struct slots *slots, struct slot_list *list)
{
    uint32_t first = slots->count;
    if (slots->workers == 1)
        return first < SCRIPT_SLOTS_MAXIMUM ? slots->count++ : SLOT_NONE;
    if (first > SCRIPT_SLOTS_MAXIMUM - ROW)
        return SLOT_NONE;
    slots->count += ROW;
    for (uint32_t i = 1; i < ROW; i++)
        if (push(list, first + (list == &slots->passing ? i : ROW - i)) < 0)
            return SLOT_NONE;
    return first;
}

uint32_t slots_take(struct slots *slots, uint16_t owner)
{
    if (owner == SLOT_OWNER_PASSING) {
        struct slot_list *queue = &slots->passing;
        return queue->first < queue->count ? queue->slot[queue->first++] : take_new(slots, queue);
    }
    struct slot_list *stack = &slots->own[owner];
    return stack->count > 0 ? stack->slot[--stack->count] : take_new(slots, stack);
}

int slots_give(struct slots *slots, uint32_t slot, uint16_t owner, uint16_t worker)
{
    if (owner == worker)
        return push(&slots->own[owner], slot);
    return push(&slots->late, slot) < 0 ? -1 : push(&slots->late_owner, owner);
}

int slots_end_lap(struct slots *slots)
{
    for (size_t i = 0; i < slots->late.count; i++) {
        uint32_t owner = slots->late_owner.slot[i];
        struct slot_list *list = owner == SLOT_OWNER_PASSING ? &slots->passing : &slots->own[owner];
        if (push(list, slots->late.slot[i]) < 0)
            return -1;
    }
    slots->late.count = slots->late_owner.count = 0;
    return 0;
}
