/* What of a machine disturbs: over trees of /proc and /sys made up for each case. */
#include "machine.h"
#include "machine_file.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CPU "/sys/devices/system/cpu"

static char root[256];
static struct findings findings;

static int set_up(void **state)
{
    (void)state;
    const char *place = getenv("TMP");
    snprintf(root, sizeof root, "%s/machine-XXXXXX", place != NULL ? place : "/tmp");
    findings.count = 0;
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *path, const char *text)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(whole, 0777);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void assert_finding(const char *name, enum severity severity, const char *words)
{
    const struct finding *finding = findings_find(&findings, name);
    if (finding == NULL)
        fail_msg("nothing was found of %s", name);
    if (finding->severity != severity || strstr(finding->found, words) == NULL)
        fail_msg("%s is %s: %s", name, severity_word(finding->severity), finding->found);
    assert_true((finding->severity == SEVERITY_OK) == (finding->effect == NULL));
    assert_true((finding->severity == SEVERITY_OK) == (finding->mend[0] == '\0'));
}

/* Looks anew. */
static void look(void (*part)(struct findings *, const char *))
{
    findings.count = 0;
    part(&findings, root);
}

static void an_empty_tree_makes_no_claims(void **state)
{
    (void)state;
    struct machine_place place = {root, root};
    findings.count = 0;
    machine_look(&findings, &place);
    assert_int_equal(findings_count(&findings, SEVERITY_WARNING), 0);
    assert_null(findings_find(&findings, "cpus"));
    assert_null(findings_find(&findings, "load"));
    assert_null(findings_find(&findings, "memory"));
    assert_finding("governor", SEVERITY_NOTE, "not visible");
    struct machine_ticks ticks;
    assert_int_equal(machine_read_ticks(&ticks, root), -1);
}

static void cpus_are_those_that_we_may_use(void **state)
{
    (void)state;
    put("/proc/self/status", "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,8-9\n");
    put(CPU "/online", "0-15\n");
    put(CPU "/isolated", "8-9\n");
    look(machine_cpus);
    assert_finding("cpus", SEVERITY_OK, "6 of 16 online are ours (0-3,8-9), isolated: 8-9");
    put("/proc/self/status", "Cpus_allowed_list:\t5\n");
    look(machine_cpus);
    assert_finding("cpus", SEVERITY_WARNING, "1 of 16");
}

static void governors_of_all_cpus_count(void **state)
{
    (void)state;
    put(CPU "/possible", "0-2\n");
    put(CPU "/cpu0/cpufreq/scaling_governor", "performance\n");
    put(CPU "/cpu0/cpufreq/scaling_driver", "acpi-cpufreq\n");
    put(CPU "/cpu1/cpufreq/scaling_governor", "performance\n");
    look(machine_cpus);
    assert_finding("governor", SEVERITY_OK, "performance, driver acpi-cpufreq");
    put(CPU "/cpu2/cpufreq/scaling_governor", "ondemand\n");
    look(machine_cpus);
    assert_finding("governor", SEVERITY_WARNING, "performance");
    put(CPU "/possible", "0\n");
    put(CPU "/cpu0/cpufreq/scaling_governor", "powersave\n");
    look(machine_cpus);
    assert_finding("governor", SEVERITY_WARNING, "powersave");
    /* The same word of a driver that leaves the clock to the hardware. */
    put(CPU "/cpu0/cpufreq/scaling_driver", "intel_pstate\n");
    look(machine_cpus);
    assert_finding("governor", SEVERITY_NOTE, "powersave, driver intel_pstate");
}

static void turbo_and_siblings(void **state)
{
    (void)state;
    look(machine_cpus);
    assert_finding("turbo", SEVERITY_OK, "not visible");
    put(CPU "/cpufreq/boost", "1\n");
    put(CPU "/smt/active", "1\n");
    look(machine_cpus);
    assert_finding("turbo", SEVERITY_NOTE, "on");
    assert_finding("smt", SEVERITY_NOTE, "on");
    put(CPU "/intel_pstate/no_turbo", "1\n");
    put(CPU "/smt/active", "0\n");
    look(machine_cpus);
    assert_finding("turbo", SEVERITY_OK, "off");
    assert_finding("smt", SEVERITY_OK, "off");
}

