/* Reads a suite file; see suite.h. */
#include "suite.h"

#include "ini_file.h"
#include "latency.h"
#include "message.h"
#include "paths.h"
#include "trace_name.h"
#include "units.h"

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS_MAXIMUM = 10000 };

static const char *const suite_keys[] = {"allocators", "blocks", "include", "latency",
                                         "summary",    "time",   NULL};
static const char *const item_keys[] = {"allocators", "blocks", "params", "workload", NULL};

static int read_blocks(unsigned *blocks, const struct ini_file *ini,
                       const struct ini_section *section, char *message)
{
    const char *text = ini_get(section, "blocks");
    uint64_t value;
    if (text == NULL)
        return 0;
    if (units_parse_count(text, &value) < 0 || value < 1 || value > BLOCKS_MAXIMUM)
        return message_set(message, "%s: [%s] blocks = %s is not in 1 to %d", ini->path,
                           section->name, text, BLOCKS_MAXIMUM);
    *blocks = (unsigned)value;
    return 0;
}

static int read_latency(struct suite *suite, const struct ini_file *ini,
                        const struct ini_section *section, char *message)
{
    const char *text = ini_get(section, "latency");
    uint64_t gap;
    if (text == NULL)
        return 0;
    if (units_parse_count(text, &gap) < 0 || gap < 1 || gap > LATENCY_GAP_MAXIMUM)
        return message_set(message, "%s: [suite] latency = %s is not in 1 to %d", ini->path, text,
                           LATENCY_GAP_MAXIMUM);
    suite->latency_gap = (unsigned)gap;
    return 0;
}

/* A trace lies where the suite's file says, seen from there. */
static char *item_text(const struct ini_file *ini, const char *workload, const char *params)
{
    const char *slash = strrchr(ini->path, '/');
    bool beside = trace_name_length(workload) > 0 && workload[0] != '/' && slash != NULL;
    char *text = NULL;
    if (asprintf(&text, "%.*s%s%s%s", beside ? (int)(slash - ini->path) + 1 : 0, ini->path,
                 workload, params != NULL ? ":" : "", params != NULL ? params : "") < 0)
        return NULL;
    return text;
}

static int read_item(struct suite_item *item, const struct ini_file *ini,
                     const struct ini_section *section, char *message)
{
    if (ini_file_check_keys(ini, section, item_keys, message) < 0 ||
        read_blocks(&item->blocks, ini, section, message) < 0)
        return -1;
    const char *workload = ini_get(section, "workload");
    const char *params = ini_get(section, "params");
    const char *allocators = ini_get(section, "allocators");
    item->label = strdup(section->name);
    item->allocators = strdup(allocators != NULL ? allocators : "");
    item->text = item_text(ini, workload != NULL ? workload : section->name, params);
    if (item->label == NULL || item->allocators == NULL || item->text == NULL)
        return message_set(message, "out of memory");
    return 0;
}

static int add_allocators(struct suite *suite, const char *words, char *message)
{
    char *copy = strdup(words), *rest = copy, *word;
    int result = copy != NULL ? 0 : message_set(message, "out of memory");
    while (result == 0 && (word = strsep(&rest, " \t\n")) != NULL) {
        if (word[0] == '\0')
            continue;
        char **longer = realloc(suite->allocators, (suite->allocator_count + 1) * sizeof *longer);
        if (longer != NULL)
            suite->allocators = longer;
        if (longer == NULL || (longer[suite->allocator_count] = strdup(word)) == NULL)
            result = message_set(message, "out of memory");
        else
            suite->allocator_count++;
    }
    free(copy);
    return result;
}

/* The section [suite]. */
static int read_head(struct suite *suite, const struct ini_file *ini,
                     const struct ini_section *section, char *message)
{
    const char *summary = ini_get(section, "summary"), *time = ini_get(section, "time");
    const char *allocators = ini_get(section, "allocators");
    suite->summary = strdup(summary != NULL ? summary : "");
    suite->time = strdup(time != NULL ? time : "");
    if (suite->summary == NULL || suite->time == NULL)
        return message_set(message, "out of memory");
    if (ini_file_check_keys(ini, section, suite_keys, message) < 0 ||
        read_blocks(&suite->blocks, ini, section, message) < 0 ||
        read_latency(suite, ini, section, message) < 0)
        return -1;
    return allocators != NULL ? add_allocators(suite, allocators, message) : 0;
}

static int load(struct suite *suite, const char *folder, const char *name, bool included,
                char *message);

/* Moves the workloads of `from` behind those of `suite`. */
static int take_items(struct suite *suite, struct suite *from, char *message)
{
    struct suite_item *longer =
        realloc(suite->items, (suite->item_count + from->item_count + 1) * sizeof *longer);
    if (longer == NULL)
        return message_set(message, "out of memory");
    suite->items = longer;
    for (size_t i = 0; i < from->item_count; i++) {
        struct suite_item *item = &longer[suite->item_count++];
        *item = from->items[i];
        item->blocks = item->blocks > 0 ? item->blocks : from->blocks;
    }
    from->item_count = 0;
    return 0;
}

