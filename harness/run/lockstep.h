/*
 * Lockstep: both trials of a pair alive at once, in turns of some laps on one CPU, for a machine on
 * which no moment is quiet: what disturbs the one turn disturbs the next.
 *
 * A turn begins with laps that lead in and count for nothing, since the other side has taken the
 * caches; then come timed laps of some 10 ms together.
 */
#ifndef HEAPMARK_LOCKSTEP_H
#define HEAPMARK_LOCKSTEP_H

#include "record.h"
#include "turn_page.h"

struct lockstep_turns {
    uint32_t laps; /* of a turn */
    uint32_t lead; /* of them */
};

/* For laps of that CPU time, of which a trial has so many: 20 % to 50 % of the timed laps lead in,
 * at least one where there are two. */
struct lockstep_turns lockstep_turns(double lap_ns, int64_t laps);
/* The same of a workload of the run, from its pair that was the warm-up: so it is the same in every
 * pair. Of CPU time, since wall time is what the saturated machine makes of it. */
struct lockstep_turns lockstep_turns_of(const struct run *run, unsigned workload);

/* A page on which side 0 has the first turn. Returns it and its descriptor, or NULL with errno. */
struct turn_page *lockstep_open(int *descriptor);
/* Nobody is to wait any more. */
void lockstep_free(struct turn_page *turns);
void lockstep_close(struct turn_page *turns, int descriptor);

#endif
