/* Classes by powers of two; see histogram.h. */
#include "histogram.h"

uint64_t histogram_least(unsigned class)
{
    return class < 2 ? class : (UINT64_C(1) << (class - 2)) + 1;
}

uint64_t histogram_most(unsigned class)
{
    if (class < 2)
        return class;
    return class == HISTOGRAM_CLASSES - 1 ? UINT64_MAX : UINT64_C(1) << (class - 1);
}

int histogram_span(const struct histogram *histogram, unsigned *first, unsigned *last)
{
    if (histogram->total == 0)
        return 0;
    for (*first = 0; histogram->count[*first] == 0;)
        ++*first;
    for (*last = HISTOGRAM_CLASSES - 1; histogram->count[*last] == 0;)
        --*last;
    return 1;
}

int histogram_gap(const struct histogram *histogram, unsigned class)
{
    unsigned first = class, last = class;
    if (histogram->count[class] > 0)
        return 0;
    while (first > 0 && histogram->count[first - 1] == 0)
        first--;
    while (last + 1 < HISTOGRAM_CLASSES && histogram->count[last + 1] == 0)
        last++;
    return last - first >= 2;
}

uint64_t histogram_quantile(const struct histogram *histogram, unsigned percent)
{
    uint64_t seen = 0;
    for (unsigned class = 0; class < HISTOGRAM_CLASSES; class ++) {
        seen += histogram->count[class];
        if (histogram->count[class] > 0 &&
            (unsigned __int128)seen * 100 >= (unsigned __int128)histogram->total * percent)
            return histogram_most(class);
    }
    return 0;
}
