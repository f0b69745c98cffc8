/* Conducts a run; see conduct.h. */
#include "conduct.h"

#include "callgrind.h"
#include "child.h"
#include "cpus.h"
#include "descriptor.h"
#include "facts.h"
#include "fixed_files.h"
#include "latency_read.h"
#include "lockstep.h"
#include "message.h"
#include "program_trial.h"
#include "trial_watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PAD_BYTES_MAXIMUM = 4096, /* one page of stack positions */
    THREADS_AT_ONCE_MAXIMUM = 8,
    COUNTED_LAPS = 5,   /* timed laps of a trial under callgrind, which is 35 to 250 times slower */
    TURNS_SLOWDOWN = 2, /* the other works meanwhile */
    COUNTED_SLOWDOWN = 10, /* its time limit, relative to the others' */
};
#define SETTLE_NS UINT64_C(200000000) /* the wait before 'settled' */

/* Share of a live peak that the inspection pass stops at when several threads make the peak: how
 * they interleave differs from trial to trial, so it may not be reached again to the byte. */
#define PEAK_SHARE_THREADS 0.95

struct conducting {
    const struct conduct *given;
    struct cpus cpus;
    struct fixed_files fixed;
    struct program_session **sessions; /* by workload; NULL: not opened */
    atomic_bool trace;                 /* strace works here; relaxed: a hint */
    pthread_mutex_t lock;              /* guards what follows, the store, and the run's records */
    size_t next, end;                  /* trials that the inspecting threads still have to take */
    size_t done;
    bool failed;
    char *message;
};

/* A number that depends on the block alone: all allocators of a block get the same pad. */
static unsigned pad_of_block(const struct run *run, unsigned block)
{
    uint64_t z = run->order_seed + (block + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (unsigned)((z >> 40) % PAD_BYTES_MAXIMUM);
}

static bool same_cell(const struct trial_key *a, const struct trial_key *b)
{
    return a->workload == b->workload && a->allocator == b->allocator;
}

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

/* The trial for whose failure the cell has been given up, or NULL. */
static const struct trial_record *earlier_failure(const struct run *run,
                                                  const struct trial_key *key)
{
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *record = &run->trials[i];
        /* What cannot be counted can be measured all the same. */
        if (same_cell(&record->key, key) && record->status != STATUS_PLANNED &&
            record->status != STATUS_OK && record->key.pass != PASS_INSTRUCTIONS)
            return record;
    }
    return NULL;
}

/* ---- one trial in the runner ----------------------------------------------------- */

/* How threads interleave differs from trial to trial, and only the ends of laps and samples show
 * what several of them hold; the trace knows it for its own order. */
static void tell_live_peak(const struct replay *replay, struct trial_record *record)
{
    if (replay != NULL && record->status == STATUS_OK && replay->head.threads > 1)
        record->live_peak_bytes = replay->head.live_peak_bytes;
}

static struct child_spec describe_child(struct conducting *conducting,
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
        .pad_bytes = pad_of_block(run, record->key.block),
        .script = replay != NULL ? replay->descriptor : 0,
        .inspect = inspect,
        .count_events = record->key.pass == PASS_TIMED && facts_find(run, COUNTERS_FACT) != NULL,
    };
}

static int64_t slowdown(const struct child_spec *spec)
{
    if (spec->counts > 0)
        return COUNTED_SLOWDOWN;
    return spec->turns > 0 ? TURNS_SLOWDOWN : 1;
}

static void watch_child(struct conducting *conducting, const struct child_spec *spec,
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
        const char *gap = facts_find(run, LATENCY_GAP_FACT);
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
    struct child_spec spec = describe_child(conducting, record);
    spec.cpu = cpu;
    spec.trace = trace;
    if (time_it(conducting, &spec, record) < 0) {
        record->status = STATUS_FAILED;
        return message_set(record->detail, "cannot set up a trial: %s", strerror(errno));
    }
    watch_child(conducting, &spec, record);
    if (spec.latency > 0)
        close(spec.latency);
    return record->checkpoints[CHECKPOINT_START].reached ? 0 : -1;
}

static void runner_trial(struct conducting *conducting, struct trial_record *record, int cpu)
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

