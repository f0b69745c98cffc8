/*
 * The tables that plots/ read: tab-separated text, one file a chart, written into a folder.
 *
 * Conventions of all of them
 *   - The first line names the columns and does not begin with '#': read with
 *     `set datafile separator "\t"` and `columnheaders`, or skip it.
 *   - A missing value is the word NaN. Numbers are in base units (s, bytes, calls, 1) and always
 *     have a '.' for a decimal point. Text holds no tab, line end, double quote or backslash
 *     (each becomes a blank), and may hold '_' and '-': print it `noenhanced`.
 *   - `index` counts from 0. Allocator I has the same index in every file, in the order of
 *     allocators.tsv, which is the order of the run: give colours by that index or by name.
 *   - The wide tables have one row a workload, in the order of workloads.tsv, and three columns
 *     an allocator, value, low and high end of its 95 % interval. Allocator I stands in columns
 *     (gnuplot counts from 1) 2 + 3*I, 3 + 3*I and 4 + 3*I, headed NAME, NAME.low, NAME.high.
 *     A value with low = high = NaN has no interval (too few blocks).
 *
 * Files
 *   allocators.tsv     index  name  reference(1 or 0)  geomean_speed  low  high  workloads(number
 *                      behind the mean)  version
 *   workloads.tsv      index  label  kind  timeline(file name, or NaN when
 *                      nothing was sampled)  threads  blocks  params
 *   speed.tsv          wide; throughput / that of the reference, above 1 is faster. The reference
 *                      itself is 1 with NaN ends.
 *   peak_rss.tsv       wide; VmHWM in bytes
 *   blow_up.tsv        wide; peak RSS growth / peak live bytes; programs are NaN throughout
 *   syscalls.tsv       workload  allocator  workload_index  allocator_index  brk  mmap  munmap
 *                      mremap  madvise  total; one row a workload x allocator, grouped by workload,
 *                      two blank lines between the groups: `index W` is workload W
 *   scatter.tsv        name  index  speed  speed_low  speed_high  memory  workloads  pareto; one
 *                      row an allocator. speed and memory (peak RSS) are geometric means over the
 *                      workloads, relative to the reference (which is at 1, 1): right and down is
 *                      better. pareto: 1: no other is better on one and at least as good on the
 *                      other; 0: beaten; NaN: not compared, as it lacks workloads others have.
 *   timeline-LABEL.tsv time_s  growth_bytes  rss_bytes  live_bytes; one block an allocator, two
 *                      blank lines between: `index I` is allocator I. Each block begins with one
 *                      line that holds the allocator's name alone, so `columnheader(1)` titles it;
 *                      an allocator without samples has the one row NaN NaN NaN NaN. growth is RSS
 *                      minus RSS at start; live is NaN for programs. The trial shown is the one of
 *                      median time. LABEL is the workload's with all but letters, digits, '.', '-'
 *                      and '_' made '_'; workloads.tsv has the exact name of the file.
 *   latencies.tsv, latency-LABEL.tsv: see latency_tables.c
 *   curves.tsv, curve-NAME.tsv: see curve_tables.c
 *   blow_up_laps.tsv, blow-up-LABEL.tsv: see blow_up_tables.c
 */
#include "chart_tables.h"
#include "output.h"
#include "stream.h"
#include "utf8.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MISSING  "NaN"
#define NS_PER_S 1e9

/* One table while it is written. */
struct table {
    struct stream stream;
    const struct summary *summary;
    size_t workload; /* that a timeline is of */
};

typedef void table_fn(struct table *table);

/* Writes the table into `folder`/`name` by `write`. Returns 0, or -1 with errno. */
static int write_table(struct table *table, const char *folder, const char *name, table_fn *write)
{
    char *path = NULL;
    if (name == NULL || asprintf(&path, "%s/%s", folder, name) < 0) {
        errno = ENOMEM;
        return -1;
    }
    FILE *file = fopen(path, "we");
    free(path);
    if (file == NULL)
        return -1;
    stream_init(&table->stream, file);
    write(table);
    int result = stream_finish(&table->stream), error = errno;
    if (fclose(file) != 0 && result == 0)
        return -1;
    errno = error;
    return result;
}

static void put_text(struct table *table, const char *text)
{
    char *line = utf8_line(text);
    if (line == NULL) {
        table->stream.error = ENOMEM;
        return;
    }
    for (char *c = line; *c != '\0'; c++)
        if (*c == '"' || *c == '\\')
            *c = ' ';
    /* An empty field would be read as a missing one. */
    stream_print(&table->stream, "%s", line[0] == '\0' ? " " : line);
    free(line);
}

static void put_next_text(struct table *table, const char *text)
{
    stream_print(&table->stream, "\t");
    put_text(table, text);
}

static void put_number(struct table *table, double value)
{
    stream_print(&table->stream, "\t");
    stream_number(&table->stream, value, MISSING);
}

