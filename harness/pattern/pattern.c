/* Reads a workload file; see pattern.h. */
#include "pattern.h"

#include "ini_file.h"
#include "message.h"
#include "pattern_digest.h"
#include "pattern_kind.h"
#include "pattern_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAXIMUM = 64 };

struct loading {
    struct pattern *pattern;
    struct ini_file *ini;
    struct pattern_words words;
    char *names[PATTERN_KINDS]; /* of kinds; point into the .ini's */
    char *tables;               /* paths that were read, parted by '\n' */
    char *message;
};

/* ---- sections ----------------------------------------------------------------------- */

/* The part of a kind's section behind the phase's name; NULL where it is a phase. */
static const char *kind_name(const char *section)
{
    const char *slash = strchr(section, '/');
    return slash != NULL ? slash + 1 : NULL;
}

static bool is_global(const struct ini_section *section)
{
    return strcmp(section->name, "global") == 0;
}

static bool is_kind_of(const struct ini_section *kind, const struct ini_section *phase)
{
    size_t length = strlen(phase->name);
    return strncmp(kind->name, phase->name, length) == 0 && kind->name[length] == '/';
}

/* A phase may say what its kinds have in common, the whole file what its phases have. */
static int check_keys(struct loading *loading, const struct ini_section *section)
{
    const char *known[KEYS_MAXIMUM];
    bool global = is_global(section), kind = kind_name(section->name) != NULL;
    size_t count = 0;
    for (unsigned i = 0; i < pattern_key_count; i++) {
        const struct pattern_key *key = &pattern_keys[i];
        bool of_kind = key->where[0] == 'k', of_phase = key->where[0] == 'p';
        bool share = strcmp(key->name, "share") == 0;
        if (share ? kind : of_kind || (of_phase && !kind) || global)
            known[count++] = key->name;
    }
    known[count] = NULL;
    return ini_file_check_keys(loading->ini, section, known, loading->message);
}

static int check_sections(struct loading *loading)
{
    const struct ini_file *ini = loading->ini;
    for (size_t i = 0; i < ini->section_count; i++) {
        const struct ini_section *section = &ini->sections[i];
        bool owned = is_global(section) || kind_name(section->name) == NULL;
        for (size_t k = 0; k < i && !owned; k++)
            owned =
                is_kind_of(section, &ini->sections[k]) && kind_name(ini->sections[k].name) == NULL;
        if (!owned)
            return message_set(loading->message,
                               "%s:%d: [%s] is a kind of blocks of a phase that does not stand "
                               "before it",
                               ini->path, section->line, section->name);
        if (check_keys(loading, section) < 0)
            return -1;
    }
    return 0;
}

/* ---- one phase ---------------------------------------------------------------------- */

static int number_kind(struct loading *loading, const char *name, unsigned *number)
{
    struct pattern *pattern = loading->pattern;
    for (*number = 0; *number < pattern->kind_names; ++*number)
        if (strcmp(loading->names[*number], name) == 0)
            return 0;
    if (*number == PATTERN_KINDS)
        return message_set(loading->message, "%s: more than %d kinds of blocks", pattern->path,
                           PATTERN_KINDS);
    loading->names[pattern->kind_names++] = (char *)name;
    return 0;
}

static int read_kind(struct loading *loading, struct pattern_phase *phase,
                     const struct ini_section *section)
{
    struct pattern_kind *kinds = realloc(phase->kind, (phase->kinds + 1) * sizeof *kinds);
    if (kinds == NULL)
        return message_set(loading->message, "out of memory");
    phase->kind = kinds;
    struct pattern_kind *kind = &kinds[phase->kinds++];
    *kind = (struct pattern_kind){0};
    loading->words.kind = section;
    if (number_kind(loading, section != NULL ? kind_name(section->name) : "", &kind->number) < 0 ||
        pattern_kind_read(kind, &loading->words, &loading->tables) < 0)
        return -1;
    loading->words.kind = NULL;
    return 0;
}

static int read_pace(struct loading *loading, struct pattern_phase *phase)
{
    static const char *const arrivals[] = {"fixed", "poisson", NULL};
    struct pattern_words *words = &loading->words;
    struct word_found found;
    char reason[MESSAGE_BYTES];
    unsigned arrival = 0;
    uint64_t rate = 0;
    phase->burst = 1;
    if (words_count(words, "rate", 1, 1000000000, &rate) < 0 ||
        words_choice(words, "arrivals", arrivals, &arrival) < 0 ||
        words_count(words, "burst", 1, PATTERN_CALLS_MAXIMUM, &phase->burst) < 0)
        return -1;
    phase->rate = (double)rate;
    phase->poisson = arrival == 1;
    loading->pattern->paced |= rate > 0;
    const char *think = words_find(words, "think", &found);
    if (think == NULL)
        return 0;
    if (rate > 0)
        return words_refuse(words, &found,
                            "'rate' says already when calls are made; leave one out");
    return spread_parse(&phase->think, think, SPREAD_TIME, reason) < 0
               ? words_refuse(words, &found, reason)
               : 0;
}

