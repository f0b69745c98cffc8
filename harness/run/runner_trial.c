/* A trial in the runner; see runner_trial.h. */
#include "runner_trial.h"

#include "callgrind.h"
#include "latency_read.h"
#include "message.h"
#include "trial_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COUNTED_LAPS = 5,   /* timed laps of a trial under callgrind, which is 35 to 250 times slower */
    TURNS_SLOWDOWN = 2, /* the other works meanwhile */
    COUNTED_SLOWDOWN = 10, /* its time limit, relative to the others' */
};
#define SETTLE_NS UINT64_C(200000000) /* the wait before 'settled' */

/* Share of a live peak that the inspection pass stops at when several threads make the peak: how
 * they interleave differs from trial to trial, so it may not be reached again to the byte. */
#define PEAK_SHARE_THREADS 0.95

/* The highest live peak: of the trace, or what a timed trial of the cell has shown so far; 0:
 * none. */
static int64_t known_live_peak(struct conducting *conducting, const struct trial_key *key)
{
    const struct run *run = conducting->given->run;
    const struct replay *replay = recordings_find(conducting->given->recordings, key->workload);
    int64_t peak = replay != NULL ? replay->head.live_peak_bytes : 0;
    pthread_mutex_lock(&conducting->lock);
    for (size_t i = 0; i < run->trial_count && replay == NULL; i++) {
        const struct trial_record *record = &run->trials[i];
        if (record->key.pass == PASS_TIMED && same_cell(&record->key, key) &&
            record->status == STATUS_OK && record->live_peak_bytes > peak)
            peak = record->live_peak_bytes;
    }
    pthread_mutex_unlock(&conducting->lock);
    if (run->workloads[key->workload].threads > 1)
        peak = (int64_t)((double)peak * PEAK_SHARE_THREADS);
    return peak;
}

/* How threads interleave differs from trial to trial, and only the ends of laps and samples show
 * what several of them hold; the trace knows it for its own order. */
static void tell_live_peak(const struct replay *replay, struct trial_record *record)
{
    if (replay != NULL && record->status == STATUS_OK && replay->head.threads > 1)
        record->live_peak_bytes = replay->head.live_peak_bytes;
}

struct child_spec runner_trial_spec(struct conducting *conducting,
                                    const struct trial_record *record)
{
    const struct conduct *given = conducting->given;
    const struct run *run = given->run;
    const struct replay *replay = recordings_find(given->recordings, record->key.workload);
    bool inspect = record->key.pass == PASS_INSPECT;
    return (struct child_spec){
        .paths = given->paths,
        .workload = &run->workloads[record->key.workload],
        .allocator = &run->allocators[record->key.allocator],
        .seed = run->seed,
        .memory_limit_bytes = (uint64_t)run->memory_limit_bytes,
        .peak_live_bytes = inspect ? known_live_peak(conducting, &record->key) : 0,
        .settle_ns = inspect ? SETTLE_NS : 0,
        .pad_bytes = conduct_pad_bytes(run, record->key.block),
        .script = replay != NULL ? replay->descriptor : 0,
        .inspect = inspect,
        .count_events = record->key.pass == PASS_TIMED && run_find_fact(run, COUNTERS_FACT) != NULL,
    };
}

static int64_t slowdown(const struct child_spec *spec)
{
    if (spec->counts > 0)
        return COUNTED_SLOWDOWN;
    return spec->turns > 0 ? TURNS_SLOWDOWN : 1;
}

void runner_trial_watch(struct conducting *conducting, const struct child_spec *spec,
                        struct trial_record *record)
{
    const struct conduct *given = conducting->given;
    const struct run *run = given->run;
    struct trial_watch_options options = {
        .allocator = spec->allocator,
        .step_ns = record->key.pass == PASS_TIMED ? run->sample_step_ns : 0,
        .time_limit_ns = run->time_limit_ns * slowdown(spec),
        .interrupted = given->interrupted,
    };
    struct child child;
    if (child_start(&child, spec, record->detail) < 0) {
        record->status = STATUS_FAILED;
        return;
    }
    /* Of this thread; others may be at it, too. */
    struct cpus cpus = conducting->cpus;
    if (spec->cpu >= 0)
        cpus_keep_off(spec->turns > 0 ? &cpus : &conducting->cpus);
    trial_watch(&child, &options, record);
    if (!spec->inspect)
        tell_live_peak(recordings_find(given->recordings, record->key.workload), record);
    if (spec->latency > 0 && record->status == STATUS_OK &&
        latency_read(spec->latency, child.page, record) < 0)
        record->status = STATUS_FAILED;
    child_end(&child);
}

