/*
 * The table that people read, as cells of text: what text.c and markdown.c have in common.
 */
#ifndef HEAPMARK_TABLE_H
#define HEAPMARK_TABLE_H

#include "summary.h"

#include <stdbool.h>

/* X(name, title, its upper and lower half above a column, width, what it says) */
#define TABLE_COLUMNS(X)                                                                          \
    X(RATE, "calls/s", "", "calls/s", 7, "calls of the malloc family in a second")                \
    X(VERSUS, "speed against reference [95 %]", "speed against", "reference [95 %]", 20,          \
      "times as fast as the reference, and the interval that holds the truth 19 times in 20")     \
    X(PEAK_RSS, "peak RSS", "peak", "RSS", 8, "largest of VmHWM and of every reading of RSS")     \
    X(BLOW_UP, "blow-up", "blow-", "up", 5, "peak RSS growth / peak live bytes")                  \
    X(GROWS, "grows", "", "grows", 5, "blow-up of the last fifth of laps / that of the first")    \
    X(AT_PEAK, "at peak", "at", "peak", 5, "RSS growth / live bytes when live bytes peak")        \
    X(MEAN, "mean", "", "mean", 5, "the same ratio, averaged over time")                          \
    X(INTERNAL, "int.frag", "int.", "frag", 5, "internal fragmentation: 1 - live / usable bytes") \
    X(EXTERNAL, "ext.frag", "ext.", "frag", 5,                                                    \
      "external fragmentation: 1 - largest free / total free")                                    \
    X(RETAINED, "retained", "re-", "tained", 8, "RSS growth left when all is freed")              \
    X(SETTLED, "settled", "", "settled", 8, "the same after a wait")                              \
    X(FAULTS, "faults", "", "faults", 6, "minor page faults")                                     \
    X(CALLS, "calls", "", "calls", 5, "brk + mmap + munmap + mremap + madvise")

enum table_column {
#define X(name, title, upper, lower, width, help) COLUMN_##name,
    TABLE_COLUMNS(X)
#undef X
        COLUMN_COUNT
};

struct table_heading {
    const char *title, *upper, *lower, *help;
    int width;
};
extern const struct table_heading table_headings[COLUMN_COUNT];

/* The heading above a workload of that kind: of programs the wall time is shown, not a rate. */
struct table_heading table_heading_for(enum table_column column, enum workload_kind kind);

enum { TABLE_TEXT_BYTES = 64 };

/* The text of one cell, "n/a" when the figure is absent; returns `text` (TABLE_TEXT_BYTES). */
char *table_text(const struct summary *summary, size_t workload, size_t allocator,
                 enum table_column column, char *text);
/* "1.23 [1.20, 1.26]", "1.23 (n=4)" without an interval, "n/a". */
char *table_ratio(const struct estimate *estimate, char *text);
/* "10 blocks, 2.4 M calls in each, 2 threads": what every trial of the workload did. */
char *table_work(const struct summary *summary, size_t workload, char *text);
enum { TABLE_WORK_BYTES = 128 };

/* Allocators of a workload into `order`: figures first, by speed; then those without. Those
 * that have no trial at all are left out. Returns how many there are. */
size_t table_order(const struct summary *summary, size_t workload, size_t *order);
/* All allocators by mean speed: the full means first, then those over fewer workloads, then
 * those with none. */
void table_order_means(const struct summary *summary, size_t *order);

/* "name=value, name=value": the parameters with room to break lines, after the workload's name
 * where the label is another. The caller frees it; NULL when memory is short. */
char *table_params(const struct workload_spec *workload);

/* "2 of 10 trials (waited 2, slow 1)"; returns `text` (TABLE_DISTURBED_BYTES). */
char *table_disturbed(const struct summary_cell *cell, char *text);
enum { TABLE_DISTURBED_BYTES = 160 };

/* False when words have to stand in place of the figures. */
bool table_has_figures(const struct summary_cell *cell);
/* "crashed (9 of 10 trials were ok)", "corrupt (inspect pass)": those words; returns `text`
 * (TABLE_TEXT_BYTES). */
char *table_status(const struct summary_cell *cell, char *text);

#endif
