/* Makes distributions into tables; see spread.h. */
#include "spread.h"

#include "message.h"
#include "units.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAXIMUM = SPREAD_PAIRS_MAXIMUM + 8 };
/* Beyond that neither sizes nor lifetimes mean anything. */
#define SPREAD_MOST 1e15

struct words {
    char *text; /* cut up, owned */
    char *word[WORDS_MAXIMUM];
    size_t count;
};

struct shape {
    const char *name;
    unsigned figures;
    bool last_is_plain; /* a sigma, an index: no unit */
    const char *usage;
    double (*quantile)(const double *figure, double p);
};

int spread_number(const char *word, enum spread_unit unit, double *value)
{
    uint64_t whole;
    char *end;
    if (unit == SPREAD_TIME) {
        if (units_parse_duration(word, &whole) < 0)
            return -1;
    } else if ((unit == SPREAD_BYTES ? units_parse_bytes : units_parse_count)(word, &whole) < 0) {
        errno = 0;
        *value = strtod(word, &end); /* 0.5, 1e6 */
        bool fit = end != word && *end == '\0' && isfinite(*value) && *value >= 0;
        return fit && *value <= SPREAD_MOST ? 0 : -1;
    }
    *value = (double)whole;
    return *value <= SPREAD_MOST ? 0 : -1;
}

/* ---- shapes ------------------------------------------------------------------------- */

static double fixed(const double *figure, double p)
{
    (void)p;
    return figure[0];
}

static double uniform(const double *figure, double p)
{
    return figure[0] + (figure[1] - figure[0]) * p;
}

static double log_uniform(const double *figure, double p)
{
    return figure[0] * pow(figure[1] / figure[0], p);
}

static double exponential(const double *figure, double p)
{
    return -figure[0] * log(1 - p);
}

/* Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23 (|error| < 4.5e-4), and two of
 * Newton's steps from there. */
static double normal_quantile(double p)
{
    double t = sqrt(-2 * log(p < 0.5 ? p : 1 - p));
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    if (p < 0.5)
        z = -z;
    for (int i = 0; i < 2; i++)
        z -= (0.5 * erfc(-z * M_SQRT1_2) - p) / (exp(-z * z / 2) * M_2_SQRTPI * M_SQRT1_2 / 2);
    return z;
}

static double log_normal(const double *figure, double p)
{
    return figure[0] * exp(figure[1] * normal_quantile(p));
}

static double pareto(const double *figure, double p)
{
    return figure[0] * pow(1 - p, -1 / figure[1]);
}

static const struct shape shapes[] = {
    {"fixed",       1, false, "fixed VALUE",             fixed      },
    {"uniform",     2, false, "uniform LEAST MOST",      uniform    },
    {"log-uniform", 2, false, "log-uniform LEAST MOST",  log_uniform},
    {"exponential", 1, false, "exponential MEAN",        exponential},
    {"log-normal",  2, true,  "log-normal MEDIAN SIGMA", log_normal },
    {"pareto",      2, true,  "pareto LEAST INDEX",      pareto     },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* ---- tables ------------------------------------------------------------------------- */

struct row {
    double value, weight;
};

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

static int take_rows(struct spread *spread, const struct row *rows, size_t count)
{
    double weights = 0, sum = 0, weights_so_far = 0, sum_so_far = 0;
    *spread = (struct spread){.count = count};
    spread->value = calloc(count, sizeof *spread->value);
    spread->cumulated = calloc(count, sizeof *spread->cumulated);
    spread->weighted = calloc(count, sizeof *spread->weighted);
    if (spread->value == NULL || spread->cumulated == NULL || spread->weighted == NULL) {
        spread_release(spread);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        weights += rows[i].weight;
        sum += rows[i].weight * rows[i].value;
    }
    for (size_t i = 0; i < count; i++) {
        spread->value[i] = rows[i].value;
        weights_so_far += rows[i].weight;
        sum_so_far += rows[i].weight * rows[i].value;
        spread->cumulated[i] = weights_so_far / weights;
        spread->weighted[i] = sum > 0 ? sum_so_far / sum : spread->cumulated[i];
    }
    spread->mean = sum / weights;
    return 0;
}

int spread_from_rows(struct spread *spread, const double *value, const double *weight, size_t count)
{
    struct row *rows = calloc(count, sizeof *rows);
    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct row){value[i], weight[i]};
    qsort(rows, count, sizeof *rows, compare_rows);
    int result = take_rows(spread, rows, count);
    free(rows);
    return result;
}

