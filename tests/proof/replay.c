/*
 * How often verdicts are right on recorded noise: comparisons drawn from the pairs of trials in
 * tests/proof/corpora, and decided by the same code that `heapmark compare` decides with. The same
 * figures come out each time. docs/proof.md shows and explains the tables.
 *
 *   replay [COMPARISONS [PART]]
 *
 * so many of each condition, 1,000 unless told; of each change and on CPU times a quarter, whole
 * suites a fifth. PART: same, injected, cpu, planted or suites; all of them unless told.
 */
#include "corpus_fixture.h"
#include "run_fixture.h"

#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FOLDER "tests/proof/corpora/"

enum { EXIT_BROKEN = 2, FAMILY = 12, PATH_BYTES = 128 };

static const char *const conditions[] = {"quiet", "hog", "bursts", "ci", "saturated", "compile"};
enum { CONDITIONS = sizeof conditions / sizeof *conditions, QUIET = 0, CI = 3 };

static const struct verdict_measure time_measure = {.is_time = true,
                                                    .gates = true,
                                                    .threshold = 0.02};

static struct corpus load(const char *kind, const char *condition)
{
    struct corpus corpus;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, FOLDER "%s-%s.gz", kind, condition);
    if (corpus_load(&corpus, path) != 0)
        errx(EXIT_BROKEN,
             "record the corpora first: tests/proof/record.py; run in the top of the tree");
    return corpus;
}

/* ---- drawing -------------------------------------------------------------------- */

static size_t below(struct fixture_random *random, size_t count)
{
    return (size_t)(fixture_uniform(random) * (double)count) % count;
}

/* The n-th workload that has both libraries. */
static struct corpus_draw draw_pair(const struct corpus *corpus, size_t n, const char *base,
                                    const char *new)
{
    size_t found = 0, all = 0;
    for (size_t i = 0; i < corpus->count; i++)
        all += corpus_find(corpus, corpus->series[i].workload, new) == &corpus->series[i];
    if (all == 0)
        errx(EXIT_BROKEN, "a corpus has nothing of %s", new);
    for (size_t i = 0; i < corpus->count; i++)
        if (corpus_find(corpus, corpus->series[i].workload, new) == &corpus->series[i] &&
            found++ == n % all)
            return (struct corpus_draw){.base =
                                            corpus_find(corpus, corpus->series[i].workload, base),
                                        .new = &corpus->series[i]};
    abort();
}

/* Workload, beginning and labels by lot. */
static struct corpus_draw draw_same(const struct corpus *corpus, struct fixture_random *random)
{
    struct corpus_draw draw = draw_pair(corpus, below(random, 1 << 20), "one", "two");
    draw.start = below(random, draw.new->trials);
    draw.lot = 1 + below(random, 1 << 30);
    return draw;
}

/* ---- single comparisons --------------------------------------------------------- */

struct tally {
    size_t comparisons, verdicts[VERDICT_WORSE + 1], missed;
    size_t single, single_verdicts[VERDICT_WORSE + 1]; /* of workloads with one thread */
    double *seconds[VERDICT_WORSE + 1];                /* of each with that verdict */
    double all_seconds, pairs, half_width;
};

static void tally_init(struct tally *tally, size_t most)
{
    *tally = (struct tally){0};
    for (size_t v = 0; v <= VERDICT_WORSE; v++)
        if ((tally->seconds[v] = calloc(most, sizeof(double))) == NULL)
            err(EXIT_BROKEN, "memory");
}

static void tally_release(struct tally *tally)
{
    for (size_t v = 0; v <= VERDICT_WORSE; v++)
        free(tally->seconds[v]);
}

static void compare(struct tally *tally, const struct corpus *corpus,
                    const struct corpus_draw *draw, uint64_t seed)
{
    static struct corpus_window window;
    struct verdict_cell cell;
    struct verdict_rules rules = corpus_rules(corpus);
    rules.seed = seed;
    if (corpus_compare(&window, draw, &rules, &cell) != 0)
        err(EXIT_BROKEN, "%s at %zu", draw->base->workload, draw->start);
    const struct verdict_estimate *reported = &cell.track[cell.reported];
    tally->seconds[cell.verdict][tally->verdicts[cell.verdict]++] = window.seconds;
    tally->comparisons++;
    if (strstr(draw->base->workload, "-2t") == NULL) {
        tally->single++;
        tally->single_verdicts[cell.verdict]++;
    }
    tally->all_seconds += window.seconds;
    tally->pairs += (double)cell.pairs;
    tally->half_width += (reported->high - reported->low) / 2;
    tally->missed += reported->low > 0 || reported->high < 0;
}

