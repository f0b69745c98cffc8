/* mapped.h over os_map, os_unmap and os_remap. */
#include "mapped.h"

#include "os.h"

static void list_add(struct mapped_list *list, struct lock *lock, struct mapped *mapped)
{
    lock_acquire(lock);
    mapped->previous = NULL;
    mapped->next = list->first;
    if (list->first != NULL)
        list->first->previous = mapped;
    list->first = mapped;
    list->count++;
    list->bytes += mapped->bytes;
    lock_release(lock);
}

static void list_remove(struct mapped_list *list, struct lock *lock, const struct mapped *mapped)
{
    lock_acquire(lock);
    if (mapped->previous != NULL)
        mapped->previous->next = mapped->next;
    else
        list->first = mapped->next;
    if (mapped->next != NULL)
        mapped->next->previous = mapped->previous;
    list->count--;
    list->bytes -= mapped->bytes;
    lock_release(lock);
}

/* Gives back the whole pages of [from, to). */
static void unmap_between(uintptr_t from, uintptr_t to)
{
    if (from < to)
        os_unmap((void *)from, to - from);
}

void *mapped_allocate(struct mapped_list *list, struct lock *lock, size_t bytes, size_t alignment)
{
    size_t page_bytes = os_page_bytes();
    size_t slack_bytes = alignment > HEAP_ALIGNMENT ? alignment : 0;
    size_t bytes_mapped = heap_round_up(bytes + sizeof(struct mapped) + slack_bytes, page_bytes);
    uintptr_t start = (uintptr_t)os_map(bytes_mapped);

    if (start == 0)
        return NULL;
    uintptr_t payload = heap_round_up(start + sizeof(struct mapped), alignment);
    struct mapped *mapped = mapped_of_payload((void *)payload);
    uintptr_t first_page = (uintptr_t)mapped & ~(page_bytes - 1);
    uintptr_t end = heap_round_up(payload + bytes, page_bytes);

    unmap_between(start, first_page);
    unmap_between(end, start + bytes_mapped);
    mapped->start = first_page;
    mapped->bytes = end - first_page;
    block_set_used(block_of_payload((void *)payload), 0, BLOCK_MAPPED);
    list_add(list, lock, mapped);
    return (void *)payload;
}

void mapped_release(struct mapped_list *list, struct lock *lock, void *payload)
{
    struct mapped *mapped = mapped_of_payload(payload);

    list_remove(list, lock, mapped);
    os_unmap((void *)mapped->start, mapped->bytes);
}

void *mapped_resize(struct mapped_list *list, struct lock *lock, void *payload, size_t bytes)
{
    struct mapped *mapped = mapped_of_payload(payload);
    size_t lead_bytes = (uintptr_t)payload - mapped->start;
    size_t old_bytes = mapped->bytes;
    size_t new_bytes = heap_round_up(lead_bytes + bytes, os_page_bytes());

    if (new_bytes == old_bytes)
        return payload;
    /* Its neighbours in the list must not point at it while it moves. */
    list_remove(list, lock, mapped);
    uintptr_t start = (uintptr_t)os_remap((void *)mapped->start, old_bytes, new_bytes);
    if (start == 0) {
        list_add(list, lock, mapped);
        return NULL;
    }
    payload = (void *)(start + lead_bytes);
    mapped = mapped_of_payload(payload);
    mapped->start = start;
    mapped->bytes = new_bytes;
    /* The check value is made from the address. */
    block_set_used(block_of_payload(payload), 0, BLOCK_MAPPED);
    list_add(list, lock, mapped);
    return payload;
}

size_t mapped_usable_bytes(const void *payload)
{
    const struct mapped *mapped = mapped_of_payload(payload);
    return mapped->start + mapped->bytes - (uintptr_t)payload;
}
