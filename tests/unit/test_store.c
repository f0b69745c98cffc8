/*
 * What is put into a store comes out of it, whatever happens to the process meanwhile. Failures of
 * the file system are in test_store_failure.c.
 */
#include "run_fixture.h"
#include "store.h"

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

struct place {
    char folder[64], path[96];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "/tmp/heapmark-store-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "%s/a store.db", place->folder);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct place *place = *state;
    char path[128];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(path, sizeof path, "%s%s", place->path, suffixes[i]);
        unlink(path);
    }
    rmdir(place->folder);
    free(place);
    return 0;
}

static struct store *open_store(const struct place *place, enum store_mode mode)
{
    struct store *store = store_open(place->path, mode);
    assert_non_null(store);
    return store;
}

static void assert_done(struct store *store, int result)
{
    if (result != 0)
        fail_msg("%s", store_message(store));
}

static void put_all(struct store *store, const struct run *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        assert_done(store, store_put_trial(store, run, &run->trials[i]));
}

static void store_whole_run(const struct place *place, struct run *run, const char *name)
{
    struct store *store = open_store(place, STORE_WRITE);
    run_fixture_init(run, name);
    assert_done(store, store_add_run(store, run));
    run_fixture_measure(run);
    put_all(store, run);
    assert_done(store, store_finish_run(store, run));
    store_close(store);
}

static void assert_same_parts(const struct trial_record *a, const struct trial_record *b)
{
    for (int64_t i = 0; a->lap != NULL && i < a->laps; i++)
        assert_memory_equal(&a->lap[i], &b->lap[i], sizeof a->lap[i]);
    for (int64_t i = 0; a->timeline != NULL && i < a->sampled; i++)
        assert_memory_equal(&a->timeline[i], &b->timeline[i], sizeof a->timeline[i]);
    for (int i = 0; i < CHECKPOINT_COUNT; i++) {
        assert_int_equal(a->checkpoints[i].reached, b->checkpoints[i].reached);
#define X(name, unit, help) assert_true(a->checkpoints[i].name == b->checkpoints[i].name);
        CHECKPOINT_MEASURES(X)
#undef X
    }
    assert_int_equal(a->syscalls.counted, b->syscalls.counted);
#define X(name) assert_true(a->syscalls.name == b->syscalls.name);
    SYSCALL_MEASURES(X)
#undef X
}

static void assert_same_trial(const struct trial_record *a, const struct trial_record *b)
{
    assert_int_equal(a->id, b->id);
    assert_memory_equal(&a->key, &b->key, sizeof a->key);
    assert_int_equal(a->status, b->status);
    assert_string_equal(a->detail, b->detail);
    assert_string_equal(a->malloc_file, b->malloc_file);
    assert_true(a->started_ns == b->started_ns);
#define X(name, unit, help) assert_true(a->name == b->name);
    TRIAL_MEASURES(X)
#undef X
    assert_int_equal(a->lap == NULL, b->lap == NULL);
    assert_int_equal(a->timeline == NULL, b->timeline == NULL);
    assert_same_parts(a, b);
}

static void assert_same_allocator(const struct allocator *a, const struct allocator *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->path == NULL, b->path == NULL);
    if (a->path != NULL)
        assert_string_equal(a->path, b->path);
    assert_string_equal(a->env, b->env);
    assert_string_equal(a->summary, b->summary);
    assert_string_equal(a->source, b->source);
    assert_string_equal(a->package, b->package);
    assert_int_equal(a->programs, b->programs);
    assert_string_equal(a->file, b->file);
    assert_string_equal(a->version, b->version);
    assert_string_equal(a->sha256, b->sha256);
}

static void assert_same_run(const struct run *a, const struct run *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->suite, b->suite);
    assert_true(a->seed == b->seed && a->order_seed == b->order_seed);
    assert_true(a->started_ns == b->started_ns && a->finished_ns == b->finished_ns);
    assert_true(a->sample_step_ns == b->sample_step_ns && a->time_limit_ns == b->time_limit_ns);
    assert_true(a->memory_limit_bytes == b->memory_limit_bytes);
    assert_int_equal(a->allocator_count, b->allocator_count);
    assert_int_equal(a->workload_count, b->workload_count);
    assert_int_equal(a->fact_count, b->fact_count);
    assert_int_equal(a->trial_count, b->trial_count);
    for (size_t i = 0; i < a->allocator_count; i++)
        assert_same_allocator(&a->allocators[i], &b->allocators[i]);
    for (size_t i = 0; i < a->workload_count; i++) {
        assert_string_equal(a->workloads[i].label, b->workloads[i].label);
        assert_string_equal(a->workloads[i].name, b->workloads[i].name);
        assert_string_equal(a->workloads[i].params, b->workloads[i].params);
        assert_int_equal(a->workloads[i].kind, b->workloads[i].kind);
        assert_int_equal(a->workloads[i].threads, b->workloads[i].threads);
        assert_int_equal(a->workloads[i].blocks, b->workloads[i].blocks);
    }
    for (size_t i = 0; i < a->fact_count; i++) {
        assert_string_equal(a->facts[i].name, b->facts[i].name);
        assert_string_equal(a->facts[i].value, b->facts[i].value);
    }
    for (size_t i = 0; i < a->trial_count; i++)
        assert_same_trial(&a->trials[i], &b->trials[i]);
}

