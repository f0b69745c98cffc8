/*
 * A workload file: a pattern of allocation described in an .ini, as docs/workload-files.md has it.
 *
 * A pattern is phases in a row; in a phase, threads take steps; a step allocates or resizes one
 * block of one of the phase's kinds, after what is due has been freed. A kind has its sizes, its
 * lifetimes and its calls. pattern_source.h makes the calls of it.
 */
#ifndef HEAPMARK_PATTERN_H
#define HEAPMARK_PATTERN_H

#include "deck.h"
#include "spread.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PATTERN_PHASES = 64,
    PATTERN_KINDS = 32, /* names, over all phases */
    PATTERN_THREADS = 64,
    PATTERN_LAPS = 1000,
};
#define PATTERN_CALLS_MAXIMUM  UINT64_C(1000000000)
#define PATTERN_BLOCKS_MAXIMUM 16000000.0
#define PATTERN_LIVE_MAXIMUM   (64.0 * 1024 * 1024 * 1024)

/* What a lifetime is counted in. Each thread has a clock of each. */
enum pattern_clock {
    CLOCK_CALLS, /* of the thread */
    CLOCK_BYTES, /* allocated by it */
    CLOCK_STEPS, /* taken by it */
    CLOCK_NS,    /* of the arrival process */
    CLOCK_PHASES,
    PATTERN_CLOCKS
};

enum pattern_death {
    DEATH_SPREAD,  /* after `lifetime` of `clock` */
    DEATH_BATCH,   /* all at once, at the end of every `batch` steps */
    DEATH_PHASE,   /* at the phase's end */
    DEATH_FOREVER, /* not before the trial's end */
    DEATH_LIVE,    /* when the kind's live bytes would exceed `live_bytes` */
    DEATH_TABLE,   /* of the size's row: Little's law */
};

enum pattern_order { ORDER_FIFO, ORDER_LIFO, ORDER_RANDOM, PATTERN_ORDERS };

/* Rows of (size, rate, live), with what they add up to. */
struct pattern_table {
    double *size, *rate, *live; /* `count` of each, owned */
    double *rate_sum, *live_sum;
    size_t count;
    double live_bytes, bytes_rate;
};

struct pattern_kind {
    unsigned number; /* of its name: blocks of one name are one live set over all phases */
    double share;    /* of the phase's steps, in the end parts of 1 */
    struct spread sizes;
    struct pattern_table table; /* count 0: `sizes` alone */
    double table_scale;         /* of its live counts */
    enum pattern_death death;
    enum pattern_clock clock;
    struct spread lifetime;
    uint64_t batch;
    double order[PATTERN_ORDERS]; /* shares of 1 */
    uint64_t live_bytes;          /* a thread's; 0: not given */
    double calloc_share, aligned_share, realloc_share, handover_share; /* of 1 */
    uint64_t alignment;
    double growth_factor; /* 0: by growth_bytes */
    uint64_t growth_bytes, largest;
};

struct pattern_phase {
    char *name;
    uint64_t operations; /* calls of a thread, a round */
    double rate;         /* arrivals a second and thread; 0: none */
    bool poisson;
    uint64_t burst;       /* calls at an arrival, or between two pauses */
    struct spread think;  /* ns; count 0: none */
    double calls_of_step; /* in a steady state */
    double bytes_of_step;
    struct pattern_kind *kind; /* owned */
    unsigned kinds;
};

struct pattern {
    char *path, *summary, *imitates, *source;
    char *text;      /* the file as it is */
    char digest[65]; /* SHA-256 of the file and its tables, in the order of their use */
    char touch[8];
    char speed[16];
    unsigned threads, laps, rounds; /* laps 0: of a deck, by its calls */
    unsigned repeat;                /* of a deck; 0: by its calls */
    bool steady;                    /* begins with the live set that it would have in the end */
    struct pattern_phase *phase;    /* owned */
    unsigned phases;
    unsigned kind_names;
    bool paced;       /* has due times */
    bool apart;       /* no thread frees another's blocks */
    struct deck deck; /* cells 0: no deck */
};

/* Reads the file at `path`; `given`: "param=value,..." or "SECTION.param=value,...", before which
 * what the file says gives way; may be NULL. Returns 0, or -1 with "path:line: reason"; then
 * nothing is to be released. */
int pattern_load(struct pattern *pattern, const char *path, const char *given, char *message);
void pattern_release(struct pattern *pattern);

/* Calls of a thread in all phases and rounds; of a deck, of all threads. */
uint64_t pattern_calls(const struct pattern *pattern);

/* The keys, for help: X(name, where, help). */
struct pattern_key {
    const char *name, *where, *help;
};
extern const struct pattern_key pattern_keys[];
extern const unsigned pattern_key_count;

#endif
