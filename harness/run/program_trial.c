/* One trial of a real program; see program_trial.h. */
#include "program_trial.h"

#include "clock.h"
#include "hyperfine.h"
#include "message.h"
#include "process_sweep.h"
#include "process_tree.h"
#include "program_command.h"
#include "program_verdict.h"
#include "trace_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* That an allocator serves this program. */
struct program_proof {
    const struct allocator *allocator;
    char malloc_file[1024];
};

/* What the passes work on. */
struct trial {
    struct program_session *session;
    const struct allocator *allocator;
    const struct program_options *options;
    struct trial_record *record;
    struct program_limits limits;
};

static int fail(struct trial_record *record)
{
    record->status = STATUS_FAILED;
    return -1;
}

/* ---- one execution ------------------------------------------------------------- */

/* Writes the script of the command. */
static int write_command(const struct trial *trial, bool witness, bool trace)
{
    const struct program_session *session = trial->session;
    char *message = trial->record->detail;
    struct program_under under = {
        .allocator = trial->allocator,
        .witness = witness ? session->witness : NULL,
        .witness_file = session->witness_file,
        .trace = trace,
    };
    char *words = program_under_text(&under, message);
    if (words == NULL)
        return fail(trial->record);
    char *command = program_expand(session->program->command, words);
    int result =
        command != NULL
            ? program_session_write(session, command, trial->options->memory_limit_bytes, message)
            : message_set(message, "out of memory");
    free(command);
    free(words);
    return result < 0 ? fail(trial->record) : 0;
}

/* How a pass follows the started process to its end. */
typedef struct program_end follow_fn(const struct trial *trial, struct program_process *process,
                                     void *argument);

/* Starts `argv`, has it followed, judges its end and clears away whatever it leaves running. */
static int execute(const struct trial *trial, struct program_launch *launch, follow_fn *follow,
                   void *argument)
{
    struct trial_record *record = trial->record;
    struct environment environment;
    struct program_process process;
    if (program_session_environment(trial->session, trial->options->pad_bytes, &environment,
                                    record->detail) < 0)
        return fail(record);
    launch->environment = environment.variables;
    launch->folder = trial->session->work;
    int64_t mark = process_sweep_begin(), steal_ticks = proc_read_steal_ticks();
    int result = program_start(&process, launch, record->detail);
    if (result < 0) {
        fail(record);
    } else {
        pid_t group = process.pid;
        struct program_end end = follow(trial, &process, argument);
        record->elapsed_ns = clock_ns(CLOCK_MONOTONIC) - process.launched_ns;
        if (steal_ticks >= 0)
            record->steal_ticks = proc_read_steal_ticks() - steal_ticks;
        program_verdict(&end, process.tail.text, trial->limits.time_limit_ns, record);
        program_kill(&process);
        if (process_sweep(group, mark) < 0 && record->status == STATUS_OK) {
            fail(record);
            message_set(record->detail, "left processes behind that cannot be killed; they would "
                                        "disturb what comes after");
        }
    }
    environment_release(&environment);
    return result;
}

/* ---- timed: hyperfine ---------------------------------------------------------- */

struct timing {
    struct hyperfine_result result;
    char failure[MESSAGE_BYTES]; /* of hyperfine itself */
};

static struct program_end follow_hyperfine(const struct trial *trial,
                                           struct program_process *process, void *argument)
{
    struct timing *timing = argument;
    program_go(process);
    struct program_end end = program_wait(process, &trial->limits, NULL, NULL);
    if (end.stop != PROGRAM_ENDED)
        return end;
    if (end.signal != 0 || end.exit_status != 0)
        message_set(timing->failure, "hyperfine failed (exit status %d, signal %d)",
                    end.exit_status, end.signal);
    else if (hyperfine_read(trial->session->json, &timing->result, timing->failure) == 0)
        end.exit_status = timing->result.exit_status; /* the program's, which is what counts */
    return end;
}

