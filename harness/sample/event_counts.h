/* What the runner's counters have counted, or why there is nothing. */
#ifndef HEAPMARK_EVENT_COUNTS_H
#define HEAPMARK_EVENT_COUNTS_H

#include "record.h"
#include "trial_page.h"

/* Fills in the record's perf_ measures, and its detail when some are absent. */
void event_counts_take(const struct trial_page *page, struct trial_record *record);

#endif
