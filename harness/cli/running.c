/* What every command that measures does; see running.h. */
#include "running.h"

#include "clock.h"
#include "conditions.h"
#include "doctor_file.h"
#include "facts.h"
#include "probe.h"
#include "report.h"
#include "run_lock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

volatile sig_atomic_t running_interrupted;

void running_let_interruptions_end_us(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

static void note_interruption(int number)
{
    (void)number;
    running_interrupted = 1;
}

/* Without SA_RESTART: a wait of the harness must end. */
void running_catch_interruptions(void)
{
    struct sigaction action = {.sa_handler = note_interruption}, hangup;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* nohup(1) has it ignored, and means it. */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

/* 2026-11-21T10-15-00.123-host: sorts by time, fits a file name. */
static char *make_run_name(int64_t started_ns)
{
    char host[65] = "host", stamp[32], *name = NULL;
    struct tm local;
    time_t seconds = started_ns / 1000000000;
    gethostname(host, sizeof host - 1);
    for (char *c = host; *c != '\0'; c++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *c) == NULL)
            *c = '_';
    localtime_r(&seconds, &local);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H-%M-%S", &local);
    if (asprintf(&name, "%s.%03d-%s", stamp, (int)(started_ns / 1000000 % 1000), host) < 0)
        return NULL;
    return name;
}

/* Half of what is available, to the machine and to our control group: beyond a group's limit the
 * kernel kills, and may take the harness. */
static int64_t default_memory_limit(const struct run *run)
{
    static const char *const groups[] = {"cgroup_memory", "cgroup1_memory"};
    const char *available = run_find_fact(run, "memory_available"); /* "123456 kB" */
    int64_t bytes = available != NULL ? strtoll(available, NULL, 10) * 1024 : 0;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        const char *limit = run_find_fact(run, groups[i]); /* bytes, or "max" */
        int64_t limit_bytes = limit != NULL ? strtoll(limit, NULL, 10) : 0;
        if (limit_bytes > 0 && (bytes == 0 || limit_bytes < bytes))
            bytes = limit_bytes;
    }
    /* A hard limit of ours cannot be raised by a child. */
    struct rlimit own;
    if (getrlimit(RLIMIT_DATA, &own) == 0 && own.rlim_max != RLIM_INFINITY &&
        (int64_t)own.rlim_max < bytes / 2)
        return (int64_t)own.rlim_max;
    return bytes / 2;
}

int running_lock(struct running *running)
{
    running->run_lock = run_lock_take(running->run.name);
    return running->run_lock < 0 && errno == EADDRINUSE ? -1 : 0;
}

/* A run is named after its millisecond. Who else began one in the same, perhaps into another
 * store, has that name: ours is the next that is free. */
static int name_run(struct running *running)
{
    struct run *run = &running->run;
    const struct timespec millisecond = {.tv_nsec = 1000000};
    int taken;
    do {
        free(run->name);
        run->started_ns = clock_ns(CLOCK_REALTIME);
        run->name = make_run_name(run->started_ns);
        taken = run->name != NULL ? running_lock(running) : 0;
    } while (taken < 0 && nanosleep(&millisecond, NULL) == 0);
    return run->name != NULL && taken == 0 ? 0 : -1;
}

/* 0: no latency pass. */
static uint64_t latency_gap(const struct running *running)
{
    return running->options.latency_gap > 0 ? running->options.latency_gap
                                            : running->suite.latency_gap;
}

static int describe_run(struct running *running)
{
    struct run *run = &running->run;
    const struct run_options *options = &running->options;
    if (name_run(running) < 0)
        return message_set(running->message, "cannot name the run: %s", strerror(errno));
    run->suite = strdup(running->suite.name != NULL ? running->suite.name : "");
    run->seed = options->seed;
    run->order_seed = options->order_seed;
    uint64_t drawn;
    if (!options->order_seed_given && getrandom(&drawn, sizeof drawn, 0) == sizeof drawn)
        run->order_seed = drawn >> 1;
    run->sample_step_ns = options->sample_step_ns;
    run->time_limit_ns = options->time_limit_ns;
    if (run->suite == NULL)
        return message_set(running->message, "out of memory");
    if (conditions_add(run, &running->paths, running->message) < 0 ||
        doctor_facts_add(run, running->store_path, running->message) < 0)
        return -1;
    char gap[32];
    snprintf(gap, sizeof gap, "%" PRIu64, latency_gap(running));
    if (options->counters && facts_add(run, COUNTERS_FACT, "yes") < 0)
        return message_set(running->message, "out of memory");
    if (latency_gap(running) > 0 && facts_add(run, LATENCY_GAP_FACT, gap) < 0)
        return message_set(running->message, "out of memory");
    if (facts_add(run, "alone", running->machine_lock >= 0 ? "yes" : "no") < 0)
        return message_set(running->message, "out of memory");
    run->memory_limit_bytes =
        options->memory_limit_bytes >= 0 ? options->memory_limit_bytes : default_memory_limit(run);
    return 0;
}

static int probe_allocators(struct running *running)
{
    struct run *run = &running->run;
    for (size_t i = 0; i < run->allocator_count; i++)
        if (allocator_probe(&run->allocators[i], &running->paths, running->message) < 0)
            return -1;
    return allocator_versions(run, &running->paths, running->message);
}

