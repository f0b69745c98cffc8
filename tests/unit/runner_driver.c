/* Drives one trial; see runner_driver.h. */
#include "runner_driver.h"

#include "trial_run.h"

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HIGH_FD = 20 };

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

const char *driver_beside(const char *file)
{
    static char path[PATH_MAX + 64];
    char own[PATH_MAX] = "";
    if (readlink("/proc/self/exe", own, sizeof own - 1) < 0)
        err(1, "/proc/self/exe");
    char *tests = strstr(own, "/tests/unit/"); /* build/MODE/tests/unit/test_x */
    if (tests != NULL)
        *tests = '\0';
    snprintf(path, sizeof path, "%s/%s", own, file);
    return path;
}

const char *driver_runner(void)
{
    const char *given = getenv("RUNNER");
    return given != NULL ? given : driver_beside("heapmark-runner");
}

static int lifted(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (high < 0)
        err(1, "fcntl");
    close(fd);
    return high;
}

static _Noreturn void become_runner(const struct driver_order *order, int page, int channel)
{
    const char *runner = driver_runner();
    if (dup2(page, TRIAL_PAGE_FD) < 0 || dup2(channel, TRIAL_CHANNEL_FD) < 0)
        _exit(126);
    if (order->script > 0 && dup2(order->script, TRIAL_SCRIPT_FD) < 0)
        _exit(126);
    if (order->blocks > 0 && dup2(order->blocks, TRIAL_BLOCKS_FD) < 0)
        _exit(126);
    if (order->latency > 0 && dup2(order->latency, TRIAL_LATENCY_FD) < 0)
        _exit(126);
    if (order->in_process) {
        close(page); /* exec would close our copies; hang-ups must be seen here as well */
        close(channel);
        int status = trial_run();
        /* Not exit: that would report as leaks what the test holds. The sanitizers stop at what
         * they find, but for leaks, which the live blocks of a drained trial tell. */
        fflush(NULL);
        _exit(status);
    }
    if (order->preload != NULL)
        setenv("LD_PRELOAD", order->preload, 1);
    execl(runner, runner, (char *)NULL);
    _exit(127);
}

static void fill_page(struct trial_page *page, const struct driver_order *order)
{
    page->version = TRIAL_PAGE_VERSION;
    page->page_bytes = sizeof *page;
    snprintf(page->workload, sizeof page->workload, "%s", order->workload);
    snprintf(page->params, sizeof page->params, "%s", order->params);
    page->seed = order->seed;
    page->memory_limit_bytes = order->memory_limit_bytes;
    page->peak_live_bytes = order->peak_live_bytes;
    page->settle_ns = order->settle_ns;
    page->cpu = -1;
    page->inspect = order->inspect;
    page->latency_gap = order->latency_gap;
    page->time_requests = order->time_requests;
    page->map_stop_count = order->map_stop_count;
    for (uint32_t i = 0; i < order->map_stop_count; i++)
        page->map_stop[i] = order->map_stop[i];
}

/* Without shared memory: a workload's tables, which count for nobody. */
static int64_t rss_of(pid_t pid)
{
    char path[64], line[256];
    long kib = -1, shared_kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmRSS: %ld", &kib) != 1 &&
            sscanf(line, "RssShmem: %ld", &shared_kib) == 1)
            break;
    if (status != NULL)
        fclose(status);
    return (kib - shared_kib) * 1024;
}

static void answer(const struct driver_order *order, struct driver_outcome *outcome, int channel)
{
    unsigned char byte;
    while (read(channel, &byte, 1) == 1) {
        if (byte < CHECKPOINT_COUNT) {
            outcome->reached[byte] = true;
            outcome->reached_ns[byte] = now_ns();
            outcome->rss_bytes[byte] = rss_of(outcome->page->pid);
        }
        if (byte == TRIAL_MAP_STOP && order->at_map_stop != NULL)
            order->at_map_stop(order->argument);
        if (order->vanish || send(channel, &byte, 1, MSG_NOSIGNAL) != 1)
            return;
    }
}

void driver_run(const struct driver_order *order, struct driver_outcome *outcome)
{
    int ends[2], status;
    memset(outcome, 0, sizeof *outcome);
    int fd = lifted(memfd_create("page", MFD_CLOEXEC));
    if (ftruncate(fd, sizeof *outcome->page) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        err(1, "cannot set up a trial");
    outcome->page = mmap(NULL, sizeof *outcome->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (outcome->page == MAP_FAILED)
        err(1, "mmap");
    int near = lifted(ends[0]), far = lifted(ends[1]);
    fill_page(outcome->page, order);
    outcome->launched_ns = now_ns();
    pid_t pid = fork();
    if (pid < 0)
        err(1, "fork");
    if (pid == 0) {
        close(near);
        become_runner(order, fd, far);
    }
    close(far);
    close(fd);
    answer(order, outcome, near);
    close(near);
    if (waitpid(pid, &status, 0) != pid)
        err(1, "waitpid");
    outcome->reaped_ns = now_ns();
    outcome->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    outcome->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void driver_release(struct driver_outcome *outcome)
{
    munmap(outcome->page, sizeof *outcome->page);
    outcome->page = NULL;
}
