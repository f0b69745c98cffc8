/* Recorded trials; see the header. */
#include "corpus_fixture.h"

#include "run_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { LINE_BYTES = 4096 };
#define SPENT_UNIT_S 1e-4
#define DELAY_UNIT_S 1e-6
#define LAP_UNIT_S   1e-7

/* ---- reading -------------------------------------------------------------------- */

const struct corpus_series *corpus_find(const struct corpus *corpus, const char *workload,
                                        const char *library)
{
    for (size_t i = 0; i < corpus->count; i++)
        if (strcmp(corpus->series[i].workload, workload) == 0 &&
            strcmp(corpus->series[i].library, library) == 0)
            return &corpus->series[i];
    return NULL;
}

static struct corpus_series *find_or_add(struct corpus *corpus, const char *workload,
                                         const char *library)
{
    const struct corpus_series *known = corpus_find(corpus, workload, library);
    if (known != NULL)
        return &corpus->series[known - corpus->series];
    struct corpus_series *grown =
        reallocarray(corpus->series, corpus->count + 1, sizeof *corpus->series);
    if (grown == NULL)
        return NULL;
    corpus->series = grown;
    struct corpus_series *series = &grown[corpus->count++];
    *series = (struct corpus_series){0};
    snprintf(series->workload, sizeof series->workload, "%s", workload);
    snprintf(series->library, sizeof series->library, "%s", library);
    return series;
}

static int grow(double **values, size_t count)
{
    double *grown = reallocarray(*values, count, sizeof *grown);
    if (grown == NULL)
        return -1;
    *values = grown;
    return 0;
}

static int reserve(struct corpus_series *series)
{
    size_t capacity = series->capacity == 0 ? 64 : 2 * series->capacity;
    if (series->trials < series->capacity)
        return 0;
    if (grow(&series->wall, capacity * CORPUS_LAPS_MAXIMUM) != 0 ||
        grow(&series->cpu, capacity * CORPUS_LAPS_MAXIMUM) != 0 ||
        grow(&series->spent_s, capacity) != 0 || grow(&series->delay, capacity) != 0 ||
        grow(&series->place, capacity) != 0)
        return -1;
    series->capacity = capacity;
    return 0;
}

/* The numbers behind the names. */
static int read_trial(struct corpus_series *series, size_t place, char *text)
{
    double laps[2 * CORPUS_LAPS_MAXIMUM], head[2];
    size_t numbers = 0;
    if (reserve(series) != 0)
        return -1;
    for (char *end = NULL;; text = end) {
        double number = strtod(text, &end);
        if (end == text)
            break;
        if (numbers == 2 + 2 * CORPUS_LAPS_MAXIMUM)
            return -1;
        *(numbers < 2 ? &head[numbers] : &laps[numbers - 2]) = number;
        numbers++;
    }
    size_t count = numbers < 4 ? 0 : (numbers - 2) / 2, i = series->trials;
    series->laps = i == 0 ? count : series->laps;
    if (count == 0 || numbers % 2 != 0 || count != series->laps || text[strspn(text, "\n")] != '\0')
        return -1;
    series->spent_s[i] = head[0] * SPENT_UNIT_S;
    series->delay[i] = head[1] * DELAY_UNIT_S;
    series->place[i] = (double)place;
    for (size_t lap = 0; lap < count; lap++) {
        series->wall[i * count + lap] = laps[2 * lap] * LAP_UNIT_S;
        series->cpu[i * count + lap] = (laps[2 * lap] - laps[2 * lap + 1]) * LAP_UNIT_S;
    }
    series->trials++;
    return 0;
}

static int read_line(struct corpus *corpus, size_t number, char *line)
{
    char workload[CORPUS_NAME_BYTES], library[CORPUS_NAME_BYTES];
    int used = 0;
    if (sscanf(line, "%31s %31s %n", workload, library, &used) != 2 || used == 0)
        return -1;
    struct corpus_series *series = find_or_add(corpus, workload, library);
    return series == NULL ? -1 : read_trial(series, number, line + used);
}

