/* The maker of scripts, against a model: a script is executed on paper, its workers interleaved
 * by chance, and each call must find the blocks that the trace says it finds. */
#include "message.h"
#include "replay.h"
#include "trace_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { OPERATIONS = 30000, BLOCKS = 150, NOTHING = 0 };

static char trace[] = "/tmp/heapmark-test-replay-XXXXXX";

static int make_trace_path(void **state)
{
    (void)state;
    int file = mkstemp(trace);
    return file < 0 ? -1 : close(file);
}

static int remove_trace(void **state)
{
    (void)state;
    return unlink(trace);
}

/* ---- the model: what each call of a thread does to which block --------------------------- */

struct expected {
    uint8_t kind;
    bool failed, to_nothing;
    uint64_t given, got; /* blocks by number, from 1; NOTHING: none */
    uint64_t size, old_size, alignment;
};

struct model {
    struct expected *call[8]; /* by thread */
    size_t count[8], done[8];
    uint64_t calls, blocks;
    int64_t live_bytes, peak_bytes;
    uint64_t peak_call, live_blocks;
    struct live {
        uint64_t address, block, size;
    } live[BLOCKS];
    size_t live_count;
    uint64_t random, address;
    struct fixture_stream stream;
};

static uint64_t draw(struct model *model, uint64_t bound)
{
    return fixture_random(&model->random) % bound;
}

static struct trace_op *add_op(struct model *model, uint8_t kind, uint32_t thread)
{
    struct trace_op *op = &model->stream.op[model->stream.count++];
    *op = (struct trace_op){.kind = kind,
                            .thread = thread,
                            .time_ns = model->stream.count * UINT64_C(1000)};
    return op;
}

static void expect(struct model *model, uint32_t thread, struct expected call)
{
    model->call[thread][model->count[thread]++] = call;
    model->calls++;
    if (model->live_bytes > model->peak_bytes) {
        model->peak_bytes = model->live_bytes;
        model->peak_call = model->calls;
    }
}

static void model_allocate(struct model *model, uint32_t thread)
{
    static const uint8_t kinds[] = {TRACE_MALLOC,        TRACE_MALLOC,         TRACE_MALLOC,
                                    TRACE_CALLOC,        TRACE_REALLOC,        TRACE_MEMALIGN,
                                    TRACE_ALIGNED_ALLOC, TRACE_POSIX_MEMALIGN, TRACE_VALLOC,
                                    TRACE_PVALLOC,       TRACE_REALLOCARRAY};
    struct trace_op *op = add_op(model, kinds[draw(model, sizeof kinds)], thread);
    /* Some do not fit into a word of the script. */
    op->size = draw(model, 50) == 0 ? UINT64_C(5) << 32 : draw(model, 1000);
    if (op->kind >= TRACE_MEMALIGN && op->kind <= TRACE_POSIX_MEMALIGN)
        op->alignment = UINT64_C(16) << draw(model, 8);
    struct expected call = {.kind = op->kind, .size = op->size, .alignment = op->alignment};
    if (draw(model, 20) == 0) {
        op->flags = TRACE_FAILED;
        call.failed = true;
    } else {
        op->address = model->address += 64;
        call.got = ++model->blocks;
        model->live[model->live_count++] = (struct live){op->address, call.got, op->size};
        model->live_bytes += (int64_t)op->size;
    }
    expect(model, thread, call);
}

static void model_free(struct model *model, uint32_t thread)
{
    struct trace_op *op = add_op(model, TRACE_FREE, thread);
    struct expected call = {.kind = TRACE_FREE};
    if (draw(model, 20) != 0) {
        size_t at = draw(model, model->live_count);
        call.given = model->live[at].block;
        call.size = model->live[at].size;
        op->old_address = model->live[at].address;
        model->live_bytes -= (int64_t)call.size;
        model->live[at] = model->live[--model->live_count];
    }
    expect(model, thread, call);
}

