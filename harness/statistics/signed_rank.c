/* Wilcoxon's signed-rank statistic, its exact distribution, and its interval; see the header. */
#include "signed_rank.h"

#include "order_statistic.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Ranks are kept doubled, so that the mean rank of a tie stays a whole number. */
struct ranked {
    double magnitude;
    int sign;
    unsigned doubled_rank;
};

static int compare_magnitudes(const void *left, const void *right)
{
    double a = ((const struct ranked *)left)->magnitude;
    double b = ((const struct ranked *)right)->magnitude;
    return (a > b) - (a < b);
}

/* The differences that are not zero, ranked by magnitude; NULL when memory is short. */
static struct ranked *rank_differences(const double *differences, size_t count, size_t *used)
{
    struct ranked *ranks = calloc(count + 1, sizeof *ranks);
    size_t n = 0;
    if (ranks == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (differences[i] != 0)
            ranks[n++] = (struct ranked){fabs(differences[i]), differences[i] > 0 ? 1 : -1, 0};
    qsort(ranks, n, sizeof *ranks, compare_magnitudes);
    for (size_t first = 0, next; first < n; first = next) {
        for (next = first; next < n && ranks[next].magnitude == ranks[first].magnitude; next++)
            continue;
        /* Ranks first + 1 to next, whose doubled mean is their sum. */
        for (size_t i = first; i < next; i++)
            ranks[i].doubled_rank = (unsigned)(first + 1 + next);
    }
    *used = n;
    return ranks;
}

static unsigned doubled_statistic(const struct ranked *ranks, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += ranks[i].sign > 0 ? ranks[i].doubled_rank : 0;
    return sum;
}

double signed_rank_statistic(const double *differences, size_t count, size_t *used)
{
    struct ranked *ranks = rank_differences(differences, count, used);
    if (ranks == NULL)
        return NAN;
    double statistic = doubled_statistic(ranks, *used) / 2.0;
    free(ranks);
    return statistic;
}

/* The distribution of the sum of the doubled ranks when each takes part by the toss of a coin.
 * Without ties all doubled ranks are even, so that half the table will do: entry i is the
 * probability of the sum i * unit. */
struct distribution {
    double *probability;
    size_t sums, unit;
};

static size_t unit_of(const struct ranked *ranks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ranks[i].doubled_rank % 2 != 0)
            return 1;
    return 2;
}

/* One rank after the other, from the top of what is reached down so that none counts twice. All
 * terms are positive: the relative error stays below `count` roundings. */
static int exact_distribution(const struct ranked *ranks, size_t count,
                              struct distribution *distribution)
{
    size_t top = 0, reached = 0, unit = unit_of(ranks, count);
    for (size_t i = 0; i < count; i++)
        top += ranks[i].doubled_rank / unit;
    double *probability = calloc(top + 1, sizeof *probability);
    if (probability == NULL)
        return -1;
    probability[0] = 1;
    for (size_t i = 0; i < count; i++) {
        size_t rank = ranks[i].doubled_rank / unit;
        reached += rank;
        for (size_t sum = reached + 1; sum-- > rank;)
            probability[sum] = (probability[sum] + probability[sum - rank]) / 2;
        for (size_t sum = 0; sum < rank; sum++)
            probability[sum] /= 2;
    }
    *distribution = (struct distribution){probability, top + 1, unit};
    return 0;
}

static double normal_cumulative(double z)
{
    return erfc(-z / M_SQRT2) / 2;
}

/* P(V <= v) and P(V >= v) of doubled ranks. */
struct tails {
    double below, above;
};

static struct tails normal_tails(const struct ranked *ranks, size_t count, double doubled)
{
    double total = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        double rank = ranks[i].doubled_rank;
        total += rank;
        squares += rank * rank;
    }
    double deviation = sqrt(squares) / 2;
    /* The correction is half a rank: one, doubled. */
    return (struct tails){.below = normal_cumulative((doubled + 1 - total / 2) / deviation),
                          .above = normal_cumulative((total / 2 - doubled + 1) / deviation)};
}