int corpus_load(struct corpus *corpus, const char *path)
{
    char line[LINE_BYTES];
    size_t number = 0;
    int result = 0;
    *corpus = (struct corpus){0};
    gzFile file = gzopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    while (result == 0 && gzgets(file, line, sizeof line) != NULL) {
        number++;
        result = read_line(corpus, number, line);
    }
    if (result != 0 || !gzeof(file) || corpus->count == 0) {
        fprintf(stderr, "%s: line %zu cannot be read\n", path, number);
        result = -1;
    }
    gzclose(file);
    return result;
}

void corpus_release(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->count; i++) {
        free(corpus->series[i].wall);
        free(corpus->series[i].cpu);
        free(corpus->series[i].spent_s);
        free(corpus->series[i].delay);
        free(corpus->series[i].place);
    }
    free(corpus->series);
    *corpus = (struct corpus){0};
}

/* ---- drawing -------------------------------------------------------------------- */

static size_t available(const struct corpus_draw *draw)
{
    return draw->base->trials < draw->new->trials ? draw->base->trials : draw->new->trials;
}

void corpus_window_init(struct corpus_window *window, const struct corpus_draw *draw)
{
    size_t before = (draw->start + available(draw) - 1) % available(draw);
    window->draw = *draw;
    window->pairs = 0;
    window->seconds = draw->base->spent_s[before] + draw->new->spent_s[before];
}

/* The laps of a trial of that draw. Returns their sum. */
static double put(const struct corpus_draw *draw, const struct corpus_series *series, size_t trial,
                  double planted, double *laps)
{
    const double *time = draw->cpu ? series->cpu : series->wall;
    double sum = 0;
    for (size_t lap = 0; lap < series->laps; lap++) {
        size_t at = trial * series->laps + lap;
        laps[lap] = time[at] + planted * series->cpu[at];
        sum += laps[lap];
    }
    return sum;
}

void corpus_window_extend(struct corpus_window *window, size_t pairs)
{
    const struct corpus_draw *draw = &window->draw;
    size_t laps = draw->base->laps;
    for (; window->pairs < pairs; window->pairs++) {
        size_t i = window->pairs, trial = (draw->start + i) % available(draw);
        struct fixture_random random = {draw->lot * UINT64_C(0x9e3779b97f4a7c15) + i};
        bool exchange = draw->lot != 0 && fixture_uniform(&random) < 0.5;
        const struct corpus_series *base = exchange ? draw->new : draw->base;
        const struct corpus_series *new = exchange ? draw->base : draw->new;
        window->base_whole[i] = put(draw, base, trial, 0, window->base + i * laps);
        window->new_whole[i] = put(draw, new, trial, draw->planted, window->new + i *laps);
        window->order[i] = base->place[trial] < new->place[trial] ? 1 : -1;
        window->seconds += base->spent_s[trial] + new->spent_s[trial];
    }
}

struct verdict_pairs corpus_window_pairs(const struct corpus_window *window)
{
    return (struct verdict_pairs){.pairs = window->pairs,
                                  .laps = window->draw.base->laps,
                                  .base = window->base,
                                  .new = window->new,
                                  .order = window->order,
                                  .base_whole = window->base_whole,
                                  .new_whole = window->new_whole};
}

struct verdict_rules corpus_rules(const struct corpus *corpus)
{
    struct verdict_rules rules = verdict_rules_default;
    size_t most = CORPUS_PAIRS_MAXIMUM;
    for (size_t i = 0; i < corpus->count; i++)
        most = corpus->series[i].trials < most ? corpus->series[i].trials : most;
    rules.look_count = 0;
    for (size_t pairs = 20; pairs <= most; pairs *= 2)
        rules.looks[rules.look_count++] = pairs;
    return rules;
}

int corpus_compare(struct corpus_window *window, const struct corpus_draw *draw,
                   const struct verdict_rules *rules, struct verdict_cell *cell)
{
    static const struct verdict_measure time = {.is_time = true, .gates = true, .threshold = 0.02};
    corpus_window_init(window, draw);
    verdict_cell_init(cell, &time);
    while (!cell->settled) {
        corpus_window_extend(window, rules->looks[cell->look]);
        struct verdict_pairs pairs = corpus_window_pairs(window);
        if (verdict_look(cell, rules, &pairs) != 0 || verdict_decide(&cell, 1, rules) != 0)
            return -1;
    }
    return 0;
}
