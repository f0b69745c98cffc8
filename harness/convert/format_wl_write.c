/*
 * Writes .wl files (format_wl.c has the format).
 *
 * Each thread's list is gathered in memory. Where a block goes from one thread to another, the
 * one sets a flag behind its last operation and the other waits for it, so that trace_run keeps
 * the order that matters; a thread waits for the first one's state before its first operation.
 */
#include "export.h"
#include "message.h"
#include "wl.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 10, STEP_BYTES = 1 + 3 * NUMBER_BYTES, PAGE_BYTES = 4096 };

const struct wl_operation wl_operations[WL_OPCODES] = {
    [WL_NOP] = {"nop",            0, 0, 0,                    false},
    [WL_DONE] = {"done",           0, 0, 0,                    false},
    [WL_MALLOC] = {"malloc",         2, 1, TRACE_MALLOC,         false},
    [WL_CALLOC] = {"calloc",         2, 1, TRACE_CALLOC,         false},
    [WL_REALLOC] = {"realloc",        3, 2, TRACE_REALLOC,        false},
    [WL_FREE] = {"free",           1, 1, TRACE_FREE,           false},
    [WL_SYNC_W] = {"sync_w",         1, 0, 0,                    true },
    [WL_SYNC_R] = {"sync_r",         1, 0, 0,                    true },
    [WL_MEMALIGN] = {"memalign",       3, 1, TRACE_MEMALIGN,       false},
    [WL_VALLOC] = {"valloc",         2, 1, TRACE_VALLOC,         false},
    [WL_PVALLOC] = {"pvalloc",        2, 1, TRACE_PVALLOC,        false},
    [WL_POSIX_MEMALIGN] = {"posix_memalign", 3, 1, TRACE_POSIX_MEMALIGN, false},
};

struct bytes {
    unsigned char *at;
    size_t count, room;
};

struct writer {
    struct export *export;
    struct bytes *list;
    uint32_t threads;
    uint64_t pointers, syncs;
    bool short_of_memory;
};

static size_t encode(unsigned char *at, uint64_t value)
{
    unsigned char group[NUMBER_BYTES];
    size_t count = 0;
    do
        group[count++] = value & 0x7f;
    while ((value >>= 7) != 0);
    for (size_t i = 0; i < count; i++)
        at[i] = (unsigned char)(group[count - 1 - i] | (i + 1 < count ? 0x80 : 0));
    return count;
}

static void append(struct writer *w, struct bytes *list, unsigned op, const uint64_t *value,
                   unsigned numbers)
{
    if (list->room - list->count < STEP_BYTES) {
        size_t room = list->room == 0 ? 4096 : 2 * list->room;
        unsigned char *larger = realloc(list->at, room);
        if (larger == NULL) {
            w->short_of_memory = true;
            return;
        }
        list->at = larger;
        list->room = room;
    }
    list->at[list->count++] = (unsigned char)op;
    for (unsigned i = 0; i < numbers; i++)
        list->count += encode(list->at + list->count, value[i]);
}

/* What `from` has done is done before `to` goes on. */
static void order(struct writer *w, uint32_t from, uint32_t to)
{
    if (from == to || from >= w->threads)
        return;
    uint64_t flag = ++w->syncs;
    append(w, &w->list[from], WL_SYNC_W, &flag, 1);
    append(w, &w->list[to], WL_SYNC_R, &flag, 1);
}

/* Pointers are numbered from 1; 0 is NULL. */
static uint64_t pointer(const struct export_step *step)
{
    return step->number + 1;
}

