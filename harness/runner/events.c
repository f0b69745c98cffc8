/* Counters of the processor and the kernel; see events.h. */
#include "events.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CACHE_MISS(which) \
    ((uint64_t)(which) | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

static const struct {
    uint32_t type;
    uint64_t config;
} kinds[EVENT_COUNT] = {
    [EVENT_perf_instructions] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS          },
    [EVENT_perf_cycles] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES            },
    [EVENT_perf_dtlb_misses] = {PERF_TYPE_HW_CACHE, CACHE_MISS(PERF_COUNT_HW_CACHE_DTLB)},
    [EVENT_perf_cache_misses] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES          },
    [EVENT_perf_branch_misses] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES         },
    [EVENT_perf_page_faults] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS           },
};

void events_open(struct events *events, struct trial_page *page)
{
    for (int i = 0; i < EVENT_COUNT; i++) {
        struct perf_event_attr attributes = {
            .type = kinds[i].type,
            .size = sizeof attributes,
            .config = kinds[i].config,
            .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
            .disabled = 1,
            .exclude_kernel = 1, /* all that perf_event_paranoid = 2 lets a user count */
            .exclude_hv = 1,
        };
        events->file[i] =
            (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
        if (events->file[i] < 0)
            atomic_store_explicit(&page->event_error[i], errno, memory_order_relaxed);
    }
}

void events_start(void)
{
    prctl(PR_TASK_PERF_EVENTS_ENABLE);
}

void events_stop(void)
{
    prctl(PR_TASK_PERF_EVENTS_DISABLE);
}

void events_close(struct events *events, struct trial_page *page)
{
    for (int i = 0; i < EVENT_COUNT; i++) {
        struct {
            uint64_t count, enabled_ns, running_ns;
        } seen = {0};
        if (events->file[i] < 0)
            continue;
        ssize_t got = read(events->file[i], &seen, sizeof seen);
        close(events->file[i]);
        events->file[i] = -1;
        /* More events than the processor has counters take turns: the count is of the turns. */
        if (got == (ssize_t)sizeof seen && seen.running_ns > 0)
            atomic_fetch_add_explicit(&page->event[i],
                                      (int64_t)((double)seen.count * (double)seen.enabled_ns /
                                                (double)seen.running_ns),
                                      memory_order_relaxed);
        else if (got != (ssize_t)sizeof seen || seen.enabled_ns > 0) /* never had its turn */
            atomic_store_explicit(&page->event_error[i], EBUSY, memory_order_relaxed);
    }
}
