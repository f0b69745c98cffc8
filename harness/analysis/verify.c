/* Looks for mistakes; see verify.h. */
#include "verify.h"

#include "ledger.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct verification {
    struct verify_result *result;
    bool *seen; /* by thread */
    uint32_t thread_count, threads_seen;
    uint64_t index, time_ns;
};

static void __attribute__((format(printf, 2, 3)))
note(struct verification *v, const char *format, ...)
{
    struct verify_result *result = v->result;
    if (result->mistakes < VERIFY_KEPT) {
        struct verify_mistake *mistake = &result->kept[result->mistakes];
        va_list arguments;
        va_start(arguments, format);
        mistake->operation = v->index;
        vsnprintf(mistake->reason, sizeof mistake->reason, format, arguments);
        va_end(arguments);
    }
    result->mistakes++;
}

static bool may_be_split(unsigned kind)
{
    return kind == TRACE_REALLOC || kind == TRACE_REALLOCARRAY;
}

static void check_thread(struct verification *v, const struct trace_op *op)
{
    if (op->thread >= v->thread_count) {
        note(v, "thread %u was never introduced: the file names %u", op->thread, v->thread_count);
        return;
    }
    if (v->seen[op->thread])
        return;
    if (op->thread != v->threads_seen)
        note(v, "thread %u appears before thread %u", op->thread, v->threads_seen);
    v->seen[op->thread] = true;
    v->threads_seen++;
}

static bool has_size(unsigned kind)
{
    return kind != TRACE_FREE && kind != TRACE_REALLOC_BEGIN;
}

/* What an operation says, whatever stands before it. */
static void check_form(struct verification *v, const struct trace_op *op)
{
    bool failed = (op->flags & TRACE_FAILED) != 0;
    if (failed && op->address != 0)
        note(v, "a failed %s returned a block", trace_kind_name(op->kind));
    if (failed && !has_size(op->kind))
        note(v, "%s cannot fail", trace_kind_name(op->kind));
    if (!failed && op->address == 0 && has_size(op->kind) && !may_be_split(op->kind))
        note(v, "%s returned no block and did not fail", trace_kind_name(op->kind));
    if (!failed && op->alignment > 1 && (op->alignment & (op->alignment - 1)) != 0 &&
        op->kind != TRACE_MEMALIGN)
        note(v, "alignment %" PRIu64 " is no power of two, and the call did not fail",
             op->alignment);
    if (!failed && op->size > INT64_MAX)
        note(v, "%s returned a block of %" PRIu64 " bytes: no address space holds it",
             trace_kind_name(op->kind), op->size);
    if ((op->flags & TRACE_SPLIT) != 0 && !may_be_split(op->kind))
        note(v, "%s cannot be one half of a realloc", trace_kind_name(op->kind));
    if (op->time_ns < v->time_ns)
        note(v, "time goes back, from %" PRIu64 " to %" PRIu64 " ns", v->time_ns, op->time_ns);
    v->time_ns = op->time_ns > v->time_ns ? op->time_ns : v->time_ns;
}

static void check(struct verification *v, const struct trace_op *op,
                  const struct ledger_effect *effect)
{
    if (trace_kind_name(op->kind) == NULL) {
        note(v, "%u is no kind of call", op->kind);
        return;
    }
    check_form(v, op);
    check_thread(v, op);
    if (effect->mistake == NULL)
        return;
    uint64_t address = op->old_address != 0 ? op->old_address : op->address;
    if (effect->ended && effect->begun)
        note(v, "%s by thread %u: 0x%" PRIx64 " to 0x%" PRIx64 ": %s", trace_kind_name(op->kind),
             op->thread, op->old_address, op->address, effect->mistake);
    else
        note(v, "%s by thread %u: 0x%" PRIx64 ": %s", trace_kind_name(op->kind), op->thread,
             address, effect->mistake);
}

static int check_all(struct verification *v, struct trace_reader *reader, struct ledger *ledger,
                     char *message)
{
    struct verify_result *result = v->result;
    struct trace_op op;
    struct ledger_effect effect;
    int more;
    while ((more = trace_reader_next(reader, &op, message)) > 0) {
        if (ledger_apply(ledger, v->index, &op, &effect) < 0)
            return message_set(message, "out of memory at operation %" PRIu64, v->index);
        check(v, &op, &effect);
        result->calls += trace_op_is_call(&op);
        v->index++;
    }
    result->operations = v->index;
    if (more < 0) {
        note(v, "%s", message);
        return 0;
    }
    if (v->index != trace_reader_operations(reader))
        note(v, "the file ends here, and its index counts %" PRIu64 " operations",
             trace_reader_operations(reader));
    else if (v->time_ns != trace_reader_duration_ns(reader))
        note(v, "the last time is %" PRIu64 " ns, and the file says %" PRIu64, v->time_ns,
             trace_reader_duration_ns(reader));
    return 0;
}

int verify_trace(struct trace_reader *reader, struct verify_result *result, char *message)
{
    struct verification v = {.result = result, .thread_count = trace_reader_threads(reader)};
    *result = (struct verify_result){.unfinished = !trace_reader_is_complete(reader)};
    if (trace_reader_seek(reader, 0, message) < 0)
        return -1;
    v.seen = calloc((size_t)v.thread_count + 1, sizeof *v.seen);
    struct ledger *ledger = ledger_create(trace_facts_yes(trace_reader_facts(reader), "inherited"));
    int status = v.seen != NULL && ledger != NULL ? check_all(&v, reader, ledger, message)
                                                  : message_set(message, "out of memory");
    ledger_free(ledger);
    free(v.seen);
    return status;
}
