/*
 * The plan: from a suite or -w words, allocators and a number of blocks to the list of trials.
 *
 * The memory pass of programs comes first, since it proves the injection; then block 0 of
 * everything; then the inspection pass, which needs to know how high live bytes rise; then the
 * other blocks. Where it is asked for, a latency pass follows each row of timed trials. Within a
 * block and workload
 * the allocators stand in an order shuffled by the run's order seed, so that drift and bursts of
 * noise hit all alike (Kalibera and Jones 2013; Abedi and Brecht 2017 on randomised multiple
 * interleaved trials).
 */
#ifndef HEAPMARK_PLAN_H
#define HEAPMARK_PLAN_H

#include "allocator_catalog.h"
#include "suite.h"
#include "workload_catalog.h"

#include <stdbool.h>

enum { PLAN_BLOCKS_DEFAULT = 10 };

struct plan_request {
    const struct suite *suite;    /* or NULL */
    const char *const *workloads; /* -w words; with a suite they are added to it */
    size_t workload_count;
    const char *const *allocators; /* -a words */
    size_t allocator_count;
    unsigned blocks;       /* -n; 0: the suite's, or PLAN_BLOCKS_DEFAULT */
    unsigned inspections;  /* inspection passes, in blocks of their own; 0: one */
    unsigned instructions; /* passes that count them, in blocks of their own; 0: none */
    bool program_memory;   /* each block of a program has a memory pass, too */
    bool latency;          /* --latency: each block has a latency pass, too */
};

/* Fills the workloads, allocators and trials of `run`, whose seeds are set; allocators that it has
 * already are all that it gets. Returns 0, or -1 with a message. */
int plan_make(struct run *run, const struct plan_request *request,
              const struct allocator_catalog *allocators, const struct workload_catalog *workloads,
              char *message);

#endif
