/* Looks at an allocator before anything is measured under it; see probe.h. */
#include "probe.h"

#include "environment.h"
#include "message.h"
#include "program_command.h"
#include "setting_check.h"
#include "subprocess.h"
#include "version.h"

#include <errno.h>
#include <limits.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_OUTPUT_BYTES = 8192, DPKG_OUTPUT_BYTES = 1 << 20 };
#define PROBE_TIME_LIMIT_NS UINT64_C(10000000000)

/* "ERROR: ld.so: object 'x' from LD_PRELOAD cannot be preloaded (reason): ignored." */
static int explain_refusal(const struct allocator *allocator, const char *errors, char *message)
{
    static const char key[] = "cannot be preloaded (";
    const char *found = strstr(errors, key);
    if (found == NULL)
        return 0;
    found += sizeof key - 1;
    return message_set(message,
                       "allocator %s: the dynamic linker cannot load %s (%.*s); rebuild it",
                       allocator->name, allocator->path, (int)strcspn(found, ")"), found);
}

static int explain_death(const struct allocator *allocator, const struct subprocess_result *probed,
                         char *message)
{
    char errors[200];
    snprintf(errors, sizeof errors, "%s", probed->errors);
    const char *colon = errors[0] != '\0' ? "; it said: " : "";
    if (probed->timed_out)
        return message_set(message, "allocator %s: hangs in its first calls%s%s", allocator->name,
                           colon, errors);
    if (probed->signal != 0)
        return message_set(message, "allocator %s: dies by SIG%s in its first calls%s%s",
                           allocator->name, sigabbrev_np(probed->signal), colon, errors);
    return message_set(message, "allocator %s: its first calls fail, exit status %d%s%s",
                       allocator->name, probed->exit_status, colon, errors);
}

/* Line 1 is malloc's owner; further lines name what another object serves. */
static int take_answer(struct allocator *allocator, char *output, char *message)
{
    char owner[PATH_MAX], expected[PATH_MAX];
    char *rest = output, *line = strsep(&rest, "\n");
    if (realpath(line, owner) == NULL)
        return message_set(message, "allocator %s: malloc is served by %s, which cannot be read",
                           allocator->name, line);
    if (realpath(program_malloc_path(allocator), expected) == NULL)
        return message_set(message, "allocator %s: cannot find %s: %s", allocator->name,
                           program_malloc_path(allocator), strerror(errno));
    if (allocator->path == NULL && strcmp(owner, expected) != 0)
        return message_set(message,
                           "allocator %s: malloc is served by %s instead of the C library; look "
                           "into /etc/ld.so.preload",
                           allocator->name, owner);
    if (strcmp(owner, expected) != 0)
        return message_set(message,
                           "allocator %s: %s does not provide malloc, %s still serves it; name the "
                           "library that defines malloc",
                           allocator->name, allocator->path, owner);
    while ((line = strsep(&rest, "\n")) != NULL) {
        char name[64], other[256];
        if (sscanf(line, "other %63s %255[^\n]", name, other) != 2)
            continue;
        if (strcmp(name, "free") == 0 || strcmp(name, "calloc") == 0 ||
            strcmp(name, "realloc") == 0)
            return message_set(message,
                               "allocator %s: it provides malloc but not %s, which %s serves; the "
                               "two cannot be mixed",
                               allocator->name, name, other);
    }
    free(allocator->file);
    allocator->file = strdup(owner);
    if (allocator->file == NULL || SHA256File(owner, allocator->sha256) == NULL)
        return message_set(message, "allocator %s: cannot read %s: %s", allocator->name, owner,
                           strerror(errno));
    return 0;
}

int allocator_probe(struct allocator *allocator, const struct paths *paths, char *message)
{
    struct environment environment;
    struct subprocess_result probed = {0};
    if (environment_check_allocator(allocator, message) < 0)
        return -1;
    char *runner = path_join(paths->programs, "heapmark-runner");
    int result = runner != NULL ? 0 : -1;
    if (environment_init(&environment) < 0 ||
        environment_add_allocator(&environment, allocator) < 0)
        result = -1;
    if (result < 0)
        message_set(message, "out of memory");
    if (result == 0) {
        const char *argv[] = {runner, "--probe", NULL};
        struct subprocess spec = {
            .argv = argv,
            .environment = (const char *const *)environment.variables,
            .time_limit_ns = PROBE_TIME_LIMIT_NS,
            .output_maximum_bytes = PROBE_OUTPUT_BYTES,
        };
        result = subprocess_run(&spec, &probed);
        if (result < 0)
            message_set(message, "cannot start %s: %s; run make", runner, strerror(errno));
    }
    if (result == 0)
        result = explain_refusal(allocator, probed.errors, message);
    if (result == 0 && probed.exit_status != 0)
        result = explain_death(allocator, &probed, message);
    if (result == 0)
        result = take_answer(allocator, probed.output, message);
    if (result == 0)
        result = setting_check(allocator, paths, probed.errors, message);
    subprocess_result_release(&probed);
    environment_release(&environment);
    free(runner);
    return result;
}

