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

static void wrong(struct ledger *ledger, struct trace_op op, const char *why)
{
    apply(ledger, op);
    assert_non_null(effect.mistake);
    if (strstr(effect.mistake, why) == NULL)
        fail_msg("%s", effect.mistake);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_create(false);
    wrong(ledger, FREE(16), "never made");
    nothing_wrong(ledger, MALLOC(16, 1));
    wrong(ledger, MALLOC(16, 2), "handed out");
    assert_true(effect.ended && effect.old.size == 1);
    assert_int_equal(ledger_live_bytes(ledger), 2);
    nothing_wrong(ledger, FREE(16));
    wrong(ledger, FREE(16), "before");
    wrong(ledger, REALLOC(16, 32, 3), "before");
    assert_true(effect.begun && !effect.ended);
    wrong(ledger, END(0, 32, 48, 4), "did not begin");
    nothing_wrong(ledger, BEGIN(0, 32));
    wrong(ledger, FREE(32), "before");
    nothing_wrong(ledger, BEGIN(0, 48));
    wrong(ledger, END(0, 32, 64, 5), "did not end");
    wrong(ledger, END(1, 48, 80, 6), "did not begin");
    ledger_free(ledger);
}

static void inherited_blocks_are_freed_once(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_create(true);
    nothing_wrong(ledger, FREE(16));
    assert_true(effect.foreign && !effect.ended);
    wrong(ledger, FREE(16), "before");
    assert_false(effect.foreign);
    nothing_wrong(ledger, REALLOC(32, 16, 5));
    assert_true(effect.foreign && effect.begun);
    nothing_wrong(ledger, FREE(16));
    assert_true(effect.ended && !effect.foreign);
    wrong(ledger, FREE(16), "before");
    nothing_wrong(ledger, BEGIN(0, 48));
    struct trace_op failed = END(0, 48, 0, 9);
    failed.flags |= TRACE_FAILED;
    nothing_wrong(ledger, failed);
    nothing_wrong(ledger, BEGIN(0, 48));
    nothing_wrong(ledger, END(0, 48, 64, 9));
    assert_true(effect.foreign && effect.begun);
    assert_int_equal(ledger_live_blocks(ledger), 1);
    ledger_free(ledger);
}

static void begins_without_end_are_found(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_create(false);
    const char *found = NULL;
    for (uint64_t i = 1; i <= 1000; i++) {
        nothing_wrong(ledger, MALLOC(i * 16, 10));
        apply(ledger, BEGIN(7, i * 16));
        if (effect.mistake != NULL)
            found = effect.mistake;
    }
    assert_non_null(found);
    assert_true(ledger_live_blocks(ledger) <= 65);
    assert_int_equal(ledger_live_bytes(ledger), 10 * ledger_live_blocks(ledger));
    ledger_free(ledger);
}

/* A list of blocks by address / 16, and what each call does to it. */
enum { PLACES = 200 };
struct model {
    uint64_t size[PLACES];
    bool live[PLACES];
    uint64_t bytes, blocks;
};

static bool model_ends(struct model *model, uint64_t address)
{
    uint64_t place = address / 16;
    if (!model->live[place])
        return false;
    model->live[place] = false;
    model->bytes -= model->size[place];
    model->blocks--;
    return true;
}

static void model_begins(struct model *model, uint64_t address, uint64_t size)
{
    model->live[address / 16] = true;
    model->size[address / 16] = size;
    model->bytes += size;
    model->blocks++;
}

/* Whether the operation is as it should be. */
static bool model_apply(struct model *model, const struct trace_op *op)
{
    bool right = true;
    if (op->old_address != 0)
        right = model_ends(model, op->old_address);
    if (op->address != 0) {
        right &= !model_ends(model, op->address);
        model_begins(model, op->address, op->size);
    }
    return right;
}

static bool add_size(void *argument, const struct ledger_object *object)
{
    *(uint64_t *)argument += object->size;
    return true;
}

static void agrees_with_a_list(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_create(false);
    struct model model = {0};
    uint64_t seed = 5;
    for (int i = 0; i < 200000; i++) {
        uint64_t from = fixture_random(&seed) % PLACES * 16;
        uint64_t to = (1 + fixture_random(&seed) % (PLACES - 1)) * 16;
        uint64_t size = fixture_random(&seed) % 1000;
        struct trace_op op = MALLOC(to, size);
        if (fixture_random(&seed) % 2 == 0)
            op = FREE(from);
        else if (fixture_random(&seed) % 4 == 0)
            op = REALLOC(from, to, size);
        apply(ledger, op);
        assert_int_equal(effect.mistake == NULL, model_apply(&model, &op));
        assert_int_equal(ledger_live_bytes(ledger), model.bytes);
        assert_int_equal(ledger_live_blocks(ledger), model.blocks);
    }
    uint64_t bytes = 0;
    ledger_visit(ledger, add_size, &bytes);
    assert_int_equal(bytes, model.bytes);
    ledger_free(ledger);
}

static bool stop_at_once(void *argument, const struct ledger_object *object)
{
    (void)object;
    ++*(int *)argument;
    return false;
}

/* Addresses that a plain multiplication or the upper bits alone would put into one slot. */
static void crowded_addresses_are_told_apart(void **state)
{
    (void)state;
    enum { BLOCKS = 1 << 17 };
    struct ledger *ledger = ledger_create(false);
    for (uint64_t i = 0; i < BLOCKS; i++)
        nothing_wrong(ledger, MALLOC((i + 1) << 40, i));
    for (uint64_t i = 0; i < BLOCKS; i++)
        nothing_wrong(ledger, MALLOC((i + 1) * UINT64_C(0xf1de83e19937733d), 1));
    assert_int_equal(ledger_live_blocks(ledger), 2 * BLOCKS);
    int visits = 0;
    ledger_visit(ledger, stop_at_once, &visits);
    assert_int_equal(visits, 1);
    for (uint64_t i = 0; i < BLOCKS; i++) {
        nothing_wrong(ledger, FREE((i + 1) << 40));
        assert_int_equal(effect.old.size, i);
    }
    for (uint64_t i = 0; i < BLOCKS; i++)
        nothing_wrong(ledger, FREE((i + 1) * UINT64_C(0xf1de83e19937733d)));
    assert_int_equal(ledger_live_blocks(ledger), 0);
    assert_int_equal(ledger_live_bytes(ledger), 0);
    ledger_free(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_calls),
        cmocka_unit_test(split_reallocs),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(inherited_blocks_are_freed_once),
        cmocka_unit_test(begins_without_end_are_found),
        cmocka_unit_test(agrees_with_a_list),
        cmocka_unit_test(crowded_addresses_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
