/* Live blocks and their lists; see block_pool.h. */
#include "block_pool.h"

#include <stdlib.h>

static void list_clear(struct block_list *list)
{
    list->oldest = list->newest = BLOCK_NONE;
    list->count = 0;
    list->bytes = 0;
}

int block_pool_init(struct block_pool *pool, uint32_t lists)
{
    *pool = (struct block_pool){.unused = BLOCK_NONE, .lists = lists};
    pool->list = calloc(lists, sizeof *pool->list);
    for (uint32_t i = 0; pool->list != NULL && i < lists; i++)
        list_clear(&pool->list[i]);
    return pool->list != NULL ? 0 : -1;
}

void block_pool_release(struct block_pool *pool)
{
    for (uint32_t i = 0; pool->list != NULL && i < pool->lists; i++)
        free(pool->list[i].row);
    free(pool->list);
    free(pool->block);
    *pool = (struct block_pool){0};
}

void block_pool_clear(struct block_pool *pool)
{
    for (uint32_t i = 0; i < pool->lists; i++)
        list_clear(&pool->list[i]);
    pool->count = 0;
    pool->unused = BLOCK_NONE;
}

static int list_add(struct block_pool *pool, uint32_t number, uint32_t list_number)
{
    struct block_list *list = &pool->list[list_number];
    struct block *block = &pool->block[number];
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        uint32_t *row = realloc(list->row, capacity * sizeof *row);
        if (row == NULL)
            return -1;
        list->row = row;
        list->capacity = capacity;
    }
    block->list = list_number;
    block->place = (uint32_t)list->count;
    list->row[list->count++] = number;
    block->prev = list->newest;
    block->next = BLOCK_NONE;
    if (list->newest != BLOCK_NONE)
        pool->block[list->newest].next = number;
    else
        list->oldest = number;
    list->newest = number;
    list->bytes += block->size;
    return 0;
}

uint32_t block_pool_begin(struct block_pool *pool, uint64_t size, uint32_t list)
{
    uint32_t number = pool->unused;
    if (number != BLOCK_NONE) {
        pool->unused = pool->block[number].next;
    } else {
        if (pool->count == pool->capacity) {
            uint32_t capacity = pool->capacity > 0 ? 2 * pool->capacity : 1024;
            struct block *block = realloc(pool->block, capacity * sizeof *block);
            if (block == NULL)
                return BLOCK_NONE;
            pool->block = block;
            pool->capacity = capacity;
        }
        number = pool->count++;
        pool->block[number].life = 0;
    }
    struct block *block = &pool->block[number];
    *block = (struct block){.size = size, .life = block->life + 1, .list = BLOCK_NONE};
    if (list != BLOCK_NONE && list_add(pool, number, list) < 0)
        return BLOCK_NONE;
    return number;
}

void block_pool_unlist(struct block_pool *pool, uint32_t number)
{
    struct block *block = &pool->block[number];
    if (block->list == BLOCK_NONE)
        return;
    struct block_list *list = &pool->list[block->list];
    uint32_t moved = list->row[--list->count];
    list->row[block->place] = moved;
    pool->block[moved].place = block->place;
    if (block->prev != BLOCK_NONE)
        pool->block[block->prev].next = block->next;
    else
        list->oldest = block->next;
    if (block->next != BLOCK_NONE)
        pool->block[block->next].prev = block->prev;
    else
        list->newest = block->prev;
    list->bytes -= block->size;
    block->list = BLOCK_NONE;
}

void block_pool_end(struct block_pool *pool, uint32_t number)
{
    block_pool_unlist(pool, number);
    struct block *block = &pool->block[number];
    block->life++; /* what is due of it is stale from now on */
    block->next = pool->unused;
    pool->unused = number;
}

void block_pool_resize(struct block_pool *pool, uint32_t number, uint64_t size)
{
    struct block *block = &pool->block[number];
    if (block->list != BLOCK_NONE)
        pool->list[block->list].bytes += size - block->size;
    block->size = size;
}
