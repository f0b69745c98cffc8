/* Values and their combinations; see sweep.h. */
#include "sweep.h"

#include "message.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAXIMUM = 64, WORD_BYTES = 256 };

/* One "name=values" of the parameters, or a piece without '='. */
struct piece {
    const char *name;
    size_t name_length; /* 0: `value[0]` is all there is */
    char *value[SWEEP_VALUES_MAXIMUM];
    size_t count;
};

/* What is being read, for messages. */
struct reading {
    const char *who;
    struct piece piece[PIECES_MAXIMUM];
    size_t count;
    struct sweep_rules rules;
    char *message;
};

uint64_t sweep_cpus(void)
{
    cpu_set_t cpus;
    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? (uint64_t)CPU_COUNT(&cpus) : 1;
}

/* ---- numbers ------------------------------------------------------------------- */

/* "C" and "2C" as numbers; 0: it is none of them. */
static uint64_t of_cpus(const struct sweep_rules *rules, const char *text)
{
    char factor[WORD_BYTES];
    uint64_t times = 1;
    size_t length = strlen(text);
    if (rules->kind != SWEEP_THREADS || length == 0 || text[length - 1] != 'C' ||
        length >= sizeof factor)
        return 0;
    snprintf(factor, sizeof factor, "%.*s", (int)length - 1, text);
    if (length > 1 && units_parse_count(factor, &times) < 0)
        return 0;
    return times > rules->most / rules->cpus ? rules->most : times * rules->cpus;
}

static int parse_number(const struct sweep_rules *rules, const char *text, int64_t *number)
{
    uint64_t size = of_cpus(rules, text);
    bool negative = text[0] == '-';
    int result = 0;
    if (size == 0)
        result = rules->kind == SWEEP_BYTES ? units_parse_bytes(text + negative, &size)
                                            : units_parse_count(text + negative, &size);
    if (result < 0 || size > INT64_MAX / 2)
        return -1;
    *number = negative ? -(int64_t)size : (int64_t)size;
    return 0;
}

/* As short as it can be read back: 65536 bytes are 64k. */
static char *spell(enum sweep_kind kind, int64_t number)
{
    static const char suffixes[] = "kMGT";
    int64_t step = kind == SWEEP_BYTES ? 1024 : 1000;
    char suffix[2] = "", *text = NULL;
    bool plain = kind == SWEEP_OPTION || kind == SWEEP_VARIABLE;
    for (size_t i = 0; !plain && i + 1 < sizeof suffixes && number != 0 && number % step == 0;
         i++) {
        number /= step;
        suffix[0] = suffixes[i];
    }
    return asprintf(&text, "%" PRId64 "%s", number, suffix) < 0 ? NULL : text;
}

/* ---- the values of one parameter ------------------------------------------------- */

/* Takes `value`, which may be NULL: memory was short. What stands there already is left out: C
 * and 2 may be the same. */
static int add_value(struct reading *reading, char *value)
{
    struct piece *piece = &reading->piece[reading->count];
    if (value == NULL)
        return message_set(reading->message, "out of memory");
    for (size_t i = 0; i < piece->count; i++)
        if (strcmp(piece->value[i], value) == 0) {
            free(value);
            return 0;
        }
    if (piece->count == SWEEP_VALUES_MAXIMUM) {
        free(value);
        return message_set(reading->message, "%s: %.*s has more than %d values; take a larger step",
                           reading->who, (int)piece->name_length, piece->name,
                           SWEEP_VALUES_MAXIMUM);
    }
    piece->value[piece->count++] = value;
    return 0;
}

struct range {
    int64_t first, last, step;
    bool grows_by_factor;
};

static int64_t next_value(const struct range *range, int64_t value)
{
    if (value >= range->last)
        return value;
    if (range->grows_by_factor && value == 0)
        return 1;
    if (range->grows_by_factor)
        return value > range->last / range->step ? range->last : value * range->step;
    return value > range->last - range->step ? range->last : value + range->step;
}

