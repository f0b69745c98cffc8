/* Writes a pattern as a trace; see pattern_trace.h. */
#include "pattern_trace.h"

#include "message.h"
#include "trace_writer.h"
#include "version.h"

#include <stdbool.h>
#include <stdio.h>

static int set_facts(struct trace_facts *facts, const struct pattern *pattern)
{
    bool timed = pattern->paced;
    for (unsigned p = 0; p < pattern->phases; p++)
        timed |= pattern->phase[p].think.count > 0;
    const char *const known[][2] = {
        {"source",        "made up from a workload file"                                  },
        {"provenance",    pattern->path                                                   },
        {"version",       heapmark_version                                                },
        {"has_times",     timed ? "yes" : "no"                                            },
        {"has_addresses", "no"                                                            },
        {"program",       pattern->imitates[0] != '\0' ? pattern->imitates : pattern->path},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (trace_facts_set(facts, known[i][0], known[i][1]) < 0)
            return -1;
    return 0;
}

static int write_calls(struct trace_writer *writer, struct op_source *ops, uint64_t *calls,
                       char *message)
{
    struct trace_op op;
    int got;
    *calls = 0;
    for (uint32_t t = 0; t < ops->threads; t++)
        if (trace_writer_thread(writer, t, 0, "", message) < 0)
            return -1;
    if (ops->rewind(ops->argument, message) < 0)
        return -1;
    while ((got = ops->next(ops->argument, &op, message)) > 0) {
        if (trace_writer_add(writer, &op, message) < 0)
            return -1;
        ++*calls;
    }
    return got;
}

int pattern_trace_write(const struct pattern *pattern, struct pattern_source *source,
                        const char *path, uint64_t *calls, char *message)
{
    struct trace_facts facts = {0};
    struct trace_writer *writer = NULL;
    if (set_facts(&facts, pattern) < 0)
        message_set(message, "out of memory");
    else
        writer = trace_writer_create(path, &facts, message);
    trace_facts_release(&facts);
    if (writer == NULL)
        return -1;
    if (write_calls(writer, pattern_source_ops(source), calls, message) < 0) {
        trace_writer_abandon(writer);
        return -1;
    }
    return trace_writer_finish(writer, NULL, message);
}
