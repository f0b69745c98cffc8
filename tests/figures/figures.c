/*
 * Measures heapmark itself: what its loop costs, what its sampling costs, how fast a trial starts,
 * what its runner weighs, how the in-house strategies compare. Prints figures beside targets;
 * docs/figures.md says what each is. A benchmark, not a test: it judges nothing.
 *
 *   figures [STORE]    the share of time in timed regions is that of the newest default run there
 */
#include "bench.h"

#include "trial_page.h"

#include "report.h"
#include "signed_rank.h"

#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAIRS = 40,
    PAIRS_MAXIMUM = 100,
    STARTS = 10,
};
#define SAMPLE_STEP_NS 1000000
#define ALPHA          0.05

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
    struct bench bench;
    bench_init(&bench);
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
    bench_release(&bench);
    return 0;
}
