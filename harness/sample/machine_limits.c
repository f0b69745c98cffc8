/*
 * Limits of our control group and of those above it. A group's files stand below the hierarchy's
 * mount at the path of /proc/self/cgroup (cgroups(7)); in a container that path may lie outside of
 * what is mounted, and then only the mount's own files are there.
 */
#include "machine.h"

#include "machine_file.h"
#include "units.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What bounds us most, of all groups from ours up to the root. */
struct limits {
    double cpus;          /* quota over period; 0: none */
    int64_t memory_bytes; /* 0: none */
    int64_t throttled;    /* periods, in the group with the quota */
};

/* Larger ones are 'no limit' in version 1: the largest multiple of a page. */
#define MEMORY_MOST_BYTES (INT64_C(1) << 60)

static void take_memory(struct limits *limits, int64_t bytes)
{
    if (bytes > 0 && bytes < MEMORY_MOST_BYTES &&
        (limits->memory_bytes == 0 || bytes < limits->memory_bytes))
        limits->memory_bytes = bytes;
}

static void take_quota(struct limits *limits, int64_t quota_us, int64_t period_us,
                       int64_t throttled)
{
    if (quota_us <= 0 || period_us <= 0)
        return;
    double cpus = (double)quota_us / (double)period_us;
    if (limits->cpus > 0 && cpus >= limits->cpus)
        return;
    limits->cpus = cpus;
    limits->throttled = throttled;
}

static int64_t read_throttled(const char *root, const char *folder)
{
    char path[MACHINE_TEXT_BYTES * 3];
    int64_t throttled = 0;
    snprintf(path, sizeof path, "%s/cpu.stat", folder);
    machine_value_number(&throttled, root, path, "nr_throttled");
    return throttled;
}

/* Files of version 2 and of version 1 have different names, so both are looked for. */
static void read_group(struct limits *limits, const char *root, const char *folder)
{
    char text[MACHINE_TEXT_BYTES], *end;
    int64_t value, period;
    if (machine_line(text, root, "%s/cpu.max", folder)) { /* "max 100000", "50000 100000" */
        value = strtoll(text, &end, 10);
        take_quota(limits, value, strtoll(end, NULL, 10), read_throttled(root, folder));
    }
    if (machine_number(&value, root, "%s/cpu.cfs_quota_us", folder) &&
        machine_number(&period, root, "%s/cpu.cfs_period_us", folder))
        take_quota(limits, value, period, read_throttled(root, folder));
    if (machine_number(&value, root, "%s/memory.max", folder))
        take_memory(limits, value);
    if (machine_number(&value, root, "%s/memory.high", folder))
        take_memory(limits, value);
    if (machine_number(&value, root, "%s/memory.limit_in_bytes", folder))
        take_memory(limits, value);
}

static void read_upwards(struct limits *limits, const char *root, const char *mount, char *path)
{
    char folder[MACHINE_TEXT_BYTES * 2], *slash;
    for (;;) {
        snprintf(folder, sizeof folder, "%s%s", mount, path);
        read_group(limits, root, folder);
        slash = strrchr(path, '/');
        if (slash == NULL)
            return;
        *slash = '\0';
    }
}

/* Our path in the hierarchy of a controller ("" for version 2), from a line "7:cpu,cpuacct:/a/b".
 */
static void own_path(char *path, const char *root, const char *controller)
{
    char name[MACHINE_TEXT_BYTES], *line = NULL;
    size_t capacity = 0;
    FILE *file;
    path[0] = '\0';
    if (snprintf(name, sizeof name, "%s/proc/self/cgroup", root) >= (int)sizeof name ||
        (file = fopen(name, "re")) == NULL)
        return;
    while (getline(&line, &capacity, file) > 0) {
        char *rest = line, *one;
        bool ours = false;
        strsep(&rest, ":");
        char *controllers = strsep(&rest, ":");
        if (rest == NULL)
            continue;
        while ((one = strsep(&controllers, ",")) != NULL)
            ours = ours || strcmp(one, controller) == 0;
        rest[strcspn(rest, "\n")] = '\0';
        if (ours && strcmp(rest, "/") != 0)
            snprintf(path, MACHINE_TEXT_BYTES, "%s", rest);
    }
    free(line);
    fclose(file);
}

static void read_limits(struct limits *limits, const char *root)
{
    static const struct {
        const char *mount, *controller;
    } hierarchies[] = {
        {"/sys/fs/cgroup",         ""      },
        {"/sys/fs/cgroup/unified", ""      },
        {"/sys/fs/cgroup/cpu",     "cpu"   },
        {"/sys/fs/cgroup/memory",  "memory"},
    };
    char path[MACHINE_TEXT_BYTES];
    for (size_t i = 0; i < sizeof hierarchies / sizeof hierarchies[0]; i++) {
        own_path(path, root, hierarchies[i].controller);
        read_upwards(limits, root, hierarchies[i].mount, path);
    }
}

static void judge_quota(struct findings *findings, const char *root, const struct limits *limits)
{
    char allowed[MACHINE_TEXT_BYTES];
    if (limits->cpus <= 0) {
        finding_add(findings, "cpu-quota", "none");
        return;
    }
    struct finding *finding =
        finding_add(findings, "cpu-quota", "%.2f CPUs, reached in %lld periods so far",
                    limits->cpus, (long long)limits->throttled);
    machine_value(allowed, root, "/proc/self/status", "Cpus_allowed_list");
    int ours = machine_parse_list(allowed).count;
    if (limits->cpus < ours || ours == 0)
        finding_judge(
            finding, SEVERITY_WARNING, "whoever has used it up stands still for up to 0.1 s",
            "bound the container by CPUs (--cpuset-cpus), not by a quota (--cpus, limits)");
}

void machine_limits(struct findings *findings, const char *root)
{
    struct limits limits = {0};
    char text[UNITS_TEXT_BYTES];
    int64_t total = 0;
    read_limits(&limits, root);
    judge_quota(findings, root, &limits);
    machine_value_number(&total, root, "/proc/meminfo", "MemTotal");
    if (limits.memory_bytes == 0 || (total > 0 && limits.memory_bytes / 1024 >= total)) {
        finding_add(findings, "memory-limit", "none");
        return;
    }
    struct finding *finding = finding_add(findings, "memory-limit", "%s for our control group",
                                          units_print_bytes(text, limits.memory_bytes));
    static const char effect[] = "near it the kernel reclaims, then kills, trial or harness";
    static const char mend[] = "raise it (--memory of the container), or keep workloads small";
    finding_judge(finding,
                  limits.memory_bytes < (INT64_C(1) << 30) ? SEVERITY_WARNING : SEVERITY_NOTE,
                  effect, mend);
}
