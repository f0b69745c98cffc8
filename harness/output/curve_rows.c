/* Figures of a sweep; see curve_rows.h. */
#include "curve_rows.h"

#include "units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const titles[CURVE_TABLES] = {
    [CURVE_COST] = "ns a call, of a thread",
    [CURVE_RATE] = "calls/s, of all threads",
    [CURVE_GROWTH] = "peak RSS growth",
    [CURVE_BLOW_UP] = "blow-up: peak RSS growth / peak live bytes",
};

static const struct estimate *pick(const struct summary *summary, const struct curve *curve,
                                   enum curve_table table, size_t allocator, size_t point)
{
    const struct summary_cell *cell =
        summary_cell(summary, curve->points[point].workload, allocator);
    switch (table) {
    case CURVE_COST:
        return &cell->ns_per_operation;
    case CURVE_RATE:
        return &cell->throughput;
    case CURVE_GROWTH:
        return &cell->peak_growth;
    default:
        return &cell->blow_up;
    }
}

bool curve_table_wanted(const struct summary *summary, const struct curve *curve,
                        enum curve_table table)
{
    if (table == CURVE_RATE && !curve->threads)
        return false;
    for (size_t a = 0; a < summary->run->allocator_count; a++)
        for (size_t i = 0; i < curve->count; i++)
            if (isfinite(pick(summary, curve, table, a, i)->value))
                return true;
    return false;
}

const char *curve_table_head(const struct curve *curve, enum curve_table table, char *head)
{
    bool fixed = curve->fixed[0] != '\0';
    snprintf(head, CURVE_HEAD_BYTES, "%.60s by %.40s%s%.100s%s: %s", curve->name, curve->param,
             fixed ? " (" : "", curve->fixed, fixed ? ")" : "", titles[table]);
    return head;
}

/* Three digits, and how far the interval reaches at most. */
static void print_cost(char *text, const struct estimate *estimate)
{
    double value = estimate->value;
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    int length = snprintf(text, CURVE_CELL_BYTES, "%.*f", decimals, value);
    if (isfinite(estimate->low) && isfinite(estimate->high) && length > 0)
        snprintf(text + length, CURVE_CELL_BYTES - (size_t)length, " ±%.*f", decimals,
                 fmax(estimate->high - value, value - estimate->low));
}

const char *curve_table_cell(const struct summary *summary, const struct curve *curve,
                             enum curve_table table, size_t allocator, size_t point, char *text)
{
    const struct summary_cell *cell =
        summary_cell(summary, curve->points[point].workload, allocator);
    const struct estimate *estimate = pick(summary, curve, table, allocator, point);
    char figure[UNITS_TEXT_BYTES];
    if (cell->status != STATUS_OK)
        snprintf(text, CURVE_CELL_BYTES, "%s",
                 cell->status == STATUS_PLANNED ? "not run" : trial_status_name(cell->status));
    else if (!isfinite(estimate->value))
        snprintf(text, CURVE_CELL_BYTES, "n/a");
    else if (table == CURVE_COST)
        print_cost(text, estimate);
    else if (table == CURVE_RATE)
        snprintf(text, CURVE_CELL_BYTES, "%s", units_print_count(figure, estimate->value));
    else if (table == CURVE_GROWTH)
        snprintf(text, CURVE_CELL_BYTES, "%s", units_print_bytes(figure, (int64_t)estimate->value));
    else
        snprintf(text, CURVE_CELL_BYTES, "%.2f", estimate->value);
    return text;
}
