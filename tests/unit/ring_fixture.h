/*
 * A collector small enough for tests: it hands out rings, and reads them when their process is
 * over, or, where asked, empties chunks while it runs.
 */
#ifndef RING_FIXTURE_H
#define RING_FIXTURE_H

#include "ring.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    FIXTURE_STREAMS = 64,
    FIXTURE_NAME_BYTES = 64,
    FIXTURE_PATIENCE_MS = 1000, /* of the rings */
};

struct fixture_record {
    uint32_t thread, tid;
    unsigned kind, alignment_log2;
    bool failed, alone;
    uint64_t address; /* or errno */
    uint64_t size;    /* RING_TIME: ticks */
    uint32_t number;
};

struct fixture_stream {
    struct ring_hello hello;
    struct ring *ring;
    size_t ring_bytes;
    struct fixture_record *records; /* thread by thread */
    size_t count, room;
    size_t holes; /* slots claimed and never written */
};

struct ring_fixture {
    char name[FIXTURE_NAME_BYTES]; /* "@...", for HEAPMARK_RECORD */
    _Atomic size_t ring_bytes;     /* of the rings handed out */
    _Atomic bool refuse;           /* hellos are answered with a refusal */
    _Atomic bool deaf;             /* hellos are answered with a closed socket */
    _Atomic bool drain;            /* emptied chunks go back while the process runs */
    _Atomic bool beat;             /* the heartbeat goes */
    _Atomic bool over;
    int socket;
    pthread_t thread;
    _Atomic size_t stream_count;
    struct fixture_stream stream[FIXTURE_STREAMS];
};

void ring_fixture_start(struct ring_fixture *fixture, size_t ring_bytes);
/* Stops listening, and reads what is left in the rings. */
void ring_fixture_finish(struct ring_fixture *fixture);
void ring_fixture_release(struct ring_fixture *fixture);

/*
 * Runs build/<mode>/tests/unit/recorder_program with the words given under the recorder, in front
 * of `preload` ("" for none). Returns the wait status; the program's stderr goes into `words` of
 * 4096 bytes.
 */
int ring_fixture_run(struct ring_fixture *fixture, const char *preload, const char *const *command,
                     char *words);
/* build/<mode>/name */
void ring_fixture_built(char path[4096], const char *name);

#endif
