/* The place of a store under test; see store_fixture.h. */
#include "store_fixture.h"

#include "run_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

int store_fixture_set_up(void **state)
{
    struct store_fixture *place = calloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "/tmp/heapmark-store-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "%s/a store.db", place->folder);
    *state = place;
    return 0;
}

int store_fixture_tear_down(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    struct store_fixture *place = *state;
    char path[128];
    chmod(place->folder, 0700);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(path, sizeof path, "%s%s", place->path, suffixes[i]);
        unlink(path);
    }
    int result = rmdir(place->folder);
    free(place);
    return result;
}

struct store *store_fixture_open(const struct store_fixture *place, enum store_mode mode)
{
    struct store *store = store_open(place->path, mode);
    assert_non_null(store);
    return store;
}

void assert_done(struct store *store, int result)
{
    if (result != 0)
        fail_msg("%s", store_message(store));
}

void store_fixture_fill(const struct store_fixture *place, struct run *run, const char *name)
{
    struct store *store = store_fixture_open(place, STORE_WRITE);
    run_fixture_init(run, name);
    assert_done(store, store_add_run(store, run));
    run_fixture_measure(run);
    for (size_t i = 0; i < run->trial_count; i++)
        assert_done(store, store_put_trial(store, run, &run->trials[i]));
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
    assert_int_equal(a->latency_bins, b->latency_bins);
    for (size_t i = 0; i < a->latency_bins; i++)
        assert_memory_equal(&a->latency[i], &b->latency[i], sizeof a->latency[i]);
    assert_int_equal(a->syscalls.counted, b->syscalls.counted);
#define X(name) assert_true(a->syscalls.name == b->syscalls.name);
    SYSCALL_MEASURES(X)
#undef X
}

void assert_same_trial(const struct trial_record *a, const struct trial_record *b)
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
