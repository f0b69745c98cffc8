/* Whether the kernel lends hardware counters; perf_event_open(2). */
#include "machine.h"

#include "machine_file.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    const char *name;
    uint32_t type;
    uint64_t config;
} events[] = {
    {"instructions",  PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
    {"cycles",        PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES   },
    {"cache misses",  PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
    {"branch misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
    {"dTLB misses",   PERF_TYPE_HW_CACHE,
     PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 |
         PERF_COUNT_HW_CACHE_RESULT_MISS << 16                       },
};
enum { EVENTS = sizeof events / sizeof events[0] };

/* Of our own user code only, which needs the least permission. Returns 0, or the errno. */
static int try_event(size_t i)
{
    struct perf_event_attr attributes = {
        .type = events[i].type,
        .size = sizeof attributes,
        .config = events[i].config,
        .disabled = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };
    long event = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (event < 0)
        return errno;
    close((int)event);
    return 0;
}

void machine_counters(struct findings *findings, const char *root)
{
    char paranoid[MACHINE_TEXT_BYTES], missing[FINDING_BYTES / 2] = "";
    int open = 0, error = 0;
    size_t used = 0;
    machine_line(paranoid, root, "/proc/sys/kernel/perf_event_paranoid");
    for (size_t i = 0; i < EVENTS; i++) {
        int failure = try_event(i);
        open += failure == 0;
        if (failure == 0)
            continue;
        error = failure;
        used += (size_t)snprintf(missing + used, sizeof missing - used, "%s%s",
                                 used > 0 ? ", " : "", events[i].name);
    }
    if (paranoid[0] == '\0')
        snprintf(paranoid, sizeof paranoid, "unknown");
    if (open == EVENTS) {
        finding_add(findings, "counters", "all of %d open, perf_event_paranoid is %.8s", EVENTS,
                    paranoid);
        return;
    }
    bool forbidden = error == EACCES || error == EPERM;
    bool absent = error == ENOENT || error == EOPNOTSUPP || error == ENODEV;
    struct finding *finding =
        finding_add(findings, "counters", "not to be had: %s (%s; perf_event_paranoid is %.8s)",
                    missing,
                    forbidden ? "not permitted"
                    : absent  ? "there are none"
                              : strerror(error),
                    paranoid);
    finding_judge(finding, SEVERITY_NOTE, "no cycles and misses beside the times",
                  forbidden ? "sysctl kernel.perf_event_paranoid=2 (in a container also --cap-add "
                              "PERFMON)"
                            : "needs metal, or a guest with a virtual PMU; instructions are "
                              "counted by valgrind without it");
}
