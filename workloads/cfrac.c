/*
 * cfrac: the first part of factoring a number by continued fractions. The expansion of the number's
 * square root gives, step after step, a square and a small number that are equal modulo it; those
 * of which the small one has small prime factors, and one larger at most, are kept. Every number is
 * a block of its own: two dozen are made in a step, and nearly all die in it.
 *
 * M. A. Morrison, J. Brillhart, 'A Method of Factoring and the Factorization of F7', Mathematics of
 * Computation 29(129), 1975. The linear algebra that would follow is left out: it allocates little.
 *
 * Each step is checked: A^2 = +-Q modulo the number. Invariant: 0 < Q < 2 root(number).
 */
#include "bignum.h"

enum { NUMBER, LIMBS, STEPS, KEPT };
enum { NUMBER_RANDOM, NUMBER_CLASSIC };

static const struct param cfrac_params[] = {
    PARAM_CHOICE_ROW("number", "random", "random|classic", "to factor; a random one is odd"),
    PARAM_COUNT_ROW("limbs", "5", 3, 64, "of 32 bits, of a random number"),
    PARAM_COUNT_ROW("steps", "4k", 1, 1000000000, "of the expansion, of a worker in a lap"),
    PARAM_COUNT_ROW("kept", "4k", 1, 1000000, "relations, until the oldest goes"),
    PARAM_TABLE_END,
};

static const struct preset cfrac_presets[] = {
    {"classic", "number=classic,steps=10k,laps=40", "the number that the field factors"},
    PRESET_TABLE_END,
};

/* 17545186520507317056371138836327483792789528 */
static const uint32_t classic_number[] = {0x79259018, 0x83eb24c7, 0x583bc9d8, 0xab49f86e, 0xc968};

enum { PRIMES = 32 };

struct relation {
    struct bignum *square_root, *value;
};

struct expansion {
    struct bignum *number, *root; /* N and its root, rounded down */
    struct bignum *p, *q;
    struct bignum *term;         /* of the fraction: (root + P) / Q */
    struct bignum *a, *a_before; /* numerators modulo N */
    bool negative;               /* a^2 = -q */
    struct relation *relations;  /* a ring */
    uint64_t next_relation;
} __attribute__((aligned(128)));

struct cfrac_state {
    uint32_t primes[PRIMES];
    struct expansion of[];
};

static const char *cfrac_setup(struct trial *trial)
{
    struct cfrac_state *state =
        trial_memory(trial, sizeof *state + trial->threads * sizeof state->of[0]);
    uint32_t candidate = 2;
    for (unsigned count = 0; count < PRIMES; candidate++) {
        bool prime = true;
        for (unsigned i = 0; i < count && prime; i++)
            prime = candidate % state->primes[i] != 0;
        if (prime)
            state->primes[count++] = candidate;
    }
    for (unsigned i = 0; i < trial->threads; i++)
        state->of[i].relations =
            trial_memory(trial, trial->values[KEPT] * sizeof state->of[i].relations[0]);
    trial->state = state;
    return NULL;
}

static struct expansion *own_of(const struct worker *worker)
{
    return &((struct cfrac_state *)worker->trial->state)->of[worker->index];
}

static struct bignum *choose_number(struct worker *worker)
{
    const uint64_t *values = worker->trial->values;
    uint32_t limbs[64];
    if (values[NUMBER] == NUMBER_CLASSIC)
        return bignum_of(worker, classic_number, sizeof classic_number / sizeof classic_number[0]);
    for (uint64_t i = 0; i < values[LIMBS]; i++)
        limbs[i] = (uint32_t)random_next(&worker->random);
    limbs[0] = (limbs[0] & ~UINT32_C(7)) | 3; /* 3 modulo 8: odd, and no square */
    limbs[values[LIMBS] - 1] |= UINT32_C(1) << 31;
    return bignum_of(worker, limbs, (uint32_t)values[LIMBS]);
}

/* Step 0 of the expansion, and as it were step -1. */
static void cfrac_fill(struct worker *worker)
{
    struct expansion *own = own_of(worker);
    own->number = choose_number(worker);
    own->root = bignum_root(worker, own->number);
    struct bignum *square = bignum_multiply(worker, own->root, own->root);
    own->p = bignum_keep(own->root);
    own->q = bignum_subtract(worker, own->number, square);
    bignum_release(worker, square);
    struct bignum *sum = bignum_add(worker, own->root, own->p);
    own->term = bignum_divide(worker, sum, own->q, NULL);
    bignum_release(worker, sum);
    own->a = bignum_keep(own->root);
    own->a_before = bignum_small(worker, 1);
    own->negative = true;
}

