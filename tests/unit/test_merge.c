/*
 * The merge: records of hand-made and of simulated processes, in the orders that a scheduler, a
 * signal and a kill can leave behind, become traces in which no address is live twice.
 *
 * The simulation plays recorder and allocator in small steps (claim a slot, take a number, write,
 * call) of many threads; between any two a signal handler may begin calls of its own, the
 * collector may pass, and at the end everything is killed where it stands.
 */
#include "ledger.h"
#include "merge.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    RING_BYTES = 1 << 20,
    WRITERS = 40,
    OPS_MAXIMUM = 1 << 20,
    BASE = 1 << 20,
    NESTING = 4,
    BLOCKS = 600,
};

/* ---- a process ------------------------------------------------------------------- */

struct writer {
    uint32_t chunk, serial, at, tick;
};

struct process {
    struct ring_memory memory;
    struct merge *merge;
    struct writer writer[WRITERS];
    uint64_t ticks;
    struct trace_op *op;
    size_t ops;
    uint32_t introduced, tid[WRITERS];
    char message[MESSAGE_BYTES];
};

static int take_thread(void *argument, uint32_t index, uint32_t tid, char *message)
{
    struct process *p = argument;
    (void)message;
    assert_int_equal(index, p->introduced);
    assert_in_range(index, 0, WRITERS - 1);
    p->tid[p->introduced++] = tid;
    return 0;
}

static int take_op(void *argument, const struct trace_op *op, char *message)
{
    struct process *p = argument;
    (void)message;
    assert_true(p->ops < OPS_MAXIMUM);
    assert_true(p->ops == 0 || p->op[p->ops - 1].time_ns <= op->time_ns);
    p->op[p->ops++] = *op;
    return 0;
}

static int begin(void **state)
{
    static struct process process;
    struct process *p = &process;
    int file;
    memset(p, 0, sizeof *p);
    p->op = malloc(OPS_MAXIMUM * sizeof *p->op);
    assert_int_equal(ring_memory_init(&p->memory, RING_BYTES, &file, p->message), 0);
    close(file);
    p->merge = merge_create(&p->memory, &(struct merge_sink){take_thread, take_op, p});
    for (int i = 0; i < WRITERS; i++)
        p->writer[i] = (struct writer){.chunk = RING_NO_CHUNK, .at = RING_RECORDS};
    p->ticks = 1000;
    *state = p;
    return 0;
}

static int end(void **state)
{
    struct process *p = *state;
    merge_free(p->merge);
    ring_memory_release(&p->memory);
    free(p->op);
    return 0;
}

static int pass(struct process *p, enum merge_haste haste)
{
    struct merge_moment now = {.ticks = p->ticks, .ns = p->ticks * 10, .ns_per_tick = 10};
    int result = merge_pass(p->merge, &now, haste, p->message);
    atomic_fetch_add(&p->memory.ring->tick, 1);
    ring_memory_stock(&p->memory);
    return result;
}

static uint32_t pop_chunk(struct ring *ring)
{
    uint64_t top = atomic_load(&ring->free_stack);
    uint32_t chunk = (uint32_t)top;
    if (chunk != RING_NO_CHUNK)
        atomic_store(&ring->free_stack, ((top >> 32) + 1) << 32 | ring_chunk_at(ring, chunk)->link);
    return chunk;
}

/* NULL: the ring is full. */
static struct ring_record *claim_any(struct process *p, unsigned thread)
{
    struct ring *ring = p->memory.ring;
    struct writer *w = &p->writer[thread];
    if (w->at == RING_RECORDS) {
        uint32_t chunk = pop_chunk(ring);
        if (chunk == RING_NO_CHUNK)
            return NULL;
        struct ring_chunk *c = ring_chunk_at(ring, chunk);
        c->thread = thread;
        c->tid = 100 + thread;
        c->serial = w->serial++;
        atomic_store(&c->next, RING_NO_CHUNK);
        if (w->chunk == RING_NO_CHUNK)
            c->link = atomic_exchange(&ring->arrivals, chunk);
        else
            atomic_store(&ring_chunk_at(ring, w->chunk)->next, chunk);
        w->chunk = chunk;
        w->at = 0;
    }
    return &ring_chunk_at(ring, w->chunk)->record[w->at++];
}

static void fill(struct ring_record *slot, uint64_t head, uint64_t body)
{
    slot->body = body;
    atomic_store(&slot->head, head);
}

