/*
 * Every way in which a store cannot be opened or written ends in one line that names the file and
 * says how to mend it, and loses nothing that was stored before.
 */
#include "run_fixture.h"
#include "store_fixture.h"
#include "store_internal.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534 };

static void make_store(const char *path)
{
    struct run run;
    struct store *store = store_open(path, STORE_WRITE);
    run_fixture_init(&run, "kept");
    assert_done(store, store_add_run(store, &run));
    run_fixture_measure(&run);
    assert_done(store, store_put_trial(store, &run, &run.trials[0]));
    store_close(store);
    run_release(&run);
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Opening `path` fails with one line that holds each of the words, which end with NULL. */
static void assert_refused(const char *path, enum store_mode mode, ...)
{
    struct run_line *lines;
    size_t count;
    va_list words;
    const char *word;
    struct store *store = store_open(path, mode);
    assert_non_null(store);
    assert_int_equal(store_list_runs(store, &lines, &count), -1);
    assert_null(lines);
    const char *message = store_message(store);
    assert_null(strchr(message, '\n'));
    va_start(words, mode);
    while ((word = va_arg(words, const char *)) != NULL)
        if (strstr(message, word) == NULL)
            fail_msg("'%s' lacks '%s'", message, word);
    va_end(words);
    store_close(store);
}

static void test_missing(void **state)
{
    const struct store_fixture *place = *state;
    char path[128];
    assert_refused(place->path, STORE_READ, place->path, "no file", "heapmark run", NULL);
    snprintf(path, sizeof path, "%s/none/store.db", place->folder);
    assert_refused(path, STORE_READ, path, "no folder", "create it", NULL);
    assert_refused(path, STORE_WRITE, path, "no folder", "create it", NULL);
    assert_refused(place->folder, STORE_WRITE, "not a regular file", NULL);
    snprintf(path, sizeof path, "%s/store.db", "/dev/null");
    assert_refused(path, STORE_WRITE, "not a folder", NULL);
    assert_int_equal(access(place->path, F_OK), -1);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_not_sqlite(void **state)
{
    const struct store_fixture *place = *state;
    static const char kept[] =
        "workload,allocator,throughput: a table, and longer than any header of a "
        "database, so that there is something to be looked at in here\n";
    write_text(place->path, kept);
    assert_refused(place->path, STORE_READ, place->path, "not an SQLite database", NULL);
    assert_refused(place->path, STORE_WRITE, place->path, "not an SQLite database", NULL);
    char text[64];
    FILE *file = fopen(place->path, "r");
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_memory_equal(text, kept, strlen(text));
    write_text(place->path, "");
    assert_refused(place->path, STORE_READ, "empty", "heapmark run", NULL);
}

static void test_not_ours(void **state)
{
    const struct store_fixture *place = *state;
    execute(place->path, "CREATE TABLE bookmarks(url TEXT)");
    assert_refused(place->path, STORE_READ, place->path, "another program", NULL);
    assert_refused(place->path, STORE_WRITE, place->path, "another program", NULL);
    /* It is as it was: not even its journal mode has changed. */
    execute(place->path, "INSERT INTO bookmarks VALUES('x')");
    assert_refused(place->path, STORE_WRITE, "another program", NULL);
}

static void test_newer_version(void **state)
{
    const struct store_fixture *place = *state;
    make_store(place->path);
    execute(place->path, "PRAGMA user_version=7");
    assert_refused(place->path, STORE_READ, place->path, "version 7", "versions up to",
                   "newer heapmark", NULL);
    assert_refused(place->path, STORE_WRITE, place->path, "version 7", "newer heapmark", NULL);
    execute(place->path, "PRAGMA user_version=1");
    assert_refused(place->path, STORE_READ, place->path, "version 1", "earlier heapmark", NULL);
    assert_refused(place->path, STORE_WRITE, place->path, "version 1", "earlier heapmark", NULL);
}

static void test_other_columns(void **state)
{
    const struct store_fixture *place = *state;
    struct run run;
    make_store(place->path);
    execute(place->path, "DROP VIEW results; ALTER TABLE trials DROP COLUMN minor_faults");
    struct store *store = store_open(place->path, STORE_READ);
    run_init(&run);
    assert_int_equal(store_load_run(store, NULL, &run), -1);
    assert_non_null(strstr(store_message(store), "minor_faults"));
    assert_non_null(strstr(store_message(store), "does not suit this build"));
    store_close(store);
    run_release(&run);
}

/* Runs `body` in a child that is not root, to whom permissions apply. */
static void as_nobody(void (*body)(const struct store_fixture *), const struct store_fixture *place)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 &&
            (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0))
            _exit(3);
        body(place);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* In the child an assertion cannot jump to the parent's runner: these end the child. */
static void child_expect(struct store *store, int result, int expected, const char *words)
{
    if (result == expected && (words == NULL || strstr(store_message(store), words) != NULL))
        return;
    fprintf(stderr, "%d, not %d; '%s' should have '%s'\n", result, expected, store_message(store),
            words == NULL ? "" : words);
    _exit(1);
}

static void child_read(const struct store_fixture *place)
{
    struct run run;
    struct store *store = store_open(place->path, STORE_READ);
    run_init(&run);
    child_expect(store, store_load_run(store, NULL, &run), 0, NULL);
    if (run.trials[0].status != STATUS_OK || run.trials[0].lap == NULL)
        _exit(2);
    run_release(&run);
    store_close(store);
}

static void child_cannot_write(const struct store_fixture *place)
{
    struct run run;
    struct store *store = store_open(place->path, STORE_WRITE);
    run_fixture_init(&run, "new");
    child_expect(store, store_add_run(store, &run), -1, "make it writable");
    child_expect(store, store_add_run(store, &run), -1, place->folder);
    run_release(&run);
    store_close(store);
}

static void child_cannot_read(const struct store_fixture *place)
{
    struct run run;
    struct store *store = store_open(place->path, STORE_READ);
    run_init(&run);
    child_expect(store, store_load_run(store, NULL, &run), -1, "permissions");
    store_close(store);
}

static void child_log_refused(const struct store_fixture *place)
{
    struct run run;
    struct store *store = store_open(place->path, STORE_READ);
    run_init(&run);
    child_expect(store, store_load_run(store, NULL, &run), -1, "copy both");
    store_close(store);
}

static void child_file_read_only(const struct store_fixture *place)
{
    struct store *store = store_open(place->path, STORE_WRITE);
    struct run run;
    run_fixture_init(&run, "new");
    child_expect(store, store_add_run(store, &run), -1, "change its permissions");
    run_release(&run);
    store_close(store);
}

static void test_read_only(void **state)
{
    const struct store_fixture *place = *state;
    char log[128];
    make_store(place->path);
    assert_int_equal(chmod(place->path, 0444), 0);
    assert_int_equal(chmod(place->folder, 0777), 0);
    as_nobody(child_file_read_only, place);
    as_nobody(child_read, place);
    assert_int_equal(chmod(place->folder, 0555), 0);
    as_nobody(child_read, place);
    as_nobody(child_cannot_write, place);
    /* A log that a killed writer left cannot be merged there: not read rather than read in part. */
    snprintf(log, sizeof log, "%s-wal", place->path);
    assert_int_equal(chmod(place->folder, 0755), 0);
    write_text(log, "log");
    snprintf(log, sizeof log, "%s-shm", place->path);
    unlink(log);
    assert_int_equal(chmod(place->folder, 0555), 0);
    as_nobody(child_log_refused, place);
    assert_int_equal(chmod(place->path, 0), 0);
    as_nobody(child_cannot_read, place);
    assert_int_equal(chmod(place->path, 0600), 0);
}

/* Puts trials until one fails; how many were stored. The message is the last one's. */
static size_t put_until_failure(struct store *store, const struct run *run, char *message,
                                size_t message_bytes)
{
    size_t stored = 0;
    while (stored < run->trial_count && store_put_trial(store, run, &run->trials[stored]) == 0)
        stored++;
    snprintf(message, message_bytes, "%s", store_message(store));
    return stored;
}

static void assert_stored(const char *path, size_t stored)
{
    struct run loaded;
    struct store *store = store_open(path, STORE_READ);
    run_init(&loaded);
    assert_done(store, store_load_run(store, NULL, &loaded));
    for (size_t i = 0; i < loaded.trial_count; i++)
        assert_int_equal(loaded.trials[i].status == STATUS_OK, i < stored);
    store_close(store);
    run_release(&loaded);
}

static void test_file_size_limit(void **state)
{
    const struct store_fixture *place = *state;
    struct rlimit before, limit;
    struct run run;
    char message[512];
    struct store *store = store_open(place->path, STORE_WRITE);
    run_fixture_init(&run, "large");
    assert_done(store, store_add_run(store, &run));
    run_fixture_measure(&run);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){.rlim_cur = 400 << 10, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    size_t stored = put_until_failure(store, &run, message, sizeof message);
    store_close(store);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(stored > 0 && stored < run.trial_count);
    assert_non_null(strstr(message, place->path));
    assert_non_null(strstr(message, "file size limit"));
    assert_non_null(strstr(message, "--resume"));
    assert_stored(place->path, stored);
    run_release(&run);
}

/* SQLite says of its own limit on pages what it says of a full disk (ENOSPC): SQLITE_FULL. */
static void test_full_disk(void **state)
{
    const struct store_fixture *place = *state;
    struct run run;
    char message[512];
    struct store *store = store_open(place->path, STORE_WRITE);
    run_fixture_init(&run, "large");
    assert_done(store, store_add_run(store, &run));
    run_fixture_measure(&run);
    assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count=60", NULL, NULL, NULL), 0);
    size_t stored = put_until_failure(store, &run, message, sizeof message);
    assert_true(stored > 0 && stored < run.trial_count);
    assert_non_null(strstr(message, place->path));
    assert_non_null(strstr(message, "no space left"));
    assert_non_null(strstr(message, "--resume"));
    /* Once there is room it goes on. */
    assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count=1000000", NULL, NULL, NULL), 0);
    assert_done(store, store_put_trial(store, &run, &run.trials[stored]));
    store_close(store);
    assert_stored(place->path, stored + 1);
    run_release(&run);
}

/* Another process holds the write lock longer than we wait. */
static void test_busy(void **state)
{
    const struct store_fixture *place = *state;
    sqlite3 *db;
    struct run run;
    make_store(place->path);
    struct store *store = store_open(place->path, STORE_WRITE);
    run_fixture_init(&run, "second");
    sqlite3_busy_timeout(store->db, 50);
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_add_run(store, &run), -1);
    assert_non_null(strstr(store_message(store), "another process"));
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_done(store, store_add_run(store, &run));
    sqlite3_close(db);
    store_close(store);
    run_release(&run);
}

static void test_damaged(void **state)
{
    const struct store_fixture *place = *state;
    struct run run;
    make_store(place->path);
    execute(place->path, "PRAGMA foreign_keys=OFF; UPDATE trials SET status='perhaps' WHERE id=3");
    struct store *store = store_open(place->path, STORE_READ);
    run_init(&run);
    assert_int_equal(store_load_run(store, NULL, &run), -1);
    assert_non_null(strstr(store_message(store), "damaged"));
    run_release(&run);
    store_close(store);
}

int main(void)
{
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_missing),         TEST(test_not_sqlite),    TEST(test_not_ours),
        TEST(test_newer_version),   TEST(test_other_columns), TEST(test_read_only),
        TEST(test_file_size_limit), TEST(test_full_disk),     TEST(test_busy),
        TEST(test_damaged),
    };
    return cmocka_run_group_tests_name("store failures", tests, NULL, NULL);
}
