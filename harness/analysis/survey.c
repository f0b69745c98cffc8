/* One pass over a trace, counting; see survey.h. */
#include "survey.h"

#include "message.h"
#include "trace_walk.h"

#include <stdlib.h>

static void count_resize(struct survey *survey, const struct trace_op *op)
{
    if (op->old_address == 0)
        survey->resized_from_null++;
    else if (op->address == 0)
        survey->resized_to_nothing++;
    else if (op->address == op->old_address)
        survey->resized_in_place++;
    else
        survey->resized_moved++;
}

static void count_call(struct survey *survey, struct survey_thread *thread,
                       const struct trace_op *op)
{
    struct survey_kind *kind = &survey->kind[op->kind];
    survey->calls++;
    thread->calls++;
    kind->calls++;
    if ((op->flags & TRACE_FAILED) != 0) {
        survey->failed++;
        kind->failed++;
        return;
    }
    kind->bytes += op->size;
    if (op->kind == TRACE_FREE && op->old_address == 0)
        survey->freed_null++;
    if (op->kind == TRACE_REALLOC || op->kind == TRACE_REALLOCARRAY)
        count_resize(survey, op);
}

static void count_objects(struct survey *survey, struct survey_thread *thread,
                          const struct trace_step *step)
{
    const struct ledger_effect *effect = step->effect;
    if (effect->ended) {
        bool of_other = effect->old.thread != step->op->thread;
        survey->ended++;
        survey->ended_of_others += of_other;
        thread->ended++;
        thread->ended_of_others += of_other;
        histogram_add(&survey->lifetimes, step->index - effect->old.born_index);
        histogram_add(&survey->lifetimes_ns, step->op->time_ns - effect->old.born_ns);
    }
    if (effect->begun) {
        survey->objects++;
        survey->bytes += effect->new.size;
        thread->objects++;
        thread->bytes += effect->new.size;
        survey->largest = effect->new.size > survey->largest ? effect->new.size : survey->largest;
        histogram_add(&survey->sizes, effect->new.size);
    }
}

static void follow_live(struct survey *survey, const struct trace_step *step)
{
    struct survey_moment now = {step->index, step->op->time_ns, ledger_live_bytes(step->ledger),
                                ledger_live_blocks(step->ledger)};
    if (now.bytes > survey->peak.bytes)
        survey->peak = now;
    if (now.blocks > survey->most_blocks)
        survey->most_blocks = now.blocks;
    survey->end = now;
    live_curve_step(&survey->by_operation, now.operation, now.bytes);
    live_curve_step(&survey->by_time, now.time_ns, now.bytes);
}

static int survey_step(void *argument, const struct trace_step *step, char *message)
{
    struct survey *survey = argument;
    const struct trace_op *op = step->op;
    if (op->thread >= survey->thread_count || op->kind >= TRACE_KIND_COUNT)
        return message_set(message,
                           "operation %llu is of a thread or a kind that cannot be; see heapmark "
                           "trace verify",
                           (unsigned long long)step->index);
    struct survey_thread *thread = &survey->threads[op->thread];
    if (thread->calls == 0)
        thread->first_ns = op->time_ns;
    thread->last_ns = op->time_ns;
    survey->operations++;
    survey->mistakes += step->effect->mistake != NULL;
    survey->split += !trace_op_is_call(op);
    if (trace_op_is_call(op))
        count_call(survey, thread, op);
    count_objects(survey, thread, step);
    survey->foreign += step->effect->foreign;
    if (step->effect->ended || step->effect->begun || survey->operations == 1)
        follow_live(survey, step);
    survey->end.operation = step->index;
    survey->end.time_ns = survey->duration_ns = op->time_ns;
    return 0;
}

int survey_trace(struct trace_reader *reader, struct survey *survey, char *message)
{
    *survey = (struct survey){.thread_count = trace_reader_threads(reader)};
    live_curve_init(&survey->by_operation);
    live_curve_init(&survey->by_time);
    survey->threads = calloc((size_t)survey->thread_count + 1, sizeof *survey->threads);
    if (survey->threads == NULL)
        return message_set(message, "out of memory");
    return trace_walk(reader, UINT64_MAX, survey_step, NULL, survey, message);
}

void survey_release(struct survey *survey)
{
    free(survey->threads);
    survey->threads = NULL;
}
