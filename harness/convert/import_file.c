/* Imports from file to file; see import.h. */
#include "import.h"
#include "message.h"
#include "part_file.h"
#include "source.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *yes_or_no(unsigned set)
{
    return set != 0 ? "yes" : "no";
}

static int set_carried(struct trace_facts *facts, unsigned carries)
{
    static const struct {
        unsigned flag;
        const char *fact;
    } table[] = {
        {CARRIES_TIMES,      "has_times"     },
        {CARRIES_THREADS,    "has_threads"   },
        {CARRIES_ALIGNMENTS, "has_alignments"},
        {CARRIES_ADDRESSES,  "has_addresses" },
        {CARRIES_FAILURES,   "has_failures"  },
        {CARRIES_REALLOC,    "has_reallocs"  },
        {CARRIES_IDENTITY,   "has_identities"},
        {FORMAT_UNORDERED,   "has_order"     },
    };
    carries ^= FORMAT_UNORDERED;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (trace_facts_set(facts, table[i].fact, yes_or_no(carries & table[i].flag)) < 0)
            return -1;
    return 0;
}

/* What is known before the first operation. */
static int first_facts(struct trace_facts *facts, const struct foreign_format *format,
                       const char *name)
{
    char text[512];
    const char *slash = strrchr(name, '/');
    snprintf(text, sizeof text, "imported from %s", format->name);
    if (trace_facts_set(facts, "source", text) < 0 ||
        trace_facts_set(facts, "version", heapmark_version) < 0 ||
        set_carried(facts, format->carries) < 0)
        return -1;
    snprintf(text, sizeof text, "%s, a file of %s", slash != NULL ? slash + 1 : name, format->name);
    return trace_facts_set(facts, "provenance", text);
}

/* Times that were not in the file after all. */
static unsigned carried(const struct import *import)
{
    unsigned carries = import->format->carries;
    return import->has_times ? carries : carries & ~(unsigned)CARRIES_TIMES;
}

static int last_facts(struct import *import, char *message)
{
    int result = set_carried(&import->facts, carried(import));
    if (result == 0 && import->counts.inherited > 0)
        result = trace_facts_set(&import->facts, "inherited", "yes");
    return result < 0 ? message_set(message, "out of memory") : 0;
}

static struct trace_writer *create_writer(const struct foreign_format *format, const char *name,
                                          const char *output, char *message)
{
    struct trace_facts facts = {0};
    struct trace_writer *writer = NULL;
    if (first_facts(&facts, format, name) < 0)
        message_set(message, "out of memory");
    else
        writer = trace_writer_create(output, &facts, message);
    trace_facts_release(&facts);
    return writer;
}

static int run(struct import *import, char *message)
{
    if (import->format->import(import, import->source, message) < 0 ||
        last_facts(import, message) < 0) {
        trace_writer_abandon(import->writer);
        return -1;
    }
    if (import->counts.operations > 0)
        return trace_writer_finish(import->writer, &import->facts, message);
    trace_writer_abandon(import->writer);
    return source_fail(import->source, message, "the end, and not one operation of %s before it",
                       import->format->name);
}

int import_source(struct source *source, const struct import_request *request,
                  struct import_result *result, char *message)
{
    const struct foreign_format *format = request->format;
    if (format == NULL)
        format = foreign_format_recognise(source, message);
    if (format == NULL)
        return -1;
    if (format->import == NULL)
        return message_set(message, "%s is a format to export to, not to import from",
                           format->name);
    struct import import = {
        .format = format,
        .source = source,
        .lenient = request->lenient,
        .has_times = true,
    };
    import.writer = create_writer(format, source_name(source), request->output, message);
    int done = import.writer != NULL ? run(&import, message) : -1;
    result->format = format;
    result->carries = carried(&import);
    result->counts = import.counts;
    memcpy(result->note, import.note, sizeof result->note);
    block_map_release(&import.blocks);
    block_map_release(&import.threads);
    trace_facts_release(&import.facts);
    return done;
}

int import_file(const struct import_request *request, struct import_result *result, char *message)
{
    struct import_request to_draft = *request;
    struct part_file file;
    int done = -1;
    struct source *source = source_open(request->input, message);
    if (source != NULL && part_file_begin(&file, request->output, message) == 0) {
        to_draft.output = file.draft;
        done = import_source(source, &to_draft, result, message);
        done = part_file_end(&file, done, message);
    }
    source_close(source);
    return done;
}
