/*
 * Deals a deck: makes calls that have its blocks' sizes and lives; see deck.h.
 */
#ifndef HEAPMARK_DECK_DEAL_H
#define HEAPMARK_DECK_DEAL_H

#include "deck.h"
#include "trace.h"

struct deck_deal;

/* The deck must live as long. NULL when memory is short. */
struct deck_deal *deck_deal_create(const struct deck *deck, uint64_t seed);
void deck_deal_free(struct deck_deal *deal);
/* Back to the first call. */
void deck_deal_restart(struct deck_deal *deal);
/* 1 and a call; 0 at the end; -1 when memory is short. */
int deck_deal_next(struct deck_deal *deal, struct trace_op *op);

#endif
