/* Reader and ledger in step; see trace_walk.h. */
#include "trace_walk.h"

#include "message.h"

/* No sum of sizes and no time of the analyses is larger than these, which fit a signed figure. */
static int check_sums(const struct trace_step *step, uint64_t *bytes, char *message)
{
    if (step->op->time_ns > INT64_MAX)
        return message_set(message, "operation %llu is said to be 292 years behind the start",
                           (unsigned long long)step->index);
    if (!step->effect->begun)
        return 0;
    if (step->effect->new.size > INT64_MAX - *bytes)
        return message_set(message,
                           "operation %llu allocates %llu bytes: with those before, more than "
                           "8 EiB; that cannot have happened",
                           (unsigned long long)step->index,
                           (unsigned long long)step->effect->new.size);
    *bytes += step->effect->new.size;
    return 0;
}

int trace_walk(struct trace_reader *reader, uint64_t to, trace_step_fn *step,
               void (*at_end)(void *argument, const struct ledger *ledger), void *argument,
               char *message)
{
    struct trace_op op;
    struct ledger_effect effect;
    uint64_t bytes = 0;
    int more = 0, result = trace_reader_seek(reader, 0, message);
    struct ledger *ledger = ledger_create(trace_facts_yes(trace_reader_facts(reader), "inherited"));
    if (ledger == NULL)
        result = message_set(message, "out of memory");
    for (uint64_t index = 0; result == 0 && index < to; index++) {
        more = trace_reader_next(reader, &op, message);
        if (more <= 0)
            break;
        struct trace_step now = {index, &op, &effect, ledger};
        if (ledger_apply(ledger, index, &op, &effect) < 0)
            result =
                message_set(message, "out of memory at operation %llu", (unsigned long long)index);
        else if ((result = check_sums(&now, &bytes, message)) == 0)
            result = step(argument, &now, message);
    }
    if (more < 0)
        result = -1;
    if (result == 0 && at_end != NULL)
        at_end(argument, ledger);
    ledger_free(ledger);
    return result;
}
