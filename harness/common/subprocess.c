/* Runs a program to its end and keeps what it printed; see subprocess.h. */
#include "subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 100 }; /* how late a time limit or an interruption may be noticed */

struct stream {
    int fd; /* read end, -1 once at its end */
    char *text;
    size_t bytes, maximum;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int stream_open(struct stream *stream, size_t maximum, int *write_end)
{
    int ends[2];
    stream->fd = -1;
    *write_end = -1;
    stream->text = calloc(1, maximum + 1);
    stream->maximum = maximum;
    if (stream->text == NULL || pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    stream->fd = ends[0];
    *write_end = ends[1];
    return 0;
}

/* Takes what is there; what exceeds the maximum is read and dropped, so the writer never stalls. */
static void stream_take(struct stream *stream)
{
    char rest[4096];
    size_t room = stream->maximum - stream->bytes;
    ssize_t got = read(stream->fd, room > 0 ? stream->text + stream->bytes : rest,
                       room > 0 ? room : sizeof rest);
    if (got < 0 && errno == EINTR)
        return;
    if (got <= 0) {
        close(stream->fd);
        stream->fd = -1;
        return;
    }
    if (room > 0)
        stream->bytes += (size_t)got;
}

static int spawn(const struct subprocess *spec, const int write_ends[2], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, write_ends[0], 1);
    posix_spawn_file_actions_adddup2(&actions, write_ends[1], 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (spec->directory != NULL)
        posix_spawn_file_actions_addchdir_np(&actions, spec->directory);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int error =
        posix_spawnp(pid, spec->argv[0], &actions, &attributes, (char *const *)spec->argv,
                     spec->environment != NULL ? (char *const *)spec->environment : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    errno = error;
    return error == 0 ? 0 : -1;
}

static bool has_exited(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* Reads both streams until they end, or until the program has to be killed. A program that has
 * closed its streams but lives on is waited for by the caller. */
static void follow(const struct subprocess *spec, struct stream streams[2], pid_t pid,
                   struct subprocess_result *result)
{
    uint64_t start = now_ns();
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        struct pollfd polled[2] = {
            {.fd = streams[0].fd, .events = POLLIN},
            {.fd = streams[1].fd, .events = POLLIN}
        };
        int ready = poll(polled, 2, TICK_MS);
        for (int i = 0; i < 2; i++)
            if (streams[i].fd >= 0 && polled[i].revents != 0)
                stream_take(&streams[i]);
        if (ready == 0 && has_exited(pid))
            return; /* only a descendant still holds the streams, and says nothing */
        bool late = spec->time_limit_ns != 0 && now_ns() - start > spec->time_limit_ns;
        bool unwanted = spec->interrupted != NULL && *spec->interrupted;
        if (!late && !unwanted)
            continue;
        result->timed_out = late;
        kill(-pid, SIGKILL);
        return;
    }
}

static void reap(pid_t pid, struct subprocess_result *result)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    kill(-pid, SIGKILL); /* what it may have left behind in its group */
    result->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int subprocess_run(const struct subprocess *spec, struct subprocess_result *result)
{
    struct stream streams[2] = {{.fd = -1}, {.fd = -1}};
    int write_ends[2] = {-1, -1};
    pid_t pid = -1;
    *result = (struct subprocess_result){.exit_status = -1};

    int failed = stream_open(&streams[0], spec->output_maximum_bytes, &write_ends[0]) < 0 ||
                 stream_open(&streams[1], spec->output_maximum_bytes, &write_ends[1]) < 0 ||
                 spawn(spec, write_ends, &pid) < 0;
    int error = errno;
    for (int i = 0; i < 2; i++)
        if (write_ends[i] >= 0)
            close(write_ends[i]);
    if (!failed) {
        follow(spec, streams, pid, result);
        reap(pid, result);
    }
    for (int i = 0; i < 2; i++)
        if (streams[i].fd >= 0)
            close(streams[i].fd);
    result->output = streams[0].text;
    result->output_bytes = streams[0].bytes;
    result->errors = streams[1].text;
    result->error_bytes = streams[1].bytes;
    errno = error;
    return failed ? -1 : 0;
}

void subprocess_result_release(struct subprocess_result *result)
{
    free(result->output);
    free(result->errors);
    result->output = NULL;
    result->errors = NULL;
}
