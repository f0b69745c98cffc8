/*
 * The contract of a workload: everything that a pattern of allocation sees of heapmark.
 *
 * A workload is one .c file that ends in a `static const struct workload` and
 * WORKLOAD_REGISTER. Its life, for one trial in one process:
 *
 *     setup   once, on the main thread   reads the parameters, maps its tables
 *     fill    every worker, untimed      builds the live set (optional)
 *     prepare every worker, untimed      before each lap (optional)
 *     lap     every worker, timed        lap 0 is warm-up, then laps 1 .. laps of equal work
 *     drain   every worker, untimed      frees everything that still lives
 *
 * All workers meet before and after every lap. Resident memory is measured from the moment
 * before `fill`, so a workload takes tables of its own from trial_memory() in setup (mapped
 * shared, touched there and then) and calls malloc only through the worker_ functions below,
 * in fill, lap and drain. The same seed must give the same calls, whatever the allocator:
 * a workload never looks at an address. stdio is banned: its buffers come from the malloc
 * under test.
 *
 * A workload whose laps are made of requests, which somebody waits for, says where each begins and
 * ends (worker_request_begin, worker_request_end). Then it can be paced: requests are due at times,
 * and how long one took counts from then, so that what waits behind a stall is counted as late.
 */
#ifndef HEAPMARK_WORKLOAD_H
#define HEAPMARK_WORKLOAD_H

#include "tally.h"

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum param_kind {
    PARAM_COUNT,  /* a whole number, k M G as powers of 1000 */
    PARAM_BYTES,  /* a size, k M G as powers of 1024 */
    PARAM_CHOICE, /* one word of `choices`; its value is the word's place, from 0 */
};

/* One parameter; a workload's table of them is written with the macros below. */
struct param {
    const char *name;
    enum param_kind kind;
    const char *fallback;      /* the default, as a user would type it */
    uint64_t minimum, maximum; /* inclusive; unused for a choice */
    const char *choices;       /* words parted by '|', for a choice */
    const char *zero;          /* a count: the word that stands for 0, or NULL */
    const char *help;          /* one line, lower case, no full stop */
};

/* The rows of a table; PARAM_TABLE_END is the last. */
#define PARAM_ROW(param, type, standard, ...)                                \
    {                                                                        \
        .name = (param), .kind = (type), .fallback = (standard), __VA_ARGS__ \
    }
#define PARAM_COUNT_ROW(param, standard, low, high, text) \
    PARAM_ROW(param, PARAM_COUNT, standard, .minimum = (low), .maximum = (high), .help = (text))
/* A count, or a word that means 0. */
#define PARAM_WORD_ROW(param, word, low, high, text)                                         \
    PARAM_ROW(param, PARAM_COUNT, word, .minimum = (low), .maximum = (high), .zero = (word), \
              .help = (text))
#define PARAM_BYTES_ROW(param, standard, low, high, text) \
    PARAM_ROW(param, PARAM_BYTES, standard, .minimum = (low), .maximum = (high), .help = (text))
#define PARAM_CHOICE_ROW(param, standard, words, text) \
    PARAM_ROW(param, PARAM_CHOICE, standard, .choices = (words), .help = (text))
#define PARAM_TABLE_END \
    {                   \
        .name = NULL    \
    }

/* A named set of parameters: `NAME:PRESET` starts from it where `NAME` starts from the defaults,
 * and `NAME:PRESET,param=value` changes single ones on top. A workload that imitates a published
 * program calls the one with that program's own parameters "classic". */
struct preset {
    const char *name;   /* a word that is no parameter=value */
    const char *params; /* "param=value,..." as a user would type it; threads, laps as well */
    const char *help;   /* one line, lower case, no full stop */
};

/* The last row of a table of presets. */
#define PRESET_TABLE_END \
    {                    \
        .name = NULL     \
    }

struct sampler;
struct pacer;

/* When requests are due. */
#define ARRIVALS_CHOICES "fixed|poisson"
enum arrivals {
    ARRIVALS_FIXED,  /* all gaps alike */
    ARRIVALS_POISSON /* independent of each other; given how many come in a lap, which all laps
                        have alike */
};

