/* What the recorder's tests share; see recorder_fixture.h. */
#include "recorder_fixture.h"

#include "trace.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* cmocka.h needs what stands above it */
#include <cmocka.h>

struct ring_fixture fixture;
char words[WORDS_BYTES];

int recorder_fixture_start(void **state)
{
    (void)state;
    ring_fixture_start(&fixture, RING_BYTES_DEFAULT);
    return 0;
}

int recorder_fixture_release(void **state)
{
    (void)state;
    ring_fixture_release(&fixture);
    return 0;
}

int record(const char *work, const char *preload)
{
    const char *const command[] = {"recorder_program", work, NULL};
    int status = ring_fixture_run(&fixture, preload, command, words);
    ring_fixture_finish(&fixture);
    return status;
}

size_t count_of(const struct fixture_stream *stream, unsigned kind, uint64_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < stream->count; i++)
        count += stream->records[i].kind == kind && stream->records[i].size == size;
    return count;
}

uint64_t size_of(const struct fixture_stream *stream, size_t index)
{
    const struct fixture_record *record = &stream->records[index];
    if (record->alone || record->size != RING_SIZE_APART)
        return record->size;
    while (stream->records[--index].kind != RING_SIZE)
        assert_true(index > 0);
    return stream->records[index].size;
}

void assert_told(const struct fixture_stream *stream)
{
    size_t at = 0, lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r(words, "\n", &rest); line != NULL; lines++) {
        char kind[32];
        unsigned long size, address;
        assert_int_equal(sscanf(line, "%31s %lu %lu", kind, &size, &address), 3);
        for (;; at++) {
            if (at == stream->count)
                fail_msg("not recorded: %s", line);
            const struct fixture_record *record = &stream->records[at];
            if (record->kind == trace_kind_parse(kind) && size_of(stream, at) == size &&
                (record->failed ? 0 : record->address) == address)
                break;
        }
        at++;
        line = strtok_r(NULL, "\n", &rest);
    }
    assert_true(lines > 0);
}

const struct fixture_record *find_record(const struct fixture_stream *stream, unsigned kind,
                                         uint64_t size)
{
    for (size_t i = 0; i < stream->count; i++)
        if (stream->records[i].kind == kind && size_of(stream, i) == size)
            return &stream->records[i];
    fail_msg("no %s of %lu bytes", trace_kind_name(kind), (unsigned long)size);
    return NULL;
}

/* ---- order ------------------------------------------------------------------------ */

static bool names_block(const struct fixture_record *record)
{
    return record->kind < RING_TIME && !record->failed && record->address != 0;
}

/* Records without a number are one thread's, and go before its others. */
static void assert_alone_first(const struct fixture_stream *stream)
{
    const struct fixture_record *alone = NULL, *numbered = NULL;
    for (size_t i = 0; i < stream->count; i++) {
        const struct fixture_record *one = &stream->records[i];
        if (one->kind >= RING_TIME)
            continue;
        if (one->alone) {
            assert_true(alone == NULL || alone->thread == one->thread);
            assert_true(numbered == NULL || numbered->thread != one->thread);
            alone = one;
        } else {
            numbered = one;
        }
    }
}

static int compare_numbers(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

void assert_numbered(const struct fixture_stream *stream)
{
    uint64_t *keys = malloc((stream->count + 1) * sizeof *keys);
    size_t count = 0, alone = 0;
    assert_alone_first(stream);
    for (size_t i = 0; i < stream->count; i++) {
        const struct fixture_record *one = &stream->records[i];
        if (!names_block(one))
            continue;
        alone += one->alone;
        if (!one->alone)
            keys[count++] = (uint64_t)ring_stripe_of(one->address) << 32 | one->number;
    }
    assert_true(count + alone > 0);
    qsort(keys, count, sizeof *keys, compare_numbers);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || keys[i] >> 32 != keys[i - 1] >> 32;
        assert_int_equal(keys[i] & UINT32_MAX, first ? 0 : (keys[i - 1] & UINT32_MAX) + 1);
    }
    free(keys);
    assert_int_equal(stream->holes, 0);
}

struct event {
    uint64_t address, order;
    bool gives;
};

static int compare_events(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void assert_alternating(const struct fixture_stream *stream)
{
    struct event *events = malloc((stream->count + 1) * sizeof *events);
    size_t count = 0;
    for (size_t i = 0; i < stream->count; i++) {
        const struct fixture_record *one = &stream->records[i];
        if (names_block(one))
            events[count++] =
                (struct event){one->address, one->alone ? i : stream->count + one->number,
                               one->kind == TRACE_FREE || one->kind == TRACE_REALLOC_BEGIN};
    }
    qsort(events, count, sizeof *events, compare_events);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || events[i].address != events[i - 1].address;
        assert_int_equal(events[i].gives, first ? false : !events[i - 1].gives);
    }
    free(events);
}