static void model_realloc(struct model *model, uint32_t thread)
{
    size_t at = draw(model, model->live_count);
    struct live *live = &model->live[at];
    struct expected call = {.kind = TRACE_REALLOC, .given = live->block, .old_size = live->size};
    uint64_t old_address = live->address;
    bool split = draw(model, 3) == 0;
    if (split)
        add_op(model, TRACE_REALLOC_BEGIN, thread)->old_address = old_address;
    struct trace_op *op = add_op(model, TRACE_REALLOC, thread);
    op->old_address = old_address;
    op->flags = split ? TRACE_SPLIT : 0;
    op->size = call.size = 1 + draw(model, 1000);
    switch (draw(model, 4)) {
    case 0:
        op->flags |= TRACE_FAILED;
        call.failed = true;
        call.got = call.given;
        break;
    case 1:
        op->size = call.size = 0;
        call.to_nothing = true;
        model->live_bytes -= (int64_t)live->size;
        *live = model->live[--model->live_count];
        break;
    default:
        op->address = draw(model, 2) == 0 ? old_address : (model->address += 64);
        call.got = ++model->blocks;
        model->live_bytes += (int64_t)op->size - (int64_t)live->size;
        *live = (struct live){op->address, call.got, op->size};
    }
    expect(model, thread, call);
}

static void model_init(struct model *model, uint32_t threads, uint64_t seed)
{
    memset(model, 0, sizeof *model);
    model->random = seed;
    model->address = UINT64_C(1) << 40;
    model->stream.threads = threads;
    model->stream.op = calloc(2 * OPERATIONS, sizeof *model->stream.op);
    assert_non_null(model->stream.op);
    for (uint32_t t = 0; t < threads; t++) {
        model->call[t] = calloc(OPERATIONS, sizeof(struct expected));
        assert_non_null(model->call[t]);
    }
    for (uint32_t i = 0; model->calls < OPERATIONS; i++) {
        uint32_t thread = i < threads ? i : (uint32_t)draw(model, threads);
        uint64_t die = draw(model, 100);
        if (model->live_count == 0 || (die < 47 && model->live_count < BLOCKS))
            model_allocate(model, thread);
        else if (die < 60)
            model_realloc(model, thread);
        else
            model_free(model, thread);
    }
    model->live_blocks = model->live_count;
    fixture_write(trace, &model->stream, 0);
}

static void model_release(struct model *model)
{
    for (size_t t = 0; t < model->stream.threads; t++)
        free(model->call[t]);
    fixture_stream_release(&model->stream);
}

/* ---- execution on paper -------------------------------------------------------------- */

struct paper {
    const struct replay *replay;
    struct script_stream *streams;
    uint64_t *slot; /* the block in it */
    uint64_t random;
};

struct reading {
    uint64_t *words;
    uint64_t at, count;
};

struct call {
    enum script_kind kind;
    unsigned options;
    uint32_t slot, target;
    uint64_t size, old_size, alignment, due_ns, stretch;
};

static uint64_t read_call(const struct reading *reading, struct call *call)
{
    uint64_t at = reading->at, word;
    bool sized = false, moved = false;
    memset(call, 0, sizeof *call);
    while ((word = reading->words[at++], script_kind_of(word)) >= SCRIPT_OPTIONS) {
        uint64_t value = script_value_of(word);
        switch (script_kind_of(word)) {
        case SCRIPT_OPTIONS:
            call->options = (unsigned)value;
            break;
        case SCRIPT_SIZE:
            call->size = value;
            sized = true;
            break;
        case SCRIPT_OLD_SIZE:
            call->old_size = value;
            break;
        case SCRIPT_ALIGNMENT:
            call->alignment = value;
            break;
        case SCRIPT_TARGET:
            call->target = (uint32_t)value;
            moved = true;
            break;
        case SCRIPT_STRETCH:
            call->stretch = value;
            break;
        default:
            call->due_ns = value;
        }
    }
    call->kind = script_kind_of(word);
    call->slot = script_slot_of(word);
    call->target = moved ? call->target : call->slot;
    call->size = sized ? call->size : script_size_of(word);
    if (call->kind == SCRIPT_GIVE || call->kind == SCRIPT_TAKE) {
        call->options |= call->kind == SCRIPT_GIVE ? SCRIPT_GIVES : SCRIPT_TAKES;
        call->kind = call->kind == SCRIPT_GIVE ? SCRIPT_MALLOC : SCRIPT_FREE;
    }
    return at;
}

