/* The hash table of live objects; see ledger_table.h. */
#include "ledger_table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum { FIRST_BITS = 10, HASH_BITS = 32, FIRST_POOL = 256 };

int ledger_table_init(struct ledger_table *table)
{
    *table = (struct ledger_table){.slot_bits = FIRST_BITS, .pool_used = 1};
    /* Without random numbers (an old kernel) the table is only as good as most. */
    if (getrandom(table->key, sizeof table->key, GRND_NONBLOCK) != sizeof table->key)
        table->key[0] = (uintptr_t)table;
    table->key[1] |= 1;
    table->slot = calloc((size_t)1 << FIRST_BITS, sizeof *table->slot);
    table->pool = malloc(FIRST_POOL * sizeof *table->pool);
    table->pool_room = FIRST_POOL;
    return table->slot != NULL && table->pool != NULL ? 0 : -1;
}

void ledger_table_release(struct ledger_table *table)
{
    free(table->slot);
    free(table->pool);
}

/* Two keyed multiplications, the upper half of each folded into the lower. */
static uint32_t hash_of(const struct ledger_table *table, uint64_t address)
{
    uint64_t mixed = (address ^ table->key[0]) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 32) * table->key[1];
    return (uint32_t)(mixed >> 32 ^ mixed);
}

static size_t home(const struct ledger_table *table, uint32_t hash)
{
    return hash >> (HASH_BITS - table->slot_bits);
}

static size_t mask(const struct ledger_table *table)
{
    return ((size_t)1 << table->slot_bits) - 1;
}

/* The slot that holds the address, or the empty one where it belongs. */
static size_t find(const struct ledger_table *table, uint64_t address, uint32_t hash)
{
    size_t at = home(table, hash);
    for (;; at = (at + 1) & mask(table)) {
        const struct ledger_slot *slot = &table->slot[at];
        if (slot->object == 0)
            return at;
        if (slot->hash == hash && table->pool[slot->object].address == address)
            return at;
    }
}

static int grow_slots(struct ledger_table *table)
{
    struct ledger_table larger = *table;
    larger.slot_bits++;
    if (larger.slot_bits > HASH_BITS) {
        errno = ENOMEM;
        return -1;
    }
    larger.slot = calloc((size_t)1 << larger.slot_bits, sizeof *larger.slot);
    if (larger.slot == NULL)
        return -1;
    for (size_t i = 0; i <= mask(table); i++) {
        if (table->slot[i].object == 0)
            continue;
        size_t at = home(&larger, table->slot[i].hash);
        while (larger.slot[at].object != 0)
            at = (at + 1) & mask(&larger);
        larger.slot[at] = table->slot[i];
    }
    free(table->slot);
    *table = larger;
    return 0;
}

static int grow_pool(struct ledger_table *table)
{
    if (table->pool_room > UINT32_MAX / 2) {
        errno = ENOMEM;
        return -1;
    }
    uint32_t room = table->pool_room * 2;
    struct ledger_object *pool = realloc(table->pool, room * sizeof *pool);
    if (pool == NULL)
        return -1;
    table->pool = pool;
    table->pool_room = room;
    return 0;
}

int ledger_table_reserve(struct ledger_table *table)
{
    /* Half full at the most: a search ends after a slot or two. */
    if (table->count >= (mask(table) + 1) / 2 && grow_slots(table) != 0)
        return -1;
    if (table->pool_free == 0 && table->pool_used == table->pool_room)
        return grow_pool(table);
    return 0;
}

void ledger_table_put(struct ledger_table *table, const struct ledger_object *object)
{
    uint32_t number = table->pool_free;
    if (number != 0)
        table->pool_free = (uint32_t)table->pool[number].serial;
    else
        number = table->pool_used++;
    table->pool[number] = *object;
    uint32_t hash = hash_of(table, object->address);
    table->slot[find(table, object->address, hash)] = (struct ledger_slot){hash, number};
    table->count++;
}

/* Moves up those behind the gap that would not be found across it (Knuth 6.4, algorithm R). */
static void close_gap(struct ledger_table *table, size_t gap)
{
    for (size_t at = (gap + 1) & mask(table); table->slot[at].object != 0;
         at = (at + 1) & mask(table)) {
        size_t way = (at - home(table, table->slot[at].hash)) & mask(table);
        if (way < ((at - gap) & mask(table)))
            continue;
        table->slot[gap] = table->slot[at];
        gap = at;
    }
    table->slot[gap] = (struct ledger_slot){0};
}

bool ledger_table_take(struct ledger_table *table, uint64_t address, struct ledger_object *object)
{
    size_t at = find(table, address, hash_of(table, address));
    uint32_t number = table->slot[at].object;
    if (number == 0)
        return false;
    *object = table->pool[number];
    table->pool[number].serial = table->pool_free;
    table->pool_free = number;
    close_gap(table, at);
    table->count--;
    return true;
}

bool ledger_table_holds(const struct ledger_table *table, uint64_t address)
{
    return table->slot[find(table, address, hash_of(table, address))].object != 0;
}
