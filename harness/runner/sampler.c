/* Times some calls of a worker; see sampler.h. */
#include "sampler.h"

#include "workload.h"

enum {
    CALIBRATION_NS = 2000000, /* stamps are good to 50 ns: a rate good to 10^-4 */
    READINGS = 8,
    EMPTY_PAIRS = 20001,
    EMPTY_TICKS_MAXIMUM = 2048,
};

/* ---- when ------------------------------------------------------------------------- */

/* ln(1 - 1/gap) by its series: sum of -1 / (n gap^n). gap >= 2, so 60 terms are all of it. */
static double ln_of_untimed_share(double gap)
{
    double sum = 0, power = 1;
    for (int n = 1; n <= 60; n++) {
        power /= gap;
        sum -= power / n;
    }
    return sum;
}

static uint64_t draw_gap(struct sampler *sampler)
{
    /* Inversion (Devroye 1986, X.2). */
    return 1 + (uint64_t)(random_exponential(&sampler->random) * sampler->scale);
}

void sampler_init(struct sampler *sampler, struct latency_sheet *sheet, uint64_t gap, uint64_t seed)
{
    *sampler = (struct sampler){.sheet = sheet, .random = seed};
    sampler->scale = gap > 1 ? -1 / ln_of_untimed_share((double)gap) : 0;
    sampler->left = draw_gap(sampler);
}

void sampler_note(struct sampler *sampler, uint64_t begin, uint64_t end, enum latency_kind kind,
                  size_t bytes)
{
    if (begin == 0)
        return;
    latency_count(sampler->sheet, kind, bytes, end > begin ? end - begin : 0);
    sampler->left = draw_gap(sampler);
}

/* ---- calls that are due ------------------------------------------------------------- */

void sampler_enter(struct sampler *sampler)
{
    sampler->due_ns = 0;
    if (sampler->paced && sampler->left_ns != 0)
        sampler->held_ns += clock_ns(CLOCK_MONOTONIC) - sampler->left_ns;
}

void sampler_leave(struct sampler *sampler)
{
    if (sampler->paced)
        sampler->left_ns = clock_ns(CLOCK_MONOTONIC);
}

void sampler_hold(struct sampler *sampler, int64_t waited_ns)
{
    sampler->held_ns += waited_ns;
    if (sampler->due_ns != 0)
        sampler->due_ns += waited_ns;
}

void sampler_due(struct sampler *sampler, int64_t due_ns, int64_t now_ns, bool slept)
{
    int64_t late_ns = now_ns > due_ns ? now_ns - due_ns : 0;
    /* Who catches up is put off by less: nothing is due after it has begun. */
    if (late_ns < sampler->slip_ns)
        sampler->slip_ns = late_ns;
    if (!slept)
        late_ns -= sampler->slip_ns;
    if (slept)
        sampler->slip_ns = late_ns;
    else
        sampler->slip_ns += late_ns < sampler->held_ns ? late_ns : sampler->held_ns;
    sampler->held_ns = 0;
    sampler->due_ns = due_ns + sampler->slip_ns;
    sampler->punctual = true;
}

uint64_t sampler_paced_begin(struct sampler *sampler)
{
    /* A call without a time of its own came at most grain_ns after the last that has one: what it
     * is known to have waited is counted, and no more. */
    int64_t due_ns = sampler->due_ns + (sampler->punctual ? 0 : sampler->grain_ns);
    sampler->punctual = false;
    if (sampler->left > 0)
        return 0;
    if (sampler->due_ns == 0)
        return ticks_begin();
    int64_t late_ns = clock_ns(CLOCK_MONOTONIC) - due_ns;
    uint64_t late = late_ns > 0 ? (uint64_t)((double)late_ns * sampler->ticks_per_ns) : 0;
    return ticks_begin() - late;
}

/* ---- the calls --------------------------------------------------------------------- */

void *sampler_malloc(struct sampler *sampler, size_t bytes)
{
    if (!sampler_wants(sampler))
        return malloc(bytes);
    uint64_t begin = sampler_begin(sampler);
    void *block = malloc(bytes);
    sampler_note(sampler, begin, ticks_end(), LATENCY_MALLOC, bytes);
    return block;
}

void *sampler_calloc(struct sampler *sampler, size_t bytes)
{
    if (!sampler_wants(sampler))
        return calloc(1, bytes);
    uint64_t begin = sampler_begin(sampler);
    void *block = calloc(1, bytes);
    sampler_note(sampler, begin, ticks_end(), LATENCY_CALLOC, bytes);
    return block;
}

void *sampler_aligned(struct sampler *sampler, size_t alignment, size_t bytes)
{
    if (!sampler_wants(sampler))
        return memalign(alignment, bytes);
    uint64_t begin = sampler_begin(sampler);
    void *block = memalign(alignment, bytes);
    sampler_note(sampler, begin, ticks_end(), LATENCY_ALIGNED, bytes);
    return block;
}

void *sampler_realloc(struct sampler *sampler, void *block, size_t bytes)
{
    if (!sampler_wants(sampler))
        return realloc(block, bytes);
    uint64_t begin = sampler_begin(sampler);
    void *moved = realloc(block, bytes);
    sampler_note(sampler, begin, ticks_end(), LATENCY_REALLOC, bytes);
    return moved;
}

void sampler_free(struct sampler *sampler, void *block, size_t bytes)
{
    if (!sampler_wants(sampler)) {
        free(block);
        return;
    }
    uint64_t begin = sampler_begin(sampler);
    free(block);
    sampler_note(sampler, begin, ticks_end(), LATENCY_FREE, bytes);
}

/* ---- the counter ------------------------------------------------------------------- */

/* Both clocks at one moment: the reading between whose stamps the least time passed. */
static uint64_t read_both(int64_t *ns)
{
    uint64_t shortest = UINT64_MAX, ticks = 0;
    for (int i = 0; i < READINGS; i++) {
        uint64_t before = ticks_begin();
        int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        uint64_t took = ticks_end() - before;
        if (took >= shortest)
            continue;
        shortest = took;
        ticks = before + took / 2;
        *ns = now_ns;
    }
    return ticks;
}

double sampler_ticks_per_ns(void)
{
    int64_t begun_ns = 0, now_ns = 0;
    uint64_t begun = read_both(&begun_ns), now;
    do
        now = read_both(&now_ns);
    while (now_ns - begun_ns < CALIBRATION_NS);
    return (double)(now - begun) / (double)(now_ns - begun_ns);
}

uint64_t sampler_timer_ticks(void)
{
    static uint32_t pairs[EMPTY_TICKS_MAXIMUM];
    uint32_t seen = 0;
    for (int i = 0; i < EMPTY_PAIRS; i++) {
        uint64_t begin = ticks_begin();
        uint64_t ticks = ticks_end() - begin;
        pairs[ticks < EMPTY_TICKS_MAXIMUM ? ticks : EMPTY_TICKS_MAXIMUM - 1]++;
    }
    for (unsigned ticks = 0; ticks < EMPTY_TICKS_MAXIMUM; ticks++)
        if ((seen += pairs[ticks]) > EMPTY_PAIRS / 2)
            return ticks;
    return 0;
}