static void read_at(int file, uint64_t offset, void *into, size_t bytes)
{
    assert_int_equal(pread(file, into, bytes, (off_t)offset), bytes);
}

static void check_call(struct paper *paper, const struct call *call, const struct expected *want)
{
    bool from_nothing = (call->options & SCRIPT_FROM_NOTHING) != 0;
    bool takes_block =
        want->kind == TRACE_FREE || want->kind == TRACE_REALLOC || want->kind == TRACE_REALLOCARRAY;
    assert_int_equal(call->kind, want->kind);
    assert_int_equal((call->options & SCRIPT_FAILED) != 0, want->failed);
    assert_int_equal((call->options & SCRIPT_TO_NOTHING) != 0, want->to_nothing);
    assert_int_equal(call->size, want->size);
    assert_int_equal(call->alignment, want->alignment);
    if (takes_block)
        assert_int_equal(from_nothing, want->given == NOTHING);
    if (want->given != NOTHING) {
        assert_int_equal(paper->slot[call->slot], want->given);
        if (want->kind != TRACE_FREE)
            assert_int_equal(call->old_size, want->old_size);
        /* As in the runner: only who takes leaves NULL behind. Here others leave a trap. */
        paper->slot[call->slot] = (call->options & SCRIPT_TAKES) != 0 ? NOTHING : UINT64_MAX;
    }
    if (want->got != NOTHING) {
        if ((call->options & SCRIPT_GIVES) != 0)
            assert_int_equal(paper->slot[call->target], NOTHING);
        paper->slot[call->target] = want->got;
    }
}

/* Runs the workers of a row in an order of chance, each as far as it need not wait. */
static void run_row(struct paper *paper, struct model *model, uint32_t row, bool fold)
{
    const struct script_head *head = &paper->replay->head;
    struct reading reading[8];
    uint32_t left = 0;
    for (uint32_t w = 0; w < head->threads; w++) {
        const struct script_stream *stream = &paper->streams[row * head->threads + w];
        size_t bytes = (stream->words + SCRIPT_PAD_WORDS) * sizeof(uint64_t);
        reading[w] = (struct reading){malloc(bytes), 0, stream->words};
        read_at(paper->replay->descriptor, stream->offset, reading[w].words, bytes);
        assert_int_equal(reading[w].words[stream->words], SCRIPT_END);
        left += stream->words > 0;
    }
    for (unsigned idle = 0; left > 0; idle++) {
        uint32_t w = (uint32_t)(fixture_random(&paper->random) % head->threads);
        struct call call;
        assert_true(idle < 100000); /* else all wait for each other */
        if (reading[w].at == reading[w].count)
            continue;
        uint64_t next = read_call(&reading[w], &call);
        if ((call.options & SCRIPT_TAKES) != 0 && paper->slot[call.slot] == NOTHING)
            continue;
        idle = 0;
        uint32_t thread = fold ? model->stream.threads : w;
        if (!fold)
            check_call(paper, &call, &model->call[thread][model->done[thread]++]);
        reading[w].at = next;
        left -= next == reading[w].count;
    }
    for (uint32_t w = 0; w < head->threads; w++)
        free(reading[w].words);
}

