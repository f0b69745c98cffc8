/* What a user's text about a workload's parameters means; see catalog.h. */
#include "catalog.h"
#include "nearest.h"
#include "trial_page.h"
#include "units.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { VALUE_BYTES = 64 };

static const struct param pace_params[] = {
    PARAM_WORD_ROW("rate", "max", 1, 10000000,
                   "requests due in a second, a worker; max: each when the last is over"),
    PARAM_CHOICE_ROW("arrivals", "fixed", ARRIVALS_CHOICES,
                     "how they come, where they have a rate"),
    PARAM_COUNT_ROW("burst", "1", 1, 100000, "requests that come at one moment"),
};
enum { PACE_RATE, PACE_ARRIVALS, PACE_BURST, PACE_COUNT };
static_assert(sizeof pace_params / sizeof pace_params[0] == PACE_COUNT,
              "the order is that of these");

static const char laps_unknown[] = "auto";

static_assert(CATALOG_PARAMS_MAXIMUM <= 32, "given parameters are bits of 32");

/* The place of a word in "a|b|c", or -1. */
static int choice_place(const char *choices, const char *word)
{
    size_t length = strlen(word);
    int place = 0;
    for (const char *c = choices;; place++) {
        size_t span = strcspn(c, "|");
        if (span == length && memcmp(c, word, span) == 0)
            return place;
        if (c[span] == '\0')
            return -1;
        c += span + 1;
    }
}

static void add_choice(struct text *text, const char *choices, uint64_t place)
{
    char word[VALUE_BYTES];
    for (; place > 0; place--)
        choices += strcspn(choices, "|") + 1;
    nearest_copy(word, sizeof word, choices, strcspn(choices, "|"));
    text_add(text, word);
}

static int parse_value(const struct param *param, const char *text, uint64_t *value)
{
    if (param->kind == PARAM_CHOICE) {
        int place = choice_place(param->choices, text);
        *value = (uint64_t)place;
        return place >= 0 ? 0 : -1;
    }
    if (param->zero != NULL && strcmp(text, param->zero) == 0) {
        *value = 0;
        return 0;
    }
    int result = param->kind == PARAM_BYTES ? units_parse_bytes(text, value)
                                            : units_parse_count(text, value);
    if (result == 0 && (*value < param->minimum || *value > param->maximum)) {
        errno = ERANGE;
        return -1;
    }
    return result;
}

static void add_param(struct param_table *table, struct param param)
{
    /* The table of a workload is part of the program: a wrong one is a bug, found by any start. */
    if (table->count == CATALOG_PARAMS_MAXIMUM ||
        parse_value(&param, param.fallback, &table->values[table->count]) < 0)
        __builtin_trap();
    table->params[table->count++] = param;
}

void param_table_init(struct param_table *table, const struct workload *workload)
{
    memset(table, 0, sizeof *table);
    table->workload = workload;
    for (const struct param *param = workload->params; param->name != NULL; param++)
        add_param(table, *param);
    table->rate = table->count;
    for (int i = 0; workload->requests && i < PACE_COUNT; i++)
        add_param(table, pace_params[i]);
    table->threads = table->count;
    if (workload->threads_maximum > 1)
        add_param(table, (struct param){.name = "threads",
                                        .kind = PARAM_COUNT,
                                        .fallback = "1",
                                        .minimum = 1,
                                        .maximum = workload->threads_maximum,
                                        .help = "workers, each with its own share of the work"});
    else
        table->threads = CATALOG_PARAMS_MAXIMUM;
    *units_append_decimal(table->laps_text, workload->laps) = '\0';
    if (workload->laps == 0)
        memcpy(table->laps_text, laps_unknown, sizeof laps_unknown);
    table->laps = table->count;
    add_param(table, (struct param){.name = "laps",
                                    .kind = PARAM_COUNT,
                                    .fallback = table->laps_text,
                                    .minimum = 1,
                                    .maximum = TRIAL_LAPS_MAXIMUM,
                                    .zero = workload->laps == 0 ? laps_unknown : NULL,
                                    .help = "timed laps; a warm-up lap comes on top"});
}

struct pace param_table_pace(const struct param_table *table)
{
    const uint64_t *values = &table->values[table->rate];
    if (!table->workload->requests)
        return (struct pace){.burst = 1};
    return (struct pace){.rate = values[PACE_RATE],
                         .burst = values[PACE_BURST],
                         .arrivals = (enum arrivals)values[PACE_ARRIVALS]};
}

unsigned param_table_threads(const struct param_table *table)
{
    return table->threads < table->count ? (unsigned)table->values[table->threads] : 1;
}

unsigned param_table_laps(const struct param_table *table)
{
    return (unsigned)table->values[table->laps];
}

/* ---- mistakes, each one line ------------------------------------------------- */

static int refuse(struct text *why, const struct param_table *table, const char *piece)
{
    text_add(why, "workload ");
    text_add(why, table->workload->name);
    text_add(why, ": ");
    text_add(why, piece);
    return -1;
}