static void write_allocation(struct writer *w, const struct export_step *step)
{
    const struct trace_op *op = &step->op;
    struct bytes *list = &w->list[op->thread];
    bool fails = (op->flags & TRACE_FAILED) != 0;
    bool has_old = step->old_address != 0 && !step->foreign;
    uint64_t alignment = op->alignment;
    if (alignment == 0 && (op->kind == TRACE_VALLOC || op->kind == TRACE_PVALLOC))
        alignment = PAGE_BYTES; /* trace_run knows no valloc */
    uint64_t name = fails ? 0 : pointer(step);
    if (name > w->pointers)
        w->pointers = name;
    if (has_old)
        append(w, list, WL_REALLOC, (uint64_t[]){name, pointer(step), op->size}, 3);
    else if (alignment != 0)
        append(w, list, WL_MEMALIGN, (uint64_t[]){name, alignment, op->size}, 3);
    else if (op->kind == TRACE_REALLOC)
        append(w, list, WL_REALLOC, (uint64_t[]){name, 0, op->size}, 3);
    else
        append(w, list, op->kind == TRACE_CALLOC ? WL_CALLOC : WL_MALLOC,
               (uint64_t[]){name, op->size}, 2);
}

static void write_step(struct writer *w, const struct export_step *step)
{
    static const unsigned plain = 1U << TRACE_MALLOC | 1U << TRACE_CALLOC | 1U << TRACE_REALLOC |
                                  1U << TRACE_FREE | 1U << TRACE_MEMALIGN;
    const struct trace_op *op = &step->op;
    struct bytes *list = &w->list[op->thread];
    bool fails = (op->flags & TRACE_FAILED) != 0;
    if (list->count == 0)
        order(w, 0, op->thread);
    order(w, step->last_thread, op->thread);
    if (step->foreign) {
        export_lose(w->export, LOST_FOREIGN);
        if (op->kind == TRACE_FREE || step->freed || fails)
            return;
    }
    if ((plain >> op->kind & 1) == 0)
        export_lose(w->export, LOST_KINDS);
    if (step->freed) /* trace_run leaves a realloc without a result out */
        export_lose(w->export, LOST_FREEING_REALLOCS);
    if (op->kind == TRACE_FREE || step->freed)
        append(w, list, WL_FREE, (uint64_t[]){step->old_address != 0 ? pointer(step) : 0}, 1);
    else
        write_allocation(w, step);
}

/* The first list names the places of the others, which depend on its own length. */
static void make_first_list(struct writer *w, struct bytes *first)
{
    size_t length = 0;
    do {
        length = first->count;
        size_t place = length;
        first->count = 0;
        append(w, first, WL_ALLOC_PTRS, (uint64_t[]){w->pointers + 1}, 1);
        append(w, first, WL_ALLOC_SYNCS, (uint64_t[]){w->syncs + 1}, 1);
        append(w, first, WL_NTHREADS, (uint64_t[]){w->threads}, 1);
        for (uint32_t i = 0; i < w->threads; i++) {
            append(w, first, WL_START_THREAD, (uint64_t[]){place}, 1);
            place += w->list[i].count;
        }
        append(w, first, WL_DONE, NULL, 0);
    } while (first->count != length && !w->short_of_memory);
}

int wl_write(struct export *export, FILE *stream, char *message)
{
    struct writer w = {.export = export, .threads = export_threads(export)};
    struct bytes first = {0};
    struct export_step step;
    int got = -1;
    w.list = calloc((size_t)w.threads + 1, sizeof *w.list);
    if (w.list == NULL)
        return message_set(message, "out of memory");
    while (!w.short_of_memory && (got = export_next(export, &step, message)) > 0)
        write_step(&w, &step);
    for (uint32_t i = 0; i < w.threads; i++)
        append(&w, &w.list[i], WL_DONE, NULL, 0);
    make_first_list(&w, &first);
    if (w.short_of_memory)
        got = message_set(message, "out of memory: a .wl file is gathered in memory");
    if (got == 0) {
        fwrite(first.at, 1, first.count, stream);
        for (uint32_t i = 0; i < w.threads; i++)
            fwrite(w.list[i].at, 1, w.list[i].count, stream);
    }
    for (uint32_t i = 0; i < w.threads; i++)
        free(w.list[i].at);
    free(w.list);
    free(first.at);
    return got;
}
