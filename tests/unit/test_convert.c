/* Importers and exporters of other tools' traces: what they take, what they refuse, and that a
 * trace comes back from each format as far as the format carries it. */
#include "block_map.h"
#include "export.h"
#include "import.h"
#include "message.h"
#include "source.h"
#include "trace_fixture.h"
#include "trace_reader.h"
#include "trace_writer.h"
#include "wl.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

enum { OPERATIONS_MAXIMUM = 20000 };

static const char *path_of(const char *name)
{
    static char path[32][512]; /* none is used again within a case */
    static unsigned turn;
    const char *folder = getenv("TMP");
    turn = (turn + 1) % 32;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder != NULL ? folder : "/tmp", name);
    return path[turn];
}

/* ---- imports ------------------------------------------------------------------ */

struct imported {
    struct import_result result;
    char message[MESSAGE_BYTES];
    struct trace_op op[OPERATIONS_MAXIMUM];
    size_t count;
    uint32_t threads;
    bool inherited, has_times;
    int done;
};

static void read_back(struct imported *in, const char *path)
{
    struct trace_reader *reader = trace_reader_open(path, in->message);
    assert_non_null(reader);
    int more;
    while ((more = trace_reader_next(reader, &in->op[in->count], in->message)) > 0) {
        in->count++;
        assert_true(in->count < OPERATIONS_MAXIMUM);
    }
    assert_int_equal(more, 0);
    in->threads = trace_reader_threads(reader);
    in->inherited = trace_facts_yes(trace_reader_facts(reader), "inherited");
    in->has_times = trace_facts_yes(trace_reader_facts(reader), "has_times");
    trace_reader_close(reader);
}

static struct imported *import_bytes(const void *bytes, size_t count, const char *format,
                                     bool lenient)
{
    struct imported *in = calloc(1, sizeof *in);
    const char *path = path_of("in.hmt");
    assert_non_null(in);
    struct import_request request = {.output = path, .lenient = lenient};
    request.format = format != NULL ? foreign_format_find(format, in->message) : NULL;
    struct source *source = source_of_memory("text", bytes, count, in->message);
    assert_non_null(source);
    in->done = import_source(source, &request, &in->result, in->message);
    source_close(source);
    if (in->done == 0)
        read_back(in, path);
    unlink(path);
    return in;
}

static struct imported *import_text(const char *text, bool lenient)
{
    return import_bytes(text, strlen(text), NULL, lenient);
}

