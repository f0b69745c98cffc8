/* Sizes, rates, lifetimes; see profile.h. */
#include "profile.h"

#include "message.h"
#include "trace_walk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_BITS = 10, STEP_BITS = 4 };

static_assert(1 << EXACT_BITS == PROFILE_EXACT && 1 << STEP_BITS == PROFILE_STEPS, "bits");

/* Above PROFILE_EXACT the class counts in sixteenths of the power of two below `size` - 1, so that
 * a power of two ends its class. */
unsigned profile_class_of(uint64_t size)
{
    if (size <= PROFILE_EXACT)
        return (unsigned)size;
    unsigned power = 63 - (unsigned)__builtin_clzll(size - 1);
    unsigned step = (unsigned)((size - 1) >> (power - STEP_BITS)) - PROFILE_STEPS;
    return PROFILE_EXACT + 1 + (power - EXACT_BITS) * PROFILE_STEPS + step;
}

static uint64_t class_most(unsigned class)
{
    if (class <= PROFILE_EXACT)
        return class;
    unsigned above = class - PROFILE_EXACT - 1;
    unsigned power = above / PROFILE_STEPS + EXACT_BITS;
    uint64_t steps = above % PROFILE_STEPS + 1 + PROFILE_STEPS;
    unsigned shift = power - STEP_BITS;
    return steps > UINT64_MAX >> shift ? UINT64_MAX : steps << shift;
}

static void count_time(struct profile_class *class, uint64_t now, uint64_t operation)
{
    class->area += (unsigned __int128)class->live * (now - class->since);
    class->operation_area += (unsigned __int128)class->live * (operation - class->since_operation);
    class->since = now;
    class->since_operation = operation;
}

static void count_end(struct profile *profile, const struct trace_step *step, uint64_t now)
{
    const struct ledger_object *old = &step->effect->old;
    struct profile_class *class = &profile->class[profile_class_of(old->size)];
    count_time(class, now, step->index);
    class->live--;
    class->ended++;
    class->ended_of_others += old->thread != step->op->thread;
    histogram_add(&class->lifetimes, now - (profile->timed ? old->born_ns : old->born_index));
}

static void count_birth(struct profile *profile, const struct trace_step *step, uint64_t now)
{
    const struct ledger_object *new = &step->effect->new;
    struct profile_class *class = &profile->class[profile_class_of(new->size)];
    count_time(class, now, step->index);
    class->live++;
    class->objects++;
    class->bytes += new->size;
    class->callocs += new->kind == TRACE_CALLOC;
    class->resized += step->op->old_address != 0;
    profile->objects++;
    profile->bytes += new->size;
}

static int profile_step(void *argument, const struct trace_step *step, char *message)
{
    struct profile *profile = argument;
    uint64_t now = profile->timed ? step->op->time_ns : step->index;
    (void)message;
    if (step->effect->ended)
        count_end(profile, step, now);
    if (step->effect->begun)
        count_birth(profile, step, now);
    profile->operations = step->index + 1;
    profile->duration = profile->timed ? now : now + 1;
    return 0;
}

int profile_trace(struct trace_reader *reader, struct profile *profile, char *message)
{
    const char *times = trace_facts_find(trace_reader_facts(reader), "has_times");
    *profile = (struct profile){.timed = trace_reader_duration_ns(reader) > 0 &&
                                         (times == NULL || strcmp(times, "no") != 0)};
    profile->class = calloc(PROFILE_CLASSES, sizeof *profile->class);
    if (profile->class == NULL)
        return message_set(message, "out of memory");
    if (trace_walk(reader, UINT64_MAX, profile_step, NULL, profile, message) < 0)
        return -1;
    for (unsigned i = 0; i < PROFILE_CLASSES; i++)
        count_time(&profile->class[i], profile -> duration, profile -> operations);
    return 0;
}

void profile_release(struct profile *profile)
{
    free(profile->class);
    profile->class = NULL;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

bool profile_row(const struct profile *profile, unsigned number, struct profile_row *row)
{
    const struct profile_class *class = &profile->class[number];
    double length = (double)profile->duration;
    if (class->objects == 0)
        return false;
    *row = (struct profile_row){
        .size = (class->bytes + class->objects / 2) / class->objects,
        .alloc_rate = (double)class->objects / (profile->timed ? length / 1e9 : length),
        .num_live = length > 0 ? (double)class->area / length : 0,
        .share = share(class->objects, profile->objects),
        .share_bytes = share(class->bytes, profile->bytes),
        .objects = class->objects,
        .lifetime_p50 = histogram_quantile(&class->lifetimes, 50),
        .lifetime_p90 = histogram_quantile(&class->lifetimes, 90),
        .lifetime_p99 = histogram_quantile(&class->lifetimes, 99),
        .share_calloc = share(class->callocs, class->objects),
        .share_realloc = share(class->resized, class->objects),
        .share_cross_thread = share(class->ended_of_others, class->ended),
        .share_ended = share(class->ended, class->objects),
        .least = number <= PROFILE_EXACT ? number : class_most(number - 1) + 1,
        .most = class_most(number),
    };
    /* Freed within one tick of the clock: its mean is not known, and yet not 0. */
    if (row->num_live <= 0)
        row->num_live = (double)class->operation_area / (double)profile->operations;
    return true;
}
