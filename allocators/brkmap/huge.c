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
    size_t count, live_bytes;
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

static void table_put(void *payload, size_t bytes)
{
    size_t i = home_of(payload);
    while (table.entry[i].payload != NULL)
        i = (i + 1) & table.mask;
    table.entry[i] = (struct huge_entry){payload, bytes};
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
    for (size_t i = 0; i < old_entries; i++)
        if (old[i].payload != NULL)
            table_put(old[i].payload, old[i].bytes);
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

static void table_add(void *payload, size_t bytes)
{
    table_put(payload, bytes);
    table.count++;
    table.live_bytes += bytes;
}

void *huge_allocate(size_t bytes, size_t alignment, bool *zeroed)
{
    void *payload = NULL;

    if (bytes > PTRDIFF_MAX - os_page_bytes())
        return NULL;
    bytes = to_pages(bytes == 0 ? 1 : bytes);
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
        table.live_bytes -= bytes;
        huge_pool_put(payload, bytes);
    }
    lock_release(&huge_lock);
    return found;
}

size_t huge_usable_bytes(const void *payload)
{
    lock_acquire(&huge_lock);
    const struct huge_entry *entry = table_find(payload);
    size_t bytes = entry == NULL ? 0 : entry->bytes;
    lock_release(&huge_lock);
    return bytes;
}

void *huge_resize(void *payload, size_t bytes)
{
    if (bytes > PTRDIFF_MAX - os_page_bytes())
        return NULL;
    bytes = to_pages(bytes);
    lock_acquire(&huge_lock);
    struct huge_entry *entry = table_find(payload);
    size_t old_bytes = entry->bytes;
    void *moved = huge_pool_resize(payload, old_bytes, &bytes);
    if (moved == payload) {
        entry->bytes = bytes;
        table.live_bytes += bytes - old_bytes;
    } else if (moved != NULL) {
        table_remove(entry);
        table.live_bytes -= old_bytes;
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

struct huge_figures huge_figures(void)
{
    lock_acquire(&huge_lock);
    struct huge_figures figures = {
        .live_bytes = table.live_bytes,
        .live_blocks = table.count,
        .pooled_bytes = huge_pool_bytes(),
    };
    lock_release(&huge_lock);
    return figures;
}

bool huge_each(bool (*visit)(void *argument, void *payload, size_t bytes), void *argument)
{
    bool go_on = true;

    lock_acquire(&huge_lock);
    for (size_t i = 0; table.mask != 0 && i <= table.mask && go_on; i++)
        if (table.entry[i].payload != NULL)
            go_on = visit(argument, table.entry[i].payload, table.entry[i].bytes);
    lock_release(&huge_lock);
    return go_on;
}

bool huge_each_waiting(bool (*visit)(void *argument, void *mapping, size_t bytes), void *argument)
{
    bool go_on = true;
    void *mapping;
    size_t bytes;

    lock_acquire(&huge_lock);
    for (size_t i = 0; go_on && (mapping = huge_pool_at(i, &bytes)) != NULL; i++)
        go_on = visit(argument, mapping, bytes);
    lock_release(&huge_lock);
    return go_on;
}
