/* Memory over time; see timeline.h. */
#include "timeline.h"

#include <math.h>
#include <stdlib.h>

enum {
    POINTS_AT_FIRST = 512,
    POINTS_MAXIMUM = 16384,
    LIVE_MINIMUM_BYTES = 1 << 20, /* below it a ratio says nothing; DESIGN's rule for ratios */
};
#define PPM 1e6

void timeline_init(struct timeline *timeline, int64_t step_ns)
{
    *timeline = (struct timeline){.step_ns = step_ns};
}

static void thin_out(struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->count / 2; i++)
        timeline->points[i] = timeline->points[2 * i];
    timeline->count /= 2;
    timeline->step_ns *= 2;
}

int timeline_add(struct timeline *timeline, struct timeline_point point)
{
    if (timeline->count == POINTS_MAXIMUM)
        thin_out(timeline);
    if (timeline->count == timeline->capacity) {
        size_t capacity = timeline->capacity > 0 ? 2 * timeline->capacity : POINTS_AT_FIRST;
        struct timeline_point *points = realloc(timeline->points, capacity * sizeof *points);
        if (points == NULL)
            return -1;
        timeline->points = points;
        timeline->capacity = capacity;
    }
    timeline->points[timeline->count++] = point;
    if (point.rss_bytes > timeline->rss_peak_bytes)
        timeline->rss_peak_bytes = point.rss_bytes;
    return 0;
}

int64_t timeline_mean_overhead_ppm(const struct timeline *timeline, int64_t baseline_rss_bytes)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_point *point = &timeline->points[i];
        if (point->live_bytes < LIVE_MINIMUM_BYTES)
            continue;
        sum += (double)(point->rss_bytes - baseline_rss_bytes) / (double)point->live_bytes;
        count++;
    }
    return count > 0 ? llround(sum / (double)count * PPM) : MEASURE_NONE;
}

void timeline_give(struct timeline *timeline, struct trial_record *record)
{
    record->timeline = timeline->points;
    record->sampled = (int64_t)timeline->count;
    if (timeline->rss_peak_bytes > record->rss_peak_bytes)
        record->rss_peak_bytes = timeline->rss_peak_bytes;
    timeline->points = NULL;
    timeline_release(timeline);
}

void timeline_release(struct timeline *timeline)
{
    free(timeline->points);
    *timeline = (struct timeline){0};
}
