/* Watches one trial from outside; see trial_watch.h. */
#include "trial_watch.h"

#include "clock.h"
#include "event_counts.h"
#include "last_words.h"
#include "message.h"
#include "proc.h"
#include "tally.h"
#include "timeline.h"
#include "trace_log.h"
#include "trial_end.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a full pipe holds (1 MiB at most, pipe(7)), in the smallest pieces that we read. */
enum { READS_AT_END_MAXIMUM = (1 << 20) / LAST_WORDS_PIECE_BYTES };

/* A signal that comes between looking for it and waiting is noticed that much later. */
#define LOOK_PERIOD_NS INT64_C(100000000)

/* A wait lasts LOOK_PERIOD_NS at most; who is away longer was stopped. */
#define ABSENCE_NS INT64_C(1000000000)

/* What is counted from the start checkpoint to the end checkpoint. */
struct counters {
    int64_t minor_faults, major_faults;
    int64_t voluntary_switches, involuntary_switches;
    int64_t run_delay_ns, steal_ticks;
};

struct watch {
    struct child *child;
    const struct trial_watch_options *options;
    struct trial_record *record;
    struct timeline timeline;
    struct trace_log trace;
    struct counters at_start;
    int64_t deadline_ns;
    int64_t started_ns;     /* the start checkpoint; 0 before it */
    int64_t next_sample_ns; /* 0: not sampling */
    int64_t sampled_live_peak_bytes;
    int64_t mean_overhead_ppm; /* from the start to the end checkpoint */
    int statm;                 /* /proc/PID/statm, -1 before the start */
    bool hwm_reset;            /* VmHWM counts from the start checkpoint */
    bool timed_out, gone;
    siginfo_t exited;
    struct last_words words; /* of its standard error */
};

static pid_t runner_pid(const struct watch *watch)
{
    return atomic_load_explicit(&watch->child->page->pid, memory_order_relaxed);
}

static int64_t live_bytes(const struct trial_page *page)
{
    unsigned threads = page->threads <= TRIAL_THREADS_MAXIMUM ? page->threads : 0;
    int64_t live = 0;
    for (unsigned i = 0; i < threads; i++) {
        const struct tally *tally = (const void *)page->worker[i];
        live += atomic_load_explicit(&tally->live_bytes, memory_order_relaxed);
    }
    return live;
}

/* The timed lap that is running, from 1; 0: none. At the end checkpoint it is still the last. */
static int64_t running_lap(const struct trial_page *page)
{
    if (atomic_load_explicit(&page->phase, memory_order_relaxed) != PHASE_LAPS)
        return 0;
    unsigned done = atomic_load_explicit(&page->laps_done, memory_order_relaxed);
    return done < page->laps ? done + 1 : page->laps;
}

static void read_counters(pid_t pid, struct counters *counters)
{
    if (proc_read_faults(pid, &counters->minor_faults, &counters->major_faults) < 0)
        counters->minor_faults = counters->major_faults = MEASURE_NONE;
    if (proc_read_switches(pid, &counters->voluntary_switches, &counters->involuntary_switches) < 0)
        counters->voluntary_switches = counters->involuntary_switches = MEASURE_NONE;
    int64_t run_delay_ns = proc_read_run_delay_ns(pid), steal_ticks = proc_read_steal_ticks();
    counters->run_delay_ns = run_delay_ns >= 0 ? run_delay_ns : MEASURE_NONE;
    counters->steal_ticks = steal_ticks >= 0 ? steal_ticks : MEASURE_NONE;
}

/* The proof of injection: the object that serves malloc in this very process is the file that
 * the probe found the allocator to be. */
static bool injected(struct watch *watch)
{
    const struct trial_page *page = watch->child->page;
    const struct allocator *allocator = watch->options->allocator;
    struct trial_record *record = watch->record;
    struct stat expected, found;
    char reported[sizeof page->malloc_file + 1] = "", resolved[PATH_MAX];
    memcpy(reported, page->malloc_file, sizeof page->malloc_file);
    const char *owner = realpath(reported, resolved) != NULL ? resolved : reported;
    size_t length = strnlen(owner, sizeof record->malloc_file - 1);
    memcpy(record->malloc_file, owner, length);
    record->malloc_file[length] = '\0';
    bool own = stat(allocator->file, &expected) == 0 && stat(record->malloc_file, &found) == 0 &&
               expected.st_dev == found.st_dev && expected.st_ino == found.st_ino;
    if (own && page->interposed[0] == '\0')
        return true;
    record->status = STATUS_NOT_INJECTED;
    if (own)
        message_set(record->detail,
                    "what heapmark measures with is replaced, too: %.200s; leave it to libc",
                    page->interposed);
    else
        message_set(record->detail, "malloc was served by %.200s instead of %.200s",
                    record->malloc_file[0] != '\0' ? record->malloc_file : "an unknown object",
                    allocator->file);
    return false;
}

