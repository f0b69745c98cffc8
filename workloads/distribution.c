/* Makes tables of quantiles; see distribution.h. */
#include "distribution.h"

#include <string.h>

#define LN2 0.69314718055994530942

/* e^x for |x| < 700: x = k ln 2 + r, |r| <= ln 2 / 2, and Taylor's series of e^r, whose 15th term
 * is below 1e-18. */
static double exponential(double x)
{
    int k = (int)(x / LN2 + (x < 0 ? -0.5 : 0.5));
    double r = x - k * LN2, term = 1, sum = 1, scale;
    uint64_t bits = (uint64_t)(1023 + k) << 52;
    for (int i = 1; i < 15; i++) {
        term *= r / i;
        sum += term;
    }
    memcpy(&scale, &bits, sizeof scale);
    return sum * scale;
}

/* ln x for normal x > 0: x = m 2^k with m in [0.75, 1.5), and 2 artanh((m - 1) / (m + 1)). */
static double logarithm(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int k = (int)(bits >> 52) - 1023;
    bits = (bits & ((UINT64_C(1) << 52) - 1)) | (UINT64_C(1023) << 52);
    double m, sum = 0;
    memcpy(&m, &bits, sizeof m);
    if (m >= 1.5) {
        m /= 2;
        k++;
    }
    double z = (m - 1) / (m + 1), power = z;
    for (int i = 1; i < 40; i += 2) {
        sum += power / i;
        power *= z * z;
    }
    return 2 * sum + k * LN2;
}

/* The quantile of the standard normal distribution, |error| < 4.5e-4: Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 26.2.23. */
static double normal_quantile(double p)
{
    double tail = p < 0.5 ? p : 1 - p;
    double t = exponential(0.5 * logarithm(-2 * logarithm(tail)));
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    return p < 0.5 ? -z : z;
}

static double probability(int i)
{
    return (i + 0.5) / DISTRIBUTION_POINTS;
}

static uint32_t clamped(double value, uint32_t minimum, uint32_t maximum)
{
    if (value <= minimum)
        return minimum;
    return value >= maximum ? maximum : (uint32_t)(value + 0.5);
}

void distribution_log_uniform(struct distribution *distribution, uint32_t minimum, uint32_t maximum)
{
    double octaves = logarithm((double)maximum / minimum);
    for (int i = 0; i < DISTRIBUTION_POINTS; i++)
        distribution->quantile[i] =
            clamped(minimum * exponential(octaves * probability(i)), minimum, maximum);
}

void distribution_log_normal(struct distribution *distribution, const struct log_normal *shape)
{
    for (int i = 0; i < DISTRIBUTION_POINTS; i++)
        distribution->quantile[i] =
            clamped(shape->median * exponential(shape->sigma * normal_quantile(probability(i))),
                    shape->minimum, shape->maximum);
}

/* F(x) = (1 - (low / x)^alpha) / (1 - (low / high)^alpha), solved for x. */
void distribution_add_tail(struct distribution *distribution, const struct pareto_tail *tail)
{
    int first = (int)((1 - tail->share) * DISTRIBUTION_POINTS);
    double low = distribution->quantile[first];
    double mass = 1 - exponential(tail->alpha * logarithm(low / tail->maximum));
    for (int i = first; i < DISTRIBUTION_POINTS; i++) {
        double p = (i - first + 0.5) / (DISTRIBUTION_POINTS - first);
        double x = low * exponential(-logarithm(1 - p * mass) / tail->alpha);
        distribution->quantile[i] = clamped(x, (uint32_t)low, tail->maximum);
    }
}
