/*
 * Suites: named lists of workloads with parameters, one .ini file each in workloads/suites.
 *
 * [suite] holds `summary`, `blocks` (timed blocks, unless a section or -n says otherwise),
 * `latency` (a latency pass beside each timed one, that times one call in so many, unless --latency
 * says otherwise), `allocators` (-a words parted by blanks, for runs without -a; none: 'all'),
 * `time` (what a run takes with its `allocators`, or else with four, about) and `include` (names of
 * suites of the same folder, whose workloads come behind its own, each with the blocks that it has
 * there). Every other section is one workload, its name the label: `workload` (the name; default:
 * the label; a trace's path is seen from the suite's file), `params` ("name=value,..."), `blocks`,
 * `allocators` (names parted by blanks that it is for, or, each with a '-' before it, that it is
 * not for).
 */
#ifndef HEAPMARK_SUITE_H
#define HEAPMARK_SUITE_H

#include <stddef.h>

struct suite_item {
    char *label, *text; /* text: "name:param=value,..." */
    char *allocators;   /* as written; "" for all */
    unsigned blocks;    /* 0: the suite's */
};

struct suite {
    char *name, *path, *summary;
    unsigned blocks;
    unsigned latency_gap;   /* 0: no latency pass */
    char *time;             /* as written; "" if not said */
    char **allocators;      /* -a words */
    size_t allocator_count; /* 0: none said */
    struct suite_item *items;
    size_t item_count;
};

/* `name` is a suite of the folder, or the path of a file when it has a '/' or ends in ".ini".
 * Returns 0, or -1 with a message that lists the suites there are. */
int suite_load(struct suite *suite, const char *folder, const char *name, char *message);
void suite_release(struct suite *suite);

/* The names of all suites in the folder, sorted, parted by '\n'; NULL with a message. */
char *suite_names(const char *folder, char *message);

/* Whether a filter such as "glibc jemalloc" or "-bump" lets that allocator through. */
int suite_filter_admits(const char *filter, const char *allocator);

#endif