static void test_round_trip(void **state)
{
    struct run written, loaded;
    store_whole_run(*state, &written, "2026-11-21T10-00-00-a");
    struct store *store = open_store(*state, STORE_READ);
    run_init(&loaded);
    assert_done(store, store_load_run(store, "2026-11-21T10-00-00-a", &loaded));
    assert_same_run(&written, &loaded);
    assert_int_equal(store_put_trial(store, &loaded, &loaded.trials[0]), -1);
    assert_non_null(strstr(store_message(store), "for reading only"));
    store_close(store);
    run_release(&written);
    run_release(&loaded);
}

/* A second run in the same file: ids go on, indices begin anew. */
static void test_two_runs(void **state)
{
    struct run first, second, loaded;
    store_whole_run(*state, &first, "2026-11-21T10-00-00-a");
    store_whole_run(*state, &second, "2026-11-22T10-00-00-a");
    assert_int_equal(second.trials[0].id, (int64_t)first.trial_count + 1);
    struct store *store = open_store(*state, STORE_READ);
    run_init(&loaded);
    assert_done(store, store_load_run(store, "2026-11-22", &loaded));
    assert_same_run(&second, &loaded);
    run_release(&loaded);
    /* Both began at the same moment, so the one stored last is the newest. */
    assert_done(store, store_load_run(store, NULL, &loaded));
    assert_string_equal(loaded.name, second.name);
    run_release(&loaded);
    assert_int_equal(store_load_run(store, "2026-11-2", &loaded), -1);
    assert_non_null(strstr(store_message(store), "more than one run"));
    assert_non_null(strstr(store_message(store), first.name));
    assert_int_equal(store_load_run(store, "2025", &loaded), -1);
    assert_non_null(strstr(store_message(store), "no run called 2025"));
    assert_non_null(strstr(store_message(store), second.name));
    /* No pattern: a name is taken letter by letter. */
    assert_int_equal(store_load_run(store, "%", &loaded), -1);
    store_close(store);
    run_release(&first);
    run_release(&second);
}

static void test_list(void **state)
{
    struct run run;
    struct run_line *lines;
    size_t count;
    store_whole_run(*state, &run, "2026-11-21T10-00-00-a");
    struct store *store = open_store(*state, STORE_WRITE);
    run.trials[4].status = STATUS_CRASHED;
    run.trials[5].status = STATUS_SKIPPED;
    run.trials[6].status = STATUS_PLANNED;
    for (int i = 4; i < 7; i++)
        assert_done(store, store_put_trial(store, &run, &run.trials[i]));
    assert_done(store, store_list_runs(store, &lines, &count));
    assert_int_equal(count, 1);
    assert_string_equal(lines[0].name, run.name);
    assert_string_equal(lines[0].suite, "default");
    assert_int_equal(lines[0].trials_planned, run.trial_count);
    assert_int_equal(lines[0].trials_done, run.trial_count - 1);
    assert_int_equal(lines[0].trials_failed, 1);
    run_lines_free(lines, count);
    store_close(store);
    run_release(&run);
}

static void test_name_must_be_new(void **state)
{
    struct run run;
    store_whole_run(*state, &run, "2026-11-21T10-00-00-a");
    struct store *store = open_store(*state, STORE_WRITE);
    assert_int_equal(store_add_run(store, &run), -1);
    assert_non_null(strstr(store_message(store), "already"));
    store_close(store);
    run_release(&run);
}