static void check_rest(struct paper *paper, const struct model *model)
{
    const struct script_head *head = &paper->replay->head;
    uint64_t found = 0;
    for (uint32_t w = 0; w < head->threads; w++) {
        const struct script_stream *stream = &paper->streams[head->laps * head->threads + w];
        uint64_t *words = malloc((stream->words + 1) * sizeof *words);
        read_at(paper->replay->descriptor, stream->offset, words, stream->words * sizeof *words);
        struct reading reading = {words, 0, stream->words};
        for (struct call call; reading.at < reading.count; found++) {
            reading.at = read_call(&reading, &call);
            assert_int_equal(call.kind, SCRIPT_FREE);
            bool live = false;
            for (size_t i = 0; i < model->live_count; i++)
                live |= model->live[i].block == paper->slot[call.slot] &&
                        model->live[i].size == call.size;
            assert_true(live);
            paper->slot[call.slot] = UINT64_MAX;
        }
        free(words);
    }
    assert_int_equal(found, model->live_count);
}

static void check_head(const struct replay *replay, const struct model *model)
{
    assert_int_equal(replay->head.calls, model->calls);
    assert_int_equal(replay->head.live_peak_bytes, model->peak_bytes);
    assert_int_equal(replay->head.live_peak_call, model->peak_call);
    assert_int_equal(replay->head.live_end_bytes, model->live_bytes);
    assert_int_equal(replay->head.live_end_blocks, model->live_blocks);
}

static struct paper paper_of(const struct replay *replay)
{
    const struct script_head *head = &replay->head;
    size_t bytes = (head->laps + 1) * head->threads * sizeof(struct script_stream);
    struct paper paper = {.replay = replay, .random = 7};
    paper.slot = calloc(head->slots + 1, sizeof *paper.slot);
    paper.streams = malloc(bytes);
    assert_non_null(paper.slot);
    read_at(replay->descriptor, head->streams_offset, paper.streams, bytes);
    return paper;
}

static void scripts_are_what_the_model_says(void **state)
{
    static const unsigned laps[] = {1, 3, 100};
    char message[MESSAGE_BYTES];
    (void)state;
    for (uint32_t threads = 1; threads <= 5; threads += 2)
        for (size_t l = 0; l < sizeof laps / sizeof laps[0]; l++) {
            struct model model;
            struct replay replay;
            struct replay_options options = {.laps = laps[l], .repeat = 1};
            options.memory_bytes = l == 1 ? 1 : 0;
            model_init(&model, threads, 10 * threads + l);
            assert_int_equal(replay_make(&replay, trace, &options, message), 0);
            check_head(&replay, &model);
            assert_int_equal(replay.head.laps, laps[l]);
            struct paper paper = paper_of(&replay);
            for (uint32_t row = 0; row < replay.head.laps; row++)
                run_row(&paper, &model, row, false);
            for (uint32_t t = 0; t < threads; t++)
                assert_int_equal(model.done[t], model.count[t]);
            check_rest(&paper, &model);
            /* Slots are used again: no more than live at once and what passes within a lap. */
            if (threads == 1)
                assert_true(replay.head.slots <= BLOCKS);
            free(paper.slot);
            free(paper.streams);
            replay_release(&replay);
            model_release(&model);
        }
}

static void a_folded_script_has_one_worker_and_no_waits(void **state)
{
    struct model model;
    struct replay replay;
    struct replay_options options = {.fold = true, .laps = 2, .repeat = 1};
    char message[MESSAGE_BYTES];
    (void)state;
    model_init(&model, 4, 1);
    assert_int_equal(replay_make(&replay, trace, &options, message), 0);
    check_head(&replay, &model);
    assert_int_equal(replay.head.threads, 1);
    struct paper paper = paper_of(&replay);
    for (uint32_t row = 0; row < 2; row++) {
        const struct script_stream *stream = &paper.streams[row];
        struct reading reading = {malloc(stream->words * sizeof(uint64_t)), 0, stream->words};
        read_at(replay.descriptor, stream->offset, reading.words, stream->words * 8);
        for (struct call call; reading.at < reading.count;) {
            reading.at = read_call(&reading, &call);
            assert_int_equal(call.options & (SCRIPT_GIVES | SCRIPT_TAKES), 0);
        }
        free(reading.words);
    }
    free(paper.slot);
    free(paper.streams);
    replay_release(&replay);
    model_release(&model);
}

