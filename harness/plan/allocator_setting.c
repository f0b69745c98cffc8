/* From settings to the environment; see allocator_setting.h. */
#include "allocator_setting.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL    "abcdefghijklmnopqrstuvwxyz_"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS   "0123456789"

enum { NAME_BYTES = 128, SETTINGS_BYTES = 256, LIST_BYTES = 256 };

const char *allocator_settings(const char *word)
{
    const char *colon = strchr(word, ':');
    return colon != NULL ? colon + 1 : NULL;
}

static const struct allocator_option *find_option(const struct allocator_entry *entry,
                                                  const char *name, size_t length)
{
    for (size_t i = 0; entry != NULL && i < entry->option_count; i++)
        if (strlen(entry->options[i].name) == length &&
            strncmp(entry->options[i].name, name, length) == 0)
            return &entry->options[i];
    return NULL;
}

static bool is_variable(const char *name, size_t length)
{
    return length > 0 && strchr(CAPITALS, name[0]) != NULL &&
           strspn(name, CAPITALS DIGITS) >= length;
}

static struct sweep_rules rules_of(void *argument, const char *name, size_t length)
{
    struct sweep_rules rules = {.kind = SWEEP_NOTHING};
    if (is_variable(name, length))
        rules.kind = SWEEP_VARIABLE;
    else if (find_option(argument, name, length) != NULL)
        rules.kind = SWEEP_OPTION;
    return rules;
}

int allocator_settings_expand(struct sweep *sweep, const struct allocator_entry *entry,
                              const char *word, char *message)
{
    const char *settings = allocator_settings(word);
    char *who = NULL;
    *sweep = (struct sweep){0};
    if (strlen(settings) >= SETTINGS_BYTES)
        return message_set(message,
                           "allocator %.60s...: its settings are longer than %d characters", word,
                           SETTINGS_BYTES - 1);
    if (asprintf(&who, "allocator %.*s", (int)(settings - word) - 1, word) < 0)
        return message_set(message, "out of memory");
    int result = sweep_expand(sweep, who, settings, rules_of, (void *)(uintptr_t)entry, message);
    free(who);
    return result;
}

/* ---- the environment ------------------------------------------------------------- */

/* The line of `env` that sets the variable whose name `length` bytes of `name` are; NULL: none. */
static char *find_line(char *env, const char *name, size_t length)
{
    for (char *line = env; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == '=')
            return line;
    }
    return NULL;
}

/* Adds NAME=VALUE. A variable that is there already is made longer, when the stanza says how. */
static int add_variable(struct allocator *allocator, const struct allocator_entry *entry,
                        const char *variable, char *message)
{
    size_t name = strcspn(variable, "=");
    const char *join = entry != NULL && entry->join != NULL ? entry->join : "";
    char *env = allocator->env, *line = find_line(env, variable, name), *longer = NULL;
    size_t length = line != NULL ? strcspn(line, "\n") : 0;
    int result;
    if (line != NULL && strlen(variable) == length && strncmp(line, variable, length) == 0)
        return 0;
    if (line != NULL && join[0] == '\0')
        return message_set(message, "allocator %s: %.*s is set twice, and holds one value only",
                           allocator->name, (int)name, variable);
    if (line != NULL)
        result = asprintf(&longer, "%.*s%s%s%s", (int)(line + length - env), env, join,
                          variable + name + 1, line + length);
    else
        result = asprintf(&longer, "%s%s%s", env, env[0] != '\0' ? "\n" : "", variable);
    if (result < 0)
        return message_set(message, "out of memory");
    free(env);
    allocator->env = longer;
    return 0;
}

/* One line of an option, with the setting in its place. */
static char *fill_in(const char *line, const char *value)
{
    const char *place = strstr(line, ALLOCATOR_OPTION_VALUE);
    char *filled = NULL;
    if (place == NULL)
        return strdup(line);
    if (asprintf(&filled, "%.*s%s%s", (int)(place - line), line, value,
                 place + sizeof ALLOCATOR_OPTION_VALUE - 1) < 0)
        return NULL;
    return filled;
}

static int add_option(struct allocator *allocator, const struct allocator_entry *entry,
                      const struct allocator_option *option, const char *value, char *message)
{
    char *lines = strdup(option->variables), *rest = lines, *line;
    int result = lines != NULL ? 0 : message_set(message, "out of memory");
    while (result == 0 && (line = strsep(&rest, "\n")) != NULL) {
        char *filled = fill_in(line, value);
        result = filled != NULL ? add_variable(allocator, entry, filled, message)
                                : message_set(message, "out of memory");
        free(filled);
    }
    free(lines);
    return result;
}

static int refuse(const struct allocator *allocator, const struct allocator_entry *entry,
                  const char *name, char *message)
{
    char list[LIST_BYTES] = "";
    for (size_t i = 0; entry != NULL && i < entry->option_count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                 entry->options[i].name);
    }
    return message_set(message,
                       "allocator %s: unknown option '%s'; it has %s; a variable of the "
                       "environment is written in capitals",
                       allocator->name, name, list[0] != '\0' ? list : "none");
}

static int apply_one(struct allocator *allocator, const struct allocator_entry *entry,
                     const char *setting, char *message)
{
    size_t length = strcspn(setting, "=");
    char name[NAME_BYTES];
    if (setting[length] == '\0' || length == 0 || setting[length + 1] == '\0')
        return message_set(message, "allocator %s: '%s' is not OPTION=VALUE", allocator->name,
                           setting);
    snprintf(name, sizeof name, "%.*s", (int)length, setting);
    const struct allocator_option *option = find_option(entry, setting, length);
    if (option != NULL)
        return add_option(allocator, entry, option, setting + length + 1, message);
    if (is_variable(setting, length))
        return add_variable(allocator, entry, setting, message);
    return refuse(allocator, entry, name, message);
}

/* Whether the text begins with NAME=. */
static bool begins_setting(const char *text)
{
    size_t length = strspn(text, SMALL CAPITALS DIGITS);
    return length > 0 && text[length] == '=';
}

int allocator_settings_apply(struct allocator *allocator, const struct allocator_entry *entry,
                             const char *settings, char *message)
{
    char *copy = strdup(settings), *setting = copy;
    int result = copy != NULL ? 0 : message_set(message, "out of memory");
    while (result == 0 && setting != NULL) {
        char *end = setting, *next = NULL;
        while ((end = strchr(end, ',')) != NULL && next == NULL) {
            if (begins_setting(end + 1)) {
                *end = '\0';
                next = end + 1;
            }
            end++;
        }
        result = apply_one(allocator, entry, setting, message);
        setting = next;
    }
    free(copy);
    return result;
}