static void put_count(struct table *table, size_t count)
{
    stream_print(&table->stream, "\t%zu", count);
}

static void put_estimate(struct table *table, const struct estimate *estimate)
{
    put_number(table, estimate->value);
    put_number(table, estimate->low);
    put_number(table, estimate->high);
}

static void end_row(struct table *table)
{
    stream_print(&table->stream, "\n");
}

static void write_allocators(struct table *table)
{
    const struct summary *summary = table->summary;
    stream_print(&table->stream,
                 "index\tname\treference\tgeomean_speed\tlow\thigh\tworkloads\tversion\n");
    for (size_t a = 0; a < summary->run->allocator_count; a++) {
        const struct allocator *allocator = &summary->run->allocators[a];
        stream_print(&table->stream, "%zu", a);
        put_next_text(table, allocator->name);
        put_count(table, (int)a == summary->reference);
        put_estimate(table, &summary->mean[a].speed);
        put_count(table, summary->mean[a].workloads);
        put_next_text(table, allocator->version);
        end_row(table);
    }
}

/* Of the timed pass, which is sampled, too; of programs, the pass that is there for it. */
static const struct trial_record *timeline_trial(const struct summary *summary, size_t workload,
                                                 size_t allocator)
{
    bool program = summary->run->workloads[workload].kind == WORKLOAD_PROGRAM;
    return summary_median_trial(summary, workload, allocator, program ? PASS_MEMORY : PASS_TIMED);
}

static bool is_sampled(const struct summary *summary, size_t workload)
{
    for (size_t a = 0; a < summary->run->allocator_count; a++)
        if (timeline_trial(summary, workload, a) != NULL)
            return true;
    return false;
}

/* The label with everything that could trouble a shell or a file system replaced. */
static char *safe_label(const char *label)
{
    char *safe = strdup(label);
    for (char *c = safe; c != NULL && *c != '\0'; c++)
        if (!isascii((unsigned char)*c) ||
            (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL))
            *c = '_';
    return safe;
}

/* "PREFIX-LABEL-2.tsv" where an earlier workload has that name already, a number being its place in
 * the run. */
char *chart_table_name(const struct run *run, size_t workload, const char *prefix)
{
    char *name = NULL, *label = safe_label(run->workloads[workload].label);
    bool taken = false;
    if (label == NULL)
        return NULL;
    for (size_t w = 0; w < workload && !taken; w++) {
        char *other = safe_label(run->workloads[w].label);
        taken = other == NULL || strcasecmp(other, label) == 0;
        free(other);
    }
    int length = taken ? asprintf(&name, "%s-%s-%zu.tsv", prefix, label, workload)
                       : asprintf(&name, "%s-%s.tsv", prefix, label);
    free(label);
    return length < 0 ? NULL : name;
}

static void write_workloads(struct table *table)
{
    const struct run *run = table->summary->run;
    stream_print(&table->stream, "index\tlabel\tkind\ttimeline\tthreads\tblocks\tparams\n");
    for (size_t w = 0; w < run->workload_count; w++) {
        const struct workload_spec *workload = &run->workloads[w];
        char *name = chart_table_name(run, w, "timeline");
        if (name == NULL)
            table->stream.error = ENOMEM;
        stream_print(&table->stream, "%zu", w);
        put_next_text(table, workload->label);
        put_next_text(table, workload_kind_name(workload->kind));
        put_next_text(table, name != NULL && is_sampled(table->summary, w) ? name : MISSING);
        put_count(table, workload->threads);
        put_count(table, workload->blocks);
        put_next_text(table, workload->params);
        end_row(table);
        free(name);
    }
}

/* Cells whose figures must not be shown count as having none. */
typedef struct estimate pick_fn(const struct summary_cell *cell);

static struct estimate pick_speed(const struct summary_cell *cell)
{
    return cell->speed;
}

static struct estimate pick_peak_rss(const struct summary_cell *cell)
{
    return cell->peak_rss;
}

static struct estimate pick_blow_up(const struct summary_cell *cell)
{
    return cell->blow_up;
}

static void write_wide(struct table *table, pick_fn *pick)
{
    static const struct estimate none = {NAN, NAN, NAN, 0};
    const struct run *run = table->summary->run;
    stream_print(&table->stream, "workload");
    for (size_t a = 0; a < run->allocator_count; a++) {
        static const char *const suffixes[] = {"", ".low", ".high"};
        for (size_t i = 0; i < 3; i++) {
            put_next_text(table, run->allocators[a].name);
            stream_print(&table->stream, "%s", suffixes[i]);
        }
    }
    end_row(table);
    for (size_t w = 0; w < run->workload_count; w++) {
        put_text(table, run->workloads[w].label);
        for (size_t a = 0; a < run->allocator_count; a++) {
            const struct summary_cell *cell = summary_cell(table->summary, w, a);
            struct estimate estimate = cell->status == STATUS_OK ? pick(cell) : none;
            put_estimate(table, &estimate);
        }
        end_row(table);
    }
}