static int add_range(struct reading *reading, const struct range *range)
{
    for (int64_t value = range->first;; value = next_value(range, value)) {
        if (add_value(reading, spell(reading->rules.kind, value)) < 0)
            return -1;
        if (value >= range->last)
            return 0;
    }
}

static int refuse_range(const struct reading *reading, const char *text, const char *why)
{
    const struct piece *piece = &reading->piece[reading->count];
    return message_set(reading->message, "%s: %.*s=%s: %s", reading->who, (int)piece->name_length,
                       piece->name, text, why);
}

/* "a..b", "a..b*f", "a..b+s"; `dots` is where the dots are. */
static int parse_range(struct reading *reading, const char *text, const char *dots)
{
    char first[WORD_BYTES], last[WORD_BYTES];
    const char *sign = dots + 2 + strcspn(dots + 2, "*+");
    struct range range = {.step = 2, .grows_by_factor = *sign != '+'};
    if (snprintf(first, sizeof first, "%.*s", (int)(dots - text), text) >= (int)sizeof first ||
        snprintf(last, sizeof last, "%.*s", (int)(sign - dots - 2), dots + 2) >= (int)sizeof last ||
        parse_number(&reading->rules, first, &range.first) < 0 ||
        parse_number(&reading->rules, last, &range.last) < 0)
        return refuse_range(reading, text,
                            "a range is a..b, a..b*factor or a..b+step, of whole "
                            "numbers");
    if (range.first > range.last)
        return refuse_range(reading, text, "a range begins with the smaller number");
    struct sweep_rules factor = {.kind = SWEEP_COUNT};
    if (*sign != '\0' &&
        parse_number(range.grows_by_factor ? &factor : &reading->rules, sign + 1, &range.step) < 0)
        return refuse_range(reading, text, "what follows '*' or '+' must be a whole number");
    if (range.grows_by_factor && range.step < 2)
        return refuse_range(reading, text, "the factor must be 2 or more");
    if (!range.grows_by_factor && range.step < 1)
        return refuse_range(reading, text, "the step must be 1 or more");
    if (range.grows_by_factor && range.first < 0)
        return refuse_range(reading, text, "a range from below 0 needs a step: a..b+step");
    return add_range(reading, &range);
}

/* One value as it stands, but for C. */
static int add_word(struct reading *reading, const char *word)
{
    uint64_t threads = of_cpus(&reading->rules, word);
    return add_value(reading, threads > 0 ? spell(SWEEP_THREADS, (int64_t)threads) : strdup(word));
}

static bool all_numbers(const struct sweep_rules *rules, const char *list)
{
    char *copy = strdup(list), *rest = copy, *word;
    int64_t number;
    bool all = copy != NULL;
    while (all && (word = strsep(&rest, "/")) != NULL)
        all = parse_number(rules, word, &number) == 0;
    free(copy);
    return all;
}

static int parse_list(struct reading *reading, const char *text)
{
    char *copy = strdup(text), *rest = copy, *word;
    int result = copy != NULL ? 0 : message_set(reading->message, "out of memory");
    while (result == 0 && (word = strsep(&rest, "/")) != NULL)
        result = word[0] != '\0' ? add_word(reading, word)
                                 : refuse_range(reading, text, "a value is missing beside a '/'");
    free(copy);
    return result;
}

static int parse_values(struct reading *reading, const char *text)
{
    const struct sweep_rules *rules = &reading->rules;
    bool variable = rules->kind == SWEEP_VARIABLE;
    const char *dots = strstr(text, "..");
    if (rules->kind == SWEEP_NOTHING)
        return add_value(reading, strdup(text));
    /* A file such as ../x is no range. */
    if (dots != NULL && dots != text && rules->kind != SWEEP_WORDS &&
        (!variable || strspn(text, "-0123456789kMGTC.*+") == strlen(text)))
        return parse_range(reading, text, dots);
    if (strchr(text, '/') != NULL && (!variable || all_numbers(rules, text)))
        return parse_list(reading, text);
    return add_word(reading, text);
}

