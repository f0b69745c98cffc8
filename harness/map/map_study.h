/*
 * What `heapmark map` looks at: one workload under some allocators, each at some moments of one
 * process. The trial fills it, numbers and pictures are made of it.
 */
#ifndef HEAPMARK_MAP_STUDY_H
#define HEAPMARK_MAP_STUDY_H

#include "heap_map.h"
#include "record.h"

enum { MAP_MOMENT_BYTES = 32 };

/* One allocator; its maps, in the order of time. */
struct map_series {
    const struct allocator *allocator; /* of the study's run */
    struct heap_map *map;              /* a map a moment; those of one process */
    size_t count;                      /* 0 until its trial has ended well */
};

struct map_study {
    const char *workload; /* as it is called: the file's name */
    uint64_t calls;       /* of the whole trace */
    size_t moments;
    bool film;                        /* the moments are frames of a film strip */
    char (*moment)[MAP_MOMENT_BYTES]; /* "peak", "50%", "drained" */
    struct map_series *series;        /* one an allocator */
    size_t count;
    char footer[512]; /* under pictures: where and how */
};

/* Room for so many. Returns 0, or -1 when memory is short. To be released in either case. */
int map_study_init(struct map_study *study, size_t allocators, size_t moments);
void map_study_release(struct map_study *study);

#endif
