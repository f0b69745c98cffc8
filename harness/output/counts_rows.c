/* Counts a call as rows of text; see counts_rows.h. */
#include "counts_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const titles[COUNTS_TABLES][COUNTS_COLUMNS_MAXIMUM + 1] = {
    [COUNTS_CALLGRIND] = {"instr",  "ratio",  "ns"    },
    [COUNTS_PERF] = { "instr", "cycles", "dTLB", "cache", "branch", "faults"},
};

const char *counts_heading(enum counts_table table)
{
    return table == COUNTS_CALLGRIND
               ? "instructions a call, counted under callgrind, their ratio to the reference, and "
                 "wall time a call beside"
               : "counts a call in the timed laps, user mode: instructions, cycles, misses of data "
                 "TLB, cache and branches, page faults";
}

const char *counts_title(enum counts_table table, unsigned column)
{
    return titles[table][column];
}

static bool is_of(const struct run *run, const struct trial_record *trial, size_t workload,
                  enum counts_table table)
{
    enum pass pass = table == COUNTS_CALLGRIND ? PASS_INSTRUCTIONS : PASS_TIMED;
    return trial->key.workload == workload && trial->key.pass == pass &&
           run->workloads[workload].kind != WORKLOAD_PROGRAM;
}

/* Every trial that counted events has at least this one, or says why not. */
static bool counted_events(const struct trial_record *trial)
{
    static const char refusal[] = "counters not available";
    return trial->perf_page_faults != MEASURE_NONE ||
           strncmp(trial->detail, refusal, sizeof refusal - 1) == 0;
}

bool counts_wanted(const struct summary *summary, size_t workload, enum counts_table table)
{
    const struct run *run = summary->run;
    for (size_t i = 0; i < run->trial_count; i++)
        if (is_of(run, &run->trials[i], workload, table) &&
            (table == COUNTS_CALLGRIND || counted_events(&run->trials[i])))
            return true;
    return false;
}

const char *counts_reason(const struct summary *summary, size_t workload, enum counts_table table,
                          bool *nothing)
{
    const struct run *run = summary->run;
    const char *reason = NULL;
    *nothing = true;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *trial = &run->trials[i];
        if (!is_of(run, trial, workload, table))
            continue;
        bool counted = table == COUNTS_CALLGRIND ? trial->instructions != MEASURE_NONE
                                                 : trial->perf_page_faults != MEASURE_NONE;
        *nothing = *nothing && !counted;
        if (reason == NULL && trial->detail[0] != '\0')
            reason = trial->detail;
    }
    return reason;
}

static double value_of(const struct summary *summary, const struct trial_key *key,
                       enum counts_table table, unsigned column)
{
    const struct summary_cell *cell = summary_cell(summary, key->workload, key->allocator);
    const struct summary_cell *reference =
        summary_cell(summary, key->workload, (size_t)summary->reference);
    double instructions = cell->instructions_per_operation.value;
    const double callgrind[] = {instructions,
                                instructions / reference->instructions_per_operation.value,
                                cell->ns_per_operation.value};
    const double perf[] = {cell->instructions_counted.value, cell->cycles.value,
                           cell->dtlb_misses.value,          cell->cache_misses.value,
                           cell->branch_misses.value,        cell->page_faults.value};
    return table == COUNTS_CALLGRIND ? callgrind[column] : perf[column];
}

char *counts_text(const struct summary *summary, const struct trial_key *cell,
                  enum counts_table table, unsigned column, char *text)
{
    double value = value_of(summary, cell, table, column);
    bool fine = strcmp(titles[table][column], "ns") != 0 && fabs(value) < 10;
    if (!isfinite(value))
        snprintf(text, TABLE_TEXT_BYTES, "n/a");
    else
        snprintf(text, TABLE_TEXT_BYTES, fine ? "%.4f" : "%.2f", value);
    return text;
}