/* Shares, and what a step amounts to when as many blocks die as are born. */
static int sum_up(struct loading *loading, struct pattern_phase *phase)
{
    double shares = 0;
    for (unsigned k = 0; k < phase->kinds; k++)
        shares += phase->kind[k].share;
    if (shares <= 0)
        return message_set(loading->message, "%s: [%s]: all shares are 0", loading->ini->path,
                           phase->name);
    for (unsigned k = 0; k < phase->kinds; k++) {
        struct pattern_kind *kind = &phase->kind[k];
        kind->share /= shares;
        phase->calls_of_step += kind->share * (2 - kind->realloc_share);
        phase->bytes_of_step += kind->share * (1 - kind->realloc_share) * kind->sizes.mean;
        if (kind->death == DEATH_SPREAD && kind->clock == CLOCK_NS && phase->rate <= 0 &&
            phase->think.count == 0)
            return message_set(loading->message,
                               "%s: [%s]: lifetimes in time need a rate or a think time",
                               loading->ini->path, phase->name);
        if (kind->handover_share > 0 && loading->pattern->threads > 1)
            loading->pattern->apart = false;
    }
    return 0;
}

static int read_phase(struct loading *loading, const struct ini_section *section)
{
    struct pattern *pattern = loading->pattern;
    if (pattern->phases == PATTERN_PHASES)
        return message_set(loading->message, "%s:%d: more than %d phases", pattern->path,
                           section->line, PATTERN_PHASES);
    struct pattern_phase *phase = &pattern->phase[pattern->phases++];
    *phase = (struct pattern_phase){.name = strdup(section->name), .operations = 100000};
    loading->words.phase = section;
    if (phase->name == NULL)
        return message_set(loading->message, "out of memory");
    if (words_count(&loading->words, "operations", 1, PATTERN_CALLS_MAXIMUM, &phase->operations) <
            0 ||
        read_pace(loading, phase) < 0)
        return -1;
    for (size_t i = 0; i < loading->ini->section_count; i++)
        if (is_kind_of(&loading->ini->sections[i], section) &&
            read_kind(loading, phase, &loading->ini->sections[i]) < 0)
            return -1;
    if (phase->kinds == 0 && read_kind(loading, phase, NULL) < 0)
        return -1;
    return sum_up(loading, phase);
}

/* ---- the whole ---------------------------------------------------------------------- */

static int copy_text(struct loading *loading, const char *key, char **text)
{
    struct word_found found;
    const char *value = words_find(&loading->words, key, &found);
    *text = strdup(value != NULL ? value : "");
    return *text != NULL ? 0 : message_set(loading->message, "out of memory");
}

static int read_speed(struct loading *loading)
{
    struct word_found found;
    uint64_t speed;
    const char *value = words_find(&loading->words, "speed", &found);
    snprintf(loading->pattern->speed, sizeof loading->pattern->speed, "%s",
             value != NULL && strcmp(value, "max") == 0 ? value : "1");
    if (value == NULL || strcmp(value, "max") == 0)
        return 0;
    if (words_count(&loading->words, "speed", 1, 1000000, &speed) < 0)
        return -1;
    snprintf(loading->pattern->speed, sizeof loading->pattern->speed, "%llu",
             (unsigned long long)speed);
    return 0;
}

static int read_global(struct loading *loading)
{
    static const char *const touches[] = {"none", "first", "page", "all", NULL};
    static const char *const starts[] = {"steady", "empty", NULL};
    struct pattern *pattern = loading->pattern;
    struct pattern_words *words = &loading->words;
    uint64_t threads = 1, laps = 0, rounds = 1, repeat = 0;
    unsigned touch = 2, start = 0;
    if (copy_text(loading, "summary", &pattern->summary) < 0 ||
        copy_text(loading, "imitates", &pattern->imitates) < 0 ||
        copy_text(loading, "source", &pattern->source) < 0 ||
        words_count(words, "threads", 1, PATTERN_THREADS, &threads) < 0 ||
        words_count(words, "laps", 1, PATTERN_LAPS, &laps) < 0 ||
        words_count(words, "rounds", 1, 1000000, &rounds) < 0 ||
        words_count(words, "repeat", 1, PATTERN_LAPS, &repeat) < 0 ||
        words_choice(words, "touch", touches, &touch) < 0 ||
        words_choice(words, "start", starts, &start) < 0 || read_speed(loading) < 0)
        return -1;
    pattern->threads = (unsigned)threads;
    pattern->laps = (unsigned)laps;
    pattern->rounds = (unsigned)rounds;
    pattern->repeat = (unsigned)repeat;
    pattern->steady = start == 0;
    pattern->apart = true;
    snprintf(pattern->touch, sizeof pattern->touch, "%s", touches[touch]);
    return 0;
}