/* ---- the combinations ------------------------------------------------------------ */

static int read_piece(struct reading *reading, const char *text, sweep_rules_fn *rules,
                      void *argument)
{
    const char *equals = text[0] != '=' ? strchr(text, '=') : NULL;
    if (reading->count == PIECES_MAXIMUM)
        return message_set(reading->message, "%s: more than %d parameters", reading->who,
                           PIECES_MAXIMUM);
    struct piece *piece = &reading->piece[reading->count];
    piece->name = text;
    piece->name_length = equals != NULL ? (size_t)(equals - text) : 0;
    reading->rules = (struct sweep_rules){.kind = SWEEP_NOTHING};
    if (equals != NULL)
        reading->rules = rules(argument, text, piece->name_length);
    int result = parse_values(reading, equals != NULL ? equals + 1 : text);
    reading->count++;
    return result;
}

/* The value that piece `which` has in combination `point`. */
static const char *value_at(const struct reading *reading, size_t which, size_t point)
{
    size_t rest = point;
    for (size_t i = reading->count; i-- > which + 1;)
        rest /= reading->piece[i].count;
    return reading->piece[which].value[rest % reading->piece[which].count];
}

static char *combine(const struct reading *reading, size_t point, bool swept_only)
{
    char *text = NULL;
    size_t bytes = 0, written = 0;
    FILE *words = open_memstream(&text, &bytes);
    if (words == NULL)
        return NULL;
    for (size_t i = 0; i < reading->count; i++) {
        const struct piece *piece = &reading->piece[i];
        if (swept_only && piece->count < 2)
            continue;
        fprintf(words, "%s%.*s%s%s", written++ > 0 ? "," : "", (int)piece->name_length, piece->name,
                piece->name_length > 0 ? "=" : "", value_at(reading, i, point));
    }
    if (fclose(words) == 0)
        return text;
    free(text);
    return NULL;
}

static int make_points(struct sweep *sweep, const struct reading *reading)
{
    size_t count = 1;
    for (size_t i = 0; i < reading->count; i++)
        if ((count *= reading->piece[i].count) > SWEEP_POINTS_MAXIMUM)
            return message_set(reading->message,
                               "%s: the values multiply to more than %d combinations; sweep fewer "
                               "parameters at once",
                               reading->who, SWEEP_POINTS_MAXIMUM);
    sweep->points = calloc(count, sizeof *sweep->points);
    if (sweep->points == NULL)
        return message_set(reading->message, "out of memory");
    for (; sweep->count < count; sweep->count++) {
        struct sweep_point *point = &sweep->points[sweep->count];
        point->params = combine(reading, sweep->count, false);
        point->swept = combine(reading, sweep->count, true);
        if (point->params == NULL || point->swept == NULL) {
            free(point->params);
            free(point->swept);
            return message_set(reading->message, "out of memory");
        }
    }
    return 0;
}

int sweep_expand(struct sweep *sweep, const char *who, const char *params, sweep_rules_fn *rules,
                 void *argument, char *message)
{
    *sweep = (struct sweep){0};
    struct reading *reading = calloc(1, sizeof *reading);
    char *copy = strdup(params), *rest = copy, *piece;
    int result = 0;
    if (reading == NULL || copy == NULL) {
        result = message_set(message, "out of memory");
        goto out;
    }
    reading->who = who;
    reading->message = message;
    while (result == 0 && (piece = strsep(&rest, ",")) != NULL)
        result = read_piece(reading, piece, rules, argument);
    if (result == 0)
        result = make_points(sweep, reading);
out:
    for (size_t i = 0; reading != NULL && i < reading->count; i++)
        for (size_t v = 0; v < reading->piece[i].count; v++)
            free(reading->piece[i].value[v]);
    free(reading);
    free(copy);
    return result;
}

void sweep_release(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++) {
        free(sweep->points[i].params);
        free(sweep->points[i].swept);
    }
    free(sweep->points);
    *sweep = (struct sweep){0};
}