static void timed_pass(const struct trial *trial)
{
    struct trial_record *record = trial->record;
    struct timing timing = {0};
    const char *argv[HYPERFINE_ARGUMENTS];
    struct program_launch launch = {.argv = argv, .own_errors = trial->session->own_errors};
    if (write_command(trial, false, false) < 0)
        return;
    unlink(trial->session->json); /* a result that is there afterwards is of this trial */
    /* Relative, since hyperfine parts words at blanks and TMPDIR may hold some. */
    hyperfine_arguments(argv, "sh ../script.sh", trial->session->json);
    if (execute(trial, &launch, follow_hyperfine, &timing) < 0 ||
        record->status == STATUS_PLANNED || record->status == STATUS_TIMED_OUT)
        return;
    if (timing.failure[0] != '\0') {
        message_set(record->detail, "%s", timing.failure);
        fail(record);
    } else if (record->status == STATUS_OK) {
        record->wall_ns = timing.result.wall_ns;
        record->cpu_ns = timing.result.cpu_ns;
    }
}

/* ---- memory: traced, sampled and witnessed -------------------------------------- */

static struct program_end follow_memory(const struct trial *trial, struct program_process *process,
                                        void *argument)
{
    struct process_tree_options options = {
        .limits = trial->limits,
        .step_ns = trial->options->sample_step_ns,
        .witness_file = trial->session->witness_file,
        .never_trace = trial->options->never_trace,
    };
    return process_tree_watch(argument, process, &options);
}

static const struct program_proof *find_proof(const struct trial *trial)
{
    const struct program_session *session = trial->session;
    for (size_t i = 0; i < session->proof_count; i++)
        if (session->proofs[i].allocator == trial->allocator)
            return &session->proofs[i];
    return NULL;
}

/* Without memory for it, the proof is made again in the next trial. */
static void remember_proof(const struct trial *trial)
{
    struct program_session *session = trial->session;
    if (find_proof(trial) != NULL)
        return;
    struct program_proof *proofs =
        realloc(session->proofs, (session->proof_count + 1) * sizeof *proofs);
    if (proofs == NULL)
        return;
    session->proofs = proofs;
    struct program_proof *proof = &proofs[session->proof_count++];
    proof->allocator = trial->allocator;
    memcpy(proof->malloc_file, trial->record->malloc_file, sizeof proof->malloc_file);
}

static void take_figures(struct trial_record *record, struct process_image *image, bool traced)
{
    record->checkpoints[CHECKPOINT_END] = image->end;
    record->minor_faults = image->minor_faults;
    record->major_faults = image->major_faults;
    if (traced) {
        record->voluntary_switches = image->schedule.voluntary_switches;
        record->involuntary_switches = image->schedule.involuntary_switches;
        record->run_delay_ns = image->schedule.run_delay_ns;
    }
    timeline_give(&image->timeline, record);
}