static struct ring_record *claim(struct process *p, unsigned thread)
{
    struct ring_record *slot = claim_any(p, thread);
    struct writer *w = &p->writer[thread];
    uint32_t tick = atomic_load(&p->memory.ring->tick);
    if (slot == NULL || (w->tick == tick && (w->at - 1) % RING_TIME_EVERY != 0))
        return slot;
    w->tick = tick;
    fill(slot, (uint64_t)RING_TIME << RING_KIND_SHIFT, p->ticks);
    return claim_any(p, thread);
}

static uint32_t number(struct process *p, uint64_t address)
{
    return atomic_fetch_add(&p->memory.ring->stripe[ring_stripe_of(address)], 1);
}

static uint64_t head(unsigned kind, uint64_t address)
{
    return (uint64_t)kind << RING_KIND_SHIFT | address;
}

static uint64_t body(uint64_t size, uint32_t taken)
{
    return size | (uint64_t)taken << RING_SIZE_BITS;
}

/* A whole record at once. */
static void put(struct process *p, unsigned thread, unsigned kind, uint64_t address, uint64_t size)
{
    struct ring_record *slot = claim(p, thread);
    assert_non_null(slot);
    fill(slot, head(kind, address), body(size, address != 0 ? number(p, address) : 0));
    p->ticks++;
}

static void expect_op(const struct process *p, size_t index, unsigned kind, uint64_t old_address,
                      uint64_t address)
{
    assert_true(index < p->ops);
    assert_int_equal(p->op[index].kind, kind);
    assert_int_equal(p->op[index].old_address, old_address);
    assert_int_equal(p->op[index].address, address);
}

/* ---- hand-made orders -------------------------------------------------------------- */

static void test_calls_of_every_shape(void **state)
{
    struct process *p = *state;
    put(p, 0, TRACE_MALLOC, BASE, 10);
    put(p, 0, TRACE_REALLOC_BEGIN, BASE, 0);
    put(p, 0, TRACE_REALLOC, BASE + 64, 20);
    put(p, 0, TRACE_REALLOC_BEGIN, 0, 0);
    put(p, 0, TRACE_REALLOCARRAY, BASE, 30);
    put(p, 0, TRACE_REALLOC_BEGIN, BASE, 0);
    put(p, 0, TRACE_REALLOC, 0, 0); /* freed */
    put(p, 0, TRACE_REALLOC_BEGIN, BASE + 64, 0);
    fill(claim(p, 0), head(TRACE_REALLOC, 12) | UINT64_C(1) << RING_FAILED_SHIFT, body(40, 0));
    put(p, 0, TRACE_FREE, 0, 0);
    fill(claim(p, 0), head(RING_SIZE, 0), UINT64_MAX);
    fill(claim(p, 0), head(TRACE_CALLOC, 12) | UINT64_C(1) << RING_FAILED_SHIFT,
         body(RING_SIZE_APART, 0));
    fill(claim(p, 0),
         head(TRACE_MEMALIGN, 22) | UINT64_C(1) << RING_FAILED_SHIFT |
             (uint64_t)RING_ALIGNMENT_ODD << RING_ALIGNMENT_SHIFT,
         body(5, 0));
    fill(claim(p, 0), head(TRACE_MEMALIGN, BASE) | UINT64_C(12) << RING_ALIGNMENT_SHIFT,
         body(6, number(p, BASE)));
    assert_int_equal(pass(p, MERGE_LAST), 0);
    assert_int_equal(p->ops, 9);
    expect_op(p, 0, TRACE_MALLOC, 0, BASE);
    expect_op(p, 1, TRACE_REALLOC, BASE, BASE + 64);
    expect_op(p, 2, TRACE_REALLOCARRAY, 0, BASE);
    expect_op(p, 3, TRACE_REALLOC, BASE, 0);
    assert_int_equal(p->op[3].flags, 0);
    expect_op(p, 4, TRACE_REALLOC, BASE + 64, 0);
    assert_int_equal(p->op[4].flags, TRACE_FAILED);
    assert_int_equal(p->op[4].error, 12);
    expect_op(p, 5, TRACE_FREE, 0, 0);
    assert_true(p->op[6].size == UINT64_MAX);
    assert_int_equal(p->op[7].alignment & (p->op[7].alignment - 1), 62);
    assert_int_equal(p->op[8].alignment, 4096);
    assert_int_equal(merge_lost(p->merge), 0);
}

