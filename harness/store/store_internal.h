/*
 * What the files of this folder share: the open store, its prepared statements, its errors.
 */
#ifndef HEAPMARK_STORE_INTERNAL_H
#define HEAPMARK_STORE_INTERNAL_H

#include "message.h"
#include "store.h"

#include <sqlite3.h>

/* Every statement that is run more than once; the SQL stands in statements.c. */
enum store_statement {
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_ADD_RUN,
    STORE_ADD_ALLOCATOR,
    STORE_ADD_WORKLOAD,
    STORE_ADD_FACT,
    STORE_ADD_TRIAL,
    STORE_FINISH_RUN,
    STORE_DROP_PLANNED,
    STORE_FIT_BLOCKS,
    STORE_PUT_TRIAL,
    STORE_DROP_LAPS,
    STORE_DROP_CHECKPOINTS,
    STORE_DROP_TIMELINE,
    STORE_DROP_SYSCALLS,
    STORE_DROP_LATENCY,
    STORE_PUT_LAP,
    STORE_PUT_CHECKPOINT,
    STORE_PUT_POINT,
    STORE_PUT_SYSCALLS,
    STORE_PUT_LATENCY,
    STORE_FIND_RUN_EXACT,
    STORE_FIND_RUN_PREFIX,
    STORE_FIND_RUN_NEWEST,
    STORE_GET_RUN,
    STORE_GET_ALLOCATORS,
    STORE_GET_WORKLOADS,
    STORE_GET_FACTS,
    STORE_GET_TRIALS,
    STORE_GET_LAPS,
    STORE_GET_CHECKPOINTS,
    STORE_GET_TIMELINE,
    STORE_GET_SYSCALLS,
    STORE_GET_LATENCY,
    STORE_LIST_RUNS,
    STORE_STATEMENT_COUNT
};

struct store {
    char *path;
    enum store_mode mode;
    sqlite3 *db;                                    /* NULL when it could not be opened */
    bool unusable;                                  /* the message says why, and stays */
    sqlite3_stmt *statement[STORE_STATEMENT_COUNT]; /* prepared when first used, then kept */
    char message[MESSAGE_BYTES];
};

/* The SQL of a statement. */
const char *store_sql(enum store_statement which);

/* The statement, prepared, reset and ready for its parameters; NULL after setting the message. */
sqlite3_stmt *store_prepare(struct store *store, enum store_statement which);
/* Runs a statement that yields no rows. 0, or -1 after setting the message. */
int store_run(struct store *store, sqlite3_stmt *statement);
/* Steps to the next row: 1, 0 at the end, -1 after setting the message. */
int store_next(struct store *store, sqlite3_stmt *statement);
/* As store_prepare and store_run of a statement whose only parameter is `id`. */
int store_run_id(struct store *store, enum store_statement which, int64_t id);

/* Binding and reading of columns: MEASURE_NONE is NULL, and so is a NULL text. Text read is a
 * copy for the caller to free; NULL when memory is short. */
void store_bind_text(sqlite3_stmt *statement, int column, const char *text);
void store_bind_measure(sqlite3_stmt *statement, int column, int64_t value);
char *store_column_text(sqlite3_stmt *statement, int column);
int64_t store_column_measure(sqlite3_stmt *statement, int column);

/* Sets the message for the error SQLite has just reported. Returns -1. */
int store_fail(struct store *store);
/* Sets the message for memory that ran out. Returns -1. */
int store_fail_memory(struct store *store);
/* Sets a message of the caller's. Returns -1. */
int store_refuse(struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* 0 when the store can be written to; else -1, and the message says why. */
int store_check_writable(struct store *store);

/* A write transaction. While it lasts a file over the size limit of the process (setrlimit(2),
 * RLIMIT_FSIZE) is an error like a full disk instead of a deadly SIGXFSZ. */
struct store_transaction {
    bool signal_blocked;
    bool signal_was_blocked;
};
void store_signal_block(struct store_transaction *transaction);
void store_signal_restore(const struct store_transaction *transaction);
int store_transaction_begin(struct store *store, struct store_transaction *transaction);
/* Commits when `result` is 0, else rolls back and keeps the message. Returns 0 or -1. */
int store_transaction_end(struct store *store, struct store_transaction *transaction, int result);

/* runs.c: the id of the run called `name`, or that alone begins so, or (NULL) the newest. */
int store_find_run(struct store *store, const char *name, int64_t *id);

/* read_trial.c: fills in all that is not in the trial's own row. */
int store_load_trial_parts(struct store *store, struct trial_record *trial);

/* Resets every statement, so that none holds a read lock after a failure. */
void store_reset_all(struct store *store);

/* schema.c: checks that the open file is a store that this build can use, and creates the
 * tables in a new one. 0, or -1 after setting the message. */
int store_schema_check(struct store *store);

#endif