static void counting_trial(struct conducting *conducting, struct trial_record *record)
{
    struct child_spec spec = describe_child(conducting, record);
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
    watch_child(conducting, &spec, record);
    int64_t counted = record->status == STATUS_OK ? callgrind_instructions(spec.counts) : -1;
    close(spec.counts);
    if (record->status == STATUS_OK && counted <= 0 && record->operations > 0) {
        record->status = STATUS_FAILED;
        message_set(record->detail, "callgrind has counted nothing: heapmark-runner must not be "
                                    "stripped of its symbols");
    }
    keep_counts(record, record->status == STATUS_OK ? counted : MEASURE_NONE);
}

/* What would otherwise look as if there were nothing to count. */
static void tell_uncounted(struct trial_record *record)
{
    if (record->key.pass == PASS_INSPECT && record->status == STATUS_OK &&
        !record->syscalls.counted && record->detail[0] == '\0')
        message_set(record->detail, "system calls not counted: strace is not installed (apt-get "
                                    "install strace) or may not trace here");
}

/* ---- programs ---------------------------------------------------------------- */

static struct program_session *session_of(struct conducting *conducting,
                                          struct trial_record *record)
{
    const struct conduct *given = conducting->given;
    struct program_session **session = &conducting->sessions[record->key.workload];
    const struct program *program =
        program_find(given->programs, given->run->workloads[record->key.workload].name);
    if (*session != NULL)
        return *session;
    record->status = STATUS_FAILED;
    if (program == NULL) {
        message_set(record->detail, "this program's stanza is gone from %s", given->paths->stanzas);
        return NULL;
    }
    *session = calloc(1, sizeof **session);
    if (*session != NULL &&
        program_session_open(*session, program, given->paths, record->detail) == 0)
        return *session;
    free(*session);
    *session = NULL;
    return NULL;
}

static void run_program(struct conducting *conducting, struct trial_record *record)
{
    const struct run *run = conducting->given->run;
    struct program_options options = {
        .time_limit_ns = run->time_limit_ns,
        .memory_limit_bytes = run->memory_limit_bytes,
        .sample_step_ns = run->sample_step_ns,
        .pad_bytes = pad_of_block(run, record->key.block),
        .interrupted = conducting->given->interrupted,
    };
    struct program_session *session = session_of(conducting, record);
    if (session != NULL)
        program_trial(session, &run->allocators[record->key.allocator], &options, record);
}

/* ---- the loop ---------------------------------------------------------------- */

/* Stores the outcome, puts it in its place in the run and tells of it; an interrupted trial stays
 * planned and is not stored. */
static void finish(struct conducting *conducting, struct trial_record *planned,
                   struct trial_record *outcome)
{
    const struct conduct *given = conducting->given;
    pthread_mutex_lock(&conducting->lock);
    if (outcome->status != STATUS_PLANNED && !conducting->failed) {
        if (store_put_trial(given->store, given->run, outcome) < 0) {
            conducting->failed = true;
            message_set(conducting->message, "%s", store_message(given->store));
        } else {
            *planned = *outcome;
            conducting->done++;
            given->progress(given->argument, given->run, planned, conducting->done);
            /* Laps and timeline are the store's from here on: a long run must not pile them up. */
            trial_record_release(planned);
            *outcome = *planned;
        }
    }
    trial_record_release(outcome);
    pthread_mutex_unlock(&conducting->lock);
}

static bool stopped(struct conducting *conducting)
{
    pthread_mutex_lock(&conducting->lock);
    bool failed = conducting->failed;
    pthread_mutex_unlock(&conducting->lock);
    return failed || *conducting->given->interrupted;
}

static bool give_up(struct conducting *conducting, struct trial_record *record)
{
    const struct run *run = conducting->given->run;
    pthread_mutex_lock(&conducting->lock);
    const struct trial_record *failure = earlier_failure(run, &record->key);
    if (failure != NULL)
        record->status = STATUS_SKIPPED;
    if (failure != NULL && failure->status == STATUS_SKIPPED)
        message_set(record->detail, "%s", failure->detail);
    else if (failure != NULL)
        message_set(record->detail, "not tried again: %s in the %s pass of block %u",
                    trial_status_name(failure->status), pass_name(failure->key.pass),
                    failure->key.block);
    pthread_mutex_unlock(&conducting->lock);
    return failure != NULL;
}