/* What does not fit into memory lies beside the store. */
int running_open_recordings(struct running *running)
{
    const char *slash = strrchr(running->store_path, '/');
    char *folder = slash != NULL
                       ? strndup(running->store_path, (size_t)(slash - running->store_path) + 1)
                       : strdup(".");
    if (folder == NULL)
        return message_set(running->message, "out of memory");
    int result = recordings_open(&running->recordings, &running->run, folder, running->message);
    free(folder);
    return result;
}

int running_plan(struct running *running)
{
    const struct run_options *options = &running->options;
    if (options->suite != NULL &&
        suite_load(&running->suite, running->paths.suites, options->suite, running->message) < 0)
        return -1;
    struct plan_request request = {
        .suite = running->suite.item_count > 0 ? &running->suite : NULL,
        .workloads = options->workloads.words,
        .workload_count = options->workloads.count,
        .allocators = options->allocators.words,
        .allocator_count = options->allocators.count,
        .blocks = options->blocks,
        .instructions = options->instructions,
        .latency = latency_gap(running) > 0,
        .program_memory = options->program_memory,
        .inspections = options->inspections,
    };
    if (describe_run(running) < 0 ||
        plan_make(&running->run, &request, &running->allocators, &running->workloads,
                  running->message) < 0 ||
        probe_allocators(running) < 0)
        return -1;
    return running_open_recordings(running);
}

int running_begin(struct running *running)
{
    if (store_add_run(running->store, &running->run) < 0)
        return message_set(running->message, "%s", store_message(running->store));
    return 0;
}

size_t running_count_done(const struct run *run)
{
    size_t done = 0;
    for (size_t i = 0; i < run->trial_count; i++)
        done += run->trials[i].status != STATUS_PLANNED;
    return done;
}

static int open_store(struct running *running)
{
    char *folder = NULL;
    running->store_path = running->options.store != NULL ? strdup(running->options.store)
                                                         : report_default_store(&running->paths);
    if (running->store_path == NULL)
        return message_set(running->message, "out of memory");
    const char *slash = strrchr(running->store_path, '/');
    if (running->options.store == NULL && slash != NULL)
        folder = strndup(running->store_path, (size_t)(slash - running->store_path));
    if (folder != NULL && make_folders(folder) < 0) {
        message_set(running->message, "cannot make the folder %s: %s; name another store with -o",
                    folder, strerror(errno));
        free(folder);
        return -1;
    }
    free(folder);
    running->store = store_open(running->store_path, STORE_WRITE);
    if (running->store == NULL)
        return message_set(running->message, "out of memory");
    return 0;
}

int running_conduct(struct running *running, const struct conduct *hooks)
{
    /* Two runs at once share CPUs and caches; both go on, since their owners may want just that. */
    if (running->machine_lock < 0 && !running->options.quiet)
        fprintf(stderr,
                "%s: warning: another run is being measured on this machine; the times of "
                "both will suffer\n",
                running->command);
    struct conduct given = {
        .run = &running->run,
        .store = running->store,
        .paths = &running->paths,
        .programs = &running->workloads.programs,
        .recordings = &running->recordings,
        .interrupted = &running_interrupted,
        .wanted = hooks->wanted,
        .lockstep = hooks->lockstep,
        .progress = hooks->progress,
        .argument = hooks->argument,
    };
    return conduct_run(&given, running->message);
}

int running_finish(struct running *running)
{
    running->run.finished_ns = clock_ns(CLOCK_REALTIME);
    if (store_finish_run(running->store, &running->run) < 0)
        return message_set(running->message, "%s", store_message(running->store));
    return 0;
}

int running_cut(struct running *running)
{
    running->run.finished_ns = clock_ns(CLOCK_REALTIME);
    if (store_cut_run(running->store, &running->run) < 0)
        return message_set(running->message, "%s", store_message(running->store));
    return 0;
}

void running_init(struct running *running, const char *command)
{
    *running = (struct running){.command = command, .run_lock = -1, .machine_lock = -1};
    run_init(&running->run);
}

int running_open_to_read(struct running *running)
{
    if (paths_init(&running->paths, running->message) < 0)
        return -1;
    running->store_path = running->options.store != NULL ? strdup(running->options.store)
                                                         : report_default_store(&running->paths);
    running->store =
        running->store_path != NULL ? store_open(running->store_path, STORE_READ) : NULL;
    return running->store != NULL ? 0 : message_set(running->message, "out of memory");
}

int running_open(struct running *running)
{
    if (paths_init(&running->paths, running->message) < 0 ||
        allocator_catalog_load(&running->allocators, &running->paths, running->message) < 0 ||
        workload_catalog_load(&running->workloads, &running->paths, running->message) < 0 ||
        open_store(running) < 0)
        return -1;
    running->machine_lock = run_lock_take("measuring");
    return 0;
}

void running_release(struct running *running)
{
    if (running->run_lock >= 0)
        close(running->run_lock);
    if (running->machine_lock >= 0)
        close(running->machine_lock);
    if (running->store != NULL)
        store_close(running->store);
    recordings_release(&running->recordings);
    run_release(&running->run);
    suite_release(&running->suite);
    workload_catalog_release(&running->workloads);
    allocator_catalog_release(&running->allocators);
    paths_release(&running->paths);
    run_options_release(&running->options);
    free(running->store_path);
}
