/* Makes a trace into a script; see replay.h. */
#include "replay.h"

#include "maker.h"
#include "message.h"
#include "op_source.h"
#include "trace_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char default_folder[] = "/var/tmp";

/* What may lie in memory beside the trials. */
static uint64_t default_budget(void)
{
    long pages = sysconf(_SC_AVPHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes / 8 : 0;
}

static size_t streams_of(const struct maker *maker)
{
    return ((size_t)maker->layout.laps + 1) * maker->layout.workers;
}

static int make_room(struct maker *maker)
{
    uint32_t workers = maker->layout.workers;
    maker->streams = calloc(streams_of(maker), sizeof *maker->streams);
    maker->row = calloc(workers, sizeof *maker->row);
    maker->due_ns = calloc(workers, sizeof *maker->due_ns);
    if (maker->streams == NULL || maker->row == NULL || maker->due_ns == NULL ||
        lives_init(&maker->lives, maker->source->inherited) < 0 ||
        slots_init(&maker->slots, workers) < 0)
        return message_set(maker->message, "out of memory");
    maker->head = (struct script_head){
        .magic = SCRIPT_MAGIC,
        .version = SCRIPT_VERSION,
        .threads = workers,
        .laps = maker->layout.laps - maker->layout.fill,
        .fill_rows = maker->layout.fill,
        .calls = maker->layout.calls,
        .has_due = maker->due,
        .duration_ns = maker->layout.last_ns - maker->layout.first_ns,
        .streams_offset = sizeof maker->head,
    };
    /* Written when they are known. */
    if (script_file_append(&maker->file, &maker->head, sizeof maker->head, maker->message) < 0)
        return -1;
    return script_file_append(&maker->file, maker->streams,
                              streams_of(maker) * sizeof *maker->streams, maker->message);
}

static int write_laps(struct maker *maker)
{
    const struct op_source *source = maker->source;
    struct trace_op op;
    int got;
    maker->lap = 1;
    for (uint64_t index = 0; (got = source->next(source->argument, &op, maker->message)) > 0;
         index++) {
        if (op.thread >= maker->layout.threads)
            return message_set(maker->message, "it was changed while it was read");
        if (lap_take(maker, &op, index) < 0)
            return -1;
        if (!trace_op_is_call(&op) || maker->lap > maker->layout.laps ||
            maker->calls < maker->layout.lap_end[maker->lap - 1])
            continue;
        if (lap_write(maker) < 0)
            return -1;
        maker->lap++;
    }
    if (got < 0)
        return -1;
    if (maker->calls != maker->layout.calls)
        return message_set(maker->message, "it was changed while it was read");
    return lap_write_rest(maker);
}

static int write_head(struct maker *maker)
{
    maker->head.slots = maker->slots.count;
    maker->head.streamed = maker->file.on_disk;
    maker->head.bytes = maker->file.written;
    if (script_file_patch(&maker->file, 0, &maker->head, sizeof maker->head, maker->message) < 0)
        return -1;
    return script_file_patch(&maker->file, maker->head.streams_offset, maker->streams,
                             streams_of(maker) * sizeof *maker->streams, maker->message);
}

static void maker_release(struct maker *maker)
{
    for (uint32_t w = 0; maker->row != NULL && w < maker->layout.workers; w++)
        free(maker->row[w].word);
    free(maker->row);
    free(maker->due_ns);
    free(maker->streams);
    free(maker->step);
    lives_release(&maker->lives);
    slots_release(&maker->slots);
    layout_release(&maker->layout);
}

/* Where each stop came to lie. */
static void tell_stops(struct replay *replay, const struct maker *maker,
                       const struct replay_options *options)
{
    const struct layout *layout = &maker->layout;
    for (size_t i = 0; i < options->stop_count; i++) {
        uint64_t at = layout->stop_call[i];
        uint32_t lap = 0;
        while (lap < layout->laps && at > 0 && layout->lap_end[lap++] < at)
            continue;
        replay->stop_lap[i] = at > 0 ? lap : 0;
        replay->stop_call[i] = at;
    }
}

static int make(struct maker *maker, struct op_source *source, const struct replay_options *options)
{
    uint64_t budget = options->memory_bytes > 0 ? options->memory_bytes : default_budget();
    const char *folder = options->folder != NULL ? options->folder : default_folder;
    maker->source = source;
    maker->due = options->due;
    maker->apart = options->apart;
    if (layout_make(&maker->layout, source, options, maker->message) < 0 ||
        source->rewind(source->argument, maker->message) < 0 ||
        script_file_open(&maker->file, budget, folder, maker->message) < 0)
        return -1;
    if (make_room(maker) < 0 || write_laps(maker) < 0)
        return -1;
    return write_head(maker);
}

int replay_make_from(struct replay *replay, struct op_source *source, const char *name,
                     const struct replay_options *options, char *message)
{
    char why[MESSAGE_BYTES] = "";
    struct maker maker = {.message = why, .file = {.descriptor = -1}};
    *replay = (struct replay){.descriptor = -1};
    int result = make(&maker, source, options);
    if (result == 0) {
        replay->head = maker.head;
        replay->repeat = maker.layout.repeat;
        replay->descriptor = maker.file.descriptor;
        tell_stops(replay, &maker, options);
    } else {
        script_file_close(&maker.file);
        message_set(message, "%s: %s", name, why);
    }
    maker_release(&maker);
    return result;
}

/* ---- traces ------------------------------------------------------------------------- */

static int next_of_trace(void *reader, struct trace_op *op, char *message)
{
    return trace_reader_next(reader, op, message);
}

static int rewind_trace(void *reader, char *message)
{
    return trace_reader_seek(reader, 0, message);
}

int replay_make(struct replay *replay, const char *path, const struct replay_options *options,
                char *message)
{
    struct trace_reader *reader = trace_reader_open(path, message);
    char *name = NULL, why[MESSAGE_BYTES] = "";
    *replay = (struct replay){.descriptor = -1};
    if (reader == NULL)
        return -1;
    struct op_source source = {
        .next = next_of_trace,
        .rewind = rewind_trace,
        .argument = reader,
        .threads = trace_reader_threads(reader),
        .inherited = trace_facts_yes(trace_reader_facts(reader), "inherited"),
    };
    int result = asprintf(&name, "trace %s", path) < 0
                     ? message_set(message, "out of memory")
                     : replay_make_from(replay, &source, name, options, why);
    /* The reader's messages name the file. */
    if (result < 0 && name != NULL) {
        const char *reason = why + strlen(name) + 2;
        message_set(message, "%s", strstr(reason, path) != NULL ? reason : why);
    }
    free(name);
    trace_reader_close(reader);
    return result;
}

void replay_release(struct replay *replay)
{
    if (replay->descriptor >= 0)
        close(replay->descriptor);
    replay->descriptor = -1;
}
