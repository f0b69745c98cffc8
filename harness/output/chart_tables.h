/*
 * What the files that write tables for plots/ share.
 */
#ifndef HEAPMARK_CHART_TABLES_H
#define HEAPMARK_CHART_TABLES_H

#include "summary.h"

/* "PREFIX-LABEL.tsv", safe for shells and file systems, and no other workload's; the caller frees
 * it; NULL when memory is short. */
char *chart_table_name(const struct run *run, size_t workload, const char *prefix);

/* Writes latencies.tsv, requests.tsv and the tables that they list; see latency_tables.c. 0, or -1 with errno. */
int latency_tables_write(const char *directory, const struct summary *summary);

/* Writes curves.tsv and the tables that it lists; see curve_tables.c. 0, or -1 with errno. */
int curve_tables_write(const char *directory, const struct summary *summary);

/* Writes blow_up_laps.tsv and the tables that it lists; see blow_up_tables.c. 0, or -1 with errno. */
int blow_up_tables_write(const char *directory, const struct summary *summary);

#endif
