/*
 * CSV (RFC 4180): one row a workload and allocator with every summary measure, or one row a trial
 * with every raw one. An absent figure is an empty field.
 */
#include "output.h"
#include "stream.h"

#include <inttypes.h>

#define ROW_END "\r\n" /* RFC 4180, 2.1 */

static void put_field(struct stream *stream, const char *text)
{
    stream_print(stream, ",");
    stream_csv_text(stream, text);
}

static void put_count(struct stream *stream, size_t count)
{
    stream_print(stream, ",%zu", count);
}

static void put_estimate(struct stream *stream, const struct estimate *estimate)
{
    stream_print(stream, ",");
    stream_number(stream, estimate->value, "");
    stream_print(stream, ",");
    stream_number(stream, estimate->low, "");
    stream_print(stream, ",");
    stream_number(stream, estimate->high, "");
    put_count(stream, estimate->count);
}

static void put_syscall(struct stream *stream, bool counted, int64_t calls)
{
    stream_print(stream, ",");
    stream_measure(stream, counted ? calls : MEASURE_NONE);
}

static void put_cell(struct stream *stream, const struct summary *summary, size_t w, size_t a)
{
    const struct run *run = summary->run;
    const struct workload_spec *workload = &run->workloads[w];
    const struct summary_cell *cell = summary_cell(summary, w, a);
    stream_csv_text(stream, run->name);
    put_field(stream, workload->label);
    put_field(stream, workload->name);
    put_field(stream, workload_kind_name(workload->kind));
    put_field(stream, workload->params);
    put_count(stream, workload->threads);
    put_field(stream, run->allocators[a].name);
    put_field(stream, run->allocators[summary->reference].name);
    put_field(stream, trial_status_name(cell->status));
    put_field(stream, cell->detail);
    put_count(stream, cell->planned);
    put_count(stream, cell->ok);
    put_count(stream, cell->skipped);
    put_count(stream, cell->disturbed);
#define X(name, unit, title, help) put_estimate(stream, &cell->name);
    SUMMARY_MEASURES(X)
#undef X
#define X(name) put_syscall(stream, cell->syscalls_by_name.counted, cell->syscalls_by_name.name);
    SYSCALL_MEASURES(X)
#undef X
    stream_print(stream, ROW_END);
}

int output_csv(FILE *file, const struct summary *summary)
{
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "run,workload,workload_name,kind,params,threads,allocator,reference,"
                          "status,detail,planned,ok,skipped,disturbed");
#define X(name, unit, title, help) \
    stream_print(&stream, "," #name "," #name "_low," #name "_high," #name "_count");
    SUMMARY_MEASURES(X)
#undef X
#define X(name) stream_print(&stream, "," #name);
    SYSCALL_MEASURES(X)
#undef X
    stream_print(&stream, ROW_END);
    for (size_t w = 0; w < summary->run->workload_count; w++)
        for (size_t a = 0; a < summary->run->allocator_count; a++)
            if (summary_cell(summary, w, a)->planned > 0)
                put_cell(&stream, summary, w, a);
    return stream_finish(&stream);
}

static void put_measure(struct stream *stream, int64_t value)
{
    stream_print(stream, ",");
    stream_measure(stream, value);
}

static void put_trial(struct stream *stream, const struct summary *summary, size_t index)
{
    const struct run *run = summary->run;
    const struct trial_record *trial = &run->trials[index];
    char text[DISTURBANCE_TEXT_BYTES];
    stream_csv_text(stream, run->name);
    stream_print(stream, ",%" PRId64, trial->id);
    put_field(stream, run->workloads[trial->key.workload].label);
    put_field(stream, run->allocators[trial->key.allocator].name);
    put_count(stream, trial->key.block);
    put_field(stream, pass_name(trial->key.pass));
    put_field(stream, trial_status_name(trial->status));
    put_field(stream, trial->detail);
    put_field(stream, disturbance_text(summary->disturbances[index], text));
    put_field(stream, trial->malloc_file);
    put_measure(stream, trial->started_ns);
#define X(name, unit, help) put_measure(stream, trial->name);
    TRIAL_MEASURES(X)
#undef X
    for (int i = 0; i < CHECKPOINT_COUNT; i++) {
        const struct checkpoint_record *checkpoint = &trial->checkpoints[i];
#define X(name, unit, help) put_measure(stream, checkpoint->name);
        CHECKPOINT_MEASURES(X)
#undef X
    }
#define X(name) put_syscall(stream, trial->syscalls.counted, trial->syscalls.name);
    SYSCALL_MEASURES(X)
#undef X
    stream_print(stream, ROW_END);
}

int output_trials_csv(FILE *file, const struct summary *summary)
{
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream,
                 "run,id,workload,allocator,block,pass,status,detail,disturbed,malloc_file,"
                 "started_ns");
#define X(name, unit, help) stream_print(&stream, "," #name);
    TRIAL_MEASURES(X)
#undef X
    for (int i = 0; i < CHECKPOINT_COUNT; i++) {
#define X(name, unit, help) \
    stream_print(&stream, ",%s_" #name, checkpoint_name((enum checkpoint)i));
        CHECKPOINT_MEASURES(X)
#undef X
    }
#define X(name) stream_print(&stream, "," #name);
    SYSCALL_MEASURES(X)
#undef X
    stream_print(&stream, ROW_END);
    for (size_t i = 0; i < summary->run->trial_count; i++)
        put_trial(&stream, summary, i);
    return stream_finish(&stream);
}
