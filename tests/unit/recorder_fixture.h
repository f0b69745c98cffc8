/*
 * What the tests of the preloaded recorder share: each runs a piece of work of recorder_program
 * under it, against a collector of its own, and looks at the records.
 */
#ifndef RECORDER_FIXTURE_H
#define RECORDER_FIXTURE_H

#include "ring_fixture.h"

enum { WORDS_BYTES = 4096 };

extern struct ring_fixture fixture;
extern char words[WORDS_BYTES]; /* what the program said */

int recorder_fixture_start(void **state);
int recorder_fixture_release(void **state);

/* Runs one piece of work of recorder_program, and reads what was recorded; its wait status. */
int record(const char *work, const char *preload);

size_t count_of(const struct fixture_stream *stream, unsigned kind, uint64_t size);
/* The first such record; there has to be one. */
const struct fixture_record *find_record(const struct fixture_stream *stream, unsigned kind,
                                         uint64_t size);
/* Puts RING_SIZE together with what it belongs to. */
uint64_t size_of(const struct fixture_stream *stream, size_t index);
/* Each line of `words`, "KIND SIZE ADDRESS", is a record, and in this order. */
void assert_told(const struct fixture_stream *stream);
/* In each stripe the numbers go from 0 on, without a gap and without one taken twice; records
 * without a number precede. */
void assert_numbered(const struct fixture_stream *stream);
/* In the order that the records tell an address is handed out and given back in turn. */
void assert_alternating(const struct fixture_stream *stream);

#define RECORDER_TEST(test) \
    cmocka_unit_test_setup_teardown(test, recorder_fixture_start, recorder_fixture_release)

#endif
