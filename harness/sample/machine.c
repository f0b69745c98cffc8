/* The look at the machine as a whole; see machine.h. */
#include "machine.h"

#include "clock.h"

void machine_look(struct findings *findings, const struct machine_place *place)
{
    machine_kind(findings, place->root);
    machine_cpus(findings, place->root);
    machine_load(findings, place->root);
    machine_limits(findings, place->root);
    machine_memory(findings, place->root);
    machine_clock(findings, place->root);
    machine_disk(findings, place->folder);
}

/* Timing the timers keeps one CPU busy for a while, which is when a hypervisor would steal. */
void machine_measure(struct findings *findings, const struct machine_place *place)
{
    struct machine_ticks before, after;
    struct machine_timers timers;
    int known = machine_read_ticks(&before, place->root);
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC), own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    do
        machine_time_timers(&timers);
    while (clock_ns(CLOCK_MONOTONIC) - begun_ns < MACHINE_MOMENT_NS);
    own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own_ns;
    if (known == 0 && machine_read_ticks(&after, place->root) == 0)
        machine_neighbours(findings, &before, &after, own_ns);
    machine_timers(findings, &timers);
    machine_counters(findings, place->root);
}
