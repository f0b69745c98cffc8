/* Memory: pages, address space, swap, how much there is; and room for results. */
#include "machine.h"

#include "machine_file.h"
#include "units.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { KIB_BYTES = 1024 };
#define MIB_BYTES INT64_C(1048576)
#define GIB_BYTES INT64_C(1073741824)

static bool meminfo(int64_t *bytes, const char *root, const char *key)
{
    if (!machine_value_number(bytes, root, "/proc/meminfo", key))
        return false;
    *bytes *= KIB_BYTES;
    return true;
}

static void look_at_huge_pages(struct findings *findings, const char *root)
{
    char text[MACHINE_TEXT_BYTES];
    if (!machine_line(text, root, "/sys/kernel/mm/transparent_hugepage/enabled"))
        return;
    char *chosen = strchr(text, '[');
    char *end = chosen != NULL ? strchr(chosen, ']') : NULL;
    if (end == NULL)
        return;
    *end = '\0';
    struct finding *finding = finding_add(findings, "thp", "%s", chosen + 1);
    if (strcmp(chosen + 1, "always") == 0)
        finding_judge(finding, SEVERITY_NOTE,
                      "huge pages come unasked: RSS depends on alignment, faults on free memory",
                      "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
}

static void look_at_layout(struct findings *findings, const char *root)
{
    static const char *const words[] = {"off", "stack and libraries only", "on"};
    int64_t value;
    if (!machine_number(&value, root, "/proc/sys/kernel/randomize_va_space") || value < 0 ||
        value > 2)
        return;
    struct finding *finding = finding_add(findings, "aslr", "%s", words[value]);
    if (value != 2)
        finding_judge(finding, SEVERITY_NOTE,
                      "every trial has the same layout: its luck looks like a difference",
                      "sysctl kernel.randomize_va_space=2");
}

static void look_at_swap(struct findings *findings, const char *root)
{
    char used_text[UNITS_TEXT_BYTES], total_text[UNITS_TEXT_BYTES];
    int64_t total, unused, memory;
    if (!meminfo(&total, root, "SwapTotal") || !meminfo(&unused, root, "SwapFree"))
        return;
    if (total == 0) {
        finding_add(findings, "swap", "none");
        return;
    }
    struct finding *finding = finding_add(findings, "swap", "%s of %s in use",
                                          units_print_bytes(used_text, total - unused),
                                          units_print_bytes(total_text, total));
    bool much = meminfo(&memory, root, "MemTotal") && total - unused > memory / 20;
    if (much)
        finding_judge(finding, SEVERITY_WARNING,
                      "memory has run short: pages of a trial may be swapped, RSS is too low",
                      "close what takes memory, then swapoff -a");
    else if (total > unused)
        finding_judge(finding, SEVERITY_NOTE, "memory has run short at some time", "swapoff -a");
}

static void look_at_overcommit(struct findings *findings, const char *root)
{
    static const char *const words[] = {"heuristic (0)", "always (1)", "never (2)"};
    int64_t value;
    if (!machine_number(&value, root, "/proc/sys/vm/overcommit_memory") || value < 0 || value > 2)
        return;
    struct finding *finding = finding_add(findings, "overcommit", "%s", words[value]);
    if (value == 2)
        finding_judge(finding, SEVERITY_WARNING,
                      "allocators that reserve address space in advance may fail or fall back",
                      "sysctl vm.overcommit_memory=0");
}

static void look_at_free(struct findings *findings, const char *root)
{
    char available_text[UNITS_TEXT_BYTES], total_text[UNITS_TEXT_BYTES];
    int64_t available, total;
    if (!meminfo(&available, root, "MemAvailable") || !meminfo(&total, root, "MemTotal"))
        return;
    struct finding *finding = finding_add(findings, "memory", "%s of %s available",
                                          units_print_bytes(available_text, available),
                                          units_print_bytes(total_text, total));
    static const char effect[] = "a trial may take half of what is available, and ends there";
    if (available < 512 * MIB_BYTES)
        finding_judge(finding, SEVERITY_WARNING, effect, "close what takes memory");
    else if (available < 2 * GIB_BYTES)
        finding_judge(finding, SEVERITY_NOTE, effect, "close what takes memory");
}

void machine_memory(struct findings *findings, const char *root)
{
    look_at_huge_pages(findings, root);
    look_at_layout(findings, root);
    look_at_swap(findings, root);
    look_at_overcommit(findings, root);
    look_at_free(findings, root);
}

void machine_disk(struct findings *findings, const char *folder)
{
    char text[UNITS_TEXT_BYTES];
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0) {
        struct finding *finding =
            finding_add(findings, "disk", "%.100s: %s", folder, strerror(errno));
        finding_judge(finding, SEVERITY_WARNING, "results cannot be stored there",
                      "name a store with -o");
        return;
    }
    int64_t room = (int64_t)(disk.f_bavail * disk.f_frsize);
    struct finding *finding =
        finding_add(findings, "disk", "%s free for results", units_print_bytes(text, room));
    static const char effect[] = "a run that cannot be stored ends there";
    if (room < 64 * MIB_BYTES)
        finding_judge(finding, SEVERITY_WARNING, effect, "free some, or store elsewhere with -o");
    else if (room < GIB_BYTES)
        finding_judge(finding, SEVERITY_NOTE, effect, "free some, or store elsewhere with -o");
}