static int find_tails(const struct ranked *ranks, size_t count, double doubled, struct tails *tails)
{
    struct distribution exact;
    if (count > SIGNED_RANK_EXACT_MAXIMUM) {
        *tails = normal_tails(ranks, count, doubled);
        return 0;
    }
    if (exact_distribution(ranks, count, &exact) != 0)
        return -1;
    *tails = (struct tails){0};
    for (size_t i = 0; i < exact.sums; i++) {
        double sum = (double)(i * exact.unit);
        tails->below += sum <= doubled ? exact.probability[i] : 0;
        tails->above += sum >= doubled ? exact.probability[i] : 0;
    }
    free(exact.probability);
    return 0;
}

double signed_rank_p(const double *differences, size_t count, enum tail tail)
{
    size_t used;
    struct tails tails = {1, 1};
    struct ranked *ranks = rank_differences(differences, count, &used);
    if (ranks == NULL)
        return NAN;
    int result = used == 0 ? 0 : find_tails(ranks, used, doubled_statistic(ranks, used), &tails);
    free(ranks);
    if (result != 0)
        return NAN;
    if (tail == TAIL_GREATER)
        return tails.above;
    if (tail == TAIL_LESS)
        return tails.below;
    return fmin(1, 2 * fmin(tails.below, tails.above));
}

/* Ranks 1 to count, as differences without ties have. */
static struct ranked *plain_ranks(size_t count)
{
    struct ranked *ranks = calloc(count + 1, sizeof *ranks);
    for (size_t i = 0; ranks != NULL && i < count; i++)
        ranks[i].doubled_rank = (unsigned)(2 * (i + 1));
    return ranks;
}

double signed_rank_cumulative(size_t count, double v)
{
    struct tails tails = {NAN, NAN};
    struct ranked *ranks = plain_ranks(count);
    if (ranks == NULL || v < 0)
        tails.below = ranks == NULL ? NAN : 0;
    else if (find_tails(ranks, count, 2 * floor(v), &tails) != 0)
        tails.below = NAN;
    free(ranks);
    return tails.below;
}

/* The largest rank c with 2 P(V <= c - 1) <= alpha, 0 if none, and that probability. */
static int interval_rank(size_t count, double alpha, size_t *rank, double *outside)
{
    size_t most = count * (count + 1) / 4;
    struct distribution plain = {NULL, 0, 0};
    double cumulated = 0;
    struct ranked *ranks = plain_ranks(count);
    if (ranks == NULL)
        return -1;
    bool exact = count <= SIGNED_RANK_EXACT_MAXIMUM;
    double n = (double)count, mean = n * (n + 1) / 4;
    double deviation = sqrt(n * (n + 1) * (2 * n + 1) / 24);
    if (exact && exact_distribution(ranks, count, &plain) != 0) {
        free(ranks);
        return -1;
    }
    for (*rank = 0, *outside = 0; *rank < most; ++*rank) {
        cumulated = exact ? cumulated + plain.probability[*rank]
                          : normal_cumulative(((double)*rank + 0.5 - mean) / deviation);
        if (2 * cumulated > alpha)
            break;
        *outside = 2 * cumulated;
    }
    free(plain.probability);
    free(ranks);
    return 0;
}

/* Means of every two differences, each with itself, too (Walsh averages), sorted. */
static double *walsh_averages(const double *differences, size_t count, size_t *averages)
{
    size_t n = 0;
    double *means = reallocarray(NULL, count * (count + 1) / 2 + 1, sizeof *means);
    if (means == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i; j < count; j++)
            means[n++] = differences[i] / 2 + differences[j] / 2;
    order_statistic_sort(means, n);
    *averages = n;
    return means;
}

int signed_rank_shift(const double *differences, size_t count, double alpha, struct shift *shift)
{
    size_t averages, rank;
    double outside;
    *shift = (struct shift){NAN, NAN, NAN, NAN};
    if (count == 0)
        return 0;
    double *means = walsh_averages(differences, count, &averages);
    if (means == NULL || interval_rank(count, alpha, &rank, &outside) != 0) {
        free(means);
        errno = ENOMEM;
        return -1;
    }
    shift->value = order_statistic_median_sorted(means, averages);
    if (rank > 0) {
        shift->low = means[rank - 1];
        shift->high = means[averages - rank];
        shift->level = 1 - outside;
    }
    free(means);
    return 0;
}
