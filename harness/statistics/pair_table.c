/* Trials into tables; see the header. */
#include "pair_table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 16 };
#define NS_PER_SECOND 1e9

void pair_table_init(struct pair_table *table, enum pair_clock clock)
{
    *table = (struct pair_table){.clock = clock, .is_ordered = true};
}

void pair_table_release(struct pair_table *table)
{
    for (size_t s = 0; s < PAIR_SIDES; s++) {
        free(table->side[s].lap);
        free(table->side[s].whole);
        free(table->side[s].wall);
        free(table->side[s].run_delay);
        free(table->side[s].steal);
    }
    free(table->order);
    pair_table_init(table, table->clock);
}

static size_t laps_of(const struct trial_record *trial)
{
    return trial->lap == NULL || trial->laps <= 0 ? 1 : (size_t)trial->laps;
}

static double whole_of(const struct pair_table *table, const struct trial_record *trial)
{
    int64_t ns = table->clock == PAIR_CLOCK_WALL ? trial->wall_ns : trial->cpu_ns;
    return ns > 0 ? (double)ns : NAN;
}

static double lap_of(const struct pair_table *table, const struct trial_record *trial, size_t lap)
{
    if (trial->lap == NULL || trial->laps <= 0)
        return whole_of(table, trial);
    return (double)(table->clock == PAIR_CLOCK_WALL ? trial->lap[lap].wall_ns
                                                    : trial->lap[lap].cpu_ns);
}

static bool fits(const struct pair_table *table, const struct trial_record *trial)
{
    if (trial->status != STATUS_OK || laps_of(trial) != table->laps ||
        isnan(whole_of(table, trial)))
        return false;
    for (size_t lap = 0; lap < table->laps; lap++)
        if (!(lap_of(table, trial, lap) > 0))
            return false;
    return true;
}

static int grow(double **values, size_t count)
{
    double *grown = reallocarray(*values, count, sizeof *grown);
    if (grown == NULL)
        return -1;
    *values = grown;
    return 0;
}

static int reserve(struct pair_table *table)
{
    size_t capacity = table->capacity == 0 ? FIRST_CAPACITY : 2 * table->capacity;
    if (table->pairs < table->capacity)
        return 0;
    for (size_t s = 0; s < PAIR_SIDES; s++) {
        struct pair_columns *side = &table->side[s];
        if (grow(&side->lap, capacity * table->laps) != 0 || grow(&side->whole, capacity) != 0 ||
            grow(&side->wall, capacity) != 0 || grow(&side->run_delay, capacity) != 0 ||
            grow(&side->steal, capacity) != 0)
            return -1;
    }
    signed char *order = reallocarray(table->order, capacity, sizeof *order);
    if (order == NULL)
        return -1;
    table->order = order;
    table->capacity = capacity;
    return 0;
}

static double known(int64_t measure, double unit)
{
    return measure == MEASURE_NONE ? NAN : (double)measure * unit;
}

static void put(const struct pair_table *table, const struct trial_record *trial,
                const struct pair_columns *side)
{
    size_t i = table->pairs;
    for (size_t lap = 0; lap < table->laps; lap++)
        side->lap[i * table->laps + lap] = lap_of(table, trial, lap);
    side->whole[i] = whole_of(table, trial);
    side->wall[i] = known(trial->wall_ns, 1);
    side->run_delay[i] = known(trial->run_delay_ns, 1);
    side->steal[i] = known(trial->steal_ticks, NS_PER_SECOND / (double)sysconf(_SC_CLK_TCK));
}

/* By the plan, which drew the order by lot, or, for trials that were not planned, by their start.
 */
static signed char order_of(const struct trial_record *base, const struct trial_record *new)
{
    int64_t later = base->id != new->id ? new->id - base->id : new->started_ns - base->started_ns;
    return (signed char)((later > 0) - (later < 0));
}

int pair_table_add(struct pair_table *table, const struct trial_record *base,
                   const struct trial_record *new)
{
    if (table->pairs == 0 && table->capacity == 0)
        table->laps = laps_of(base);
    if (!fits(table, base) || !fits(table, new)) {
        errno = EINVAL;
        return -1;
    }
    if (reserve(table) != 0) {
        errno = ENOMEM;
        return -1;
    }
    put(table, base, &table->side[PAIR_BASE]);
    put(table, new, &table->side[PAIR_NEW]);
    table->order[table->pairs] = order_of(base, new);
    table->is_ordered &= table->order[table->pairs] != 0;
    table->pairs++;
    return 0;
}

struct verdict_pairs pair_table_pairs(const struct pair_table *table)
{
    const struct pair_columns *base = &table->side[PAIR_BASE], *new = &table->side[PAIR_NEW];
    return (struct verdict_pairs){.pairs = table->pairs,
                                  .laps = table->laps,
                                  .base = base->lap,
                                  .new = new->lap,
                                  .order = table->is_ordered ? table->order : NULL,
                                  .base_whole = base->whole,
                                  .new_whole = new->whole};
}

struct noise_trials pair_table_trials(const struct pair_table *table, enum pair_side side)
{
    const struct pair_columns *columns = &table->side[side];
    return (struct noise_trials){.trials = table->pairs,
                                 .laps = table->laps,
                                 .lap_ns = columns->lap,
                                 .whole_ns = columns->whole,
                                 .wall_ns = columns->wall,
                                 .run_delay_ns = columns->run_delay,
                                 .steal_ns = columns->steal};
}
