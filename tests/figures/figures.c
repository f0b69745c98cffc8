/*
 * Measures heapmark itself: what its loop costs, what its sampling costs, how fast a trial starts,
 * what its runner weighs, how the in-house strategies compare. Prints figures beside targets;
 * docs/figures.md says what each is. A benchmark, not a test: it judges nothing.
 *
 *   figures [STORE]    the share of time in timed regions is that of the newest default run there
 */
#include "allocator_catalog.h"
#include "child.h"
#include "cpus.h"
#include "message.h"
#include "probe.h"
#include "recordings.h"
#include "replay.h"
#include "report.h"
#include "signed_rank.h"
#include "trial_watch.h"
#include "workload_catalog.h"

#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    PAIRS = 40,
    PAIRS_MAXIMUM = 100,
    STARTS = 10,
    EXIT_BROKEN = 2,
};
#define SAMPLE_STEP_NS 1000000
#define RING           "ring=./build/release/tests/unit/shim_ring.so"
#define TIME_LIMIT_NS  60000000000
#define ALPHA          0.05

struct bench {
    struct paths paths;
    struct allocator_catalog allocators;
    struct workload_catalog workloads;
    struct run run; /* the allocators in use */
    struct cpus cpus;
    char message[MESSAGE_BYTES];
};

/* One side of a pair. */
struct side {
    const char *workload; /* with parameters */
    const char *allocator;
    int64_t step_ns;
};

static volatile sig_atomic_t interrupted;

static const struct allocator *need_allocator(struct bench *bench, const char *name)
{
    int found = run_find_allocator(&bench->run, name);
    if (found >= 0)
        return &bench->run.allocators[found];
    /* An allocator that costs next to nothing: what is left is the replayer's. */
    const char *word = strcmp(name, "ring") == 0 ? RING : name;
    if (allocator_select(&bench->allocators, &word, 1, &bench->run, bench->message) < 0)
        errx(EXIT_BROKEN, "%s", bench->message);
    struct allocator *added = &bench->run.allocators[bench->run.allocator_count - 1];
    if (allocator_probe(added, &bench->paths, bench->message) < 0)
        errx(EXIT_BROKEN, "%s", bench->message);
    return added;
}

static unsigned coin(unsigned sides)
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

