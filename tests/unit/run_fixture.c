/* A run with known figures; see run_fixture.h. */
#include "run_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const allocator_names[] = {"glibc", "fast", "odd, \"name\""};
static const char *const workload_labels[] = {"web", "web-2", "prog"};
/* Times of each allocator, in quarters of glibc's. */
static const int64_t quarters[] = {4, 2, 5};

enum { LAP_NS = 4000000, LAP_OPERATIONS = 100000, PROGRAM_NS = 800000000 };

static void init_allocators(struct run *run)
{
    run->allocators = calloc(FIXTURE_ALLOCATORS, sizeof *run->allocators);
    assert_non_null(run->allocators);
    run->allocator_count = FIXTURE_ALLOCATORS;
    for (size_t i = 0; i < FIXTURE_ALLOCATORS; i++) {
        struct allocator *allocator = &run->allocators[i];
        allocator->name = strdup(allocator_names[i]);
        allocator->path = i == 0 ? NULL : strdup("/usr/lib/libfast.so");
        allocator->env = strdup(i == 2 ? "A=1\nB=x y" : "");
        allocator->summary = strdup("one of three");
        allocator->source = strdup("the tests");
        allocator->package = strdup("");
        allocator->programs = true;
        allocator->file = strdup("/usr/lib/libc.so.6");
        allocator->version = strdup("1.0");
        memset(allocator->sha256, 'a' + (int)i, sizeof allocator->sha256 - 1);
    }
}

static void init_workloads(struct run *run)
{
    run->workloads = calloc(FIXTURE_WORKLOADS, sizeof *run->workloads);
    assert_non_null(run->workloads);
    run->workload_count = FIXTURE_WORKLOADS;
    for (size_t i = 0; i < FIXTURE_WORKLOADS; i++) {
        bool program = i == 2;
        run->workloads[i] = (struct workload_spec){
            .label = strdup(workload_labels[i]),
            .name = strdup(program ? "prog" : "web"),
            .params = strdup(program ? "" : "threads=1,size=4096"),
            .kind = program ? WORKLOAD_PROGRAM : WORKLOAD_SYNTHETIC,
            .threads = i == 1 ? 2 : 1,
            .blocks = FIXTURE_BLOCKS,
        };
    }
}

static void plan_trial(struct run *run, struct trial_key key)
{
    struct trial_record *record = &run->trials[run->trial_count++];
    trial_record_init(record);
    record->key = key;
    record->id = (int64_t)run->trial_count;
}

static void plan_trials(struct run *run)
{
    size_t count = (FIXTURE_BLOCKS + 1) * FIXTURE_WORKLOADS * FIXTURE_ALLOCATORS;
    run->trials = calloc(count, sizeof *run->trials);
    assert_non_null(run->trials);
    for (unsigned block = 0; block < FIXTURE_BLOCKS; block++)
        for (unsigned w = 0; w < FIXTURE_WORKLOADS; w++)
            for (unsigned a = 0; a < FIXTURE_ALLOCATORS; a++) {
                plan_trial(run, (struct trial_key){w, (a + block) % FIXTURE_ALLOCATORS, block,
                                                   PASS_TIMED});
                if (block == 0)
                    plan_trial(run,
                               (struct trial_key){w, a, 0, w == 2 ? PASS_MEMORY : PASS_INSPECT});
            }
}

void run_fixture_init(struct run *run, const char *name)
{
    static const char *const facts[][2] = {
        {"kernel",  "6.1.0"                    },
        {"host",    "testhost"                 },
        {"cpus",    "2"                        },
        {"cpu_mhz", "2699.998"                 },
        {"load",    "0.10 0.20 0.30 1/100 4242"}
    };
    run_init(run);
    run->name = strdup(name);
    run->suite = strdup("default");
    run->seed = UINT64_MAX;
    run->order_seed = 7;
    run->started_ns = 1795255200000000000;
    run->sample_step_ns = 1000000;
    run->time_limit_ns = 60000000000;
    run->memory_limit_bytes = 512 * FIXTURE_MIB;
    init_allocators(run);
    init_workloads(run);
    run->facts = calloc(sizeof facts / sizeof *facts, sizeof *run->facts);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        run->facts[run->fact_count++] = (struct fact){strdup(facts[i][0]), strdup(facts[i][1])};
    plan_trials(run);
}

