/*
 * What each synthetic workload costs beside its allocator: nanoseconds an operation under one that
 * costs next to nothing, beside those under glibc. A benchmark, not a test: it judges nothing.
 *
 *   own_cost [WORKLOAD]...    all, unless named
 */
#include "bench.h"

#include "trial_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 5 };
#define TARGET_NS    5
#define TARGET_SHARE 0.2

/* Of each lap the fastest that was seen, the median over the laps. NAN: the workload cannot run
 * so, since it reads what it wrote long before, or has blocks too large for a ring. */
static double cost_of(struct bench *bench, const char *workload, const char *allocator)
{
    double laps[TRIAL_LAPS_MAXIMUM];
    struct side side = {workload, allocator, 0};
    int64_t count = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        struct trial_record record;
        bool ok = try_trial(bench, &side, 16 * coin(256), &record);
        count = record.laps;
        for (int64_t l = 0; ok && l < count; l++) {
            double cost = (double)record.lap[l].wall_ns / (double)record.lap[l].operations;
            laps[l] = repeat == 0 ? cost : fmin(laps[l], cost);
        }
        trial_record_release(&record);
        if (!ok)
            return NAN;
    }
    return median_of(laps, (size_t)count);
}

static double own_cost(struct bench *bench, const char *workload)
{
    double cost = cost_of(bench, workload, SMALL_RING);
    return isnan(cost) ? cost_of(bench, workload, RING) : cost;
}

static bool has_touch(const struct workload_entry *entry)
{
    for (size_t i = 0; i < entry->param_count; i++)
        if (strcmp(entry->params[i].name, "touch") == 0)
            return strcmp(entry->params[i].fallback, "none") != 0 &&
                   strncmp(entry->params[i].choices, "none|", 5) == 0;
    return false;
}

static void print_cost(double cost)
{
    if (isnan(cost))
        printf("  %8s", "-");
    else
        printf("  %8.1f", cost);
}

static void figure_workload(struct bench *bench, const struct workload_entry *entry)
{
    char bare[128];
    snprintf(bare, sizeof bare, "%s:touch=none", entry->name);
    double own = own_cost(bench, entry->name), glibc = cost_of(bench, entry->name, "glibc");
    double untouched = has_touch(entry) ? own_cost(bench, bare) : NAN;
    printf("%-18s", entry->name);
    print_cost(own);
    print_cost(untouched);
    print_cost(glibc);
    if (!isnan(own))
        printf("  %6.0f %%%s", 100 * own / glibc,
               own <= TARGET_NS || own <= TARGET_SHARE * glibc ? "" : "  over");
    printf("\n");
}

static bool is_wanted(const char *name, char **names)
{
    bool wanted = names[0] == NULL;
    for (; *names != NULL; names++)
        wanted |= strcmp(name, *names) == 0;
    return wanted;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct bench bench;
    bench_init(&bench);
    puts("Nanoseconds an operation of each synthetic workload, on one thread\n"
         "(target: at most 5, or a fifth of glibc's):\n"
         "                        ring  touch=none   glibc  ring / glibc");
    for (size_t w = 0; w < bench.workloads.count; w++)
        if (!bench.workloads.entries[w].recorded &&
            is_wanted(bench.workloads.entries[w].name, argv + 1))
            figure_workload(&bench, &bench.workloads.entries[w]);
    bench_release(&bench);
    return 0;
}
