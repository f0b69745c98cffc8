/*
 * What is put into a store comes out of it. What happens to the process or the file meanwhile is in
 * test_store_crash.c and test_store_failure.c.
 */
#include "run_fixture.h"
#include "store_fixture.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    store_fixture_fill(*state, &written, "2026-11-21T10-00-00-a");
    struct store *store = store_fixture_open(*state, STORE_READ);
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
    store_fixture_fill(*state, &first, "2026-11-21T10-00-00-a");
    store_fixture_fill(*state, &second, "2026-11-22T10-00-00-a");
    assert_int_equal(second.trials[0].id, (int64_t)first.trial_count + 1);
    struct store *store = store_fixture_open(*state, STORE_READ);
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
    store_fixture_fill(*state, &run, "2026-11-21T10-00-00-a");
    struct store *store = store_fixture_open(*state, STORE_WRITE);
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
    store_fixture_fill(*state, &run, "2026-11-21T10-00-00-a");
    struct store *store = store_fixture_open(*state, STORE_WRITE);
    assert_int_equal(store_add_run(store, &run), -1);
    assert_non_null(strstr(store_message(store), "already"));
    store_close(store);
    run_release(&run);
}

/* A trial run again leaves nothing of its first time. */
static void test_put_again(void **state)
{
    struct run run, loaded;
    store_fixture_fill(*state, &run, "2026-11-21T10-00-00-a");
    struct store *store = store_fixture_open(*state, STORE_WRITE);
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

/* Bins come back in the order of the table's key: kind by name, size, time; two of the same key,
 * as a histogram's last bucket may have, come back as one. */
static void test_times_of_calls(void **state)
{
    static const struct latency_bin bins[] = {
        {5217,      44, LATENCY_FREE,    1},
        {6087,      2,  LATENCY_FREE,    1},
        {870,       1,  LATENCY_FREE,    2},
        {123456789, 9,  LATENCY_REALLOC, 3},
        {123456789, 1,  LATENCY_REALLOC, 3},
    };
    enum { BINS = sizeof bins / sizeof *bins };
    struct run run, loaded;
    store_fixture_fill(*state, &run, "2026-11-21T10-00-00-a");
    struct store *store = store_fixture_open(*state, STORE_WRITE);
    struct trial_record *record = &run.trials[0];
    record->latency_samples = 57;
    record->latency_p50_ns = 5;
    record->latency = calloc(BINS, sizeof *record->latency);
    memcpy(record->latency, bins, sizeof bins);
    record->latency_bins = BINS;
    assert_done(store, store_put_trial(store, &run, record));
    assert_done(store, store_put_trial(store, &run, record)); /* the first is dropped */
    run_init(&loaded);
    assert_done(store, store_load_run(store, NULL, &loaded));
    record->latency[BINS - 2].calls += record->latency[BINS - 1].calls;
    record->latency_bins--;
    assert_same_trial(record, &loaded.trials[0]);
    run_release(&loaded);
    store_close(store);
    run_release(&run);
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
    const struct store_fixture *place = *state;
    struct run run;
    sqlite3 *db;
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen("docs/results.md", "r");
    if (file == NULL)
        fail_msg("run me in the root of the project: there is no docs/results.md here");
    text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
    fclose(file);
    store_fixture_fill(place, &run, "2026-11-21T10-00-00-a");
    struct store *store = store_fixture_open(place, STORE_WRITE);
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

/* A reader sees whole trials while the writer has the file open. */
static void test_read_while_writing(void **state)
{
    struct run run, loaded;
    struct store *writer = store_fixture_open(*state, STORE_WRITE);
    run_fixture_init(&run, "both");
    assert_done(writer, store_add_run(writer, &run));
    run_fixture_fill(&run, &run.trials[0]);
    assert_done(writer, store_put_trial(writer, &run, &run.trials[0]));
    struct store *reader = store_fixture_open(*state, STORE_READ);
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
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),         TEST(test_two_runs),       TEST(test_list),
        TEST(test_name_must_be_new),   TEST(test_put_again),      TEST(test_read_while_writing),
        TEST(test_documented_queries), TEST(test_times_of_calls),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