static int empty_witness_file(const struct trial *trial)
{
    int fd = open(trial->session->witness_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    message_set(trial->record->detail, "cannot write %s: %s", trial->session->witness_file,
                strerror(errno));
    return fail(trial->record);
}

static void memory_pass(const struct trial *trial)
{
    struct trial_record *record = trial->record;
    const char *const argv[] = {"sh", trial->session->script, NULL};
    struct program_launch launch = {.argv = argv};
    struct process_tree tree = {0};
    if (empty_witness_file(trial) < 0 || write_command(trial, true, false) < 0)
        return;
    if (execute(trial, &launch, follow_memory, &tree) == 0 && record->status == STATUS_OK) {
        struct process_image *image =
            program_proof_find(trial->session->witness_file, &tree, trial->allocator, record);
        if (image != NULL)
            take_figures(record, image, tree.traced);
        if (record->status == STATUS_OK) {
            remember_proof(trial);
            if (!tree.traced)
                message_set(record->detail, "ptrace is not permitted here: memory was polled at "
                                            "1 ms, a later peak may be missed");
        }
    }
    process_tree_release(&tree);
}

/* ---- inspect: strace ------------------------------------------------------------ */

static void take_log(void *argument, const char *text, size_t bytes)
{
    trace_log_take(argument, text, bytes);
}

static struct program_end follow_strace(const struct trial *trial, struct program_process *process,
                                        void *argument)
{
    program_go(process);
    struct program_end end = program_wait(process, &trial->limits, take_log, argument);
    /* strace says so itself when it may not trace; then nothing was executed. */
    if (end.stop == PROGRAM_ENDED && end.exit_status != 0 &&
        (strncmp(process->tail.text, "strace: ", strlen("strace: ")) == 0 ||
         strstr(process->tail.text, "\nstrace: ") != NULL))
        ((struct trace_log *)argument)->counts.counted = false;
    return end;
}

static void inspect_pass(const struct trial *trial)
{
    struct trial_record *record = trial->record;
    const char *const argv[] = {"sh", trial->session->script, NULL};
    struct program_launch launch = {.argv = argv, .log = true};
    struct trace_log log;
    char missing[64];
    if (program_missing(&(struct program){.needs = (char[]){"strace"}}, missing)) {
        record->status = STATUS_OK;
        message_set(record->detail, "system calls not counted: strace is not installed: apt-get "
                                    "install strace");
        return;
    }
    if (write_command(trial, false, true) < 0)
        return;
    trace_log_init(&log, false);
    if (execute(trial, &launch, follow_strace, &log) < 0 || record->status == STATUS_PLANNED)
        return;
    if (!log.counts.counted) {
        char reason[sizeof record->detail];
        message_set(reason, "%s", record->detail);
        record->status = STATUS_OK;
        message_set(record->detail, "system calls not counted: strace may not trace here (%.400s)",
                    reason);
    } else if (record->status == STATUS_OK) {
        record->syscalls = log.counts;
    }
}

/* ---- the trial ------------------------------------------------------------------ */

/* Set-up and preparation. Returns 0 when the command may run; else the record says why not. */
static int make_ready(const struct trial *trial)
{
    struct program_session *session = trial->session;
    char *detail = trial->record->detail;
    int result = program_session_set_up(session, trial->options, detail);
    if (result == 0)
        result = program_session_run(session, "prepare", session->program->prepare, trial->options,
                                     detail);
    if (result < 0)
        fail(trial->record);
    return result == 0 ? 0 : -1;
}

/* Makes an execution that shows who serves malloc, unless the session knows. */
static int prove(const struct trial *trial)
{
    struct trial_record *record = trial->record, scratch;
    if (find_proof(trial) == NULL) {
        trial_record_init(&scratch);
        struct trial execution = *trial;
        execution.record = &scratch;
        if (make_ready(&execution) == 0)
            memory_pass(&execution);
        record->status = scratch.status;
        memcpy(record->malloc_file, scratch.malloc_file, sizeof record->malloc_file);
        if (scratch.status != STATUS_OK)
            memcpy(record->detail, scratch.detail, sizeof record->detail);
        trial_record_release(&scratch);
        if (record->status != STATUS_OK)
            return -1;
        record->status = STATUS_PLANNED;
    }
    const struct program_proof *proof = find_proof(trial);
    if (proof != NULL)
        memcpy(record->malloc_file, proof->malloc_file, sizeof record->malloc_file);
    return 0;
}

static bool cannot_run_here(const struct trial *trial)
{
    const struct program_session *session = trial->session;
    struct trial_record *record = trial->record;
    char missing[64];
    if (session->missing[0] != '\0')
        message_set(record->detail, "%s is not installed: apt-get install %s", session->missing,
                    session->program->package);
    else if (record->key.pass == PASS_TIMED &&
             program_missing(&(struct program){.needs = (char[]){"hyperfine"}}, missing))
        message_set(record->detail, "hyperfine is not installed: apt-get install hyperfine");
    else
        return false;
    record->status = STATUS_SKIPPED;
    return true;
}

void program_trial(struct program_session *session, const struct allocator *allocator,
                   const struct program_options *options, struct trial_record *record)
{
    struct trial trial = {
        .session = session,
        .allocator = allocator,
        .options = options,
        .record = record,
        .limits = {options->time_limit_ns, options->interrupted},
    };
    record->started_ns = clock_ns(CLOCK_REALTIME);
    record->status = STATUS_PLANNED;
    record->detail[0] = '\0';
    if (cannot_run_here(&trial))
        return;
    if (record->key.pass != PASS_MEMORY && prove(&trial) < 0)
        return;
    if (make_ready(&trial) < 0)
        return;
    switch (record->key.pass) {
    case PASS_TIMED:
        timed_pass(&trial);
        return;
    case PASS_MEMORY:
        memory_pass(&trial);
        return;
    default:
        inspect_pass(&trial);
    }
}
