/*
 * The first reading of a trace: who works when, how many calls there are, and, where asked, when
 * live bytes peak. From it follow the workers and the ends of the laps.
 */
#ifndef HEAPMARK_LAYOUT_H
#define HEAPMARK_LAYOUT_H

#include "replay.h"

struct layout {
    uint32_t threads; /* of the trace */
    uint32_t workers;
    uint16_t *worker;  /* of each thread, owned */
    uint64_t calls;    /* REALLOC_BEGIN not counted */
    uint64_t first_ns; /* time of the first operation */
    uint64_t last_ns;
    uint64_t *lap_end; /* calls made when lap i + 1 ends, rising strictly, owned */
    uint32_t laps;     /* the fill, if any, counts as the first */
    uint32_t fill;     /* 1: there is one */
    uint32_t repeat;
    uint64_t stop_call[REPLAY_STOPS_MAXIMUM]; /* calls made at each stop */
};

/* Reads the source through. Returns 0, or -1 with a message; then nothing is to be released. */
int layout_make(struct layout *layout, struct op_source *source,
                const struct replay_options *options, char *message);
void layout_release(struct layout *layout);

#endif
