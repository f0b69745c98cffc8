/* Single trials, outside of any run; see bench.h. */
#include "bench.h"

#include "child.h"
#include "probe.h"
#include "recordings.h"
#include "replay.h"
#include "trial_watch.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TIME_LIMIT_NS 60000000000

#define SHIM "./build/release/tests/unit/shim_ring.so"
static const struct {
    const char *name, *word;
} rings[] = {
    {RING,       "ring=" SHIM                           },
    {SMALL_RING, "small-ring=" SHIM ":RING_BYTES=262144"},
};

static volatile sig_atomic_t interrupted;

static const struct allocator *need_allocator(struct bench *bench, const char *name)
{
    int found = run_find_allocator(&bench->run, name);
    if (found >= 0)
        return &bench->run.allocators[found];
    const char *word = name;
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++)
        if (strcmp(name, rings[i].name) == 0)
            word = rings[i].word;
    if (allocator_select(&bench->allocators, &word, 1, &bench->run, bench->message) < 0)
        errx(EXIT_BROKEN, "%s", bench->message);
    struct allocator *added = &bench->run.allocators[bench->run.allocator_count - 1];
    if (allocator_probe(added, &bench->paths, bench->message) < 0)
        errx(EXIT_BROKEN, "%s", bench->message);
    return added;
}

unsigned coin(unsigned sides)
{
    unsigned char byte = 0;
    if (getrandom(&byte, 1, 0) != 1)
        err(EXIT_BROKEN, "getrandom");
    return byte % sides;
}

/* Leaves the workload's script in `replay`; descriptor 0: it has none. */
static void make_script(struct bench *bench, struct workload_spec *workload, struct replay *replay)
{
    struct replay_options options = {0};
    *replay = (struct replay){0};
    if (workload->kind != WORKLOAD_RECORDED)
        return;
    recordings_options(workload, &options);
    if (replay_make(replay, workload->name, &options, bench->message) < 0)
        errx(EXIT_BROKEN, "%s", bench->message);
    workload->threads = replay->head.threads;
}

bool try_trial(struct bench *bench, const struct side *side, unsigned pad_bytes,
               struct trial_record *record)
{
    struct workload_spec workload;
    struct child child;
    if (workload_spec_make(&workload, &bench->workloads, side->workload, NULL, bench->message) < 0)
        errx(EXIT_BROKEN, "%s", bench->message);
    struct replay replay;
    make_script(bench, &workload, &replay);
    struct child_spec spec = {
        .paths = &bench->paths,
        .workload = &workload,
        .allocator = need_allocator(bench, side->allocator),
        .seed = 1,
        .pad_bytes = pad_bytes,
        .cpu = cpus_choose(&bench->cpus, workload.threads),
        .script = replay.descriptor,
    };
    struct trial_watch_options options = {
        .allocator = spec.allocator,
        .step_ns = side->step_ns,
        .time_limit_ns = TIME_LIMIT_NS,
        .interrupted = &interrupted,
    };
    trial_record_init(record);
    if (child_start(&child, &spec, bench->message) < 0)
        errx(EXIT_BROKEN, "%s", bench->message);
    if (spec.cpu >= 0)
        cpus_keep_off(&bench->cpus);
    trial_watch(&child, &options, record);
    child_end(&child);
    if (replay.descriptor > 0)
        replay_release(&replay);
    free(workload.label);
    free(workload.name);
    free(workload.params);
    return record->status == STATUS_OK;
}

void run_trial(struct bench *bench, const struct side *side, unsigned pad_bytes,
               struct trial_record *record)
{
    if (!try_trial(bench, side, pad_bytes, record))
        errx(EXIT_BROKEN, "%s under %s: %s", side->workload, side->allocator, record->detail);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void bench_init(struct bench *bench)
{
    *bench = (struct bench){0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    run_init(&bench->run);
    cpus_init(&bench->cpus);
    if (paths_init(&bench->paths, bench->message) < 0 ||
        allocator_catalog_load(&bench->allocators, &bench->paths, bench->message) < 0 ||
        workload_catalog_load(&bench->workloads, &bench->paths, bench->message) < 0)
        errx(EXIT_BROKEN, "%s", bench->message);
}

void bench_release(struct bench *bench)
{
    run_release(&bench->run);
    workload_catalog_release(&bench->workloads);
    allocator_catalog_release(&bench->allocators);
    paths_release(&bench->paths);
}
