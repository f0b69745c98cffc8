/*
 * Options that several commands have in common: how they are parsed. Each command's own table says
 * what they mean there, and their defaults.
 *
 * Each function takes a key of argp's, as an argp parser does, and answers ARGP_ERR_UNKNOWN to
 * those that are none of its own.
 */
#ifndef HEAPMARK_SHARED_OPTIONS_H
#define HEAPMARK_SHARED_OPTIONS_H

#include "revision.h"
#include "run_options.h"

#include <argp.h>

enum {
    OPTION_SEED = 512,
    OPTION_ORDER_SEED,
    OPTION_TIME_LIMIT,
    OPTION_MEMORY_LIMIT,
    OPTION_ALPHA,
    OPTION_MAX_TIME,
    OPTION_MAX_PAIRS,
    OPTION_REPO,
    OPTION_BUILD,
    OPTION_LIBRARY,
};
#define TRIAL_TIME_LIMIT_DEFAULT_NS INT64_C(60000000000)
#define DURATION_LEAST_NS           100000 /* a sample of memory takes some 10 us of another CPU */

/* -s, -w, -o, -q, --seed, --order-seed, --time-limit, --memory-limit. */
error_t option_of_trials(int key, char *argument, struct run_options *run,
                         const struct argp_state *state);

/* --alpha, --max-time, --max-pairs: when a comparison ends. */
struct comparison_budget {
    double alpha;
    int64_t max_time_ns;
    size_t least_pairs, most_pairs; /* the first is the smallest that --max-pairs may be */
};
error_t option_of_budget(int key, char *argument, struct comparison_budget *budget,
                         const struct argp_state *state);

/* --repo, --build and --library: revisions of another repository than heapmark's own. */
#define OPTION_SOURCE_TABLE(group)                                                                \
    {"repo",                                                                                      \
     OPTION_REPO,                                                                                 \
     "FOLDER",                                                                                    \
     0,                                                                                           \
     "Revisions are of that git repository, not of heapmark's own",                               \
     group},                                                                                      \
        {"build",                                                                                 \
         OPTION_BUILD,                                                                            \
         "COMMAND",                                                                               \
         0,                                                                                       \
         "The shell command that builds one, in its top folder",                                  \
         group},                                                                                  \
    {                                                                                             \
        "library", OPTION_LIBRARY, "FILE", 0, "The library that it makes, seen from there", group \
    }
error_t option_of_source(int key, char *argument, struct revision_source *source);
/* They stand together. */
void option_source_check(const struct revision_source *source, const struct argp_state *state);

#endif
