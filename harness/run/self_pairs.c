/* Pairs of one allocator with itself; see self_pairs.h. */
#include "self_pairs.h"

#include "child.h"
#include "clock.h"
#include "cpus.h"
#include "message.h"
#include "trial_watch.h"

#include <stdlib.h>

enum { PAD_BYTES_MAXIMUM = 4096 }; /* one page of stack positions */

struct pairing {
    const struct self_pairs_request *given;
    struct cpus cpus;
    uint64_t state; /* of the lot */
    char *message;
};

static uint64_t draw(struct pairing *pairing)
{
    uint64_t z = pairing->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 (Vigna 2015) */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Returns 0, or -1 with a message, or without one when it was interrupted. */
static int run_trial(struct pairing *pairing, struct trial_record *record, unsigned pad_bytes)
{
    const struct self_pairs_request *given = pairing->given;
    int cpu = cpus_choose(&pairing->cpus, given->workload->threads);
    struct child_spec spec = {
        .paths = given->paths,
        .workload = given->workload,
        .allocator = given->allocator,
        .seed = given->seed,
        .pad_bytes = pad_bytes,
        .cpu = cpu,
    };
    struct trial_watch_options options = {
        .allocator = given->allocator,
        .time_limit_ns = given->time_limit_ns,
        .interrupted = given->interrupted,
    };
    struct child child;
    trial_record_init(record);
    if (child_start(&child, &spec, pairing->message) < 0)
        return -1;
    if (cpu >= 0)
        cpus_keep_off(&pairing->cpus);
    trial_watch(&child, &options, record);
    child_end(&child);
    cpus_restore(&pairing->cpus);
    if (record->status != STATUS_OK && record->status != STATUS_PLANNED)
        message_set(pairing->message, "a trial of %s under %s: %s: %s", given->workload->label,
                    given->allocator->name, trial_status_name(record->status), record->detail);
    return record->status == STATUS_OK ? 0 : -1;
}

static int run_pair(struct pairing *pairing, struct trial_record *pair)
{
    uint64_t lot = draw(pairing);
    unsigned pad_bytes = (unsigned)(lot >> 40) % PAD_BYTES_MAXIMUM;
    trial_record_init(&pair[0]);
    trial_record_init(&pair[1]);
    struct trial_record *first = &pair[lot & 1], *second = &pair[~lot & 1];
    int result = run_trial(pairing, first, pad_bytes);
    if (result == 0)
        result = run_trial(pairing, second, pad_bytes);
    if (result == 0 && pair[0].laps == pair[1].laps && pair[0].laps > 0)
        return 0;
    if (result == 0)
        message_set(pairing->message, "%s has no laps of equal number: choose another workload",
                    pairing->given->workload->label);
    trial_record_release(&pair[0]);
    trial_record_release(&pair[1]);
    return -1;
}

static bool goes_on(const struct pairing *pairing, const struct self_pairs *pairs, int64_t begun_ns)
{
    const struct self_pairs_request *given = pairing->given;
    if (*given->interrupted || pairs->pairs == SELF_PAIRS_MAXIMUM)
        return false;
    return pairs->pairs < given->pairs_least ||
           clock_ns(CLOCK_MONOTONIC) - begun_ns < given->time_ns;
}

static int add_pair(struct pairing *pairing, struct self_pairs *pairs)
{
    struct trial_record *trial = reallocarray(pairs->trial, 2 * (pairs->pairs + 1), sizeof *trial);
    if (trial == NULL)
        return message_set(pairing->message, "out of memory");
    pairs->trial = trial;
    if (run_pair(pairing, &trial[2 * pairs->pairs]) < 0)
        return -1;
    pairs->pairs++;
    return 0;
}

int self_pairs_run(struct self_pairs *pairs, const struct self_pairs_request *request,
                   char *message)
{
    struct pairing pairing = {.given = request, .state = request->lot_seed, .message = message};
    struct trial_record warm_up[2];
    *pairs = (struct self_pairs){0};
    message[0] = '\0';
    cpus_init(&pairing.cpus);
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC), first_ns;
    int result = run_pair(&pairing, warm_up);
    if (result == 0) {
        trial_record_release(&warm_up[0]);
        trial_record_release(&warm_up[1]);
    }
    first_ns = clock_ns(CLOCK_MONOTONIC);
    while (result == 0 && goes_on(&pairing, pairs, begun_ns))
        result = add_pair(&pairing, pairs);
    pairs->elapsed_ns = clock_ns(CLOCK_MONOTONIC) - first_ns;
    cpus_restore(&pairing.cpus);
    return message[0] != '\0' ? -1 : 0;
}

void self_pairs_release(struct self_pairs *pairs)
{
    for (size_t i = 0; i < 2 * pairs->pairs; i++)
        trial_record_release(&pairs->trial[i]);
    free(pairs->trial);
    *pairs = (struct self_pairs){0};
}
