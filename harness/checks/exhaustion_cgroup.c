/*
 * Exhaustion: a cgroup's memory limit. Nothing is refused there, the kernel kills instead; so what
 * is asked is that a program that needs a third of the limit at any time lives, whatever it has
 * had and freed before.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
enum { LIMIT_MIB = 144, LIVE_MIB = 48, BLOCKS_MAXIMUM = 800000 };

/* A hierarchy that has a memory controller: cgroups(7). */
struct hierarchy {
    const char *root, *line, *limit; /* where mounted, our line in /proc/self/cgroup, the file */
};
static const struct hierarchy hierarchies[] = {
    {"/sys/fs/cgroup",         "0::",      "memory.max"           },
    {"/sys/fs/cgroup/unified", "0::",      "memory.max"           },
    {"/sys/fs/cgroup/memory",  ":memory:", "memory.limit_in_bytes"},
};

static bool write_number(const char *folder, const char *name, unsigned long number)
{
    char path[PATH_MAX], text[32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    int length = snprintf(text, sizeof text, "%lu\n", number);
    bool written = write(fd, text, (size_t)length) == length;
    close(fd);
    return written;
}

/* The path of this process in the hierarchy, "" where it is not known. */
static void find_own(const struct hierarchy *hierarchy, char *path, size_t bytes)
{
    char text[4096] = "";
    int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    path[0] = '\0';
    if (fd < 0)
        return;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    const char *line = length > 0 ? strstr(text, hierarchy->line) : NULL;
    if (line != NULL) {
        line += strlen(hierarchy->line);
        snprintf(path, bytes, "%.*s", (int)strcspn(line, "\n"), line);
    }
}

/* A new group below ours, or below one around it (in version 2 a group with processes has no
 * children with a limit). In a container the mount may begin at our own. */
static bool make_group(const struct hierarchy *hierarchy, char *group, size_t bytes)
{
    char own[PATH_MAX / 2];
    find_own(hierarchy, own, sizeof own);
    for (;;) {
        snprintf(group, bytes, "%s%s/heapmark-check-%d", hierarchy->root, own, (int)getpid());
        if (mkdir(group, 0755) == 0) {
            if (write_number(group, hierarchy->limit, LIMIT_MIB * MIB))
                return true;
            rmdir(group);
        }
        char *last = strrchr(own, '/');
        if (last == NULL)
            return false;
        *last = '\0';
    }
}

/* Each in a thread of its own, which leaves it to another to free. */
struct phase {
    size_t block_bytes, count;
    char **blocks;
};

static void *fill(void *argument)
{
    struct phase *phase = argument;
    for (size_t i = 0; i < phase->count; i++)
        memset(phase->blocks[i] = check_malloc(phase->block_bytes), 1, phase->block_bytes);
    return NULL;
}

static void live_in_group(const char *group)
{
    static const size_t sizes[] = {64, 6000, 700, 200000, 25000, 4000000, 64, 1500};
    struct phase phase = {.blocks = check_memory(BLOCKS_MAXIMUM * sizeof(char *))};
    if (!write_number(group, "cgroup.procs", (unsigned long)getpid()))
        check_skip("cannot move a process into %.300s: %s", group, strerror(errno));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        pthread_t thread;
        phase.block_bytes = sizes[i];
        phase.count = LIVE_MIB * MIB / sizes[i];
        CHECK_THAT(pthread_create(&thread, NULL, fill, &phase) == 0, "cannot start a thread");
        pthread_join(thread, NULL);
        for (size_t k = 0; k < phase.count; k++)
            free(phase.blocks[k]);
    }
    _exit(0);
}

static void cgroup_run(size_t argument)
{
    char group[PATH_MAX];
    const struct hierarchy *end = hierarchies + sizeof hierarchies / sizeof hierarchies[0];
    const struct hierarchy *at = hierarchies;
    int status = 0;
    (void)argument;
    while (at < end && !make_group(at, group, sizeof group))
        at++;
    if (at == end)
        check_skip("no cgroup with a memory limit can be made here: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0)
        live_in_group(group);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    rmdir(group);
    CHECK_THAT(child > 0, "fork: %s", strerror(errno));
    CHECK_THAT(!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL,
               "the kernel killed it: it had at most %d MiB live, and the limit is %d", LIVE_MIB,
               LIMIT_MIB);
    CHECK_THAT(status == 0, "a process under a limit ended with status %d", status);
}
CHECK("exhaustion", "limit-cgroup", cgroup,
      "a cgroup's limit of 144 MiB, eight phases of other sizes with 48 MiB live each: not killed")
