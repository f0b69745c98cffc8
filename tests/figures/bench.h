/* What the programs of figures have in common: single trials, outside of any run. */
#ifndef HEAPMARK_BENCH_H
#define HEAPMARK_BENCH_H

#include "allocator_catalog.h"
#include "cpus.h"
#include "message.h"
#include "record.h"
#include "workload_catalog.h"

enum { EXIT_BROKEN = 2 };
/* Allocators that cost next to nothing: what is left is heapmark's. The small one stays in a core's
 * cache, as a program's free lists do. */
#define RING       "ring"
#define SMALL_RING "small-ring:RING_BYTES=262144"

struct bench {
    struct paths paths;
    struct allocator_catalog allocators;
    struct workload_catalog workloads;
    struct run run; /* the allocators in use */
    struct cpus cpus;
    char message[MESSAGE_BYTES];
};

/* One side of a pair. */
struct side {
    const char *workload; /* with parameters */
    const char *allocator;
    int64_t step_ns;
};

/* Loads the catalogs; ends the program when it cannot. */
void bench_init(struct bench *bench);
void bench_release(struct bench *bench);
/* Below `sides`, at most 256, by chance. */
unsigned coin(unsigned sides);
double median_of(double *values, size_t count);
/* One trial. Whether it came to a good end; if not, record->detail says why. */
bool try_trial(struct bench *bench, const struct side *side, unsigned pad_bytes,
               struct trial_record *record);
/* The same, or ends the program. */
void run_trial(struct bench *bench, const struct side *side, unsigned pad_bytes,
               struct trial_record *record);

#endif
