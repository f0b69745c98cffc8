/*
 * Makes a trace out of thin air, for tests and figures of the replayer.
 *
 *   make_trace FILE CALLS THREADS LIVE PASSED KINDS [STEP_NS]
 *
 * Some LIVE blocks live at once; PASSED of 100 blocks are freed by another thread than made them,
 * soon after; KINDS is 'plain' (malloc and free) or 'all'; calls are STEP_NS apart (default 100).
 */
#include "message.h"
#include "trace_writer.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WRONG = 2, SOON = 64 };

struct block {
    uint64_t address, size;
    uint32_t thread;
};

struct making {
    struct trace_writer *writer;
    struct block *block; /* that live, in no order but that of the last SOON */
    size_t live, wanted;
    uint64_t next_address, random, step_ns, calls, made;
    uint32_t threads;
    unsigned passed_percent;
    int all_kinds;
};

static uint64_t draw(struct making *making, uint64_t bound)
{
    uint64_t z = making->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % bound;
}

static void add(struct making *making, struct trace_op op)
{
    char message[MESSAGE_BYTES];
    op.time_ns = making->made * making->step_ns;
    if (trace_writer_add(making->writer, &op, message) < 0)
        errx(EXIT_WRONG, "%s", message);
    making->made++;
}

/* Nearly all are small, as in programs. */
static uint64_t draw_size(struct making *making)
{
    if (draw(making, 1000) == 0)
        return 4096 + draw(making, 200000);
    return draw(making, 20) == 0 ? draw(making, 4000) : 16 + draw(making, 112);
}

static uint64_t new_address(struct making *making, uint64_t alignment)
{
    making->next_address = (making->next_address + 16 + alignment - 1) & ~(alignment - 1);
    return making->next_address;
}

static void allocate(struct making *making, uint32_t thread)
{
    static const uint8_t kinds[] = {TRACE_CALLOC,         TRACE_MEMALIGN,    TRACE_ALIGNED_ALLOC,
                                    TRACE_POSIX_MEMALIGN, TRACE_VALLOC,      TRACE_PVALLOC,
                                    TRACE_REALLOC,        TRACE_REALLOCARRAY};
    struct trace_op op = {.kind = TRACE_MALLOC, .thread = thread, .size = draw_size(making)};
    uint64_t alignment = 16;
    if (making->all_kinds && draw(making, 10) == 0)
        op.kind = kinds[draw(making, sizeof kinds)];
    if (op.kind == TRACE_MEMALIGN || op.kind == TRACE_ALIGNED_ALLOC ||
        op.kind == TRACE_POSIX_MEMALIGN)
        op.alignment = alignment = UINT64_C(16) << draw(making, 4);
    if (op.kind == TRACE_VALLOC || op.kind == TRACE_PVALLOC)
        alignment = 4096;
    if (op.kind == TRACE_ALIGNED_ALLOC)
        op.size = (op.size + alignment - 1) & ~(alignment - 1);
    if (making->all_kinds && draw(making, 200) == 0) {
        op.flags = TRACE_FAILED;
        op.error = ENOMEM;
        op.size = UINT64_C(1) << 55;
        add(making, op);
        return;
    }
    op.address = new_address(making, alignment);
    making->block[making->live++] = (struct block){op.address, op.size, thread};
    add(making, op);
}

static size_t choose(struct making *making, uint32_t thread, int passed)
{
    for (int tries = 0; tries < 100; tries++) {
        size_t soon = making->live < SOON ? making->live : SOON;
        size_t at = passed || draw(making, 2) == 0 ? making->live - 1 - draw(making, soon)
                                                   : draw(making, making->live);
        if ((making->block[at].thread != thread) == (passed != 0))
            return at;
    }
    return making->live;
}

static void resize(struct making *making, uint32_t thread, size_t at)
{
    struct block *block = &making->block[at];
    struct trace_op op = {.kind = TRACE_REALLOC, .thread = thread, .old_address = block->address};
    op.size = draw_size(making);
    if (draw(making, 50) == 0) {
        op.flags = TRACE_FAILED;
        op.error = ENOMEM;
        op.size = UINT64_C(1) << 55;
    } else {
        op.address = draw(making, 2) == 0 ? block->address : new_address(making, 16);
        *block = (struct block){op.address, op.size, thread};
    }
    add(making, op);
}

static void give_back(struct making *making, uint32_t thread)
{
    int passed = making->threads > 1 && draw(making, 100) < making->passed_percent;
    size_t at = choose(making, thread, passed);
    if (making->all_kinds && draw(making, 300) == 0) {
        add(making, (struct trace_op){.kind = TRACE_FREE, .thread = thread});
        return;
    }
    if (at == making->live)
        return;
    if (making->all_kinds && draw(making, 8) == 0) {
        resize(making, thread, at);
        return;
    }
    struct trace_op op = {.kind = TRACE_FREE, .thread = thread};
    op.old_address = making->block[at].address;
    if (making->all_kinds && draw(making, 100) == 0)
        op.kind = TRACE_REALLOC; /* to 0, which frees */
    making->block[at] = making->block[--making->live];
    add(making, op);
}

int main(int argc, char **argv)
{
    char message[MESSAGE_BYTES];
    struct trace_facts facts = {0};
    if (argc < 7 || argc > 8)
        errx(EXIT_WRONG, "make_trace FILE CALLS THREADS LIVE PASSED KINDS [STEP_NS]");
    struct making making = {
        .calls = strtoull(argv[2], NULL, 10),
        .threads = (uint32_t)strtoul(argv[3], NULL, 10),
        .wanted = strtoull(argv[4], NULL, 10),
        .passed_percent = (unsigned)strtoul(argv[5], NULL, 10),
        .all_kinds = strcmp(argv[6], "all") == 0,
        .step_ns = argc > 7 ? strtoull(argv[7], NULL, 10) : 100,
        .next_address = UINT64_C(0x100000000),
        .random = 1,
    };
    making.block = calloc(making.calls + 1, sizeof *making.block);
    trace_facts_set(&facts, "source", "made up for a test");
    making.writer = trace_writer_create(argv[1], &facts, message);
    if (making.writer == NULL || making.block == NULL)
        errx(EXIT_WRONG, "%s", message);
    for (uint32_t t = 0; t < making.threads; t++)
        if (trace_writer_thread(making.writer, t, 1000 + t, "", message) < 0)
            errx(EXIT_WRONG, "%s", message);
    uint32_t thread = 0;
    while (making.made < making.calls) {
        /* Each thread is heard once, in its order, before chance decides. */
        thread = making.made < making.threads ? (uint32_t)making.made
                                              : (uint32_t)draw(&making, making.threads);
        for (uint64_t row = making.made < making.threads ? 1 : 1 + draw(&making, 40);
             row > 0 && making.made < making.calls; row--) {
            if (making.live == 0 || draw(&making, 2 * making.wanted) >= making.live)
                allocate(&making, thread);
            else
                give_back(&making, thread);
        }
    }
    free(making.block);
    trace_facts_release(&facts);
    if (trace_writer_finish(making.writer, NULL, message) < 0)
        errx(EXIT_WRONG, "%s", message);
    return 0;
}
