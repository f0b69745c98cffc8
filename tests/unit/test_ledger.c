/* The ledger against what a list of blocks would say. */
#include "ledger.h"
#include "trace_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ledger_effect effect;
static uint64_t applied;

static void apply(struct ledger *ledger, struct trace_op op)
{
    assert_int_equal(ledger_apply(ledger, applied++, &op, &effect), 0);
}

static void nothing_wrong(struct ledger *ledger, struct trace_op op)
{
    apply(ledger, op);
    if (effect.mistake != NULL)
        fail_msg("%s", effect.mistake);
}

#define MALLOC(at, bytes) \
    ((struct trace_op){.kind = TRACE_MALLOC, .address = (at), .size = (bytes)})
#define FREE(at) ((struct trace_op){.kind = TRACE_FREE, .old_address = (at)})
#define REALLOC(from, to, bytes) \
    ((struct trace_op){          \
        .kind = TRACE_REALLOC, .old_address = (from), .address = (to), .size = (bytes)})
#define BEGIN(thread_number, at) \
    ((struct trace_op){.kind = TRACE_REALLOC_BEGIN, .thread = (thread_number), .old_address = (at)})
#define END(thread_number, from, to, bytes)       \
    ((struct trace_op){.kind = TRACE_REALLOC,     \
                       .flags = TRACE_SPLIT,      \
                       .thread = (thread_number), \
                       .old_address = (from),     \
                       .address = (to),           \
                       .size = (bytes)})

static void plain_calls(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_create(false);
    nothing_wrong(ledger, MALLOC(16, 100));
    assert_true(effect.begun && !effect.ended);
    nothing_wrong(ledger, FREE(0));
    assert_true(!effect.begun && !effect.ended);
    nothing_wrong(ledger, REALLOC(16, 16, 120));
    assert_true(effect.begun && effect.ended);
    assert_int_equal(effect.old.serial, 0);
    assert_int_equal(effect.new.serial, 1);
    nothing_wrong(ledger, REALLOC(0, 32, 7));
    assert_int_equal(ledger_live_bytes(ledger), 127);
    nothing_wrong(ledger, REALLOC(16, 0, 0));
    assert_true(!effect.begun && effect.ended);
    assert_int_equal(ledger_live_blocks(ledger), 1);
    struct trace_op failed = {.kind = TRACE_REALLOC, .flags = TRACE_FAILED, .old_address = 32};
    nothing_wrong(ledger, failed);
    assert_true(!effect.begun && !effect.ended);
    nothing_wrong(ledger, FREE(32));
    assert_int_equal(effect.old.size, 7);
    assert_int_equal(ledger_live_bytes(ledger), 0);
    assert_int_equal(ledger_live_blocks(ledger), 0);
    ledger_free(ledger);
}

static void split_reallocs(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_create(false);
    nothing_wrong(ledger, MALLOC(16, 1));
    nothing_wrong(ledger, BEGIN(0, 16));
    struct trace_op other = MALLOC(16, 5);
    other.thread = 1;
    nothing_wrong(ledger, other);
    assert_int_equal(ledger_live_blocks(ledger), 2);
    nothing_wrong(ledger, BEGIN(0, 0)); /* a signal handler's, in between */
    nothing_wrong(ledger, END(0, 0, 48, 9));
    nothing_wrong(ledger, END(0, 16, 32, 2));
    assert_int_equal(effect.old.serial, 0);
    assert_int_equal(ledger_live_bytes(ledger), 16);
    nothing_wrong(ledger, BEGIN(3, 32));
    struct trace_op failed = END(3, 32, 0, 1000);
    failed.flags |= TRACE_FAILED;
    nothing_wrong(ledger, failed);
    nothing_wrong(ledger, FREE(32));
    nothing_wrong(ledger, FREE(16));
    nothing_wrong(ledger, FREE(48));
    assert_int_equal(ledger_live_bytes(ledger), 0);
    ledger_free(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_calls),
        cmocka_unit_test(split_reallocs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