/* ---- versions --------------------------------------------------------------- */

/* What `dpkg-query argv...` prints, or NULL: not Debian, or nothing known. To be freed. */
static char *ask_dpkg(const char *const *argv)
{
    struct subprocess_result asked;
    struct subprocess spec = {
        .argv = argv,
        .time_limit_ns = PROBE_TIME_LIMIT_NS,
        .output_maximum_bytes = DPKG_OUTPUT_BYTES,
    };
    char *output = NULL;
    /* Its exit status is 1 as soon as one of several files is unknown; the rest still counts. */
    if (subprocess_run(&spec, &asked) == 0) {
        output = asked.output;
        asked.output = NULL;
    }
    subprocess_result_release(&asked);
    return output;
}

/* The rest of the first line that begins with `beginning` (up to its end), copied; or NULL. */
static char *after(const char *text, const char *beginning)
{
    size_t length = strlen(beginning);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, beginning, length) == 0)
            return strndup(line + length, strcspn(line + length, "\n"));
    }
    return NULL;
}

/* dpkg -S prints "package: file", and knows files under /lib by that name even where /lib is a
 * link to /usr/lib. */
static char *package_of(const char *owners, const char *file)
{
    for (const char *line = owners; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *path = strstr(line, ": ");
        const char *end = line + strcspn(line, "\n");
        if (path == NULL || path >= end)
            continue;
        path += 2;
        size_t length = (size_t)(end - path);
        const char *merged = strncmp(file, "/usr", 4) == 0 ? file + 4 : file;
        if ((strlen(file) == length && strncmp(path, file, length) == 0) ||
            (strlen(merged) == length && strncmp(path, merged, length) == 0))
            return strndup(line, strcspn(line, ":,"));
    }
    return NULL;
}

static char *dpkg_owners(const struct run *run)
{
    const char **argv = calloc(2 * run->allocator_count + 3, sizeof *argv);
    if (argv == NULL)
        return NULL;
    size_t count = 0;
    argv[count++] = "dpkg-query";
    argv[count++] = "-S";
    for (size_t i = 0; i < run->allocator_count; i++) {
        const char *file = run->allocators[i].file;
        argv[count++] = file;
        if (strncmp(file, "/usr/lib", 8) == 0)
            argv[count++] = file + 4;
    }
    char *owners = ask_dpkg(argv);
    free(argv);
    return owners;
}

static char *dpkg_versions(void)
{
    static const char *const argv[] = {"dpkg-query", "-W", "-f", "${Package} ${Version}\n", NULL};
    /* All packages at once: one call of some 20 ms, whatever the number of allocators. */
    return ask_dpkg(argv);
}

static char *find_version(const struct allocator *allocator, const struct paths *paths,
                          const char *owners, const char *versions)
{
    char own[PATH_MAX], key[256];
    if (realpath(paths->programs, own) != NULL && strncmp(allocator->file, own, strlen(own)) == 0 &&
        allocator->file[strlen(own)] == '/')
        return strdup(heapmark_version);
    char *package = owners != NULL ? package_of(owners, allocator->file) : NULL;
    char *version = NULL;
    if (package != NULL && versions != NULL) {
        snprintf(key, sizeof key, "%s ", package);
        version = after(versions, key);
    }
    free(package);
    return version != NULL ? version : strdup("unknown");
}

int allocator_versions(struct run *run, const struct paths *paths, char *message)
{
    char *owners = dpkg_owners(run);
    char *versions = owners != NULL ? dpkg_versions() : NULL;
    int result = 0;
    for (size_t i = 0; i < run->allocator_count; i++) {
        struct allocator *allocator = &run->allocators[i];
        free(allocator->version);
        allocator->version = find_version(allocator, paths, owners, versions);
        if (allocator->version == NULL)
            result = message_set(message, "out of memory");
    }
    free(owners);
    free(versions);
    return result;
}
