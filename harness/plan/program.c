/* The stanzas of real programs; see program.h. */
#include "program.h"

#include "ini_file.h"
#include "message.h"
#include "paths.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MISSING_BYTES = 64 };

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

/* The keys of a stanza, in the order of struct program behind its name. */
static const char *const known_keys[] = {
    "summary", "source", "package", "needs", "setup", "prepare", "command", "cleanup", NULL,
};
static const char *const required_keys[] = {"summary", "package", "needs", "command", NULL};

static int check_section(const struct ini_file *ini, const struct ini_section *section,
                         char *message)
{
    if (ini_file_check_keys(ini, section, known_keys, message) < 0)
        return -1;
    for (size_t i = 0; required_keys[i] != NULL; i++) {
        const char *value = ini_get(section, required_keys[i]);
        if (value == NULL || value[0] == '\0')
            return message_set(message, "%s:%d: program [%s] has no '%s'", ini->path, section->line,
                               section->name, required_keys[i]);
    }
    if (strstr(ini_get(section, "command"), "{under}") == NULL)
        return message_set(message,
                           "%s:%d: the command of program [%s] has no {under}: write it before "
                           "the program that is to run under the allocator",
                           ini->path, section->line, section->name);
    return 0;
}

static char *copy_value(const struct ini_section *section, const char *key)
{
    const char *value = ini_get(section, key);
    return strdup(value != NULL ? value : "");
}

static void program_release(struct program *program)
{
    free(program->name);
    free(program->summary);
    free(program->source);
    free(program->package);
    free(program->needs);
    free(program->setup);
    free(program->prepare);
    free(program->command);
    free(program->cleanup);
}

static int add_program(struct program_list *list, const struct ini_section *section, char *message)
{
    struct program *programs = realloc(list->programs, (list->count + 1) * sizeof *list->programs);
    if (programs == NULL)
        return message_set(message, "out of memory");
    list->programs = programs;
    struct program *program = &programs[list->count++];
    *program = (struct program){
        .name = strdup(section->name),
        .summary = copy_value(section, "summary"),
        .source = copy_value(section, "source"),
        .package = copy_value(section, "package"),
        .needs = copy_value(section, "needs"),
        .setup = copy_value(section, "setup"),
        .prepare = copy_value(section, "prepare"),
        .command = copy_value(section, "command"),
        .cleanup = copy_value(section, "cleanup"),
    };
    if (!program->name || !program->summary || !program->source || !program->package ||
        !program->needs || !program->setup || !program->prepare || !program->command ||
        !program->cleanup)
        return message_set(message, "out of memory");
    return 0;
}

static int load_file(struct program_list *list, const char *path, char *message)
{
    struct ini_file ini;
    if (ini_file_load(&ini, path, message) < 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < ini.section_count && result == 0; i++) {
        const struct ini_section *section = &ini.sections[i];
        if (program_find(list, section->name) != NULL)
            result = message_set(message, "%s:%d: program [%s] stands in another file too", path,
                                 section->line, section->name);
        else if (check_section(&ini, section, message) < 0)
            result = -1;
        else
            result = add_program(list, section, message);
    }
    ini_file_release(&ini);
    return result;
}

static int compare_names(const void *a, const void *b)
{
    const struct program *left = a, *right = b;
    return strcmp(left->name, right->name);
}

int program_list_load(struct program_list *list, const char *folder, char *message)
{
    *list = (struct program_list){0};
    /* A folder that is not there must not pass for one without stanzas. */
    if (access(folder, R_OK | X_OK) < 0)
        return message_set(message, "cannot read the programs in %s: %s", folder, strerror(errno));
    char *pattern = path_join(folder, "*.ini");
    if (pattern == NULL)
        return message_set(message, "out of memory");
    glob_t found;
    int result = 0, failure = glob(pattern, 0, NULL, &found);
    free(pattern);
    if (failure != 0 && failure != GLOB_NOMATCH)
        return message_set(message, "cannot list the programs in %s", folder);
    for (size_t i = 0; failure == 0 && i < found.gl_pathc && result == 0; i++)
        result = load_file(list, found.gl_pathv[i], message);
    globfree(&found);
    if (result < 0)
        program_list_release(list);
    else if (list->count > 0)
        qsort(list->programs, list->count, sizeof *list->programs, compare_names);
    return result;
}

void program_list_release(struct program_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        program_release(&list->programs[i]);
    free(list->programs);
    *list = (struct program_list){0};
}

const struct program *program_find(const struct program_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->programs[i].name, name) == 0)
            return &list->programs[i];
    return NULL;
}

static int on_path(const char *word, size_t word_bytes)
{
    const char *path = getenv("PATH");
    if (path == NULL)
        path = DEFAULT_PATH;
    if (memchr(word, '/', word_bytes) != NULL)
        path = ""; /* looked up as it stands */
    for (;;) {
        char candidate[PATH_MAX];
        size_t folder_bytes = strcspn(path, ":");
        int length = snprintf(candidate, sizeof candidate, "%.*s%s%.*s", (int)folder_bytes, path,
                              folder_bytes > 0 ? "/" : "", (int)word_bytes, word);
        if (length < (int)sizeof candidate && access(candidate, X_OK) == 0)
            return 1;
        if (path[folder_bytes] == '\0')
            return 0;
        path += folder_bytes + 1;
    }
}

int program_missing(const struct program *program, char *missing)
{
    static const char blanks[] = " \t\n";
    const char *word = program->needs + strspn(program->needs, blanks);
    while (*word != '\0') {
        size_t word_bytes = strcspn(word, blanks);
        if (!on_path(word, word_bytes)) {
            snprintf(missing, MISSING_BYTES, "%.*s", (int)word_bytes, word);
            return 1;
        }
        word += word_bytes;
        word += strspn(word, blanks);
    }
    return 0;
}
