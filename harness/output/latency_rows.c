/* Times of single calls as rows of text; see latency_rows.h. */
#include "latency_rows.h"

#include "units.h"

#include <stdio.h>

/* A rate is kept where what was due is served in a hundredth more of the time. */
#define KEPT_UP            0.99
#define HELD_WORTH_TELLING 0.01

static const char *const titles[LATENCY_COLUMNS] = {
    "call",
    "timed",
#define X(name, title, share) title,
    LATENCY_PERCENTILES(X)
#undef X
        "max",
};

const char *latency_title(enum latency_group group, int column)
{
    return column == 0 && group == LATENCY_OF_REQUESTS ? "time" : titles[column];
}

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

static char *head_of_calls(const struct summary *summary, size_t workload, char *text)
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

char *latency_head(const struct summary *summary, size_t workload, enum latency_group group,
                   char *text)
{
    const struct trial_record *trial = latency_measured(summary, workload, group);
    text[0] = '\0';
    if (group == LATENCY_OF_CALLS)
        return head_of_calls(summary, workload, text);
    if (trial == NULL)
        return text;
    snprintf(
        text, LATENCY_HEAD_BYTES, "%s",
        trial->paced == 1
            ? "time of requests, open loop: from when each was due to its end (service: from "
              "its start; wake-up: how late the worker woke for it, in neither). The wall time "
              "is the schedule's: no speed follows from it"
            : "time of requests, closed loop: from its start to its end");
    return text;
}

char *latency_pace_text(const struct summary *summary, const struct trial_key *cell, char *text)
{
    struct latency_pace pace = latency_pace_kept(summary, cell);
    char waiting[UNITS_TEXT_BYTES], held[64] = "";
    text[0] = '\0';
    if (pace.trials == 0)
        return text;
    if (pace.held >= HELD_WORTH_TELLING)
        snprintf(held, sizeof held, ", %.0f %% of the time put off at the ends of laps",
                 100 * pace.held);
    snprintf(text, LATENCY_HEAD_BYTES, "%.*f %% of the rate, at most %s waiting%s%s",
             pace.kept < KEPT_UP ? 1 : 0, 100 * (pace.kept < 1 ? pace.kept : 1),
             units_print_count(waiting, (double)pace.backlog), held,
             pace.kept < KEPT_UP ? ": it could not keep up, and its times grow with the trial"
                                 : "");
    return text;
}
