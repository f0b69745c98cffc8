/* Lists blocks for the harness; see map_stop.h. */
#include "map_stop.h"

#include "block_list.h"
#include "heap_walk.h"

#include <errno.h>
#include <unistd.h>

enum { ENTRIES_A_WRITE = 1024 };

struct listing {
    struct session *session;
    struct block_list *head;
    uint64_t written; /* entries */
    size_t gathered;
    struct block_list_entry entry[ENTRIES_A_WRITE];
};

static void write_at(struct listing *listing, uint64_t offset, const void *from, size_t bytes)
{
    const unsigned char *rest = from;
    while (bytes > 0) {
        ssize_t done = pwrite(TRIAL_BLOCKS_FD, rest, bytes, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            session_end(listing->session, OUTCOME_REFUSED,
                        "cannot list the blocks for a map: no memory for the list");
        rest += done;
        offset += (uint64_t)done;
        bytes -= (size_t)done;
    }
}

static void flush(struct listing *listing)
{
    write_at(listing, sizeof *listing->head + listing->written * sizeof(struct block_list_entry),
             listing->entry, listing->gathered * sizeof *listing->entry);
    listing->written += listing->gathered;
    listing->gathered = 0;
}

static void add(struct listing *listing, const void *block, size_t bytes, enum block_list_kind kind)
{
    if (listing->gathered == ENTRIES_A_WRITE)
        flush(listing);
    listing->entry[listing->gathered++] =
        (struct block_list_entry){.address = (uint64_t)(uintptr_t)block,
                                  .bytes = bytes,
                                  .kind = kind};
}

static void add_live(void *argument, void *block, size_t bytes)
{
    struct listing *listing = argument;
    listing->head->live_bytes += bytes;
    add(listing, block, bytes, BLOCK_LIVE);
}

static bool add_free(void *argument, const struct heap_block *block)
{
    if (!block->used)
        add(argument, block->address, block->bytes, BLOCK_FREE);
    return true;
}

static void list_blocks(struct session *session, unsigned lap)
{
    struct listing listing; /* on the stack: no memory of ours appears at a stop */
    listing.session = session;
    struct block_list head = {.lap = lap};
    listing.head = &head;
    listing.written = listing.gathered = 0;
    for (unsigned i = 0; i < session->trial.threads; i++)
        head.operations += atomic_load_explicit(&session_worker(session, i)->tally.operations,
                                                memory_order_relaxed);
    if (session->workload->blocks != NULL)
        session->workload->blocks(&session->trial, add_live, &listing);
    /* Entries written behind free blocks of a walk that failed half-way would be a lie. */
    flush(&listing);
    uint64_t live = listing.written;
    if (heapmark_heap_walk != NULL)
        head.walked = heapmark_heap_walk(add_free, &listing) >= 0;
    flush(&listing);
    head.count = head.walked ? listing.written : live;
    write_at(&listing, 0, &head, sizeof head);
}

void map_stop(struct session *session, unsigned lap)
{
    const struct trial_page *page = session->page;
    for (uint32_t i = 0; i < page->map_stop_count && i < TRIAL_MAP_STOPS_MAXIMUM; i++) {
        if (page->map_stop[i] != lap)
            continue;
        list_blocks(session, lap);
        session_meet_harness(TRIAL_MAP_STOP);
        return;
    }
}
