/* What else goes on: load, pressure, stolen time. */
#include "machine.h"

#include "machine_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_NS 1e7 /* USER_HZ is 100 on every Linux that there is (time(7)) */

static const char stop_others[] = "stop what else runs: top -o %CPU shows it";
static const char shares_cpus[] = "trials wait for a CPU, and find its caches cold";

static int online_cpus(const char *root)
{
    char online[MACHINE_TEXT_BYTES];
    machine_line(online, root, "/sys/devices/system/cpu/online");
    int count = machine_parse_list(online).count;
    return count > 0 ? count : 1;
}

static void look_at_load(struct findings *findings, const char *root)
{
    char text[MACHINE_TEXT_BYTES];
    if (!machine_line(text, root, "/proc/loadavg"))
        return;
    double load = strtod(text, NULL);
    int cpus = online_cpus(root);
    struct finding *finding =
        finding_add(findings, "load", "%.2f over the last minute, on %d CPUs", load, cpus);
    if (load >= cpus)
        finding_judge(finding, SEVERITY_WARNING, shares_cpus, stop_others);
    else if (load >= 0.3 * cpus)
        finding_judge(finding, SEVERITY_NOTE, shares_cpus, stop_others);
}

/* The share of the last ten seconds in which some task waited, in percent; -1: not there. */
static double pressure(const char *root, const char *resource)
{
    char path[64], text[MACHINE_TEXT_BYTES];
    double percent;
    snprintf(path, sizeof path, "/proc/pressure/%s", resource);
    if (!machine_value(text, root, path, "some") || sscanf(text, "avg10=%lf", &percent) != 1)
        return -1;
    return percent;
}

static void look_at_pressure(struct findings *findings, const char *root)
{
    static const struct {
        const char *resource, *name, *effect, *mend;
        double note, warning;
    } kinds[] = {
        {"cpu",    "cpu-pressure",    shares_cpus,                                             stop_others, 2,   10 },
        {"memory", "memory-pressure", "memory is being reclaimed while trials run",
         "close what takes memory",                                                                         0.1, 1  },
        {"io",     "io-pressure",     "the disk is busy: programs under test may wait for it",
         "stop what reads and writes: iotop shows it",                                                      10,  101},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        double percent = pressure(root, kinds[i].resource);
        if (percent < 0)
            continue;
        struct finding *finding =
            finding_add(findings, kinds[i].name, "some task waited in %.1f %% of the last 10 s",
                        percent);
        if (percent > kinds[i].warning)
            finding_judge(finding, SEVERITY_WARNING, kinds[i].effect, kinds[i].mend);
        else if (percent > kinds[i].note)
            finding_judge(finding, SEVERITY_NOTE, kinds[i].effect, kinds[i].mend);
    }
}

int machine_read_ticks(struct machine_ticks *ticks, const char *root)
{
    char text[MACHINE_TEXT_BYTES];
    long long user, nice, system, idle, wait, interrupt, soft, steal;
    if (!machine_value(text, root, "/proc/stat", "cpu") ||
        sscanf(text, "%lld %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system, &idle, &wait,
               &interrupt, &soft, &steal) != 8) {
        errno = EINVAL;
        return -1;
    }
    ticks->busy = user + nice + system + interrupt + soft;
    ticks->steal = steal;
    ticks->all = ticks->busy + idle + wait + steal;
    return 0;
}

static void look_at_steal(struct findings *findings, const char *root)
{
    struct machine_ticks ticks;
    if (machine_read_ticks(&ticks, root) < 0 || ticks.all <= 0)
        return;
    double share = (double)ticks.steal / (double)ticks.all;
    struct finding *finding =
        finding_add(findings, "steal", "%.2f %% of CPU time since boot", 100 * share);
    static const char effect[] = "the hypervisor gives our CPUs to others in mid-trial";
    static const char mend[] =
        "take a machine of its own, or another hour; compare, never plain runs";
    if (share > 0.02)
        finding_judge(finding, SEVERITY_WARNING, effect, mend);
    else if (share > 0.001)
        finding_judge(finding, SEVERITY_NOTE, effect, mend);
}

void machine_load(struct findings *findings, const char *root)
{
    look_at_load(findings, root);
    look_at_pressure(findings, root);
    look_at_steal(findings, root);
}

void machine_neighbours(struct findings *findings, const struct machine_ticks *before,
                        const struct machine_ticks *after, int64_t own_ns)
{
    double all = (double)(after->all - before->all);
    if (all <= 0)
        return;
    double others = ((double)(after->busy - before->busy) - (double)own_ns / TICK_NS) / all;
    double steal = (double)(after->steal - before->steal) / all;
    if (others < 0)
        others = 0;
    struct finding *finding =
        finding_add(findings, "neighbours",
                    "others took %.0f %% of the CPUs just now, stolen %.0f %%", 100 * others,
                    100 * steal);
    /* A tick is a few per cent of the moment looked at. */
    if (others > 0.3 || steal > 0.1)
        finding_judge(finding, SEVERITY_WARNING, shares_cpus, stop_others);
    else if (others > 0.1 || steal > 0.04)
        finding_judge(finding, SEVERITY_NOTE, shares_cpus, stop_others);
}