/* Calls in the latency pass, requests in both, as the runner finds right. */
static int time_it(struct conducting *conducting, struct child_spec *spec,
                   const struct trial_record *record)
{
    const struct run *run = conducting->given->run;
    if (record->key.pass != PASS_TIMED && record->key.pass != PASS_LATENCY)
        return 0;
    if (record->key.pass == PASS_LATENCY) {
        const char *gap = run_find_fact(run, LATENCY_GAP_FACT);
        spec->latency_gap = gap != NULL ? (uint32_t)strtoul(gap, NULL, 10) : LATENCY_GAP_DEFAULT;
        /* Other calls in each block, the same under all allocators of a block. */
        spec->latency_seed = run->order_seed + record->key.block;
    }
    spec->time_requests = true;
    spec->latency = latency_file_open();
    return spec->latency < 0 ? -1 : 0;
}

static int attempt(struct conducting *conducting, struct trial_record *record, int cpu, bool trace)
{
    struct child_spec spec = runner_trial_spec(conducting, record);
    spec.cpu = cpu;
    spec.trace = trace;
    if (time_it(conducting, &spec, record) < 0) {
        record->status = STATUS_FAILED;
        return message_set(record->detail, "cannot set up a trial: %s", strerror(errno));
    }
    runner_trial_watch(conducting, &spec, record);
    if (spec.latency > 0)
        close(spec.latency);
    return record->checkpoints[CHECKPOINT_START].reached ? 0 : -1;
}

void runner_trial(struct conducting *conducting, struct trial_record *record, int cpu)
{
    bool trace = record->key.pass == PASS_INSPECT &&
                 atomic_load_explicit(&conducting->trace, memory_order_relaxed);
    int started = attempt(conducting, record, cpu, trace);
    if (started == 0 || !trace || *conducting->given->interrupted)
        return;
    /* strace is there but may not trace (a container without ptrace): what else the pass looks
     * at does not need it. */
    struct trial_record again;
    trial_record_init(&again);
    again.key = record->key;
    again.id = record->id;
    trial_record_release(record);
    *record = again;
    if (attempt(conducting, record, cpu, false) == 0)
        atomic_store_explicit(&conducting->trace, false, memory_order_relaxed);
}

/* callgrind's own memory and time are nobody's. */
static void keep_counts(struct trial_record *record, int64_t instructions)
{
    struct trial_record counted;
    trial_record_init(&counted);
    counted.key = record->key;
    counted.id = record->id;
    counted.status = record->status;
    memcpy(counted.detail, record->detail, sizeof counted.detail);
    memcpy(counted.malloc_file, record->malloc_file, sizeof counted.malloc_file);
    counted.started_ns = record->started_ns;
    counted.elapsed_ns = record->elapsed_ns;
    counted.threads = record->threads;
    counted.operations = record->operations;
    counted.instructions = instructions;
    trial_record_release(record);
    *record = counted;
}

static bool cannot_count(const struct conducting *conducting, struct trial_record *record)
{
    const struct workload_spec *workload = &conducting->given->run->workloads[record->key.workload];
    char missing[64];
    if (workload->threads > 1)
        message_set(record->detail,
                    "instructions not counted: with %u threads, what they wait for "
                    "would be counted, too; threads=1 can be",
                    workload->threads);
    else if (program_missing(&(struct program){.needs = (char[]){"valgrind"}}, missing))
        message_set(record->detail, "instructions not counted: valgrind is not installed: apt-get "
                                    "install valgrind");
    else
        return false;
    record->status = STATUS_SKIPPED;
    return true;
}

void runner_trial_count(struct conducting *conducting, struct trial_record *record)
{
    struct child_spec spec = runner_trial_spec(conducting, record);
    if (cannot_count(conducting, record))
        return;
    spec.cpu = -1;
    spec.pad_bytes = 0; /* every trial alike */
    spec.memory_limit_bytes = 0;
    spec.count_laps = COUNTED_LAPS;
    spec.counts = callgrind_file_open();
    if (spec.counts < 0) {
        record->status = STATUS_FAILED;
        message_set(record->detail, "cannot set up a trial: %s", strerror(errno));
        return;
    }
    runner_trial_watch(conducting, &spec, record);
    int64_t counted = record->status == STATUS_OK ? callgrind_instructions(spec.counts) : -1;
    close(spec.counts);
    if (record->status == STATUS_OK && counted <= 0 && record->operations > 0) {
        record->status = STATUS_FAILED;
        message_set(record->detail, "callgrind has counted nothing: heapmark-runner must not be "
                                    "stripped of its symbols");
    }
    keep_counts(record, record->status == STATUS_OK ? counted : MEASURE_NONE);
}
