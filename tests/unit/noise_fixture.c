/* The simulated machine; see the header. */
#include "noise_fixture.h"

#include <math.h>

#define SLICE_S     0.003 /* that a process gets at a time when others want the CPU */
#define START_S     0.004 /* of a process: exec, set-up and warm-up */
#define BURST_LEAST 0.010
#define BURST_MOST  0.300

const struct noise_condition noise_conditions[NOISE_CONDITIONS] = {
    {.name = "quiet",
     .lap_jitter = 0.01,
     .trial_jitter = 0.006,
     .slow_s = 0.5,
     .fast_s = 3,
     .slow_least = 1.03,
     .slow_most = 1.3},
    {.name = "host episodes",
     .lap_jitter = 0.015,
     .trial_jitter = 0.008,
     .slow_s = 1,
     .fast_s = 1,
     .slow_least = 1.2,
     .slow_most = 1.9},
    {.name = "same-core bursts",
     .lap_jitter = 0.015,
     .trial_jitter = 0.008,
     .slow_s = 0.5,
     .fast_s = 3,
     .slow_least = 1.03,
     .slow_most = 1.3,
     .bursts = 1,
     .pause_s = 0.45,
     .share = 1},
    {.name = "bursts x2",
     .lap_jitter = 0.03,
     .trial_jitter = 0.012,
     .slow_s = 1,
     .fast_s = 2,
     .slow_least = 1.1,
     .slow_most = 1.6,
     .bursts = 2,
     .pause_s = 0.25,
     .share = 0.7},
    {.name = "saturated",
     .lap_jitter = 0.03,
     .trial_jitter = 0.01,
     .slow_s = 1,
     .fast_s = 1,
     .slow_least = 1.1,
     .slow_most = 1.5,
     .bursts = 1,
     .share = 0.6},
    {.name = "periodic",
     .lap_jitter = 0.01,
     .trial_jitter = 0.006,
     .slow_most = 1.4,
     .period_s = 0.2                                  },
};

static double exponential(struct noise_machine *machine, double mean)
{
    return -mean * log(fixture_uniform(&machine->random));
}

static double between(struct noise_machine *machine, double least, double most)
{
    return least + (most - least) * fixture_uniform(&machine->random);
}

static void turn_host(struct noise_machine *machine)
{
    const struct noise_condition *condition = machine->condition;
    machine->slow = !machine->slow;
    machine->host_until_s +=
        exponential(machine, machine->slow ? condition->slow_s : condition->fast_s);
    machine->host_factor =
        machine->slow ? between(machine, condition->slow_least, condition->slow_most) : 1;
}

void noise_machine_init(struct noise_machine *machine, const struct noise_condition *condition,
                        uint64_t seed)
{
    *machine = (struct noise_machine){.condition = condition,
                                      .random = {seed * 0x9E3779B97F4A7C15 + 1},
                                      .host_factor = 1};
    if (condition->slow_s > 0) {
        double all = condition->slow_s + condition->fast_s;
        machine->slow = fixture_uniform(&machine->random) > condition->slow_s / all;
        turn_host(machine);
    }
    /* Not all start at the same moment of the period. */
    machine->now_s = between(machine, 0, condition->period_s);
    machine->host_until_s += machine->now_s;
}

static double slowness(struct noise_machine *machine)
{
    const struct noise_condition *condition = machine->condition;
    if (condition->period_s > 0)
        return fmod(machine->now_s, condition->period_s) < condition->period_s / 2
                   ? 1
                   : condition->slow_most;
    while (condition->slow_s > 0 && machine->host_until_s < machine->now_s)
        turn_host(machine);
    return machine->host_factor;
}

/* How many of the other processes are running now. */
static int bursts_on(struct noise_machine *machine)
{
    const struct noise_condition *condition = machine->condition;
    int on = 0;
    for (int i = 0; i < condition->bursts; i++) {
        while (condition->pause_s > 0 && machine->until_s[i] < machine->now_s) {
            machine->on[i] = !machine->on[i];
            machine->until_s[i] += machine->on[i] ? between(machine, BURST_LEAST, BURST_MOST)
                                                  : exponential(machine, condition->pause_s);
        }
        on += machine->on[i] || condition->pause_s <= 0;
    }
    return on;
}

/* Time spent waiting for the CPU in a lap of `cpu_s`: whole slices of others. With two CPUs, one of
 * two bursts is only moved out of the way of, at the price of some cold caches. */
static double waiting_s(struct noise_machine *machine, double cpu_s)
{
    const struct noise_condition *condition = machine->condition;
    int on = bursts_on(machine);
    if (on == 0)
        return 0;
    if (on < condition->bursts)
        return cpu_s * (fixture_uniform(&machine->random) < 0.2 ? 0.08 : 0.005);
    double slices = condition->share * cpu_s / SLICE_S;
    return SLICE_S * floor(slices + fixture_uniform(&machine->random));
}

static double run_trial(struct noise_machine *machine, double work_s, double *laps)
{
    const struct noise_condition *condition = machine->condition;
    double trial = exp(condition->trial_jitter * fixture_normal(&machine->random)), sum = 0;
    machine->now_s += START_S;
    for (size_t i = 0; i < NOISE_LAPS; i++) {
        double jitter = exp(condition->lap_jitter * fabs(fixture_normal(&machine->random)));
        double cpu_s = work_s * slowness(machine) * trial * jitter;
        laps[i] = cpu_s + waiting_s(machine, cpu_s);
        machine->now_s += laps[i];
        sum += laps[i];
    }
    return sum;
}

void noise_series_add(struct noise_series *series, struct noise_machine *machine)
{
    size_t i = series->pairs++;
    double *base = series->base + i * NOISE_LAPS, *new = series->new + i *NOISE_LAPS;
    double slower_s = NOISE_LAP_S * (1 + series->effect);
    series->order[i] = fixture_uniform(&machine->random) < 0.5 ? 1 : -1;
    if (series->order[i] > 0) {
        series->base_whole[i] = run_trial(machine, NOISE_LAP_S, base);
        series->new_whole[i] = run_trial(machine, slower_s, new);
        return;
    }
    series->new_whole[i] = run_trial(machine, slower_s, new);
    series->base_whole[i] = run_trial(machine, NOISE_LAP_S, base);
}

struct verdict_pairs noise_series_pairs(const struct noise_series *series)
{
    return (struct verdict_pairs){.pairs = series->pairs,
                                  .laps = NOISE_LAPS,
                                  .base = series->base,
                                  .new = series->new,
                                  .order = series->order,
                                  .base_whole = series->base_whole,
                                  .new_whole = series->new_whole};
}

int noise_compare(struct noise_machine *machine, struct noise_series *series, double effect,
                  const struct verdict_rules *rules, struct verdict_cell *cell)
{
    static const struct verdict_measure time = {.is_time = true, .gates = true, .threshold = 0.02};
    series->effect = effect;
    series->pairs = 0;
    verdict_cell_init(cell, &time);
    while (!cell->settled) {
        while (series->pairs < rules->looks[cell->look])
            noise_series_add(series, machine);
        struct verdict_pairs pairs = noise_series_pairs(series);
        if (verdict_look(cell, rules, &pairs) != 0 || verdict_decide(&cell, 1, rules) != 0)
            return -1;
    }
    return 0;
}