struct pace {
    uint64_t rate;  /* requests a second and worker, on average; 0: each as the last one is over */
    uint64_t burst; /* so many at one moment; >= 1 */
    enum arrivals arrivals; /* of the bursts */
};

struct trial {
    const uint64_t *values; /* of the parameters, in the order of the workload's table */
    uint64_t seed;
    unsigned threads;
    unsigned laps; /* timed laps; `lap` is called once more, for warm-up */
    /* Where the workload has `requests`: from the parameters rate, burst and arrivals. setup may
     * put in what it knows better, and must set */
    struct pace pace;
    uint64_t requests; /* that each worker makes in each lap */
    bool verify;       /* read back all contents, not only what is cheap: set in untimed passes */
    void *state;       /* the workload's own */
};

/* One thread's view. Lies in memory shared with the harness; only `tally` is read there. */
struct worker {
    struct tally tally;
    struct trial *trial;
    void *state;     /* the workload's own */
    uint64_t random; /* state of random_next(), seeded from the trial's seed and the index */
    unsigned index;  /* 0 .. threads - 1 */
    bool watched;    /* inspected or sampled: takes the long way; never in a timed trial */
    bool inspected;  /* report every block to worker_inspect_* */
    struct sampler *sampler;     /* times some calls; NULL: none at this moment */
    struct pacer *pacer;         /* knows when requests are due; NULL: nobody asks now */
} __attribute__((aligned(128))); /* no two workers share a cache line, nor a prefetched pair */

struct workload {
    const char *name;
    const char *summary; /* what it imitates, one line */
    const char *source;  /* where its sizes and lifetimes come from */
    const char *touch;   /* which bytes it writes and reads */
    const struct param *params;
    const struct preset *presets; /* NULL: none */
    unsigned threads_maximum;     /* 1: no `threads` parameter */
    unsigned laps;                /* default number of timed laps; 0: found out by setup */
    bool floods;                  /* allocates over 1 GiB by default: not for what never frees */
    bool starts_threads;          /* in laps, by worker_relay() */
    bool recorded;                /* replays a trace that comes with the trial */
    bool requests;                /* its laps are made of requests, and can be paced */
    /* Refuses a combination of parameters by returning a message; NULL when all is well. */
    const char *(*setup)(struct trial *trial);
    void (*fill)(struct worker *worker); /* may be NULL */
    void (*lap)(struct worker *worker, unsigned lap);
    void (*drain)(struct worker *worker);
    void (*prepare)(struct worker *worker, unsigned lap); /* may be NULL */
    /* Calls `visit` for every live block while all workers stand; NULL: cannot tell them. */
    void (*blocks)(struct trial *trial, void (*visit)(void *argument, void *block, size_t bytes),
                   void *argument);
};

/* The descriptors meet in a linker section, so that adding a workload touches no other file. */
#define WORKLOAD_REGISTER(descriptor)                           \
    static const struct workload *const descriptor##_registered \
        __attribute__((used, section("heapmark_workloads"))) = &(descriptor);

/* ---- what the runner gives to a workload ---------------------------------- */

/* `bytes` of zeroed, page-aligned memory that is not the allocator's and lives as long as the
 * process; every page has been touched. Ends the trial with a message when there is none. */
void *trial_memory(struct trial *trial, size_t bytes);

/* End the trial. The statuses are 'out of memory' and 'corrupt'; neither returns. */
_Noreturn void worker_out_of_memory(struct worker *worker, size_t bytes);
_Noreturn void worker_corrupt(struct worker *worker, const char *what);

/* Calls part(worker, 0) .. part(worker, count - 1), each on a new thread. A thread starts the next
 * when its own part is done, and ends while that one is at work already: threads come and go as
 * they do in a server, one at a time for each worker. Returns when all have ended; the caller
 * sleeps till then. In a lap, `starts_threads` must be set: the lap's CPU time is then that of the
 * whole process. Every thread makes a few calls of malloc that are not the workload's own and not
 * counted: for its thread-local storage, and what the allocator itself does. */
void worker_relay(struct worker *worker, void (*part)(struct worker *worker, unsigned number),
                  unsigned count);

