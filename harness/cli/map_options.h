/*
 * The options of `heapmark map`, parsed and checked.
 */
#ifndef HEAPMARK_MAP_OPTIONS_H
#define HEAPMARK_MAP_OPTIONS_H

#include "run_options.h"

enum map_moment { MAP_PEAK, MAP_END, MAP_SHARE, MAP_DRAINED };

struct map_options {
    const char *workload; /* the text of -w */
    struct word_list allocators;
    enum map_moment at;
    uint64_t share_ppm; /* of MAP_SHARE: of all calls */
    const char *at_text;
    unsigned frames;    /* 0: no film strip */
    const char *folder; /* NULL: one named after the trace */
    const char *format;
    int64_t time_limit_ns;
};

/* Exits on --help, and with EXIT_UNUSABLE and one line on wrong use. */
void map_options_parse(struct map_options *options, int argc, char **argv);
void map_options_release(struct map_options *options);

#endif
