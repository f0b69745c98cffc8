/*
 * What went wrong, in one line that also says how to mend it; and transactions, whose end
 * depends on it.
 */
#include "store_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *store_message(const struct store *store)
{
    return store->message;
}

int store_refuse(struct store *store, const char *format, ...)
{
    char line[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return message_set(store->message, "%s", line);
}

int store_fail_memory(struct store *store)
{
    return store_refuse(store, "no memory left while reading %s; free some and try again",
                        store->path);
}

static int fail_input_output(struct store *store)
{
    /* SQLite keeps errno for some failures only; every call of ours clears it beforehand. */
    int error = sqlite3_system_errno(store->db);
    if (error == 0)
        error = errno;
    if (error == EFBIG)
        return store_refuse(store,
                            "%s has reached the file size limit of this process; raise it "
                            "(ulimit -f) or choose another file, then go on with "
                            "'heapmark run --resume'",
                            store->path);
    if (error == ENOSPC || error == EDQUOT)
        return store_refuse(store,
                            "no space left for %s; free some, then go on with "
                            "'heapmark run --resume'",
                            store->path);
    return store_refuse(store, "cannot read or write %s: %s; check the disk and the file system",
                        store->path, error != 0 ? strerror(error) : sqlite3_errmsg(store->db));
}

int store_fail(struct store *store)
{
    const char *reason = sqlite3_errmsg(store->db);
    switch (sqlite3_extended_errcode(store->db) & 0xff) {
    case SQLITE_NOTADB:
        return store_refuse(store, "%s is not an SQLite database; choose another file",
                            store->path);
    case SQLITE_FULL:
        return store_refuse(store,
                            "no space left for %s; free some, then go on with "
                            "'heapmark run --resume'",
                            store->path);
    case SQLITE_IOERR:
        return fail_input_output(store);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return store_refuse(store,
                            "%s is being written by another process; wait for it, or choose "
                            "another file",
                            store->path);
    case SQLITE_READONLY:
        return store_refuse(store,
                            "%s cannot be written (%s); make it and its folder writable, or "
                            "choose another place",
                            store->path, reason);
    case SQLITE_CORRUPT:
        return store_refuse(store, "%s is damaged (%s); 'sqlite3 FILE .recover' may save the rest",
                            store->path, reason);
    case SQLITE_NOMEM:
        return store_fail_memory(store);
    case SQLITE_CANTOPEN:
        return store_refuse(store, "cannot open %s (%s); check its folder and permissions",
                            store->path, reason);
    default:
        /* Above all 'no such column': the file comes from a build with other measures. */
        return store_refuse(store,
                            "%s does not suit this build of heapmark (%s); choose another "
                            "file",
                            store->path, reason);
    }
}

/* SIGXFSZ goes to the thread whose write(2) was too long; blocked there, write fails with EFBIG
 * instead, and the signal that stays pending is taken before the mask is restored. */
void store_signal_block(struct store_transaction *transaction)
{
    sigset_t wanted, before;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGXFSZ);
    transaction->signal_blocked = pthread_sigmask(SIG_BLOCK, &wanted, &before) == 0;
    transaction->signal_was_blocked = sigismember(&before, SIGXFSZ) == 1;
}

void store_signal_restore(const struct store_transaction *transaction)
{
    static const struct timespec at_once = {0};
    if (!transaction->signal_blocked || transaction->signal_was_blocked)
        return;
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGXFSZ);
    while (sigtimedwait(&wanted, NULL, &at_once) == SIGXFSZ)
        continue;
    pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
}

static int run_plain(struct store *store, enum store_statement which)
{
    sqlite3_stmt *statement = store_prepare(store, which);
    return statement == NULL ? -1 : store_run(store, statement);
}

int store_transaction_begin(struct store *store, struct store_transaction *transaction)
{
    store_signal_block(transaction);
    if (run_plain(store, STORE_BEGIN) == 0)
        return 0;
    store_signal_restore(transaction);
    return -1;
}

int store_transaction_end(struct store *store, struct store_transaction *transaction, int result)
{
    if (result == 0)
        result = run_plain(store, STORE_COMMIT);
    /* Some errors (a full disk) have rolled back already. */
    if (result != 0 && sqlite3_get_autocommit(store->db) == 0)
        sqlite3_exec(store->db, store_sql(STORE_ROLLBACK), NULL, NULL, NULL);
    store_signal_restore(transaction);
    return result;
}
