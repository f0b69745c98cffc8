/*
 * The pool of huge mappings. A request is served by the one that fits best: cut to size when it is
 * longer, made longer by mremap when it is not, so that its resident pages are used again whatever
 * the sizes. (A page moved by mremap costs a few ns, a fault 500 and more.)
 *
 * A program that frees a huge block once and goes on should not keep it: the pool starts with no
 * allowance. Requests that a mapping given back within the last moment would have served earn it
 * one, up to a share of what lives; windows in which the pool serves less take it away again.
 */
#include "huge_pool.h"

#include <stdint.h>

#include "os.h"

#define POOL_SLOTS 16
#define WINDOW_MS  500
/* A shorter rest is not worth a slot. */
#define REST_BYTES_MIN ((size_t)256 << 10)
/* The most that can be earned: half of what lives, since what is freed and taken again in turns
 * lives half of the time, and so much in any case. */
#define ALLOWANCE_SHARE  2
#define ALLOWANCE_ALWAYS ((size_t)8 << 20)

struct mapping {
    char *start;
    size_t bytes;
    uint64_t since_ms;
};

static struct {
    struct mapping waiting[POOL_SLOTS];
    size_t count, bytes;
    /* In this window: given back to the system and not yet missed, served. */
    size_t given_bytes, served_bytes;
    size_t earned_bytes;
    uint64_t window_start_ms;
} pool;

static void drop(size_t index)
{
    pool.bytes -= pool.waiting[index].bytes;
    os_unmap(pool.waiting[index].start, pool.waiting[index].bytes);
    pool.given_bytes += pool.waiting[index].bytes;
    pool.waiting[index] = pool.waiting[--pool.count];
}

/* What has waited for a whole window goes; allowance that did not serve is halved. */
static void turn_window(uint64_t now_ms)
{
    if (now_ms - pool.window_start_ms < WINDOW_MS)
        return;
    pool.window_start_ms = now_ms;
    if (pool.served_bytes < pool.earned_bytes)
        pool.earned_bytes -= (pool.earned_bytes - pool.served_bytes + 1) / 2;
    pool.given_bytes = pool.served_bytes = 0;
    for (size_t i = pool.count; i > 0; i--)
        if (now_ms - pool.waiting[i - 1].since_ms >= WINDOW_MS)
            drop(i - 1);
}

static size_t largest_waiting(void)
{
    size_t best = 0;
    for (size_t i = 1; i < pool.count; i++)
        if (pool.waiting[i].bytes > pool.waiting[best].bytes)
            best = i;
    return best;
}

/* The shortest that is long enough, else the longest. */
static size_t best_fit(size_t bytes)
{
    size_t best = largest_waiting();
    for (size_t i = 0; i < pool.count; i++)
        if (pool.waiting[i].bytes >= bytes && pool.waiting[i].bytes < pool.waiting[best].bytes)
            best = i;
    return best;
}

void *huge_pool_take(size_t bytes)
{
    turn_window(os_coarse_ms());
    if (pool.given_bytes > 0) {
        size_t missed = bytes < pool.given_bytes ? bytes : pool.given_bytes;
        pool.given_bytes -= missed;
        pool.earned_bytes += missed;
    }
    if (pool.count == 0)
        return NULL;

    size_t chosen = best_fit(bytes);
    struct mapping *mapping = &pool.waiting[chosen];
    char *start = mapping->start;
    pool.served_bytes += mapping->bytes < bytes ? mapping->bytes : bytes;
    if (mapping->bytes > bytes + REST_BYTES_MIN) {
        /* The rest goes on waiting. */
        mapping->start += bytes;
        mapping->bytes -= bytes;
        pool.bytes -= bytes;
        return start;
    }
    if (mapping->bytes != bytes) {
        start = os_remap(start, mapping->bytes, bytes);
        if (start == NULL)
            return NULL;
    }
    pool.bytes -= mapping->bytes;
    *mapping = pool.waiting[--pool.count];
    return start;
}

void huge_pool_put(void *start, size_t bytes, size_t live_bytes)
{
    uint64_t now_ms = os_coarse_ms();

    turn_window(now_ms);
    size_t allowance = live_bytes / ALLOWANCE_SHARE;
    if (allowance < ALLOWANCE_ALWAYS)
        allowance = ALLOWANCE_ALWAYS;
    if (allowance > pool.earned_bytes)
        allowance = pool.earned_bytes;
    while (pool.count > 0 && (pool.count == POOL_SLOTS || pool.bytes + bytes > allowance))
        drop(largest_waiting());
    if (pool.bytes + bytes > allowance) {
        os_unmap(start, bytes);
        pool.given_bytes += bytes;
        return;
    }
    pool.waiting[pool.count++] = (struct mapping){start, bytes, now_ms};
    pool.bytes += bytes;
}

void huge_pool_make_way(size_t bytes)
{
    size_t target = pool.bytes > bytes ? pool.bytes - bytes : 0;

    while (pool.bytes > target) {
        size_t largest = largest_waiting();
        struct mapping *mapping = &pool.waiting[largest];
        size_t excess_bytes = pool.bytes - target;
        if (mapping->bytes < excess_bytes + REST_BYTES_MIN) {
            drop(largest);
            continue;
        }
        mapping->bytes -= excess_bytes;
        pool.bytes = target;
        os_unmap(mapping->start + mapping->bytes, excess_bytes);
    }
}

bool huge_pool_empty(void)
{
    bool any = pool.count > 0;
    while (pool.count > 0)
        drop(pool.count - 1);
    return any;
}

size_t huge_pool_bytes(void)
{
    return pool.bytes;
}

void *huge_pool_at(size_t index, size_t *bytes)
{
    if (index >= pool.count)
        return NULL;
    *bytes = pool.waiting[index].bytes;
    return pool.waiting[index].start;
}