static void times_are_told_where_they_are_asked_for(void **state)
{
    struct model model;
    struct replay replay;
    struct replay_options options = {.due = true, .laps = 1};
    char message[MESSAGE_BYTES];
    uint64_t due_ns = 0, told = 0;
    (void)state;
    model_init(&model, 1, 1);
    assert_int_equal(replay_make(&replay, trace, &options, message), 0);
    assert_int_equal(replay.repeat, 1);
    struct paper paper = paper_of(&replay);
    struct reading reading = {malloc(paper.streams[0].words * 8), 0, paper.streams[0].words};
    read_at(replay.descriptor, paper.streams[0].offset, reading.words, reading.count * 8);
    for (struct call call; reading.at < reading.count;) {
        reading.at = read_call(&reading, &call);
        assert_true(call.due_ns == 0 || call.due_ns > due_ns);
        due_ns = call.due_ns > 0 ? call.due_ns : due_ns;
        told += call.due_ns > 0;
    }
    assert_true(told > OPERATIONS / 100);
    assert_in_range(due_ns, replay.head.duration_ns * 9 / 10, replay.head.duration_ns);
    free(reading.words);
    free(paper.slot);
    free(paper.streams);
    replay_release(&replay);
    model_release(&model);
}

/* ---- what is refused, and what is not -------------------------------------------------- */

static void write_ops(const struct trace_op *ops, size_t count, uint32_t threads)
{
    struct fixture_stream stream = {(struct trace_op *)(uintptr_t)ops, count, threads};
    fixture_write(trace, &stream, 0);
}

static void refuses(const struct replay_options *options, const char *words)
{
    struct replay replay;
    char message[MESSAGE_BYTES] = "";
    assert_int_equal(replay_make(&replay, trace, options, message), -1);
    if (strstr(message, words) == NULL || strstr(message, trace) == NULL)
        fail_msg("'%s' does not say '%s' of %s", message, words, trace);
    assert_null(strchr(message, '\n'));
}

static void traces_that_cannot_be_are_refused(void **state)
{
    const struct replay_options usual = {0};
    const struct trace_op twice[] = {
        {.kind = TRACE_MALLOC, .address = 16, .size = 1},
        {.kind = TRACE_FREE,                    .old_address = 16               },
        {.kind = TRACE_FREE,                    .old_address = 16},
    };
    const struct trace_op live[] = {
        {.kind = TRACE_MALLOC, .address = 16, .size = 1},
        {.kind = TRACE_CALLOC, .address = 16, .size = 1},
    };
    const struct trace_op large[] = {
        {.kind = TRACE_MALLOC, .address = 16, .size = INT64_MAX},
        {.kind = TRACE_MALLOC, .address = 32, .size = 1        },
    };
    (void)state;
    write_ops(twice, 3, 1);
    refuses(&usual, "operation 2 cannot be: its block was freed before, or never allocated");
    write_ops(live, 2, 1);
    refuses(&usual, "operation 1 cannot be: its block is handed out while it is live");
    write_ops(large, 2, 1);
    refuses(&usual, "operation 1 cannot be: its size and those of the live blocks exceed");
    write_ops(live, 0, 1);
    refuses(&usual, "no call of malloc");
    write_ops(live, 1, 1);
    refuses(&(struct replay_options){.repeat = 2000}, "repeated 2000 times are more than 1024");
    refuses(&(struct replay_options){.memory_bytes = 1, .folder = "/no/such"}, "/no/such");
}

