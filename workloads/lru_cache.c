/* A cache that drops the least recently used; see lru_cache.h. */
#include "lru_cache.h"

size_t lru_cache_table_bytes(uint32_t documents)
{
    return ((size_t)documents + 1) * sizeof(struct lru_entry);
}

void lru_cache_init(struct lru_cache *cache)
{
    struct lru_entry *head = &cache->entries[cache->documents];
    head->newer = head->older = cache->documents;
    cache->bytes = 0;
}

static void unlink_entry(struct lru_cache *cache, const struct lru_entry *entry)
{
    cache->entries[entry->newer].older = entry->older;
    cache->entries[entry->older].newer = entry->newer;
}

/* The head's `older` is the newest document, its `newer` the oldest. */
static void link_newest(struct lru_cache *cache, uint32_t document)
{
    struct lru_entry *head = &cache->entries[cache->documents];
    struct lru_entry *entry = &cache->entries[document];
    entry->newer = cache->documents;
    entry->older = head->older;
    cache->entries[entry->older].newer = document;
    head->older = document;
}

bool lru_cache_use(struct lru_cache *cache, uint32_t document)
{
    if (cache->entries[document].body.block == NULL)
        return false;
    unlink_entry(cache, &cache->entries[document]);
    link_newest(cache, document);
    return true;
}

static void drop_oldest(struct lru_cache *cache, struct worker *worker)
{
    struct lru_entry *oldest = &cache->entries[cache->entries[cache->documents].newer];
    unlink_entry(cache, oldest);
    cache->bytes -= oldest->body.bytes;
    piece_give(worker, &oldest->body, cache->touch);
}

void lru_cache_insert(struct lru_cache *cache, struct worker *worker, uint32_t document,
                      struct piece body)
{
    if (body.bytes > cache->limit_bytes) {
        piece_give(worker, &body, cache->touch);
        return;
    }
    while (cache->bytes + body.bytes > cache->limit_bytes)
        drop_oldest(cache, worker);
    cache->entries[document].body = body;
    cache->bytes += body.bytes;
    link_newest(cache, document);
}

void lru_cache_clear(struct lru_cache *cache, struct worker *worker)
{
    while (cache->bytes > 0)
        drop_oldest(cache, worker);
}
