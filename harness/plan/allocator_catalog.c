/* Reads allocators.ini and chooses from it; see allocator_catalog.h. */
#include "allocator_catalog.h"

#include "elf_file.h"
#include "ini_file.h"
#include "message.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const known_keys[] = {"base",     "env",      "join",    "library",
                                         "option.*", "package",  "path",    "programs",
                                         "source",   "standard", "summary", NULL};

/* The stanza without a library. */
#define GLIBC "glibc"

enum { BASES_MAXIMUM = 8 };
#define OPTION_PREFIX "option."

static char *copy(const char *text)
{
    return strdup(text != NULL ? text : "");
}

/* A folder may hold libraries of several architectures; the first of our own is taken. */
static char *first_fit(const char *pattern)
{
    glob_t matches;
    char *found = NULL, reason[MESSAGE_BYTES];
    if (glob(pattern, 0, NULL, &matches) != 0)
        return NULL;
    for (size_t i = 0; i < matches.gl_pathc && found == NULL; i++)
        if (elf_file_misfit(matches.gl_pathv[i], reason) == NULL)
            found = strdup(matches.gl_pathv[i]);
    globfree(&matches);
    return found;
}

/* The first fitting file of the globs in `patterns`, one a line; NULL if there is none. */
static char *first_match(const char *patterns)
{
    char *list = strdup(patterns), *rest = list, *line, *found = NULL;
    while (list != NULL && found == NULL && (line = strsep(&rest, "\n")) != NULL)
        if (line[0] != '\0')
            found = first_fit(line);
    free(list);
    return found;
}

/* A yes or no, `fallback` when absent, -1 and a message when neither. */
static int get_flag(const struct ini_file *ini, const struct ini_section *section, const char *key,
                    bool fallback, char *message)
{
    const char *value = ini_get(section, key);
    if (value == NULL)
        return fallback;
    if (strcmp(value, "yes") == 0)
        return true;
    if (strcmp(value, "no") == 0)
        return false;
    return message_set(message, "%s: [%s] %s = %s is neither yes nor no", ini->path, section->name,
                       key, value);
}

static const struct ini_section *find_section(const struct ini_file *ini, const char *name)
{
    for (size_t i = 0; i < ini->section_count; i++)
        if (strcmp(ini->sections[i].name, name) == 0)
            return &ini->sections[i];
    return NULL;
}

/* A stanza and those it is based on, itself first. */
struct lineage {
    const struct ini_section *sections[BASES_MAXIMUM + 1];
    size_t count;
};

static int find_lineage(struct lineage *lineage, const struct ini_file *ini,
                        const struct ini_section *section, char *message)
{
    lineage->count = 0;
    for (;;) {
        lineage->sections[lineage->count++] = section;
        const char *base = ini_get(section, "base");
        if (base == NULL)
            return 0;
        if (lineage->count > BASES_MAXIMUM)
            return message_set(message, "%s:%d: [%s] has base upon base; %d are the most",
                               ini->path, lineage->sections[0]->line, lineage->sections[0]->name,
                               BASES_MAXIMUM);
        section = find_section(ini, base);
        if (section == NULL)
            return message_set(message,
                               "%s:%d: [%s] has base = %s, which is no section of this file",
                               ini->path, lineage->sections[lineage->count - 1]->line,
                               lineage->sections[lineage->count - 1]->name, base);
    }
}

/* The stanza of the lineage that has the key, itself first; NULL: none. */
static const struct ini_section *holder(const struct lineage *lineage, const char *key)
{
    for (size_t i = 0; i < lineage->count; i++)
        if (ini_get(lineage->sections[i], key) != NULL)
            return lineage->sections[i];
    return NULL;
}

static const char *get_inherited(const struct lineage *lineage, const char *key)
{
    const struct ini_section *section = holder(lineage, key);
    return section != NULL ? ini_get(section, key) : NULL;
}

/* Sets path and installed. What a stanza says of its library stands before what its base says. */
static int find_library(struct allocator_entry *entry, const struct ini_file *ini,
                        const struct lineage *lineage, const struct paths *paths, char *message)
{
    for (size_t i = 0; i < lineage->count; i++) {
        const struct ini_section *section = lineage->sections[i];
        const char *library = ini_get(section, "library");
        const char *patterns = ini_get(section, "path");
        if (library == NULL && patterns == NULL)
            continue;
        if (library != NULL && patterns != NULL)
            return message_set(message, "%s:%d: [%s] has both library and path; give one",
                               ini->path, section->line, section->name);
        if (patterns != NULL && patterns[0] != '/')
            return message_set(message, "%s:%d: [%s] path = %s must begin with '/'", ini->path,
                               section->line, section->name, patterns);
        entry->allocator.path =
            library != NULL ? path_join(paths->programs, library) : first_match(patterns);
        entry->installed =
            entry->allocator.path != NULL && access(entry->allocator.path, R_OK) == 0;
        return 0;
    }
    /* A forgotten path must not become glibc's figures under another name. */
    const struct ini_section *last = lineage->sections[lineage->count - 1];
    if (strcmp(last->name, GLIBC) != 0)
        return message_set(
            message,
            "%s:%d: [%s] names no library: give library, path, or base (base = " GLIBC
            " for the C library's own malloc)",
            ini->path, last->line, last->name);
    entry->installed = true;
    return 0;
}

