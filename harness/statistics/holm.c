/* Holm's adjustment; see the header. */
#include "holm.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct ordered {
    double p;
    size_t place;
};

static int compare_ordered(const void *left, const void *right)
{
    double a = ((const struct ordered *)left)->p, b = ((const struct ordered *)right)->p;
    return (a > b) - (a < b);
}

int holm_adjust(const double *p, size_t count, double *adjusted)
{
    double most = 0;
    struct ordered *ordered = calloc(count + 1, sizeof *ordered);
    if (ordered == NULL) {
        errno = ENOMEM;
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        ordered[i] = (struct ordered){isnan(p[i]) ? 1 : p[i], i};
    qsort(ordered, count, sizeof *ordered, compare_ordered);
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fmin(1, (double)(count - i) * ordered[i].p));
        adjusted[ordered[i].place] = most;
    }
    free(ordered);
    return 0;
}
