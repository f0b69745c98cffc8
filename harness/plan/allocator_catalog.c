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

/* The stanza without a library. */
#define GLIBC "glibc"

enum { BASES_MAXIMUM = 8, ALLOCATOR_NAME_BYTES = 64 };

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

/* A name goes into file names, labels and charts. */
static bool fair_name(const char *name, size_t length)
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

static int read_entry(struct allocator_entry *entry, const struct ini_file *ini,
                      const struct ini_section *section, const struct paths *paths, char *message)
{
    struct lineage lineage;
    struct allocator *allocator = &entry->allocator;
    if (!fair_name(section->name, strlen(section->name)))
        return message_set(message,
                           "%s:%d: [%s]: a name is made of letters, digits, '.', '_', '+' and '-', "
                           "63 at most",
                           ini->path, section->line, section->name);
    if (ini_file_check_keys(ini, section, known_keys, message) < 0 ||
        find_lineage(&lineage, ini, section, message) < 0 ||
        find_library(entry, ini, &lineage, paths, message) < 0)
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
    struct allocator *added = &all[run->allocator_count++];
    *added = (struct allocator){
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
    if (!complete(added) || added->file == NULL || added->version == NULL ||
        (from->path != NULL && added->path == NULL))
        return message_set(message, "out of memory");
    return 0;
}

static int add_library(struct run *run, const char *file, const char *name, char *message)
{
    char path[PATH_MAX], reason[MESSAGE_BYTES];
    if (realpath(file, path) == NULL)
        return message_set(message, "allocator %s: cannot find %s: %s", name, file,
                           strerror(errno));
    if (elf_file_misfit(path, reason) != NULL)
        return message_set(message, "allocator %s: %s %s", name, path, reason);
    struct allocator named = {.path = path, .programs = true, .source = (char *)"command line"};
    return add_to_run(run, &named, name, message);
}

/* name=path/to/lib.so */
static int add_by_path(const struct allocator_catalog *catalog, struct run *run, const char *word,
                       char *message)
{
    size_t length = strcspn(word, "=");
    if (!fair_name(word, length))
        return message_set(message,
                           "-a %s: the name before '=' must be letters, digits, '.', '_', '+' "
                           "or '-', 63 at most",
                           word);
    char name[ALLOCATOR_NAME_BYTES];
    memcpy(name, word, length);
    name[length] = '\0';
    if (find_entry(catalog, name) != NULL || strcmp(name, "all") == 0)
        return message_set(message,
                           "-a %s: '%s' means something else already (see heapmark list "
                           "allocators); give this library another name",
                           word, name);
    if (word[length + 1] == '\0')
        return message_set(message, "-a %s: name a library after the '='", word);
    return add_library(run, word + length + 1, name, message);
}

/* The stanza `word`, under `name`. */
static int add_by_name(const struct allocator_catalog *catalog, struct run *run, const char *word,
                       const char *name, char *message)
{
    const struct allocator_entry *entry = find_entry(catalog, word);
    if (entry == NULL)
        return message_set(message,
                           "unknown allocator '%s'; 'heapmark list allocators' names those there "
                           "are; a library is named as %s=path/to/lib.so",
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
    return add_to_run(run, &chosen, name, message);
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

bool allocator_is_known(const struct allocator_catalog *catalog, const struct run *run,
                        const char *name)
{
    return find_entry(catalog, name) != NULL || run_find_allocator(run, name) >= 0;
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
            result = add_by_path(catalog, run, words[i], message);
        else
            result = add_by_name(catalog, run, words[i], words[i], message);
        if (result < 0)
            return -1;
    }
    return 0;
}

int allocator_add(const struct allocator_catalog *catalog, const char *word, const char *name,
                  struct run *run, char *message)
{
    const char *file = strchr(word, '=');
    if (!fair_name(name, strlen(name)))
        return message_set(message,
                           "%s: the name must be letters, digits, '.', '_', '+' or '-', 63 at most",
                           word);
    if (file != NULL)
        return add_library(run, file + 1, name, message);
    size_t length = strlen(word);
    if (strchr(word, '/') != NULL || (length > 3 && strcmp(word + length - 3, ".so") == 0))
        return add_library(run, word, name, message);
    return add_by_name(catalog, run, word, name, message);
}
