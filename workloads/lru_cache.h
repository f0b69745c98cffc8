/*
 * A cache that holds documents up to a number of bytes and drops the least recently used.
 *
 * Documents are numbered from 0, and each has its place in a table: looking one up costs one
 * load, and the list through the table tells the order of use. One worker's own.
 */
#ifndef HEAPMARK_LRU_CACHE_H
#define HEAPMARK_LRU_CACHE_H

#include "piece.h"

struct lru_entry {
    struct piece body; /* block NULL: not in the cache */
    uint32_t newer, older;
};

struct lru_cache {
    struct lru_entry *entries; /* `documents` and one: the list's head, newest <- head -> oldest */
    uint32_t documents;
    enum touch touch;
    uint64_t bytes, limit_bytes;
};

/* Of the memory for `entries`. */
size_t lru_cache_table_bytes(uint32_t documents);
/* The caller has set all fields but `bytes`, and `entries` is zeroed. */
void lru_cache_init(struct lru_cache *cache);
/* Whether the document is there; it is the newest then. */
bool lru_cache_use(struct lru_cache *cache, uint32_t document);
/* Takes over `body` for a document that is not there; frees the oldest until it fits. One that
 * is larger than the whole cache is freed at once. */
void lru_cache_insert(struct lru_cache *cache, struct worker *worker, uint32_t document,
                      struct piece body);
void lru_cache_clear(struct lru_cache *cache, struct worker *worker);

#endif
