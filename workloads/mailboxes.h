/*
 * Blocks on their way from one worker to another, to be freed there.
 *
 * What is put in during a lap is taken out by the receiver at the start of the next. All workers
 * meet in between, so no lock is needed, and who frees what does not depend on timing.
 */
#ifndef HEAPMARK_MAILBOXES_H
#define HEAPMARK_MAILBOXES_H

#include "piece.h"

struct mailboxes {
    uint32_t capacity; /* of one box: one lap's mail from one worker to another */
    unsigned threads;
    unsigned char *boxes; /* of all pairs, for even laps, then for odd ones */
};

/* For at most `lap_maximum` pieces a worker and lap, dealt out evenly. */
void mailboxes_init(struct mailboxes *mail, struct trial *trial, uint64_t lap_maximum);
/* Puts the worker's `number`-th piece of the lap into the box of the next receiver in turn: all
 * others, itself when it is alone. Frees it when that box is full. */
void mailboxes_send(struct mailboxes *mail, struct worker *worker, unsigned lap, uint32_t number,
                    struct piece piece, enum touch touch);
/* Frees all that was sent to the worker in that lap. */
void mailboxes_empty(struct mailboxes *mail, struct worker *worker, unsigned lap, enum touch touch);

#endif
