/* Bins that join when they run out; see live_curve.h. */
#include "live_curve.h"

#include <string.h>

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void live_curve_init(struct live_curve *curve)
{
    memset(curve, 0, sizeof *curve);
}

static void join_bins(struct live_curve *curve)
{
    for (size_t i = 0; i < LIVE_CURVE_BINS / 2; i++)
        curve->most[i] = larger(curve->most[2 * i], curve->most[2 * i + 1]);
    memset(curve->most + LIVE_CURVE_BINS / 2, 0, sizeof curve->most / 2);
    curve->bins = (curve->bins + 1) / 2;
    curve->shift++;
}

void live_curve_step(struct live_curve *curve, uint64_t at, uint64_t value)
{
    while (at >> curve->shift >= LIVE_CURVE_BINS)
        join_bins(curve);
    size_t bin = (size_t)(at >> curve->shift);
    /* Where nothing happened the last value stood; and it begins the bin it is left in. */
    while (curve->bins <= bin)
        curve->most[curve->bins++] = curve->last;
    curve->most[bin] = larger(curve->most[bin], value);
    curve->last = value;
}

void live_curve_resample(const struct live_curve *curve, uint64_t end, uint64_t *most, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        uint64_t from = (uint64_t)((unsigned __int128)end * i / width) >> curve->shift;
        uint64_t to = (uint64_t)((unsigned __int128)end * (i + 1) / width);
        to = to == 0 ? 0 : (to - 1) >> curve->shift;
        to = to < from ? from : to;
        most[i] = from < curve->bins ? 0 : curve->last;
        for (uint64_t bin = from; bin <= to && bin < curve->bins; bin++)
            most[i] = larger(most[i], curve->most[bin]);
    }
}
