/* The clock that trials are timed by, and what reading it costs. */
#include "machine.h"

#include "clock.h"
#include "machine_file.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#define HAS_COUNTER 1
#else
#define HAS_COUNTER 0
#endif

enum {
    ROUNDS = 100,          /* the quickest counts: what disturbs only ever adds */
    READINGS = 10000,      /* in a round */
    SLOW_READING_NS = 200, /* without vDSO a reading is a system call */
};

static const char slow_effect[] =
    "a reading takes a system call or more: short laps and latencies suffer";
static const char slow_mend[] = "boot with clocksource=tsc, or echo tsc > "
                                "/sys/devices/system/clocksource/clocksource0/current_clocksource";

void machine_clock(struct findings *findings, const char *root)
{
    static const char *const slow[] = {"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"};
    char source[MACHINE_TEXT_BYTES];
    if (machine_line(source, root,
                     "/sys/devices/system/clocksource/clocksource0/current_clocksource")) {
        struct finding *finding = finding_add(findings, "clocksource", "%.60s", source);
        for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++)
            if (strcmp(source, slow[i]) == 0)
                finding_judge(finding, SEVERITY_WARNING, slow_effect, slow_mend);
    }
    if (!HAS_COUNTER)
        return;
    bool constant = machine_has_word(root, "/proc/cpuinfo", "flags", "constant_tsc");
    bool nonstop = machine_has_word(root, "/proc/cpuinfo", "flags", "nonstop_tsc");
    struct finding *finding = finding_add(findings, "tsc", "%s",
                                          !constant  ? "follows the clock frequency"
                                          : !nonstop ? "stops in deep sleep"
                                                     : "invariant");
    if (!constant || !nonstop)
        finding_judge(
            finding, SEVERITY_NOTE, "times taken by rdtsc may be wrong (--latency)",
            "on a guest ask for the host's CPU model; else nothing: other times are right");
}

static double time_clock(void)
{
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC), ended_ns = begun_ns;
    for (int i = 0; i < READINGS; i++)
        ended_ns = clock_ns(CLOCK_MONOTONIC);
    return (double)(ended_ns - begun_ns) / READINGS;
}

static double time_counter(void)
{
#if HAS_COUNTER
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    uint64_t sum = 0;
    for (int i = 0; i < READINGS; i++)
        sum += __rdtsc();
    /* Keeps the readings. */
    __asm__ volatile("" : : "r"(sum));
    return (double)(clock_ns(CLOCK_MONOTONIC) - begun_ns) / READINGS;
#else
    return NAN;
#endif
}

static double smallest_step(void)
{
    int64_t smallest = INT64_MAX, last = clock_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < READINGS; i++) {
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        if (now > last && now - last < smallest)
            smallest = now - last;
        last = now;
    }
    return (double)smallest;
}

void machine_time_timers(struct machine_timers *timers)
{
    *timers = (struct machine_timers){HUGE_VAL, HUGE_VAL, smallest_step()};
    for (int i = 0; i < ROUNDS; i++) {
        double counter_ns = time_counter();
        timers->clock_ns = fmin(timers->clock_ns, time_clock());
        timers->counter_ns = isnan(counter_ns) ? NAN : fmin(timers->counter_ns, counter_ns);
    }
}

void machine_timers(struct findings *findings, const struct machine_timers *timers)
{
    struct finding *finding =
        finding_add(findings, "timer",
                    "clock_gettime takes %.1f ns, its smallest step seen is %.0f ns",
                    timers->clock_ns, timers->step_ns);
    if (timers->clock_ns > SLOW_READING_NS)
        finding_judge(finding, SEVERITY_WARNING, slow_effect, slow_mend);
    if (!isnan(timers->counter_ns))
        finding_add(findings, "rdtsc", "takes %.1f ns", timers->counter_ns);
}
