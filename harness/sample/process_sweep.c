/* Makes sure that nothing outlives a trial; see process_sweep.h. */
#include "process_sweep.h"

#include "proc.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAXIMUM = 2000 };
#define ROUND_NS 1000000

int64_t process_sweep_begin(void)
{
    struct timespec now;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    clock_gettime(CLOCK_BOOTTIME, &now);
    int64_t ticks_per_s = sysconf(_SC_CLK_TCK);
    return now.tv_sec * ticks_per_s + now.tv_nsec / (1000000000 / ticks_per_s);
}

static bool belongs(const struct proc_parentage *process, pid_t session, int64_t mark)
{
    if (process->session == session)
        return true;
    return process->parent == getpid() && process->start_ticks >= mark;
}

/* Reaps, and lets go what is still being traced by us: a traced process may stop once more on
 * its way out. */
static void reap(pid_t pid)
{
    int wait_status;
    while (waitpid(pid, &wait_status, __WALL | WNOHANG) == pid && WIFSTOPPED(wait_status))
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

/* One look at all processes; returns how many were found. */
static int sweep_once(pid_t session, int64_t mark)
{
    DIR *folder = opendir("/proc");
    if (folder == NULL)
        return 0;
    int found = 0;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        struct proc_parentage process;
        pid_t pid = (pid_t)atol(entry->d_name);
        if (pid <= 1 || proc_read_parentage(pid, &process) < 0 || !belongs(&process, session, mark))
            continue;
        found++;
        kill(pid, SIGKILL);
        reap(pid);
    }
    closedir(folder);
    return found;
}

int process_sweep(pid_t session, int64_t mark)
{
    int result = -1;
    for (int round = 0; round < ROUNDS_MAXIMUM && result < 0; round++) {
        if (sweep_once(session, mark) == 0)
            result = 0;
        else
            nanosleep(&(struct timespec){.tv_nsec = ROUND_NS}, NULL);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    return result;
}
