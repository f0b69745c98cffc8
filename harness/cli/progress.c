/* How far a run is; see progress.h. */
#include "progress.h"

#include "clock.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    BAR_CELLS = 24,
    COLUMNS_DEFAULT = 80,
    TENTHS = 10,
};
#define LINE_PERIOD_NS INT64_C(15000000000) /* a sign of life in a log at least that often */

void progress_init(struct progress *progress, const struct run *run, bool quiet)
{
    *progress = (struct progress){
        .terminal = isatty(STDERR_FILENO),
        .quiet = quiet,
        .total = run->trial_count,
        .started_ns = clock_ns(CLOCK_MONOTONIC),
    };
    progress->last_line_ns = progress->started_ns;
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}

static size_t cell_of(const struct run *run, const struct trial_key *key)
{
    return (key->workload * run->allocator_count + key->allocator) * PASS_COUNT + key->pass;
}

/* Time left: each trial to come takes what the last one of its cell and pass took, or the mean
 * of all where there was none yet. */
static int64_t estimate_left_ns(const struct run *run)
{
    int64_t *last = calloc(run->workload_count * run->allocator_count * PASS_COUNT, sizeof *last);
    double sum = 0, left = 0;
    size_t known = 0, unknown = 0;
    if (last == NULL)
        return 0;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *record = &run->trials[i];
        if (record->status == STATUS_PLANNED || record->elapsed_ns == MEASURE_NONE)
            continue;
        last[cell_of(run, &record->key)] = record->elapsed_ns;
        sum += (double)record->elapsed_ns;
        known++;
    }
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *record = &run->trials[i];
        int64_t like = last[cell_of(run, &record->key)];
        if (record->status == STATUS_PLANNED && like > 0)
            left += (double)like;
        else if (record->status == STATUS_PLANNED)
            unknown++;
    }
    free(last);
    return (int64_t)(left + (known > 0 ? sum / (double)known * (double)unknown : 0));
}

/* "2 min 05 s", "40 s": nobody wants milliseconds of a guess. */
static void print_left(char *text, size_t bytes, int64_t ns)
{
    long seconds = (long)(ns / 1000000000);
    if (seconds >= 60)
        snprintf(text, bytes, "%ld min %02ld s left", seconds / 60, seconds % 60);
    else
        snprintf(text, bytes, "%ld s left", seconds);
}

static int columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

static void draw_bar(struct progress *progress, const struct run *run,
                     const struct trial_record *record, const char *left)
{
    char bar[BAR_CELLS + 1], line[256];
    size_t filled = progress->done * BAR_CELLS / progress->total;
    memset(bar, '.', BAR_CELLS);
    memset(bar, '#', filled);
    bar[BAR_CELLS] = '\0';
    snprintf(line, sizeof line, "[%s] %zu of %zu, %s  (%s under %s)", bar, progress->done,
             progress->total, left, run->workloads[record->key.workload].label,
             run->allocators[record->key.allocator].name);
    fprintf(stderr, "\r%.*s\033[K", columns() - 1, line);
    progress->drawn = true;
}

static void write_line(struct progress *progress, const char *left)
{
    size_t tenth = progress->done * TENTHS / progress->total;
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (tenth == progress->last_tenth && now - progress->last_line_ns < LINE_PERIOD_NS)
        return;
    progress->last_tenth = tenth;
    progress->last_line_ns = now;
    fprintf(stderr, "heapmark: %zu of %zu trials done, %s\n", progress->done, progress->total,
            left);
}

static void tell_failure(struct progress *progress, const struct run *run,
                         const struct trial_record *record)
{
    progress_clear(progress);
    fprintf(stderr, "heapmark: %s under %s, %s pass: %s: %s\n",
            run->workloads[record->key.workload].label, run->allocators[record->key.allocator].name,
            pass_name(record->key.pass), trial_status_name(record->status), record->detail);
}

void progress_step(void *argument, const struct run *run, const struct trial_record *record,
                   size_t done)
{
    struct progress *progress = argument;
    char left[64];
    bool given_up = record->status == STATUS_SKIPPED &&
                    strncmp(record->detail, "not tried again", strlen("not tried again")) == 0;
    progress->done = done;
    if (record->status != STATUS_OK && !given_up)
        tell_failure(progress, run, record);
    if (progress->quiet)
        return;
    print_left(left, sizeof left, estimate_left_ns(run));
    if (progress->terminal)
        draw_bar(progress, run, record, left);
    else
        write_line(progress, left);
}