/* A trial run again leaves nothing of its first time. */
static void test_put_again(void **state)
{
    struct run run, loaded;
    store_whole_run(*state, &run, "2026-11-21T10-00-00-a");
    struct store *store = open_store(*state, STORE_WRITE);
    struct trial_record *record = &run.trials[0], crashed;
    trial_record_init(&crashed);
    crashed.id = record->id;
    crashed.key = record->key;
    crashed.status = STATUS_CRASHED;
    snprintf(crashed.detail, sizeof crashed.detail, "signal 11");
    assert_done(store, store_put_trial(store, &run, &crashed));
    run_init(&loaded);
    assert_done(store, store_load_run(store, NULL, &loaded));
    assert_same_trial(&crashed, &loaded.trials[0]);
    assert_same_trial(&run.trials[1], &loaded.trials[1]);
    run_release(&loaded);
    /* And one that is not of this run is refused. */
    crashed.id = 1000000;
    assert_int_equal(store_put_trial(store, &run, &crashed), -1);
    assert_non_null(strstr(store_message(store), "no trial 1000000"));
    store_close(store);
    run_release(&run);
}

static int64_t count_rows(const struct place *place, const char *sql)
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
static void write_for_ever(const struct place *place, int told)
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
static size_t kill_writer(const struct place *place, size_t trials, long wait_ns)
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
static void assert_whole(const struct place *place, const struct run *planned, size_t told)
{
    struct run loaded;
    struct store *store = open_store(place, STORE_READ);
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
        struct store *store = open_store(*state, STORE_WRITE);
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

/* Runs one query and counts its rows. */
static size_t run_query(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    size_t rows = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sqlite3_errmsg(db), sql);
    while (sqlite3_step(statement) == SQLITE_ROW)
        rows++;
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return rows;
}

/* The queries of docs/results.md run as they stand there, and find something. */
static void test_documented_queries(void **state)
{
    static const char begin[] = "```sql\n", end[] = "```";
    const struct place *place = *state;
    struct run run;
    sqlite3 *db;
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen("docs/results.md", "r");
    if (file == NULL)
        fail_msg("run me in the root of the project: there is no docs/results.md here");
    text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
    fclose(file);
    store_whole_run(place, &run, "2026-11-21T10-00-00-a");
    struct store *store = open_store(place, STORE_WRITE);
    run.trials[4].status = STATUS_CRASHED;
    assert_done(store, store_put_trial(store, &run, &run.trials[4]));
    store_close(store);
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    size_t queries = 0;
    for (char *at = text; (at = strstr(at, begin)) != NULL; queries++) {
        at += strlen(begin);
        char *sql = strndup(at, (size_t)(strstr(at, end) - at));
        if (run_query(db, sql) == 0)
            fail_msg("this finds nothing: %s", sql);
        free(sql);
    }
    assert_true(queries >= 5);
    sqlite3_close(db);
    free(text);
    run_release(&run);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* A trial of 40 laps and 200 points is stored in about a millisecond. */
static void test_cost(void **state)
{
    struct run run;
    struct store *store = open_store(*state, STORE_WRITE);
    run_fixture_init(&run, "cost");
    assert_done(store, store_add_run(store, &run));
    run_fixture_measure(&run);
    double began = seconds();
    size_t puts = 0;
    for (size_t i = 0; i < run.trial_count; i++)
        if (run.trials[i].lap != NULL) {
            assert_done(store, store_put_trial(store, &run, &run.trials[i]));
            puts++;
        }
    double each = (seconds() - began) / (double)puts;
    print_message("storing a trial of 40 laps and 200 points: %.2f ms\n", each * 1e3);
    /* Generous: the machine may be busy and the build sanitized; a commit with fsync or unprepared
     * statements take longer. */
    assert_true(each < 0.02);
    store_close(store);
    run_release(&run);
}

/* A reader sees whole trials while the writer has the file open. */
static void test_read_while_writing(void **state)
{
    struct run run, loaded;
    struct store *writer = open_store(*state, STORE_WRITE);
    run_fixture_init(&run, "both");
    assert_done(writer, store_add_run(writer, &run));
    run_fixture_fill(&run, &run.trials[0]);
    assert_done(writer, store_put_trial(writer, &run, &run.trials[0]));
    struct store *reader = open_store(*state, STORE_READ);
    run_init(&loaded);
    assert_done(reader, store_load_run(reader, NULL, &loaded));
    assert_same_trial(&run.trials[0], &loaded.trials[0]);
    assert_int_equal(loaded.trials[1].status, STATUS_PLANNED);
    assert_int_equal(loaded.finished_ns, 0);
    run_fixture_fill(&run, &run.trials[1]);
    assert_done(writer, store_put_trial(writer, &run, &run.trials[1]));
    store_close(reader);
    store_close(writer);
    run_release(&loaded);
    run_release(&run);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_two_runs),
        TEST(test_list),
        TEST(test_name_must_be_new),
        TEST(test_put_again),
        TEST(test_kill),
        TEST(test_cost),
        TEST(test_read_while_writing),
        TEST(test_documented_queries),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