void spread_release(struct spread *spread)
{
    free(spread->value);
    free(spread->cumulated);
    free(spread->weighted);
    *spread = (struct spread){0};
}

static size_t first_above(const double *cumulated, size_t count, double u)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cumulated[middle] > u)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

double spread_draw(const struct spread *spread, double u)
{
    return spread->value[first_above(spread->cumulated, spread->count, u)];
}

double spread_draw_living(const struct spread *spread, double u)
{
    return spread->value[first_above(spread->weighted, spread->count, u)];
}

/* ---- words -------------------------------------------------------------------------- */

static int cut(struct words *words, const char *text, char *message)
{
    words->count = 0;
    words->text = strdup(text);
    char *rest = words->text, *word;
    if (words->text == NULL)
        return message_set(message, "out of memory");
    while ((word = strsep(&rest, " \t\n")) != NULL) {
        if (word[0] == '\0')
            continue;
        if (words->count == WORDS_MAXIMUM)
            return message_set(message, "more than %d values; put them into a file (table:FILE)",
                               SPREAD_PAIRS_MAXIMUM);
        words->word[words->count++] = word;
    }
    return words->count > 0 ? 0 : message_set(message, "a distribution is missing");
}

struct limits {
    double least, most;
};

/* Takes "least X" and "most Y" off the end. */
static int take_limits(struct words *words, enum spread_unit unit, struct limits *limits,
                       char *message)
{
    *limits = (struct limits){unit == SPREAD_BYTES ? 1 : 0, SPREAD_MOST};
    while (words->count > 2) {
        const char *name = words->word[words->count - 2], *figure = words->word[words->count - 1];
        bool least = strcmp(name, "least") == 0;
        if (!least && strcmp(name, "most") != 0)
            break;
        if (spread_number(figure, unit, least ? &limits->least : &limits->most) < 0)
            return message_set(message, "%s %s is no figure", name, figure);
        words->count -= 2;
    }
    if (limits->least > limits->most)
        return message_set(message, "least is above most");
    return 0;
}

static double clamped(double value, const struct limits *limits)
{
    return value < limits->least ? limits->least : value > limits->most ? limits->most : value;
}

/* "16:50 32:30 4k" */
static int parse_pairs(struct row *rows, const struct words *words, enum spread_unit unit,
                       const struct limits *limits, char *message)
{
    double weights = 0;
    if (words->count < 2)
        return message_set(message, "table needs pairs: table VALUE:WEIGHT ...");
    for (size_t i = 1; i < words->count; i++) {
        char *word = words->word[i], *colon = strchr(word, ':');
        struct row *row = &rows[i - 1];
        row->weight = 1;
        if (colon != NULL)
            *colon = '\0';
        if (spread_number(word, unit, &row->value) < 0 ||
            (colon != NULL && spread_number(colon + 1, SPREAD_COUNT, &row->weight) < 0))
            return message_set(message, "table: '%s%s%s' is no VALUE:WEIGHT", word,
                               colon != NULL ? ":" : "", colon != NULL ? colon + 1 : "");
        row->value = clamped(row->value, limits);
        weights += row->weight;
    }
    return weights > 0 ? 0 : message_set(message, "table: all weights are 0");
}

