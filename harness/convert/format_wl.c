/*
 * The workloads of glibc's trace utilities (trace2wl, trace_run of its branch dj/malloc): import.
 *
 * A file is a list of opcodes with numbers in groups of 7 bits, the most significant first, 0x80
 * on all but the last. The first list, from offset 0, says how many pointers and flags there are
 * and at which offset each thread's own list begins; wl.h has the opcodes. Threads meet by flags:
 * one sets a flag, another waits until it is set.
 *
 * Threads' lists have no common order but that; here they take turns, one operation each. As in
 * trace_run, a pointer that is assigned while it has a block has that freed first, a free of a
 * pointer without one is none, and a realloc of such a pointer is an allocation.
 */
#include "import.h"
#include "message.h"
#include "source.h"
#include "wl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WL_BYTES_MAXIMUM = 1 << 30, WL_THREADS_MAXIMUM = 1 << 16, WL_NUMBER_BYTES = 10 };

enum { NOBODY = WL_THREADS_MAXIMUM };

struct list { /* one thread's */
    size_t at;
    uint32_t next; /* in whatever row it stands; NOBODY: the last */
};

struct wl {
    struct import *import;
    const unsigned char *bytes;
    size_t count;
    uint64_t pointers, syncs;
    unsigned char *set; /* a bit a flag */
    struct list *list;
    size_t lists, unsynced, taken;
    uint32_t first, last;     /* the row of those whose turn it is next */
    struct block_map waiting; /* by flag: the first in the row of those that wait for it */
};

/* A number at *at; false behind the end, or over 64 bits. */
static bool take(const struct wl *wl, size_t *at, uint64_t *value)
{
    *value = 0;
    for (int i = 0; i < WL_NUMBER_BYTES && *at < wl->count; i++) {
        unsigned char byte = wl->bytes[(*at)++];
        if (*value >> 57 != 0)
            return false;
        *value = *value << 7 | (byte & 0x7f);
        if (byte < 0x80)
            return true;
    }
    return false;
}

static int fail(const struct wl *wl, size_t at, const char *reason, char *message)
{
    source_place(wl->import->source, at);
    return source_fail(wl->import->source, message, "%s", reason);
}

/* ---- the first list ------------------------------------------------------------ */

static int set_up(struct wl *wl, unsigned op, uint64_t value, size_t at, char *message)
{
    if (op == WL_ALLOC_PTRS)
        wl->pointers = value;
    if (op == WL_ALLOC_SYNCS) {
        /* A flag is set by an operation of two bytes. */
        if (value > wl->count || wl->set != NULL)
            return fail(wl, at, "more flags than the file can set", message);
        wl->syncs = value;
        wl->set = calloc(1, (size_t)value / 8 + 1);
        if (wl->set == NULL)
            return fail(wl, at, "out of memory", message);
    }
    if (op != WL_START_THREAD)
        return 0;
    if (value >= wl->count || wl->lists == WL_THREADS_MAXIMUM)
        return fail(wl, at, "a thread that begins behind the end, or one too many", message);
    struct list *larger = reallocarray(wl->list, wl->lists + 1, sizeof *larger);
    if (larger == NULL)
        return fail(wl, at, "out of memory", message);
    wl->list = larger;
    wl->list[wl->lists++] = (struct list){.at = (size_t)value};
    return 0;
}

static int read_first_list(struct wl *wl, char *message)
{
    size_t at = 0;
    while (at < wl->count) {
        size_t from = at;
        unsigned op = wl->bytes[at++];
        uint64_t value;
        if (op == WL_NOP)
            continue;
        if (op == WL_DONE)
            return wl->lists > 0 ? 0 : fail(wl, from, "a workload without threads", message);
        if (op < WL_ALLOC_PTRS || op > WL_START_THREAD)
            return fail(wl, from, "an opcode that the first list cannot have", message);
        if (!take(wl, &at, &value))
            return fail(wl, from, "the end, inside a number", message);
        if (set_up(wl, op, value, from, message) < 0)
            return -1;
    }
    return fail(wl, at, "the end, inside the first list", message);
}

/* ---- threads' lists -------------------------------------------------------------- */

static const struct wl_operation *operation_of(unsigned op)
{
    return op < WL_OPCODES && wl_operations[op].name != NULL ? &wl_operations[op] : NULL;
}

static bool is_set(const struct wl *wl, uint64_t flag)
{
    return wl->set != NULL && (wl->set[flag / 8] >> flag % 8 & 1) != 0;
}

/* One operation, its numbers in `value` in the order of the file. */
static int perform(struct wl *wl, unsigned op, const uint64_t *value, uint64_t tid, char *message)
{
    struct import *import = wl->import;
    struct import_event event = {.kind = wl_operations[op].kind, .tid = tid};
    event.size = value[wl_operations[op].numbers - 1];
    if (op == WL_FREE) {
        event.size = 0;
        event.old_key = value[0];
        if (value[0] != 0 && !import_is_live(import, value[0])) {
            wl->unsynced++;
            return 0;
        }
        return import_add(import, &event, message);
    }
    event.key = value[0];
    if (op == WL_MEMALIGN || op == WL_POSIX_MEMALIGN)
        event.alignment = value[1];
    if (op == WL_REALLOC && value[1] != 0 && import_is_live(import, value[1]))
        event.old_key = value[1];
    event.failed = event.key == 0 && (event.old_key == 0 || event.size != 0);
    if (event.key != 0 && event.key != event.old_key && import_is_live(import, event.key) &&
        import_free_implied(import, event.key, &event, message) < 0)
        return -1;
    return import_add(import, &event, message);
}

