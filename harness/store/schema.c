/*
 * The tables. Columns of measures come from the lists in measures.h, so that a measure cannot be
 * in a struct and missing here. docs/results.md explains every table to people who query it.
 *
 * Invariant: application_id says whose file it is, user_version which schema; nothing is written
 * into a file before both have been checked.
 */
#include "store_internal.h"

#include <errno.h>

#define APPLICATION_ID      0x686d726b /* "hmrk" */
#define APPLICATION_ID_TEXT "0x686d726b"
#define TEXT_OF(value)      #value
#define TEXT_OF_VALUE(name) TEXT_OF(name)

#define MEASURE_COLUMN(name, unit, help) ", " #name " INTEGER"
#define SYSCALL_COLUMN(name)             ", " #name " INTEGER NOT NULL"

#define RUN_REFERENCE   "run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE"
#define TRIAL_REFERENCE "trial_id INTEGER NOT NULL REFERENCES trials(id) ON DELETE CASCADE"

static const char schema_description[] =
    "CREATE TABLE runs(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, suite TEXT NOT NULL,"
    " seed TEXT NOT NULL, order_seed TEXT NOT NULL, started_ns INTEGER NOT NULL,"
    " finished_ns INTEGER, sample_step_ns INTEGER NOT NULL, time_limit_ns INTEGER NOT NULL,"
    " memory_limit_bytes INTEGER NOT NULL);"

    "CREATE TABLE allocators(id INTEGER PRIMARY KEY, " RUN_REFERENCE ", name TEXT NOT NULL,"
    " path TEXT, env TEXT NOT NULL, summary TEXT NOT NULL, source TEXT NOT NULL,"
    " package TEXT NOT NULL, programs INTEGER NOT NULL, file TEXT NOT NULL,"
    " version TEXT NOT NULL, sha256 TEXT NOT NULL, UNIQUE(run_id, name));"

    "CREATE TABLE workloads(id INTEGER PRIMARY KEY, " RUN_REFERENCE ", label TEXT NOT NULL,"
    " name TEXT NOT NULL, params TEXT NOT NULL, kind TEXT NOT NULL, threads INTEGER NOT NULL,"
    " blocks INTEGER NOT NULL, UNIQUE(run_id, label));"

    "CREATE TABLE facts(id INTEGER PRIMARY KEY, " RUN_REFERENCE ", name TEXT NOT NULL,"
    " value TEXT NOT NULL, UNIQUE(run_id, name));";

static const char schema_trials[] =
    "CREATE TABLE trials(id INTEGER PRIMARY KEY, " RUN_REFERENCE ","
    " workload_id INTEGER NOT NULL REFERENCES workloads(id) ON DELETE CASCADE,"
    " allocator_id INTEGER NOT NULL REFERENCES allocators(id) ON DELETE CASCADE,"
    " block INTEGER NOT NULL, pass TEXT NOT NULL, status TEXT NOT NULL,"
    " detail TEXT NOT NULL DEFAULT '', malloc_file TEXT NOT NULL DEFAULT '',"
    " started_ns INTEGER" TRIAL_MEASURES(
        MEASURE_COLUMN) ","
                        " UNIQUE(run_id, workload_id, allocator_id, block, pass));"

                        "CREATE TABLE laps(" TRIAL_REFERENCE
                        ", lap INTEGER NOT NULL, wall_ns INTEGER,"
                        " cpu_ns INTEGER, operations INTEGER, PRIMARY KEY(trial_id, lap)) WITHOUT "
                        "ROWID;"

                        "CREATE TABLE checkpoints(" TRIAL_REFERENCE
                        ", checkpoint TEXT NOT NULL" CHECKPOINT_MEASURES(
                            MEASURE_COLUMN) ", PRIMARY KEY(trial_id, checkpoint)) WITHOUT ROWID;"

                                            "CREATE TABLE timeline(" TRIAL_REFERENCE
                                            ", point INTEGER NOT NULL, time_ns INTEGER,"
                                            " live_bytes INTEGER, rss_bytes INTEGER, lap INTEGER, "
                                            "PRIMARY "
                                            "KEY(trial_id, point)) WITHOUT ROWID;"

                                            "CREATE TABLE syscalls(trial_id INTEGER PRIMARY KEY "
                                            "REFERENCES trials(id) ON DELETE "
                                            "CASCADE" SYSCALL_MEASURES(SYSCALL_COLUMN) ");";