bool allocator_name_is_fair(const char *name, size_t length)
{
    return length > 0 && length < ALLOCATOR_NAME_BYTES &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-") >=
               length;
}

static bool complete(const struct allocator *allocator)
{
    return allocator->name != NULL && allocator->env != NULL && allocator->summary != NULL &&
           allocator->source != NULL && allocator->package != NULL;
}

static int add_option(struct allocator_entry *entry, const struct ini_file *ini,
                      const struct ini_section *section, const struct ini_entry *from,
                      char *message)
{
    const char *name = from->key + sizeof OPTION_PREFIX - 1;
    for (size_t i = 0; i < entry->option_count; i++)
        if (strcmp(entry->options[i].name, name) == 0)
            return 0; /* the stanza's own stands before that of its base */
    if (strstr(from->value, ALLOCATOR_OPTION_VALUE) == NULL || name[0] == '\0')
        return message_set(message,
                           "%s:%d: [%s] %s = %s: say NAME=VALUE with " ALLOCATOR_OPTION_VALUE
                           " where the setting belongs",
                           ini->path, from->line, section->name, from->key, from->value);
    struct allocator_option *options =
        realloc(entry->options, (entry->option_count + 1) * sizeof *options);
    if (options == NULL)
        return message_set(message, "out of memory");
    entry->options = options;
    struct allocator_option *option = &options[entry->option_count++];
    *option = (struct allocator_option){copy(name), copy(from->value)};
    return option->name != NULL && option->variables != NULL
               ? 0
               : message_set(message, "out of memory");
}

static int read_options(struct allocator_entry *entry, const struct ini_file *ini,
                        const struct lineage *lineage, char *message)
{
    for (size_t i = 0; i < lineage->count; i++) {
        const struct ini_section *section = lineage->sections[i];
        for (size_t e = 0; e < section->entry_count; e++)
            if (strncmp(section->entries[e].key, OPTION_PREFIX, sizeof OPTION_PREFIX - 1) == 0 &&
                add_option(entry, ini, section, &section->entries[e], message) < 0)
                return -1;
    }
    entry->join = copy(get_inherited(lineage, "join"));
    return entry->join != NULL ? 0 : message_set(message, "out of memory");
}

static int read_entry(struct allocator_entry *entry, const struct ini_file *ini,
                      const struct ini_section *section, const struct paths *paths, char *message)
{
    struct lineage lineage;
    struct allocator *allocator = &entry->allocator;
    if (!allocator_name_is_fair(section->name, strlen(section->name)))
        return message_set(message,
                           "%s:%d: [%s]: a name is made of letters, digits, '.', '_', '+' and '-', "
                           "63 at most",
                           ini->path, section->line, section->name);
    if (ini_file_check_keys(ini, section, known_keys, message) < 0 ||
        find_lineage(&lineage, ini, section, message) < 0 ||
        find_library(entry, ini, &lineage, paths, message) < 0 ||
        read_options(entry, ini, &lineage, message) < 0)
        return -1;
    const struct ini_section *fit = holder(&lineage, "programs");
    int standard = get_flag(ini, section, "standard", lineage.count == 1, message);
    int programs = get_flag(ini, fit != NULL ? fit : section, "programs", true, message);
    if (standard < 0 || programs < 0)
        return -1;
    entry->standard = standard;
    allocator->programs = programs;
    allocator->name = copy(section->name);
    allocator->env = copy(get_inherited(&lineage, "env"));
    allocator->summary = copy(get_inherited(&lineage, "summary"));
    allocator->source = copy(get_inherited(&lineage, "source"));
    allocator->package = copy(get_inherited(&lineage, "package"));
    return complete(allocator) ? 0 : message_set(message, "out of memory");
}

int allocator_catalog_load(struct allocator_catalog *catalog, const struct paths *paths,
                           char *message)
{
    *catalog = (struct allocator_catalog){0};
    struct ini_file ini;
    if (ini_file_load(&ini, paths->allocators, message) < 0)
        return -1;
    catalog->entries = calloc(ini.section_count + 1, sizeof *catalog->entries);
    int result = catalog->entries != NULL ? 0 : message_set(message, "out of memory");
    for (size_t i = 0; i < ini.section_count && result == 0; i++) {
        catalog->count++;
        result = read_entry(&catalog->entries[i], &ini, &ini.sections[i], paths, message);
    }
    ini_file_release(&ini);
    if (result < 0)
        allocator_catalog_release(catalog);
    return result;
}

void allocator_catalog_release(struct allocator_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        struct allocator_entry *entry = &catalog->entries[i];
        allocator_release(&entry->allocator);
        for (size_t o = 0; o < entry->option_count; o++) {
            free(entry->options[o].name);
            free(entry->options[o].variables);
        }
        free(entry->options);
        free(entry->join);
    }
    free(catalog->entries);
    *catalog = (struct allocator_catalog){0};
}

const struct allocator_entry *allocator_find(const struct allocator_catalog *catalog,
                                             const char *name)
{
    for (size_t i = 0; i < catalog->count; i++)
        if (strcmp(catalog->entries[i].allocator.name, name) == 0)
            return &catalog->entries[i];
    return NULL;
}
