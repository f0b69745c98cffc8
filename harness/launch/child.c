/* Starts one trial; see child.h. */
#include "child.h"

#include "environment.h"
#include "message.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TRACE_FD = 5,
    FIRST_FREE_FD = 6,
    /* Ours stay above those that the child is given, so that dup2 never steps on one. */
    OWN_FD_MINIMUM = 16,
    ARGUMENTS_MAXIMUM = 64,
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int lift(int fd)
{
    if (fd < 0)
        return -1;
    int lifted = fcntl(fd, F_DUPFD_CLOEXEC, OWN_FD_MINIMUM);
    int error = errno;
    close(fd);
    errno = error;
    return lifted;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* The far ends, which the child gets; ours are in struct child. */
struct far_ends {
    int page, channel, errors, trace;
};

static int open_page(struct child *child, struct far_ends *far)
{
    size_t bytes = sizeof(struct trial_page);
    far->page = lift(memfd_create("heapmark-trial", MFD_CLOEXEC));
    if (far->page < 0 || ftruncate(far->page, (off_t)bytes) < 0)
        return -1;
    void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, far->page, 0);
    if (page == MAP_FAILED)
        return -1;
    child->page = page;
    return 0;
}

static int open_pipe(int *near, int *far)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    *near = lift(ends[0]);
    *far = lift(ends[1]);
    return *near < 0 || *far < 0 ? -1 : fcntl(*near, F_SETFL, O_NONBLOCK);
}

static int open_ends(struct child *child, struct far_ends *far, bool trace)
{
    int ends[2];
    if (open_page(child, far) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    child->channel = lift(ends[0]);
    far->channel = lift(ends[1]);
    if (child->channel < 0 || far->channel < 0 || open_pipe(&child->errors, &far->errors) < 0)
        return -1;
    return trace ? open_pipe(&child->trace, &far->trace) : 0;
}

static int fill_page(struct trial_page *page, const struct child_spec *spec, char *message)
{
    const struct workload_spec *workload = spec->workload;
    page->version = TRIAL_PAGE_VERSION;
    page->page_bytes = sizeof *page;
    if ((size_t)snprintf(page->workload, sizeof page->workload, "%s", workload->name) >=
            sizeof page->workload ||
        (size_t)snprintf(page->params, sizeof page->params, "%s", workload->params) >=
            sizeof page->params)
        return message_set(message, "workload %s: its parameters are longer than %zu characters",
                           workload->label, sizeof page->params - 1);
    page->seed = spec->seed;
    page->memory_limit_bytes = spec->memory_limit_bytes;
    page->peak_live_bytes = spec->peak_live_bytes;
    page->settle_ns = spec->settle_ns;
    page->cpu = spec->cpu;
    page->inspect = spec->inspect;
    return 0;
}

/* strace puts the allocator's variables into the traced program only, so that it runs on the
 * system's malloc itself. */
static size_t trace_arguments(const char **arguments, const struct environment *under)
{
    static const char *const fixed[] = {
        "strace", "-f",          "-qq", "--seccomp-bpf",
        "-o",     "/dev/fd/5",   "-e",  "trace=brk,mmap,munmap,mremap,madvise,prctl",
        "-e",     "signal=none",
    };
    static_assert(TRACE_FD == 5, "named in the arguments");
    size_t count = 0;
    for (; count < sizeof fixed / sizeof fixed[0]; count++)
        arguments[count] = fixed[count];
    for (size_t i = 0; i < under->count && count < ARGUMENTS_MAXIMUM - 4; i++) {
        arguments[count++] = "-E";
        arguments[count++] = under->variables[i];
    }
    return count;
}

static int spawn(struct child *child, const struct far_ends *far, const char *const *arguments,
                 char *const *variables)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, far->errors, 2);
    posix_spawn_file_actions_adddup2(&actions, far->page, TRIAL_PAGE_FD);
    posix_spawn_file_actions_adddup2(&actions, far->channel, TRIAL_CHANNEL_FD);
    if (far->trace >= 0)
        posix_spawn_file_actions_adddup2(&actions, far->trace, TRACE_FD);
    posix_spawn_file_actions_addclosefrom_np(&actions, far->trace >= 0 ? FIRST_FREE_FD : TRACE_FD);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    child->launched_ns = now_ns();
    int error = posix_spawnp(&child->pid, arguments[0], &actions, &attributes,
                             (char *const *)arguments, variables);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0)
        child->pidfd = lift((int)syscall(SYS_pidfd_open, child->pid, 0));
    else
        child->pid = -1;
    errno = error;
    return error == 0 && child->pidfd >= 0 ? 0 : -1;
}

static int spawn_runner(struct child *child, const struct far_ends *far,
                        const struct child_spec *spec)
{
    struct environment own = {0}, under = {0};
    const char *arguments[ARGUMENTS_MAXIMUM] = {0};
    char *runner = path_join(spec->paths->programs, "heapmark-runner");
    int result = runner != NULL ? 0 : -1;

    if (environment_init(&own) < 0 || environment_add_pad(&own, spec->pad_bytes) < 0 ||
        environment_add_allocator(spec->trace ? &under : &own, spec->allocator) < 0)
        result = -1;
    if (result == 0) {
        size_t count = spec->trace ? trace_arguments(arguments, &under) : 0;
        arguments[count] = runner;
        result = spawn(child, far, arguments, own.variables);
    }
    int error = errno;
    environment_release(&own);
    environment_release(&under);
    free(runner);
    errno = error;
    return result;
}

int child_start(struct child *child, const struct child_spec *spec, char *message)
{
    *child = (struct child){.pid = -1, .pidfd = -1, .channel = -1, .errors = -1, .trace = -1};
    struct far_ends far = {-1, -1, -1, -1};
    int result = 0;

    if (open_ends(child, &far, spec->trace) < 0)
        result =
            message_set(message, "cannot set up a trial: %s (try `ulimit -n`)", strerror(errno));
    if (result == 0)
        result = fill_page(child->page, spec, message);
    if (result == 0 && spawn_runner(child, &far, spec) < 0)
        result = message_set(message, "cannot start %s: %s", spec->trace ? "strace" : "the runner",
                             strerror(errno));
    close_fd(&far.page);
    close_fd(&far.channel);
    close_fd(&far.errors);
    close_fd(&far.trace);
    if (result < 0)
        child_end(child);
    return result;
}

void child_end(struct child *child)
{
    if (child->pid > 0) {
        kill(-child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (child->page != NULL)
        munmap(child->page, sizeof *child->page);
    child->page = NULL;
    child->pid = -1;
    close_fd(&child->pidfd);
    close_fd(&child->channel);
    close_fd(&child->errors);
    close_fd(&child->trace);
}