static void write_speed(struct table *table)
{
    write_wide(table, pick_speed);
}

static void write_peak_rss(struct table *table)
{
    write_wide(table, pick_peak_rss);
}

static void write_blow_up(struct table *table)
{
    write_wide(table, pick_blow_up);
}

static void write_syscall_row(struct table *table, size_t w, size_t a)
{
    const struct run *run = table->summary->run;
    const struct summary_cell *cell = summary_cell(table->summary, w, a);
    bool counted = cell->syscalls_by_name.counted && cell->status == STATUS_OK;
    put_text(table, run->workloads[w].label);
    put_next_text(table, run->allocators[a].name);
    put_count(table, w);
    put_count(table, a);
#define X(name) put_number(table, counted ? (double)cell->syscalls_by_name.name : NAN);
    SYSCALL_MEASURES(X)
#undef X
    put_number(table, counted ? cell->syscalls.value : NAN);
    end_row(table);
}

static void write_syscalls(struct table *table)
{
    const struct run *run = table->summary->run;
    stream_print(&table->stream, "workload\tallocator\tworkload_index\tallocator_index");
#define X(name) stream_print(&table->stream, "\t" #name);
    SYSCALL_MEASURES(X)
#undef X
    stream_print(&table->stream, "\ttotal\n");
    for (size_t w = 0; w < run->workload_count; w++) {
        stream_print(&table->stream, "%s", w > 0 ? "\n\n" : "");
        for (size_t a = 0; a < run->allocator_count; a++)
            write_syscall_row(table, w, a);
    }
}

static void write_scatter(struct table *table)
{
    const struct summary *summary = table->summary;
    stream_print(&table->stream,
                 "name\tindex\tspeed\tspeed_low\tspeed_high\tmemory\tworkloads\tpareto\n");
    for (size_t a = 0; a < summary->run->allocator_count; a++) {
        const struct summary_mean *mean = &summary->mean[a];
        put_text(table, summary->run->allocators[a].name);
        put_count(table, a);
        put_estimate(table, &mean->speed);
        put_number(table, mean->memory);
        put_count(table, mean->workloads);
        put_number(table, mean->frontier == FRONTIER_UNKNOWN ? NAN
                          : mean->frontier == FRONTIER_ON    ? 1
                                                             : 0);
        end_row(table);
    }
}

static double difference(int64_t value, int64_t base)
{
    return value == MEASURE_NONE || base == MEASURE_NONE ? NAN : (double)value - (double)base;
}

static void write_timeline_block(struct table *table, const char *name,
                                 const struct trial_record *trial)
{
    put_text(table, name);
    end_row(table);
    if (trial == NULL) {
        stream_print(&table->stream, MISSING "\t" MISSING "\t" MISSING "\t" MISSING "\n");
        return;
    }
    const struct checkpoint_record *start = &trial->checkpoints[CHECKPOINT_START];
    int64_t base = start->reached ? start->vm_rss_bytes : MEASURE_NONE;
    for (int64_t i = 0; i < trial->sampled; i++) {
        const struct timeline_point *point = &trial->timeline[i];
        stream_number(&table->stream, difference(point->time_ns, 0) / NS_PER_S, MISSING);
        put_number(table, difference(point->rss_bytes, base));
        put_number(table, difference(point->rss_bytes, 0));
        put_number(table, difference(point->live_bytes, 0));
        end_row(table);
    }
}

static void write_timeline(struct table *table)
{
    const struct summary *summary = table->summary;
    for (size_t a = 0; a < summary->run->allocator_count; a++) {
        stream_print(&table->stream, "%s", a > 0 ? "\n\n" : "");
        write_timeline_block(table, summary->run->allocators[a].name,
                             timeline_trial(summary, table->workload, a));
    }
}

int output_chart_tables(const char *directory, const struct summary *summary)
{
    static const struct {
        const char *name;
        table_fn *write;
    } tables[] = {
        {"allocators.tsv", write_allocators},
        {"workloads.tsv",  write_workloads },
        {"speed.tsv",      write_speed     },
        {"peak_rss.tsv",   write_peak_rss  },
        {"blow_up.tsv",    write_blow_up   },
        {"syscalls.tsv",   write_syscalls  },
        {"scatter.tsv",    write_scatter   },
    };
    struct table table = {.summary = summary};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (write_table(&table, directory, tables[i].name, tables[i].write) != 0)
            return -1;
    for (size_t w = 0; w < summary->run->workload_count; w++) {
        if (!is_sampled(summary, w))
            continue;
        char *name = chart_table_name(summary->run, w, "timeline");
        table.workload = w;
        int result = write_table(&table, directory, name, write_timeline);
        free(name);
        if (result != 0)
            return -1;
    }
    if (curve_tables_write(directory, summary) != 0 ||
        blow_up_tables_write(directory, summary) != 0)
        return -1;
    return latency_tables_write(directory, summary);
}
