/* Conducts a run; see conduct.h. */
#include "conduct.h"

#include "conduct_internal.h"
#include "message.h"
#include "pair_trial.h"
#include "program_trial.h"
#include "runner_trial.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    PAD_BYTES_MAXIMUM = 4096, /* one page of stack positions */
    THREADS_AT_ONCE_MAXIMUM = 8,
};

/* A number that depends on the block alone. */
unsigned conduct_pad_bytes(const struct run *run, unsigned block)
{
    uint64_t z = run->order_seed + (block + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (unsigned)((z >> 40) % PAD_BYTES_MAXIMUM);
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
        .pad_bytes = conduct_pad_bytes(run, record->key.block),
        .interrupted = conducting->given->interrupted,
    };
    struct program_session *session = session_of(conducting, record);
    if (session != NULL)
        program_trial(session, &run->allocators[record->key.allocator], &options, record);
}

/* ---- the loop ---------------------------------------------------------------- */

void conduct_finish(struct conducting *conducting, struct trial_record *planned,
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
void conduct_check_files(struct conducting *conducting, struct trial_record *record)
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

/* What would otherwise look as if there were nothing to count. */
static void tell_uncounted(struct trial_record *record)
{
    if (record->key.pass == PASS_INSPECT && record->status == STATUS_OK &&
        !record->syscalls.counted && record->detail[0] == '\0')
        message_set(record->detail, "system calls not counted: strace is not installed (apt-get "
                                    "install strace) or may not trace here");
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
            runner_trial_count(conducting, &record);
        else
            runner_trial(conducting, &record, cpu);
        tell_uncounted(&record);
        conduct_check_files(conducting, &record);
    }
    conduct_finish(conducting, planned, &record);
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
            pair_trial(conducting, (struct trial_record *const[]){record, other}, cpu);
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
