/* How much alike two rows of calls are; see likeness.h. */
#include "likeness.h"

#include "ledger.h"
#include "message.h"

#include <math.h>
#include <stdlib.h>

double likeness_class_most(unsigned class)
{
    if (class <= PROFILE_EXACT)
        return class;
    unsigned above = class - PROFILE_EXACT - 1;
    return ldexp(above % PROFILE_STEPS + 1 + PROFILE_STEPS, (int)(above / PROFILE_STEPS) + 10 - 4);
}

static int count_operations(struct likeness_side *side, struct op_source *ops, char *message)
{
    struct trace_op op;
    int got;
    if (ops->rewind(ops->argument, message) < 0)
        return -1;
    while ((got = ops->next(ops->argument, &op, message)) > 0)
        side->total++;
    return got;
}

static void take_effect(struct likeness_side *side, const struct trace_op *op,
                        const struct ledger_effect *effect)
{
    if (effect->ended) {
        uint64_t life = side->operations - effect->old.born_index;
        side->lives[profile_class_of(life)]++;
        side->ended++;
        side->across += effect->old.thread != op->thread;
    }
    if (effect->begun) {
        side->sizes[profile_class_of(effect->new.size)]++;
        side->objects++;
        side->bytes += effect->new.size;
    }
}

static void take_live(struct likeness_side *side, uint64_t live_bytes, double *weight)
{
    size_t bin = (size_t)((__uint128_t)side->operations * LIKENESS_BINS / side->total);
    weight[bin]++;
    side->live[bin] += (double)live_bytes;
    if (live_bytes > side->live_most[bin])
        side->live_most[bin] = live_bytes;
    if (live_bytes > side->peak_bytes)
        side->peak_bytes = live_bytes;
}

static int walk(struct likeness_side *side, struct op_source *ops, struct ledger *ledger,
                char *message)
{
    struct trace_op op;
    struct ledger_effect effect;
    double weight[LIKENESS_BINS] = {0};
    int got;
    if (ops->rewind(ops->argument, message) < 0)
        return -1;
    while ((got = ops->next(ops->argument, &op, message)) > 0 && side->operations < side->total) {
        if (ledger_apply(ledger, side->operations, &op, &effect) < 0)
            return message_set(message, "out of memory");
        take_effect(side, &op, &effect);
        take_live(side, ledger_live_bytes(ledger), weight);
        side->calls_of_kind[op.kind]++;
        side->operations++;
    }
    side->lives[LIKENESS_CLASSES - 1] = side->objects - side->ended;
    /* Fewer operations than parts: a part without one is as the part before it. */
    for (size_t i = 0; i < LIKENESS_BINS; i++) {
        if (weight[i] > 0)
            side->live[i] /= weight[i];
        else
            side->live[i] = i > 0 ? side->live[i - 1] : 0;
    }
    return got < 0 ? -1 : 0;
}

int likeness_take(struct likeness_side *side, struct op_source *ops, char *message)
{
    *side = (struct likeness_side){0};
    side->sizes = calloc(LIKENESS_CLASSES, sizeof *side->sizes);
    side->lives = calloc(LIKENESS_CLASSES, sizeof *side->lives);
    struct ledger *ledger = ledger_create(ops->inherited);
    int result = -1;
    if (side->sizes == NULL || side->lives == NULL || ledger == NULL)
        message_set(message, "out of memory");
    else if (count_operations(side, ops, message) == 0)
        result = walk(side, ops, ledger, message);
    ledger_free(ledger);
    return result;
}

void likeness_side_release(struct likeness_side *side)
{
    free(side->sizes);
    free(side->lives);
    side->sizes = side->lives = NULL;
}

static double largest_distance(const uint64_t *first, const uint64_t *second, double first_sum,
                               double second_sum)
{
    double first_share = 0, second_share = 0, most = 0;
    if (first_sum <= 0 || second_sum <= 0)
        return first_sum > 0 || second_sum > 0;
    for (unsigned i = 0; i < LIKENESS_CLASSES; i++) {
        first_share += (double)first[i] / first_sum;
        second_share += (double)second[i] / second_sum;
        most = fmax(most, fabs(first_share - second_share));
    }
    return most;
}

void likeness_compare(struct likeness *likeness, const struct likeness_side *first,
                      const struct likeness_side *second)
{
    double distance = 0, sum = 0;
    for (size_t i = 0; i < LIKENESS_BINS; i++) {
        distance += fabs(first->live[i] - second->live[i]);
        sum += first->live[i];
    }
    *likeness = (struct likeness){
        .sizes = largest_distance(first->sizes, second->sizes, (double)first->objects,
                                  (double)second->objects),
        .lives = largest_distance(first->lives, second->lives, (double)first->objects,
                                  (double)second->objects),
        .live = sum > 0 ? distance / sum : 0,
        .peak = first->peak_bytes > 0 ? (double)second->peak_bytes / (double)first->peak_bytes : 1,
        .calls = first->total > 0 ? (double)second->total / (double)first->total : 1,
    };
}
