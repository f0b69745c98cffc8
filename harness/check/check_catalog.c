/* The tests and the known deviations; see check_catalog.h. */
#include "check_catalog.h"

#include "message.h"
#include "subprocess.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_BYTES = 1 << 17 };
#define LIST_TIME_LIMIT_NS UINT64_C(10000000000)
#define SOMETIMES          "sometimes: "
#define DEVIATIONS_FILE    "deviations.ini"

static int take_lines(struct check_catalog *catalog, const char *program, char *message)
{
    char *rest = catalog->text, *line;
    while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
        struct check_test test = {.group = strsep(&line, "\t")};
        test.name = strsep(&line, "\t");
        test.summary = line;
        if (line == NULL)
            return message_set(message, "%s --list says '%s'; run make", program, test.group);
        struct check_test *grown =
            realloc(catalog->tests, (catalog->count + 1) * sizeof *catalog->tests);
        if (grown == NULL)
            return message_set(message, "out of memory");
        catalog->tests = grown;
        catalog->tests[catalog->count++] = test;
    }
    return catalog->count > 0 ? 0 : message_set(message, "%s lists no test; run make", program);
}

static int load_tests(struct check_catalog *catalog, const struct paths *paths, char *message)
{
    char *program = path_join(paths->programs, "heapmark-check");
    const char *argv[] = {program, "--list", NULL};
    struct subprocess spec = {
        .argv = argv,
        .time_limit_ns = LIST_TIME_LIMIT_NS,
        .output_maximum_bytes = LIST_BYTES,
    };
    struct subprocess_result result = {0};
    int status = -1;
    if (program == NULL)
        message_set(message, "out of memory");
    else if (subprocess_run(&spec, &result) < 0)
        message_set(message, "cannot start %s: %s; run make", program, strerror(errno));
    else if (result.exit_status != 0)
        message_set(message, "%s --list fails; run make", program);
    else {
        catalog->text = result.output;
        result.output = NULL;
        status = take_lines(catalog, program, message);
    }
    subprocess_result_release(&result);
    free(program);
    return status;
}

/* A deviation from a test that is gone would hide nothing and mislead. */
static int check_names(const struct check_catalog *catalog, char *message)
{
    for (size_t s = 0; s < catalog->deviations.section_count; s++) {
        const struct ini_section *section = &catalog->deviations.sections[s];
        for (size_t e = 0; e < section->entry_count; e++) {
            bool found = false;
            for (size_t t = 0; t < catalog->count && !found; t++)
                found = strcmp(catalog->tests[t].name, section->entries[e].key) == 0;
            if (!found)
                return message_set(message, "%s:%d: no test is called '%s'",
                                   catalog->deviations.path, section->entries[e].line,
                                   section->entries[e].key);
        }
    }
    return 0;
}

static int load_deviations(struct check_catalog *catalog, const struct paths *paths, char *message)
{
    size_t folder = (size_t)(strrchr(paths->allocators, '/') - paths->allocators);
    char *path = NULL;
    if (asprintf(&path, "%.*s/%s", (int)folder, paths->allocators, DEVIATIONS_FILE) < 0)
        return message_set(message, "out of memory");
    int result = ini_file_load(&catalog->deviations, path, message);
    free(path);
    return result == 0 ? check_names(catalog, message) : -1;
}

int check_catalog_load(struct check_catalog *catalog, const struct paths *paths, char *message)
{
    *catalog = (struct check_catalog){0};
    if (load_tests(catalog, paths, message) < 0)
        return -1;
    return load_deviations(catalog, paths, message);
}

void check_catalog_release(struct check_catalog *catalog)
{
    ini_file_release(&catalog->deviations);
    free(catalog->tests);
    free(catalog->text);
    *catalog = (struct check_catalog){0};
}

static bool matches(const char *text, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fnmatch(patterns[i], text, 0) == 0)
            return true;
    return count == 0;
}

/* Each word has to match something by itself, or it is a slip of the pen. */
static int check_words(const struct check_catalog *catalog, const struct check_choice *choice,
                       char *message)
{
    for (size_t i = 0; i < choice->group_count + choice->pattern_count; i++) {
        bool group = i < choice->group_count, found = false;
        const char *word = group ? choice->groups[i] : choice->patterns[i - choice->group_count];
        for (size_t t = 0; t < catalog->count && !found; t++)
            found = matches(group ? catalog->tests[t].group : catalog->tests[t].name, &word, 1);
        if (!found)
            return message_set(message, "no %s is called '%s'; heapmark check --list has them",
                               group ? "group" : "test", word);
    }
    return 0;
}

int check_catalog_choose(struct check_catalog *catalog, const struct check_choice *choice,
                         char *message)
{
    size_t kept = 0;
    if (check_words(catalog, choice, message) < 0)
        return -1;
    for (size_t t = 0; t < catalog->count; t++) {
        const struct check_test *test = &catalog->tests[t];
        bool soak = strcmp(test->group, CHECK_GROUP_SOAK) == 0;
        if (soak ? choice->soak
                 : matches(test->group, choice->groups, choice->group_count) &&
                       matches(test->name, choice->patterns, choice->pattern_count))
            catalog->tests[kept++] = *test;
    }
    catalog->count = kept;
    return kept > 0 ? 0
                    : message_set(message, "no test is in such a group and has such a name; the "
                                           "soak needs --soak TIME");
}

bool check_test_is_misuse(const struct check_test *test)
{
    return strcmp(test->group, CHECK_GROUP_MISUSE) == 0;
}

struct check_deviation check_catalog_deviation(const struct check_catalog *catalog,
                                               const char *allocator, const char *test)
{
    /* "jemalloc:narenas=1" deviates as jemalloc does. */
    size_t length = strcspn(allocator, ":");
    for (size_t s = 0; s < catalog->deviations.section_count; s++) {
        const struct ini_section *section = &catalog->deviations.sections[s];
        const char *reason = ini_get(section, test);
        if (reason == NULL || strlen(section->name) != length ||
            strncmp(section->name, allocator, length) != 0)
            continue;
        bool sometimes = strncmp(reason, SOMETIMES, sizeof SOMETIMES - 1) == 0;
        return (struct check_deviation){sometimes ? reason + sizeof SOMETIMES - 1 : reason,
                                        sometimes};
    }
    return (struct check_deviation){NULL, false};
}
