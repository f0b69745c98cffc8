/* Reads the keys of one kind of blocks; see pattern_kind.h. */
#include "pattern_kind.h"

#include "message.h"
#include "number_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char table_prefix[] = "table:";
#define SIZE_MOST (UINT64_C(1) << 40)

char *pattern_path_beside(const char *ini, const char *name)
{
    const char *slash = strrchr(ini, '/');
    char *path = NULL;
    if (name[0] == '/' || slash == NULL)
        return strdup(name);
    return asprintf(&path, "%.*s/%s", (int)(slash - ini), ini, name) < 0 ? NULL : path;
}

int pattern_note_table(char **tables, const char *path)
{
    char *longer = NULL;
    if (asprintf(&longer, "%s%s\n", *tables != NULL ? *tables : "", path) < 0)
        return -1;
    free(*tables);
    *tables = longer;
    return 0;
}

/* ---- sizes ------------------------------------------------------------------------- */

static void table_release(struct pattern_table *table)
{
    free(table->size);
    free(table->rate);
    free(table->live);
    free(table->rate_sum);
    free(table->live_sum);
    *table = (struct pattern_table){0};
}

static int table_room(struct pattern_table *table, size_t rows)
{
    table->count = rows;
    table->size = calloc(rows, sizeof *table->size);
    table->rate = calloc(rows, sizeof *table->rate);
    table->live = calloc(rows, sizeof *table->live);
    table->rate_sum = calloc(rows, sizeof *table->rate_sum);
    table->live_sum = calloc(rows, sizeof *table->live_sum);
    bool all = table->size != NULL && table->rate != NULL && table->live != NULL &&
               table->rate_sum != NULL && table->live_sum != NULL;
    return all ? 0 : -1;
}

/* Rows of size and weight; with a column of live counts, also lifetimes. */
static const char *take_rows(struct pattern_table *table, const struct number_table *file)
{
    int size = number_table_column(file, "size", 0);
    int rate = number_table_column(file, "alloc_rate", 1);
    int live = number_table_column(file, "num_live", 2);
    double rates = 0, lives = 0;
    if (size < 0 || rate < 0)
        return "has no columns size and alloc_rate";
    if (table_room(table, file->rows) < 0)
        return "is too large for memory";
    for (size_t i = 0; i < file->rows; i++) {
        table->size[i] = number_table_at(file, i, size);
        table->rate[i] = number_table_at(file, i, rate);
        table->live[i] = live >= 0 ? number_table_at(file, i, live) : 0;
        if (!(table->size[i] >= 0 && table->size[i] <= (double)SIZE_MOST))
            return "has a size that is none";
        if (!(table->rate[i] >= 0) || !(table->live[i] >= 0))
            return "has a negative or missing rate or live count";
        table->rate_sum[i] = rates += table->rate[i];
        table->live_sum[i] = lives += table->live[i];
        table->live_bytes += table->live[i] * table->size[i];
        table->bytes_rate += table->rate[i] * table->size[i];
    }
    return rates > 0 ? NULL : "has only rates of 0";
}

/* Where the table has live counts it stays as it is; else it is but sizes with weights. */
static int read_table(struct pattern_kind *kind, struct pattern_words *words,
                      const struct word_found *found, char **tables)
{
    struct number_table file;
    char reason[MESSAGE_BYTES];
    char *path = pattern_path_beside(words->ini->path, found->value + sizeof table_prefix - 1);
    int result = path != NULL && pattern_note_table(tables, path) == 0
                     ? number_table_load(&file, path, reason)
                     : message_set(reason, "out of memory");
    if (result == 0) {
        const char *mistake = take_rows(&kind->table, &file);
        if (mistake != NULL)
            result = message_set(reason, "the table %s", mistake);
        else if (spread_from_rows(&kind->sizes, kind->table.size, kind->table.rate,
                                  kind->table.count) < 0)
            result = message_set(reason, "out of memory");
        number_table_release(&file);
    }
    if (result == 0 && kind->table.live_sum[kind->table.count - 1] <= 0)
        table_release(&kind->table);
    free(path);
    return result < 0 ? words_refuse(words, found, reason) : 0;
}