static int read_deck(struct loading *loading, const struct word_found *found)
{
    struct pattern *pattern = loading->pattern;
    char *path = pattern_path_beside(pattern->path, found->value), reason[MESSAGE_BYTES];
    int result = path == NULL || pattern_note_table(&loading->tables, path) < 0
                     ? message_set(reason, "out of memory")
                     : deck_load(&pattern->deck, path, reason);
    free(path);
    if (result < 0)
        return words_refuse(&loading->words, found, reason);
    for (size_t i = 0; i < loading->ini->section_count; i++)
        if (!is_global(&loading->ini->sections[i]))
            return message_set(loading->message, "%s:%d: a deck takes the place of all phases",
                               pattern->path, loading->ini->sections[i].line);
    pattern->threads = (unsigned)pattern->deck.threads;
    pattern->apart = false;
    return 0;
}

static int read_phases(struct loading *loading)
{
    struct pattern *pattern = loading->pattern;
    pattern->phase = calloc(PATTERN_PHASES, sizeof *pattern->phase);
    if (pattern->phase == NULL)
        return message_set(loading->message, "out of memory");
    for (size_t i = 0; i < loading->ini->section_count; i++) {
        const struct ini_section *section = &loading->ini->sections[i];
        if (!is_global(section) && kind_name(section->name) == NULL &&
            read_phase(loading, section) < 0)
            return -1;
    }
    if (pattern->phases == 0)
        return message_set(loading->message, "%s has no phase: add a [section]", pattern->path);
    double calls = (double)pattern_calls(pattern) * pattern->threads;
    if (calls > (double)PATTERN_CALLS_MAXIMUM)
        return message_set(loading->message, "%s: operations x rounds x threads is over a billion",
                           pattern->path);
    if (pattern->repeat > 1)
        return message_set(loading->message,
                           "%s: repeat is for decks; phases are gone through again by rounds =",
                           pattern->path);
    if (pattern->laps == 0)
        pattern->laps = 40;
    if (pattern->laps > calls)
        pattern->laps = (unsigned)calls;
    return 0;
}

static int check_given(struct loading *loading)
{
    for (unsigned i = 0; i < loading->words.given_count; i++) {
        const struct pattern_given *given = &loading->words.given[i];
        if (!given->used)
            return message_set(loading->message,
                               "%s: '%s%s%s' is no parameter of it: a key of the file is one, and "
                               "SECTION.key",
                               loading->ini->path, given->section != NULL ? given->section : "",
                               given->section != NULL ? "." : "", given->key);
    }
    return 0;
}

static int read_file(struct loading *loading)
{
    struct word_found found;
    for (size_t i = 0; i < loading->ini->section_count; i++)
        if (is_global(&loading->ini->sections[i]))
            loading->words.global = &loading->ini->sections[i];
    if (check_sections(loading) < 0 || read_global(loading) < 0)
        return -1;
    int result = words_find(&loading->words, "deck", &found) != NULL ? read_deck(loading, &found)
                                                                     : read_phases(loading);
    return result < 0 ? -1 : check_given(loading);
}

int pattern_load(struct pattern *pattern, const char *path, const char *given, char *message)
{
    struct ini_file ini;
    *pattern = (struct pattern){.path = strdup(path)};
    if (pattern->path == NULL)
        return message_set(message, "out of memory");
    if (ini_file_load(&ini, path, message) < 0) {
        pattern_release(pattern);
        return -1;
    }
    struct loading loading = {.pattern = pattern, .ini = &ini, .message = message};
    loading.words.ini = &ini;
    loading.words.message = message;
    int result = words_take_given(&loading.words, given);
    if (result == 0)
        result = read_file(&loading);
    if (result == 0)
        result = pattern_take_digest(pattern, loading.tables, message);
    words_release(&loading.words);
    free(loading.tables);
    ini_file_release(&ini);
    if (result < 0)
        pattern_release(pattern);
    return result;
}

void pattern_release(struct pattern *pattern)
{
    for (unsigned p = 0; p < pattern->phases; p++) {
        struct pattern_phase *phase = &pattern->phase[p];
        for (unsigned k = 0; k < phase->kinds; k++)
            pattern_kind_release(&phase->kind[k]);
        free(phase->kind);
        free(phase->name);
        spread_release(&phase->think);
    }
    free(pattern->phase);
    free(pattern->path);
    free(pattern->summary);
    free(pattern->imitates);
    free(pattern->source);
    free(pattern->text);
    deck_release(&pattern->deck);
    *pattern = (struct pattern){0};
}

uint64_t pattern_calls(const struct pattern *pattern)
{
    uint64_t calls = 0;
    if (pattern->deck.cells > 0)
        return pattern->deck.calls;
    for (unsigned p = 0; p < pattern->phases; p++)
        calls += pattern->phase[p].operations;
    return calls * pattern->rounds;
}
