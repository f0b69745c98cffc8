/* Figures as people read them, and the order of rows; see table.h. */
#include "table.h"

#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct table_heading table_headings[COLUMN_COUNT] = {
#define X(name, title, upper, lower, width, help) \
    [COLUMN_##name] = {title, upper, lower, help, width},
    TABLE_COLUMNS(X)
#undef X
};

struct table_heading table_heading_for(enum table_column column, enum workload_kind kind)
{
    static const struct table_heading whole = {"time", "", "time", "wall time of the program", 7};
    return column == COLUMN_RATE && kind == WORKLOAD_PROGRAM ? whole : table_headings[column];
}

_Static_assert((int)TABLE_TEXT_BYTES >= (int)UNITS_TEXT_BYTES, "units print into cells");

#define NS_PER_S 1e9

static char *absent(char *text)
{
    snprintf(text, TABLE_TEXT_BYTES, "n/a");
    return text;
}

/* Beyond this no figure of ours means anything, and the conversion to an integer would not. */
static bool fits_integer(double value)
{
    return fabs(value) < 9e18;
}

static char *print_bytes(const struct estimate *estimate, char *text)
{
    return fits_integer(estimate->value) ? units_print_bytes(text, llround(estimate->value))
                                         : absent(text);
}

static char *print_plain_ratio(const struct estimate *estimate, char *text)
{
    if (!isfinite(estimate->value))
        return absent(text);
    snprintf(text, TABLE_TEXT_BYTES, fabs(estimate->value) < 99.95 ? "%.2f" : "%.3g",
             estimate->value);
    return text;
}

static char *print_count(const struct estimate *estimate, char *text)
{
    enum { EXACT_UP_TO = 99999 };
    if (!isfinite(estimate->value))
        return absent(text);
    if (fabs(estimate->value) > EXACT_UP_TO)
        return units_print_count(text, estimate->value);
    snprintf(text, TABLE_TEXT_BYTES, "%.0f", estimate->value);
    return text;
}

static char *print_rate(const struct summary *summary, size_t workload, size_t allocator,
                        char *text)
{
    const struct summary_cell *cell = summary_cell(summary, workload, allocator);
    if (summary->run->workloads[workload].kind == WORKLOAD_PROGRAM)
        return fits_integer(cell->wall.value * NS_PER_S)
                   ? units_print_duration(text, llround(cell->wall.value * NS_PER_S))
                   : absent(text);
    return isfinite(cell->throughput.value) ? units_print_count(text, cell->throughput.value)
                                            : absent(text);
}

static int decimals(double value)
{
    return fabs(value) < 9.9995 ? 3 : fabs(value) < 99.95 ? 1 : 0;
}

char *table_ratio(const struct estimate *estimate, char *text)
{
    if (!isfinite(estimate->value))
        return absent(text);
    int places = decimals(isfinite(estimate->high) ? estimate->high : estimate->value);
    if (isfinite(estimate->low) && isfinite(estimate->high))
        snprintf(text, TABLE_TEXT_BYTES, "%.*f [%.*f, %.*f]", places, estimate->value, places,
                 estimate->low, places, estimate->high);
    else
        snprintf(text, TABLE_TEXT_BYTES, "%.*f (n=%zu)", places, estimate->value, estimate->count);
    return text;
}

static char *print_versus(const struct summary *summary, size_t workload, size_t allocator,
                          char *text)
{
    if ((int)allocator != summary->reference)
        return table_ratio(&summary_cell(summary, workload, allocator)->speed, text);
    snprintf(text, TABLE_TEXT_BYTES, "reference");
    return text;
}

char *table_text(const struct summary *summary, size_t workload, size_t allocator,
                 enum table_column column, char *text)
{
    const struct summary_cell *cell = summary_cell(summary, workload, allocator);
    switch (column) {
    case COLUMN_RATE:
        return print_rate(summary, workload, allocator, text);
    case COLUMN_VERSUS:
        return print_versus(summary, workload, allocator, text);
    case COLUMN_PEAK_RSS:
        return print_bytes(&cell->peak_rss, text);
    case COLUMN_BLOW_UP:
        return print_plain_ratio(&cell->blow_up, text);
    case COLUMN_GROWS:
        return print_plain_ratio(&cell->blow_up_growth, text);
    case COLUMN_AT_PEAK:
        return print_plain_ratio(&cell->overhead_at_peak, text);
    case COLUMN_MEAN:
        return print_plain_ratio(&cell->mean_overhead, text);
    case COLUMN_INTERNAL:
        return print_plain_ratio(&cell->internal_fragmentation, text);
    case COLUMN_EXTERNAL:
        return print_plain_ratio(&cell->external_fragmentation, text);
    case COLUMN_RETAINED:
        return print_bytes(&cell->retained, text);
    case COLUMN_SETTLED:
        return print_bytes(&cell->retained_settled, text);
    case COLUMN_FAULTS:
        return print_count(&cell->minor_faults, text);
    case COLUMN_CALLS:
        return print_count(&cell->syscalls, text);
    case COLUMN_COUNT:
        break;
    }
    return absent(text);
}

