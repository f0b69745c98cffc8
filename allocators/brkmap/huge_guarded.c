/*
 * huge_pool.h in the hardened variant: each mapping stands between two pages that may not be
 * touched, and nothing waits to be used again. What is freed loses its memory at once, but its
 * addresses fault for a while: until some others, by chance, have taken its place.
 */
#include <stdint.h>

#include "block.h"
#include "heap.h"
#include "huge_pool.h"
#include "os.h"
#include "region.h"

enum { GONE = 64 };
/* The kernel allows 65,530 mappings a process, and each of these is two. Who gets none, and may do
 * with a run of slices, takes that. */
enum { GUARDED_MOST = 16384 };

/* Guarded by huge_lock. */
static struct {
    char *mapping;
    size_t bytes;
} gone[GONE];
static size_t guarded;

_Atomic uint64_t huge_pool_due_ms = UINT64_MAX;

static void unmap_guarded(char *mapping, size_t bytes)
{
    guarded--;
    os_unmap(mapping - os_page_bytes(), bytes + 2 * os_page_bytes());
}

static char *map_guarded(size_t bytes, size_t alignment)
{
    size_t guard = os_page_bytes();
    size_t spare = alignment > guard ? alignment - guard : 0, all = bytes + 2 * guard + spare;
    bool too_many = guarded >= GUARDED_MOST && bytes <= REGION_RUN_MAX * SLICE_BYTES;
    char *outer = too_many ? NULL : os_reserve(all);
    if (outer == NULL)
        return NULL;

    char *mapping = outer + guard;
    mapping += -(uintptr_t)mapping & (alignment - 1);
    size_t before = (size_t)(mapping - guard - outer);
    if (before > 0)
        os_unmap(outer, before);
    if (spare > before)
        os_unmap(mapping + bytes + guard, spare - before);
    guarded++;
    if (os_protect(mapping, bytes, true))
        return mapping;
    unmap_guarded(mapping, bytes);
    return NULL;
}

/* In a mapping of the new length its pages stand between guards, too. */
void *huge_pool_resize(void *start, size_t old_bytes, size_t *bytes)
{
    size_t guard = os_page_bytes(), kept_bytes = heap_least(old_bytes, *bytes);
    char *mapping = start, *moved = *bytes == old_bytes ? start : map_guarded(*bytes, guard);

    if (moved == NULL || moved == mapping)
        return moved;
    enum os_moved result = os_move(mapping, moved, kept_bytes);
    /* Else nobody knows whose the new addresses are, and they are lost. */
    if (result == OS_STAYED)
        unmap_guarded(moved, *bytes);
    if (result != OS_MOVED)
        return NULL;
    /* What is around it: its own addresses may be another thread's by now. */
    guarded--;
    os_unmap(mapping - guard, guard);
    os_unmap(mapping + kept_bytes, old_bytes - kept_bytes + guard);
    return moved;
}

void *huge_pool_take(size_t bytes, size_t alignment, bool *zeroed)
{
    void *mapping = map_guarded(bytes, alignment);

    /* The addresses of what is gone may be what the limit lacks. */
    if (mapping == NULL && huge_pool_empty())
        mapping = map_guarded(bytes, alignment);
    *zeroed = true;
    return mapping;
}

void huge_pool_put(void *mapping, size_t bytes)
{
    unsigned place = block_chance() % GONE;

    if (gone[place].mapping != NULL)
        unmap_guarded(gone[place].mapping, gone[place].bytes);
    gone[place].mapping = mapping;
    gone[place].bytes = bytes;
    os_protect(mapping, bytes, false);
    os_purge(mapping, bytes);
}

void huge_pool_tidy(uint64_t now_ms)
{
    (void)now_ms;
}

bool huge_pool_empty(void)
{
    bool any = false;

    for (unsigned i = 0; i < GONE; i++)
        if (gone[i].mapping != NULL) {
            unmap_guarded(gone[i].mapping, gone[i].bytes);
            gone[i].mapping = NULL;
            any = true;
        }
    return any;
}

void *huge_pool_at(size_t index, size_t *bytes)
{
    (void)index, (void)bytes;
    return NULL;
}
