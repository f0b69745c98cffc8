/*
 * How often verdicts are wrong, and how often they see a change, on simulated machines: one table
 * of comparisons of a workload with itself, one of planted changes, one of whole suites. Every
 * figure comes out the same again. docs/verdicts.md shows and explains the tables.
 *
 *   verdict_rates [COMPARISONS]    of each condition and change, 1,000 unless told
 */
#include "noise_fixture.h"

#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EXIT_BROKEN = 2, FAMILY = 12, SERIES_TRIALS = 20 };

struct tally {
    size_t comparisons, verdicts[VERDICT_WORSE + 1], missed;
    double seconds, half_width, pairs;
};

static void count_cell(struct tally *tally, const struct verdict_cell *cell, double truth)
{
    const struct verdict_estimate *reported = &cell->track[cell->reported];
    tally->comparisons++;
    tally->verdicts[cell->verdict]++;
    tally->half_width += (reported->high - reported->low) / 2;
    tally->pairs += (double)cell->pairs;
    tally->missed += !(reported->low <= truth && truth <= reported->high);
}

static double percent(size_t count, size_t of)
{
    return 100 * (double)count / (double)of;
}

static struct tally run_comparisons(const struct noise_condition *condition, double effect,
                                    size_t comparisons)
{
    static struct noise_series series;
    struct tally tally = {0};
    for (size_t i = 0; i < comparisons; i++) {
        struct noise_machine machine;
        struct verdict_cell cell;
        struct verdict_rules rules = verdict_rules_default;
        rules.seed = i + 1;
        noise_machine_init(&machine, condition, i + 1);
        double start_s = machine.now_s;
        if (noise_compare(&machine, &series, effect, &rules, &cell) != 0)
            err(EXIT_BROKEN, "comparison %zu", i);
        count_cell(&tally, &cell, log1p(effect));
        tally.seconds += machine.now_s - start_s;
    }
    return tally;
}

static void print_row(const char *name, double effect, const struct tally *tally)
{
    size_t n = tally->comparisons;
    printf("| %s | %g %% |", name, 100 * effect);
    static const enum verdict order[] = {VERDICT_BETTER, VERDICT_SAME, VERDICT_WORSE,
                                         VERDICT_UNDECIDED};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        printf(" %.1f |", percent(tally->verdicts[order[i]], n));
    /* A change of CPU time is not one of waiting: only 'none' is known to be the truth. */
    if (effect == 0)
        printf(" %.1f |", percent(tally->missed, n));
    else
        printf(" |");
    printf(" %.0f | %.1f | %.2f |\n", tally->pairs / (double)n, tally->seconds / (double)n,
           100 * tally->half_width / (double)n);
    fflush(stdout);
}

