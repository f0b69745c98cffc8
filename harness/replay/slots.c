/* Which slots are free; see slots.h. */
#include "slots.h"

#include "replay_script.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_AT_FIRST = 64 };

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

uint32_t slots_take(struct slots *slots, uint16_t owner)
{
    if (owner == SLOT_OWNER_PASSING) {
        struct slot_list *queue = &slots->passing;
        if (queue->first < queue->count)
            return queue->slot[queue->first++];
    } else if (slots->own[owner].count > 0) {
        struct slot_list *stack = &slots->own[owner];
        return stack->slot[--stack->count];
    }
    return slots->count < SCRIPT_SLOTS_MAXIMUM ? slots->count++ : SLOT_NONE;
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
