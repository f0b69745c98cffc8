/* Runs a program to its end and keeps what it printed; see subprocess.h. */
#include "subprocess.h"

#include "clock.h"
#include "process_spec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TICK_MS = 100,              /* how late a time limit or an interruption may be noticed */
    READS_AT_END_MAXIMUM = 512, /* a full pipe of 64 KiB in the smallest pieces that are read */
};

struct stream {
    int fd; /* read end, -1 once at its end */
    char *text;
    size_t bytes, maximum;
};

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

/* Everything that is there by now, as far as a descendant that writes without end lets us. */
static void take_rest(struct stream streams[2])
{
    for (int reads = 0; reads < READS_AT_END_MAXIMUM; reads++) {
        struct pollfd polled[2] = {
            {.fd = streams[0].fd, .events = POLLIN},
            {.fd = streams[1].fd, .events = POLLIN}
        };
        if (poll(polled, 2, 0) <= 0)
            return;
        for (int i = 0; i < 2; i++)
            if (polled[i].revents != 0)
                stream_take(&streams[i]);
    }
}

/* Reads both streams until the program has exited or a limit is reached. A program may close its
 * streams and live on; a descendant may keep them open after its end. */
static void follow(const struct subprocess *spec, struct stream streams[2], int pidfd,
                   struct subprocess_result *result)
{
    int64_t start_ns = clock_ns(CLOCK_MONOTONIC);
    for (;;) {
        struct pollfd polled[3] = {
            {.fd = streams[0].fd, .events = POLLIN},
            {.fd = streams[1].fd, .events = POLLIN},
            {.fd = pidfd,         .events = POLLIN},
        };
        if (poll(polled, 3, TICK_MS) < 0)
            continue; /* an interruption is looked at in the next round */
        for (int i = 0; i < 2; i++)
            if (polled[i].revents != 0)
                stream_take(&streams[i]);
        if (polled[2].revents != 0)
            break;
        int64_t passed_ns = clock_ns(CLOCK_MONOTONIC) - start_ns;
        result->timed_out = spec->time_limit_ns != 0 && (uint64_t)passed_ns > spec->time_limit_ns;
        if (result->timed_out || (spec->interrupted != NULL && *spec->interrupted))
            break;
    }
    take_rest(streams);
}

/* Kills what is left of the group before its leader is reaped: afterwards the number could be
 * somebody else's. */
static void reap(pid_t pid, struct subprocess_result *result)
{
    int status = 0;
    kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    result->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int start(const struct subprocess *spec, const int write_ends[2], pid_t *pid, int *pidfd)
{
    const int descriptors[] = {-1, write_ends[0], write_ends[1]};
    struct process_spec process = {
        .argv = spec->argv,
        .environment = spec->environment,
        .directory = spec->directory,
        .descriptors = descriptors,
        .count = sizeof descriptors / sizeof descriptors[0],
    };
    if (process_spec_start(&process, pid) < 0)
        return -1;
    *pidfd = (int)syscall(SYS_pidfd_open, *pid, 0); /* close-on-exec by itself */
    return *pidfd < 0 ? -1 : 0;
}

int subprocess_run(const struct subprocess *spec, struct subprocess_result *result)
{
    struct stream streams[2] = {{.fd = -1}, {.fd = -1}};
    int write_ends[2] = {-1, -1};
    pid_t pid = -1;
    int pidfd = -1;
    *result = (struct subprocess_result){.exit_status = -1};

    int failed = stream_open(&streams[0], spec->output_maximum_bytes, &write_ends[0]) < 0 ||
                 stream_open(&streams[1], spec->output_maximum_bytes, &write_ends[1]) < 0 ||
                 start(spec, write_ends, &pid, &pidfd) < 0;
    int error = errno;
    for (int i = 0; i < 2; i++)
        if (write_ends[i] >= 0)
            close(write_ends[i]);
    if (!failed)
        follow(spec, streams, pidfd, result);
    if (pid > 0)
        reap(pid, result);
    if (pidfd >= 0)
        close(pidfd);
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