static void print_rates(size_t comparisons)
{
    static const double effects[] = {0, 0.02, 0.03, 0.05};
    puts("| condition | planted | faster % | same % | slower % | undecided % | interval misses % |"
         " pairs | seconds | +- % |\n"
         "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (size_t e = 0; e < sizeof effects / sizeof *effects; e++)
        for (size_t c = 0; c < NOISE_CONDITIONS; c++) {
            struct tally tally = run_comparisons(&noise_conditions[c], effects[e], comparisons);
            print_row(noise_conditions[c].name, effects[e], &tally);
        }
}

/* A suite of FAMILY workloads run round robin on one machine, until each is settled. */
static void run_family(struct noise_machine *machine, struct noise_series *series,
                       const struct verdict_rules *rules, struct verdict_cell *cell)
{
    static const struct verdict_measure time = {.is_time = true, .gates = true, .threshold = 0.02};
    struct verdict_cell *cells[FAMILY];
    for (size_t w = 0; w < FAMILY; w++) {
        verdict_cell_init(cells[w] = &cell[w], &time);
        series[w].pairs = 0;
    }
    for (size_t look = 0; look < rules->look_count; look++) {
        for (size_t pair = look == 0 ? 0 : rules->looks[look - 1]; pair < rules->looks[look];
             pair++)
            for (size_t w = 0; w < FAMILY; w++)
                if (!cell[w].settled)
                    noise_series_add(&series[w], machine);
        for (size_t w = 0; w < FAMILY; w++) {
            struct verdict_pairs pairs = noise_series_pairs(&series[w]);
            if (!cell[w].settled && verdict_look(&cell[w], rules, &pairs) != 0)
                err(EXIT_BROKEN, "look");
        }
        if (verdict_decide(cells, FAMILY, rules) != 0)
            err(EXIT_BROKEN, "decide");
    }
}

struct family_tally {
    size_t families, red, undecided, caught;
    double seconds;
};

/* `effect` in the last workload only. Red: any of the others is slower. */
static struct family_tally run_families(const struct noise_condition *condition, double effect,
                                        size_t families)
{
    static struct noise_series series[FAMILY];
    struct family_tally tally = {.families = families};
    series[FAMILY - 1].effect = effect;
    for (size_t i = 0; i < families; i++) {
        struct noise_machine machine;
        struct verdict_cell cell[FAMILY];
        struct verdict_rules rules = verdict_rules_default;
        bool red = false, undecided = false;
        rules.family = FAMILY;
        rules.seed = i + 1;
        noise_machine_init(&machine, condition, 1000000 + i);
        double start_s = machine.now_s;
        run_family(&machine, series, &rules, cell);
        for (size_t w = 0; w < FAMILY; w++) {
            red |= cell[w].verdict == VERDICT_WORSE && (w < FAMILY - 1 || effect == 0);
            undecided |= cell[w].verdict == VERDICT_UNDECIDED;
        }
        tally.red += red;
        tally.undecided += undecided;
        tally.caught += cell[FAMILY - 1].verdict == VERDICT_WORSE;
        tally.seconds += machine.now_s - start_s;
    }
    return tally;
}

static void print_families(double effect, size_t families)
{
    struct family_tally all = {0};
    printf("\n| condition | planted in one of %d | suites | red without cause | planted seen %% | "
           "some "
           "undecided %% | minutes |\n|---|---:|---:|---:|---:|---:|---:|\n",
           FAMILY);
    for (size_t c = 0; c < NOISE_CONDITIONS; c++) {
        struct family_tally tally = run_families(&noise_conditions[c], effect, families);
        printf("| %s | %g %% | %zu | %zu |", noise_conditions[c].name, 100 * effect, families,
               tally.red);
        if (effect > 0)
            printf(" %.1f", percent(tally.caught, families));
        printf(" | %.1f | %.1f |\n", percent(tally.undecided, families),
               tally.seconds / 60 / (double)families);
        all.red += tally.red;
        all.families += families;
    }
    printf("| all | %g %% | %zu | %zu (%.2f %%) | | | |\n", 100 * effect, all.families, all.red,
           percent(all.red, all.families));
    fflush(stdout);
}

/* All trials of BASE, then all of NEW, which is the same; only their wholes. */
static enum verdict compare_in_turn(const struct noise_condition *condition, uint64_t seed)
{
    static struct noise_series series;
    static const struct verdict_measure time = {.is_time = true, .threshold = 0.02};
    struct noise_machine machine;
    struct verdict_cell cell, *cells[] = {&cell};
    double values[2 * SERIES_TRIALS];
    noise_machine_init(&machine, condition, seed);
    series.pairs = 0;
    /* Both of a pair are the same: its trials in the order of time. */
    for (size_t i = 0; i < SERIES_TRIALS; i++) {
        noise_series_add(&series, &machine);
        values[2 * i] = series.base_whole[i];
        values[2 * i + 1] = series.new_whole[i];
    }
    verdict_cell_init(&cell, &time);
    struct verdict_values base = {values, SERIES_TRIALS};
    struct verdict_values new = {values + SERIES_TRIALS, SERIES_TRIALS};
    if (verdict_independent(&cell, &verdict_rules_default, base, new) != 0 ||
        verdict_decide(cells, 1, &verdict_rules_default) != 0)
        err(EXIT_BROKEN, "independent");
    return cell.p <= verdict_rules_default.alpha ? VERDICT_WORSE : VERDICT_SAME;
}

static void print_in_turn(size_t comparisons)
{
    printf(
        "\n| condition | false alarms at 1 %%, %d trials of one side and then %d of the other |\n"
        "|---|---:|\n",
        SERIES_TRIALS, SERIES_TRIALS);
    for (size_t c = 0; c < NOISE_CONDITIONS; c++) {
        size_t alarms = 0;
        for (size_t i = 0; i < comparisons; i++)
            alarms += compare_in_turn(&noise_conditions[c], i + 1) != VERDICT_SAME;
        printf("| %s | %.1f %% |\n", noise_conditions[c].name, percent(alarms, comparisons));
    }
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long comparisons = argc > 1 ? strtoul(argv[1], &end, 10) : 1000;
    if (argc > 2 || (end != NULL && *end != '\0') || comparisons == 0)
        errx(EXIT_BROKEN, "usage: verdict_rates [COMPARISONS]");
    print_rates(comparisons);
    print_families(0, (comparisons + NOISE_CONDITIONS - 1) / NOISE_CONDITIONS);
    print_families(0.03, (comparisons + 29) / 30);
    print_in_turn(comparisons);
    fprintf(stderr, "%.1f s of CPU\n", (double)clock() / CLOCKS_PER_SEC);
    return 0;
}
