/* A block with what has to be known to check it and to free it. */
#ifndef HEAPMARK_PIECE_H
#define HEAPMARK_PIECE_H

#include "touch.h"
#include "workload.h"

struct piece {
    unsigned char *block;    /* NULL: none */
    uint32_t bytes, written; /* the touch policy holds for the first `written` bytes */
    unsigned char mark;
};

static inline struct piece piece_take(struct worker *worker, uint32_t bytes, enum touch touch)
{
    struct piece piece = {worker_malloc(worker, bytes), bytes, bytes, (unsigned char)(bytes | 1)};
    touch_range(piece.block, 0, bytes, touch, piece.mark);
    return piece;
}

/* Makes it larger by realloc and writes what is new. */
static inline void piece_grow(struct worker *worker, struct piece *piece, uint32_t bytes,
                              enum touch touch)
{
    piece->block = worker_realloc(worker, piece->block, piece->bytes, bytes);
    touch_range(piece->block, piece->bytes, bytes, touch, piece->mark);
    piece->bytes = piece->written = bytes;
}

/* Frees it; in a pass that verifies, what was written is looked at first. */
static inline void piece_give(struct worker *worker, struct piece *piece, enum touch touch)
{
    if (heapmark_unlikely(worker->trial->verify) &&
        !touch_holds(piece->block, piece->written, touch, piece->mark))
        worker_corrupt(worker, "a block");
    worker_free(worker, piece->block, piece->bytes);
    piece->block = NULL;
}

#endif
