/* The environment of a process under test; see environment.h. */
#include "environment.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define NAME_FIRST "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define NAME_REST  NAME_FIRST "0123456789"

int environment_check_preload(const char *path, char *message)
{
    if (strpbrk(path, " \t\n:$") == NULL)
        return 0;
    return message_set(message,
                       "LD_PRELOAD cannot hold the path '%s': it has a blank, ':' or '$'; copy "
                       "the library, or the whole of heapmark, to a folder without",
                       path);
}

static int check_variable(const char *variable, const struct allocator *allocator, char *message)
{
    size_t name_bytes = strspn(variable, NAME_REST);
    bool named = name_bytes > 0 && strchr(NAME_FIRST, variable[0]) != NULL;
    if (!named || variable[name_bytes] != '=')
        return message_set(message, "allocator %s: '%s' in its env is not NAME=VALUE",
                           allocator->name, variable);
    if (strncmp(variable, "LD_PRELOAD=", strlen("LD_PRELOAD=")) == 0)
        return message_set(message, "allocator %s: its env sets LD_PRELOAD, which heapmark sets",
                           allocator->name);
    return 0;
}

int environment_check_allocator(const struct allocator *allocator, char *message)
{
    char *list = strdup(allocator->env != NULL ? allocator->env : ""), *rest = list, *variable;
    int result = list != NULL ? 0 : message_set(message, "out of memory");
    while (result == 0 && (variable = strsep(&rest, "\n")) != NULL)
        if (variable[0] != '\0')
            result = check_variable(variable, allocator, message);
    free(list);
    if (result == 0 && allocator->path != NULL)
        result = environment_check_preload(allocator->path, message);
    return result;
}

/* Takes ownership of `variable`, which may be NULL: then memory was short. */
static int append(struct environment *environment, char *variable)
{
    char **longer = variable == NULL ? NULL
                                     : realloc(environment->variables,
                                               (environment->count + 2) * sizeof *longer);
    if (longer == NULL) {
        free(variable);
        return -1;
    }
    environment->variables = longer;
    longer[environment->count++] = variable;
    longer[environment->count] = NULL;
    return 0;
}

int environment_init(struct environment *environment)
{
    *environment = (struct environment){0};
    const char *path = getenv("PATH");
    char *variable = NULL;
    if (asprintf(&variable, "PATH=%s", path != NULL ? path : DEFAULT_PATH) < 0)
        return -1;
    if (append(environment, variable) < 0)
        return -1;
    return environment_add(environment, "LANG=C");
}

void environment_release(struct environment *environment)
{
    for (size_t i = 0; i < environment->count; i++)
        free(environment->variables[i]);
    free(environment->variables);
    *environment = (struct environment){0};
}

int environment_add(struct environment *environment, const char *variable)
{
    return append(environment, strdup(variable));
}

int environment_add_pad(struct environment *environment, unsigned bytes)
{
    static const char name[] = "HEAPMARK_PAD=";
    char *variable = malloc(sizeof name + bytes);
    if (variable != NULL) {
        memcpy(variable, name, sizeof name - 1);
        memset(variable + sizeof name - 1, 'x', bytes);
        variable[sizeof name - 1 + bytes] = '\0';
    }
    return append(environment, variable);
}

int environment_add_allocator(struct environment *environment, const struct allocator *allocator)
{
    char *list = strdup(allocator->env), *rest = list, *line;
    int result = list != NULL ? 0 : -1;
    while (result == 0 && (line = strsep(&rest, "\n")) != NULL)
        if (line[0] != '\0')
            result = environment_add(environment, line);
    free(list);
    if (result < 0 || allocator->path == NULL)
        return result;
    char *variable = NULL;
    return asprintf(&variable, "LD_PRELOAD=%s", allocator->path) < 0
               ? -1
               : append(environment, variable);
}

int environment_add_preload(struct environment *environment, const char *path)
{
    static const char name[] = "LD_PRELOAD=";
    char *longer = NULL;
    for (size_t i = 0; i < environment->count; i++) {
        char **variable = &environment->variables[i];
        if (strncmp(*variable, name, sizeof name - 1) != 0)
            continue;
        if (asprintf(&longer, "%s:%s", *variable, path) < 0)
            return -1;
        free(*variable);
        *variable = longer;
        return 0;
    }
    return asprintf(&longer, "%s%s", name, path) < 0 ? -1 : append(environment, longer);
}
