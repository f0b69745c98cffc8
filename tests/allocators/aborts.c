/* assert_aborts of cases.h. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"

void assert_aborts(void (*body)(void), const char *message)
{
    char said[512] = "";
    int pipe_ends[2];
    int status;

    assert_int_equal(pipe(pipe_ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipe_ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        body();
        _exit(0);
    }
    close(pipe_ends[1]);
    for (size_t length = 0; length < sizeof(said) - 1;) {
        ssize_t more = read(pipe_ends[0], said + length, sizeof(said) - 1 - length);
        if (more <= 0)
            break;
        length += (size_t)more;
    }
    close(pipe_ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
        fail_msg("did not abort over '%s' (status %#x)", message, (unsigned)status);
    if (strstr(said, message) == NULL)
        fail_msg("said '%s', expected '%s'", said, message);
}