static double percent(size_t count, size_t of)
{
    return 100 * (double)count / (double)of;
}

/* Of all comparisons, those with that verdict within a time. */
static double percent_within(const struct tally *tally, enum verdict verdict, double seconds)
{
    size_t count = 0;
    for (size_t i = 0; i < tally->verdicts[verdict]; i++)
        count += tally->seconds[verdict][i] <= seconds;
    return percent(count, tally->comparisons);
}

static double mean(const struct tally *tally, double sum)
{
    return sum / (double)tally->comparisons;
}

static void print_same(const struct corpus *corpora, bool cpu, size_t comparisons)
{
    printf("\n%s:\n\n", cpu ? "CPU time" : "Wall time");
    puts("| condition | comparisons | faster | slower | wrong % | same % | of one thread | same "
         "within 30 s % |"
         " undecided % | interval misses % | pairs | seconds | +- % |\n"
         "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (size_t c = 0; c < CONDITIONS; c++) {
        struct fixture_random random = {c + 1};
        struct tally tally;
        tally_init(&tally, comparisons);
        for (size_t i = 0; i < comparisons; i++) {
            struct corpus_draw draw = draw_same(&corpora[c], &random);
            draw.cpu = cpu;
            compare(&tally, &corpora[c], &draw, i + 1);
        }
        size_t faster = tally.verdicts[VERDICT_BETTER], slower = tally.verdicts[VERDICT_WORSE];
        printf("| %s | %zu | %zu | %zu | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.0f | %.1f | "
               "%.2f |\n",
               conditions[c], comparisons, faster, slower, percent(faster + slower, comparisons),
               percent(tally.verdicts[VERDICT_SAME], comparisons),
               percent(tally.single_verdicts[VERDICT_SAME], tally.single),
               percent_within(&tally, VERDICT_SAME, 30),
               percent(tally.verdicts[VERDICT_UNDECIDED], comparisons),
               percent(tally.missed, comparisons), mean(&tally, tally.pairs),
               mean(&tally, tally.all_seconds), 100 * mean(&tally, tally.half_width));
        fflush(stdout);
        tally_release(&tally);
    }
}

static void print_caught_head(const char *first)
{
    printf("\n| %s | planted | slower %% | of one thread | within 8 s | 15 s | 20 s | 30 s | same "
           "%% | faster %% |"
           " undecided %% | pairs | seconds |\n"
           "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
           first);
}

static void print_caught(const char *name, double planted, const struct tally *tally)
{
    printf("| %s | %g %% | %.1f | %.1f |", name, 100 * planted,
           percent(tally->verdicts[VERDICT_WORSE], tally->comparisons),
           percent(tally->single_verdicts[VERDICT_WORSE], tally->single));
    static const double limits[] = {8, 15, 20, 30};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        printf(" %.1f |", percent_within(tally, VERDICT_WORSE, limits[i]));
    printf(" %.1f | %.1f | %.1f | %.0f | %.1f |\n",
           percent(tally->verdicts[VERDICT_SAME], tally->comparisons),
           percent(tally->verdicts[VERDICT_BETTER], tally->comparisons),
           percent(tally->verdicts[VERDICT_UNDECIDED], tally->comparisons),
           mean(tally, tally->pairs), mean(tally, tally->all_seconds));
    fflush(stdout);
}

static void print_injected(const struct corpus *corpora, bool cpu, size_t comparisons)
{
    static const double changes[] = {0.01, 0.02, 0.03, 0.05};
    print_caught_head(cpu ? "condition (CPU time)" : "condition");
    for (size_t e = 0; e < sizeof changes / sizeof *changes; e++)
        for (size_t c = 0; c < CONDITIONS; c++) {
            struct fixture_random random = {100 + c};
            struct tally tally;
            tally_init(&tally, comparisons);
            for (size_t i = 0; i < comparisons; i++) {
                struct corpus_draw draw = draw_same(&corpora[c], &random);
                draw.planted = changes[e];
                draw.cpu = cpu;
                compare(&tally, &corpora[c], &draw, i + 1);
            }
            print_caught(conditions[c], changes[e], &tally);
            tally_release(&tally);
        }
}