static void fill_laps(struct trial_record *record)
{
    int64_t lap_ns = LAP_NS / 4 * quarters[record->key.allocator];
    lap_ns += lap_ns / 100 * record->key.block;
    record->laps = FIXTURE_LAPS;
    record->lap = calloc(FIXTURE_LAPS, sizeof *record->lap);
    record->wall_ns = record->cpu_ns = record->operations = 0;
    for (int i = 0; i < FIXTURE_LAPS; i++) {
        /* A disturbance in a few laps must not move a ratio. */
        int64_t wall_ns = i < 5 ? lap_ns * (2 + record->key.block % 3) : lap_ns;
        record->lap[i] = (struct lap_sample){wall_ns, lap_ns / 2, LAP_OPERATIONS};
        record->wall_ns += wall_ns;
        record->cpu_ns += lap_ns / 2;
        record->operations += LAP_OPERATIONS;
    }
}

static void reach(struct trial_record *record, enum checkpoint checkpoint, int64_t rss_bytes)
{
    struct checkpoint_record *reached = &record->checkpoints[checkpoint];
    reached->reached = true;
    reached->vm_rss_bytes = rss_bytes;
    reached->vm_hwm_bytes = rss_bytes;
    reached->pss_anon_bytes = rss_bytes - FIXTURE_MIB;
}

/* Growth of 10 MiB for glibc, 11 and 12 for the others, over 8 MiB live. */
static void fill_memory(struct trial_record *record)
{
    int64_t growth = (10 + (int64_t)record->key.allocator) * FIXTURE_MIB;
    reach(record, CHECKPOINT_START, 2 * FIXTURE_MIB);
    reach(record, CHECKPOINT_END, 2 * FIXTURE_MIB + growth);
    reach(record, CHECKPOINT_DRAINED, 5 * FIXTURE_MIB);
    record->checkpoints[CHECKPOINT_DRAINED].vm_hwm_bytes = 2 * FIXTURE_MIB + growth;
    record->rss_peak_growth_bytes = growth;
    record->live_peak_bytes = 8 * FIXTURE_MIB;
    record->mean_overhead_ppm = 1300000;
    record->minor_faults = 2500;
    record->sampled = FIXTURE_POINTS;
    record->timeline = calloc(FIXTURE_POINTS, sizeof *record->timeline);
    for (int64_t i = 0; i < FIXTURE_POINTS; i++)
        record->timeline[i] =
            (struct timeline_point){i * 1000000, i * 40000, 2 * FIXTURE_MIB + i * 50000, i / 4};
}

static void fill_inspection(struct trial_record *record)
{
    struct checkpoint_record *end = &record->checkpoints[CHECKPOINT_END];
    reach(record, CHECKPOINT_PEAK, 11 * FIXTURE_MIB);
    reach(record, CHECKPOINT_SETTLED, 3 * FIXTURE_MIB);
    record->live_peak_usable_bytes = 10 * FIXTURE_MIB;
    end->heap_free_bytes = 4 * FIXTURE_MIB;
    end->heap_largest_free_bytes = FIXTURE_MIB;
    record->syscalls = (struct syscall_counts){true, 100, 20, 3, 4, 5};
}

void run_fixture_fill(const struct run *run, struct trial_record *record)
{
    bool program = run->workloads[record->key.workload].kind == WORKLOAD_PROGRAM;
    record->status = STATUS_OK;
    record->started_ns = run->started_ns + record->id;
    record->threads = run->workloads[record->key.workload].threads;
    snprintf(record->malloc_file, sizeof record->malloc_file, "/usr/lib/libc.so.6");
    if (program) {
        record->wall_ns = PROGRAM_NS / 4 * quarters[record->key.allocator];
        record->wall_ns += record->wall_ns / 100 * record->key.block;
        record->cpu_ns = record->wall_ns / 2;
        if (record->key.pass == PASS_MEMORY)
            reach(record, CHECKPOINT_END, (30 + (int64_t)record->key.allocator) * FIXTURE_MIB);
        return;
    }
    fill_laps(record);
    fill_memory(record);
    if (record->key.pass == PASS_INSPECT)
        fill_inspection(record);
}

void run_fixture_measure(struct run *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        run_fixture_fill(run, &run->trials[i]);
    run->finished_ns = run->started_ns + 1000000000;
}

struct trial_record *run_fixture_trial(struct run *run, struct trial_key key)
{
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_key *other = &run->trials[i].key;
        if (other->workload == key.workload && other->allocator == key.allocator &&
            other->block == key.block && other->pass == key.pass)
            return &run->trials[i];
    }
    fail_msg("no such trial in the fixture");
    return NULL;
}

double fixture_uniform(struct fixture_random *random)
{
    /* splitmix64 (Steele, Lea and Flood 2014); 53 bits, moved off the ends. */
    uint64_t x = random->state += 0x9E3779B97F4A7C15;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return ((double)((x ^ (x >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

double fixture_normal(struct fixture_random *random)
{
    double radius = sqrt(-2 * log(fixture_uniform(random)));
    return radius * cos(2 * M_PI * fixture_uniform(random));
}