static void test_numbers_decide_against_time(void **state)
{
    struct process *p = *state;
    /* Thread 1 frees and thread 0 gets the address, but thread 0's stamp is older. */
    put(p, 1, TRACE_MALLOC, BASE, 1);
    uint32_t freed = number(p, BASE);
    put(p, 0, TRACE_MALLOC, BASE, 2);
    p->ticks += 1000;
    fill(claim(p, 1), head(TRACE_FREE, BASE), body(0, freed));
    assert_int_equal(pass(p, MERGE_LAST), 0);
    assert_int_equal(p->ops, 3);
    expect_op(p, 1, TRACE_FREE, BASE, 0);
    expect_op(p, 2, TRACE_MALLOC, 0, BASE);
    assert_int_equal(p->op[1].thread, 0);
    assert_int_equal(p->op[2].thread, 1);
}

static void put_alone(struct process *p, unsigned thread, unsigned kind, uint64_t address,
                      uint64_t size)
{
    fill(claim(p, thread), head(kind, address) | UINT64_C(1) << RING_ALONE_SHIFT, size);
    p->ticks++;
}

static void test_who_was_alone_goes_first(void **state)
{
    struct process *p = *state;
    put_alone(p, 0, TRACE_MALLOC, BASE, UINT64_MAX / 2);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 1);
    /* Another thread's clock is behind: its record is old enough, the one before it is not. */
    uint64_t early = p->ticks;
    p->ticks += 1000;
    put_alone(p, 0, TRACE_REALLOC_BEGIN, BASE, 0);
    put_alone(p, 0, TRACE_REALLOC, BASE + 64, 20);
    p->ticks = early;
    put(p, 1, TRACE_FREE, BASE + 64, 0);
    put(p, 0, TRACE_MALLOC, BASE, 30);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 1);
    p->ticks += 2000;
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 4);
    assert_true(p->op[0].size == UINT64_MAX / 2);
    expect_op(p, 1, TRACE_REALLOC, BASE, BASE + 64);
    expect_op(p, 2, TRACE_FREE, BASE + 64, 0);
    expect_op(p, 3, TRACE_MALLOC, 0, BASE);
    assert_int_equal(merge_lost(p->merge), 0);
}

static void test_company_in_the_middle_of_a_realloc(void **state)
{
    struct process *p = *state;
    put_alone(p, 0, TRACE_MALLOC, BASE, 10);
    put_alone(p, 0, TRACE_REALLOC_BEGIN, BASE, 0);
    put(p, 1, TRACE_MALLOC, BASE, 20);
    put(p, 0, TRACE_REALLOC, BASE + 64, 30);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 4);
    expect_op(p, 1, TRACE_REALLOC_BEGIN, BASE, 0);
    expect_op(p, 2, TRACE_MALLOC, 0, BASE);
    expect_op(p, 3, TRACE_REALLOC, BASE, BASE + 64);
}

/* A slot that it never writes does not hold up the others once it has company. */
static void test_a_gap_of_who_was_alone(void **state)
{
    struct process *p = *state;
    put_alone(p, 0, TRACE_MALLOC, BASE, 10);
    (void)claim(p, 0);
    put_alone(p, 0, TRACE_MALLOC, BASE + 64, 10);
    put(p, 1, TRACE_FREE, BASE, 0);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 2);
    assert_int_equal(pass(p, MERGE_LAST), 0);
    assert_int_equal(p->ops, 3);
    assert_int_equal(merge_lost(p->merge), 1);
}

static void test_a_realloc_with_others_between_is_split(void **state)
{
    struct process *p = *state;
    put(p, 0, TRACE_MALLOC, BASE, 1);
    put(p, 0, TRACE_REALLOC_BEGIN, BASE, 0);
    put(p, 1, TRACE_MALLOC, BASE, 2);
    put(p, 1, TRACE_FREE, BASE, 0);
    put(p, 0, TRACE_REALLOC, BASE, 3);
    assert_int_equal(pass(p, MERGE_LAST), 0);
    assert_int_equal(p->ops, 5);
    expect_op(p, 1, TRACE_REALLOC_BEGIN, BASE, 0);
    expect_op(p, 4, TRACE_REALLOC, BASE, BASE);
    assert_int_equal(p->op[4].flags, TRACE_SPLIT);
}

