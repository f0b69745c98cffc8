/* Starts a script of a stanza and follows it; see program_launch.h. */
#include "program_launch.h"

#include "clock.h"
#include "descriptor.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FIRST_FREE_FD = 5,
    TICK_MS = 50,           /* how late a limit may be noticed */
    LOG_PATIENCE_MS = 2000, /* strace writes its last lines after the program's end */
    NOT_EXECUTED = 127,
};

struct far_ends {
    int go, errors, log;
};

/* The rest is between fork and exec. No other thread of ours lives then (see program_trial.h), so
 * no lock of libc is held for ever. */

static void say_and_die(const char *what, const char *name)
{
    dprintf(PROGRAM_ERRORS_FD, "%s %s: %s\n", what, name, strerror(errno));
    _exit(NOT_EXECUTED);
}

static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become(const struct program_launch *launch, const struct far_ends *far)
{
    char go;
    setsid();
    reset_signals();
    dup2(far->errors, PROGRAM_ERRORS_FD);
    if (far->log >= 0)
        dup2(far->log, PROGRAM_LOG_FD);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int errors = launch->own_errors == NULL
                     ? PROGRAM_ERRORS_FD
                     : open(launch->own_errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (nothing < 0 || errors < 0)
        say_and_die("cannot open", errors < 0 ? launch->own_errors : "/dev/null");
    dup2(nothing, 0);
    dup2(nothing, 1);
    dup2(errors, 2);
    if (chdir(launch->folder) < 0)
        say_and_die("cannot work in", launch->folder);
    /* End of file is the word to go; were the harness dead, nobody would be there to see it. */
    while (read(far->go, &go, 1) < 0 && errno == EINTR)
        continue;
    close_range(far->log >= 0 ? FIRST_FREE_FD : PROGRAM_LOG_FD, ~0u, 0);
    execvpe(launch->argv[0], (char *const *)launch->argv, launch->environment);
    say_and_die("cannot run", launch->argv[0]);
}

int program_start(struct program_process *process, const struct program_launch *launch,
                  char *message)
{
    struct far_ends far = {-1, -1, -1};
    *process = (struct program_process){.pid = -1, .pidfd = -1, .go = -1, .errors = -1, .log = -1};
    int failed = descriptor_pipe(&far.go, &process->go) < 0 ||
                 descriptor_pipe(&process->errors, &far.errors) < 0 ||
                 (launch->log && descriptor_pipe(&process->log, &far.log) < 0);
    if (!failed) {
        process->launched_ns = clock_ns(CLOCK_MONOTONIC);
        process->pid = fork();
        if (process->pid == 0) {
            close(process->go); /* else it would wait for itself */
            become(launch, &far);
        }
        failed = process->pid < 0;
    }
    if (!failed) {
        process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
        fcntl(process->errors, F_SETFL, O_NONBLOCK);
        failed = process->pidfd < 0;
    }
    int error = errno;
    descriptor_close(&far.go);
    descriptor_close(&far.errors);
    descriptor_close(&far.log);
    if (!failed)
        return 0;
    program_kill(process);
    return message_set(message, "cannot start %s: %s", launch->argv[0], strerror(error));
}

void program_go(struct program_process *process)
{
    descriptor_close(&process->go);
}

void program_drain(struct program_process *process)
{
    char text[LAST_WORDS_PIECE_BYTES];
    enum { READS_MAXIMUM = 64 }; /* one that writes without end must not hold us here */
    for (int i = 0; i < READS_MAXIMUM && process->errors >= 0; i++) {
        ssize_t got = read(process->errors, text, sizeof text);
        if (got < 0)
            return;
        if (got == 0)
            descriptor_close(&process->errors);
        last_words_add(&process->tail, text, (size_t)got);
    }
}

/* Returns false at the end of the log. */
static bool take_log(struct program_process *process, program_log_fn *take, void *argument)
{
    char text[16384];
    ssize_t got = read(process->log, text, sizeof text);
    if (got > 0)
        take(argument, text, (size_t)got);
    if (got == 0)
        descriptor_close(&process->log);
    return got > 0 || (got < 0 && errno == EINTR);
}

bool program_must_stop(const struct program_process *process, const struct program_limits *limits,
                       struct program_end *end)
{
    if (limits->interrupted != NULL && *limits->interrupted)
        end->stop = PROGRAM_INTERRUPTED;
    else if (limits->time_limit_ns > 0 &&
             clock_ns(CLOCK_MONOTONIC) - process->launched_ns > limits->time_limit_ns)
        end->stop = PROGRAM_TIMED_OUT;
    return end->stop != PROGRAM_ENDED;
}

void program_note_end(struct program_process *process, int wait_status, struct program_end *end)
{
    process->pid = -process->pid; /* reaped; the number still names its group */
    end->exit_status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    end->signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
}

static bool has_ended(struct program_process *process, struct program_end *end)
{
    int wait_status;
    if (waitpid(process->pid, &wait_status, WNOHANG) != process->pid)
        return false;
    program_note_end(process, wait_status, end);
    return true;
}

/* To its end, or, where something that the program left behind holds it open, until it has been
 * silent for a while; the time limit holds here too. */
static void finish_log(struct program_process *process, const struct program_limits *limits,
                       program_log_fn *take, void *argument)
{
    struct pollfd polled = {.fd = process->log, .events = POLLIN};
    struct program_end ignored = {.stop = PROGRAM_ENDED};
    for (int silent_ms = 0; process->log >= 0 && silent_ms < LOG_PATIENCE_MS;
         silent_ms += TICK_MS) {
        if (program_must_stop(process, limits, &ignored) ||
            (poll(&polled, 1, TICK_MS) < 0 && errno != EINTR))
            return;
        if (polled.revents == 0)
            continue;
        if (!take_log(process, take, argument))
            return;
        silent_ms = 0;
    }
}

struct program_end program_wait(struct program_process *process,
                                const struct program_limits *limits, program_log_fn *take,
                                void *argument)
{
    struct program_end end = {.stop = PROGRAM_ENDED, .exit_status = -1};
    while (!program_must_stop(process, limits, &end)) {
        struct pollfd polled[] = {
            {.fd = process->pidfd,  .events = POLLIN},
            {.fd = process->errors, .events = POLLIN},
            {.fd = process->log,    .events = POLLIN},
        };
        poll(polled, sizeof polled / sizeof polled[0], TICK_MS);
        program_drain(process);
        if (polled[2].revents != 0)
            take_log(process, take, argument);
        if (polled[0].revents == 0 || !has_ended(process, &end))
            continue;
        if (process->log >= 0)
            finish_log(process, limits, take, argument);
        program_drain(process);
        break;
    }
    return end;
}

void program_kill(struct program_process *process)
{
    pid_t group = process->pid < 0 ? -process->pid : process->pid;
    if (group > 1)
        kill(-group, SIGKILL);
    if (process->pid > 1) {
        kill(process->pid, SIGKILL); /* it may not have made its group yet */
        while (waitpid(process->pid, NULL, __WALL) < 0 && errno == EINTR)
            continue;
    }
    process->pid = -1;
    descriptor_close(&process->pidfd);
    descriptor_close(&process->go);
    descriptor_close(&process->errors);
    descriptor_close(&process->log);
}