static int include_suites(struct suite *suite, const char *names, const char *folder, char *message)
{
    char *copy = strdup(names), *rest = copy, *word;
    int result = copy != NULL ? 0 : message_set(message, "out of memory");
    while (result == 0 && (word = strsep(&rest, " \t\n")) != NULL) {
        struct suite other;
        if (word[0] == '\0')
            continue;
        result = load(&other, folder, word, true, message);
        if (result == 0) {
            result = take_items(suite, &other, message);
            suite_release(&other);
        }
    }
    free(copy);
    return result;
}

static const char *included_names(const struct ini_file *ini)
{
    for (size_t i = 0; i < ini->section_count; i++)
        if (strcmp(ini->sections[i].name, "suite") == 0)
            return ini_get(&ini->sections[i], "include");
    return NULL;
}

static int read_suite(struct suite *suite, const struct ini_file *ini, char *message)
{
    suite->items = calloc(ini->section_count + 1, sizeof *suite->items);
    if (suite->items == NULL)
        return message_set(message, "out of memory");
    for (size_t i = 0; i < ini->section_count; i++) {
        const struct ini_section *section = &ini->sections[i];
        if (strcmp(section->name, "global") == 0)
            return message_set(message, "%s is a workload file, not a suite: heapmark run -w %s",
                               ini->path, ini->path);
        if (strcmp(section->name, "suite") != 0) {
            if (read_item(&suite->items[suite->item_count++], ini, section, message) < 0)
                return -1;
            continue;
        }
        if (read_head(suite, ini, section, message) < 0)
            return -1;
    }
    if (suite->summary == NULL)
        suite->summary = strdup("");
    if (suite->time == NULL)
        suite->time = strdup("");
    if (suite->item_count == 0 && included_names(ini) == NULL)
        return message_set(message, "%s holds no workload; add a [section] for each", ini->path);
    return suite->summary != NULL && suite->time != NULL ? 0
                                                         : message_set(message, "out of memory");
}

static char *suite_path(const char *folder, const char *name)
{
    size_t length = strlen(name);
    if (strchr(name, '/') != NULL || (length > 4 && strcmp(name + length - 4, ".ini") == 0))
        return strdup(name);
    char *path = NULL;
    return asprintf(&path, "%s/%s.ini", folder, name) < 0 ? NULL : path;
}

/* `included`: by another, and so not including any itself. */
static int load(struct suite *suite, const char *folder, const char *name, bool included,
                char *message)
{
    *suite = (struct suite){.name = strdup(name), .path = suite_path(folder, name)};
    struct ini_file ini;
    if (ini_file_load(&ini, suite->path, message) < 0) {
        char ignored[MESSAGE_BYTES];
        char *names = errno == ENOENT ? suite_names(folder, ignored) : NULL;
        if (names != NULL)
            message_set(message, "unknown suite '%s'; there are: %s", name, names);
        free(names);
        suite_release(suite);
        return -1;
    }
    int result = read_suite(suite, &ini, message);
    const char *names = included_names(&ini);
    if (result == 0 && names != NULL)
        result = included ? message_set(message, "%s is included, and cannot include others itself",
                                        ini.path)
                          : include_suites(suite, names, folder, message);
    ini_file_release(&ini);
    if (result < 0)
        suite_release(suite);
    return result;
}

int suite_load(struct suite *suite, const char *folder, const char *name, char *message)
{
    return load(suite, folder, name, false, message);
}

void suite_release(struct suite *suite)
{
    for (size_t i = 0; i < suite->item_count; i++) {
        free(suite->items[i].label);
        free(suite->items[i].text);
        free(suite->items[i].allocators);
    }
    for (size_t i = 0; i < suite->allocator_count; i++)
        free(suite->allocators[i]);
    free(suite->allocators);
    free(suite->time);
    free(suite->items);
    free(suite->name);
    free(suite->path);
    free(suite->summary);
    *suite = (struct suite){0};
}

char *suite_names(const char *folder, char *message)
{
    char *pattern = path_join(folder, "*.ini"), *names = NULL;
    size_t bytes = 0;
    glob_t files;
    FILE *list = open_memstream(&names, &bytes);
    if (list == NULL || glob(pattern, 0, NULL, &files) != 0) {
        message_set(message, "no suite file in %s", folder);
        if (list != NULL)
            fclose(list);
        free(names);
        free(pattern);
        return NULL;
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        const char *base = strrchr(files.gl_pathv[i], '/') + 1;
        fprintf(list, "%s%.*s", i > 0 ? "\n" : "", (int)(strlen(base) - strlen(".ini")), base);
    }
    globfree(&files);
    free(pattern);
    fclose(list);
    return names;
}

/* "jemalloc" is also jemalloc with settings. */
static bool is_of(const char *allocator, const char *word)
{
    size_t length = strlen(word);
    return strncmp(allocator, word, length) == 0 &&
           (allocator[length] == '\0' || allocator[length] == ':');
}

int suite_filter_admits(const char *filter, const char *allocator)
{
    char *words = strdup(filter), *rest = words, *word;
    int admitted = -1; /* no word seen that decides */
    int excludes = 0;
    while ((word = strsep(&rest, " \t\n")) != NULL) {
        if (word[0] == '\0')
            continue;
        excludes = word[0] == '-';
        if (is_of(allocator, word + excludes))
            admitted = !excludes;
        else if (!excludes && admitted < 0)
            admitted = 0;
    }
    free(words);
    return admitted != 0;
}
