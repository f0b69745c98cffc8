/*
 * Follows the blocks of a trace: which is live, which a call touches, and what cannot be.
 *
 * A ledger takes the operations in order and tells for each which object it ended and which it
 * began. An object is one life of a block; a realloc ends one and begins the next, unless it
 * failed. Of a split realloc all this happens at its end; until then its block counts as live.
 * Memory: some 80 bytes for each block live at once; `inherited`: as much again for each address
 * that was ever freed.
 */
#ifndef HEAPMARK_LEDGER_H
#define HEAPMARK_LEDGER_H

#include "trace.h"

struct ledger;

struct ledger_object {
    uint64_t serial; /* from 0, in the order of birth */
    uint64_t address, size, alignment;
    uint64_t born_index, born_ns; /* the operation that began it */
    uint32_t thread;              /* that made it */
    uint8_t kind;                 /* of call that made it */
};

struct ledger_effect {
    bool ended, begun; /* which of the two below are set */
    bool foreign;      /* freed or resized a block from before the recording */
    struct ledger_object old, new;
    const char *mistake; /* NULL, or what is impossible: "freed twice or never allocated",
                            "address handed out while live", ...; the ledger goes on as if
                            the operation were right, and what was live at an address handed
                            out ends (in `old` unless that holds another) */
};

/* `inherited`: blocks from before the recording may be freed, each once. NULL: out of memory. */
struct ledger *ledger_create(bool inherited);
void ledger_free(struct ledger *ledger);

/* Returns 0, or -1 when memory is short. */
int ledger_apply(struct ledger *ledger, uint64_t index, const struct trace_op *op,
                 struct ledger_effect *effect);

uint64_t ledger_live_bytes(const struct ledger *ledger);
uint64_t ledger_live_blocks(const struct ledger *ledger);
/* Calls `visit` for every live object until it returns false, in an order that differs from run
 * to run: sort by serial whatever is shown. */
void ledger_visit(const struct ledger *ledger,
                  bool (*visit)(void *argument, const struct ledger_object *object),
                  void *argument);

#endif