/* ---- libraries that are slower ------------------------------------------------- */

static const struct {
    const char *library;
    double change;
} planted[] = {
    {"slow1", 0.01},
    {"slow2", 0.02},
    {"slow3", 0.03},
    {"slow5", 0.05},
};
enum { PLANTED = sizeof planted / sizeof *planted };

/* All pairs of the corpus at one look: how large the change is. */
static void print_sizes(const struct corpus *corpus, const char *condition)
{
    static struct corpus_window window;
    for (size_t w = 0; w < corpus->count / (PLANTED + 1); w++)
        for (size_t p = 0; p < PLANTED; p++) {
            struct corpus_draw draw = draw_pair(corpus, w, "slow0", planted[p].library);
            struct verdict_rules rules = {.alpha = 0.01,
                                          .looks = {draw.new->trials},
                                          .look_count = 1,
                                          .family = 1,
                                          .seed = 1};
            struct verdict_cell cell;
            verdict_cell_init(&cell, &time_measure);
            corpus_window_init(&window, &draw);
            corpus_window_extend(&window, draw.new->trials);
            struct verdict_pairs pairs = corpus_window_pairs(&window);
            if (verdict_look(&cell, &rules, &pairs) != 0)
                err(EXIT_BROKEN, "%s", draw.new->workload);
            printf("| %s | %s | %g %% | %zu |", condition, draw.new->workload,
                   100 * planted[p].change, pairs.pairs);
            for (size_t t = 0; t < TRACK_COUNT; t++)
                printf(" %+.2f [%+.2f, %+.2f] |", 100 * expm1(cell.track[t].value),
                       100 * expm1(cell.track[t].low), 100 * expm1(cell.track[t].high));
            putchar('\n');
        }
}

static void print_planted(const struct corpus *corpora, size_t comparisons)
{
    static const size_t recorded[] = {QUIET, CI};
    print_caught_head("recorded changes");
    for (size_t p = 0; p < PLANTED; p++)
        for (size_t r = 0; r < sizeof recorded / sizeof *recorded; r++) {
            struct fixture_random random = {200 + r};
            struct tally tally;
            tally_init(&tally, comparisons);
            for (size_t i = 0; i < comparisons; i++) {
                struct corpus_draw draw =
                    draw_pair(&corpora[r], below(&random, 1 << 20), "slow0", planted[p].library);
                draw.start = below(&random, draw.new->trials);
                compare(&tally, &corpora[r], &draw, i + 1);
            }
            print_caught(conditions[recorded[r]], planted[p].change, &tally);
            tally_release(&tally);
        }
    puts("\n| condition | workload | planted | pairs | laps, % [99.5 % interval] | floor, % |\n"
         "|---|---|---:|---:|---:|---:|");
    for (size_t r = 0; r < sizeof recorded / sizeof *recorded; r++)
        print_sizes(&corpora[r], conditions[recorded[r]]);
}

/* ---- whole suites --------------------------------------------------------------- */

/* A suite of FAMILY stretches, round robin, until each is settled; beside each time another measure
 * gates in which nothing ever shows, as memory does in `heapmark compare`. Returns the seconds. */
