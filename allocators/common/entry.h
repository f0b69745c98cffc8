/*
 * The public entry points: malloc and its family, as libc declares them.
 *
 * With -DHEAP_ENTRY_PREFIX=our_ they are called our_malloc and so on, so that a test can link
 * the very same code beside the libc's malloc and under a sanitizer.
 */
#ifndef HEAPMARK_ENTRY_H
#define HEAPMARK_ENTRY_H

#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* malloc and free with all their checks, for a core that has fast paths of its own. */
void *entry_malloc(size_t bytes);
void entry_free(void *payload);

#ifdef HEAP_ENTRY_PREFIX
#define HEAP_ENTRY_JOIN(prefix, name) prefix##name
#define HEAP_ENTRY_NAME(prefix, name) HEAP_ENTRY_JOIN(prefix, name)
#define HEAP_ENTRY(name)              HEAP_ENTRY_NAME(HEAP_ENTRY_PREFIX, name)

void *HEAP_ENTRY(malloc)(size_t bytes);
void *HEAP_ENTRY(calloc)(size_t count, size_t bytes);
void *HEAP_ENTRY(realloc)(void *payload, size_t bytes);
void *HEAP_ENTRY(reallocarray)(void *payload, size_t count, size_t bytes);
void HEAP_ENTRY(free)(void *payload);
void *HEAP_ENTRY(aligned_alloc)(size_t alignment, size_t bytes);
void *HEAP_ENTRY(memalign)(size_t alignment, size_t bytes);
int HEAP_ENTRY(posix_memalign)(void **out, size_t alignment, size_t bytes);
void *HEAP_ENTRY(valloc)(size_t bytes);
void *HEAP_ENTRY(pvalloc)(size_t bytes);
size_t HEAP_ENTRY(malloc_usable_size)(void *payload);
int HEAP_ENTRY(malloc_trim)(size_t keep_bytes);
struct mallinfo HEAP_ENTRY(mallinfo)(void);
struct mallinfo2 HEAP_ENTRY(mallinfo2)(void);
void HEAP_ENTRY(malloc_stats)(void);
int HEAP_ENTRY(malloc_info)(int options, FILE *stream);
int HEAP_ENTRY(mallopt)(int parameter, int value);
#else
#define HEAP_ENTRY(name) name
#endif

#endif
