/* The next definitions of the malloc family; see next.h. */
#include "next.h"

#include "system.h"

#include <dlfcn.h>
#include <stdlib.h>

/* ---- the arena ------------------------------------------------------------------ */

_Alignas(16) unsigned char next_arena[NEXT_ARENA_BYTES];
_Atomic size_t next_arena_used;

enum { ARENA_HEAD_BYTES = 16 }; /* holds the block's size, and keeps alignment */

static void *arena_take(size_t size)
{
    if (size > NEXT_ARENA_BYTES)
        return NULL;
    size_t bytes = ARENA_HEAD_BYTES + (size + 15) / 16 * 16;
    size_t offset = atomic_fetch_add_explicit(&next_arena_used, bytes, memory_order_relaxed);
    if (offset > NEXT_ARENA_BYTES - bytes)
        return NULL;
    memcpy(next_arena + offset, &size, sizeof size);
    return next_arena + offset + ARENA_HEAD_BYTES; /* zeroed, as all of .bss */
}

void *next_leave_arena(void *block, size_t size)
{
    size_t old_size;
    memcpy(&old_size, (unsigned char *)block - ARENA_HEAD_BYTES, sizeof old_size);
    void *fresh = next.malloc(size);
    if (fresh != NULL)
        memcpy(fresh, block, old_size < size ? old_size : size);
    return fresh;
}

/* ---- the functions that stand in until the next ones are known --------------------- */

static void *first_malloc(size_t size)
{
    return next_find() ? next.malloc(size) : arena_take(size);
}

static void first_free(void *block)
{
    if (next_find())
        next.free(block);
}

static void *first_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (next_find())
        return next.calloc(count, size);
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : arena_take(bytes);
}

static void *first_realloc(void *block, size_t size)
{
    return next_find() ? next.realloc(block, size) : arena_take(size);
}

static void *first_memalign(size_t alignment, size_t size)
{
    return next_find() ? next.memalign(alignment, size) : NULL;
}

static void *first_aligned_alloc(size_t alignment, size_t size)
{
    return next_find() ? next.aligned_alloc(alignment, size) : NULL;
}

static int first_posix_memalign(void **block, size_t alignment, size_t size)
{
    return next_find() ? next.posix_memalign(block, alignment, size) : ENOMEM;
}

static void *first_valloc(size_t size)
{
    return next_find() ? next.valloc(size) : NULL;
}

static void *first_pvalloc(size_t size)
{
    return next_find() ? next.pvalloc(size) : NULL;
}

struct next next = {
    .malloc = first_malloc,
    .free = first_free,
    .calloc = first_calloc,
    .realloc = first_realloc,
    .memalign = first_memalign,
    .aligned_alloc = first_aligned_alloc,
    .posix_memalign = first_posix_memalign,
    .valloc = first_valloc,
    .pvalloc = first_pvalloc,
};

/* ---- finding -------------------------------------------------------------------------- */

static const void *object_of(const void *function)
{
    Dl_info info;
    return function != NULL && dladdr(function, &info) != 0 ? info.dli_fbase : NULL;
}

bool next_is_in_allocator(const void *function)
{
    const void *object = object_of(function);
    return object != NULL && object == object_of((const void *)next.malloc);
}

static void *find(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

const char *next_allocator(void)
{
    Dl_info info;
    return dladdr((const void *)next.malloc, &info) != 0 ? info.dli_fname : NULL;
}

bool next_find(void)
{
    /* The first call comes from the dynamic linker, before there is a second thread. */
    static _Atomic bool finding;
    if (atomic_exchange_explicit(&finding, true, memory_order_acq_rel))
        return false;
    int error = errno;
    struct next found = {
        .malloc = find("malloc"),
        .free = find("free"),
        .calloc = find("calloc"),
        .realloc = find("realloc"),
        .memalign = find("memalign"),
        .aligned_alloc = find("aligned_alloc"),
        .posix_memalign = find("posix_memalign"),
        .valloc = find("valloc"),
        .pvalloc = find("pvalloc"),
        .free_sized = find("free_sized"),
        .free_aligned_sized = find("free_aligned_sized"),
    };
    if (found.malloc == NULL || found.free == NULL || found.calloc == NULL ||
        found.realloc == NULL) {
        system_complain("there is no malloc behind the recorder's");
        abort();
    }
    next = found;
    errno = error;
    return true;
}