static int refuse_name(struct text *why, const struct param_table *table, const char *name)
{
    const char *names[CATALOG_PARAMS_MAXIMUM];
    refuse(why, table, "unknown parameter '");
    text_add(why, name);
    text_add(why, "'");
    for (size_t i = 0; i < table->count; i++)
        names[i] = table->params[i].name;
    nearest_suggest(name, names, table->count, why);
    text_add(why, "; it has ");
    for (size_t i = 0; i < table->count; i++) {
        text_add(why, i > 0 ? ", " : "");
        text_add(why, names[i]);
    }
    return -1;
}

static void add_limit(struct text *text, const struct param *param, uint64_t limit)
{
    text_add_number(text, limit);
    if (param->kind == PARAM_BYTES && limit >= 1024) {
        text_add(text, " (");
        text_add_bytes(text, limit);
        text_add(text, ")");
    }
}

static int refuse_value(struct text *why, const struct param_table *table,
                        const struct param *param, const char *value)
{
    refuse(why, table, param->name);
    text_add(why, "=");
    text_add(why, value);
    if (param->kind == PARAM_CHOICE) {
        text_add(why, ": must be one of ");
        text_add(why, param->choices);
        return -1;
    }
    text_add(why, param->kind == PARAM_BYTES ? ": must be a size (suffix k, M or G allowed) from "
                                             : ": must be a whole number from ");
    add_limit(why, param, param->minimum);
    text_add(why, " to ");
    add_limit(why, param, param->maximum);
    if (param->zero != NULL) {
        text_add(why, ", or ");
        text_add(why, param->zero);
    }
    return -1;
}

/* ---- parsing ------------------------------------------------------------------ */

/* One "name=value" of `length` bytes; `given` has a bit for each parameter seen before. */
static int take_assignment(struct param_table *table, const char *text, size_t length,
                           uint32_t *given, struct text *why)
{
    char name[VALUE_BYTES], value[VALUE_BYTES];
    size_t name_length = length;
    const char *equals = memchr(text, '=', length);
    if (equals != NULL)
        name_length = (size_t)(equals - text);
    nearest_copy(name, sizeof name, text, name_length);
    if (equals == NULL || name_length == 0) {
        refuse(why, table, "'");
        text_add(why, name);
        text_add(why, "' is not of the form parameter=value");
        return -1;
    }
    nearest_copy(value, sizeof value, equals + 1, length - name_length - 1);
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->params[i].name, name) != 0)
            continue;
        if ((*given & (UINT32_C(1) << i)) != 0) {
            refuse(why, table, name);
            text_add(why, " is given twice");
            return -1;
        }
        *given |= UINT32_C(1) << i;
        /* A value too long for its copy is longer than any good one. */
        if (length - name_length > VALUE_BYTES - 1 ||
            parse_value(&table->params[i], value, &table->values[i]) < 0)
            return refuse_value(why, table, &table->params[i], value);
        return 0;
    }
    return refuse_name(why, table, name);
}

static int take_assignments(struct param_table *table, const char *text, struct text *why)
{
    uint32_t given = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        if (take_assignment(table, text, length, &given, why) < 0)
            return -1;
        if (text[length] == '\0')
            return 0;
        text += length + 1;
    }
}

static int refuse_preset(struct text *why, const struct param_table *table, const char *name)
{
    const char *names[CATALOG_PRESETS_MAXIMUM];
    size_t count = 0;
    for (const struct preset *preset = table->workload->presets; preset->name != NULL; preset++)
        if (count < CATALOG_PRESETS_MAXIMUM)
            names[count++] = preset->name;
    refuse(why, table, "unknown preset '");
    text_add(why, name);
    text_add(why, "'");
    nearest_suggest(name, names, count, why);
    text_add(why, "; it has ");
    for (size_t i = 0; i < count; i++) {
        text_add(why, i > 0 ? ", " : "");
        text_add(why, names[i]);
    }
    text_add(why, ", and parameters as parameter=value");
    return -1;
}

/* The first `length` bytes of what was typed. */
static int take_preset(struct param_table *table, const char *text, size_t length, struct text *why)
{
    char name[VALUE_BYTES];
    nearest_copy(name, sizeof name, text, length);
    for (const struct preset *preset = table->workload->presets; preset->name != NULL; preset++)
        if (strcmp(preset->name, name) == 0)
            return take_assignments(table, preset->params, why);
    return refuse_preset(why, table, name);
}

int param_table_parse(struct param_table *table, const char *text, struct text *why)
{
    size_t first = strcspn(text, ",");
    if (text[0] == '\0')
        return 0;
    if (table->workload->presets == NULL || first == 0 || memchr(text, '=', first) != NULL)
        return take_assignments(table, text, why);
    if (take_preset(table, text, first, why) < 0)
        return -1;
    /* What a preset has set counts as not given: it is there to be changed. */
    return text[first] == ',' ? take_assignments(table, text + first + 1, why) : 0;
}

void param_table_print(const struct param_table *table, struct text *text)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct param *param = &table->params[i];
        text_add(text, i > 0 ? "," : "");
        text_add(text, param->name);
        text_add(text, "=");
        if (param->kind == PARAM_CHOICE)
            add_choice(text, param->choices, table->values[i]);
        else if (param->zero != NULL && table->values[i] == 0)
            text_add(text, param->zero);
        else
            text_add_number(text, table->values[i]);
    }
}
