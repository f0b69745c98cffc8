/* What the runner's counters have counted; see event_counts.h. */
#include "event_counts.h"

#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *reason(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return "the kernel does not lend them to users: sysctl kernel.perf_event_paranoid=2, or "
               "less, does";
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
    case EINVAL:
        return "this machine lends none (many virtual machines have none to lend)";
    case EBUSY:
        return "they are taken";
    default:
        return strerror(error);
    }
}

void event_counts_take(const struct trial_page *page, struct trial_record *record)
{
    static const char *const names[EVENT_COUNT] = {
#define X(name, unit, help) [EVENT_##name] = #name,
        PERF_MEASURES(X)
#undef X
    };
    int error[EVENT_COUNT], first = -1;
    int64_t count[EVENT_COUNT];
    for (int i = 0; i < EVENT_COUNT; i++) {
        error[i] = atomic_load_explicit(&page->event_error[i], memory_order_relaxed);
        count[i] = atomic_load_explicit(&page->event[i], memory_order_relaxed);
        if (error[i] != 0 && first < 0)
            first = i;
    }
#define X(name, unit, help) \
    record->name = error[EVENT_##name] == 0 ? count[EVENT_##name] : MEASURE_NONE;
    PERF_MEASURES(X)
#undef X
    if (first < 0 || record->detail[0] != '\0')
        return;
    message_set(record->detail, "counters not available here:");
    for (int i = first; i < EVENT_COUNT; i++)
        if (error[i] == error[first]) {
            size_t used = strlen(record->detail);
            snprintf(record->detail + used, sizeof record->detail - used, "%s %s",
                     i == first ? "" : ",", names[i] + strlen("perf_"));
        }
    size_t used = strlen(record->detail);
    snprintf(record->detail + used, sizeof record->detail - used, ": %s", reason(error[first]));
}
