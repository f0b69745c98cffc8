/* The environment of a process under test; see environment.h. */
#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

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
