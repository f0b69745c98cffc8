/* The facts that a run is stored with; see facts.h. */
#include "facts.h"

#include "version.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Files whose first line is the fact. */
static const struct {
    const char *name, *path;
} one_line_files[] = {
    {"thp",               "/sys/kernel/mm/transparent_hugepage/enabled"                     },
    {"thp_defrag",        "/sys/kernel/mm/transparent_hugepage/defrag"                      },
    {"governor",          "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"           },
    {"turbo_off",         "/sys/devices/system/cpu/intel_pstate/no_turbo"                   },
    {"smt",               "/sys/devices/system/cpu/smt/active"                              },
    {"overcommit",        "/proc/sys/vm/overcommit_memory"                                  },
    {"aslr",              "/proc/sys/kernel/randomize_va_space"                             },
    {"swappiness",        "/proc/sys/vm/swappiness"                                         },
    {"load",              "/proc/loadavg"                                                   },
    {"clock",             "/sys/devices/system/clocksource/clocksource0/current_clocksource"},
    {"cgroup_memory",     "/sys/fs/cgroup/memory.max"                                       },
    {"cgroup_cpu",        "/sys/fs/cgroup/cpu.max"                                          },
    {"cgroup1_memory",    "/sys/fs/cgroup/memory/memory.limit_in_bytes"                     },
    {"cgroup1_cpu_quota", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"                             },
};

/* Lines "key : value" of /proc files. */
static const struct {
    const char *name, *path, *key;
} keyed_files[] = {
    {"cpu",              "/proc/cpuinfo", "model name"  },
    {"cpu_mhz",          "/proc/cpuinfo", "cpu MHz"     },
    {"cpu_flags",        "/proc/cpuinfo", "flags"       },
    {"memory_total",     "/proc/meminfo", "MemTotal"    },
    {"memory_available", "/proc/meminfo", "MemAvailable"},
    {"swap_total",       "/proc/meminfo", "SwapTotal"   },
};

int facts_add(struct run *run, const char *name, const char *value)
{
    struct fact *facts = realloc(run->facts, (run->fact_count + 1) * sizeof *facts);
    if (facts == NULL)
        return -1;
    run->facts = facts;
    struct fact *fact = &facts[run->fact_count];
    *fact = (struct fact){strdup(name), strdup(value)};
    run->fact_count++;
    return fact->name != NULL && fact->value != NULL ? 0 : -1;
}

static int add_first_line(struct run *run, const char *name, const char *path)
{
    char line[512];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    if (!read)
        return 0;
    line[strcspn(line, "\n")] = '\0';
    return facts_add(run, name, line);
}

static int add_keyed_line(struct run *run, const char *name, const char *path, const char *key)
{
    char *line = NULL;
    size_t capacity = 0, length = strlen(key);
    int result = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    while (getline(&line, &capacity, file) > 0) {
        if (strncmp(line, key, length) != 0)
            continue;
        char *value = strchr(line, ':');
        if (value == NULL)
            continue;
        value += 1 + strspn(value + 1, " \t");
        value[strcspn(value, "\n")] = '\0';
        result = facts_add(run, name, value);
        break;
    }
    free(line);
    fclose(file);
    return result;
}

static int add_system(struct run *run)
{
    struct utsname system;
    char text[512];
    if (uname(&system) < 0)
        return 0;
    if (facts_add(run, "host", system.nodename) < 0 ||
        facts_add(run, "kernel", system.release) < 0 ||
        facts_add(run, "machine", system.machine) < 0)
        return -1;
    snprintf(text, sizeof text, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    if (facts_add(run, "cpus", text) < 0)
        return -1;
    snprintf(text, sizeof text, "%ld", sysconf(_SC_PAGESIZE));
    return facts_add(run, "page_bytes", text);
}

static int add_build(struct run *run)
{
    if (facts_add(run, "heapmark", heapmark_version) < 0 ||
        facts_add(run, "libc", gnu_get_libc_version()) < 0 ||
        facts_add(run, "compiler", __VERSION__) < 0)
        return -1;
#ifdef __OPTIMIZE__
    return facts_add(run, "optimised", "yes");
#else
    return facts_add(run, "optimised", "no");
#endif
}

int facts_collect(struct run *run)
{
    if (add_system(run) < 0 || add_build(run) < 0)
        return -1;
    for (size_t i = 0; i < sizeof one_line_files / sizeof one_line_files[0]; i++)
        if (add_first_line(run, one_line_files[i].name, one_line_files[i].path) < 0)
            return -1;
    for (size_t i = 0; i < sizeof keyed_files / sizeof keyed_files[0]; i++)
        if (add_keyed_line(run, keyed_files[i].name, keyed_files[i].path, keyed_files[i].key) < 0)
            return -1;
    return 0;
}
