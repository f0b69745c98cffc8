/* A conductor that measures nothing; see comparison_fixture.h. */
#include "comparison_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LAP_NS    5000000.0
#define RSS_BYTES (64 * FIXTURE_MIB)

static void add_trial(struct run *run, struct trial_key key)
{
    run->trials = reallocarray(run->trials, run->trial_count + 1, sizeof *run->trials);
    assert_non_null(run->trials);
    struct trial_record *trial = &run->trials[run->trial_count++];
    trial_record_init(trial);
    trial->key = key;
}

static void add_row(struct fake *fake, unsigned workload, unsigned block, enum pass pass)
{
    for (unsigned i = 0; i < COMPARE_SIDES; i++)
        add_trial(&fake->run, (struct trial_key){.workload = workload,
                                                 .allocator = (i + block) % COMPARE_SIDES,
                                                 .block = block,
                                                 .pass = pass});
}

/* As plan.h orders them. */
static void plan_trials(struct fake *fake)
{
    if (fake->program)
        fake->run.workloads[1].kind = WORKLOAD_PROGRAM;
    for (unsigned block = 0; block < FAKE_BLOCKS; block++) {
        for (unsigned w = 0; w < WORKLOADS; w++) {
            bool program = fake->run.workloads[w].kind == WORKLOAD_PROGRAM;
            add_row(fake, w, block, PASS_TIMED);
            if (program && block > 0)
                add_row(fake, w, block, PASS_MEMORY);
            if (!program && fake->latency)
                add_row(fake, w, block, PASS_LATENCY);
        }
        for (unsigned i = 0; block == 0 && i < COMPARE_INSPECTIONS; i++)
            for (unsigned w = 0; w < WORKLOADS; w++)
                for (unsigned a = 0; a < 2; a++)
                    add_trial(&fake->run, (struct trial_key){.workload = w,
                                                             .allocator = a,
                                                             .block = i,
                                                             .pass = PASS_INSPECT});
    }
}

void fake_init(struct fake *fake)
{
    static const char *const labels[] = {"first", "second"};
    memset(fake, 0, sizeof *fake);
    run_init(&fake->run);
    fake->run.name = strdup("a-run");
    fake->run.suite = strdup("");
    fake->run.workloads = calloc(WORKLOADS, sizeof *fake->run.workloads);
    fake->run.allocators = calloc(COMPARE_SIDES, sizeof *fake->run.allocators);
    fake->run.workload_count = WORKLOADS;
    fake->run.allocator_count = COMPARE_SIDES;
    for (int w = 0; w < WORKLOADS; w++)
        fake->run.workloads[w] = (struct workload_spec){.label = strdup(labels[w]),
                                                        .name = strdup(""),
                                                        .params = strdup(""),
                                                        .threads = 1};
    for (int a = 0; a < COMPARE_SIDES; a++)
        fake->run.allocators[a] = (struct allocator){.name = strdup(a == 0 ? "old" : "new"),
                                                     .env = strdup(""),
                                                     .summary = strdup(""),
                                                     .source = strdup(""),
                                                     .package = strdup(""),
                                                     .file = strdup("lib & <co>.so"),
                                                     .version = strdup("1")};
    for (int w = 0; w < WORKLOADS; w++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            fake->plan[w][side] = (struct cell_plan){.slower = 1,
                                                     .noise = 0.002,
                                                     .fatter = 1,
                                                     .syscalls = 100,
                                                     .first_slower = 1,
                                                     .timed_calls = 20000,
                                                     .tail = 1};
    fake->random.state = 7;
    fake->step_ns = 100000000;
    compare_rules_init(&fake->rules);
}

static void fill_laps(struct fake *fake, const struct cell_plan *plan, struct trial_record *record)
{
    double slower = plan->slower * (record->key.block == 0 ? plan->first_slower : 1);
    record->laps = FAKE_LAPS;
    record->lap = calloc(FAKE_LAPS, sizeof *record->lap);
    record->wall_ns = 0;
    for (int i = 0; i < FAKE_LAPS; i++) {
        double noise = exp(plan->noise * fixture_normal(&fake->random));
        record->lap[i] = (struct lap_sample){.wall_ns = (int64_t)(LAP_NS * slower * noise),
                                             .cpu_ns = (int64_t)(LAP_NS * slower * noise),
                                             .operations = 1000};
        record->wall_ns += record->lap[i].wall_ns;
    }
    record->cpu_ns = record->wall_ns;
    record->threads = 1;
    record->elapsed_ns = record->wall_ns;
    record->run_delay_ns = (int64_t)(fake->waited * (double)record->wall_ns);
    record->operations = FAKE_LAPS * 1000;
}

/* As many as there must be for a percentile. */
static void fill_requests(struct fake *fake, const struct cell_plan *plan,
                          struct trial_record *record)
{
    if (plan->requests == 0)
        return;
    double noise = exp(0.01 * fixture_normal(&fake->random));
    record->paced = 1;
    record->requests = plan->requests;
    record->request_p50_ns = (int64_t)(2000 * noise);
    if (plan->requests >= 1000)
        record->request_p99_ns = (int64_t)(20000 * plan->tail * noise);
    if (plan->requests >= 10000)
        record->request_p999_ns = (int64_t)(40000 * plan->tail * noise);
}

/* Ten buckets from 10 ns on, a tenth of the calls in each; of the last, a tenth is the tail. */
static void fill_latency(struct fake *fake, const struct cell_plan *plan,
                         struct trial_record *record)
{
    static const unsigned kinds[] = {LATENCY_MALLOC, LATENCY_FREE};
    enum { BUCKETS = 11 };
    record->latency = calloc(2 * BUCKETS, sizeof *record->latency);
    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < BUCKETS; i++) {
            int64_t calls = plan->timed_calls / (kind == 0 ? 1 : 10) / 10;
            double ns = i < BUCKETS - 1 ? 10 + i : 1000 * plan->tail;
            double noise = exp(0.01 * fixture_normal(&fake->random));
            record->latency[record->latency_bins++] =
                (struct latency_bin){.kind = kinds[kind],
                                     .time_ps = (int64_t)(1000 * ns * noise),
                                     .calls = i < BUCKETS - 2   ? calls
                                              : i < BUCKETS - 1 ? calls - calls / 5
                                                                : calls / 5};
        }
}

