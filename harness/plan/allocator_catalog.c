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

static const char *const known_keys[] = {"base",     "env",    "library",  "package", "path",
                                         "programs", "source", "standard", "summary", NULL};

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
    while (found == NULL && (line = strsep(&rest, "\n")) != NULL)
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

/* The value in the stanza itself, else in its base. */
static const char *get_inherited(const struct ini_section *section, const struct ini_section *base,
                                 const char *key)
{
    const char *value = ini_get(section, key);
    return value != NULL || base == NULL ? value : ini_get(base, key);
}

static int read_entry(struct allocator_entry *entry, const struct ini_file *ini,
                      const struct ini_section *section, const struct paths *paths, char *message)
{
    if (ini_file_check_keys(ini, section, known_keys, message) < 0)
        return -1;
    const char *base_name = ini_get(section, "base");
    const struct ini_section *base = base_name ? find_section(ini, base_name) : NULL;
    if (base_name != NULL && base == NULL)
        return message_set(message, "%s:%d: [%s] has base = %s, which is no section of this file",
                           ini->path, section->line, section->name, base_name);
    const char *library = get_inherited(section, base, "library");
    const char *patterns = get_inherited(section, base, "path");
    int standard = get_flag(ini, section, "standard", base == NULL, message);
    int programs = get_flag(ini, ini_get(section, "programs") || !base ? section : base, "programs",
                            true, message);
    if (standard < 0 || programs < 0)
        return -1;

    struct allocator *allocator = &entry->allocator;
    allocator->name = copy(section->name);
    allocator->env = copy(ini_get(section, "env"));
    allocator->summary = copy(ini_get(section, "summary"));
    allocator->source = copy(get_inherited(section, base, "source"));
    allocator->package = copy(get_inherited(section, base, "package"));
    allocator->programs = programs;
    if (library != NULL)
        allocator->path = path_join(paths->programs, library);
    else if (patterns != NULL)
        allocator->path = first_match(patterns);
    entry->standard = standard;
    entry->installed = library != NULL    ? access(allocator->path, R_OK) == 0
                       : patterns != NULL ? allocator->path != NULL
                                          : true;
    return 0;
}

int allocator_catalog_load(struct allocator_catalog *catalog, const struct paths *paths,
                           char *message)
{
    *catalog = (struct allocator_catalog){0};
    struct ini_file ini;
    if (ini_file_load(&ini, paths->allocators, message) < 0)
        return -1;
    int result = 0;
    catalog->entries = calloc(ini.section_count + 1, sizeof *catalog->entries);
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
    for (size_t i = 0; i < catalog->count; i++)
        allocator_release(&catalog->entries[i].allocator);
    free(catalog->entries);
    *catalog = (struct allocator_catalog){0};
}

static const struct allocator_entry *find_entry(const struct allocator_catalog *catalog,
                                                const char *name)
{
    for (size_t i = 0; i < catalog->count; i++)
        if (strcmp(catalog->entries[i].allocator.name, name) == 0)
            return &catalog->entries[i];
    return NULL;
}

static int add_to_run(struct run *run, const struct allocator *from, const char *name,
                      char *message)
{
    if (run_find_allocator(run, name) >= 0)
        return message_set(message, "allocator %s is named twice; name it once", name);
    struct allocator *all =
        realloc(run->allocators, (run->allocator_count + 1) * sizeof *run->allocators);
    if (all == NULL)
        return message_set(message, "out of memory");
    run->allocators = all;
    all[run->allocator_count++] = (struct allocator){
        .name = copy(name),
        .path = from->path != NULL ? strdup(from->path) : NULL,
        .env = copy(from->env),
        .summary = copy(from->summary),
        .source = copy(from->source),
        .package = copy(from->package),
        .programs = from->programs,
        .file = copy(""),
        .version = copy(""),
    };
    return 0;
}

/* A name goes into file names, labels and charts. */
static bool fair_name(const char *name, size_t length)
{
    return length > 0 && length < 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-") >=
               length;
}

/* name=path/to/lib.so */
static int add_by_path(struct run *run, const char *word, char *message)
{
    size_t length = strcspn(word, "=");
    if (!fair_name(word, length))
        return message_set(message,
                           "-a %s: the name before '=' must be letters, digits, '.', '_', '+' "
                           "or '-', 63 at most",
                           word);
    char path[PATH_MAX], name[64];
    if (realpath(word + length + 1, path) == NULL)
        return message_set(message, "-a %s: cannot find %s: %s", word, word + length + 1,
                           strerror(errno));
    char reason[MESSAGE_BYTES];
    if (elf_file_misfit(path, reason) != NULL)
        return message_set(message, "-a %s: %s %s", word, path, reason);
    if (strpbrk(path, " :") != NULL)
        return message_set(message,
                           "-a %s: LD_PRELOAD cannot name a path with a blank or a colon; copy "
                           "the library elsewhere",
                           word);
    memcpy(name, word, length);
    name[length] = '\0';
    struct allocator named = {.path = path, .programs = true, .source = (char *)"command line"};
    return add_to_run(run, &named, name, message);
}

static int add_by_name(const struct allocator_catalog *catalog, struct run *run, const char *word,
                       char *message)
{
    const struct allocator_entry *entry = find_entry(catalog, word);
    if (entry == NULL)
        return message_set(message,
                           "unknown allocator '%s'; 'heapmark list allocators' names those there "
                           "are, -a %s=path/to/lib.so adds one",
                           word, word);
    const struct allocator *allocator = &entry->allocator;
    if (!entry->installed && allocator->package[0] != '\0')
        return message_set(message, "allocator %s is not installed: apt-get install %s", word,
                           allocator->package);
    if (!entry->installed)
        return message_set(message, "allocator %s is not built: %s is missing; run make", word,
                           allocator->path);
    struct allocator chosen = *allocator;
    chosen.programs = true; /* named outright */
    return add_to_run(run, &chosen, allocator->name, message);
}

static int add_all(const struct allocator_catalog *catalog, struct run *run, char *message)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct allocator_entry *entry = &catalog->entries[i];
        if (!entry->standard || !entry->installed)
            continue;
        if (add_to_run(run, &entry->allocator, entry->allocator.name, message) < 0)
            return -1;
    }
    return 0;
}

int allocator_select(const struct allocator_catalog *catalog, const char *const *words,
                     size_t word_count, struct run *run, char *message)
{
    if (word_count == 0)
        return add_all(catalog, run, message);
    for (size_t i = 0; i < word_count; i++) {
        int result;
        if (strcmp(words[i], "all") == 0)
            result = add_all(catalog, run, message);
        else if (strchr(words[i], '=') != NULL)
            result = add_by_path(run, words[i], message);
        else
            result = add_by_name(catalog, run, words[i], message);
        if (result < 0)
            return -1;
    }
    return 0;
}
