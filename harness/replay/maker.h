/*
 * Makes scripts: what replay.c and the parts of the maker share.
 *
 * A lap is made in two steps. `lap_take` takes its calls one by one and notes which lives pass
 * from worker to worker within it; `lap_write` then knows, gives out slots and writes the words.
 */
#ifndef HEAPMARK_MAKER_H
#define HEAPMARK_MAKER_H

#include "layout.h"
#include "lives.h"
#include "replay.h"
#include "script_file.h"
#include "slots.h"

/* One call of the lap at hand. */
struct step {
    uint64_t size, alignment, time_ns, pause_ns;
    uint32_t ended, begun; /* lives */
    uint32_t stretch;      /* of the lap, from 0 */
    uint16_t worker;
    uint8_t kind, flags;
    bool frees; /* a realloc to 0 that freed */
};

struct word_row {
    uint64_t *word;
    size_t count, capacity;
    uint64_t calls;
    uint32_t stretch; /* that the worker is in */
};

struct maker {
    struct layout layout;
    struct lives lives;
    struct slots slots;
    struct script_file file;
    struct script_head head;
    struct script_stream *streams;
    struct step *step; /* of the lap at hand */
    size_t step_count, step_capacity;
    struct word_row *row; /* of each worker */
    uint64_t *due_ns;     /* of each worker: what it was told last */
    bool due, apart;
    const struct op_source *source;
    struct {
        uint32_t number;
        uint64_t calls, bytes; /* made and allocated in it */
    } stretch;                 /* at hand */
    uint32_t lap;              /* at hand, from 1 */
    uint64_t calls;
    char *message;
};

/* Return 0, or -1 with a message. */
int lap_take(struct maker *maker, const struct trace_op *op, uint64_t index);
int lap_write(struct maker *maker);
/* The row behind the laps: frees all that lives. */
int lap_write_rest(struct maker *maker);

#endif