static void test_a_realloc_is_waited_for_a_while(void **state)
{
    struct process *p = *state;
    put(p, 0, TRACE_MALLOC, BASE, 1);
    put(p, 0, TRACE_REALLOC_BEGIN, BASE, 0);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 1);
    put(p, 0, TRACE_REALLOC, BASE, 3);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 2);
    assert_int_equal(p->op[1].flags, 0);
    put(p, 0, TRACE_REALLOC_BEGIN, BASE, 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(pass(p, MERGE_LIVE), 0);
    expect_op(p, 2, TRACE_REALLOC_BEGIN, BASE, 0);
}

static void test_a_handler_inside_a_realloc_nests(void **state)
{
    struct process *p = *state;
    put(p, 0, TRACE_MALLOC, BASE, 1);
    put(p, 0, TRACE_REALLOC_BEGIN, BASE, 0);
    put(p, 0, TRACE_REALLOC_BEGIN, 0, 0);
    put(p, 0, TRACE_REALLOC, BASE + 64, 2);
    put(p, 0, TRACE_REALLOC, BASE + 128, 3);
    assert_int_equal(pass(p, MERGE_LAST), 0);
    assert_int_equal(p->ops, 4);
    expect_op(p, 1, TRACE_REALLOC_BEGIN, BASE, 0);
    expect_op(p, 2, TRACE_REALLOC, 0, BASE + 64);
    expect_op(p, 3, TRACE_REALLOC, BASE, BASE + 128);
}

static void test_a_gap_is_waited_for(void **state)
{
    struct process *p = *state;
    struct ring_record *slot = claim(p, 0);
    put(p, 0, TRACE_MALLOC, BASE + 64, 2);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 0);
    fill(slot, head(TRACE_MALLOC, BASE), body(1, number(p, BASE)));
    /* Its number is behind that of the handler's: the merge must part slot order and numbers. */
    for (int i = 0; i < 8; i++)
        assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 2);
    expect_op(p, 0, TRACE_MALLOC, 0, BASE + 64);
    expect_op(p, 1, TRACE_MALLOC, 0, BASE);
    assert_int_equal(merge_lost(p->merge), 0);
}

static void test_what_a_killed_thread_left_out_is_lost(void **state)
{
    struct process *p = *state;
    (void)claim(p, 0);            /* a slot */
    (void)number(p, BASE + 4096); /* and a number, never written */
    put(p, 1, TRACE_MALLOC, BASE, 2);
    put(p, 0, TRACE_MALLOC, BASE + 64, 3);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 0);
    assert_int_equal(pass(p, MERGE_LAST), 0);
    assert_int_equal(p->ops, 2);
    assert_int_equal(merge_lost(p->merge), 1);
}

static void test_a_thread_that_jumped_away_is_given_up(void **state)
{
    struct process *p = *state;
    (void)claim(p, 0);
    (void)number(p, BASE);
    put(p, 0, TRACE_MALLOC, BASE + 64, 3);
    atomic_store(&p->memory.ring->waiting, 1);
    for (int i = 0; i < 3000 && p->ops == 0; i++)
        assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 1);
    assert_int_equal(merge_lost(p->merge), 1);
}

static void test_newer_records_wait_for_the_next_pass(void **state)
{
    struct process *p = *state;
    put(p, 0, TRACE_MALLOC, BASE, 1);
    struct merge_moment early = {.ticks = p->ticks - 500, .ns = 1, .ns_per_tick = 1};
    assert_int_equal(merge_pass(p->merge, &early, MERGE_LIVE, p->message), 0);
    assert_int_equal(p->ops, 0);
    assert_true(merge_is_behind(p->merge));
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, 1);
}

static bool is_gone(void *argument, uint32_t tid)
{
    return tid == *(uint32_t *)argument;
}

static void test_chunks_of_ended_threads_come_back(void **state)
{
    struct process *p = *state;
    uint32_t tid = 100;
    put(p, 0, TRACE_MALLOC, BASE, 1);
    put(p, 1, TRACE_MALLOC, BASE + 64, 1);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    put(p, 0, TRACE_FREE, BASE, 0); /* its last word, not looked at yet */
    assert_int_equal(merge_reap(p->merge, is_gone, &tid, p->message), 0);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(merge_reap(p->merge, is_gone, &tid, p->message), 0);
    assert_int_equal(p->ops, 3);
    assert_int_equal(p->memory.taken, 1);
}