static const char schema_latency[] =
    "CREATE TABLE latency(" TRIAL_REFERENCE ", call TEXT NOT NULL, bytes_maximum INTEGER NOT NULL,"
    " time_ps INTEGER NOT NULL, calls INTEGER NOT NULL,"
    " PRIMARY KEY(trial_id, call, bytes_maximum, time_ps)) WITHOUT ROWID;";

/* With the names in place of the numbers: what most questions start from. */
static const char schema_view[] =
    "CREATE VIEW results AS SELECT runs.name AS run, workloads.label AS workload,"
    " allocators.name AS allocator, trials.* FROM trials JOIN runs ON runs.id = trials.run_id"
    " JOIN workloads ON workloads.id = trials.workload_id"
    " JOIN allocators ON allocators.id = trials.allocator_id;";

static const char schema_stamp[] = "PRAGMA application_id=" APPLICATION_ID_TEXT ";"
                                   "PRAGMA user_version=" TEXT_OF_VALUE(STORE_SCHEMA_VERSION) ";";

static int execute(struct store *store, const char *sql)
{
    errno = 0;
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_fail(store);
}

/* The one number that `sql` yields. */
static int query_number(struct store *store, const char *sql, int64_t *value)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return store_fail(store);
    int result = store_next(store, statement);
    if (result == 1)
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (result == 0)
        return store_refuse(store, "%s does not answer '%s': it is damaged", store->path, sql);
    return result == 1 ? 0 : -1;
}

struct stamp {
    int64_t application_id, version, tables;
};

static int read_stamp(struct store *store, struct stamp *stamp)
{
    if (query_number(store, "PRAGMA application_id", &stamp->application_id) != 0 ||
        query_number(store, "PRAGMA user_version", &stamp->version) != 0)
        return -1;
    return query_number(store, "SELECT count(*) FROM sqlite_master", &stamp->tables);
}

static bool stamp_is_new(const struct stamp *stamp)
{
    return stamp->application_id == 0 && stamp->version == 0 && stamp->tables == 0;
}

static int judge(struct store *store, const struct stamp *stamp)
{
    if (stamp_is_new(stamp))
        return store_refuse(store,
                            "%s is empty: it holds no results; name the file that a "
                            "'heapmark run' has written",
                            store->path);
    if (stamp->application_id != APPLICATION_ID)
        return store_refuse(store,
                            "%s is an SQLite database of another program; choose another file",
                            store->path);
    if (stamp->version > STORE_SCHEMA_VERSION)
        return store_refuse(store,
                            "%s has schema version %lld, and this heapmark knows versions up to "
                            "%d; read it with a newer heapmark, or choose another file",
                            store->path, (long long)stamp->version, STORE_SCHEMA_VERSION);
    if (stamp->version < STORE_SCHEMA_VERSION)
        return store_refuse(store,
                            "%s has schema version %lld, of an earlier heapmark, and this one "
                            "reads and writes version %d; use that one, or choose another file",
                            store->path, (long long)stamp->version, STORE_SCHEMA_VERSION);
    return 0;
}

static int create_tables(struct store *store)
{
    struct store_transaction transaction;
    struct stamp stamp;
    if (store_transaction_begin(store, &transaction) != 0)
        return -1;
    /* Another process may have made them between our look and our lock. */
    int result = read_stamp(store, &stamp);
    if (result == 0 && stamp_is_new(&stamp)) {
        if (execute(store, schema_description) != 0 || execute(store, schema_trials) != 0 ||
            execute(store, schema_latency) != 0 || execute(store, schema_view) != 0 ||
            execute(store, schema_stamp) != 0)
            result = -1;
    }
    return store_transaction_end(store, &transaction, result);
}

int store_schema_check(struct store *store)
{
    struct stamp stamp;
    if (read_stamp(store, &stamp) != 0)
        return -1;
    if (store->mode == STORE_READ)
        return judge(store, &stamp);
    if (!stamp_is_new(&stamp) && judge(store, &stamp) != 0)
        return -1;
    /* A file system without shared memory keeps its rollback journal: slower, as safe. */
    if (execute(store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                       "PRAGMA foreign_keys=ON") != 0)
        return -1;
    if (stamp_is_new(&stamp) && create_tables(store) != 0)
        return -1;
    return read_stamp(store, &stamp) == 0 ? judge(store, &stamp) : -1;
}
