/* A heap of names, and threads at random; see program_trace_fixture.h. */
#include "program_trace_fixture.h"

#include "message.h"
#include "trace_fixture.h"
#include "trace_writer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BLOCKS_MAXIMUM = 4096, THREADS_MAXIMUM = 64 };

struct program {
    uint64_t live[BLOCKS_MAXIMUM], spare[2 * BLOCKS_MAXIMUM];
    size_t live_count, spare_count;
    uint64_t top, seed;
    uint64_t half[THREADS_MAXIMUM]; /* given to a realloc under way + 1; 0: none */
    bool failing[THREADS_MAXIMUM];
};

static uint64_t below(struct program *p, uint64_t limit)
{
    return fixture_random(&p->seed) % limit;
}

static uint64_t take_address(struct program *p)
{
    if (p->spare_count > 0 && below(p, 4) != 0)
        return p->spare[--p->spare_count];
    return p->top += 16;
}

static uint64_t take_block(struct program *p)
{
    size_t at = (size_t)below(p, p->live_count);
    uint64_t address = p->live[at];
    p->live[at] = p->live[--p->live_count];
    return address;
}

static void allocate(struct program *p, struct trace_op *op)
{
    static const uint8_t kinds[] = {TRACE_MALLOC,  TRACE_MALLOC,         TRACE_CALLOC,
                                    TRACE_REALLOC, TRACE_POSIX_MEMALIGN, TRACE_ALIGNED_ALLOC};
    op->kind = kinds[below(p, 6)];
    op->size = below(p, 20) == 0 ? below(p, 100000) : below(p, 300);
    if (op->kind == TRACE_POSIX_MEMALIGN || op->kind == TRACE_ALIGNED_ALLOC)
        op->alignment = UINT64_C(16) << below(p, 5);
    if (below(p, 50) == 0) {
        op->flags = TRACE_FAILED;
        op->error = ENOMEM;
        return;
    }
    p->live[p->live_count++] = op->address = take_address(p);
}

static void give_back(struct program *p, struct trace_op *op)
{
    op->kind = TRACE_FREE;
    if (below(p, 30) == 0)
        return;
    op->old_address = take_block(p);
    p->spare[p->spare_count++] = op->old_address;
}

static void resize(struct program *p, struct trace_op *op)
{
    op->kind = below(p, 5) == 0 ? TRACE_REALLOCARRAY : TRACE_REALLOC;
    op->size = below(p, 3000);
    op->old_address = take_block(p);
    switch (below(p, 5)) {
    case 0:
        op->address = op->old_address;
        break;
    case 1:
        op->flags = TRACE_FAILED;
        op->error = ENOMEM;
        p->live[p->live_count++] = op->old_address;
        return;
    case 2:
        op->size = 0;
        p->spare[p->spare_count++] = op->old_address;
        return;
    default:
        op->address = take_address(p);
        p->spare[p->spare_count++] = op->old_address;
    }
    p->live[p->live_count++] = op->address;
}

static void begin_resize(struct program *p, struct trace_op *op)
{
    op->kind = TRACE_REALLOC_BEGIN;
    op->old_address = take_block(p);
    p->half[op->thread] = op->old_address + 1;
    p->failing[op->thread] = below(p, 4) == 0;
    if (!p->failing[op->thread])
        p->spare[p->spare_count++] = op->old_address;
}

static void end_resize(struct program *p, struct trace_op *op)
{
    op->kind = TRACE_REALLOC;
    op->flags = TRACE_SPLIT;
    op->size = 1 + below(p, 3000);
    op->old_address = p->half[op->thread] - 1;
    p->half[op->thread] = 0;
    if (p->failing[op->thread]) {
        op->flags |= TRACE_FAILED;
        op->error = ENOMEM;
        p->live[p->live_count++] = op->old_address;
        return;
    }
    p->live[p->live_count++] = op->address = take_address(p);
}

static void make_op(struct program *p, struct trace_op *op)
{
    if (p->half[op->thread] != 0) {
        end_resize(p, op);
        return;
    }
    uint64_t choice = below(p, 20);
    if (p->live_count == 0 || (choice < 9 && p->live_count + THREADS_MAXIMUM < BLOCKS_MAXIMUM))
        allocate(p, op);
    else if (choice < 17)
        give_back(p, op);
    else if (choice < 19)
        resize(p, op);
    else
        begin_resize(p, op);
}

struct trace_op *program_ops(size_t count, uint32_t threads, uint64_t seed)
{
    struct program *p = calloc(1, sizeof *p);
    struct trace_op *ops = calloc(count + 1, sizeof *ops);
    assert_non_null(p);
    assert_non_null(ops);
    assert_true(threads <= THREADS_MAXIMUM);
    p->seed = seed;
    p->top = UINT64_C(0x7f0000000000);
    uint32_t seen = 0;
    uint64_t time_ns = 0;
    for (size_t i = 0; i < count; i++) {
        /* In the order of their first appearance. */
        uint32_t thread = (uint32_t)below(p, seen < threads ? seen + 1 : threads);
        seen = thread == seen ? seen + 1 : seen;
        time_ns += below(p, 3) * 1000;
        ops[i].thread = thread;
        ops[i].time_ns = time_ns;
        make_op(p, &ops[i]);
    }
    free(p);
    return ops;
}

void program_write(const char *path, const struct trace_op *op, size_t count, uint32_t threads,
                   const char *const *facts)
{
    char message[MESSAGE_BYTES] = "";
    struct trace_facts all = {0};
    for (; facts != NULL && facts[0] != NULL; facts += 2)
        assert_int_equal(trace_facts_set(&all, facts[0], facts[1]), 0);
    struct trace_writer *writer = trace_writer_create(path, &all, message);
    assert_string_equal(message, "");
    for (uint32_t i = 0; i < threads; i++)
        assert_int_equal(trace_writer_thread(writer, i, 100 + i, "worker", message), 0);
    for (size_t i = 0; i < count; i++)
        if (trace_writer_add(writer, &op[i], message) != 0)
            fail_msg("operation %zu: %s", i, message);
    assert_int_equal(trace_writer_finish(writer, NULL, message), 0);
    trace_facts_release(&all);
}

struct trace_reader *program_open(const char *path)
{
    char message[MESSAGE_BYTES] = "";
    struct trace_reader *reader = trace_reader_open(path, message);
    assert_string_equal(message, "");
    assert_non_null(reader);
    return reader;
}

struct trace_op *program_read(const char *path, size_t *count)
{
    char message[MESSAGE_BYTES] = "";
    struct trace_reader *reader = program_open(path);
    *count = (size_t)trace_reader_operations(reader);
    struct trace_op *ops = calloc(*count + 1, sizeof *ops);
    assert_non_null(ops);
    for (size_t i = 0; i < *count; i++)
        assert_int_equal(trace_reader_next(reader, &ops[i], message), 1);
    trace_reader_close(reader);
    return ops;
}
