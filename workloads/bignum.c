/* Whole numbers of any length; see bignum.h. Division is algorithm D of Knuth, The Art of Computer
 * Programming 2, 4.3.1. */
#include "bignum.h"

#include <string.h>

enum { LIMB_BITS = 32, LIMBS_MAXIMUM = 256 };

static size_t bytes_of(uint32_t room)
{
    return sizeof(struct bignum) + room * sizeof(uint32_t);
}

static uint32_t check_of(uint32_t room)
{
    return room * UINT32_C(0x9e3779b9) + 1;
}

static struct bignum *make(struct worker *worker, uint32_t length)
{
    if (length > LIMBS_MAXIMUM)
        worker_corrupt(worker, "a number");
    struct bignum *number = worker_malloc(worker, bytes_of(length));
    number->check = check_of(length);
    number->room = number->length = length;
    number->references = 1;
    return number;
}

static struct bignum *finish(struct bignum *number)
{
    while (number->length > 0 && number->limb[number->length - 1] == 0)
        number->length--;
    return number;
}

struct bignum *bignum_of(struct worker *worker, const uint32_t *limbs, uint32_t length)
{
    struct bignum *number = make(worker, length);
    memcpy(number->limb, limbs, length * sizeof *limbs);
    return finish(number);
}

struct bignum *bignum_small(struct worker *worker, uint32_t value)
{
    return bignum_of(worker, &value, 1);
}

struct bignum *bignum_keep(struct bignum *number)
{
    number->references++;
    return number;
}

void bignum_release(struct worker *worker, struct bignum *number)
{
    if (--number->references > 0)
        return;
    if (number->check != check_of(number->room))
        worker_corrupt(worker, "a number");
    worker_free(worker, number, bytes_of(number->room));
}

int bignum_compare(const struct bignum *a, const struct bignum *b)
{
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    for (uint32_t i = a->length; i > 0; i--)
        if (a->limb[i - 1] != b->limb[i - 1])
            return a->limb[i - 1] < b->limb[i - 1] ? -1 : 1;
    return 0;
}