/* The operations of any trial that was measured: all do the same work. */
static int64_t operations_of(const struct summary *summary, size_t workload)
{
    const struct run *run = summary->run;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *trial = &run->trials[i];
        if (trial->key.workload == workload && trial->key.pass == PASS_TIMED &&
            trial->status == STATUS_OK && trial->operations > 0)
            return trial->operations;
    }
    return MEASURE_NONE;
}

char *table_work(const struct summary *summary, size_t workload, char *text)
{
    const struct workload_spec *spec = &summary->run->workloads[workload];
    char operations[UNITS_TEXT_BYTES] = "";
    int64_t count = operations_of(summary, workload);
    if (count != MEASURE_NONE)
        units_print_count(operations, (double)count);
    const char *blocks = spec->blocks == 1 ? "" : "s";
    if (spec->kind == WORKLOAD_PROGRAM)
        snprintf(text, TABLE_WORK_BYTES, "%u block%s, whole program", spec->blocks, blocks);
    else
        snprintf(text, TABLE_WORK_BYTES, "%u block%s, %s%s%u thread%s", spec->blocks, blocks,
                 operations, count != MEASURE_NONE ? " calls a trial, " : "", spec->threads,
                 spec->threads == 1 ? "" : "s");
    return text;
}

char *table_params(const struct workload_spec *workload)
{
    bool renamed = strcmp(workload->name, workload->label) != 0;
    char *text = malloc(strlen(workload->name) + 2 * strlen(workload->params) + sizeof ": ");
    char *to = text;
    if (text == NULL)
        return NULL;
    if (renamed)
        to = stpcpy(stpcpy(to, workload->name), workload->params[0] != '\0' ? ": " : "");
    for (const char *c = workload->params; *c != '\0'; c++) {
        *to++ = *c;
        if (*c == ',')
            *to++ = ' ';
    }
    *to = '\0';
    return text;
}

bool table_has_figures(const struct summary_cell *cell)
{
    return cell->status == STATUS_OK;
}

char *table_status(const struct summary_cell *cell, char *text)
{
    const char *name = trial_status_name(cell->status);
    if (cell->status_pass != PASS_TIMED)
        snprintf(text, TABLE_TEXT_BYTES, "%s (%s pass)", name, pass_name(cell->status_pass));
    else if (cell->ok > 0)
        snprintf(text, TABLE_TEXT_BYTES, "%s (%zu of %zu trials were ok)", name, cell->ok,
                 cell->planned);
    else
        snprintf(text, TABLE_TEXT_BYTES, "%s", name);
    return text;
}

/* What a row is sorted by: a class, then speed downwards, then the order of the run. */
struct place {
    int class;
    double speed;
    size_t allocator;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    if (a->class != b->class)
        return (a->class > b->class) - (a->class < b->class);
    if (a->speed != b->speed)
        return (a->speed < b->speed) - (a->speed > b->speed);
    return (a->allocator > b->allocator) - (a->allocator < b->allocator);
}

static void put_in_order(struct place *places, size_t count, size_t *order)
{
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count; i++)
        order[i] = places[i].allocator;
}

size_t table_order(const struct summary *summary, size_t workload, size_t *order)
{
    size_t allocators = summary->run->allocator_count, count = 0;
    struct place *places = calloc(allocators + 1, sizeof *places);
    for (size_t a = 0; a < allocators; a++) {
        const struct summary_cell *cell = summary_cell(summary, workload, a);
        if (cell->planned == 0)
            continue;
        if (places == NULL) { /* no memory to sort with: the order of the run */
            order[count++] = a;
            continue;
        }
        double speed = isnan(cell->speed.value) ? 0 : cell->speed.value;
        places[count++] = (struct place){table_has_figures(cell) ? 0 : 1, speed, a};
    }
    if (places != NULL)
        put_in_order(places, count, order);
    free(places);
    return count;
}

void table_order_means(const struct summary *summary, size_t *order)
{
    size_t allocators = summary->run->allocator_count;
    struct place *places = calloc(allocators + 1, sizeof *places);
    for (size_t a = 0; a < allocators; a++) {
        const struct summary_mean *mean = &summary->mean[a];
        order[a] = a;
        if (places == NULL)
            continue;
        double speed = isnan(mean->speed.value) ? 0 : mean->speed.value;
        int class = mean->workloads == 0 ? 2 : mean->workloads < summary->mean_workloads ? 1 : 0;
        places[a] = (struct place){class, speed, a};
    }
    if (places != NULL)
        put_in_order(places, allocators, order);
    free(places);
}

char *table_disturbed(const struct summary_cell *cell, char *text)
{
    int used =
        snprintf(text, TABLE_DISTURBED_BYTES, "%zu of %zu trials (", cell->disturbed, cell->ok);
    const char *separator = "";
    for (unsigned i = 0; i < DISTURBANCE_COUNT; i++) {
        if (cell->disturbed_by[i] == 0)
            continue;
        used += snprintf(text + used, TABLE_DISTURBED_BYTES - (size_t)used, "%s%s %zu", separator,
                         disturbance_word((enum disturbance)i), cell->disturbed_by[i]);
        separator = ", ";
    }
    snprintf(text + used, TABLE_DISTURBED_BYTES - (size_t)used, ")");
    return text;
}
