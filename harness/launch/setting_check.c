/* Asks libraries about their settings; see setting_check.h. */
#include "setting_check.h"

#include "environment.h"
#include "message.h"
#include "subprocess.h"

#include <ctype.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

enum { OUTPUT_BYTES = 1 << 16, NAME_BYTES = 128 };
#define TIME_LIMIT_NS UINT64_C(10000000000)

#define TUNABLES "GLIBC_TUNABLES="
#define MIMALLOC "MIMALLOC_"

/* ---- what it says by itself ------------------------------------------------------ */

/* The first line of `errors` that complains, copied; or NULL. */
static char *find_complaint(const char *errors)
{
    static const char *const words[] = {"invalid",   "out-of-range", "out of range", "malformed",
                                        "ends with", "unknown",      "unrecognized"};
    char *copy = strdup(errors), *rest = copy, *line, *found = NULL;
    while (copy != NULL && found == NULL && (line = strsep(&rest, "\n")) != NULL)
        for (size_t i = 0; i < sizeof words / sizeof words[0] && found == NULL; i++)
            if (strcasestr(line, words[i]) != NULL)
                found = strdup(line);
    free(copy);
    return found;
}

static int check_complaint(const struct allocator *allocator, const char *errors, char *message)
{
    char *line = find_complaint(errors);
    if (line == NULL)
        return 0;
    message_set(message, "allocator %s does not take its settings: %s", allocator->name, line);
    free(line);
    return -1;
}

/* ---- asking ------------------------------------------------------------------------ */

/* What `argv` writes (both streams, parted by a line end) in the allocator's environment, with
 * one variable more unless that is NULL. NULL: nothing could be had. To be freed. */
static char *ask(const struct allocator *allocator, const char *const *argv, const char *variable)
{
    struct environment environment;
    struct subprocess_result asked = {0};
    char *answer = NULL;
    if (environment_init(&environment) == 0 &&
        environment_add_allocator(&environment, allocator) == 0 &&
        (variable == NULL || environment_add(&environment, variable) == 0)) {
        struct subprocess spec = {
            .argv = argv,
            .environment = (const char *const *)environment.variables,
            .time_limit_ns = TIME_LIMIT_NS,
            .output_maximum_bytes = OUTPUT_BYTES,
        };
        if (subprocess_run(&spec, &asked) == 0 && asked.exit_status == 0 &&
            asprintf(&answer, "%s\n%s", asked.output, asked.errors) < 0)
            answer = NULL;
    }
    subprocess_result_release(&asked);
    environment_release(&environment);
    return answer;
}

/* ---- glibc --------------------------------------------------------------------------- */

/* "glibc.malloc.arena_max: 0x2 (min: 0x1, max: 0xff)": whether that is the value asked for, and
 * within the limits, since others are dropped. */
static bool tunable_holds(const char *line, const char *value)
{
    uint64_t wanted = strtoull(value, NULL, 0), now, least, most;
    const char *colon = strchr(line, ':');
    if (colon == NULL || sscanf(colon, ": %" SCNi64 " (min: %" SCNi64 ", max: %" SCNi64,
                                (int64_t *)&now, (int64_t *)&least, (int64_t *)&most) != 3)
        return true; /* listed, in words that we do not know */
    return now == wanted && wanted >= least && wanted <= most;
}

/* "glibc.malloc.arena_max=2" against the list. */
static int check_tunable(const struct allocator *allocator, const char *setting, const char *list,
                         char *message)
{
    size_t length = strcspn(setting, "=");
    const char *value = setting[length] == '=' ? setting + length + 1 : "";
    for (const char *line = list; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, setting, length) != 0 || line[length] != ':')
            continue;
        if (tunable_holds(line, value))
            return 0;
        return message_set(message, "allocator %s: glibc does not take %s; it says %.*s",
                           allocator->name, setting, (int)strcspn(line, "\n"), line);
    }
    return message_set(message,
                       "allocator %s: this glibc has no tunable '%.*s'; 'ld.so --list-tunables' "
                       "names those it has",
                       allocator->name, (int)length, setting);
}

static int check_tunables(const struct allocator *allocator, const char *settings, char *message)
{
    Dl_info linker;
    /* The dynamic linker that this program itself was started by. */
    const void *base = (const void *)getauxval(AT_BASE);
    if (base == NULL || dladdr(base, &linker) == 0 || linker.dli_fname == NULL)
        return 0;
    const char *argv[] = {linker.dli_fname, "--list-tunables", NULL};
    char *list = ask(allocator, argv, NULL);
    char *copy = strdup(settings), *rest = copy, *setting;
    int result = 0;
    /* Before 2.33 it cannot list them. */
    bool known = list != NULL && strstr(list, "glibc.malloc.") != NULL;
    while (known && copy != NULL && result == 0 && (setting = strsep(&rest, ":")) != NULL)
        if (setting[0] != '\0')
            result = check_tunable(allocator, setting, list, message);
    free(list);
    free(copy);
    return result;
}

/* ---- mimalloc ------------------------------------------------------------------------- */

/* "MIMALLOC_RESET_DELAY=0" is listed as "option 'reset_delay'", or warned of by its name as one of
 * the past. */
static int check_listed(const struct allocator *allocator, const char *variable, const char *list,
                        char *message)
{
    char name[NAME_BYTES], option[NAME_BYTES + 16];
    size_t length = strcspn(variable, "=");
    snprintf(name, sizeof name, "%.*s", (int)(length - strlen(MIMALLOC)),
             variable + strlen(MIMALLOC));
    for (char *c = name; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    snprintf(option, sizeof option, "option '%s'", name);
    if (strstr(list, option) != NULL)
        return 0;
    snprintf(option, sizeof option, "\"mimalloc_%s\"", name);
    if (strstr(list, option) != NULL)
        return 0;
    return message_set(message, "allocator %s: this mimalloc has no option '%s'", allocator->name,
                       name);
}

static int check_mimalloc(const struct allocator *allocator, const struct paths *paths,
                          char *message)
{
    char *runner = path_join(paths->programs, "heapmark-runner");
    const char *argv[] = {runner, "--probe", NULL};
    char *list = runner != NULL ? ask(allocator, argv, MIMALLOC "VERBOSE=1") : NULL;
    char *copy = strdup(allocator->env), *rest = copy, *variable;
    int result = 0;
    bool known = list != NULL && strstr(list, "mimalloc: option '") != NULL;
    if (known)
        result = check_complaint(allocator, list, message);
    while (known && copy != NULL && result == 0 && (variable = strsep(&rest, "\n")) != NULL)
        if (strncmp(variable, MIMALLOC, strlen(MIMALLOC)) == 0)
            result = check_listed(allocator, variable, list, message);
    free(list);
    free(copy);
    free(runner);
    return result;
}

int setting_check(const struct allocator *allocator, const struct paths *paths, const char *errors,
                  char *message)
{
    char *copy = strdup(allocator->env), *rest = copy, *variable;
    bool mimalloc = false;
    int result = allocator->env[0] != '\0' ? check_complaint(allocator, errors, message) : 0;
    while (copy != NULL && result == 0 && (variable = strsep(&rest, "\n")) != NULL) {
        if (strncmp(variable, TUNABLES, strlen(TUNABLES)) == 0)
            result = check_tunables(allocator, variable + strlen(TUNABLES), message);
        mimalloc |= strncmp(variable, MIMALLOC, strlen(MIMALLOC)) == 0;
    }
    if (result == 0 && mimalloc)
        result = check_mimalloc(allocator, paths, message);
    free(copy);
    return result;
}
