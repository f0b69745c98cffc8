/*
 * Writing a trial: one transaction turns its planned row into a result, with all its parts.
 */
#include "store_internal.h"

#include <inttypes.h>

static int put_trial_row(struct store *store, const struct run *run,
                         const struct trial_record *record)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_PUT_TRIAL);
    if (statement == NULL)
        return -1;
    int column = 0;
    store_bind_text(statement, ++column, trial_status_name(record->status));
    store_bind_text(statement, ++column, record->detail);
    store_bind_text(statement, ++column, record->malloc_file);
    sqlite3_bind_int64(statement, ++column, record->started_ns);
#define X(name, unit, help) store_bind_measure(statement, ++column, record->name);
    TRIAL_MEASURES(X)
#undef X
    sqlite3_bind_int64(statement, ++column, record->id);
    store_bind_text(statement, ++column, run->name);
    if (store_run(store, statement) != 0)
        return -1;
    if (sqlite3_changes(store->db) != 1)
        return store_refuse(store,
                            "%s has no trial %" PRId64 " of run %s: was it replaced "
                            "meanwhile?",
                            store->path, record->id, run->name);
    return 0;
}

/* A trial that is run again replaces what it left before. */
static int drop_parts(struct store *store, int64_t id)
{
    static const enum store_statement drops[] = {STORE_DROP_LAPS, STORE_DROP_CHECKPOINTS,
                                                 STORE_DROP_TIMELINE, STORE_DROP_SYSCALLS,
                                                 STORE_DROP_LATENCY};
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++)
        if (store_run_id(store, drops[i], id) != 0)
            return -1;
    return 0;
}

static int put_indexed_row(struct store *store, enum store_statement which, int64_t id,
                           const int64_t *values, int count)
{
    sqlite3_stmt *statement = store_prepare(store, which);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, id);
    for (int i = 0; i < count; i++)
        store_bind_measure(statement, i + 2, values[i]);
    return store_run(store, statement);
}

static int put_laps(struct store *store, const struct trial_record *record)
{
    for (int64_t i = 0; record->lap != NULL && i < record->laps; i++) {
        const struct lap_sample *lap = &record->lap[i];
        int64_t values[] = {i, lap->wall_ns, lap->cpu_ns, lap->operations};
        if (put_indexed_row(store, STORE_PUT_LAP, record->id, values, 4) != 0)
            return -1;
    }
    return 0;
}

static int put_timeline(struct store *store, const struct trial_record *record)
{
    for (int64_t i = 0; record->timeline != NULL && i < record->sampled; i++) {
        const struct timeline_point *point = &record->timeline[i];
        int64_t values[] = {i, point->time_ns, point->live_bytes, point->rss_bytes, point->lap};
        if (put_indexed_row(store, STORE_PUT_POINT, record->id, values, 5) != 0)
            return -1;
    }
    return 0;
}

static int put_checkpoints(struct store *store, const struct trial_record *record)
{
    for (int i = 0; i < CHECKPOINT_COUNT; i++) {
        const struct checkpoint_record *checkpoint = &record->checkpoints[i];
        if (!checkpoint->reached)
            continue;
        sqlite3_stmt *statement = store_prepare(store, STORE_PUT_CHECKPOINT);
        if (statement == NULL)
            return -1;
        int column = 0;
        sqlite3_bind_int64(statement, ++column, record->id);
        store_bind_text(statement, ++column, checkpoint_name((enum checkpoint)i));
#define X(name, unit, help) store_bind_measure(statement, ++column, checkpoint->name);
        CHECKPOINT_MEASURES(X)
#undef X
        if (store_run(store, statement) != 0)
            return -1;
    }
    return 0;
}

static int put_syscalls(struct store *store, const struct trial_record *record)
{
    if (!record->syscalls.counted)
        return 0;
    sqlite3_stmt *statement = store_prepare(store, STORE_PUT_SYSCALLS);
    if (statement == NULL)
        return -1;
    int column = 0;
    sqlite3_bind_int64(statement, ++column, record->id);
#define X(name) sqlite3_bind_int64(statement, ++column, record->syscalls.name);
    SYSCALL_MEASURES(X)
#undef X
    return store_run(store, statement);
}

static int put_latency(struct store *store, const struct trial_record *record)
{
    for (size_t i = 0; i < record->latency_bins; i++) {
        const struct latency_bin *bin = &record->latency[i];
        sqlite3_stmt *statement = store_prepare(store, STORE_PUT_LATENCY);
        if (statement == NULL)
            return -1;
        sqlite3_bind_int64(statement, 1, record->id);
        store_bind_text(statement, 2, latency_kind_name(bin->kind));
        sqlite3_bind_int64(statement, 3, latency_class_bytes(bin->size_class));
        sqlite3_bind_int64(statement, 4, bin->time_ps);
        sqlite3_bind_int64(statement, 5, bin->calls);
        if (store_run(store, statement) != 0)
            return -1;
    }
    return 0;
}

int store_put_trial(struct store *store, const struct run *run, const struct trial_record *record)
{
    struct store_transaction transaction;
    if (store_check_writable(store) != 0 || store_transaction_begin(store, &transaction) != 0)
        return -1;
    int result = put_trial_row(store, run, record);
    if (result == 0)
        result = drop_parts(store, record->id);
    if (result == 0)
        result = put_laps(store, record);
    if (result == 0)
        result = put_checkpoints(store, record);
    if (result == 0)
        result = put_timeline(store, record);
    if (result == 0)
        result = put_syscalls(store, record);
    if (result == 0)
        result = put_latency(store, record);
    return store_transaction_end(store, &transaction, result);
}