/* While a realloc is under way the old address may be another thread's already; one that never
 * comes back leaves its block behind. */
static void a_realloc_in_two_parts_gives_its_address_away(void **state)
{
    const struct trace_op ops[] = {
        {.kind = TRACE_MALLOC,  .address = 16,               .size = 10},
        {.kind = TRACE_REALLOC_BEGIN,                     .old_address = 16                     },
        {.kind = TRACE_MALLOC,                     .thread = 1,        .address = 16, .size = 100},
        {.kind = TRACE_REALLOC,        .flags = TRACE_SPLIT,                 .old_address = 16, .address = 32, .size = 20},
        {.kind = TRACE_FREE, .thread = 1, .old_address = 16},
        {.kind = TRACE_FREE,        .old_address = 32                        },
    };
    const struct replay_options usual = {.laps = 1};
    struct replay replay;
    char message[MESSAGE_BYTES];
    (void)state;
    write_ops(ops, 6, 2);
    assert_int_equal(replay_make(&replay, trace, &usual, message), 0);
    assert_int_equal(replay.head.calls, 5);
    assert_int_equal(replay.head.live_peak_bytes, 120);
    assert_int_equal(replay.head.live_end_blocks, 0);
    replay_release(&replay);
    write_ops(ops, 3, 2);
    assert_int_equal(replay_make(&replay, trace, &usual, message), 0);
    assert_int_equal(replay.head.live_end_blocks, 2);
    assert_int_equal(replay.head.live_end_bytes, 110);
    replay_release(&replay);
}

/* Threads that come one after the other share workers when there are too many. */
static void many_threads_share_workers_or_are_refused(void **state)
{
    enum { THREADS = 1000 };
    struct trace_op *ops = calloc(2 * THREADS, sizeof *ops);
    struct replay replay;
    char message[MESSAGE_BYTES];
    const struct replay_options usual = {0};
    (void)state;
    assert_non_null(ops);
    for (uint32_t t = 0; t < THREADS; t++) {
        ops[2 * t] = (struct trace_op){
            .kind = TRACE_MALLOC, .thread = t, .address = 16, .size = 1, .time_ns = t};
        ops[2 * t + 1] =
            (struct trace_op){.kind = TRACE_FREE, .thread = t, .old_address = 16, .time_ns = t};
    }
    write_ops(ops, 2 * THREADS, THREADS);
    assert_int_equal(replay_make(&replay, trace, &usual, message), 0);
    assert_int_equal(replay.head.threads, 1);
    replay_release(&replay);
    for (uint32_t t = 0; t < THREADS; t++) {
        ops[t] = (struct trace_op){.kind = TRACE_MALLOC, .thread = t, .address = 16 * (t + 1)};
        ops[THREADS + t] =
            (struct trace_op){.kind = TRACE_FREE, .thread = t, .old_address = 16 * (t + 1)};
    }
    write_ops(ops, 2 * THREADS, THREADS);
    refuses(&usual, "threads=fold");
    assert_int_equal(replay_make(&replay, trace, &(struct replay_options){.fold = true}, message),
                     0);
    replay_release(&replay);
    free(ops);
}

/* Thread 0 allocates, thread 1 frees at once: what thread 0 may be ahead by is bounded. Returns how
 * many stretches worker `w` is told of. */
static uint64_t count_stretches(const struct replay *replay, struct paper *paper, uint32_t w)
{
    struct reading reading = {malloc(paper->streams[w].words * 8 + 8), 0, paper->streams[w].words};
    uint64_t stretch = 0, calls = 0, count = 0;
    read_at(replay->descriptor, paper->streams[w].offset, reading.words, reading.count * 8);
    for (struct call call; reading.at < reading.count; calls++) {
        reading.at = read_call(&reading, &call);
        if (call.stretch == 0)
            continue;
        assert_int_equal(call.stretch, stretch + 1);
        /* Half of a stretch's calls are this worker's. */
        assert_in_range(calls, REPLAY_STRETCH_CALLS / 2 - 1, REPLAY_STRETCH_CALLS / 2 + 1);
        stretch = call.stretch;
        calls = 0;
        count++;
    }
    free(reading.words);
    return count;
}

