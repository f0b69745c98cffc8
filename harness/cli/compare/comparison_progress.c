/* How far a comparison is; see comparison_progress.h. */
#include "comparison_progress.h"

#include "clock.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_DEFAULT = 80, LINE_BYTES = 256 };
#define LINE_PERIOD_NS INT64_C(15000000000) /* a sign of life in a log at least that often */
#define NS_PER_SECOND  INT64_C(1000000000)

void comparison_progress_init(struct comparison_progress *progress, bool quiet)
{
    *progress = (struct comparison_progress){
        .terminal = isatty(STDERR_FILENO),
        .quiet = quiet,
        .last_line_ns = clock_ns(CLOCK_MONOTONIC),
    };
}

void comparison_progress_clear(struct comparison_progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}

static int columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

static void tell_failure(struct comparison_progress *progress, const struct comparison *comparison,
                         const struct trial_record *record)
{
    const struct run *run = comparison->run;
    comparison_progress_clear(progress);
    fprintf(stderr, "heapmark compare: %s under %s, %s pass: %s: %s\n",
            run->workloads[record->key.workload].label, run->allocators[record->key.allocator].name,
            pass_name(record->key.pass), trial_status_name(record->status), record->detail);
}

/* "3 of 5 settled; webserver: 12 pairs, next look at 20; 41 s" */
static void make_line(char line[LINE_BYTES], const struct comparison *comparison,
                      const struct trial_record *record, int64_t now_ns)
{
    const struct compare_workload *workload = &comparison->workload[record->key.workload];
    const struct verdict_rules *rules = &comparison->rules.verdict;
    size_t look = 0;
    while (look + 1 < rules->look_count && rules->looks[look] <= workload->pairs)
        look++;
    snprintf(line, LINE_BYTES, "%zu of %zu settled; %s: %zu pairs, looks at %zu; %lld s",
             comparison_settled(comparison), comparison->workloads, workload->spec->label,
             workload->pairs, rules->looks[look],
             (long long)((now_ns - comparison->started_ns) / NS_PER_SECOND));
}

void comparison_progress_step(struct comparison_progress *progress,
                              const struct comparison *comparison,
                              const struct trial_record *record)
{
    char line[LINE_BYTES];
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    size_t settled = comparison_settled(comparison);
    if (record->status != STATUS_OK)
        tell_failure(progress, comparison, record);
    if (progress->quiet)
        return;
    make_line(line, comparison, record, now_ns);
    if (progress->terminal) {
        fprintf(stderr, "\r%.*s\033[K", columns() - 1, line);
        progress->drawn = true;
    } else if (settled != progress->told || now_ns - progress->last_line_ns >= LINE_PERIOD_NS) {
        fprintf(stderr, "heapmark compare: %s\n", line);
        progress->told = settled;
        progress->last_line_ns = now_ns;
    }
}
