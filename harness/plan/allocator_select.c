/* Which allocators of the catalog, and which libraries, a run is of; see allocator_catalog.h. */
#include "allocator_setting.h"

#include "elf_file.h"
#include "message.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    return strdup(text != NULL ? text : "");
}

static bool complete(const struct allocator *allocator)
{
    return allocator->name != NULL && allocator->env != NULL && allocator->summary != NULL &&
           allocator->source != NULL && allocator->package != NULL && allocator->file != NULL &&
           allocator->version != NULL;
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
    if (!complete(added) || (from->path != NULL && added->path == NULL))
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

/* name=path/to/lib.so, under `as`, or where that is NULL under its own name. */
static int add_by_path(const struct allocator_catalog *catalog, struct run *run, const char *word,
                       const char *as, char *message)
{
    size_t length = strcspn(word, "=");
    if (!allocator_name_is_fair(word, length))
        return message_set(message,
                           "-a %s: the name before '=' must be letters, digits, '.', '_', '+' "
                           "or '-', 63 at most",
                           word);
    char name[ALLOCATOR_NAME_BYTES];
    memcpy(name, word, length);
    name[length] = '\0';
    if (allocator_find(catalog, name) != NULL || strcmp(name, "all") == 0)
        return message_set(message,
                           "-a %s: '%s' means something else already (see heapmark list "
                           "allocators); give this library another name",
                           word, name);
    if (word[length + 1] == '\0')
        return message_set(message, "-a %s: name a library after the '='", word);
    return add_library(run, word + length + 1, as != NULL ? as : name, message);
}

/* The stanza `word`, under `name`. */
static int add_by_name(const struct allocator_catalog *catalog, struct run *run, const char *word,
                       const char *name, char *message)
{
    const struct allocator_entry *entry = allocator_find(catalog, word);
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
    return allocator_find(catalog, name) != NULL || run_find_allocator(run, name) >= 0;
}

/* One value of each setting: the word without them, under a name that has them. */
static int add_point(const struct allocator_catalog *catalog, struct run *run, const char *head,
                     const char *settings, char *message)
{
    const struct allocator_entry *entry = allocator_find(catalog, head);
    size_t length = strcspn(head, "=");
    char *name = NULL;
    if (asprintf(&name, "%.*s:%s", (int)length, head, settings) < 0)
        return message_set(message, "out of memory");
    int result = head[length] == '=' ? add_by_path(catalog, run, head, name, message)
                                     : add_by_name(catalog, run, head, name, message);
    free(name);
    if (result < 0)
        return -1;
    return allocator_settings_apply(&run->allocators[run->allocator_count - 1], entry, settings,
                                    message);
}

/* Each value of a swept setting is an allocator of the run. */
static int add_with_settings(const struct allocator_catalog *catalog, struct run *run,
                             const char *word, char *message)
{
    struct sweep sweep = {0};
    char *head = strndup(word, (size_t)(allocator_settings(word) - word) - 1);
    int result = 0;
    if (head == NULL)
        result = message_set(message, "out of memory");
    else if (strcmp(head, "all") == 0)
        result =
            message_set(message, "-a %s: each allocator has settings of its own; name one", word);
    else
        result = allocator_settings_expand(&sweep, allocator_find(catalog, head), word, message);
    for (size_t i = 0; i < sweep.count && result == 0; i++)
        result = add_point(catalog, run, head, sweep.points[i].params, message);
    sweep_release(&sweep);
    free(head);
    return result;
}

int allocator_select(const struct allocator_catalog *catalog, const char *const *words,
                     size_t word_count, struct run *run, char *message)
{
    if (word_count == 0)
        return add_all(catalog, run, message);
    for (size_t i = 0; i < word_count; i++) {
        int result;
        if (allocator_settings(words[i]) != NULL)
            result = add_with_settings(catalog, run, words[i], message);
        else if (strcmp(words[i], "all") == 0)
            result = add_all(catalog, run, message);
        else if (strchr(words[i], '=') != NULL)
            result = add_by_path(catalog, run, words[i], NULL, message);
        else
            result = add_by_name(catalog, run, words[i], words[i], message);
        if (result < 0)
            return -1;
    }
    return 0;
}

/* `word` without its settings. */
static int add_bare(const struct allocator_catalog *catalog, const char *word, const char *name,
                    struct run *run, char *message)
{
    const char *file = strchr(word, '=');
    size_t length = strlen(word);
    if (file != NULL)
        return add_library(run, file + 1, name, message);
    if (strchr(word, '/') != NULL || (length > 3 && strcmp(word + length - 3, ".so") == 0))
        return add_library(run, word, name, message);
    return add_by_name(catalog, run, word, name, message);
}

int allocator_add(const struct allocator_catalog *catalog, const char *word, const char *name,
                  struct run *run, char *message)
{
    const char *settings = allocator_settings(word);
    struct sweep sweep = {0};
    if (!allocator_name_is_fair(name, strcspn(name, ":")))
        return message_set(message,
                           "%s: the name must be letters, digits, '.', '_', '+' or '-', 63 at most",
                           word);
    if (settings == NULL)
        return add_bare(catalog, word, name, run, message);
    char *head = strndup(word, (size_t)(settings - word) - 1);
    const struct allocator_entry *entry = head != NULL ? allocator_find(catalog, head) : NULL;
    int result = head != NULL ? allocator_settings_expand(&sweep, entry, word, message)
                              : message_set(message, "out of memory");
    if (result == 0 && sweep.count > 1)
        result =
            message_set(message, "%s: these are %zu allocators; name one value", word, sweep.count);
    if (result == 0)
        result = add_bare(catalog, head, name, run, message);
    if (result == 0)
        result = allocator_settings_apply(&run->allocators[run->allocator_count - 1], entry,
                                          sweep.points[0].params, message);
    sweep_release(&sweep);
    free(head);
    return result;
}