static int read_sizes(struct pattern_kind *kind, struct pattern_words *words, char **tables)
{
    struct word_found found;
    char reason[MESSAGE_BYTES];
    const char *text = words_find(words, "sizes", &found);
    if (text == NULL)
        return message_set(words->message,
                           "%s:%d: [%s] has no sizes; write sizes = 64, or a "
                           "distribution",
                           words->ini->path,
                           words->kind != NULL ? words->kind->line : words->phase->line,
                           words->kind != NULL ? words->kind->name : words->phase->name);
    if (strncmp(text, table_prefix, sizeof table_prefix - 1) == 0)
        return read_table(kind, words, &found, tables);
    if (spread_parse(&kind->sizes, text, SPREAD_BYTES, reason) < 0)
        return words_refuse(words, &found, reason);
    if (kind->sizes.value[kind->sizes.count - 1] > (double)SIZE_MOST)
        return words_refuse(words, &found, "sizes over 1 TiB; add 'most SIZE'");
    return 0;
}

/* ---- lifetimes ---------------------------------------------------------------------- */

/* Takes a unit off the end of the words: "exponential 100 bytes". */
static enum pattern_clock take_unit(char *text)
{
    static const struct {
        const char *word;
        enum pattern_clock clock;
    } units[] = {
        {"calls", CLOCK_CALLS},
        {"bytes", CLOCK_BYTES},
        {"steps", CLOCK_STEPS},
        {"time",  CLOCK_NS   },
    };
    size_t length = strlen(text);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t unit = strlen(units[i].word);
        if (length <= unit || strcmp(text + length - unit, units[i].word) != 0 ||
            strchr(" \t\n", text[length - unit - 1]) == NULL)
            continue;
        text[length - unit - 1] = '\0';
        return units[i].clock;
    }
    return CLOCK_CALLS;
}

static int read_spread_of_lives(struct pattern_kind *kind, const char *given, char *reason)
{
    static const enum spread_unit units[] = {
        [CLOCK_CALLS] = SPREAD_COUNT,
        [CLOCK_BYTES] = SPREAD_BYTES,
        [CLOCK_STEPS] = SPREAD_COUNT,
        [CLOCK_NS] = SPREAD_TIME,
    };
    char *text = strdup(given);
    if (text == NULL)
        return message_set(reason, "out of memory");
    kind->death = DEATH_SPREAD;
    kind->clock = take_unit(text);
    int result = spread_parse(&kind->lifetime, text, units[kind->clock], reason);
    free(text);
    return result;
}

static int read_lifetime(struct pattern_kind *kind, struct pattern_words *words)
{
    static const char batch[] = "batch ";
    struct word_found found;
    char reason[MESSAGE_BYTES];
    const char *text = words_find(words, "lifetime", &found);
    if (text == NULL) {
        kind->death = kind->table.count > 0 ? DEATH_TABLE : DEATH_LIVE;
        if (kind->death == DEATH_TABLE || kind->live_bytes > 0)
            return 0;
        const struct ini_section *here = words->kind != NULL ? words->kind : words->phase;
        return message_set(words->message,
                           "%s:%d: [%s] says neither how long blocks live (lifetime =) nor how "
                           "many bytes of them (live =)",
                           words->ini->path, here->line, here->name);
    }
    if (strcmp(text, "phase") == 0 || strcmp(text, "forever") == 0) {
        kind->death = text[0] == 'p' ? DEATH_PHASE : DEATH_FOREVER;
    } else if (strncmp(text, batch, sizeof batch - 1) == 0) {
        double steps;
        kind->death = DEATH_BATCH;
        if (spread_number(text + sizeof batch - 1, SPREAD_COUNT, &steps) < 0 || steps < 1)
            return words_refuse(words, &found, "it is written 'batch STEPS'");
        kind->batch = (uint64_t)steps;
    } else if (read_spread_of_lives(kind, text, reason) < 0) {
        return words_refuse(words, &found, reason);
    }
    if (kind->live_bytes > 0)
        return words_refuse(words, &found,
                            "'live' says already when blocks die; leave one of them out");
    return 0;
}