static int check_figures(const struct shape *shape, const double *figure, char *message)
{
    bool ordered = shape->quantile == uniform || shape->quantile == log_uniform;
    if (ordered && figure[0] > figure[1])
        return message_set(message, "%s: the first figure is above the second", shape->usage);
    if (shape->quantile == log_uniform && figure[0] <= 0)
        return message_set(message, "%s: LEAST must be above 0", shape->usage);
    if (shape->quantile == pareto && (figure[0] <= 0 || figure[1] < 0.1 || figure[1] > 100))
        return message_set(message, "%s: LEAST above 0, INDEX 0.1 to 100", shape->usage);
    if (shape->quantile == log_normal && (figure[0] <= 0 || figure[1] > 10))
        return message_set(message, "%s: MEDIAN above 0, SIGMA 0 to 10", shape->usage);
    return 0;
}

static int parse_shape(struct spread *spread, const struct shape *shape, const struct words *words,
                       enum spread_unit unit, const struct limits *limits, char *message)
{
    double figure[2] = {0, 0};
    if (words->count != shape->figures + 1)
        return message_set(message, "it is written '%s', and 'least' and 'most' may follow",
                           shape->usage);
    for (unsigned i = 0; i < shape->figures; i++) {
        bool plain = shape->last_is_plain && i + 1 == shape->figures;
        if (spread_number(words->word[i + 1], plain ? SPREAD_COUNT : unit, &figure[i]) < 0)
            return message_set(message, "%s: '%s' is no figure", shape->usage, words->word[i + 1]);
    }
    if (check_figures(shape, figure, message) < 0)
        return -1;
    size_t count = shape->quantile == fixed ? 1 : SPREAD_POINTS;
    struct row *rows = calloc(count, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        double p = ((double)i + 0.5) / (double)count;
        rows[i] = (struct row){clamped(shape->quantile(figure, p), limits), 1};
    }
    int result = rows != NULL ? take_rows(spread, rows, count) : -1;
    free(rows);
    return result < 0 ? message_set(message, "out of memory") : 0;
}

static int parse_table(struct spread *spread, const struct words *words, enum spread_unit unit,
                       const struct limits *limits, char *message)
{
    struct row *rows = calloc(words->count, sizeof *rows);
    int result = rows == NULL ? message_set(message, "out of memory")
                              : parse_pairs(rows, words, unit, limits, message);
    if (result == 0) {
        qsort(rows, words->count - 1, sizeof *rows, compare_rows);
        result = take_rows(spread, rows, words->count - 1);
        if (result < 0)
            message_set(message, "out of memory");
    }
    free(rows);
    return result;
}

static int parse_words(struct spread *spread, struct words *words, enum spread_unit unit,
                       char *message)
{
    struct limits limits;
    double figure;
    if (take_limits(words, unit, &limits, message) < 0)
        return -1;
    if (strcmp(words->word[0], "table") == 0)
        return parse_table(spread, words, unit, &limits, message);
    for (size_t i = 0; i < SHAPES; i++)
        if (strcmp(words->word[0], shapes[i].name) == 0)
            return parse_shape(spread, &shapes[i], words, unit, &limits, message);
    if (words->count == 1 && spread_number(words->word[0], unit, &figure) == 0) {
        struct row row = {clamped(figure, &limits), 1};
        return take_rows(spread, &row, 1) < 0 ? message_set(message, "out of memory") : 0;
    }
    return message_set(message,
                       "'%s' is no figure and no distribution; there are: fixed, uniform, "
                       "log-uniform, exponential, log-normal, pareto, table",
                       words->word[0]);
}

int spread_parse(struct spread *spread, const char *text, enum spread_unit unit, char *message)
{
    struct words *words = calloc(1, sizeof *words);
    *spread = (struct spread){0};
    if (words == NULL)
        return message_set(message, "out of memory");
    int result = cut(words, text, message);
    if (result == 0)
        result = parse_words(spread, words, unit, message);
    free(words->text);
    free(words);
    return result;
}
