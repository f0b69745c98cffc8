/*
 * Where the harness and a trial run: apart from each other when there are two CPUs or more.
 */
#ifndef HEAPMARK_CPUS_H
#define HEAPMARK_CPUS_H

#include <sched.h>
#include <stdbool.h>

struct cpus {
    cpu_set_t allowed; /* what we were started with */
    int trial;         /* the CPU for one-thread trials; -1: do not pin */
    unsigned count;
    bool apart; /* the harness is off the trial's CPU now */
};

void cpus_init(struct cpus *cpus);
/* The CPU to pin a trial with so many threads to, or -1. Gives the harness all its CPUs back, since
 * a child inherits them: an allocator that counts CPUs when it starts must see them all. */
int cpus_choose(struct cpus *cpus, unsigned threads);
/* Moves the harness off the trial's CPU, once a pinned trial has been started. */
void cpus_keep_off(struct cpus *cpus);
/* Gives the harness all its CPUs back. */
void cpus_restore(struct cpus *cpus);

#endif