static void become(struct worker *worker, struct bignum **place, struct bignum *number)
{
    bignum_release(worker, *place);
    *place = number;
}

/* P' = term Q - P, Q' = (N - P'^2) / Q, term' = (root + P') / Q'. */
static void advance_fraction(struct worker *worker, struct expansion *own)
{
    struct bignum *product = bignum_multiply(worker, own->term, own->q);
    become(worker, &own->p, bignum_subtract(worker, product, own->p));
    bignum_release(worker, product);
    struct bignum *square = bignum_multiply(worker, own->p, own->p);
    struct bignum *rest = bignum_subtract(worker, own->number, square);
    struct bignum *next = bignum_divide(worker, rest, own->q, NULL);
    bignum_release(worker, square);
    bignum_release(worker, rest);
    become(worker, &own->q, next);
    struct bignum *sum = bignum_add(worker, own->root, own->p);
    become(worker, &own->term, bignum_divide(worker, sum, own->q, NULL));
    bignum_release(worker, sum);
}

/* A' = term A + A_before modulo N, with the term before it is replaced. */
static void advance_numerator(struct worker *worker, struct expansion *own)
{
    struct bignum *product = bignum_multiply(worker, own->term, own->a);
    struct bignum *sum = bignum_add(worker, product, own->a_before);
    bignum_release(worker, product);
    become(worker, &own->a_before, own->a);
    own->a = bignum_modulo(worker, sum, own->number);
    bignum_release(worker, sum);
}

static void check(struct worker *worker, const struct expansion *own)
{
    struct bignum *square = bignum_multiply(worker, own->a, own->a);
    struct bignum *rest = bignum_modulo(worker, square, own->number);
    struct bignum *wanted =
        own->negative ? bignum_subtract(worker, own->number, own->q) : bignum_keep(own->q);
    if (bignum_compare(rest, wanted) != 0)
        worker_corrupt(worker, "a number of the expansion");
    bignum_release(worker, square);
    bignum_release(worker, rest);
    bignum_release(worker, wanted);
}

/* Whether the primes divide it down to what may be one more, larger prime: a single limb. */
static bool is_smooth(struct worker *worker, struct bignum *value)
{
    const struct cfrac_state *state = worker->trial->state;
    struct bignum *left = bignum_keep(value);
    for (unsigned i = 0; i < PRIMES && left->length > 1; i++)
        while (bignum_modulo_small(left, state->primes[i]) == 0)
            become(worker, &left, bignum_divide_small(worker, left, state->primes[i]));
    bool smooth = left->length <= 1;
    bignum_release(worker, left);
    return smooth;
}

static void keep(struct worker *worker, struct expansion *own)
{
    struct relation *place = &own->relations[own->next_relation++ % worker->trial->values[KEPT]];
    if (place->value != NULL) {
        bignum_release(worker, place->value);
        bignum_release(worker, place->square_root);
    }
    *place = (struct relation){bignum_keep(own->a), bignum_keep(own->q)};
}

static void cfrac_lap(struct worker *worker, unsigned lap)
{
    struct expansion *own = own_of(worker);
    (void)lap;
    for (uint64_t left = worker->trial->values[STEPS]; left > 0; left--) {
        check(worker, own);
        if (is_smooth(worker, own->q))
            keep(worker, own);
        advance_numerator(worker, own);
        advance_fraction(worker, own);
        own->negative = !own->negative;
    }
}

static void cfrac_drain(struct worker *worker)
{
    struct expansion *own = own_of(worker);
    struct bignum *numbers[] = {own->number, own->root, own->p,       own->q,
                                own->term,   own->a,    own->a_before};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        bignum_release(worker, numbers[i]);
    for (uint64_t i = 0; i < worker->trial->values[KEPT]; i++)
        if (own->relations[i].value != NULL) {
            bignum_release(worker, own->relations[i].value);
            bignum_release(worker, own->relations[i].square_root);
        }
}

static const struct workload cfrac = {
    .name = "cfrac",
    .summary = "factoring by continued fractions: numbers of a few words that die at once",
    .source =
        "Morrison and Brillhart, Mathematics of Computation 29(129), 1975; as in Zorn's cfrac",
    .touch = "every word of every number",
    .params = cfrac_params,
    .presets = cfrac_presets,
    .threads_maximum = 16,
    .laps = 40,
    .setup = cfrac_setup,
    .fill = cfrac_fill,
    .lap = cfrac_lap,
    .drain = cfrac_drain,
};
WORKLOAD_REGISTER(cfrac)
