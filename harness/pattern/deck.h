/*
 * A deck: the blocks of a recorded program as cards, from which a synthetic twin is dealt.
 *
 * The recording is cut into slices of as many calls. A cell is so many blocks that were born in the
 * same slice, by the same thread and kind of call, of one size, and that lived about as long and
 * ended alike. A life that ends in the slice of its birth, or in the next, is known by its length
 * (in calls); a longer one by the slice in which it ends. So the sizes, the lives and the live
 * bytes of the twin follow the recording's, while nothing else of its order is kept.
 */
#ifndef HEAPMARK_DECK_H
#define HEAPMARK_DECK_H

#include <stddef.h>
#include <stdint.h>

enum deck_end { DECK_FREED, DECK_RESIZED, DECK_NEVER };

/* X(name of the column, what it holds); in the order of the file. */
#define DECK_COLUMNS(X)                                                           \
    X(slice, "of the birth, from 0")                                              \
    X(calls, "that slice's length")                                               \
    X(thread, "that allocated, from 0")                                           \
    X(kind, "of call: its number in docs/trace-format.md; a free is one of NULL") \
    X(alignment, "bytes, 0: none was asked for")                                  \
    X(size, "bytes")                                                              \
    X(life_least, "shortest life in calls, or -")                                 \
    X(life_most, "longest, or -")                                                 \
    X(end_slice, "where it ends, when that is not told by life_most, or -")       \
    X(end, "0: freed, 1: resized, 2: never")                                      \
    X(end_thread, "that freed or resized")                                        \
    X(count, "blocks")

struct deck_cell {
#define X(name, help) uint64_t name;
    DECK_COLUMNS(X)
#undef X
};
#define DECK_NONE UINT64_MAX /* for - */

struct deck {
    struct deck_cell *cell; /* by slice, owned */
    size_t cells;
    uint64_t *slice_end; /* calls at the end of each slice, owned */
    uint64_t slices, threads, calls;
};

/* Returns 0, or -1 with a message that names the file; then nothing is to be released. */
int deck_load(struct deck *deck, const char *path, char *message);
void deck_release(struct deck *deck);

#endif