/* No figure of a library or a runner that is not the one whose SHA-256 is stored. */
static void check_files(struct conducting *conducting, struct trial_record *record)
{
    const char *changed = record->status == STATUS_OK
                              ? fixed_files_changed(&conducting->fixed, record->key.allocator)
                              : NULL;
    if (changed == NULL)
        return;
    record->status = STATUS_FAILED;
    message_set(record->detail, "%s was replaced while the run was under way; begin a new run",
                changed);
}

/* The trial is recorded apart and takes its place in the run when it is whole, since others look
 * at the run meanwhile. */
static void take_trial(struct conducting *conducting, struct trial_record *planned, int cpu)
{
    const struct run *run = conducting->given->run;
    struct trial_record record;
    trial_record_init(&record);
    record.key = planned->key;
    record.id = planned->id;
    if (!give_up(conducting, &record)) {
        if (run->workloads[record.key.workload].kind == WORKLOAD_PROGRAM)
            run_program(conducting, &record);
        else if (record.key.pass == PASS_INSTRUCTIONS)
            counting_trial(conducting, &record);
        else
            runner_trial(conducting, &record, cpu);
        tell_uncounted(&record);
        check_files(conducting, &record);
    }
    finish(conducting, planned, &record);
}

static bool to_be_run(const struct conduct *given, const struct trial_record *record)
{
    /* It may have been run before this run was resumed. */
    return record->status == STATUS_PLANNED &&
           (given->wanted == NULL || given->wanted(given->argument, &record->key));
}

static struct trial_record *next_of_batch(struct conducting *conducting)
{
    pthread_mutex_lock(&conducting->lock);
    struct trial_record *record = NULL;
    while (conducting->next < conducting->end && record == NULL) {
        record = &conducting->given->run->trials[conducting->next++];
        if (!to_be_run(conducting->given, record))
            record = NULL;
    }
    pthread_mutex_unlock(&conducting->lock);
    return record;
}

static void *work_off_batch(void *argument)
{
    struct conducting *conducting = argument;
    struct trial_record *record;
    while (!stopped(conducting) && (record = next_of_batch(conducting)) != NULL)
        take_trial(conducting, record, -1);
    return NULL;
}

static bool may_run_beside(const struct run *run, const struct trial_record *record)
{
    return record->key.pass != PASS_TIMED && record->key.pass != PASS_LATENCY &&
           run->workloads[record->key.workload].kind != WORKLOAD_PROGRAM;
}

