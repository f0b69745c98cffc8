/*
 * The malloc family over heap.h. All checks of arguments and all of errno live here, once:
 * a failure is NULL with ENOMEM (or EINVAL for an alignment), a success leaves errno as it was.
 */
#include "entry.h"

#include <errno.h>
#include <stdint.h>

#include "heap.h"
#include "os.h"

#define PUBLIC __attribute__((visibility("default")))
/* A core may have a malloc and a free of its own, whose fast paths call nothing. */
#define PUBLIC_OR_OWN __attribute__((visibility("default"), weak))

static void *or_enomem(void *payload)
{
    if (__builtin_expect(payload == NULL, 0))
        errno = ENOMEM;
    return payload;
}

static bool is_power_of_two(size_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

/* `alignment` is a power of two. */
static void *allocate_aligned(size_t alignment, size_t bytes)
{
    if (bytes > PTRDIFF_MAX || alignment > PTRDIFF_MAX - bytes)
        return NULL;
    if (alignment <= HEAP_ALIGNMENT)
        return heap_allocate(bytes);
    return heap_allocate_aligned(bytes, alignment);
}

void *entry_malloc(size_t bytes)
{
    return or_enomem(bytes > PTRDIFF_MAX ? NULL : heap_allocate(bytes));
}

PUBLIC_OR_OWN void *HEAP_ENTRY(malloc)(size_t bytes)
{
    return entry_malloc(bytes);
}

PUBLIC void *HEAP_ENTRY(calloc)(size_t count, size_t bytes)
{
    size_t total_bytes;

    if (__builtin_mul_overflow(count, bytes, &total_bytes) || total_bytes > PTRDIFF_MAX)
        return or_enomem(NULL);
    return or_enomem(heap_allocate_zeroed(total_bytes));
}

void entry_free(void *payload)
{
    if (payload != NULL)
        heap_release(payload);
}

PUBLIC_OR_OWN void HEAP_ENTRY(free)(void *payload)
{
    entry_free(payload);
}

static void *resize(void *payload, size_t bytes)
{
    if (bytes > PTRDIFF_MAX)
        return or_enomem(NULL);
    if (payload == NULL)
        return or_enomem(heap_allocate(bytes));
    if (bytes == 0) {
        /* As glibc does; C23 leaves it undefined, programs rely on it. */
        heap_release(payload);
        return NULL;
    }
    return or_enomem(heap_resize(payload, bytes));
}

PUBLIC void *HEAP_ENTRY(realloc)(void *payload, size_t bytes)
{
    return resize(payload, bytes);
}

PUBLIC void *HEAP_ENTRY(reallocarray)(void *payload, size_t count, size_t bytes)
{
    size_t total_bytes;

    if (__builtin_mul_overflow(count, bytes, &total_bytes))
        return or_enomem(NULL);
    return resize(payload, total_bytes);
}

PUBLIC void *HEAP_ENTRY(aligned_alloc)(size_t alignment, size_t bytes)
{
    /* A size that is no multiple of the alignment is fine since C17. */
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return or_enomem(allocate_aligned(alignment, bytes));
}

PUBLIC void *HEAP_ENTRY(memalign)(size_t alignment, size_t bytes)
{
    size_t power_of_two = HEAP_ALIGNMENT;

    if (alignment > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    /* glibc rounds a crooked alignment up, and old programs pass one. */
    while (power_of_two < alignment)
        power_of_two *= 2;
    return or_enomem(allocate_aligned(power_of_two, bytes));
}

PUBLIC int HEAP_ENTRY(posix_memalign)(void **out, size_t alignment, size_t bytes)
{
    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0)
        return EINVAL;

    void *payload = allocate_aligned(alignment, bytes);
    /* POSIX says nothing of errno here; glibc sets it, and programs look at it (its own tests do).
     */
    if (payload == NULL)
        return errno = ENOMEM;
    *out = payload;
    return 0;
}

PUBLIC void *HEAP_ENTRY(valloc)(size_t bytes)
{
    return or_enomem(allocate_aligned(os_page_bytes(), bytes));
}

PUBLIC void *HEAP_ENTRY(pvalloc)(size_t bytes)
{
    size_t page_bytes = os_page_bytes();

    /* Before rounding: pvalloc(-1) must not wrap around to nothing. */
    if (bytes > PTRDIFF_MAX - page_bytes)
        return or_enomem(NULL);
    return or_enomem(allocate_aligned(page_bytes, heap_round_up(bytes, page_bytes)));
}

PUBLIC size_t HEAP_ENTRY(malloc_usable_size)(void *payload)
{
    return payload == NULL ? 0 : heap_usable_bytes(payload);
}