/* A slot claimed, and the thread's handler fills the ring behind it: chunks are copied out. */
static void test_a_full_ring_behind_a_gap_gets_room(void **state)
{
    struct process *p = *state;
    struct ring_record *gap = claim(p, 0);
    size_t calls = 0;
    for (bool room = true; room; calls += room) {
        struct ring_record *slot = claim(p, 0);
        room = slot != NULL;
        if (room)
            fill(slot, head(TRACE_FREE, 0), 0);
    }
    atomic_store(&p->memory.ring->waiting, 1);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_true(p->memory.copies > 0);
    assert_true((uint32_t)atomic_load(&p->memory.ring->free_stack) != RING_NO_CHUNK);
    put(p, 0, TRACE_FREE, 0, 0);
    atomic_store(&p->memory.ring->waiting, 0);
    fill(gap, head(TRACE_FREE, 0), 0);
    assert_int_equal(pass(p, MERGE_LIVE), 0);
    assert_int_equal(p->ops, calls + 2);
    assert_int_equal(p->memory.copies, 0);
}

static void test_an_overwritten_ring_is_an_error(void **state)
{
    struct process *p = *state;
    put(p, 0, TRACE_MALLOC, BASE, 1);
    struct ring_chunk *chunk = ring_chunk_at(p->memory.ring, p->writer[0].chunk);
    atomic_store(&chunk->next, p->writer[0].chunk);
    assert_int_equal(pass(p, MERGE_LIVE), -1);
    assert_non_null(strstr(p->message, "overwritten"));
    atomic_store(&chunk->next, RING_NO_CHUNK);
    atomic_store(&p->memory.ring->arrivals, 12345678);
    assert_int_equal(pass(p, MERGE_LIVE), -1);
}

static void test_an_overwritten_thread_number_is_an_error(void **state)
{
    struct process *p = *state;
    put(p, 0, TRACE_MALLOC, BASE, 1);
    uint32_t first = p->writer[0].chunk;
    struct ring_chunk *chunk = ring_chunk_at(p->memory.ring, first);
    chunk->thread = UINT32_MAX;
    chunk->link = first; /* of which there would be no end */
    assert_int_equal(pass(p, MERGE_LIVE), -1);
    assert_non_null(strstr(p->message, "overwritten"));
}

/* ---- a simulation ------------------------------------------------------------------ */

enum step { STEP_CLAIM, STEP_NUMBER, STEP_WRITE, STEP_DONE };

struct call {
    unsigned kind; /* of the record being written */
    enum step step;
    bool resize; /* a REALLOC_BEGIN, after which the call's end is to be written */
    uint64_t address;
    struct ring_record *slot;
    uint32_t taken;
};

struct simulation {
    struct process *p;
    uint64_t random;
    bool is_free[BLOCKS]; /* the allocator's view */
    uint64_t held[BLOCKS];
    size_t held_count; /* blocks that the program may free */
    struct call call[WRITERS][NESTING];
    unsigned depth[WRITERS];
    uint64_t records;
    bool alone; /* thread 0 is, and takes no numbers */
};

static uint64_t draw(struct simulation *s, uint64_t below)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random % below;
}

/* Blocks of a few stripes, lowest first, so that an address is soon used again. */
static uint64_t allocate(struct simulation *s)
{
    for (size_t i = 0; i < BLOCKS; i++)
        if (s->is_free[i]) {
            s->is_free[i] = false;
            return BASE + i * 1024;
        }
    fail_msg("the simulated heap is too small");
    return 0;
}

static void begin_call(struct simulation *s, unsigned thread)
{
    struct call *call = &s->call[thread][s->depth[thread]];
    *call = (struct call){.kind = TRACE_MALLOC};
    if (s->held_count > BLOCKS / 2 || (s->held_count > 0 && draw(s, 2) == 0)) {
        size_t at = draw(s, s->held_count);
        call->address = s->held[at];
        s->held[at] = s->held[--s->held_count];
        call->resize = draw(s, 4) == 0;
        call->kind = call->resize ? TRACE_REALLOC_BEGIN : TRACE_FREE;
    } else {
        call->address = allocate(s);
    }
    s->depth[thread]++;
}

static void end_record(struct simulation *s, unsigned thread, struct call *call)
{
    s->records++;
    if (call->kind != TRACE_FREE && call->kind != TRACE_REALLOC_BEGIN) {
        s->held[s->held_count++] = call->address;
        s->depth[thread]--;
        return;
    }
    s->is_free[(call->address - BASE) / 1024] = true;
    if (!call->resize) {
        s->depth[thread]--;
        return;
    }
    *call = (struct call){.kind = TRACE_REALLOC, .address = allocate(s)};
}

