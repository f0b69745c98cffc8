/* Times of single calls as rows of text; see latency_rows.h. */
#include "latency_rows.h"

#include "units.h"

#include <stdio.h>

const char *const latency_titles[LATENCY_COLUMNS] = {
    "call",
    "timed",
#define X(name, title, share) title,
    LATENCY_PERCENTILES(X)
#undef X
        "max",
};

/* Three digits are more than a bucket holds. */
static void print_time(char *text, int64_t ps)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double value = (double)ps / 1e3;
    unsigned unit = 0;
    if (ps == MEASURE_NONE) {
        snprintf(text, TABLE_TEXT_BYTES, "n/a");
        return;
    }
    if (ps < 1000) {
        snprintf(text, TABLE_TEXT_BYTES, "<1 ns");
        return;
    }
    for (; value >= 999.5 && unit < 3; unit++)
        value /= 1e3;
    snprintf(text, TABLE_TEXT_BYTES, "%.*f %s", value < 9.95 && unit > 0 ? 1 : 0, value,
             units[unit]);
}

int latency_row_make(struct latency_row *row, const struct summary *summary,
                     const struct trial_key *cell, int kind, bool *any)
{
    struct latency_merged merged;
    int column = 0;
    if (latency_merge(&merged, summary, cell, kind, LATENCY_ANY) < 0)
        return -1;
    *any = merged.calls > 0;
    snprintf(row->column[column++], TABLE_TEXT_BYTES, "%s",
             kind == LATENCY_ANY ? "all" : latency_kind_name((unsigned)kind));
    units_print_count(row->column[column++], (double)merged.calls);
#define X(name, title, share) \
    print_time(row->column[column++], latency_percentile_ps(merged.bins, merged.count, share));
    LATENCY_PERCENTILES(X)
#undef X
    print_time(row->column[column], latency_merged_longest_ps(&merged));
    latency_merged_release(&merged);
    return 0;
}

char *latency_head(const struct summary *summary, size_t workload, char *text)
{
    const struct run *run = summary->run;
    const struct trial_record *trial = NULL;
    int64_t least_ps = INT64_MAX, most_ps = 0;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *other = &run->trials[i];
        if (other->key.workload != workload || other->key.pass != PASS_LATENCY ||
            other->status != STATUS_OK || other->latency_samples == MEASURE_NONE)
            continue;
        trial = other;
        least_ps = other->latency_timer_ps < least_ps ? other->latency_timer_ps : least_ps;
        most_ps = other->latency_timer_ps > most_ps ? other->latency_timer_ps : most_ps;
    }
    text[0] = '\0';
    if (trial == NULL)
        return text;
    char share[64] = "every call";
    if (trial->latency_gap > 1)
        snprintf(share, sizeof share, "one call in %lld", (long long)trial->latency_gap);
    char timer[64];
    snprintf(timer, sizeof timer, "%.0f", (double)least_ps / 1e3);
    if (most_ps - least_ps >= 1000)
        snprintf(timer, sizeof timer, "%.0f to %.0f", (double)least_ps / 1e3,
                 (double)most_ps / 1e3);
    snprintf(text, LATENCY_HEAD_BYTES,
             "time of single calls, %s (%s; the timer's %s ns are subtracted)",
             trial->latency_paced == 1 ? "open loop: from when each was due to its end"
                                       : "closed loop: from its start to its end",
             share, timer);
    return text;
}