static void run_trial(struct bench *bench, const struct side *side, unsigned pad_bytes,
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
    if (record->status != STATUS_OK)
        errx(EXIT_BROKEN, "%s under %s: %s", side->workload, side->allocator, record->detail);
    free(workload.label);
    free(workload.name);
    free(workload.params);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Median over the laps of what `of` makes of lap r of both trials. */
static double over_laps(const struct trial_record records[2],
                        double (*of)(const struct lap_sample *a, const struct lap_sample *b))
{
    double values[1024];
    size_t laps = (size_t)(records[0].laps < records[1].laps ? records[0].laps : records[1].laps);
    for (size_t i = 0; i < laps; i++)
        values[i] = of(&records[0].lap[i], &records[1].lap[i]);
    return median_of(values, laps);
}

static double log_ratio(const struct lap_sample *a, const struct lap_sample *b)
{
    return log((double)a->wall_ns / (double)b->wall_ns);
}

static double ns_difference(const struct lap_sample *a, const struct lap_sample *b)
{
    return (double)(a->wall_ns - b->wall_ns) / (double)a->operations;
}

/* Runs `pairs` pairs back to back, order by coin toss, and estimates what `of` says. */
static struct shift pairs_of(struct bench *bench, const struct side sides[2], size_t pairs,
                             double (*of)(const struct lap_sample *, const struct lap_sample *))
{
    double values[PAIRS_MAXIMUM];
    for (size_t i = 0; i < pairs; i++) {
        struct trial_record records[2];
        unsigned first = coin(2), pad = 16 * coin(256);
        run_trial(bench, &sides[first], pad, &records[first]);
        run_trial(bench, &sides[1 - first], pad, &records[1 - first]);
        values[i] = over_laps(records, of);
        trial_record_release(&records[0]);
        trial_record_release(&records[1]);
    }
    struct shift result;
    if (signed_rank_shift(values, pairs, ALPHA, &result) < 0)
        errx(EXIT_BROKEN, "out of memory");
    return result;
}

static void figure_null(struct bench *bench)
{
    static const struct side side = {"null", "glibc", 0};
    double costs[STARTS];
    for (int i = 0; i < STARTS; i++) {
        struct trial_record record;
        run_trial(bench, &side, 16 * coin(256), &record);
        costs[i] = (double)record.wall_ns / (double)record.operations;
        trial_record_release(&record);
    }
    double median = median_of(costs, STARTS);
    printf("  null: harness cost an operation       %6.2f ns  [%.2f, %.2f] min, max of %d trials  "
           "(target: at most 2)\n",
           median, costs[0], costs[STARTS - 1], STARTS);
}

/* The median over laps, and over trials of that. */
static void figure_replay(struct bench *bench)
{
    static const struct {
        struct side side;
        const char *text, *target;
    } rows[] = {
        {{"build/figures-one.hmt:touch=none", "ring", 0}, "one thread, 10^5 live", "at most 3" },
        {{"build/figures-one.hmt", "bump", 0},            "the same under bump",   "at most 6" },
        {{"build/figures-two.hmt:touch=none", "ring", 0}, "two threads, passing",  "at most 20"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        double costs[STARTS], laps[TRIAL_LAPS_MAXIMUM];
        for (int i = 0; i < STARTS; i++) {
            struct trial_record record;
            run_trial(bench, &rows[r].side, 16 * coin(256), &record);
            for (int64_t l = 0; l < record.laps; l++)
                laps[l] = (double)record.lap[l].wall_ns / (double)record.lap[l].operations;
            costs[i] = median_of(laps, (size_t)record.laps);
            trial_record_release(&record);
        }
        double median = median_of(costs, STARTS);
        printf("  replay, %-28s  %6.2f ns  [%.2f, %.2f] min, max of %d trials  (target: %s)\n",
               rows[r].text, median, costs[0], costs[STARTS - 1], STARTS, rows[r].target);
    }
}

static void figure_accounting(struct bench *bench)
{
    static const struct side sides[2] = {
        {"pairs:accounting=on",  "bump", 0},
        {"pairs:accounting=off", "bump", 0}
    };
    struct shift cost = pairs_of(bench, sides, PAIRS, ns_difference);
    printf("  pairs under bump: not the allocator's %6.2f ns  [%.2f, %.2f] an operation, %d pairs  "
           "(target: at most 2)\n",
           cost.value, cost.low, cost.high, PAIRS);
}

static void figure_sampling(struct bench *bench)
{
    static const struct side sides[2] = {
        {"webserver", "glibc", SAMPLE_STEP_NS},
        {"webserver", "glibc", 0             }
    };
    struct shift cost = pairs_of(bench, sides, PAIRS, log_ratio);
    printf("  sampling at 1 ms: time with / without  %6.4f    [%.4f, %.4f] %d pairs  "
           "(target: at most 1.005)\n",
           exp(cost.value), exp(cost.low), exp(cost.high), PAIRS);
}

static void figure_start(struct bench *bench)
{
    static const char *const names[] = {"glibc", "bump", "freelist-best", "jemalloc", "mimalloc"};
    double most_ns = 0, most_rss = 0, starts[STARTS * 16];
    size_t count = 0;
    for (size_t w = 0; w < bench->workloads.count; w++)
        for (size_t a = 0; a < sizeof names / sizeof names[0]; a++) {
            struct side side = {bench->workloads.entries[w].name, names[a], 0};
            struct trial_record record;
            if (bench->workloads.entries[w].recorded)
                continue;
            run_trial(bench, &side, 0, &record);
            double rss = (double)record.checkpoints[CHECKPOINT_START].vm_rss_bytes;
            /* The allocator's own start-up counts as its own, so glibc's is the runner's. */
            if (strcmp(names[a], "glibc") == 0 && rss > most_rss)
                most_rss = rss;
            if ((double)record.startup_ns > most_ns)
                most_ns = (double)record.startup_ns;
            if (count < sizeof starts / sizeof starts[0])
                starts[count++] = (double)record.startup_ns;
            trial_record_release(&record);
        }
    printf("  start-up, fork to first operation      %6.2f ms  median of %zu, worst %.2f  "
           "(target: at most 5)\n",
           median_of(starts, count) / 1e6, count, most_ns / 1e6);
    printf("  runner's RSS before the timed region   %6.2f MiB worst over the workloads, glibc  "
           "(target: at most 4)\n",
           most_rss / (1 << 20));
}

static void figure_strategies(struct bench *bench)
{
    static const char *const names[] = {"freelist-first", "freelist-next", "freelist-best",
                                        "freelist-worst", "bump"};
    for (size_t a = 0; a < sizeof names / sizeof names[0]; a++) {
        struct side sides[2] = {
            {"webserver", names[a], 0},
            {"webserver", "glibc",  0}
        };
        struct shift cost = pairs_of(bench, sides, PAIRS / 4, log_ratio);
        printf("  webserver: %-14s / glibc time  %6.3f    [%.3f, %.3f] %d pairs%s\n", names[a],
               exp(cost.value), exp(cost.low), exp(cost.high), PAIRS / 4,
               a < 4 ? "  (target: under 10)" : "");
    }
}

static void figure_share(const char *store)
{
    struct report report;
    char message[MESSAGE_BYTES];
    if (report_load(&report, store, NULL, message) < 0) {
        printf("  share of a run in timed regions        n/a: %s\n", message);
        return;
    }
    const struct run *run = &report.run;
    double timed_ns = 0;
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].status == STATUS_OK && run->trials[i].key.pass == PASS_TIMED)
            timed_ns += (double)run->trials[i].wall_ns;
    if (run->finished_ns > run->started_ns)
        printf("  share of a run in timed regions        %6.1f %%   run %s, suite %s  "
               "(target: at least 90)\n",
               100 * timed_ns / (double)(run->finished_ns - run->started_ns), run->name,
               run->suite);
    report_release(&report);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    run_init(&bench.run);
    cpus_init(&bench.cpus);
    if (paths_init(&bench.paths, bench.message) < 0 ||
        allocator_catalog_load(&bench.allocators, &bench.paths, bench.message) < 0 ||
        workload_catalog_load(&bench.workloads, &bench.paths, bench.message) < 0)
        errx(EXIT_BROKEN, "%s", bench.message);

    puts("Figures of heapmark on this machine:");
    figure_null(&bench);
    figure_accounting(&bench);
    figure_replay(&bench);
    figure_start(&bench);
    figure_sampling(&bench);
    figure_strategies(&bench);
    char *store = argc > 1 ? strdup(argv[1]) : report_default_store(&bench.paths);
    figure_share(store);
    free(store);
    run_release(&bench.run);
    workload_catalog_release(&bench.workloads);
    allocator_catalog_release(&bench.allocators);
    paths_release(&bench.paths);
    return 0;
}
