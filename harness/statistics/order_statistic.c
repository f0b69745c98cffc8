/* Medians, order statistics and means; see order_statistic.h. */
#include "order_statistic.h"

#include <math.h>
#include <stdlib.h>

static int compare_values(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void order_statistic_sort(double *values, size_t count)
{
    if (count > 1)
        qsort(values, count, sizeof *values, compare_values);
}

double order_statistic_median_sorted(const double *sorted, size_t count)
{
    if (count == 0)
        return NAN;
    if (count % 2 == 1)
        return sorted[count / 2];
    /* Not (a + b) / 2, which overflows where the median does not. */
    double low = sorted[count / 2 - 1], high = sorted[count / 2];
    return low / 2 + high / 2;
}

double order_statistic_median(double *values, size_t count)
{
    order_statistic_sort(values, count);
    return order_statistic_median_sorted(values, count);
}

size_t order_statistic_interval_rank(size_t count, double alpha)
{
    double n = (double)count, cumulated = 0;
    /* Up to n/2 only: beyond the middle the interval would be inside out. */
    for (size_t k = 0; k <= count / 2; k++) {
        double x = (double)k;
        /* By logarithms, since 2^-n is not a number any more for n > 1074. */
        cumulated += exp(lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1) - n * M_LN2);
        if (2 * cumulated > alpha)
            return k;
    }
    return count / 2;
}

double geometric_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] > 0))
            return NAN;
        sum += log(values[i]);
    }
    return count == 0 ? NAN : exp(sum / (double)count);
}

double arithmetic_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count == 0 ? NAN : sum / (double)count;
}

double standard_deviation(const double *values, size_t count)
{
    if (count < 2)
        return NAN;
    double mean = arithmetic_mean(values, count), squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)(count - 1));
}
