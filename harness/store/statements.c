/*
 * The SQL of every statement, and the few functions that prepare, bind, step and read.
 */
#include "store_internal.h"

#include <errno.h>
#include <string.h>

#define NAME_AND_COMMA(name, unit, help) ", " #name
#define SET_NAME(name, unit, help)       ", " #name "=?"
#define PARAMETER(name, unit, help)      ", ?"
#define SYSCALL_NAME(name)               ", " #name
#define SYSCALL_PARAMETER(name)          ", ?"

static const char *const statement_sql[] = {
    /* IMMEDIATE: take the lock at once, so that waiting happens here and not in the middle. */
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_ADD_RUN] = "INSERT INTO runs(name, suite, seed, order_seed, started_ns, sample_step_ns,"
                      " time_limit_ns, memory_limit_bytes) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
    [STORE_ADD_ALLOCATOR] =
        "INSERT INTO allocators(run_id, name, path, env, summary, source, package, programs, file,"
        " version, sha256) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [STORE_ADD_WORKLOAD] = "INSERT INTO workloads(run_id, label, name, params, kind, threads,"
                           " blocks) VALUES(?, ?, ?, ?, ?, ?, ?)",
    [STORE_ADD_FACT] = "INSERT INTO facts(run_id, name, value) VALUES(?, ?, ?)",
    [STORE_ADD_TRIAL] = "INSERT INTO trials(run_id, workload_id, allocator_id, block, pass,"
                        " status) VALUES(?, ?, ?, ?, ?, 'planned')",
    [STORE_FINISH_RUN] = "UPDATE runs SET finished_ns=? WHERE name=?",
    [STORE_DROP_PLANNED] = "DELETE FROM trials WHERE status='planned'"
                           " AND run_id=(SELECT id FROM runs WHERE name=?)",
    [STORE_FIT_BLOCKS] = "UPDATE workloads SET blocks=(SELECT count(DISTINCT block) FROM trials"
                         " WHERE workload_id=workloads.id AND pass='timed')"
                         " WHERE run_id=(SELECT id FROM runs WHERE name=?)",
    [STORE_PUT_TRIAL] =
        "UPDATE trials SET status=?, detail=?, malloc_file=?, started_ns=?" TRIAL_MEASURES(
            SET_NAME) " WHERE id=? AND run_id=(SELECT id FROM runs WHERE name=?)",
    [STORE_DROP_LAPS] = "DELETE FROM laps WHERE trial_id=?",
    [STORE_DROP_CHECKPOINTS] = "DELETE FROM checkpoints WHERE trial_id=?",
    [STORE_DROP_TIMELINE] = "DELETE FROM timeline WHERE trial_id=?",
    [STORE_DROP_SYSCALLS] = "DELETE FROM syscalls WHERE trial_id=?",
    [STORE_DROP_LATENCY] = "DELETE FROM latency WHERE trial_id=?",
    [STORE_PUT_LAP] = "INSERT INTO laps(trial_id, lap, wall_ns, cpu_ns, operations)"
                      " VALUES(?, ?, ?, ?, ?)",
    [STORE_PUT_CHECKPOINT] = "INSERT INTO checkpoints(trial_id, checkpoint" CHECKPOINT_MEASURES(
        NAME_AND_COMMA) ") VALUES(?, ?" CHECKPOINT_MEASURES(PARAMETER) ")",
    [STORE_PUT_POINT] = "INSERT INTO timeline(trial_id, point, time_ns, live_bytes, rss_bytes,"
                        " lap) VALUES(?, ?, ?, ?, ?, ?)",
    [STORE_PUT_SYSCALLS] = "INSERT INTO syscalls(trial_id" SYSCALL_MEASURES(
        SYSCALL_NAME) ") VALUES(?" SYSCALL_MEASURES(SYSCALL_PARAMETER) ")",
    [STORE_PUT_LATENCY] = "INSERT INTO latency(trial_id, call, bytes_maximum, time_ps, calls)"
                          " VALUES(?, ?, ?, ?, ?)"
                          " ON CONFLICT DO UPDATE SET calls = calls + excluded.calls",
    [STORE_FIND_RUN_EXACT] = "SELECT id, name FROM runs WHERE name=?",
    [STORE_FIND_RUN_PREFIX] = "SELECT id, name FROM runs WHERE substr(name, 1, length(?1))=?1"
                              " ORDER BY id DESC",
    [STORE_FIND_RUN_NEWEST] = "SELECT id, name FROM runs ORDER BY started_ns DESC, id DESC",
    [STORE_GET_RUN] = "SELECT name, suite, seed, order_seed, started_ns, coalesce(finished_ns, 0),"
                      " sample_step_ns, time_limit_ns, memory_limit_bytes FROM runs WHERE id=?",
    [STORE_GET_ALLOCATORS] = "SELECT id, name, path, env, summary, source, package, programs,"
                             " file, version, sha256 FROM allocators WHERE run_id=? ORDER BY id",
    [STORE_GET_WORKLOADS] = "SELECT id, label, name, params, kind, threads, blocks"
                            " FROM workloads WHERE run_id=? ORDER BY id",
    [STORE_GET_FACTS] = "SELECT name, value FROM facts WHERE run_id=? ORDER BY id",
    [STORE_GET_TRIALS] =
        "SELECT id, workload_id, allocator_id, block, pass, status, detail, malloc_file,"
        " coalesce(started_ns, 0)" TRIAL_MEASURES(
            NAME_AND_COMMA) " FROM trials WHERE run_id=? ORDER BY id",
    [STORE_GET_LAPS] = "SELECT wall_ns, cpu_ns, operations FROM laps WHERE trial_id=?"
                       " ORDER BY lap",
    [STORE_GET_CHECKPOINTS] = "SELECT checkpoint" CHECKPOINT_MEASURES(
        NAME_AND_COMMA) " FROM checkpoints WHERE trial_id=?",
    [STORE_GET_TIMELINE] =
        "SELECT time_ns, live_bytes, rss_bytes, lap FROM timeline WHERE trial_id=?"
        " ORDER BY point",
    [STORE_GET_SYSCALLS] =
        "SELECT trial_id" SYSCALL_MEASURES(SYSCALL_NAME) " FROM syscalls WHERE trial_id=?",
    [STORE_GET_LATENCY] = "SELECT call, bytes_maximum, time_ps, calls FROM latency"
                          " WHERE trial_id=?",
    [STORE_LIST_RUNS] = "SELECT name, suite, started_ns,"
                        " (SELECT count(*) FROM trials WHERE run_id=runs.id),"
                        " (SELECT count(*) FROM trials WHERE run_id=runs.id AND status!='planned'),"
                        " (SELECT count(*) FROM trials WHERE run_id=runs.id"
                        "   AND status NOT IN ('planned', 'ok', 'skipped'))"
                        " FROM runs ORDER BY started_ns DESC, id DESC",
};
_Static_assert(sizeof statement_sql / sizeof *statement_sql == STORE_STATEMENT_COUNT,
               "a statement lacks its SQL");