/* "fifo", or "fifo 60 lifo 10 random 30". */
static int read_order(struct pattern_kind *kind, struct pattern_words *words)
{
    static const char *const names[PATTERN_ORDERS] = {"fifo", "lifo", "random"};
    static const char wrong[] = "fifo, lifo or random, or shares of them: fifo 60 lifo 40";
    struct word_found found;
    const char *text = words_find(words, "order", &found);
    double sum = 0;
    kind->order[ORDER_RANDOM] = 1;
    if (text == NULL)
        return 0;
    char *copy = strdup(text), *rest = copy, *word;
    double *last = NULL;
    bool well = copy != NULL;
    kind->order[ORDER_RANDOM] = 0;
    while (well && (word = strsep(&rest, " \t\n")) != NULL) {
        double figure;
        unsigned order = 0;
        while (order < PATTERN_ORDERS && strcmp(word, names[order]) != 0)
            order++;
        if (word[0] == '\0')
            continue;
        if (order < PATTERN_ORDERS) {
            last = &kind->order[order];
            *last = 100;
        } else if (last == NULL || spread_number(word, SPREAD_COUNT, &figure) < 0) {
            well = false;
        } else {
            *last = figure;
            last = NULL;
        }
    }
    free(copy);
    for (unsigned i = 0; i < PATTERN_ORDERS; i++)
        sum += kind->order[i];
    if (!well || sum <= 0)
        return words_refuse(words, &found, wrong);
    for (unsigned i = 0; i < PATTERN_ORDERS; i++)
        kind->order[i] /= sum;
    return 0;
}

/* ---- calls -------------------------------------------------------------------------- */

static int read_growth(struct pattern_kind *kind, struct pattern_words *words)
{
    struct word_found found;
    const char *text = words_find(words, "growth", &found);
    double figure = 0;
    kind->growth_factor = 2;
    if (text != NULL && text[0] == '+') {
        if (spread_number(text + 1, SPREAD_BYTES, &figure) < 0 || figure < 1)
            return words_refuse(words, &found, "it is written x1.5 or +64");
        kind->growth_factor = 0;
        kind->growth_bytes = (uint64_t)figure;
    } else if (text != NULL) {
        if (text[0] != 'x' || spread_number(text + 1, SPREAD_COUNT, &figure) < 0 || figure < 0.01 ||
            figure > 100)
            return words_refuse(words, &found, "it is written x1.5 or +64");
        kind->growth_factor = figure;
    }
    kind->largest = 1 << 20;
    return words_bytes(words, "largest", 1, SIZE_MOST, &kind->largest);
}

static int read_calls(struct pattern_kind *kind, struct pattern_words *words)
{
    struct word_found found;
    kind->alignment = 64;
    if (words_percent(words, "calloc", &kind->calloc_share) < 0 ||
        words_percent(words, "aligned", &kind->aligned_share) < 0 ||
        words_percent(words, "realloc", &kind->realloc_share) < 0 ||
        words_percent(words, "handover", &kind->handover_share) < 0 ||
        words_bytes(words, "alignment", sizeof(void *), 1 << 21, &kind->alignment) < 0)
        return -1;
    if ((kind->alignment & (kind->alignment - 1)) != 0) {
        words_find(words, "alignment", &found);
        return words_refuse(words, &found, "a power of two is needed");
    }
    if (kind->calloc_share + kind->aligned_share > 1) {
        words_find(words, "aligned", &found);
        return words_refuse(words, &found, "calloc and aligned are more than 100 percent together");
    }
    return read_growth(kind, words);
}

int pattern_kind_read(struct pattern_kind *kind, struct pattern_words *words, char **tables)
{
    uint64_t share = 1;
    if (words->kind != NULL && words_count(words, "share", 0, 1000000, &share) < 0)
        return -1;
    kind->share = (double)share;
    if (read_sizes(kind, words, tables) < 0 ||
        words_bytes(words, "live", 1, UINT64_C(1) << 40, &kind->live_bytes) < 0)
        return -1;
    /* Of a table `live` is the scale. */
    struct word_found found;
    bool scaled = kind->table.count > 0 && words_find(words, "lifetime", &found) == NULL;
    kind->table_scale = 1;
    if (scaled && kind->live_bytes > 0 && kind->table.live_bytes > 0)
        kind->table_scale = (double)kind->live_bytes / kind->table.live_bytes;
    if (read_lifetime(kind, words) < 0 || read_order(kind, words) < 0)
        return -1;
    if (!scaled)
        table_release(&kind->table);
    return read_calls(kind, words);
}

void pattern_kind_release(struct pattern_kind *kind)
{
    spread_release(&kind->sizes);
    spread_release(&kind->lifetime);
    table_release(&kind->table);
}
