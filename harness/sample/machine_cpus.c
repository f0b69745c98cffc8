/* The processors: how many are ours, what sets their clock, what shares them. */
#include "machine.h"

#include "machine_file.h"

#include <stdbool.h>
#include <string.h>

#define CPU_FOLDER "/sys/devices/system/cpu"

static void look_at_cpus(struct findings *findings, const char *root)
{
    char online[MACHINE_TEXT_BYTES], allowed[MACHINE_TEXT_BYTES], isolated[MACHINE_TEXT_BYTES];
    machine_line(online, root, CPU_FOLDER "/online");
    machine_line(isolated, root, CPU_FOLDER "/isolated");
    machine_value(allowed, root, "/proc/self/status", "Cpus_allowed_list");
    if (allowed[0] == '\0')
        return;
    int ours = machine_parse_list(allowed).count, all = machine_parse_list(online).count;
    struct finding *finding =
        finding_add(findings, "cpus", "%d of %d online are ours (%.60s), isolated: %.60s", ours,
                    all > 0 ? all : ours, allowed, isolated[0] != '\0' ? isolated : "none");
    if (ours == 1)
        finding_judge(finding, SEVERITY_WARNING,
                      "harness and trial take turns on one CPU, so sampling disturbs",
                      "give the machine, container or taskset two CPUs or more");
}

/* "powersave" of these drivers follows the load quickly, in hardware. */
static bool drives_itself(const char *driver)
{
    return strcmp(driver, "intel_pstate") == 0 || strcmp(driver, "amd-pstate-epp") == 0;
}

static void judge_governor(struct finding *finding, const char *governor, const char *driver)
{
    static const char mend[] = "cpupower frequency-set -g performance (or write performance into "
                               "scaling_governor of each CPU)";
    if (strcmp(governor, "performance") == 0 || strcmp(governor, "userspace") == 0)
        return;
    if (strcmp(governor, "schedutil") == 0 || drives_itself(driver))
        finding_judge(finding, SEVERITY_NOTE, "the clock follows the load: first laps run slower",
                      mend);
    else
        finding_judge(finding, SEVERITY_WARNING,
                      "the clock follows the load slowly, or stays at its lowest", mend);
}

static void look_at_governor(struct findings *findings, const char *root)
{
    char governor[MACHINE_TEXT_BYTES], driver[MACHINE_TEXT_BYTES], other[MACHINE_TEXT_BYTES];
    char possible[MACHINE_TEXT_BYTES];
    machine_line(driver, root, CPU_FOLDER "/cpu0/cpufreq/scaling_driver");
    if (!machine_line(governor, root, CPU_FOLDER "/cpu0/cpufreq/scaling_governor")) {
        struct finding *finding =
            finding_add(findings, "governor", "the clock's control is not visible here");
        finding_judge(finding, SEVERITY_NOTE, "the clock may change, and only slow trials show it",
                      "on a guest nothing: its host decides; else load the driver (acpi-cpufreq, "
                      "intel_pstate)");
        return;
    }
    struct finding *finding = finding_add(findings, "governor", "%.60s, driver %.60s", governor,
                                          driver[0] != '\0' ? driver : "unknown");
    judge_governor(finding, governor, driver);
    machine_line(possible, root, CPU_FOLDER "/possible");
    int last = machine_parse_list(possible).last;
    for (int cpu = 1; cpu <= last; cpu++)
        if (machine_line(other, root, CPU_FOLDER "/cpu%d/cpufreq/scaling_governor", cpu) &&
            strcmp(other, governor) != 0) {
            finding_judge(finding, SEVERITY_WARNING, "CPUs run under different governors",
                          "cpupower frequency-set -g performance");
            judge_governor(finding, other, driver);
        }
}

static void look_at_turbo(struct findings *findings, const char *root)
{
    int64_t value;
    bool on;
    const char *mend;
    if (machine_number(&value, root, CPU_FOLDER "/intel_pstate/no_turbo")) {
        on = value == 0;
        mend = "echo 1 > " CPU_FOLDER "/intel_pstate/no_turbo";
    } else if (machine_number(&value, root, CPU_FOLDER "/cpufreq/boost")) {
        on = value != 0;
        mend = "echo 0 > " CPU_FOLDER "/cpufreq/boost";
    } else {
        finding_add(findings, "turbo", "not visible here");
        return;
    }
    struct finding *finding = finding_add(findings, "turbo", on ? "on" : "off");
    if (on)
        finding_judge(finding, SEVERITY_NOTE,
                      "the clock depends on heat and on what the other cores do", mend);
}

static void look_at_siblings(struct findings *findings, const char *root)
{
    int64_t active;
    if (!machine_number(&active, root, CPU_FOLDER "/smt/active"))
        return;
    struct finding *finding = finding_add(findings, "smt", active ? "on" : "off, or not visible");
    if (active)
        finding_judge(finding, SEVERITY_NOTE,
                      "whoever runs on the sibling of the trial's CPU halves its speed",
                      "echo off > " CPU_FOLDER "/smt/control");
}

void machine_cpus(struct findings *findings, const char *root)
{
    look_at_cpus(findings, root);
    look_at_governor(findings, root);
    look_at_turbo(findings, root);
    look_at_siblings(findings, root);
}
