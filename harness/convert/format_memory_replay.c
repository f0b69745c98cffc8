/*
 * The text traces of Android's memory_replay: one call a line, with its thread.
 *
 *   TID: malloc BLOCK SIZE            TID: realloc BLOCK OLD_BLOCK SIZE
 *   TID: calloc BLOCK COUNT SIZE      TID: memalign BLOCK ALIGNMENT SIZE
 *   TID: free BLOCK                   TID: thread_done 0x0 [END]
 * each but the last with [START END] behind it, in nanoseconds, in newer traces; in the newest
 * also the bytes that were resident, behind a free or realloc. Block 0 is NULL.
 */
#include "export.h"
#include "import.h"
#include "message.h"
#include "source.h"
#include "text_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { THREAD_DONE = 0xff };

static uint8_t take_kind(const char **at)
{
    static const struct {
        const char *word;
        uint8_t kind;
    } table[] = {
        {"malloc ",      TRACE_MALLOC  },
        {"calloc ",      TRACE_CALLOC  },
        {"realloc ",     TRACE_REALLOC },
        {"free ",        TRACE_FREE    },
        {"memalign ",    TRACE_MEMALIGN},
        {"thread_done ", THREAD_DONE   },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (text_word(at, table[i].word))
            return table[i].kind;
    return 0;
}

static bool decimal(const char **at, uint64_t *value)
{
    text_blanks(at);
    return text_number(at, 10, value);
}

/* What stands between the block and the times. */
static bool parse_arguments(const char **at, struct import_event *event)
{
    uint64_t count;
    switch (event->kind) {
    case TRACE_MALLOC:
        return decimal(at, &event->size);
    case TRACE_CALLOC:
        if (!decimal(at, &count) || !decimal(at, &event->size))
            return false;
        if (__builtin_mul_overflow(count, event->size, &event->size))
            event->size = UINT64_MAX;
        return true;
    case TRACE_REALLOC:
        text_blanks(at);
        return text_pointer(at, &event->old_key) && decimal(at, &event->size);
    case TRACE_MEMALIGN:
        return decimal(at, &event->alignment) && decimal(at, &event->size);
    default:
        return true;
    }
}

static void settle(struct import_event *event)
{
    bool ends = event->kind == TRACE_REALLOC && event->old_key != 0 && event->size == 0;
    if (event->kind == TRACE_FREE) {
        event->old_key = event->key;
        event->key = 0;
        return;
    }
    event->failed = event->key == 0 && !ends;
}

static bool parse(const char *at, struct import_event *event, bool *timed)
{
    uint64_t end;
    *event = (struct import_event){0};
    text_blanks(&at);
    if (!text_number(&at, 10, &event->tid) || !text_word(&at, ": "))
        return false;
    text_blanks(&at);
    event->kind = take_kind(&at);
    text_blanks(&at);
    if (event->kind == 0 || !text_pointer(&at, &event->key) || !parse_arguments(&at, event))
        return false;
    settle(event);
    *timed = !text_ends(at);
    if (!*timed)
        return true;
    if (!decimal(&at, &event->time_ns))
        return false;
    if (event->kind == THREAD_DONE)
        return text_ends(at);
    if (!decimal(&at, &end))
        return false;
    /* What of the block was resident, or -1. */
    bool gives_back = event->kind == TRACE_FREE || event->kind == TRACE_REALLOC;
    text_blanks(&at);
    if (gives_back && *at != '\0' && !text_word(&at, "-1") && !decimal(&at, &end))
        return false;
    return text_ends(at);
}

static bool sniff(const unsigned char *start, size_t bytes)
{
    char line[256];
    struct import_event event;
    bool timed;
    return text_next_line(&start, &bytes, line, sizeof line) && parse(line, &event, &timed);
}

static int read_memory_replay(struct import *import, struct source *source, char *message)
{
    char *line;
    size_t length;
    uint64_t time_ns = 0;
    int got;
    import->has_times = false;
    while ((got = source_line(source, &line, &length, message)) > 0) {
        struct import_event event;
        bool timed;
        if (length == 0)
            continue;
        if (!parse(line, &event, &timed)) {
            if (import_mistake(import, message, "not a line of memory_replay") < 0)
                return -1;
            continue;
        }
        if (event.kind == THREAD_DONE) {
            import_thread_done(import, event.tid);
            continue;
        }
        import->has_times |= timed;
        time_ns = timed ? event.time_ns : time_ns;
        event.time_ns = time_ns;
        if (import_add(import, &event, message) < 0)
            return -1;
    }
    return got;
}

/* ---- export ------------------------------------------------------------------ */

static bool is_plain(unsigned kind)
{
    return kind == TRACE_MALLOC || kind == TRACE_CALLOC || kind == TRACE_REALLOC ||
           kind == TRACE_FREE || kind == TRACE_MEMALIGN;
}

static uint64_t alignment_of(const struct trace_op *op)
{
    enum { PAGE_BYTES = 4096 };
    if (op->alignment != 0)
        return op->alignment;
    return op->kind == TRACE_VALLOC || op->kind == TRACE_PVALLOC ? PAGE_BYTES : 0;
}

static void write_step(struct export *export, const struct export_step *step, FILE *stream)
{
    const struct trace_op *op = &step->op;
    uint64_t alignment = alignment_of(op);
    bool resizes = op->kind == TRACE_REALLOC || op->kind == TRACE_REALLOCARRAY;
    if (!is_plain(op->kind))
        export_lose(export, LOST_KINDS);
    fprintf(stream, "%" PRIu64 ": ", export_tid(export, op->thread));
    if (op->kind == TRACE_FREE)
        fprintf(stream, "free 0x%" PRIx64, step->old_address);
    else if (resizes)
        fprintf(stream, "realloc 0x%" PRIx64 " 0x%" PRIx64 " %" PRIu64, step->address,
                step->old_address, op->size);
    else if (alignment != 0)
        fprintf(stream, "memalign 0x%" PRIx64 " %" PRIu64 " %" PRIu64, step->address, alignment,
                op->size);
    else
        fprintf(stream, "%s 0x%" PRIx64 "%s %" PRIu64,
                op->kind == TRACE_CALLOC ? "calloc" : "malloc", step->address,
                op->kind == TRACE_CALLOC ? " 1" : "", op->size);
}

static int write_memory_replay(struct export *export, FILE *stream, char *message)
{
    struct export_step step;
    bool timed = trace_facts_yes(export_facts(export), "has_times");
    int got;
    while ((got = export_next(export, &step, message)) > 0) {
        write_step(export, &step, stream);
        /* A time of 0 means none to that format. */
        if (timed)
            fprintf(stream, " %" PRIu64 " %" PRIu64, step.op.time_ns + 1, step.op.time_ns + 1);
        fputc('\n', stream);
    }
    return got;
}

const struct foreign_format format_memory_replay = {
    .name = "memory-replay",
    .summary = "text of Android's memory_replay",
    .carries = CARRIES_TIMES | CARRIES_THREADS | CARRIES_ALIGNMENTS | CARRIES_ADDRESSES |
               CARRIES_FAILURES | CARRIES_REALLOC | CARRIES_IDENTITY | FORMAT_INHERITS,
    .sniff = sniff,
    .import = read_memory_replay,
    .export = write_memory_replay,
};