/* What a memory trial of a program has. */
static void fill_memory(struct trial_record *record)
{
    record->rss_peak_bytes = record->rss_peak_growth_bytes;
    record->rss_peak_growth_bytes = MEASURE_NONE;
    record->minor_faults = 1000;
}

static void measure(struct fake *fake, struct trial_record *record)
{
    const struct cell_plan *plan = &fake->plan[record->key.workload][record->key.allocator];
    record->status = STATUS_OK;
    if (plan->status != STATUS_OK && plan->status != STATUS_PLANNED &&
        record->key.pass == plan->fails_in && record->key.block >= plan->fails_at) {
        record->status = plan->status;
        snprintf(record->detail, sizeof record->detail, "fell <over> & \"out\"");
        return;
    }
    if (record->key.pass == PASS_LATENCY) {
        fill_latency(fake, plan, record);
        return;
    }
    if (record->key.pass != PASS_MEMORY)
        fill_laps(fake, plan, record);
    if (record->key.pass == PASS_TIMED)
        fill_requests(fake, plan, record);
    bool program = fake->run.workloads[record->key.workload].kind == WORKLOAD_PROGRAM;
    if (!plan->no_memory && (!program || record->key.pass == PASS_MEMORY))
        record->rss_peak_growth_bytes = (int64_t)((double)RSS_BYTES * plan->fatter *
                                                  (1 + 0.0005 * fixture_normal(&fake->random)));
    if (record->key.pass == PASS_MEMORY)
        fill_memory(record);
    if (record->key.pass == PASS_INSPECT) {
        record->syscalls.counted = true;
        record->syscalls.brk = plan->syscalls + record->key.block * plan->syscalls_step;
    }
}

/* The conductor. */
enum compare_result fake_drive(struct fake *fake)
{
    static const unsigned sides[] = {0, 1};
    if (fake->run.trial_count == 0)
        plan_trials(fake);
    assert_int_equal(comparison_init(&fake->comparison, &fake->run, sides, &fake->rules), 0);
    comparison_start(&fake->comparison, fake->now_ns);
    for (size_t i = 0; i < fake->run.trial_count; i++) {
        struct trial_record record;
        if (!comparison_wants(&fake->comparison, &fake->run.trials[i].key, fake->now_ns))
            continue;
        trial_record_init(&record);
        record.key = fake->run.trials[i].key;
        measure(fake, &record);
        fake->now_ns += fake->step_ns;
        if (record.key.pass == PASS_TIMED)
            fake->ran[record.key.workload][record.key.allocator]++;
        else if (record.key.pass != PASS_INSPECT)
            fake->beside[record.key.workload]++;
        else
            fake->inspected++;
        comparison_add(&fake->comparison, &record);
        trial_record_release(&record);
    }
    assert_int_equal(comparison_finish(&fake->comparison, fake->now_ns), 0);
    assert_false(fake->comparison.failed);
    return comparison_result(&fake->comparison);
}

const struct verdict_cell *fake_cell(const struct fake *fake, int workload,
                                     enum compare_measure_name measure)
{
    return &fake->comparison.workload[workload].cell[measure].verdict;
}

void fake_release(struct fake *fake)
{
    comparison_release(&fake->comparison);
    run_release(&fake->run);
}
