/* Where the memory of huge blocks comes from and goes to: runs of pages that wait to be used
 * again, and the system. All under huge_lock. */
#ifndef BRKMAP_HUGE_POOL_H
#define BRKMAP_HUGE_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory of `bytes`, whole pages, at a multiple of `alignment` (a power of two). `zeroed` says
 * whether it reads as zero: what waited keeps its old contents. NULL: no memory. */
void *huge_pool_take(size_t bytes, size_t alignment, bool *zeroed);
/* Makes it `*bytes` long, or a little longer, which `*bytes` then says; it may have moved. NULL: no
 * memory, and nothing has changed. */
void *huge_pool_resize(void *start, size_t old_bytes, size_t *bytes);
/* Takes memory back, to keep it or to give it to the system. */
void huge_pool_put(void *start, size_t bytes);
/* Gives to the system what has waited for nothing. */
void huge_pool_tidy(uint64_t now_ms);
/* Gives everything back. True if there was anything. */
bool huge_pool_empty(void);
/* The runs that wait, one after another; NULL: there are no more. */
void *huge_pool_at(size_t index, size_t *bytes);

/* When huge_pool_tidy has something to do; read without the lock. */
extern _Atomic uint64_t huge_pool_due_ms __attribute__((visibility("hidden")));

#endif