const char *store_sql(enum store_statement which)
{
    return statement_sql[which];
}

sqlite3_stmt *store_prepare(struct store *store, enum store_statement which)
{
    sqlite3_stmt **statement = &store->statement[which];
    if (*statement != NULL) {
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
        return *statement;
    }
    if (sqlite3_prepare_v3(store->db, store_sql(which), -1, SQLITE_PREPARE_PERSISTENT, statement,
                           NULL) == SQLITE_OK)
        return *statement;
    store_fail(store);
    return NULL;
}

int store_next(struct store *store, sqlite3_stmt *statement)
{
    errno = 0; /* see fail_input_output */
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        sqlite3_reset(statement);
        return 0;
    default:
        store_fail(store);
        sqlite3_reset(statement);
        return -1;
    }
}

int store_run(struct store *store, sqlite3_stmt *statement)
{
    int result = store_next(store, statement);
    if (result == 1) {
        sqlite3_reset(statement);
        return 0;
    }
    return result;
}

int store_run_id(struct store *store, enum store_statement which, int64_t id)
{
    sqlite3_stmt *statement = store_prepare(store, which);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, id);
    return store_run(store, statement);
}

void store_reset_all(struct store *store)
{
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
        sqlite3_reset(store->statement[i]);
}

/* The text must live until the statement has been run; every caller's does. */
void store_bind_text(sqlite3_stmt *statement, int column, const char *text)
{
    if (text == NULL)
        sqlite3_bind_null(statement, column);
    else
        sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

void store_bind_measure(sqlite3_stmt *statement, int column, int64_t value)
{
    if (value == MEASURE_NONE)
        sqlite3_bind_null(statement, column);
    else
        sqlite3_bind_int64(statement, column, value);
}

char *store_column_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return strdup(text == NULL ? "" : (const char *)text);
}

int64_t store_column_measure(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return MEASURE_NONE;
    return sqlite3_column_int64(statement, column);
}
