/*
 * A folder with a store in it, made for one test and removed after it, and what the tests of the
 * store assert over and over.
 */
#ifndef HEAPMARK_STORE_FIXTURE_H
#define HEAPMARK_STORE_FIXTURE_H

#include "store.h"

struct store_fixture {
    char folder[64], path[96];
};

/* For cmocka: *state is a struct store_fixture. */
int store_fixture_set_up(void **state);
int store_fixture_tear_down(void **state);

struct store *store_fixture_open(const struct store_fixture *place, enum store_mode mode);
/* Fails the test with the store's message unless `result` is 0. */
void assert_done(struct store *store, int result);
/* Stores a run of the fixture under `name`, all of it measured; the caller releases the run. */
void store_fixture_fill(const struct store_fixture *place, struct run *run, const char *name);
void assert_same_trial(const struct trial_record *a, const struct trial_record *b);

#endif
