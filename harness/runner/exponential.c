/* random_exponential() of workload.h; the runner is not linked with libm. */
#include "workload.h"

/* ln of a number from 1 (included) to 2, to 10^-6. */
static double ln_mantissa(double x)
{
    double z = (x - 1) / (x + 1), square = z * z; /* ln x = 2 artanh z; z <= 1/3 */
    return 2 * z *
           (1 + square * (1. / 3 + square * (1. / 5 + square * (1. / 7 + square * (1. / 9)))));
}

/* By inversion (Devroye 1986, II.2): -ln(bits / 2^64). */
double random_exponential(uint64_t *state)
{
    static const double ln_2 = 0.69314718055994531;
    uint64_t bits = random_next(state);
    int zeros = bits != 0 ? __builtin_clzll(bits) : 63;
    double mantissa = (double)(bits << zeros >> 11) / 0x1p52;
    if (mantissa < 1)
        mantissa = 1;
    return ln_2 * (zeros + 1) - ln_mantissa(mantissa);
}
