/*
 * The order of frees of sh6 and sh8: an array of slots that is filled from end to end, with a
 * window in it whose blocks are saved.
 *
 * When the array is full, the window (a fifth of it) moves on by its own length. All blocks outside
 * it are freed: those below it in the order in which they were allocated, those above it in the
 * opposite order. Then the array is filled again around the window, whose blocks so live one turn
 * longer than the others; at the next turn they are below it.
 */
#ifndef HEAPMARK_SAVE_WINDOW_H
#define HEAPMARK_SAVE_WINDOW_H

#include "piece.h"

struct save_window {
    struct piece *slots;
    uint32_t count, cursor;    /* slots; the next to be filled */
    uint32_t saved, saved_end; /* the window; empty before the first turn */
};

/* For every worker, `count` slots each; the array lies in memory of the trial. */
struct save_window *save_windows_make(struct trial *trial, uint32_t count);
/* Puts a new block into the next slot; turns first when there is none. */
void save_window_put(struct save_window *window, struct worker *worker, struct piece piece,
                     enum touch touch);
/* Frees all. */
void save_window_clear(struct save_window *window, struct worker *worker, enum touch touch);

#endif
