/* Where heapmark's own files are; see paths.h. */
#include "paths.h"

#include "message.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *path_join(const char *folder, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return NULL;
    return path;
}

static char *user_results(void)
{
    const char *data = getenv("XDG_DATA_HOME");
    if (data != NULL && data[0] == '/')
        return path_join(data, "heapmark");
    const char *home = getenv("HOME");
    const struct passwd *user = home == NULL ? getpwuid(getuid()) : NULL;
    if (user != NULL)
        home = user->pw_dir;
    /* Never a folder that others can write to: better in sight than where nobody looks. */
    return home != NULL ? path_join(home, ".local/share/heapmark") : strdup("heapmark-results");
}

static bool readable(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    bool found = path != NULL && access(path, R_OK) == 0;
    free(path);
    return found;
}

static void from_checkout(struct paths *paths, const char *folder, const char *root)
{
    paths->programs = strdup(folder);
    paths->allocators = path_join(root, "allocators/allocators.ini");
    paths->suites = path_join(root, "workloads/suites");
    paths->stanzas = path_join(root, "workloads/programs");
    paths->plots = path_join(root, "plots");
    paths->results = path_join(root, "results");
}

static void from_installation(struct paths *paths, const char *prefix)
{
    paths->programs = path_join(prefix, "lib/heapmark");
    paths->allocators = path_join(prefix, "share/heapmark/allocators.ini");
    paths->suites = path_join(prefix, "share/heapmark/suites");
    paths->stanzas = path_join(prefix, "share/heapmark/programs");
    paths->plots = path_join(prefix, "share/heapmark/plots");
    paths->results = user_results();
}

int paths_init(struct paths *paths, char *message)
{
    memset(paths, 0, sizeof *paths);
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return message_set(message, "cannot read /proc/self/exe: %s; is /proc mounted?",
                           strerror(errno));
    self[length] = '\0';
    *strrchr(self, '/') = '\0';

    char parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(self, '/') - self), self);
    if (readable(self, "heapmark-runner")) {
        char root[PATH_MAX];
        const char *build = strrchr(parent, '/');
        snprintf(root, sizeof root, "%.*s", build ? (int)(build - parent) : 0, parent);
        from_checkout(paths, self, root);
    } else if (readable(parent, "lib/heapmark/heapmark-runner")) {
        from_installation(paths, parent);
    } else {
        return message_set(message,
                           "heapmark-runner is neither in %s nor in %s/lib/heapmark; "
                           "run make, or make install",
                           self, parent);
    }
    if (!paths->programs || !paths->allocators || !paths->suites || !paths->stanzas ||
        !paths->plots || !paths->results)
        return message_set(message, "out of memory");
    return 0;
}

void paths_release(struct paths *paths)
{
    free(paths->programs);
    free(paths->allocators);
    free(paths->suites);
    free(paths->stanzas);
    free(paths->plots);
    free(paths->results);
    memset(paths, 0, sizeof *paths);
}
