/* The calls of watched workers (see workload.h): blocks are accounted for, times are taken. */
#include "sampler.h"
#include "workload.h"

static void *account_new(struct worker *worker, void *block, size_t bytes)
{
    if (block == NULL)
        worker_out_of_memory(worker, bytes);
    tally_operation(&worker->tally);
    tally_grew(&worker->tally, (int64_t)bytes);
    if (worker->inspected)
        worker_inspect_grew(worker, block, bytes);
    return block;
}

void *worker_watched_malloc(struct worker *worker, size_t bytes)
{
    return account_new(worker, sampler_malloc(worker->sampler, bytes), bytes);
}

void *worker_watched_calloc(struct worker *worker, size_t bytes)
{
    return account_new(worker, sampler_calloc(worker->sampler, bytes), bytes);
}

void *worker_watched_aligned(struct worker *worker, size_t alignment, size_t bytes)
{
    return account_new(worker, sampler_aligned(worker->sampler, alignment, bytes), bytes);
}

void worker_watched_free(struct worker *worker, void *block, size_t bytes)
{
    tally_operation(&worker->tally);
    tally_shrank(&worker->tally, (int64_t)bytes);
    if (worker->inspected)
        worker_inspect_shrank(worker, block, bytes);
    sampler_free(worker->sampler, block, bytes);
}

void *worker_watched_realloc(struct worker *worker, void *block, size_t old_bytes, size_t bytes)
{
    if (worker->inspected && block != NULL)
        worker_inspect_shrank(worker, block, old_bytes);
    void *moved = sampler_realloc(worker->sampler, block, bytes);
    if (moved == NULL)
        worker_out_of_memory(worker, bytes);
    tally_operation(&worker->tally);
    tally_grew(&worker->tally, (int64_t)bytes - (int64_t)old_bytes);
    if (worker->inspected)
        worker_inspect_grew(worker, moved, bytes);
    return moved;
}
