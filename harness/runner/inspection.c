/* The books of an inspection pass; see inspection.h and the worker_inspect functions of
 * workload.h, which are here. */
#include "inspection.h"

#include "heap_walk.h"
#include "session.h"

#include <malloc.h>
#include <stdalign.h>
#include <stddef.h>

void inspection_init(struct inspection *inspection, bool usable_known)
{
    *inspection = (struct inspection){.usable_known = usable_known};
    pthread_mutex_init(&inspection->lock, NULL);
}

static int64_t usable_size(const struct inspection *inspection, void *block)
{
    return inspection->usable_known ? (int64_t)malloc_usable_size(block) : 0;
}

static void stand_at_peak(struct session *session)
{
    session->inspection.stood_at_peak = true;
    session_stand(session, CHECKPOINT_PEAK);
}

/* The block that makes the peak is not yet written to when it is reported, and what is not
 * written is not resident. So the peak is stood at when its worker comes back with its next call:
 * one that frees, or live bytes would have risen further. */
static void enter(struct worker *worker)
{
    struct session *session = session_of(worker->trial);
    struct inspection *books = &session->inspection;
    if (session->trial.threads > 1)
        pthread_mutex_lock(&books->lock);
    if (heapmark_unlikely(books->peak_worker == worker) && !books->stood_at_peak)
        stand_at_peak(session);
}

static void leave(struct session *session)
{
    if (session->trial.threads > 1)
        pthread_mutex_unlock(&session->inspection.lock);
}

/* C11 7.22.3: a block must suit every object that fits into it. One under 16 bytes need not be
 * aligned to 16, since no object of that size is; some allocators make use of that. */
static void check_alignment(struct session *session, const void *block, size_t bytes)
{
    size_t needed = alignof(max_align_t);
    while (needed > bytes)
        needed /= 2;
    if (needed > 1 && (uintptr_t)block % needed != 0)
        session_end(session, OUTCOME_CORRUPT,
                    "the allocator returned a block that is not aligned for what fits into it");
}

void worker_inspect_grew(struct worker *worker, void *block, size_t bytes)
{
    struct session *session = session_of(worker->trial);
    struct inspection *books = &session->inspection;
    int64_t wanted = session->page->peak_live_bytes;
    check_alignment(session, block, bytes);
    enter(worker);
    books->live_bytes += (int64_t)bytes;
    books->live_blocks++;
    books->usable_bytes += usable_size(books, block);
    if (books->live_bytes > books->peak_live_bytes) {
        books->peak_live_bytes = books->live_bytes;
        books->peak_usable_bytes = books->usable_bytes;
    }
    if (wanted > 0 && books->peak_worker == NULL && books->live_bytes >= wanted)
        books->peak_worker = worker;
    leave(session);
}

void worker_inspect_shrank(struct worker *worker, void *block, size_t bytes)
{
    struct session *session = session_of(worker->trial);
    struct inspection *books = &session->inspection;
    enter(worker);
    books->live_bytes -= (int64_t)bytes;
    books->live_blocks--;
    books->usable_bytes -= usable_size(books, block);
    leave(session);
}

void inspection_end(struct session *session)
{
    if (session->inspection.peak_worker != NULL && !session->inspection.stood_at_peak)
        stand_at_peak(session);
}

/* ---- reports ------------------------------------------------------------------ */

struct free_space {
    int64_t total_bytes, largest_bytes;
};

static bool add_block(void *argument, const struct heap_block *block)
{
    struct free_space *space = argument;
    if (block->used)
        return true;
    space->total_bytes += (int64_t)block->bytes;
    if ((int64_t)block->bytes > space->largest_bytes)
        space->largest_bytes = (int64_t)block->bytes;
    return true;
}

void inspection_report(const struct inspection *inspection, struct checkpoint_report *report)
{
    struct free_space space = {0, 0};
    report->live_bytes = inspection->live_bytes;
    report->live_blocks = inspection->live_blocks;
    report->usable_bytes = inspection->usable_known ? inspection->usable_bytes : -1;
    report->heap_free_bytes = report->heap_largest_free_bytes = -1;
    if (heapmark_heap_walk == NULL || heapmark_heap_walk(add_block, &space) < 0)
        return;
    report->heap_free_bytes = space.total_bytes;
    report->heap_largest_free_bytes = space.largest_bytes;
}
