/* Reads what stands under a key; see pattern_words.h. */
#include "pattern_words.h"

#include "message.h"
#include "units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int words_take_given(struct pattern_words *words, const char *given)
{
    char *rest, *item;
    if (given == NULL || given[0] == '\0')
        return 0;
    rest = words->given_text = strdup(given);
    if (rest == NULL)
        return message_set(words->message, "out of memory");
    while ((item = strsep(&rest, ",")) != NULL) {
        char *equals = strchr(item, '='), *dot;
        if (equals == NULL)
            return message_set(words->message, "%s: '%s' is not param=value", words->ini->path,
                               item);
        if (words->given_count == PATTERN_GIVEN_MAXIMUM)
            return message_set(words->message, "%s: more than %d parameters", words->ini->path,
                               PATTERN_GIVEN_MAXIMUM);
        *equals = '\0';
        dot = strrchr(item, '.');
        if (dot != NULL)
            *dot = '\0';
        words->given[words->given_count++] =
            (struct pattern_given){.section = dot != NULL ? item : NULL,
                                   .key = dot != NULL ? dot + 1 : item,
                                   .value = equals + 1};
    }
    return 0;
}

void words_release(struct pattern_words *words)
{
    free(words->given_text);
    words->given_text = NULL;
}

static const char *find_given(struct pattern_words *words, const char *key,
                              const struct ini_section *section)
{
    const char *value = NULL;
    for (unsigned i = 0; i < words->given_count; i++) {
        struct pattern_given *given = &words->given[i];
        if (strcmp(given->key, key) != 0)
            continue;
        if (section == NULL ? given->section != NULL
                            : given->section == NULL || strcmp(given->section, section->name) != 0)
            continue;
        given->used = 1;
        value = given->value;
    }
    return value;
}

static const char *find_in_file(const struct ini_section *section, const char *key,
                                struct word_found *found)
{
    for (size_t i = 0; section != NULL && i < section->entry_count; i++) {
        const struct ini_entry *entry = &section->entries[i];
        if (strcmp(entry->key, key) != 0)
            continue;
        *found = (struct word_found){entry->key, entry->value, section, entry->line};
        return entry->value;
    }
    return NULL;
}

const char *words_find(struct pattern_words *words, const char *key, struct word_found *found)
{
    const struct ini_section *sections[] = {words->kind, words->phase, words->global};
    const char *value = NULL;
    for (unsigned i = 0; i < 3 && value == NULL; i++)
        if (sections[i] != NULL)
            value = find_given(words, key, sections[i]);
    if (value == NULL)
        value = find_given(words, key, NULL);
    if (value != NULL) {
        *found = (struct word_found){.key = key, .value = value};
        return value;
    }
    for (unsigned i = 0; i < 3 && value == NULL; i++)
        value = find_in_file(sections[i], key, found);
    return value;
}

int words_refuse(const struct pattern_words *words, const struct word_found *found,
                 const char *reason)
{
    if (found->section == NULL)
        return message_set(words->message, "%s: %s=%s, as given: %s", words->ini->path, found->key,
                           found->value, reason);
    return message_set(words->message, "%s:%d: %s = %.60s: %s", words->ini->path, found->line,
                       found->key, found->value, reason);
}

static int take_whole(struct pattern_words *words, const char *key,
                      int (*parse)(const char *text, uint64_t *value), uint64_t *value,
                      const uint64_t limits[2])
{
    struct word_found found;
    uint64_t got;
    char reason[96];
    const char *text = words_find(words, key, &found);
    if (text == NULL)
        return 0;
    if (parse(text, &got) < 0 || got < limits[0] || got > limits[1]) {
        snprintf(reason, sizeof reason, "a whole number from %llu to %llu is needed",
                 (unsigned long long)limits[0], (unsigned long long)limits[1]);
        return words_refuse(words, &found, reason);
    }
    *value = got;
    return 0;
}

int words_count(struct pattern_words *words, const char *key, uint64_t least, uint64_t most,
                uint64_t *value)
{
    return take_whole(words, key, units_parse_count, value, (uint64_t[2]){least, most});
}

int words_bytes(struct pattern_words *words, const char *key, uint64_t least, uint64_t most,
                uint64_t *value)
{
    return take_whole(words, key, units_parse_bytes, value, (uint64_t[2]){least, most});
}

int words_percent(struct pattern_words *words, const char *key, double *share)
{
    struct word_found found;
    char *end;
    const char *text = words_find(words, key, &found);
    if (text == NULL)
        return 0;
    double percent = strtod(text, &end);
    if (end == text || *end != '\0' || !(percent >= 0 && percent <= 100))
        return words_refuse(words, &found, "percent from 0 to 100 is needed");
    *share = percent / 100;
    return 0;
}

int words_choice(struct pattern_words *words, const char *key, const char *const *choices,
                 unsigned *choice)
{
    struct word_found found;
    char reason[128] = "there are:";
    const char *text = words_find(words, key, &found);
    if (text == NULL)
        return 0;
    for (unsigned i = 0; choices[i] != NULL; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *choice = i;
            return 0;
        }
        size_t used = strlen(reason);
        snprintf(reason + used, sizeof reason - used, " %s", choices[i]);
    }
    return words_refuse(words, &found, reason);
}