static void take_report(const struct checkpoint_report *report, struct checkpoint_record *record)
{
    record->live_bytes = report->live_bytes;
    record->live_blocks = report->live_blocks >= 0 ? report->live_blocks : MEASURE_NONE;
    record->usable_bytes = report->usable_bytes >= 0 ? report->usable_bytes : MEASURE_NONE;
    record->heap_free_bytes = report->heap_free_bytes >= 0 ? report->heap_free_bytes : MEASURE_NONE;
    record->heap_largest_free_bytes =
        report->heap_largest_free_bytes >= 0 ? report->heap_largest_free_bytes : MEASURE_NONE;
}

static int64_t grown(int64_t now, int64_t before)
{
    return now == MEASURE_NONE || before == MEASURE_NONE ? MEASURE_NONE : now - before;
}

static void start_of_work(struct watch *watch, pid_t pid)
{
    if (!injected(watch)) {
        kill(-watch->child->pid, SIGKILL);
        return;
    }
    watch->hwm_reset = proc_reset_hwm(pid) == 0; /* the set-up's peak is not the allocator's */
    watch->statm = proc_open_statm(pid);
    read_counters(pid, &watch->at_start);
    watch->started_ns = clock_ns(CLOCK_MONOTONIC);
    if (watch->options->step_ns > 0)
        watch->next_sample_ns = watch->started_ns;
}

static void end_of_work(struct watch *watch, pid_t pid)
{
    struct counters end;
    struct trial_record *record = watch->record;
    read_counters(pid, &end);
    const struct counters *start = &watch->at_start;
    record->minor_faults = grown(end.minor_faults, start->minor_faults);
    record->major_faults = grown(end.major_faults, start->major_faults);
    record->voluntary_switches = grown(end.voluntary_switches, start->voluntary_switches);
    record->involuntary_switches = grown(end.involuntary_switches, start->involuntary_switches);
    record->run_delay_ns = grown(end.run_delay_ns, start->run_delay_ns);
    record->steal_ticks = grown(end.steal_ticks, start->steal_ticks);
}

static void sample_now(struct watch *watch)
{
    int64_t rss = proc_read_rss_bytes(watch->statm);
    int64_t live = live_bytes(watch->child->page);
    if (rss < 0)
        return;
    if (live > watch->sampled_live_peak_bytes)
        watch->sampled_live_peak_bytes = live;
    struct timeline_point point = {clock_ns(CLOCK_MONOTONIC) - watch->started_ns, live, rss,
                                   running_lap(watch->child->page)};
    if (timeline_add(&watch->timeline, point) < 0)
        watch->next_sample_ns = 0; /* the trial matters more than its curve */
}

static void meet(struct watch *watch, enum checkpoint checkpoint)
{
    pid_t pid = runner_pid(watch);
    struct checkpoint_record *record = &watch->record->checkpoints[checkpoint];
    if (checkpoint == CHECKPOINT_END)
        end_of_work(watch, pid);
    record->reached = true;
    proc_read_status(pid, record);
    proc_read_smaps_rollup(pid, record);
    take_report(&watch->child->page->report[checkpoint], record);
    if (checkpoint == CHECKPOINT_START)
        start_of_work(watch, pid);
    else if (watch->next_sample_ns != 0)
        sample_now(watch);
    /* How long the drain takes, and so how many samples it gives, is the allocator's speed. */
    const struct checkpoint_record *start = &watch->record->checkpoints[CHECKPOINT_START];
    if (checkpoint == CHECKPOINT_END && start->vm_rss_bytes != MEASURE_NONE)
        watch->mean_overhead_ppm =
            timeline_mean_overhead_ppm(&watch->timeline, start->vm_rss_bytes);
}

