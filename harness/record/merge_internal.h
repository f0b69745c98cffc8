/* What the parts of the merge share: threads and stripes (merge.c), operations (merge_op.c), ways
 * out when nothing is next (merge_stuck.c). */
#ifndef HEAPMARK_MERGE_INTERNAL_H
#define HEAPMARK_MERGE_INTERNAL_H

#include "merge.h"
#include "record_queue.h"

enum {
    MERGE_NESTING = 16, /* reallocs or postponed records of one thread, one in another */
    MERGE_NUMBER_MASK = (1 << RING_NUMBER_BITS) - 1,
    /* A number so far ahead is one that its stripe has passed. */
    MERGE_NUMBER_LATE = 1 << (RING_NUMBER_BITS - 1),
};

enum merge_state {
    MERGE_IDLE,    /* has no entry */
    MERGE_READY,   /* its entry may be taken */
    MERGE_BLOCKED, /* its entry waits for its number, on its stripe's list */
};

struct open_realloc {
    uint64_t address;
    bool split; /* its REALLOC_BEGIN has been handed out */
};

/* An entry put aside until the one that it waits for, which stands behind it, has been taken. */
struct postponed_entry {
    struct ring_entry entry;
    uint32_t stripe, number; /* of the one behind */
};

struct merge_thread {
    struct record_queue queue;
    enum merge_state state;
    struct ring_entry entry;
    uint64_t time_ns; /* of `entry` */
    uint64_t ticks;   /* that time_ns was made of */
    struct merge_thread *next_waiting;
    struct open_realloc open[MERGE_NESTING];
    unsigned opened;
    struct postponed_entry postponed[MERGE_NESTING];
    unsigned postponements;
    unsigned deferred;   /* passes that a REALLOC_BEGIN has waited for its end */
    unsigned stuck;      /* passes in which it did not get on */
    unsigned outrun;     /* of these, such that something else moved, or waits for room */
    uint32_t index;      /* in the trace */
    bool introduced;     /* the sink knows it */
    uint64_t visit_mark; /* of the search for circles */
};

struct merge {
    struct ring_memory *memory;
    struct merge_sink sink;
    struct merge_thread **thread;
    size_t threads, thread_capacity;
    struct merge_thread **heap; /* of READY ones by ticks; capacity as of `thread` */
    size_t heap_count;
    uint32_t introduced;
    bool numbered; /* no record is left that had no need of a number */
    uint32_t expected[RING_STRIPES];
    struct merge_thread *waiting[RING_STRIPES];
    struct merge_moment now;
    enum merge_haste haste;
    uint64_t operations, time_ns; /* handed out; of the last one */
    uint64_t missing;             /* numbers given up */
    uint64_t unwritten;           /* slots given up by threads that have ended */
    uint64_t claims;              /* of chunks, when last looked at */
    uint64_t visit_mark;
    char *message;
};

static inline uint32_t merge_distance(const struct merge *merge, const struct ring_entry *entry)
{
    uint32_t stripe = ring_stripe_of(ring_entry_address(entry));
    return (entry->number - merge->expected[stripe]) & MERGE_NUMBER_MASK;
}

/* Its number has been given up; it has no place any more. */
static inline bool merge_is_late(const struct merge *merge, const struct ring_entry *entry)
{
    return ring_entry_is_ordered(entry) && merge_distance(merge, entry) >= MERGE_NUMBER_LATE;
}

static inline bool merge_is_ready(const struct merge *merge, const struct ring_entry *entry)
{
    return !ring_entry_is_ordered(entry) || (merge->numbered && merge_distance(merge, entry) == 0);
}

static inline bool merge_has_passed(const struct merge *merge, uint32_t stripe, uint32_t number)
{
    return ((number - merge->expected[stripe]) & MERGE_NUMBER_MASK) >= MERGE_NUMBER_LATE;
}

/* ---- merge.c ---- */
/* Loads the thread's next entry: 1; 0: none (the state is IDLE then); -1 with a message. */
int merge_load(struct merge *merge, struct merge_thread *thread);
/* Of the entry just loaded, or taken out of the queue. */
void merge_set_time(struct merge *merge, struct merge_thread *thread);
/* Sets READY or BLOCKED for the entry just loaded. */
void merge_place(struct merge *merge, struct merge_thread *thread);
void merge_push(struct merge *merge, struct merge_thread *thread);
/* The entry's stripe goes on by one, and who waited for that is ready. */
void merge_bump(struct merge *merge, const struct ring_entry *entry);
/* Sets the stripe to `number`; as above. */
void merge_advance(struct merge *merge, uint32_t stripe, uint32_t number);
void merge_unblock(struct merge *merge, struct merge_thread *thread);

/* ---- merge_op.c ---- */
/* Hands out the thread's entry: 1: taken, load the next; 2: taken, and the next is loaded already;
 * 0: not yet, in a later pass; -1 with a message. */
int merge_take(struct merge *merge, struct merge_thread *thread);

/* ---- merge_stuck.c ---- */
/* After a pass: finds threads that wait for what cannot come by itself, and mends that. 1: some can
 * go on now; 0: none; -1 with a message. `moving`: other threads get on, or wait for room. */
int merge_unstick(struct merge *merge, bool moving);
/* Makes room in the ring for threads that wait, when there is no other way. */
int merge_spill(struct merge *merge);

#endif
