/* From evidence to verdicts: the family, the zone, and the reasons. See verdict.h. */
#include "holm.h"
#include "verdict.h"
#include "verdict_internal.h"

#include <math.h>
#include <stdlib.h>

const char *verdict_name(const struct verdict_cell *cell)
{
    static const char *const names[][2] = {
#define X(name, time_word, word, help) {word, time_word},
        VERDICTS(X)
#undef X
    };
    return names[cell->verdict][cell->measure.is_time];
}

const char *verdict_reason_name(enum verdict_reason reason)
{
    static const char *const names[] = {
#define X(name, word, help) word,
        VERDICT_REASONS(X)
#undef X
    };
    return names[reason];
}

double verdict_change(const struct verdict_cell *cell, double value)
{
    return cell->is_ratio ? expm1(value) : value;
}

/* A track that cannot tell the zone from nothing, and does not rule out what the other says, has
 * no say: on a noisy machine its estimate may lie anywhere. */
static bool has_a_say(const struct verdict_cell *cell, size_t track)
{
    const struct verdict_estimate *estimate = &cell->track[track];
    double reported = cell->track[cell->reported].value;
    return track == cell->reported || verdict_half_width(estimate) <= cell->zone ||
           reported < estimate->low || reported > estimate->high;
}

/* Whether every track that has a say puts the change on the side of the evidence. */
static bool tracks_agree(const struct verdict_cell *cell)
{
    for (size_t t = 0; t < TRACK_COUNT; t++)
        if (has_a_say(cell, t) && cell->track[t].value * cell->direction <= 0)
            return false;
    return cell->direction != 0;
}

static bool estimates_within(const struct verdict_cell *cell)
{
    for (size_t t = 0; t < TRACK_COUNT; t++)
        if (has_a_say(cell, t) && fabs(cell->track[t].value) > cell->zone)
            return false;
    return true;
}

static enum verdict verdict_of_change(const struct verdict_cell *cell, double change)
{
    return (change > 0) == cell->measure.larger_is_better ? VERDICT_BETTER : VERDICT_WORSE;
}

static enum verdict decide_undecided(struct verdict_cell *cell, enum verdict_reason reason)
{
    cell->reason = reason;
    return VERDICT_UNDECIDED;
}

static enum verdict decide(struct verdict_cell *cell, double alpha)
{
    const struct verdict_estimate *reported = &cell->track[cell->reported];
    bool proven = cell->p_family <= alpha;
    cell->reason = REASON_NONE;
    if (isnan(cell->level))
        return decide_undecided(cell, REASON_FEW);
    if (proven && tracks_agree(cell) && fabs(reported->value) >= cell->least)
        return verdict_of_change(cell, reported->value);
    bool inside = reported->low >= -cell->zone && reported->high <= cell->zone;
    if (inside && estimates_within(cell)) {
        cell->reason = proven ? REASON_TINY : REASON_NONE;
        return VERDICT_SAME;
    }
    if (!(cell->zone > 0))
        return decide_undecided(cell, REASON_NO_SCALE);
    if (inside || (proven && !tracks_agree(cell)))
        return decide_undecided(cell, REASON_TRACKS);
    if (proven)
        return decide_undecided(cell, REASON_TINY);
    /* Would have been enough for a comparison of one. */
    if (cell->p <= alpha)
        return decide_undecided(cell, REASON_FAMILY);
    return decide_undecided(cell, REASON_WIDE);
}

static size_t pairs_needed(const struct verdict_cell *cell)
{
    double ratio = verdict_half_width(&cell->track[cell->reported]) / cell->zone;
    double pairs = ceil((double)cell->pairs * ratio * ratio);
    return pairs < 1e9 ? (size_t)pairs : 0; /* also NAN: 0 of 0 */
}

static int adjust(struct verdict_cell *const *cells, size_t count)
{
    size_t gating = 0;
    double *p = reallocarray(NULL, count + 1, sizeof *p);
    if (p == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (cells[i]->measure.gates && cells[i]->design == DESIGN_PAIRED)
            p[gating++] = cells[i]->p;
    int result = holm_adjust(p, gating, p);
    gating = 0;
    for (size_t i = 0; i < count; i++) {
        bool gates = cells[i]->measure.gates && cells[i]->design == DESIGN_PAIRED;
        cells[i]->p_family = gates ? p[gating++] : cells[i]->p;
    }
    free(p);
    return result;
}

int verdict_decide(struct verdict_cell *const *cells, size_t count,
                   const struct verdict_rules *rules)
{
    if (adjust(cells, count) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct verdict_cell *cell = cells[i];
        if (cell->design == DESIGN_EXACT)
            continue;
        cell->verdict = decide(cell, rules->alpha);
        cell->settled = cell->verdict != VERDICT_UNDECIDED || cell->look == rules->look_count ||
                        cell->design == DESIGN_INDEPENDENT;
        cell->pairs_needed = pairs_needed(cell);
    }
    return 0;
}