static void take_step(struct simulation *s, unsigned thread)
{
    struct process *p = s->p;
    bool handler = s->depth[thread] < NESTING && draw(s, 50) == 0;
    if (s->depth[thread] == 0 || handler) {
        begin_call(s, thread);
        return;
    }
    struct call *call = &s->call[thread][s->depth[thread] - 1];
    p->ticks++;
    switch (call->step) {
    case STEP_CLAIM:
        call->slot = claim(p, thread);
        if (call->slot == NULL) {
            atomic_store(&p->memory.ring->waiting, 1);
            return;
        }
        break;
    case STEP_NUMBER:
        call->taken = s->alone ? 0 : number(p, call->address);
        break;
    default:
        fill(call->slot, head(call->kind, call->address) | (uint64_t)s->alone << RING_ALONE_SHIFT,
             body(1, call->taken));
        break;
    }
    if (++call->step == STEP_DONE)
        end_record(s, thread, call);
}

static void check(struct simulation *s, uint64_t in_flight)
{
    struct process *p = s->p;
    struct ledger *ledger = ledger_create(false);
    uint64_t records = 0;
    for (size_t i = 0; i < p->ops; i++) {
        struct ledger_effect effect;
        assert_int_equal(ledger_apply(ledger, i, &p->op[i], &effect), 0);
        if (effect.mistake != NULL)
            fail_msg("operation %zu: %s", i, effect.mistake);
        records += 1 + (p->op[i].kind == TRACE_REALLOC && !(p->op[i].flags & TRACE_SPLIT));
    }
    ledger_free(ledger);
    assert_int_equal(records, s->records);
    assert_in_range(merge_lost(p->merge), 0, in_flight);
}

static void simulate(struct process *p, uint64_t seed, unsigned threads, unsigned steps)
{
    static struct simulation simulation;
    struct simulation *s = &simulation;
    memset(s, 0, sizeof *s);
    s->p = p;
    s->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    memset(s->is_free, true, sizeof s->is_free);
    s->alone = seed % 3 != 0;
    unsigned pace = 1 + (unsigned)draw(s, 2000), running = 0;
    for (unsigned i = 0; i < steps; i++) {
        /* The scheduler lets one thread go on for a while. */
        s->alone = s->alone && (i < steps / 4 || s->depth[0] > 0);
        if (!s->alone && draw(s, 8) == 0)
            running = (unsigned)draw(s, threads);
        take_step(s, running);
        if (draw(s, pace) == 0 || atomic_load(&p->memory.ring->waiting) > 0) {
            assert_int_equal(pass(p, MERGE_LIVE), 0);
            atomic_store(&p->memory.ring->waiting, 0);
        }
    }
    uint64_t in_flight = 0;
    for (unsigned t = 0; t < threads; t++)
        in_flight += s->depth[t];
    assert_int_equal(pass(p, MERGE_LAST), 0);
    assert_false(merge_is_behind(p->merge));
    check(s, in_flight);
}

static void test_simulated_processes(void **state)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        simulate(*state, seed, 1 + (unsigned)seed % WRITERS, 20000);
        end(state);
        begin(state);
    }
}

static void test_a_simulated_process_that_fills_its_ring(void **state)
{
    simulate(*state, 77, 3, 1500000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(test_calls_of_every_shape),
        CASE(test_numbers_decide_against_time),
        CASE(test_who_was_alone_goes_first),
        CASE(test_company_in_the_middle_of_a_realloc),
        CASE(test_a_gap_of_who_was_alone),
        CASE(test_a_realloc_with_others_between_is_split),
        CASE(test_a_realloc_is_waited_for_a_while),
        CASE(test_a_handler_inside_a_realloc_nests),
        CASE(test_a_gap_is_waited_for),
        CASE(test_what_a_killed_thread_left_out_is_lost),
        CASE(test_a_thread_that_jumped_away_is_given_up),
        CASE(test_newer_records_wait_for_the_next_pass),
        CASE(test_chunks_of_ended_threads_come_back),
        CASE(test_a_full_ring_behind_a_gap_gets_room),
        CASE(test_an_overwritten_ring_is_an_error),
        CASE(test_an_overwritten_thread_number_is_an_error),
        CASE(test_simulated_processes),
        CASE(test_a_simulated_process_that_fills_its_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
