/*
 * The pairs of one workload as they come in: lap times and whole times of both sides in the
 * arrays that verdicts and noise flags are made from. All in nanoseconds.
 */
#ifndef HEAPMARK_PAIR_TABLE_H
#define HEAPMARK_PAIR_TABLE_H

#include "noise_flags.h"
#include "record.h"
#include "verdict.h"

enum pair_clock { PAIR_CLOCK_WALL, PAIR_CLOCK_CPU };
enum pair_side { PAIR_BASE, PAIR_NEW, PAIR_SIDES };

struct pair_table {
    enum pair_clock clock;
    size_t pairs, laps, capacity;
    struct pair_columns {
        double *lap;                              /* pairs x laps, of the clock; owned */
        double *whole, *wall, *run_delay, *steal; /* one a pair; owned; NAN: not measured */
    } side[PAIR_SIDES];
    signed char *order; /* as verdict_pairs.order; owned */
    bool is_ordered;    /* known of every pair */
};

void pair_table_init(struct pair_table *table, enum pair_clock clock);
void pair_table_release(struct pair_table *table);
/* One pair more, copied. Trials without laps count as one lap, the whole. Returns 0, or -1 with
 * errno EINVAL (a trial that is not OK, a time that is not above 0, or another number of laps than
 * before, which is other work; the table is as it was) or ENOMEM. */
int pair_table_add(struct pair_table *table, const struct trial_record *base,
                   const struct trial_record *new);

/* What verdict_look() and noise_flags() take; valid until the next pair_table_add(). */
struct verdict_pairs pair_table_pairs(const struct pair_table *table);
struct noise_trials pair_table_trials(const struct pair_table *table, enum pair_side side);

#endif
