/*
 * Opening and closing. What can be known to fail is asked of the file system first, because
 * SQLite reports most of it as 'unable to open database file'.
 */
#include "store_internal.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_TIMEOUT_MS = 60000 };

#define LOG_SUFFIX          "-wal"
#define SHARED_INDEX_SUFFIX "-shm"

static int check_folder(struct store *store, const char *folder, bool write)
{
    struct stat status;
    if (stat(folder, &status) != 0 && errno == ENOENT)
        return store_refuse(store,
                            "cannot open %s: there is no folder %s; create it, or choose "
                            "another place",
                            store->path, folder);
    if (stat(folder, &status) != 0)
        return store_refuse(store, "cannot open %s: %s; choose another place", store->path,
                            strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return store_refuse(store, "cannot open %s: %s is not a folder; choose another place",
                            store->path, folder);
    /* WAL keeps two more files beside the store while it is being written. */
    if (write && access(folder, W_OK | X_OK) != 0)
        return store_refuse(store,
                            "cannot write in folder %s: %s; make it writable, or choose another "
                            "place",
                            folder, strerror(errno));
    return 0;
}

/* Refuses what can be seen from outside. */
static int check_path(struct store *store)
{
    bool write = store->mode == STORE_WRITE;
    char *copy = strdup(store->path);
    if (copy == NULL)
        return store_fail_memory(store);
    int result = check_folder(store, dirname(copy), write);
    free(copy);
    if (result != 0)
        return result;
    struct stat status;
    if (stat(store->path, &status) != 0) {
        if (errno == ENOENT && write)
            return 0;
        if (errno == ENOENT)
            return store_refuse(store, "there is no file %s; 'heapmark run' makes one",
                                store->path);
        return store_refuse(store, "cannot open %s: %s", store->path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode))
        return store_refuse(store, "%s is not a regular file; choose another", store->path);
    if (access(store->path, write ? R_OK | W_OK : R_OK) != 0)
        return store_refuse(store, "cannot %s %s: %s; change its permissions, or choose another",
                            write ? "write" : "read", store->path, strerror(errno));
    return 0;
}

/* "file:PATH?immutable=1", with what has a meaning in a URI spelt in hexadecimal. */
static char *immutable_uri(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-";
    static const char prefix[] = "file:", suffix[] = "?immutable=1";
    char *uri = malloc(sizeof prefix + 3 * strlen(path) + sizeof suffix);
    if (uri == NULL)
        return NULL;
    char *end = stpcpy(uri, prefix);
    for (const char *c = path; *c != '\0'; c++) {
        if (strchr(plain, *c) != NULL)
            *end++ = *c;
        else
            end += snprintf(end, 4, "%%%02X", (unsigned char)*c);
    }
    stpcpy(end, suffix);
    return uri;
}

static bool beside_exists(const char *path, const char *suffix, bool filled)
{
    char *name = NULL;
    struct stat status;
    if (asprintf(&name, "%s%s", path, suffix) < 0)
        return false;
    bool found = stat(name, &status) == 0 && (!filled || status.st_size > 0);
    free(name);
    return found;
}

/* Readers of a WAL file need its shared index, which cannot be made in a read-only folder. An
 * immutable open does without, but would not see a log that was never merged: that one is
 * refused rather than read in part. */
static int open_database(struct store *store)
{
    if (store->mode == STORE_WRITE) {
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        return sqlite3_open_v2(store->path, &store->db, flags, NULL) == SQLITE_OK
                   ? 0
                   : store_fail(store);
    }
    char *copy = strdup(store->path);
    bool writable = copy != NULL && access(dirname(copy), W_OK | X_OK) == 0;
    free(copy);
    char *uri = NULL;
    if (!writable && !beside_exists(store->path, SHARED_INDEX_SUFFIX, false)) {
        if (beside_exists(store->path, LOG_SUFFIX, true))
            return store_refuse(store,
                                "%s has a log that is not merged yet (%s" LOG_SUFFIX
                                ") and stands in a read-only folder; copy both to a folder you "
                                "can write in",
                                store->path, store->path);
        uri = immutable_uri(store->path);
        if (uri == NULL)
            return store_fail_memory(store);
    }
    int code = sqlite3_open_v2(uri != NULL ? uri : store->path, &store->db,
                               SQLITE_OPEN_READONLY | (uri != NULL ? SQLITE_OPEN_URI : 0), NULL);
    free(uri);
    return code == SQLITE_OK ? 0 : store_fail(store);
}

static int open_checked(struct store *store)
{
    if (check_path(store) != 0)
        return -1;
    if (open_database(store) != 0)
        return -1;
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    return store_schema_check(store);
}

struct store *store_open(const char *path, enum store_mode mode)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    store->mode = mode;
    store->path = strdup(path);
    if (store->path == NULL) {
        free(store);
        return NULL;
    }
    store->unusable = open_checked(store) != 0;
    return store;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statement[i]);
    /* The last to close merges the log into the file, which may meet the size limit, too. */
    struct store_transaction guard;
    store_signal_block(&guard);
    sqlite3_close(store->db);
    store_signal_restore(&guard);
    free(store->path);
    free(store);
}