static void refused(const char *text, const char *where)
{
    struct imported *in = import_text(text, false);
    assert_int_equal(in->done, -1);
    if (strstr(in->message, where) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", in->message, where);
    free(in);
}

static void test_mtrace_tells_each_call(void **unused)
{
    (void)unused;
    struct imported *in = import_text("= Start\n"
                                      "@ ./a + b] x:(f+0x1)[0x12] + 0x1000 0x18\n"
                                      "@ ./a:[0x12] < 0x1000\n"
                                      "@ ./a:[0x12] > 0x2000 0x20\n"
                                      "@ ./a:[0x12] + (nil) 0x7fffffffffffefff\n"
                                      "@ ./a:[0x12] ! 0x2000 0x7fffffffffffefff\n"
                                      "@ ./a:[0x12] - 0x2000\n"
                                      "@ ./a:[0x12] - 0x3000\n"
                                      "= End\n",
                                      false);
    assert_string_equal(in->message, "");
    assert_int_equal(in->done, 0);
    assert_int_equal(in->count, 6);
    assert_string_equal(in->result.format->name, "mtrace");
    assert_int_equal(in->op[0].address, 0x1000);
    assert_int_equal(in->op[1].kind, TRACE_REALLOC);
    assert_int_equal(in->op[1].old_address, 0x1000);
    assert_int_equal(in->op[1].address, 0x2000);
    assert_int_equal(in->op[2].flags, TRACE_FAILED);
    assert_int_equal(in->op[3].flags, TRACE_FAILED);
    assert_int_equal(in->op[3].old_address, 0x2000);
    assert_int_equal(in->op[5].old_address, 0x3000);
    assert_int_equal(in->result.counts.inherited, 1);
    assert_true(in->inherited);
    free(in);
}

static void test_mistakes_name_their_line(void **unused)
{
    (void)unused;
    refused("= Start\n@ a:[0x1] + 0x10 0x8\n@ a:[0x1] + 0x10 0x8\n", "text:3: hands out");
    refused("= Start\n@ a:[0x1] + 0x10 0x8\n@ a:[0x1] - 0x10\n@ a:[0x1] - 0x10\n",
            "text:4: frees or resizes a block that has been freed");
    refused("= Start\n@ a:[0x1] + 0x10\n", "text:2: not a line of mtrace");
    refused("= Start\n@ a:[0x1] > 0x10 0x8\n", "text:2: '<' and '>'");
    refused("= Start\n@ a:[0x1] < 0x10\n@ a:[0x1] < 0x20\n", "text:3: '<' and '>'");
    refused("10\n2\n3\n1\na 0 8\nf 1\n", "text:6: frees or resizes");
    refused("10\n2\n3\n1\na 0 8\na 7 8\n", "text:6: an id beyond");
    refused("10\n1\n2\n1\na 0 8\n", "the header tells of 2 operations, the file has 1");
    refused("1: malloc 0x10 8\n1: mallot 0x10 8\n", "text:2: not a line of memory_replay");
    refused("--7-- malloc(8) = 0x10\n--7-- free(0x20)\n", "text:2: frees or resizes");
    refused("--7-- malloc(8) = 0x10\n--7-- malloc(8)\n", "text:2: a call that valgrind");
    refused("v 10400 3\nx 1 a\n+ 8 1 10\n+ 8\n", "text:4: not a raw");
    refused("v 10400 3\na 8 1\n+ 0\n+ 1\n", "text:4: a class");
    refused("v 10400 3\na 8 1\n+ 0\n- 0\n- 0\n", "text:5: frees a block of a class");
    refused("kind,size,address\nmalloc,8\n", "text:2: not a row");
    refused("kind,size,address\nmalloc,8,0\nmemalign,0x,9\n", "text:3: not a row");
    refused("kind,size,address\nmalloc,8,1\nfree,,1\n", "text:3: what is freed stands in");
    refused("kind,size,address\nmalloc,9223372036854775807,1\n", "text:2: live blocks larger");
    refused("nothing of any kind\n", "is of no format known");
    refused("", "text: empty");
    refused("= Start\n= End\n", "not one operation of mtrace");
}

static void test_lenient_skips_and_counts(void **unused)
{
    (void)unused;
    struct imported *in = import_text("10\n9\n9\n1\n"
                                      "a 0 8\n"
                                      "f 5\n"    /* skipped: not allocated */
                                      "what\n"   /* skipped: no line */
                                      "a 0 16\n" /* the block of 8 must have been freed */
                                      "r 6 10\n" /* skipped */
                                      "f 0\n",
                                      true);
    assert_int_equal(in->done, 0);
    /* and the header's count, which is wrong */
    assert_int_equal(in->result.counts.skipped, 4);
    assert_int_equal(in->result.counts.implied, 1);
    assert_int_equal(in->count, 4);
    assert_int_equal(in->op[1].kind, TRACE_FREE);
    assert_int_equal(in->op[1].old_address, in->op[0].address);
    free(in);
}

/* What others are counted by cannot be skipped. */
static void test_lenient_refuses_what_would_shift_numbers(void **unused)
{
    (void)unused;
    struct imported *in = import_text("v 10400 3\na 8 1\na z\na 9 1\n+ 1\n", true);
    assert_int_equal(in->done, -1);
    assert_non_null(strstr(in->message, "text:3: 'a' is not followed by a size"));
    free(in);
}

static size_t put_wl(unsigned char *at, unsigned opcode, uint64_t value)
{
    enum { NUMBER_BYTES = 4 };
    at[0] = (unsigned char)opcode;
    for (unsigned i = 0; i < NUMBER_BYTES; i++)
        at[1 + i] = (unsigned char)((value >> 7 * (NUMBER_BYTES - 1 - i) & 0x7f) |
                                    (i + 1 < NUMBER_BYTES ? 0x80 : 0));
    return 1 + NUMBER_BYTES;
}

/* A small file with many threads that wait, and one that works: the others cost nothing. And lists
 * that share their bytes, which could hold operations without end. */
static void test_wl_of_many_threads_takes_no_time(void **unused)
{
    enum {
        THREADS = 60000,
        CALLS = 200000,
        HEAD = 5 * (THREADS + 3) + 1,
        WAIT = 6,
        WORK = HEAD + WAIT * (THREADS - 1)
    };
    unsigned char *bytes = malloc(WORK + 11 * CALLS + WAIT);
    size_t at = 0;
    char message[MESSAGE_BYTES];
    (void)unused;
    assert_non_null(bytes);
    for (int overlap = 0; overlap < 2; overlap++, at = 0) {
        at += put_wl(bytes + at, WL_ALLOC_PTRS, 2);
        at += put_wl(bytes + at, WL_ALLOC_SYNCS, 2);
        at += put_wl(bytes + at, WL_NTHREADS, THREADS);
        for (unsigned i = 0; i < THREADS - 1; i++)
            at += put_wl(bytes + at, WL_START_THREAD, overlap ? WORK : HEAD + WAIT * i);
        at += put_wl(bytes + at, WL_START_THREAD, WORK);
        bytes[at++] = WL_DONE;
        for (unsigned i = 0; i < THREADS - 1; i++) {
            at += put_wl(bytes + at, WL_SYNC_R, 1);
            bytes[at++] = WL_DONE;
        }
        for (unsigned i = 0; i < CALLS; i++) {
            at += put_wl(bytes + at, WL_MALLOC, 1);
            bytes[at++] = 8;
            at += put_wl(bytes + at, WL_FREE, 1);
        }
        at += put_wl(bytes + at, WL_SYNC_W, 1);
        bytes[at++] = WL_DONE;
        struct import_result result;
        struct import_request request = {.output = path_of("wl.hmt")};
        struct source *source = source_of_memory("text", bytes, at, message);
        int done = import_source(source, &request, &result, message);
        assert_int_equal(done, overlap ? -1 : 0);
        if (overlap)
            assert_non_null(strstr(message, "the lists of threads overlap"));
        else
            assert_int_equal(result.counts.operations, 2 * CALLS);
        source_close(source);
        unlink(request.output);
    }
    free(bytes);
}

static void test_rep_orders_are_told_apart(void **unused)
{
    (void)unused;
    struct imported *in = import_text("4096\n1\n2\n1\na 0 800\nf 0\n", false);
    assert_non_null(strstr(in->result.note, "heap size first"));
    free(in);
    in = import_text("1\n1\n2\n4096\na 0 800\nf 0\n", false);
    assert_non_null(strstr(in->result.note, "weight first"));
    assert_int_equal(in->count, 2);
    free(in);
    in = import_text("1\n1\n3\n1\na 0 800\nf -1\nf 0\n", false);
    assert_non_null(strstr(in->result.note, "either order"));
    assert_int_equal(in->op[1].old_address, 0);
    free(in);
}

static void test_times_and_threads_of_memory_replay(void **unused)
{
    (void)unused;
    struct imported *in = import_text("7: malloc 0x10 8 5000 5100\n"
                                      "8: free 0x10 4000 4100\n" /* began before: never goes back */
                                      "8: thread_done 0x0 6000\n"
                                      "8: calloc 0x10 4 6 7000 7100\n"
                                      "8: free 0x10 7200 7300 24\n",
                                      false);
    assert_int_equal(in->done, 0);
    assert_int_equal(in->count, 4);
    assert_int_equal(in->threads, 3); /* the number 8 has come twice */
    assert_true(in->has_times);
    assert_int_equal(in->op[0].time_ns, 0);
    assert_int_equal(in->op[1].time_ns, 0);
    assert_int_equal(in->op[2].time_ns, 2000);
    assert_int_equal(in->op[2].size, 24);
    assert_int_equal(in->op[2].thread, 2);
    free(in);
}

static void test_valgrind_takes_one_process(void **unused)
{
    (void)unused;
    struct imported *in = import_text("==7== Command: ./prog\n"
                                      "hello--7-- malloc(8) = 0x10\n"
                                      "--9-- free(0x10)\n"
                                      "--7-- _ZnwmSt11align_val_t(size 64, al 64) = 0x40\n"
                                      "--7-- realloc(0x0,5)malloc(5) = 0x20\n"
                                      "--7-- realloc(0x20,0)free(0x20)\n--7--  = 0\n"
                                      "--7-- malloc_usable_size(0x10) = 8\n"
                                      "--7-- _ZdlPvm(0x10)\n"
                                      "--7-- calloc(18446744073709551615,2) = 0x0\n",
                                      false);
    assert_string_equal(in->message, "");
    assert_int_equal(in->count, 6);
    assert_int_equal(in->result.counts.ignored, 1);
    assert_int_equal(in->op[1].alignment, 64);
    assert_int_equal(in->op[2].kind, TRACE_REALLOC);
    assert_int_equal(in->op[3].address, 0);
    assert_int_equal(in->op[3].flags, 0);
    assert_int_equal(in->op[5].size, UINT64_MAX);
    assert_int_equal(in->op[5].flags, TRACE_FAILED);
    free(in);
}

/* Ids get addresses: aligned, disjoint while live. */
static void test_tokens_are_disjoint(void **unused)
{
    (void)unused;
    struct imported *in = import_text("kind,address,size\nmalloc,1,8\n", false);
    assert_int_equal(in->op[0].address, 1); /* csv carries them */
    free(in);
    static const char *const path = "tests/data/convert/threads.wl";
    struct import_request request = {.input = path, .output = path_of("wl.hmt")};
    in = calloc(1, sizeof *in);
    assert_int_equal(import_file(&request, &in->result, in->message), 0);
    read_back(in, request.output);
    unlink(request.output);
    assert_int_equal(in->threads, 3);
    for (size_t i = 0; i < in->count; i++) {
        const struct trace_op *op = &in->op[i];
        assert_int_equal(op->address % 16, 0);
        if (op->alignment != 0)
            assert_int_equal(op->address % op->alignment, 0);
        for (size_t k = 0; k < i; k++)
            if (op->address != 0 && in->op[k].address != 0 && op->address != in->op[k].address)
                assert_true(op->address >= in->op[k].address + in->op[k].size ||
                            in->op[k].address >= op->address + op->size);
    }
    free(in);
}

/* ---- compression ---------------------------------------------------------------- */

static void test_cut_off_gzip_is_an_error(void **unused)
{
    (void)unused;
    static const char text[] = "1: malloc 0x10 8\n1: free 0x10\n";
    unsigned char packed[256];
    z_stream zip = {0};
    assert_int_equal(deflateInit2(&zip, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    zip.next_in = (unsigned char *)(uintptr_t)text;
    zip.avail_in = sizeof text - 1;
    zip.next_out = packed;
    zip.avail_out = sizeof packed;
    assert_int_equal(deflate(&zip, Z_FINISH), Z_STREAM_END);
    size_t count = sizeof packed - zip.avail_out;
    deflateEnd(&zip);
    struct imported *in = import_bytes(packed, count, NULL, false);
    assert_int_equal(in->done, 0);
    assert_int_equal(in->count, 2);
    free(in);
    for (size_t cut = 3; cut < count; cut++) {
        in = import_bytes(packed, cut, "memory-replay", false);
        assert_int_equal(in->done, -1);
        assert_non_null(strstr(in->message, "end early"));
        free(in);
    }
}

static void test_a_line_without_end_is_an_error(void **unused)
{
    (void)unused;
    size_t count = 3 << 20;
    char *bytes = malloc(count);
    assert_non_null(bytes);
    memset(bytes, '@', count);
    struct imported *in = import_bytes(bytes, count, "mtrace", true);
    assert_int_equal(in->done, -1);
    assert_non_null(strstr(in->message, "text:1: a line of more than"));
    free(in);
    free(bytes);
}

static void test_block_map_against_a_plain_one(void **unused)
{
    (void)unused;
    enum { KEYS = 512 };
    struct block_map map = {0};
    bool there[KEYS] = {false};
    uint64_t seed = 7;
    for (int i = 0; i < 200000; i++) {
        uint64_t key = fixture_random(&seed) % KEYS;
        struct block *block = block_map_find(&map, key << 12);
        assert_true((block != NULL) == there[key]);
        if (block != NULL)
            block_map_remove(&map, block);
        else
            assert_non_null(block_map_insert(&map, key << 12));
        there[key] = !there[key];
    }
    block_map_release(&map);
}

/* ---- round trips ------------------------------------------------------------------ */

/* An operation with blocks numbered in the order of birth: what all formats can be held to. */
struct plain_op {
    char letter; /* a, r, f; F: failed; 0: free(NULL) */
    uint32_t thread;
    uint64_t size, block;
};

struct plain {
    struct plain_op op[OPERATIONS_MAXIMUM];
    size_t count;
};

struct wanted {
    bool failures, null_frees, freeing_reallocs;
    int thread; /* this one's only; -1: all */
};

static void plain_add(struct plain *plain, struct block_map *blocks, uint64_t *births,
                      const struct trace_op *op, const struct wanted *wanted)
{
    bool failed = (op->flags & TRACE_FAILED) != 0;
    struct plain_op p = {.thread = op->thread, .size = op->size};
    struct block *old = op->old_address != 0 ? block_map_find(blocks, op->old_address) : NULL;
    uint64_t number = old != NULL ? old->number : UINT64_MAX;
    if (!failed && old != NULL)
        block_map_remove(blocks, old);
    if (!failed && op->address != 0) {
        struct block *new = block_map_insert(blocks, op->address);
        assert_non_null(new);
        new->number = number != UINT64_MAX ? number : (*births)++;
        p.block = new->number;
        p.letter = number != UINT64_MAX ? 'r' : 'a';
    } else {
        bool ends = op->old_address != 0 && !failed;
        p.letter = ends ? 'f' : op->kind == TRACE_FREE ? '0' : 'F';
        p.block = number;
    }
    if (p.letter == 'f' && !wanted->freeing_reallocs)
        p.size = 0;
    if ((p.letter == 'F' && !wanted->failures) || (p.letter == '0' && !wanted->null_frees))
        return;
    if (wanted->thread >= 0 && op->thread != (uint32_t)wanted->thread)
        return;
    if (wanted->thread >= 0) /* births of other threads come between */
        p.block = 0;
    plain->op[plain->count++] = p;
}

static struct plain *make_plain(const struct trace_op *op, size_t count,
                                const struct wanted *wanted)
{
    struct plain *plain = calloc(1, sizeof *plain);
    struct block_map blocks = {0};
    uint64_t births = 0;
    assert_non_null(plain);
    for (size_t i = 0; i < count; i++)
        if (trace_op_is_call(&op[i]))
            plain_add(plain, &blocks, &births, &op[i], wanted);
    block_map_release(&blocks);
    return plain;
}

static void same(const struct imported *a, const struct imported *b, const struct wanted *wanted,
                 bool threads)
{
    struct plain *x = make_plain(a->op, a->count, wanted), *y = make_plain(b->op, b->count, wanted);
    assert_int_equal(x->count, y->count);
    assert_true(x->count > 0);
    for (size_t i = 0; i < x->count; i++) {
        assert_int_equal(x->op[i].letter, y->op[i].letter);
        assert_int_equal(x->op[i].size, y->op[i].size);
        assert_int_equal(x->op[i].block, y->op[i].block);
        if (threads)
            assert_int_equal(x->op[i].thread, y->op[i].thread);
    }
    free(x);
    free(y);
}

/* Random calls of every kind, on `threads` threads. */
static const char *make_trace(uint32_t threads, size_t count)
{
    enum { BLOCKS = 64 };
    static const uint8_t kinds[] = {TRACE_MALLOC, TRACE_CALLOC,         TRACE_MEMALIGN,
                                    TRACE_VALLOC, TRACE_POSIX_MEMALIGN, TRACE_ALIGNED_ALLOC,
                                    TRACE_REALLOC};
    uint64_t block[BLOCKS] = {0}, seed = 42, next = 0x10000;
    char message[MESSAGE_BYTES];
    struct trace_facts facts = {0};
    const char *path = path_of("made.hmt");
    assert_int_equal(trace_facts_set(&facts, "has_times", "yes"), 0);
    struct trace_writer *writer = trace_writer_create(path, &facts, message);
    assert_non_null(writer);
    for (uint32_t i = 0; i < threads; i++)
        assert_int_equal(trace_writer_thread(writer, i, 100 + i, "", message), 0);
    for (size_t i = 0; i < count; i++) {
        uint64_t r = fixture_random(&seed), *b = &block[r >> 8 & (BLOCKS - 1)];
        struct trace_op op = {.kind = TRACE_FREE, .time_ns = i * 1000, .old_address = *b};
        op.thread = i < threads ? (uint32_t)i : (uint32_t)(r >> 20) % threads;
        bool resizes = *b != 0 && (r & 3) == 0;
        if (resizes)
            op.kind = TRACE_REALLOC;
        else if (*b == 0 && (r & 7) != 0)
            op.kind = kinds[(r >> 24) % sizeof kinds];
        if (op.kind != TRACE_FREE)
            op.size = r >> 40 & 0xfff;
        if (op.kind == TRACE_MEMALIGN || op.kind == TRACE_ALIGNED_ALLOC ||
            op.kind == TRACE_POSIX_MEMALIGN)
            op.alignment = 64;
        bool fails = op.kind != TRACE_FREE && (r >> 52 & 31) == 0;
        if (fails) {
            op.flags = TRACE_FAILED;
            op.error = ENOMEM;
            op.size = (uint64_t)1 << 60;
        } else if (op.kind != TRACE_FREE && !(resizes && op.size == 0)) {
            op.address = resizes && (r & 16) != 0 ? *b : (next += 0x1000);
        }
        if (!fails)
            *b = op.address;
        assert_int_equal(trace_writer_add(writer, &op, message), 0);
    }
    assert_int_equal(trace_writer_finish(writer, NULL, message), 0);
    trace_facts_release(&facts);
    return path;
}

static struct imported *round_trip(const char *path, const char *name)
{
    char message[MESSAGE_BYTES] = "";
    struct export_result result;
    const char *foreign = path_of("foreign");
    const struct foreign_format *format = foreign_format_find(name, message);
    struct imported *in = calloc(1, sizeof *in);
    assert_non_null(in);
    if (export_file(path, format, foreign, &result, message) < 0)
        fail_msg("%s: %s", name, message);
    struct import_request request = {.input = foreign, .output = path_of("back.hmt")};
    if (import_file(&request, &in->result, in->message) < 0)
        fail_msg("%s: %s", name, in->message);
    /* What is written is known again by its content. */
    if (strncmp(name, "rep", 3) != 0)
        assert_string_equal(in->result.format->name, name);
    read_back(in, request.output);
    unlink(foreign);
    unlink(request.output);
    return in;
}

static struct imported *original(const char *path)
{
    struct imported *in = calloc(1, sizeof *in);
    assert_non_null(in);
    read_back(in, path);
    return in;
}

static void test_round_trips(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        struct wanted wanted;
        uint32_t threads;
    } cases[] = {
        {"rep",           {false, false, false, -1}, 1},
        {"rep-weight",    {false, false, false, -1}, 3},
        {"mtrace",        {true, false, false, -1},  3},
        {"memory-replay", {true, true, true, -1},    3},
        {"malloc-bench",  {true, true, true, -1},    3},
        {"wl",            {true, true, false, -1},   1},
        {"csv",           {true, true, true, -1},    3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = make_trace(cases[i].threads, 3000);
        struct imported *before = original(path), *after = round_trip(path, cases[i].name);
        bool threads = (after->result.carries & CARRIES_THREADS) != 0;
        same(before, after, &cases[i].wanted, threads);
        free(before);
        free(after);
    }
    unlink(path_of("made.hmt"));
}

/* Threads of a .wl come back one by one; between them only what depends has an order. */
static void test_wl_keeps_each_thread(void **unused)
{
    (void)unused;
    const char *path = make_trace(3, 3000);
    struct imported *before = original(path), *after = round_trip(path, "wl");
    assert_int_equal(after->threads, 3);
    for (int thread = 0; thread < 3; thread++)
        same(before, after, &(struct wanted){true, true, false, thread}, true);
    free(before);
    free(after);
    unlink(path);
}

static void test_times_come_back(void **unused)
{
    (void)unused;
    static const char *const names[] = {"memory-replay", "csv"};
    const char *path = make_trace(2, 500);
    struct imported *before = original(path);
    for (size_t i = 0; i < 2; i++) {
        struct imported *after = round_trip(path, names[i]);
        assert_int_equal(before->count, after->count);
        for (size_t k = 0; k < before->count; k++)
            assert_int_equal(before->op[k].time_ns, after->op[k].time_ns);
        free(after);
    }
    free(before);
    unlink(path);
}

/* While one thread's realloc is under way another gets its old address. */
static void test_split_reallocs_come_out_whole(void **unused)
{
    (void)unused;
    static const char *const names[] = {"rep", "mtrace", "memory-replay", "malloc-bench", "csv"};
    static const struct trace_op ops[] = {
        {.kind = TRACE_MALLOC,        .address = 0x1000,              .size = 8},
        {.kind = TRACE_MALLOC,                           .thread = 1,                                      .address = 0x2000, .size = 9},
        {.kind = TRACE_REALLOC_BEGIN,          .old_address = 0x1000},
        {.kind = TRACE_MALLOC, .thread = 1, .address = 0x1000, .size = 10},
        {.kind = TRACE_REALLOC,
         .old_address = 0x1000,
         .address = 0x3000,
         .size = 80,
         .flags = TRACE_SPLIT},
        {.kind = TRACE_FREE,                 .thread = 1,                                               .old_address = 0x1000},
        {.kind = TRACE_FREE,       .old_address = 0x3000                                          },
    };
    static const struct plain_op expected[] = {
        {'a', 0, 8,  0},
        {'a', 1, 9,  1},
        {'a', 1, 10, 2},
        {'r', 0, 80, 0},
        {'f', 1, 0,  2},
        {'f', 0, 0,  0}
    };
    char message[MESSAGE_BYTES];
    struct trace_facts facts = {0};
    const char *path = path_of("split.hmt");
    struct trace_writer *writer = trace_writer_create(path, &facts, message);
    assert_non_null(writer);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(trace_writer_thread(writer, i, 100 + i, "", message), 0);
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        assert_int_equal(trace_writer_add(writer, &ops[i], message), 0);
    assert_int_equal(trace_writer_finish(writer, NULL, message), 0);
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        struct imported *after = round_trip(path, names[n]);
        struct plain *plain =
            make_plain(after->op, after->count, &(struct wanted){false, false, false, -1});
        assert_int_equal(plain->count, sizeof expected / sizeof expected[0]);
        for (size_t i = 0; i < plain->count; i++) {
            assert_int_equal(plain->op[i].letter, expected[i].letter);
            assert_int_equal(plain->op[i].size, expected[i].size);
            assert_int_equal(plain->op[i].block, expected[i].block);
        }
        free(plain);
        free(after);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mtrace_tells_each_call),
        cmocka_unit_test(test_mistakes_name_their_line),
        cmocka_unit_test(test_lenient_skips_and_counts),
        cmocka_unit_test(test_lenient_refuses_what_would_shift_numbers),
        cmocka_unit_test(test_wl_of_many_threads_takes_no_time),
        cmocka_unit_test(test_rep_orders_are_told_apart),
        cmocka_unit_test(test_times_and_threads_of_memory_replay),
        cmocka_unit_test(test_valgrind_takes_one_process),
        cmocka_unit_test(test_tokens_are_disjoint),
        cmocka_unit_test(test_cut_off_gzip_is_an_error),
        cmocka_unit_test(test_a_line_without_end_is_an_error),
        cmocka_unit_test(test_block_map_against_a_plain_one),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_wl_keeps_each_thread),
        cmocka_unit_test(test_times_come_back),
        cmocka_unit_test(test_split_reallocs_come_out_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