struct bignum *bignum_add(struct worker *worker, const struct bignum *a, const struct bignum *b)
{
    const struct bignum *longer = a->length >= b->length ? a : b, *shorter = longer == a ? b : a;
    struct bignum *sum = make(worker, longer->length + 1);
    uint64_t carry = 0;
    for (uint32_t i = 0; i < longer->length; i++) {
        carry += (uint64_t)longer->limb[i] + (i < shorter->length ? shorter->limb[i] : 0);
        sum->limb[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
    sum->limb[longer->length] = (uint32_t)carry;
    return finish(sum);
}

struct bignum *bignum_subtract(struct worker *worker, const struct bignum *a,
                               const struct bignum *b)
{
    if (bignum_compare(a, b) < 0)
        worker_corrupt(worker, "a number");
    struct bignum *difference = make(worker, a->length);
    int64_t carry = 0;
    for (uint32_t i = 0; i < a->length; i++) {
        carry += (int64_t)a->limb[i] - (i < b->length ? b->limb[i] : 0);
        difference->limb[i] = (uint32_t)carry;
        carry >>= LIMB_BITS; /* -1 or 0 */
    }
    return finish(difference);
}

struct bignum *bignum_multiply(struct worker *worker, const struct bignum *a,
                               const struct bignum *b)
{
    struct bignum *product = make(worker, a->length + b->length);
    memset(product->limb, 0, product->length * sizeof product->limb[0]);
    for (uint32_t i = 0; i < a->length; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < b->length; j++) {
            carry += (uint64_t)a->limb[i] * b->limb[j] + product->limb[i + j];
            product->limb[i + j] = (uint32_t)carry;
            carry >>= LIMB_BITS;
        }
        product->limb[i + b->length] = (uint32_t)carry;
    }
    return finish(product);
}

uint32_t bignum_modulo_small(const struct bignum *a, uint32_t divisor)
{
    uint64_t rest = 0;
    for (uint32_t i = a->length; i > 0; i--)
        rest = (rest << LIMB_BITS | a->limb[i - 1]) % divisor;
    return (uint32_t)rest;
}

struct bignum *bignum_divide_small(struct worker *worker, const struct bignum *a, uint32_t divisor)
{
    struct bignum *quotient = make(worker, a->length);
    uint64_t rest = 0;
    for (uint32_t i = a->length; i > 0; i--) {
        rest = rest << LIMB_BITS | a->limb[i - 1];
        quotient->limb[i - 1] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return finish(quotient);
}

/* to[0 .. length] = from << shift, shift < 32; returns what falls off at the top. */
static uint32_t shift_left(uint32_t *to, const uint32_t *from, uint32_t length, unsigned shift)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < length; i++) {
        carry |= (uint64_t)from[i] << shift;
        to[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
    return (uint32_t)carry;
}

/* One digit of the quotient: rest[0 .. n] -= digit x divisor[0 .. n - 1]; D3 to D6. */
static uint32_t next_digit(uint32_t *rest, const uint32_t *divisor, uint32_t n)
{
    uint64_t top = (uint64_t)rest[n] << LIMB_BITS | rest[n - 1];
    uint64_t digit = top / divisor[n - 1], left = top % divisor[n - 1], carry = 0;
    int64_t borrow = 0;
    while (digit >> LIMB_BITS != 0 || digit * divisor[n - 2] > (left << LIMB_BITS | rest[n - 2])) {
        digit--;
        left += divisor[n - 1];
        if (left >> LIMB_BITS != 0)
            break;
    }
    for (uint32_t i = 0; i < n; i++) {
        carry += digit * divisor[i];
        borrow += (int64_t)rest[i] - (uint32_t)carry;
        rest[i] = (uint32_t)borrow;
        borrow >>= LIMB_BITS;
        carry >>= LIMB_BITS;
    }
    borrow += (int64_t)rest[n] - (int64_t)carry;
    rest[n] = (uint32_t)borrow;
    if (borrow >= 0)
        return (uint32_t)digit;
    carry = 0; /* one too many: rare */
    for (uint32_t i = 0; i < n; i++) {
        carry += (uint64_t)rest[i] + divisor[i];
        rest[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
    rest[n] += (uint32_t)carry;
    return (uint32_t)digit - 1;
}

/* rest[0 .. a->length] becomes (a mod b) << shift. */
static struct bignum *divide_long(struct worker *worker, const struct bignum *a,
                                  const struct bignum *b, uint32_t *rest)
{
    uint32_t divisor[LIMBS_MAXIMUM], n = b->length, digits = a->length - n + 1;
    unsigned shift = (unsigned)__builtin_clz(b->limb[n - 1]);
    struct bignum *quotient = make(worker, digits);
    shift_left(divisor, b->limb, n, shift);
    rest[a->length] = shift_left(rest, a->limb, a->length, shift);
    for (uint32_t i = digits; i > 0; i--)
        quotient->limb[i - 1] = next_digit(rest + i - 1, divisor, n);
    for (uint32_t i = 0; i < n; i++)
        rest[i] = (uint32_t)(((uint64_t)rest[i + 1] << LIMB_BITS | rest[i]) >> shift);
    return finish(quotient);
}

struct bignum *bignum_divide(struct worker *worker, const struct bignum *a, const struct bignum *b,
                             struct bignum **rest)
{
    uint32_t left[LIMBS_MAXIMUM + 1];
    struct bignum *quotient;
    if (b->length == 0 || a->length > LIMBS_MAXIMUM)
        worker_corrupt(worker, "a number");
    if (bignum_compare(a, b) < 0) {
        if (rest != NULL)
            *rest = bignum_of(worker, a->limb, a->length);
        return bignum_small(worker, 0);
    }
    if (b->length == 1) {
        quotient = bignum_divide_small(worker, a, b->limb[0]);
        left[0] = bignum_modulo_small(a, b->limb[0]);
    } else {
        quotient = divide_long(worker, a, b, left);
    }
    if (rest != NULL)
        *rest = bignum_of(worker, left, b->length);
    return quotient;
}

struct bignum *bignum_modulo(struct worker *worker, const struct bignum *a, const struct bignum *b)
{
    struct bignum *rest;
    bignum_release(worker, bignum_divide(worker, a, b, &rest));
    return rest;
}

/* Newton's method from above: falls until it stands. */
struct bignum *bignum_root(struct worker *worker, const struct bignum *a)
{
    uint32_t start[LIMBS_MAXIMUM] = {0}, length = a->length / 2 + 1;
    start[length] = 1; /* 2^(32 length) > root */
    struct bignum *root = bignum_of(worker, start, length + 1);
    for (;;) {
        struct bignum *quotient = bignum_divide(worker, a, root, NULL);
        struct bignum *sum = bignum_add(worker, root, quotient);
        struct bignum *half = bignum_divide_small(worker, sum, 2);
        bignum_release(worker, quotient);
        bignum_release(worker, sum);
        if (bignum_compare(half, root) >= 0) {
            bignum_release(worker, half);
            return root;
        }
        bignum_release(worker, root);
        root = half;
    }
}
