/* Huge blocks: the table of them, and what is done with their mappings. */
#include "huge.h"

#include <stdint.h>

#include "heap.h"
#include "huge_pool.h"
#include "os.h"

struct lock huge_lock;

struct huge_entry {
    void *payload; /* NULL: free; entries behind it are found by moving them up when one goes */
    size_t bytes;
};

/* Open addressing with linear probing, at most half full. Guarded by huge_lock, as the pool. */
static struct {
    struct huge_entry *entry;
    size_t mask; /* entries - 1, 0 before there are any */
    size_t count;
} table;

static size_t home_of(const void *payload)
{
    return (((uintptr_t)payload >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & table.mask;
}

static struct huge_entry *table_find(const void *payload)
{
    if (table.mask == 0 || payload == NULL)
        return NULL;
    for (size_t i = home_of(payload); table.entry[i].payload != NULL; i = (i + 1) & table.mask)
        if (table.entry[i].payload == payload)
            return &table.entry[i];
    return NULL;
}

/* There is room. */
static void table_add(void *payload, size_t bytes)
{
    size_t i = home_of(payload);
    while (table.entry[i].payload != NULL)
        i = (i + 1) & table.mask;
    table.entry[i] = (struct huge_entry){payload, bytes};
    table.count++;
}

/* Room for one more. */
static bool table_make_room(void)
{
    if (table.mask != 0 && 2 * (table.count + 1) <= table.mask)
        return true;
    size_t old_entries = table.mask == 0 ? 0 : table.mask + 1;
    size_t entry_bytes = sizeof(struct huge_entry);
    size_t new_bytes = old_entries == 0 ? os_page_bytes() : 2 * old_entries * entry_bytes;
    struct huge_entry *old = table.entry, *larger = os_map(new_bytes);

    if (larger == NULL)
        return false;
    table.entry = larger;
    table.mask = new_bytes / entry_bytes - 1;
    table.count = 0;
    for (size_t i = 0; i < old_entries; i++)
        if (old[i].payload != NULL)
            table_add(old[i].payload, old[i].bytes);
    if (old_entries > 0)
        os_unmap(old, old_entries * entry_bytes);
    return true;
}

/* Entries that probing had pushed past the hole move up into it, so that searches end at a hole. */
static void table_remove(struct huge_entry *gone)
{
    size_t hole = (size_t)(gone - table.entry);

    for (size_t i = (hole + 1) & table.mask; table.entry[i].payload != NULL;
         i = (i + 1) & table.mask) {
        size_t home = home_of(table.entry[i].payload);
        if (((i - home) & table.mask) >= ((i - hole) & table.mask)) {
            table.entry[hole] = table.entry[i];
            hole = i;
        }
    }
    table.entry[hole].payload = NULL;
    table.count--;
}

static size_t to_pages(size_t bytes)
{
    return heap_round_up(bytes, os_page_bytes());
}

void *huge_allocate(size_t bytes, size_t alignment, bool *zeroed)
{
    void *payload = NULL;

    if (bytes > PTRDIFF_MAX - os_page_bytes())
        return NULL;
    bytes = to_pages(bytes);
    lock_acquire(&huge_lock);
    if (table_make_room())
        payload = huge_pool_take(bytes, alignment, zeroed);
    if (payload != NULL)
        table_add(payload, bytes);
    lock_release(&huge_lock);
    return payload;
}

bool huge_release(void *payload)
{
    lock_acquire(&huge_lock);
    struct huge_entry *entry = table_find(payload);
    bool found = entry != NULL;
    if (found) {
        size_t bytes = entry->bytes;
        table_remove(entry);
        huge_pool_put(payload, bytes);
    }
    lock_release(&huge_lock);
    return found;
}

bool huge_usable_bytes(const void *payload, size_t *bytes)
{
    lock_acquire(&huge_lock);
    const struct huge_entry *entry = table_find(payload);
    bool found = entry != NULL;
    if (found)
        *bytes = entry->bytes;
    lock_release(&huge_lock);
    return found;
}

void *huge_resize(void *payload, size_t bytes)
{
    if (bytes > PTRDIFF_MAX - os_page_bytes())
        return NULL;
    bytes = to_pages(bytes);
    lock_acquire(&huge_lock);
    struct huge_entry *entry = table_find(payload);
    void *moved = huge_pool_resize(payload, entry->bytes, &bytes);
    if (moved == payload) {
        entry->bytes = bytes;
    } else if (moved != NULL) {
        table_remove(entry);
        table_add(moved, bytes);
    }
    lock_release(&huge_lock);
    return moved;
}

bool huge_trim(void)
{
    lock_acquire(&huge_lock);
    bool any = huge_pool_empty();
    lock_release(&huge_lock);
    return any;
}

void huge_tidy(void)
{
    uint64_t due_ms = atomic_load_explicit(&huge_pool_due_ms, memory_order_relaxed);
    if (due_ms == UINT64_MAX || os_coarse_ms() < due_ms)
        return;
    lock_acquire(&huge_lock);
    huge_pool_tidy(os_coarse_ms());
    lock_release(&huge_lock);
}

bool huge_each(heap_visit_fn *visit, void *argument)
{
    struct heap_block block = {.used = true};
    bool go_on = true;

    lock_acquire(&huge_lock);
    for (size_t i = 0; table.mask != 0 && i <= table.mask && go_on; i++) {
        block.address = table.entry[i].payload;
        block.bytes = table.entry[i].bytes;
        go_on = block.address == NULL || visit(argument, &block);
    }
    block.used = false;
    for (size_t i = 0; go_on && (block.address = huge_pool_at(i, &block.bytes)) != NULL; i++)
        go_on = visit(argument, &block);
    lock_release(&huge_lock);
    return go_on;
}