static void pages_and_layout(void **state)
{
    (void)state;
    put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    put("/proc/sys/kernel/randomize_va_space", "2\n");
    put("/proc/sys/vm/overcommit_memory", "1\n");
    look(machine_memory);
    assert_finding("thp", SEVERITY_OK, "madvise");
    assert_finding("aslr", SEVERITY_OK, "on");
    assert_finding("overcommit", SEVERITY_OK, "always");
    put("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
    put("/proc/sys/kernel/randomize_va_space", "0\n");
    put("/proc/sys/vm/overcommit_memory", "2\n");
    look(machine_memory);
    assert_finding("thp", SEVERITY_NOTE, "always");
    assert_finding("aslr", SEVERITY_NOTE, "off");
    assert_finding("overcommit", SEVERITY_WARNING, "never");
    /* What no kernel writes is not understood, and nothing is claimed. */
    put("/sys/kernel/mm/transparent_hugepage/enabled", "always\n");
    put("/proc/sys/kernel/randomize_va_space", "7\n");
    put("/proc/sys/vm/overcommit_memory", "x\n");
    look(machine_memory);
    assert_int_equal(findings.count, 0);
}

static void put_memory(const char *available, const char *swap_free)
{
    char text[256];
    snprintf(text, sizeof text,
             "MemTotal:       16000000 kB\nMemFree:  1 kB\nMemAvailable:   %s kB\n"
             "SwapTotal:       2000000 kB\nSwapFree:        %s kB\n",
             available, swap_free);
    put("/proc/meminfo", text);
    look(machine_memory);
}

static void memory_and_swap(void **state)
{
    (void)state;
    put_memory("8000000", "2000000");
    assert_finding("memory", SEVERITY_OK, "available");
    assert_finding("swap", SEVERITY_OK, "0 B of");
    put_memory("1500000", "1999000");
    assert_finding("memory", SEVERITY_NOTE, "1.43 GiB of 15.3 GiB");
    assert_finding("swap", SEVERITY_NOTE, "in use");
    put_memory("300000", "1000000");
    assert_finding("memory", SEVERITY_WARNING, "293 MiB");
    assert_finding("swap", SEVERITY_WARNING, "977 MiB of 1.91 GiB");
    put("/proc/meminfo", "MemTotal: 16000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    look(machine_memory);
    assert_finding("swap", SEVERITY_OK, "none");
}

static void limits_of_every_group_above_us(void **state)
{
    (void)state;
    put("/proc/self/status", "Cpus_allowed_list:\t0-7\n");
    put("/proc/meminfo", "MemTotal: 16777216 kB\n");
    put("/proc/self/cgroup", "0::/user.slice/run-1.scope\n");
    put("/sys/fs/cgroup/user.slice/run-1.scope/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/user.slice/run-1.scope/memory.max", "max\n");
    look(machine_limits);
    assert_finding("cpu-quota", SEVERITY_OK, "none");
    assert_finding("memory-limit", SEVERITY_OK, "none");
    put("/sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
    put("/sys/fs/cgroup/user.slice/cpu.stat", "usage_usec 5\nnr_periods 20\nnr_throttled 12\n");
    put("/sys/fs/cgroup/user.slice/memory.max", "4294967296\n");
    look(machine_limits);
    assert_finding("cpu-quota", SEVERITY_WARNING, "1.50 CPUs, reached in 12 periods");
    assert_finding("memory-limit", SEVERITY_NOTE, "4.00 GiB");
    /* A quota that all our CPUs together cannot use up, and a limit beyond all memory. */
    put("/sys/fs/cgroup/user.slice/cpu.max", "800000 100000\n");
    put("/sys/fs/cgroup/user.slice/memory.max", "34359738368\n");
    look(machine_limits);
    assert_finding("cpu-quota", SEVERITY_OK, "8.00 CPUs");
    assert_finding("memory-limit", SEVERITY_OK, "none");
}

static void limits_of_version_1_and_in_a_container(void **state)
{
    (void)state;
    put("/proc/self/status", "Cpus_allowed_list:\t0-3\n");
    /* The paths are the host's; what is mounted here is our own group alone. */
    put("/proc/self/cgroup", "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
    look(machine_limits);
    assert_finding("cpu-quota", SEVERITY_WARNING, "0.50 CPUs");
    assert_finding("memory-limit", SEVERITY_WARNING, "512 MiB");
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    look(machine_limits);
    assert_finding("cpu-quota", SEVERITY_OK, "none");
    assert_finding("memory-limit", SEVERITY_OK, "none");
}

static void load_and_pressure(void **state)
{
    (void)state;
    put(CPU "/online", "0-3\n");
    put("/proc/loadavg", "0.50 0.40 0.30 1/200 999\n");
    put("/proc/pressure/cpu", "some avg10=0.50 avg60=0.00 avg300=0.00 total=1\n");
    put("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
                                 "full avg10=9.00 avg60=0.00 avg300=0.00 total=0\n");
    look(machine_load);
    assert_finding("load", SEVERITY_OK, "0.50 over the last minute, on 4 CPUs");
    assert_finding("cpu-pressure", SEVERITY_OK, "0.5 %");
    assert_finding("memory-pressure", SEVERITY_OK, "0.0 %");
    assert_null(findings_find(&findings, "io-pressure"));
    put("/proc/loadavg", "2.00 0.40 0.30 1/200 999\n");
    put("/proc/pressure/cpu", "some avg10=5.00 avg60=0.00 avg300=0.00 total=1\n");
    put("/proc/pressure/memory", "some avg10=1.50 avg60=0.00 avg300=0.00 total=0\n");
    put("/proc/pressure/io", "some avg10=60.00 avg60=0.00 avg300=0.00 total=0\n");
    look(machine_load);
    assert_finding("load", SEVERITY_NOTE, "2.00");
    assert_finding("cpu-pressure", SEVERITY_NOTE, "5.0 %");
    assert_finding("memory-pressure", SEVERITY_WARNING, "1.5 %");
    assert_finding("io-pressure", SEVERITY_NOTE, "60.0 %");
    put("/proc/loadavg", "4.10 0.40 0.30 1/200 999\n");
    put("/proc/pressure/cpu", "some avg10=50.00 avg60=0.00 avg300=0.00 total=1\n");
    look(machine_load);
    assert_finding("load", SEVERITY_WARNING, "4.10");
    assert_finding("cpu-pressure", SEVERITY_WARNING, "50.0 %");
}

static void steal_and_neighbours(void **state)
{
    (void)state;
    struct machine_ticks before, after;
    put("/proc/stat", "cpu  1000 10 200 8000 50 5 5 30 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
    look(machine_load);
    assert_finding("steal", SEVERITY_NOTE, "0.32 %");
    assert_int_equal(machine_read_ticks(&before, root), 0);
    assert_int_equal(before.busy, 1220);
    assert_int_equal(before.all, 9300);
    put("/proc/stat", "cpu  1025 10 205 8030 50 5 5 30 0 0\n");
    assert_int_equal(machine_read_ticks(&after, root), 0);
    /* 60 ticks on all CPUs, 30 busy of which 28 were ours. */
    findings.count = 0;
    machine_neighbours(&findings, &before, &after, 280000000);
    assert_finding("neighbours", SEVERITY_OK, "others took 3 %");
    findings.count = 0;
    machine_neighbours(&findings, &before, &after, 20000000);
    assert_finding("neighbours", SEVERITY_WARNING, "others took 47 %");
    put("/proc/stat", "cpu  1025 10 205 8026 50 5 5 34 0 0\n");
    assert_int_equal(machine_read_ticks(&after, root), 0);
    findings.count = 0;
    machine_neighbours(&findings, &before, &after, 300000000);
    assert_finding("neighbours", SEVERITY_NOTE, "stolen 7 %");
}

static void guests_and_containers(void **state)
{
    (void)state;
    put("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu tsc constant_tsc nonstop_tsc\n");
    look(machine_kind);
    assert_finding("virtual", SEVERITY_OK, "no hypervisor");
    assert_finding("container", SEVERITY_OK, "none");
    put("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu tsc hypervisor lm\n");
    put("/sys/class/dmi/id/sys_vendor", "QEMU\n");
    put("/run/.containerenv", "");
    look(machine_kind);
    assert_finding("virtual", SEVERITY_NOTE, "QEMU");
    assert_finding("container", SEVERITY_OK, "podman");
}

static void clocks(void **state)
{
    (void)state;
    static const char source[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    put(source, "tsc\n");
    put("/proc/cpuinfo", "flags\t\t: fpu constant_tsc nonstop_tsc\n");
    look(machine_clock);
    assert_finding("clocksource", SEVERITY_OK, "tsc");
#if defined(__x86_64__)
    assert_finding("tsc", SEVERITY_OK, "invariant");
#endif
    put(source, "hpet\n");
    put("/proc/cpuinfo", "flags\t\t: fpu constant_tsc_of_another_name\n");
    look(machine_clock);
    assert_finding("clocksource", SEVERITY_WARNING, "hpet");
#if defined(__x86_64__)
    assert_finding("tsc", SEVERITY_NOTE, "follows the clock");
#endif
    findings.count = 0;
    machine_timers(&findings, &(struct machine_timers){900, NAN, 100});
    assert_finding("timer", SEVERITY_WARNING, "900.0 ns");
    assert_null(findings_find(&findings, "rdtsc"));
}

static void this_machine_can_be_measured(void **state)
{
    (void)state;
    struct machine_timers timers;
    struct machine_place here = {"", root};
    machine_time_timers(&timers);
    assert_true(timers.clock_ns > 0 && timers.clock_ns < 1e6);
    assert_true(timers.step_ns > 0);
    findings.count = 0;
    machine_look(&findings, &here);
    machine_measure(&findings, &here);
    static const char *const names[] = {"cpus",  "load",  "memory",   "disk",
                                        "timer", "steal", "counters", "clocksource"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_non_null(findings_find(&findings, names[i]));
    findings.count = 0;
    machine_disk(&findings, "/nowhere/at/all");
    assert_finding("disk", SEVERITY_WARNING, "/nowhere");
}

static void lists_and_judgements(void **state)
{
    (void)state;
    assert_int_equal(machine_parse_list("").count, 0);
    assert_int_equal(machine_parse_list("3").last, 3);
    assert_int_equal(machine_parse_list("0-3,5,7-8\n").count, 7);
    assert_int_equal(machine_parse_list("5-2").count, 0);
    assert_int_equal(machine_parse_list("0-99999999999999999999").count, 0);
    findings.count = 0;
    struct finding *finding = finding_add(&findings, "x", "%s", "with\x1b[31m colours");
    assert_null(strchr(finding->found, '\x1b'));
    finding_judge(finding, SEVERITY_WARNING, "first", "mend");
    finding_judge(finding, SEVERITY_NOTE, "second", "other");
    assert_string_equal(finding->effect, "first");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_tree_makes_no_claims),
        TEST(cpus_are_those_that_we_may_use),
        TEST(governors_of_all_cpus_count),
        TEST(turbo_and_siblings),
        TEST(pages_and_layout),
        TEST(memory_and_swap),
        TEST(limits_of_every_group_above_us),
        TEST(limits_of_version_1_and_in_a_container),
        TEST(load_and_pressure),
        TEST(steal_and_neighbours),
        TEST(guests_and_containers),
        TEST(clocks),
        TEST(this_machine_can_be_measured),
        TEST(lists_and_judgements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
