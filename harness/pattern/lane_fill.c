/* The live set that a thread of a pattern begins with; see lane.h. */
#include "lane_internal.h"

/* How many blocks of the kind live at once in a steady state, in one thread. */
static double population(const struct pattern_phase *phase, const struct pattern_kind *kind)
{
    double births = kind->share * (1 - kind->realloc_share); /* of a step */
    double calls_ns = phase->rate > 0          ? 1e9 / phase->rate
                      : phase->think.count > 0 ? phase->think.mean
                                               : 0;
    const double per_step[] = {
        [CLOCK_CALLS] = phase->calls_of_step,
        [CLOCK_BYTES] = phase->bytes_of_step,
        [CLOCK_STEPS] = 1,
        [CLOCK_NS] = calls_ns / (double)phase->burst * phase->calls_of_step,
    };
    switch (kind->death) {
    case DEATH_SPREAD:
        return per_step[kind->clock] > 0 ? births * kind->lifetime.mean / per_step[kind->clock] : 0;
    case DEATH_TABLE:
        return kind->table_scale * kind->table.live_sum[kind->table.count - 1];
    case DEATH_LIVE:
        return kind->sizes.mean > 0 ? (double)kind->live_bytes / kind->sizes.mean : 0;
    default:
        return 0;
    }
}

void lane_plan_fill(struct lane *lane)
{
    const struct pattern *pattern = lane->lanes->pattern;
    const struct pattern_phase *phase = &pattern->phase[0];
    lane->wanted_sum = 0;
    for (unsigned k = 0; pattern->steady && k < phase->kinds; k++) {
        lane->wanted[k] = floor(population(phase, &phase->kind[k]) + 0.5);
        lane->wanted_sum += lane->wanted[k];
    }
    if (lane->wanted_sum <= 0)
        lane_start_phases(lane);
}

/* Of the kinds that blocks are still wanted of, one by chance. */
static unsigned choose_wanted(struct lane *lane, unsigned kinds)
{
    double at = random_share(lane) * lane->wanted_sum;
    unsigned k = 0;
    while (k + 1 < kinds && (at >= lane->wanted[k] || lane->wanted[k] <= 0))
        at -= lane->wanted[k++];
    while (lane->wanted[k] <= 0) /* rounding */
        k = (k + 1) % kinds;
    return k;
}

int lane_take_fill_step(struct lane *lane, struct trace_op *op)
{
    const struct pattern_phase *phase = &lane->lanes->pattern->phase[0];
    while (lane->wanted_sum >= 0.5) {
        unsigned k = choose_wanted(lane, phase->kinds);
        const struct pattern_kind *kind = &phase->kind[k];
        const struct block_list *list = blocks_of(lane, kind);
        lane_draw_block(lane, kind, true);
        bool full = kind->death == DEATH_LIVE && list->count > 0 &&
                    list->bytes + lane->step_bytes > kind->live_bytes;
        lane->wanted_sum -= full ? lane->wanted[k] : 1;
        lane->wanted[k] = full ? 0 : lane->wanted[k] - 1;
        if (full)
            continue;
        int result = lane_make_block(lane, kind, true, op);
        if (lane->wanted_sum < 0.5)
            lane_start_phases(lane);
        return result;
    }
    lane_start_phases(lane);
    return lane_take_step(lane, op);
}
