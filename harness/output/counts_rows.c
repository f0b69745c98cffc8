/* Counts a call as rows of text; see counts_rows.h. */
#include "counts_rows.h"

#include <math.h>
#include <stdio.h>

const char *const counts_titles[COUNTS_COLUMN_COUNT] = {
#define X(name, title, help) title,
    COUNTS_COLUMNS(X)
#undef X
};

/* The first trial of the pass that was run, OK or not; NULL: none was planned. */
static const struct trial_record *find_trial(const struct summary *summary, size_t workload)
{
    const struct run *run = summary->run;
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].key.workload == workload && run->trials[i].key.pass == PASS_INSTRUCTIONS)
            return &run->trials[i];
    return NULL;
}

bool counts_wanted(const struct summary *summary, size_t workload)
{
    return find_trial(summary, workload) != NULL;
}

const char *counts_reason(const struct summary *summary, size_t workload)
{
    const struct trial_record *trial = find_trial(summary, workload);
    return trial != NULL && trial->status == STATUS_SKIPPED ? trial->detail : NULL;
}

char *counts_text(const struct summary *summary, size_t workload, size_t allocator,
                  enum counts_column column, char *text)
{
    const struct summary_cell *cell = summary_cell(summary, workload, allocator);
    const struct summary_cell *reference =
        summary_cell(summary, workload, (size_t)summary->reference);
    double value = column == COUNTS_INSTRUCTIONS ? cell->instructions_per_operation.value
                   : column == COUNTS_TIME       ? cell->ns_per_operation.value
                                                 : cell->instructions_per_operation.value /
                                                 reference->instructions_per_operation.value;
    if (!isfinite(value))
        snprintf(text, TABLE_TEXT_BYTES, "n/a");
    else
        snprintf(text, TABLE_TEXT_BYTES, column == COUNTS_RATIO ? "%.4f" : "%.2f", value);
    return text;
}
