/*
 * Memory over time: resident and live bytes of one process, in bounded space.
 */
#ifndef HEAPMARK_TIMELINE_H
#define HEAPMARK_TIMELINE_H

#include "record.h"

struct timeline {
    struct timeline_point *points;
    size_t count, capacity;
    int64_t step_ns;        /* between points; doubles when the timeline is full */
    int64_t rss_peak_bytes; /* of all points ever added; 0: none */
};

void timeline_init(struct timeline *timeline, int64_t step_ns);
/* Adds a point. A full timeline drops every second one first and doubles its step. Returns 0,
 * or -1 when memory is short. */
int timeline_add(struct timeline *timeline, struct timeline_point point);
/* Average over the points with at least 1 MiB live of (resident - baseline) / live, times 10^6;
 * MEASURE_NONE when there is no such point. */
int64_t timeline_mean_overhead_ppm(const struct timeline *timeline, int64_t baseline_rss_bytes);
/* Hands the points over to the record, and raises its rss_peak_bytes to theirs. */
void timeline_give(struct timeline *timeline, struct trial_record *record);
void timeline_release(struct timeline *timeline);

#endif
