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
    /* Where nothing happened the last value stood, up to `at`. */
    while (curve->bins < bin)
        curve->most[curve->bins++] = curve->last;
    if (curve->bins == bin)
        curve->most[curve->bins++] = at > (uint64_t)bin << curve->shift ? curve->last : 0;
    curve->most[bin] = larger(curve->most[bin], value);
    curve->last = value;
}

size_t live_curve_parts(const struct live_curve *curve, uint64_t end, struct live_curve_part *part,
                        size_t room)
{
    unsigned shift = curve->shift;
    size_t count = 0;
    while (end > 0 && (end - 1) >> shift >= room)
        shift++;
    for (uint64_t from = 0; from < end; from = part[count++].end) {
        uint64_t width = UINT64_C(1) << shift;
        part[count].end = end - from > width ? from + width : end;
        uint64_t bin = from >> curve->shift, last = (part[count].end - 1) >> curve->shift;
        part[count].most = last < curve->bins ? 0 : curve->last;
        for (; bin <= last && bin < curve->bins; bin++)
            part[count].most = larger(part[count].most, curve->most[bin]);
    }
    return count;
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
