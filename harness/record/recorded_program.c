/* Starts the program; see recorded_program.h. */
#include "recorded_program.h"

#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void recorded_caller_init(struct recorded_caller *caller, const sigset_t *waited)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (int i = 0; i < 3; i++) {
        caller->closed[i] = fcntl(i, F_GETFD) < 0;
        if (caller->closed[i])
            open("/dev/null", O_RDWR); /* gets number i, the lowest that is free */
    }
    sigaction(SIGXFSZ, &ignore, &caller->full);
    sigaction(SIGPIPE, &ignore, &caller->pipe);
    sigprocmask(SIG_BLOCK, waited, &caller->mask);
    getrlimit(RLIMIT_NOFILE, &caller->files);
    struct rlimit most = {caller->files.rlim_max, caller->files.rlim_max};
    setrlimit(RLIMIT_NOFILE, &most);
}

static int set_environment(const struct recorded_program *program)
{
    const char *others = getenv("LD_PRELOAD");
    char *preload = NULL;
    bool any = others != NULL && others[0] != '\0';
    if (asprintf(&preload, "%s%s%s", program->library, any ? ":" : "", any ? others : "") < 0)
        return -1;
    int result = setenv("LD_PRELOAD", preload, 1);
    free(preload);
    return result < 0 ? -1 : setenv(RING_ENVIRONMENT, program->meeting, 1);
}

static _Noreturn void become(const struct recorded_program *program, int complaint)
{
    const struct recorded_caller *caller = program->caller;
    setrlimit(RLIMIT_NOFILE, &caller->files);
    sigaction(SIGXFSZ, &caller->full, NULL);
    sigaction(SIGPIPE, &caller->pipe, NULL);
    sigprocmask(SIG_SETMASK, &caller->mask, NULL);
    if (set_environment(program) == 0) {
        for (int i = 0; i < 3; i++)
            if (caller->closed[i])
                close(i);
        execvp(program->words[0], program->words);
    }
    int error = errno;
    (void)!write(complaint, &error, sizeof error);
    _exit(127);
}

pid_t recorded_program_start(const struct recorded_program *program)
{
    int complaint[2], error = 0;
    if (pipe2(complaint, O_CLOEXEC) < 0)
        return -1;
    pid_t child = fork();
    if (child == 0)
        become(program, complaint[1]);
    if (child < 0)
        error = errno;
    close(complaint[1]);
    /* Ends without a word when the program has been executed. */
    if (child > 0 && read(complaint[0], &error, sizeof error) > 0)
        waitpid(child, NULL, 0);
    close(complaint[0]);
    errno = error;
    return error == 0 ? child : -1;
}
