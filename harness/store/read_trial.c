/*
 * Reading the parts of a trial: laps, checkpoints, timeline, system calls and times of calls.
 */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

enum { ROW_INTEGERS = 4 }; /* at most */

/* Rows of integers, at most `capacity` of them, for laps and timelines alike. The counts
 * in the trial's row and the rows themselves were written in one transaction; where they differ
 * the file was edited, and the rows that are there win. */
static int load_rows(struct store *store, enum store_statement which, int64_t id,
                     int64_t (*rows)[ROW_INTEGERS], int64_t capacity, int64_t *count)
{
    sqlite3_stmt *row = store_prepare(store, which);
    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, id);
    int more;
    *count = 0;
    while ((more = store_next(store, row)) == 1 && *count < capacity) {
        for (int i = 0; i < sqlite3_column_count(row) && i < ROW_INTEGERS; i++)
            rows[*count][i] = store_column_measure(row, i);
        ++*count;
    }
    sqlite3_reset(row);
    return more < 0 ? -1 : 0;
}

/* Far above what a trial can hold; a larger count is damage, not a reason to take memory. */
enum { ROWS_MAXIMUM = 1 << 20 };

static int check_rows(struct store *store, const char *what, int64_t count)
{
    if (count <= ROWS_MAXIMUM)
        return 0;
    return store_refuse(store, "%s is damaged: a trial says that it has %lld %s; use a copy of it",
                        store->path, (long long)count, what);
}

static int load_laps(struct store *store, struct trial_record *trial)
{
    if (trial->laps == MEASURE_NONE || trial->laps <= 0)
        return 0;
    if (check_rows(store, "laps", trial->laps) < 0)
        return -1;
    int64_t(*rows)[ROW_INTEGERS] = calloc((size_t)trial->laps, sizeof *rows);
    if (rows == NULL)
        return store_fail_memory(store);
    trial->lap = calloc((size_t)trial->laps, sizeof *trial->lap);
    int result = trial->lap == NULL
                     ? store_fail_memory(store)
                     : load_rows(store, STORE_GET_LAPS, trial->id, rows, trial->laps, &trial->laps);
    for (int64_t i = 0; result == 0 && i < trial->laps; i++)
        trial->lap[i] = (struct lap_sample){.wall_ns = rows[i][0],
                                            .cpu_ns = rows[i][1],
                                            .operations = rows[i][2]};
    free(rows);
    return result;
}

static int load_timeline(struct store *store, struct trial_record *trial)
{
    if (trial->sampled == MEASURE_NONE || trial->sampled <= 0)
        return 0;
    if (check_rows(store, "samples", trial->sampled) < 0)
        return -1;
    int64_t(*rows)[ROW_INTEGERS] = calloc((size_t)trial->sampled, sizeof *rows);
    if (rows == NULL)
        return store_fail_memory(store);
    trial->timeline = calloc((size_t)trial->sampled, sizeof *trial->timeline);
    int result = trial->timeline == NULL ? store_fail_memory(store)
                                         : load_rows(store, STORE_GET_TIMELINE, trial->id, rows,
                                                     trial->sampled, &trial->sampled);
    for (int64_t i = 0; result == 0 && i < trial->sampled; i++)
        trial->timeline[i] = (struct timeline_point){.time_ns = rows[i][0],
                                                     .live_bytes = rows[i][1],
                                                     .rss_bytes = rows[i][2],
                                                     .lap = rows[i][3]};
    free(rows);
    return result;
}

static int find_checkpoint(const char *name)
{
    for (int i = 0; name != NULL && i < CHECKPOINT_COUNT; i++)
        if (strcmp(checkpoint_name((enum checkpoint)i), name) == 0)
            return i;
    return -1;
}

static int load_checkpoints(struct store *store, struct trial_record *trial)
{
    sqlite3_stmt *row = store_prepare(store, STORE_GET_CHECKPOINTS);
    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, trial->id);
    int more;
    while ((more = store_next(store, row)) == 1) {
        int which = find_checkpoint((const char *)sqlite3_column_text(row, 0));
        if (which < 0)
            continue;
        struct checkpoint_record *checkpoint = &trial->checkpoints[which];
        int column = 1;
        checkpoint->reached = true;
#define X(name, unit, help) checkpoint->name = store_column_measure(row, column++);
        CHECKPOINT_MEASURES(X)
#undef X
    }
    return more;
}

static int load_syscalls(struct store *store, struct trial_record *trial)
{
    sqlite3_stmt *row = store_prepare(store, STORE_GET_SYSCALLS);
    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, trial->id);
    int found = store_next(store, row);
    if (found != 1)
        return found;
    int column = 1;
    trial->syscalls.counted = true;
#define X(name) trial->syscalls.name = sqlite3_column_int64(row, column++);
    SYSCALL_MEASURES(X)
#undef X
    sqlite3_reset(row);
    return 0;
}

/* A row that no heapmark wrote is left out. */
static bool read_bin(sqlite3_stmt *row, struct latency_bin *bin)
{
    const unsigned char *name = sqlite3_column_text(row, 0);
    int kind = name != NULL ? latency_kind_parse((const char *)name) : -1;
    int size_class = latency_class_parse(sqlite3_column_int64(row, 1));
    *bin = (struct latency_bin){.time_ps = sqlite3_column_int64(row, 2),
                                .calls = sqlite3_column_int64(row, 3),
                                .kind = (unsigned)kind,
                                .size_class = (unsigned)size_class};
    return kind >= 0 && size_class >= 0 && bin->calls > 0 && bin->time_ps >= 0;
}

static int load_latency(struct store *store, struct trial_record *trial)
{
    size_t room = 0;
    int more;
    if (trial->latency_samples == MEASURE_NONE && trial->request_max_ns == MEASURE_NONE)
        return 0;
    sqlite3_stmt *row = store_prepare(store, STORE_GET_LATENCY);
    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, trial->id);
    while ((more = store_next(store, row)) == 1) {
        if (trial->latency_bins == room) {
            room = room > 0 ? 2 * room : 256;
            struct latency_bin *bins = realloc(trial->latency, room * sizeof *bins);
            if (bins == NULL) {
                sqlite3_reset(row);
                return store_fail_memory(store);
            }
            trial->latency = bins;
        }
        trial->latency_bins += read_bin(row, &trial->latency[trial->latency_bins]);
    }
    return more;
}

int store_load_trial_parts(struct store *store, struct trial_record *trial)
{
    if (load_laps(store, trial) != 0 || load_timeline(store, trial) != 0)
        return -1;
    if (load_checkpoints(store, trial) != 0)
        return -1;
    if (load_syscalls(store, trial) != 0)
        return -1;
    return load_latency(store, trial);
}