static double run_family(const struct corpus *corpus, struct fixture_random *random,
                         const struct verdict_rules *rules, struct verdict_cell *cell)
{
    static struct corpus_window window[FAMILY];
    static const struct verdict_measure memory = {.gates = true, .threshold = 0.02};
    struct verdict_cell *cells[2 * FAMILY], silent[FAMILY];
    double seconds = 0;
    for (size_t w = 0; w < FAMILY; w++) {
        struct corpus_draw draw = draw_pair(corpus, w, "one", "two");
        draw.start = below(random, draw.new->trials);
        draw.lot = 1 + below(random, 1 << 30);
        corpus_window_init(&window[w], &draw);
        verdict_cell_init(cells[w] = &cell[w], &time_measure);
        verdict_cell_init(cells[FAMILY + w] = &silent[w], &memory);
    }
    for (size_t look = 0; look < rules->look_count; look++) {
        for (size_t w = 0; w < FAMILY; w++) {
            if (cell[w].settled)
                continue;
            corpus_window_extend(&window[w], rules->looks[look]);
            struct verdict_pairs pairs = corpus_window_pairs(&window[w]);
            if (verdict_look(&cell[w], rules, &pairs) != 0)
                err(EXIT_BROKEN, "look");
        }
        if (verdict_decide(cells, 2 * FAMILY, rules) != 0)
            err(EXIT_BROKEN, "decide");
    }
    for (size_t w = 0; w < FAMILY; w++)
        seconds += window[w].seconds;
    return seconds;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void print_families(const struct corpus *corpora, size_t families)
{
    double *seconds = calloc(families, sizeof *seconds);
    if (seconds == NULL)
        err(EXIT_BROKEN, "memory");
    printf("\n| condition | suites of %d | red | some undecided %% | minutes | of 99 %% at most |\n"
           "|---|---:|---:|---:|---:|---:|\n",
           FAMILY);
    for (size_t c = 0; c < CONDITIONS; c++) {
        struct fixture_random random = {300 + c};
        size_t red = 0, open = 0;
        double all = 0;
        for (size_t i = 0; i < families; i++) {
            struct verdict_cell cell[FAMILY];
            struct verdict_rules rules = corpus_rules(&corpora[c]);
            bool is_red = false, is_open = false;
            rules.family = 2 * FAMILY;
            rules.seed = i + 1;
            all += seconds[i] = run_family(&corpora[c], &random, &rules, cell);
            for (size_t w = 0; w < FAMILY; w++) {
                is_red |= cell[w].verdict == VERDICT_WORSE;
                is_open |= cell[w].verdict == VERDICT_UNDECIDED;
            }
            red += is_red;
            open += is_open;
        }
        qsort(seconds, families, sizeof *seconds, by_size);
        printf("| %s | %zu | %zu (%.2f %%) | %.1f | %.1f | %.1f |\n", conditions[c], families, red,
               percent(red, families), percent(open, families), all / 60 / (double)families,
               seconds[(families * 99 - 1) / 100] / 60);
        fflush(stdout);
    }
    free(seconds);
}

/* ---- parts ---------------------------------------------------------------------- */

static const char *const parts[] = {"same", "injected", "cpu", "planted", "suites"};
enum part { SAME, INJECTED, CPU, PLANTED_LIBRARIES, SUITES, PARTS };

static void print_part(enum part part, const struct corpus *same, const struct corpus *slow,
                       size_t comparisons)
{
    size_t quarter = (comparisons + 3) / 4;
    if (part == SAME)
        print_same(same, false, comparisons);
    if (part == INJECTED)
        print_injected(same, false, quarter);
    if (part == CPU) {
        print_same(same, true, quarter);
        print_injected(same, true, quarter);
    }
    if (part == PLANTED_LIBRARIES)
        print_planted(slow, quarter);
    if (part == SUITES)
        print_families(same, (comparisons + 4) / 5);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long comparisons = argc > 1 ? strtoul(argv[1], &end, 10) : 1000;
    struct corpus same[CONDITIONS], slow[2];
    size_t only = 0;
    while (argc == 3 && only < PARTS && strcmp(argv[2], parts[only]) != 0)
        only++;
    if (argc > 3 || (end != NULL && *end != '\0') || comparisons == 0 || only == PARTS)
        errx(EXIT_BROKEN, "usage: replay [COMPARISONS [same|injected|cpu|planted|suites]]");
    for (size_t c = 0; c < CONDITIONS; c++)
        same[c] = load("same", conditions[c]);
    slow[0] = load("slow", conditions[QUIET]);
    slow[1] = load("slow", conditions[CI]);
    for (size_t part = 0; part < PARTS; part++)
        if (argc < 3 || part == only)
            print_part((enum part)part, same, slow, comparisons);
    fprintf(stderr, "%.1f s of CPU\n", (double)clock() / CLOCKS_PER_SEC);
    for (size_t c = 0; c < CONDITIONS; c++)
        corpus_release(&same[c]);
    for (size_t c = 0; c < 2; c++)
        corpus_release(&slow[c]);
    return 0;
}