/* Runs trials [next, end) on several threads; more than CPUs, since a pass mostly waits. */
static void run_batch(struct conducting *conducting)
{
    pthread_t threads[THREADS_AT_ONCE_MAXIMUM];
    unsigned wanted = 2 * conducting->cpus.count, started = 0;
    if (wanted > THREADS_AT_ONCE_MAXIMUM)
        wanted = THREADS_AT_ONCE_MAXIMUM;
    cpus_restore(&conducting->cpus);
    while (started < wanted &&
           pthread_create(&threads[started], NULL, work_off_batch, conducting) == 0)
        started++;
    if (started == 0)
        work_off_batch(conducting);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* ---- two in lockstep --------------------------------------------------------------- */

struct stepping {
    struct conducting *conducting;
    struct trial_record record;
    struct child_spec spec;
    struct turn_page *turns;
};

static void *step(void *argument)
{
    struct stepping *stepping = argument;
    watch_child(stepping->conducting, &stepping->spec, &stepping->record);
    /* However it has ended: the other must not wait for it. */
    lockstep_free(stepping->turns);
    return NULL;
}

/* The first in the plan's order, which was drawn by lot, has the first turn. */
static void step_both(struct conducting *conducting, struct stepping both[2])
{
    pthread_t threads[2];
    bool started[2];
    for (int side = 0; side < 2; side++) {
        started[side] = pthread_create(&threads[side], NULL, step, &both[side]) == 0;
        if (started[side])
            continue;
        both[side].record.status = STATUS_FAILED;
        message_set(both[side].record.detail, "cannot start a thread that watches it");
        lockstep_free(both[side].turns);
    }
    for (int side = 0; side < 2; side++) {
        if (started[side])
            pthread_join(threads[side], NULL);
        check_files(conducting, &both[side].record);
    }
}

/* Both trials of a pair; `planned` are their places. */
static void take_pair(struct conducting *conducting, struct trial_record *const planned[2], int cpu)
{
    const struct run *run = conducting->given->run;
    struct lockstep_turns turns = lockstep_turns_of(run, planned[0]->key.workload);
    struct stepping both[2];
    int descriptor;
    struct turn_page *page = lockstep_open(&descriptor);
    for (unsigned side = 0; side < 2; side++) {
        struct stepping *stepping = &both[side];
        *stepping = (struct stepping){.conducting = conducting, .turns = page};
        trial_record_init(&stepping->record);
        stepping->record.key = planned[side]->key;
        stepping->record.id = planned[side]->id;
        stepping->spec = describe_child(conducting, &stepping->record);
        stepping->spec.cpu = cpu;
        stepping->spec.turns = descriptor;
        stepping->spec.turn_side = side;
        stepping->spec.turn_laps = turns.laps;
        stepping->spec.turn_lead = turns.lead;
        if (page == NULL) {
            stepping->record.status = STATUS_FAILED;
            message_set(stepping->record.detail, "cannot set up a trial: %s", strerror(errno));
        }
    }
    if (page != NULL) {
        step_both(conducting, both);
        lockstep_close(page, descriptor);
    }
    for (int side = 0; side < 2; side++)
        finish(conducting, planned[side], &both[side].record);
}

/* The other trial of the row that takes turns with this one, or NULL. */
static struct trial_record *partner_of(const struct conducting *conducting,
                                       struct trial_record *record)
{
    const struct conduct *given = conducting->given;
    const struct run *run = given->run;
    struct trial_record *other = record + 1;
    if (given->lockstep == NULL || record->key.pass != PASS_TIMED ||
        other == run->trials + run->trial_count || other->key.pass != PASS_TIMED ||
        other->key.workload != record->key.workload || other->key.block != record->key.block ||
        run->workloads[record->key.workload].kind == WORKLOAD_PROGRAM)
        return NULL;
    if (earlier_failure(run, &record->key) != NULL || earlier_failure(run, &other->key) != NULL ||
        !to_be_run(given, other) || !given->lockstep(given->argument, &record->key))
        return NULL;
    return other;
}

static void run_all(struct conducting *conducting)
{
    struct run *run = conducting->given->run;
    for (size_t i = 0; i < run->trial_count && !stopped(conducting);) {
        struct trial_record *record = &run->trials[i];
        if (may_run_beside(run, record)) {
            conducting->next = i;
            while (i < run->trial_count && may_run_beside(run, &run->trials[i]))
                i++;
            conducting->end = i;
            run_batch(conducting);
            continue;
        }
        i++;
        /* Nobody else is at it, so that the lock would guard nothing. */
        if (!to_be_run(conducting->given, record))
            continue;
        unsigned threads = run->workloads[record->key.workload].threads;
        int cpu = cpus_choose(&conducting->cpus, threads);
        struct trial_record *other = partner_of(conducting, record);
        if (other != NULL)
            take_pair(conducting, (struct trial_record *const[]){record, other}, cpu);
        else
            take_trial(conducting, record, cpu);
    }
    cpus_restore(&conducting->cpus);
}

int conduct_run(const struct conduct *given, char *message)
{
    char missing[64];
    struct conducting conducting = {
        .given = given,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .trace = !program_missing(&(struct program){.needs = (char[]){"strace"}}, missing),
        .message = message,
        .sessions = calloc(given->run->workload_count, sizeof(struct program_session *)),
    };
    if (conducting.sessions == NULL)
        return message_set(message, "out of memory");
    if (fixed_files_init(&conducting.fixed, given->run, given->paths, message) < 0) {
        free(conducting.sessions);
        return -1;
    }
    for (size_t i = 0; i < given->run->trial_count; i++)
        conducting.done += given->run->trials[i].status != STATUS_PLANNED;
    cpus_init(&conducting.cpus);
    run_all(&conducting);
    for (size_t w = 0; w < given->run->workload_count; w++) {
        if (conducting.sessions[w] != NULL)
            program_session_close(conducting.sessions[w]);
        free(conducting.sessions[w]);
    }
    free(conducting.sessions);
    fixed_files_release(&conducting.fixed);
    return conducting.failed ? -1 : 0;
}
