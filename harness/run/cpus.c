/* Where the harness and a trial run; see cpus.h. */
#include "cpus.h"

void cpus_init(struct cpus *cpus)
{
    *cpus = (struct cpus){.trial = -1};
    if (sched_getaffinity(0, sizeof cpus->allowed, &cpus->allowed) < 0)
        return;
    cpus->count = (unsigned)CPU_COUNT(&cpus->allowed);
    /* The last one: interrupts and other people's daemons gather on the first. */
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && cpus->count > 1 && cpus->trial < 0; cpu--)
        if (CPU_ISSET(cpu, &cpus->allowed))
            cpus->trial = cpu;
}

int cpus_choose(struct cpus *cpus, unsigned threads)
{
    cpus_restore(cpus);
    return threads == 1 ? cpus->trial : -1;
}

void cpus_keep_off(struct cpus *cpus)
{
    cpu_set_t others = cpus->allowed;
    if (cpus->trial < 0)
        return;
    CPU_CLR(cpus->trial, &others);
    cpus->apart = sched_setaffinity(0, sizeof others, &others) == 0;
}

void cpus_restore(struct cpus *cpus)
{
    if (cpus->apart)
        sched_setaffinity(0, sizeof cpus->allowed, &cpus->allowed);
    cpus->apart = false;
}
