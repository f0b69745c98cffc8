/* Starts one trial; see child.h. */
#include "child.h"

#include "callgrind.h"
#include "clock.h"
#include "descriptor.h"
#include "environment.h"
#include "message.h"
#include "process_spec.h"
#include "trace_name.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRACE_FD = 5 };

/* The far ends, which the child gets; ours are in struct child. */
struct far_ends {
    int page, channel, errors, trace;
    int script, blocks, latency, counts, turns; /* the caller's; 0: none */
};

static int open_page(struct child *child, struct far_ends *far)
{
    size_t bytes = sizeof(struct trial_page);
    far->page = descriptor_lift(memfd_create("heapmark-trial", MFD_CLOEXEC));
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
    return descriptor_pipe(near, far) < 0 ? -1 : fcntl(*near, F_SETFL, O_NONBLOCK);
}

static int open_ends(struct child *child, struct far_ends *far, bool trace)
{
    int ends[2];
    if (open_page(child, far) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    child->channel = descriptor_lift(ends[0]);
    far->channel = descriptor_lift(ends[1]);
    if (child->channel < 0 || far->channel < 0 || open_pipe(&child->errors, &far->errors) < 0)
        return -1;
    return trace ? open_pipe(&child->trace, &far->trace) : 0;
}

static int fill_page(struct trial_page *page, const struct child_spec *spec, char *message)
{
    const struct workload_spec *workload = spec->workload;
    bool recorded = workload->kind == WORKLOAD_RECORDED;
    const char *name = recorded ? "replay" : workload->name;
    char *params = recorded && trace_name_is_pattern(workload->name)
                       ? trace_name_runner_params(workload->params)
                       : strdup(workload->params);
    page->version = TRIAL_PAGE_VERSION;
    page->page_bytes = sizeof *page;
    bool fits =
        params != NULL &&
        (size_t)snprintf(page->workload, sizeof page->workload, "%s", name) <
            sizeof page->workload &&
        (size_t)snprintf(page->params, sizeof page->params, "%s", params) < sizeof page->params;
    free(params);
    if (!fits)
        return message_set(message, "workload %s: its parameters are longer than %zu characters",
                           workload->label, sizeof page->params - 1);
    page->seed = spec->seed;
    page->memory_limit_bytes = spec->memory_limit_bytes;
    page->peak_live_bytes = spec->peak_live_bytes;
    page->settle_ns = spec->settle_ns;
    page->cpu = spec->cpu;
    page->inspect = spec->inspect;
    page->count_laps = spec->count_laps;
    page->turn_side = spec->turn_side;
    page->turn_laps = spec->turn_laps;
    page->turn_lead = spec->turn_lead;
    page->count_events = spec->count_events;
    page->latency_gap = spec->latency_gap;
    page->time_requests = spec->time_requests;
    page->latency_seed = spec->latency_seed;
    page->map_stop_count = spec->map_stop_count;
    for (uint32_t i = 0; i < spec->map_stop_count; i++)
        page->map_stop[i] = spec->map_stop[i];
    return 0;
}

/* "strace ... heapmark-runner", or the latter alone. strace puts the allocator's variables into the
 * traced program only, so that it runs on the system's malloc itself. The list is to be freed, the
 * words are borrowed; NULL when memory is short. */
static const char **make_arguments(const char *runner, bool trace, const struct environment *under)
{
    static const char *const fixed[] = {
        "strace", "-f",          "-qq", "--seccomp-bpf",
        "-o",     "/dev/fd/5",   "-e",  "trace=brk,mmap,munmap,mremap,madvise,prctl",
        "-e",     "signal=none",
    };
    enum { FIXED = sizeof fixed / sizeof fixed[0] };
    static_assert(TRACE_FD == 5, "named in the arguments");
    const char **arguments = calloc(FIXED + 2 * under->count + 2, sizeof *arguments);
    size_t count = 0;
    if (arguments == NULL)
        return NULL;
    for (; trace && count < FIXED; count++)
        arguments[count] = fixed[count];
    for (size_t i = 0; trace && i < under->count; i++) {
        arguments[count++] = "-E";
        arguments[count++] = under->variables[i];
    }
    arguments[count] = runner;
    return arguments;
}

static const char **make_callgrind_arguments(const char *runner)
{
    size_t count = 0;
    while (callgrind_words[count] != NULL)
        count++;
    const char **arguments = calloc(count + 2, sizeof *arguments);
    if (arguments == NULL)
        return NULL;
    memcpy(arguments, callgrind_words, count * sizeof *arguments);
    arguments[count] = runner;
    return arguments;
}

/* Addresses that are the same in every trial make counts the same, where an allocator's ways depend
 * on them. The personality is this thread's; where it may not be changed, there is no harm. */
static int start_unshuffled(struct child *child, const struct process_spec *process)
{
    int before = personality(0xffffffff);
    if (before >= 0)
        personality((unsigned long)before | ADDR_NO_RANDOMIZE);
    int result = process_spec_start(process, &child->pid), error = errno;
    if (before >= 0)
        personality((unsigned long)before);
    errno = error;
    return result;
}

static int start(struct child *child, const struct far_ends *far, const char *const *arguments,
                 const struct environment *environment)
{
    const int descriptors[] = {
        [0] = -1,
        [1] = -1,
        [2] = far->errors,
        [TRIAL_PAGE_FD] = far->page,
        [TRIAL_CHANNEL_FD] = far->channel,
        [TRACE_FD] = far->trace,
        [TRIAL_SCRIPT_FD] = far->script > 0 ? far->script : -1,
        [TRIAL_BLOCKS_FD] = far->blocks > 0 ? far->blocks : -1,
        [TRIAL_LATENCY_FD] = far->latency > 0 ? far->latency : -1,
        [TRIAL_COUNTS_FD] = far->counts > 0 ? far->counts : -1,
        [TRIAL_TURN_FD] = far->turns > 0 ? far->turns : -1,
    };
    size_t count = sizeof descriptors / sizeof descriptors[0];
    while (count > TRACE_FD && descriptors[count - 1] < 0)
        count--;
    struct process_spec process = {
        .argv = arguments,
        .environment = (const char *const *)environment->variables,
        .descriptors = descriptors,
        .count = count,
    };
    child->launched_ns = clock_ns(CLOCK_MONOTONIC);
    if ((far->counts > 0 ? start_unshuffled(child, &process)
                         : process_spec_start(&process, &child->pid)) < 0)
        return -1;
    child->pidfd = descriptor_lift((int)syscall(SYS_pidfd_open, child->pid, 0));
    return child->pidfd < 0 ? -1 : 0;
}

static int stop_clock(struct environment *environment, const struct paths *paths)
{
    char *library = path_join(paths->programs, "libheapmark-still-clock.so");
    int result = library != NULL ? environment_add_preload(environment, library) : -1;
    free(library);
    return result;
}

static int spawn_runner(struct child *child, const struct far_ends *far,
                        const struct child_spec *spec)
{
    struct environment own = {0}, under = {0};
    const char **arguments = NULL;
    char *runner = path_join(spec->paths->programs, "heapmark-runner");
    int result = runner != NULL ? 0 : -1;

    if (environment_init(&own) < 0 || environment_add_pad(&own, spec->pad_bytes) < 0 ||
        environment_add_allocator(spec->trace ? &under : &own, spec->allocator) < 0)
        result = -1;
    if (result == 0 && spec->count_laps > 0)
        result = stop_clock(&own, spec->paths);
    if (result == 0) {
        arguments = spec->count_laps > 0 ? make_callgrind_arguments(runner)
                                         : make_arguments(runner, spec->trace, &under);
        result = arguments != NULL ? start(child, far, arguments, &own) : -1;
    }
    int error = errno;
    environment_release(&own);
    environment_release(&under);
    free(arguments);
    free(runner);
    errno = error;
    return result;
}

int child_start(struct child *child, const struct child_spec *spec, char *message)
{
    *child = (struct child){.pid = -1, .pidfd = -1, .channel = -1, .errors = -1, .trace = -1};
    struct far_ends far = {
        -1, -1, -1, -1, spec->script, spec->blocks, spec->latency, spec->counts, spec->turns};
    int result = 0;

    if (open_ends(child, &far, spec->trace) < 0)
        result =
            message_set(message, "cannot set up a trial: %s (try `ulimit -n`)", strerror(errno));
    if (result == 0)
        result = fill_page(child->page, spec, message);
    if (result == 0 && spawn_runner(child, &far, spec) < 0)
        result = message_set(message, "cannot start %s: %s",
                             spec->trace            ? "strace"
                             : spec->count_laps > 0 ? "valgrind"
                                                    : "the runner",
                             strerror(errno));
    descriptor_close(&far.page);
    descriptor_close(&far.channel);
    descriptor_close(&far.errors);
    descriptor_close(&far.trace);
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
    descriptor_close(&child->pidfd);
    descriptor_close(&child->channel);
    descriptor_close(&child->errors);
    descriptor_close(&child->trace);
}