static void take_channel(struct watch *watch)
{
    unsigned char byte;
    ssize_t got = read(watch->child->channel, &byte, 1);
    if (got < 0 && errno == EINTR)
        return;
    if (got <= 0) { /* the runner is about to go; its pidfd tells when */
        close(watch->child->channel);
        watch->child->channel = -1;
        return;
    }
    if (byte < CHECKPOINT_COUNT)
        meet(watch, (enum checkpoint)byte);
    if (byte < CHECKPOINT_COUNT && watch->options->at_checkpoint != NULL)
        watch->options->at_checkpoint(watch->options->argument, watch->child,
                                      (enum checkpoint)byte);
    if (byte == TRIAL_MAP_STOP && watch->options->map_stop != NULL)
        watch->options->map_stop(watch->options->argument, watch->child);
    /* Fails only when the runner is dead, or reads no answers and so is none of ours: its pidfd or
     * the time limit ends the trial. */
    (void)send(watch->child->channel, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void take_errors(struct watch *watch)
{
    char piece[LAST_WORDS_PIECE_BYTES];
    ssize_t got = read(watch->child->errors, piece, sizeof piece);
    if (got > 0)
        last_words_add(&watch->words, piece, (size_t)got);
    if (got == 0) {
        close(watch->child->errors);
        watch->child->errors = -1;
    }
}

static void take_trace(struct watch *watch)
{
    char piece[16384];
    ssize_t got = read(watch->child->trace, piece, sizeof piece);
    if (got > 0)
        trace_log_take(&watch->trace, piece, (size_t)got);
    if (got == 0) {
        close(watch->child->trace);
        watch->child->trace = -1;
    }
}

/* The process has ended: what it left in the pipes, and its status. It stays unreaped, so that
 * its process group can still be named by child_end. */
static void take_end(struct watch *watch)
{
    struct pollfd rest[2];
    /* A process that it left behind may write without end, and must not hold us here. */
    for (int reads = 0; reads < READS_AT_END_MAXIMUM; reads++) {
        rest[0] = (struct pollfd){.fd = watch->child->errors, .events = POLLIN};
        rest[1] = (struct pollfd){.fd = watch->child->trace, .events = POLLIN};
        if (poll(rest, 2, 0) <= 0)
            break;
        if (rest[0].revents != 0)
            take_errors(watch);
        if (rest[1].revents != 0)
            take_trace(watch);
    }
    while (waitid(P_PID, (id_t)watch->child->pid, &watch->exited, WEXITED | WNOWAIT) < 0 &&
           errno == EINTR)
        continue;
    watch->gone = true;
}

static void wait_for_events(struct watch *watch)
{
    struct child *child = watch->child;
    struct pollfd polled[] = {
        {.fd = child->channel, .events = POLLIN},
        {.fd = child->pidfd,   .events = POLLIN},
        {.fd = child->errors,  .events = POLLIN},
        {.fd = child->trace,   .events = POLLIN},
    };
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    int64_t until = now + LOOK_PERIOD_NS;
    if (watch->deadline_ns < until)
        until = watch->deadline_ns;
    if (watch->next_sample_ns != 0 && watch->next_sample_ns < until)
        until = watch->next_sample_ns;
    int64_t wait = until > now ? until - now : 0;
    struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
    if (ppoll(polled, sizeof polled / sizeof polled[0], &timeout, NULL) <= 0)
        return;
    if (polled[0].revents != 0)
        take_channel(watch);
    if (polled[2].revents != 0)
        take_errors(watch);
    if (polled[3].revents != 0)
        take_trace(watch);
    if (polled[1].revents != 0)
        take_end(watch);
}

/* While the harness was stopped (Ctrl-Z, SIGSTOP) or starved, its trial may have stood waiting for
 * it; that time does not count against the limit. */
static void forgive_absence(struct watch *watch, int64_t away_ns)
{
    if (away_ns > ABSENCE_NS && !watch->timed_out)
        watch->deadline_ns += away_ns;
}

static void follow(struct watch *watch)
{
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    while (!watch->gone) {
        wait_for_events(watch);
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        forgive_absence(watch, now - before);
        before = now;
        if (watch->next_sample_ns != 0 && now >= watch->next_sample_ns) {
            sample_now(watch);
            while (watch->next_sample_ns <= now) /* a late sample is not made up for */
                watch->next_sample_ns += watch->timeline.step_ns;
        }
        if (now >= watch->deadline_ns && !watch->timed_out && !watch->gone) {
            watch->timed_out = true;
            watch->deadline_ns = INT64_MAX;
            kill(-watch->child->pid, SIGKILL);
        }
        if (*watch->options->interrupted)
            kill(-watch->child->pid, SIGKILL);
    }
}

/* Returns -1 when they are not all there. */
static int take_laps(const struct trial_page *page, struct trial_record *record)
{
    unsigned laps = page->laps;
    if (laps == 0 || laps > TRIAL_LAPS_MAXIMUM ||
        atomic_load_explicit(&page->laps_done, memory_order_relaxed) != laps)
        return message_set(record->detail, "it says that it is done, but not with its laps");
    record->lap = calloc(laps, sizeof *record->lap);
    if (record->lap == NULL)
        return message_set(record->detail, "heapmark itself is out of memory");
    record->wall_ns = record->cpu_ns = record->operations = 0;
    record->laps = 0;
    record->threads = page->threads;
    record->lockstep = page->turn_laps > 0 ? 1 : MEASURE_NONE;
    for (unsigned i = 0; i < laps; i++) {
        const struct lap_record *lap = &page->lap[i];
        if (page->turn_laps > 0 && i % page->turn_laps < page->turn_lead)
            continue;
        record->lap[record->laps++] =
            (struct lap_sample){(int64_t)lap->wall_ns, (int64_t)lap->cpu_ns,
                                (int64_t)lap->operations};
        record->wall_ns += (int64_t)lap->wall_ns;
        record->cpu_ns += (int64_t)lap->cpu_ns;
        record->operations += (int64_t)lap->operations;
    }
    return 0;
}

static void take_measures(struct watch *watch)
{
    const struct trial_page *page = watch->child->page;
    struct trial_record *record = watch->record;
    const struct checkpoint_record *start = &record->checkpoints[CHECKPOINT_START];
    const struct checkpoint_record *end = &record->checkpoints[CHECKPOINT_END];
    record->startup_ns = (int64_t)page->ready_ns - watch->child->launched_ns;
    record->live_peak_bytes = page->live_peak_bytes;
    if (page->threads > 1 && watch->sampled_live_peak_bytes > record->live_peak_bytes)
        record->live_peak_bytes = watch->sampled_live_peak_bytes;
    if (page->live_peak_usable_bytes >= 0)
        record->live_peak_usable_bytes = page->live_peak_usable_bytes;
    /* The kernel raises VmHWM from counters that it batches by CPU, so that memory which is soon
     * given back can pass it by; what was seen at a sample or checkpoint was there. Where VmHWM
     * could not be set back, it is known to be of this work only if it has risen. */
    record->rss_peak_bytes = watch->timeline.rss_peak_bytes;
    if (end->vm_rss_bytes > record->rss_peak_bytes)
        record->rss_peak_bytes = end->vm_rss_bytes;
    if ((watch->hwm_reset || end->vm_hwm_bytes > start->vm_hwm_bytes) &&
        end->vm_hwm_bytes > record->rss_peak_bytes)
        record->rss_peak_bytes = end->vm_hwm_bytes;
    record->rss_peak_growth_bytes = grown(record->rss_peak_bytes, start->vm_rss_bytes);
    record->mean_overhead_ppm = watch->mean_overhead_ppm;
}

void trial_watch(struct child *child, const struct trial_watch_options *options,
                 struct trial_record *record)
{
    struct watch watch = {
        .child = child,
        .options = options,
        .record = record,
        .mean_overhead_ppm = MEASURE_NONE,
        .statm = -1,
        .deadline_ns = child->launched_ns + options->time_limit_ns,
    };
    record->started_ns = clock_ns(CLOCK_REALTIME);
    bool traced = child->trace >= 0;
    timeline_init(&watch.timeline, options->step_ns);
    trace_log_init(&watch.trace, true);

    follow(&watch);
    record->elapsed_ns = clock_ns(CLOCK_MONOTONIC) - child->launched_ns;
    if (*options->interrupted) {
        record->status = STATUS_PLANNED;
    } else {
        struct trial_end end = {child->page, &watch.exited, watch.words.text,
                                options->time_limit_ns, watch.timed_out};
        trial_end_judge(&end, record);
    }
    if (record->status == STATUS_OK && take_laps(child->page, record) < 0)
        record->status = STATUS_FAILED;
    if (record->status == STATUS_OK) {
        if (child->page->count_events)
            event_counts_take(child->page, record);
        take_measures(&watch);
        timeline_give(&watch.timeline, record);
        if (traced)
            record->syscalls = watch.trace.counts;
    }
    timeline_release(&watch.timeline);
    if (watch.statm >= 0)
        close(watch.statm);
}
