/*
 * A writer that is killed at any moment loses the trial under way and nothing else.
 */
#include "run_fixture.h"
#include "store_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t count_rows(const struct store_fixture *place, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

/* Writes every trial of a run over and over, and says so for each, until it is killed. */
static void write_for_ever(const struct store_fixture *place, int told)
{
    struct run run;
    struct store *store = store_open(place->path, STORE_WRITE);
    run_init(&run);
    if (store_load_run(store, NULL, &run) != 0)
        _exit(1);
    for (size_t i = 0;; i++) {
        size_t trial = i % run.trial_count;
        struct trial_record record;
        trial_record_init(&record);
        record.id = run.trials[trial].id;
        record.key = run.trials[trial].key;
        run_fixture_fill(&run, &record);
        if (store_put_trial(store, &run, &record) != 0 || write(told, "", 1) != 1)
            _exit(2);
        trial_record_release(&record);
    }
}

/* Lets a child write until it has told of `trials` of them, then kills it `wait_ns` later. Returns
 * how many it had told of in all. */
static size_t kill_writer(const struct store_fixture *place, size_t trials, long wait_ns)
{
    int channel[2], status;
    char told[256];
    size_t count = 0;
    ssize_t length;
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(channel[0]);
        write_for_ever(place, channel[1]);
    }
    close(channel[1]);
    while (count < trials && (length = read(channel[0], told, 1)) > 0)
        count += (size_t)length;
    nanosleep(&(struct timespec){.tv_nsec = wait_ns}, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while ((length = read(channel[0], told, sizeof told)) > 0)
        count += (size_t)length;
    close(channel[0]);
    return count;
}

/* Every trial that was told of is there, whole; at most one more is; none is there in part. */
static void assert_whole(const struct store_fixture *place, const struct run *planned, size_t told)
{
    struct run loaded;
    struct store *store = store_fixture_open(place, STORE_READ);
    size_t measured = 0;
    run_init(&loaded);
    assert_done(store, store_load_run(store, NULL, &loaded));
    for (size_t i = 0; i < loaded.trial_count; i++) {
        struct trial_record expected;
        trial_record_init(&expected);
        expected.id = planned->trials[i].id;
        expected.key = planned->trials[i].key;
        if (loaded.trials[i].status == STATUS_OK) {
            run_fixture_fill(planned, &expected);
            measured++;
        }
        assert_same_trial(&expected, &loaded.trials[i]);
        trial_record_release(&expected);
    }
    store_close(store);
    run_release(&loaded);
    size_t least = told < planned->trial_count ? told : planned->trial_count;
    assert_true(measured >= least && measured <= least + 1);
}

static void test_kill(void **state)
{
    enum { KILLS = 12 };
    struct run run;
    for (int i = 0; i < KILLS; i++) {
        struct store *store = store_fixture_open(*state, STORE_WRITE);
        char name[32];
        snprintf(name, sizeof name, "run-%02d", i);
        run_fixture_init(&run, name);
        assert_done(store, store_add_run(store, &run));
        store_close(store);
        /* At another moment each time: inside a transaction, between two, in a checkpoint. */
        size_t told = kill_writer(*state, (size_t)i * 7, i * 61000);
        assert_whole(*state, &run, told);
        run_release(&run);
    }
    /* And it is a sound file that the next writer goes on with. */
    assert_int_equal(count_rows(*state, "SELECT count(*) FROM pragma_integrity_check"
                                        " WHERE integrity_check='ok'"),
                     1);
    assert_int_equal(count_rows(*state, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kill, store_fixture_set_up, store_fixture_tear_down),
    };
    return cmocka_run_group_tests_name("store crash", tests, NULL, NULL);
}
