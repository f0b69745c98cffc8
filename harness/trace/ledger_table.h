/*
 * Which object is live at an address: a hash table with linear probing over a pool of objects.
 *
 * A trace may hold addresses chosen to collide: the hash has a key drawn anew for each table, so
 * that nobody can choose them.
 */
#ifndef HEAPMARK_LEDGER_TABLE_H
#define HEAPMARK_LEDGER_TABLE_H

#include "ledger.h"

struct ledger_table {
    struct ledger_slot {
        uint32_t hash;   /* its upper bits are the slot where the search begins */
        uint32_t object; /* 0: empty; else number in the pool */
    } * slot;
    unsigned slot_bits;
    uint32_t count;
    uint64_t key[2];
    struct ledger_object *pool; /* [0] is not used; a free one holds the next free in serial */
    uint32_t pool_room, pool_used, pool_free;
};

/* Returns 0, or -1 (ENOMEM); to be released in either case. */
int ledger_table_init(struct ledger_table *table);
void ledger_table_release(struct ledger_table *table);

/* Room for one more; pointers into the pool are void afterwards. Returns 0, or -1 (ENOMEM). */
int ledger_table_reserve(struct ledger_table *table);
/* Takes out the object at `address`: true, and a copy of it in *object; or false. */
bool ledger_table_take(struct ledger_table *table, uint64_t address, struct ledger_object *object);
/* Puts in what has room reserved and whose address is not in the table. */
void ledger_table_put(struct ledger_table *table, const struct ledger_object *object);
bool ledger_table_holds(const struct ledger_table *table, uint64_t address);

#endif