static void workers_are_kept_together(void **state)
{
    enum { PAIRS = 2000 };
    struct trace_op *ops = calloc(2 * PAIRS, sizeof *ops);
    struct replay replay;
    char message[MESSAGE_BYTES];
    (void)state;
    assert_non_null(ops);
    for (uint64_t i = 0; i < PAIRS; i++) {
        uint64_t address = 0x1000 * (i + 1);
        ops[2 * i] = (struct trace_op){.kind = TRACE_MALLOC, .size = 4000, .address = address};
        ops[2 * i + 1] = (struct trace_op){.kind = TRACE_FREE, .old_address = address, .thread = 1};
    }
    write_ops(ops, (size_t)2 * PAIRS, 2);
    for (int fold = 0; fold < 2; fold++) {
        struct replay_options options = {.fold = fold, .laps = 1};
        assert_int_equal(replay_make(&replay, trace, &options, message), 0);
        struct paper paper = paper_of(&replay);
        for (uint32_t w = 0; w < replay.head.threads; w++)
            assert_int_equal(count_stretches(&replay, &paper, w),
                             fold ? 0 : (2 * PAIRS - 1) / REPLAY_STRETCH_CALLS);
        free(paper.slot);
        free(paper.streams);
        replay_release(&replay);
    }
    free(ops);
}

static void laps_and_repetitions_are_chosen_by_the_calls(void **state)
{
    struct model model;
    struct replay replay;
    char message[MESSAGE_BYTES];
    (void)state;
    model_init(&model, 1, 3);
    assert_int_equal(replay_make(&replay, trace, &(struct replay_options){0}, message), 0);
    assert_int_equal(replay.head.laps, 1);
    assert_int_equal(replay.repeat, (REPLAY_TRIAL_CALLS + OPERATIONS - 1) / OPERATIONS);
    replay_release(&replay);
    model_release(&model);
}

/* A lap's calls are held in memory: there are no endless laps, even where only stops matter. */
static void laps_between_stops_are_bounded(void **state)
{
    const struct replay_stop end = {REPLAY_AT_END, 0};
    const struct replay_options options = {.only_stops = true, .stops = &end, .stop_count = 1};
    struct replay replay;
    char message[MESSAGE_BYTES];
    size_t count = REPLAY_STOPPED_LAP_CALLS + 1;
    struct trace_op *ops = calloc(count, sizeof *ops);
    (void)state;
    assert_non_null(ops);
    for (size_t i = 0; i < count; i++)
        ops[i].kind = TRACE_FREE;
    write_ops(ops, count, 1);
    free(ops);
    assert_int_equal(replay_make(&replay, trace, &options, message), 0);
    assert_int_equal(replay.head.laps, 2);
    assert_int_equal(replay.stop_lap[0], 2);
    replay_release(&replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_are_what_the_model_says),
        cmocka_unit_test(a_folded_script_has_one_worker_and_no_waits),
        cmocka_unit_test(times_are_told_where_they_are_asked_for),
        cmocka_unit_test(traces_that_cannot_be_are_refused),
        cmocka_unit_test(a_realloc_in_two_parts_gives_its_address_away),
        cmocka_unit_test(many_threads_share_workers_or_are_refused),
        cmocka_unit_test(workers_are_kept_together),
        cmocka_unit_test(laps_and_repetitions_are_chosen_by_the_calls),
        cmocka_unit_test(laps_between_stops_are_bounded),
    };
    return cmocka_run_group_tests(tests, make_trace_path, remove_trace);
}
