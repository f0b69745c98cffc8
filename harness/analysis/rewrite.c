/* Writes traces that come from others; see rewrite.h. */
#include "rewrite.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROVENANCE_BYTES = 1024, NEW_THREADS_MAXIMUM = 1 << 20 };

/* Of the source alone, or of its recording as a whole. */
static const char *const left_behind[] = {"stalls", "stall_ns", "lost"};

static int make_facts(struct trace_facts *facts, const struct trace_reader *reader,
                      const struct rewrite_facts *changes)
{
    const struct trace_facts *from = trace_reader_facts(reader);
    /* Nobody knows how a half-written one goes on, and the new one will look whole. */
    const char *end = trace_reader_is_complete(reader) ? changes->end : "cut";
    char provenance[PROVENANCE_BYTES];
    const char *earlier = trace_facts_find(from, "provenance");
    snprintf(provenance, sizeof provenance, "%s%s%s", changes->provenance,
             earlier != NULL ? "; " : "", earlier != NULL ? earlier : "");
    for (size_t i = 0; i < from->count; i++)
        if (trace_facts_set(facts, from->entry[i].name, from->entry[i].value) < 0)
            return -1;
    for (size_t i = 0; i < sizeof left_behind / sizeof left_behind[0]; i++)
        if (trace_facts_set(facts, left_behind[i], NULL) < 0)
            return -1;
    if (trace_facts_set(facts, "source", changes->source) < 0 ||
        trace_facts_set(facts, "provenance", provenance) < 0)
        return -1;
    if (!changes->has_addresses && trace_facts_set(facts, "has_addresses", "no") < 0)
        return -1;
    return end != NULL ? trace_facts_set(facts, "end", end) : 0;
}

int rewrite_begin(struct rewrite *rewrite, const char *path, const struct rewrite_facts *facts,
                  uint32_t copies, char *message)
{
    struct trace_facts changed = {0};
    rewrite->writer = NULL;
    rewrite->threads = NULL;
    rewrite->source_threads = trace_reader_threads(rewrite->reader);
    rewrite->copies = copies;
    rewrite->new_threads = 0;
    if ((uint64_t)copies * rewrite->source_threads > NEW_THREADS_MAXIMUM)
        return message_set(message, "%u times %u threads are more than %u", copies,
                           rewrite->source_threads, NEW_THREADS_MAXIMUM);
    rewrite->threads =
        calloc((size_t)copies * rewrite->source_threads + 1, sizeof *rewrite->threads);
    int result = rewrite->threads != NULL ? make_facts(&changed, rewrite->reader, facts) : -1;
    if (result < 0)
        message_set(message, "out of memory");
    else if ((rewrite->writer = trace_writer_create(path, &changed, message)) == NULL)
        result = -1;
    trace_facts_release(&changed);
    return result;
}

static int introduce(struct rewrite *rewrite, uint32_t thread, uint32_t copy, char *message)
{
    const struct trace_thread *from = trace_reader_thread(rewrite->reader, thread);
    uint32_t *number = &rewrite->threads[(size_t)copy * rewrite->source_threads + thread];
    char name[sizeof from->name + 16];
    if (copy == 0)
        snprintf(name, sizeof name, "%s", from->name);
    else
        snprintf(name, sizeof name, "%s/%u", from->name, copy);
    name[sizeof from->name - 1] = '\0';
    *number = ++rewrite->new_threads;
    return trace_writer_thread(rewrite->writer, *number - 1, copy == 0 ? from->tid : 0, name,
                               message);
}

int rewrite_add(struct rewrite *rewrite, const struct trace_op *op, uint32_t copy, char *message)
{
    struct trace_op new = *op;
    if (op->thread >= rewrite->source_threads)
        return message_set(message,
                           "the trace has an operation of thread %u and names %u threads; see "
                           "heapmark trace verify",
                           op->thread, rewrite->source_threads);
    size_t at = (size_t)copy * rewrite->source_threads + op->thread;
    if (rewrite->threads[at] == 0 && introduce(rewrite, op->thread, copy, message) < 0)
        return -1;
    new.thread = rewrite->threads[at] - 1;
    return trace_writer_add(rewrite->writer, &new, message);
}

int rewrite_end(struct rewrite *rewrite, int result, char *message)
{
    if (rewrite->writer != NULL && result == 0)
        result = trace_writer_finish(rewrite->writer, NULL, message);
    else if (rewrite->writer != NULL)
        trace_writer_abandon(rewrite->writer);
    free(rewrite->threads);
    rewrite->threads = NULL;
    rewrite->writer = NULL;
    return result;
}
