/* Means by round, and over the rounds; see the header. */
#include "suite_mean.h"

#include "signed_rank.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static bool counts(const struct suite_workload *workload)
{
    return !workload->dropped && workload->rounds > 0;
}

/* NAN when a workload lacks the round. */
static double mean_of_round(const struct suite_workload *workloads, size_t count, size_t round)
{
    double sum = 0;
    size_t used = 0;
    for (size_t w = 0; w < count; w++) {
        if (!counts(&workloads[w]))
            continue;
        sum += round < workloads[w].rounds ? workloads[w].value[round] : NAN;
        used++;
    }
    return sum / (double)used;
}

int suite_mean(const struct suite_workload *workloads, size_t count, double alpha,
               struct suite_mean *mean)
{
    size_t rounds = 0;
    struct shift shift;
    *mean = (struct suite_mean){.value = NAN, .low = NAN, .high = NAN, .level = NAN};
    for (size_t w = 0; w < count; w++) {
        mean->workloads += counts(&workloads[w]);
        if (counts(&workloads[w]) && workloads[w].rounds > rounds)
            rounds = workloads[w].rounds;
    }
    mean->dropped = count - mean->workloads;
    double *values = reallocarray(NULL, rounds + 1, sizeof *values);
    if (values == NULL)
        return -1;
    for (size_t j = 0; j < rounds; j++) {
        double value = mean_of_round(workloads, count, j);
        if (isfinite(value))
            values[mean->rounds++] = value;
    }
    int result = signed_rank_shift(values, mean->rounds, alpha, &shift);
    free(values);
    if (result != 0)
        return -1;
    mean->value = shift.value;
    mean->low = shift.low;
    mean->high = shift.high;
    mean->level = shift.level;
    return 0;
}