static void queue_up(struct wl *wl, uint32_t thread)
{
    wl->list[thread].next = NOBODY;
    if (wl->first == NOBODY)
        wl->first = thread;
    else
        wl->list[wl->last].next = thread;
    wl->last = thread;
}

static int wait_for(struct wl *wl, uint64_t flag, uint32_t thread, char *message)
{
    struct block *row = block_map_find(&wl->waiting, flag);
    if (row == NULL) {
        row = block_map_insert(&wl->waiting, flag);
        if (row == NULL)
            return fail(wl, wl->list[thread].at, "out of memory", message);
        row->number = NOBODY;
    }
    wl->list[thread].next = (uint32_t)row->number;
    row->number = thread;
    return 0;
}

static void set_flag(struct wl *wl, uint64_t flag)
{
    struct block *row = block_map_find(&wl->waiting, flag);
    if (wl->set != NULL)
        wl->set[flag / 8] |= (unsigned char)(1 << flag % 8);
    if (row == NULL)
        return;
    for (uint32_t thread = (uint32_t)row->number, next; thread != NOBODY; thread = next) {
        next = wl->list[thread].next;
        queue_up(wl, thread);
    }
    block_map_remove(&wl->waiting, row);
}

enum { WAITS, MOVED, DONE }; /* a list, after a step */

/* Goes on with one list up to its next operation of memory, a flag that is not set, or its end.
 * Returns which, or -1 with a message. */
static int step(struct wl *wl, uint32_t thread, char *message)
{
    struct list *list = &wl->list[thread];
    for (;;) {
        size_t at = list->at, from = at;
        uint64_t value[3] = {0};
        if (at >= wl->count)
            return fail(wl, at, "the end, inside a thread's list", message);
        unsigned op = wl->bytes[at++];
        const struct wl_operation *operation = operation_of(op);
        if (operation == NULL)
            return fail(wl, from, "an opcode that a thread's list cannot have", message);
        for (unsigned i = 0; i < operation->numbers; i++)
            if (!take(wl, &at, &value[i]))
                return fail(wl, from, "the end, inside a number", message);
        source_place(wl->import->source, from);
        if (operation->is_sync && value[0] > wl->syncs)
            return fail(wl, from, "a flag beyond those there are", message);
        if (op == WL_SYNC_R && !is_set(wl, value[0]))
            return wait_for(wl, value[0], thread, message) < 0 ? -1 : WAITS;
        list->at = at;
        /* Else a small file could hold operations without end. */
        wl->taken += at - from;
        if (wl->taken > wl->count)
            return fail(wl, from, "the lists of threads overlap", message);
        if (op == WL_SYNC_W)
            set_flag(wl, value[0]);
        if (op == WL_DONE)
            return DONE;
        if (operation->kind == 0)
            continue;
        for (unsigned i = 0; i < operation->pointers; i++)
            if (value[i] > wl->pointers)
                return fail(wl, from, "a pointer beyond those there are", message);
        return perform(wl, op, value, thread, message) < 0 ? -1 : MOVED;
    }
}

/* Threads take turns until all are done. */
static int run(struct wl *wl, char *message)
{
    size_t done = 0;
    wl->first = NOBODY;
    for (uint32_t thread = 0; thread < wl->lists; thread++)
        queue_up(wl, thread);
    while (wl->first != NOBODY) {
        uint32_t thread = wl->first;
        wl->first = wl->list[thread].next;
        int now = step(wl, thread, message);
        if (now < 0)
            return -1;
        if (now == MOVED)
            queue_up(wl, thread);
        done += now == DONE;
    }
    return done == wl->lists
               ? 0
               : fail(wl, wl->list[0].at, "all threads wait for flags that none sets", message);
}

static int read_wl(struct import *import, struct source *source, char *message)
{
    struct wl wl = {.import = import};
    unsigned char *bytes = NULL;
    import->has_times = false;
    if (source_rest(source, WL_BYTES_MAXIMUM, &bytes, &wl.count, message) < 0)
        return -1;
    wl.bytes = bytes;
    source_place(source, 0);
    int done = read_first_list(&wl, message);
    if (done == 0)
        done = run(&wl, message);
    if (wl.unsynced > 0)
        snprintf(import->note, sizeof import->note,
                 "%zu frees of pointers without a block are none, as in trace_run", wl.unsynced);
    block_map_release(&wl.waiting);
    free(wl.list);
    free(wl.set);
    free(bytes);
    return done;
}

static bool sniff(const unsigned char *start, size_t bytes)
{
    size_t at = 0;
    uint64_t value;
    struct wl wl = {.bytes = start, .count = bytes};
    static const unsigned char order[] = {WL_ALLOC_PTRS, WL_ALLOC_SYNCS, WL_NTHREADS,
                                          WL_START_THREAD};
    while (at < bytes && start[at] == WL_NOP)
        at++;
    for (size_t i = 0; i < sizeof order; i++)
        if (at >= bytes || start[at++] != order[i] || !take(&wl, &at, &value))
            return false;
    return true;
}

const struct foreign_format format_wl = {
    .name = "wl",
    .summary = "workload of glibc's trace2wl and trace_run",
    .carries = CARRIES_THREADS | CARRIES_ALIGNMENTS | CARRIES_FAILURES | CARRIES_REALLOC |
               CARRIES_IDENTITY | FORMAT_BINARY | FORMAT_UNORDERED,
    .sniff = sniff,
    .import = read_wl,
    .export = wl_write,
};
