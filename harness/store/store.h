/*
 * The store: every run and every trial in one SQLite file. Only this folder speaks SQL.
 *
 * The plan of a run is written first, its trials 'planned'; each trial then is one transaction
 * that turns its row into a result. WAL with synchronous=NORMAL: a killed harness loses the
 * trial under way and nothing else. docs/results.md describes the schema.
 *
 * Functions return 0, or -1 after putting one line (what, and how to mend it) into the message
 * of the store, to be had with store_message(). No function prints.
 */
#ifndef HEAPMARK_STORE_H
#define HEAPMARK_STORE_H

#include "record.h"

#define STORE_SCHEMA_VERSION 6

struct store;

enum store_mode { STORE_READ, STORE_WRITE };

/* Opens `path`; STORE_WRITE creates it when missing. NULL only when memory is short: a failure
 * to open shows in the first call's return and in store_message(). */
struct store *store_open(const char *path, enum store_mode mode);
void store_close(struct store *store);
/* The reason of the last failure; "" when there was none. Valid until the next call. */
const char *store_message(const struct store *store);

/* Writes the run, its allocators, workloads, facts and all its trials as planned, in one
 * transaction; fills in the id of each trial. run->name must be new. */
int store_add_run(struct store *store, struct run *run);
/* Stores the outcome of one trial, in one transaction. */
int store_put_trial(struct store *store, const struct run *run, const struct trial_record *record);
/* All its trials have been run. */
int store_finish_run(struct store *store, const struct run *run);

/* The same, of a run that needs no more than has been run: its trials that are still planned are
 * taken out of the plan. */
int store_cut_run(struct store *store, const struct run *run);

/* Loads the whole run called `name` (a unique beginning will do; NULL: the newest) into `run`,
 * which the caller has initialised and releases. */
int store_load_run(struct store *store, const char *name, struct run *run);

/* One line about each run, newest first. */
struct run_line {
    char *name, *suite;
    int64_t started_ns;
    size_t trials_planned; /* in all */
    size_t trials_done, trials_failed;
};
int store_list_runs(struct store *store, struct run_line **lines, size_t *count);
void run_lines_free(struct run_line *lines, size_t count);

#endif