/* Out of line and only for inspected workers: account for usable bytes, watch for the peak. */
void worker_inspect_grew(struct worker *worker, void *block, size_t bytes);
void worker_inspect_shrank(struct worker *worker, void *block, size_t bytes);
/* Out of line and only for watched workers: the whole calls below. */
void *worker_watched_malloc(struct worker *worker, size_t bytes);
void *worker_watched_calloc(struct worker *worker, size_t bytes);
void *worker_watched_aligned(struct worker *worker, size_t alignment, size_t bytes);
void worker_watched_free(struct worker *worker, void *block, size_t bytes);
void *worker_watched_realloc(struct worker *worker, void *block, size_t old_bytes, size_t bytes);

/* ---- calls of the malloc family, counted ---------------------------------- */

#define heapmark_unlikely(condition) __builtin_expect(!!(condition), 0)

static inline void *worker_malloc(struct worker *worker, size_t bytes)
{
    if (heapmark_unlikely(worker->watched))
        return worker_watched_malloc(worker, bytes);
    void *block = malloc(bytes);
    if (heapmark_unlikely(block == NULL))
        worker_out_of_memory(worker, bytes);
    tally_operation(&worker->tally);
    tally_grew(&worker->tally, (int64_t)bytes);
    return block;
}

static inline void *worker_calloc(struct worker *worker, size_t bytes)
{
    if (heapmark_unlikely(worker->watched))
        return worker_watched_calloc(worker, bytes);
    void *block = calloc(1, bytes);
    if (heapmark_unlikely(block == NULL))
        worker_out_of_memory(worker, bytes);
    tally_operation(&worker->tally);
    tally_grew(&worker->tally, (int64_t)bytes);
    return block;
}

/* By memalign(3); `alignment` is a power of two. */
static inline void *worker_aligned(struct worker *worker, size_t alignment, size_t bytes)
{
    if (heapmark_unlikely(worker->watched))
        return worker_watched_aligned(worker, alignment, bytes);
    void *block = memalign(alignment, bytes);
    if (heapmark_unlikely(block == NULL))
        worker_out_of_memory(worker, bytes);
    tally_operation(&worker->tally);
    tally_grew(&worker->tally, (int64_t)bytes);
    return block;
}

/* `bytes` is what was asked for when the block was allocated; the caller remembers it. */
static inline void worker_free(struct worker *worker, void *block, size_t bytes)
{
    if (heapmark_unlikely(worker->watched)) {
        worker_watched_free(worker, block, bytes);
        return;
    }
    tally_operation(&worker->tally);
    tally_shrank(&worker->tally, (int64_t)bytes);
    free(block);
}

static inline void *worker_realloc(struct worker *worker, void *block, size_t old_bytes,
                                   size_t bytes)
{
    if (heapmark_unlikely(worker->watched))
        return worker_watched_realloc(worker, block, old_bytes, bytes);
    void *moved = realloc(block, bytes);
    if (heapmark_unlikely(moved == NULL))
        worker_out_of_memory(worker, bytes);
    tally_operation(&worker->tally);
    tally_grew(&worker->tally, (int64_t)bytes - (int64_t)old_bytes);
    return moved;
}

/* ---- requests ----------------------------------------------------------------- */

/* Out of line, for a worker whose requests are due at times, or timed. */
void worker_request_await(struct worker *worker);
void worker_request_done(struct worker *worker);

/* Around each request of a lap, those of the warm-up as well: waits until it is due. What a
 * request needs is made inside; what a lap does beside its requests delays them, as it should. */
static inline void worker_request_begin(struct worker *worker)
{
    if (heapmark_unlikely(worker->pacer != NULL))
        worker_request_await(worker);
}

static inline void worker_request_end(struct worker *worker)
{
    if (heapmark_unlikely(worker->pacer != NULL))
        worker_request_done(worker);
}

/* ---- randomness ------------------------------------------------------------ */

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): one word of state, about 1 ns, and every
 * stream of it passes BigCrush; a workload must not spend its time in the generator. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Of the exponential distribution with mean 1: gaps between what comes at random. */
double random_exponential(uint64_t *state);

/* A number in 0 .. bound - 1 by multiplication (Lemire 2019), without rejection: the bias is
 * below bound / 2^32, far under what a workload can notice. */
static inline uint32_t random_below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)(((random_next(state) >> 32) * bound) >> 32);
}

#endif
