/* The collector's end of a ring; see ring_memory.h. */
#include "ring_memory.h"

#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What the free stack shall hold: 5 ms of a thread that does nothing but allocate. */
enum { STOCK_CHUNKS = 512 };

static void futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, (void *)word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void push(struct ring_memory *memory, uint32_t chunk)
{
    struct ring *ring = memory->ring;
    struct ring_chunk *head = ring_memory_chunk(memory, chunk);
    uint64_t top = atomic_load_explicit(&ring->free_stack, memory_order_relaxed);
    uint64_t next;
    do {
        head->link = (uint32_t)top;
        next = ((top >> 32) + 1) << 32 | chunk;
        /* Release: who pops the chunk (acquire) sees it zeroed and its link. */
    } while (!atomic_compare_exchange_weak_explicit(&ring->free_stack, &top, next,
                                                    memory_order_release, memory_order_relaxed));
}

static void wake_waiting(struct ring *ring)
{
    /* Partner: a thread that waits raises `waiting`, then reads `room`, then the free stack. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&ring->waiting, memory_order_relaxed) == 0)
        return;
    atomic_fetch_add_explicit(&ring->room, 1, memory_order_release);
    futex_wake(&ring->room);
}

/* A limit on the size of files (ulimit -f) holds for the ring, too: as far as we may, lift it. */
static int resize(int file, size_t bytes)
{
    struct rlimit limit, most;
    getrlimit(RLIMIT_FSIZE, &limit);
    most = (struct rlimit){limit.rlim_max, limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &most);
    int result = ftruncate(file, (off_t)bytes);
    int error = errno;
    setrlimit(RLIMIT_FSIZE, &limit);
    errno = error;
    return result;
}

static int make_file(size_t bytes, char *message)
{
    int file = memfd_create("heapmark-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        return message_set(message, "cannot make the ring: %s", strerror(errno));
    if (resize(file, bytes) < 0 ||
        fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        message_set(message, "cannot make a ring of %zu bytes: %s%s", bytes, strerror(errno),
                    errno == EFBIG ? "; raise ulimit -f, or take a smaller --buffer" : "");
        close(file);
        return -1;
    }
    return file;
}

int ring_memory_init(struct ring_memory *memory, uint64_t bytes, int *file, char *message)
{
    /* A multiple of a chunk: the recorder finds a chunk by the bits of an address within it. */
    size_t head =
        (sizeof(struct ring) + RING_CHUNK_BYTES - 1) / RING_CHUNK_BYTES * RING_CHUNK_BYTES;
    *memory = (struct ring_memory){.bytes = (size_t)bytes, .chunks_offset = head};
    memory->chunk_count = (uint32_t)((bytes - head) / RING_CHUNK_BYTES);
    memory->owner = calloc(memory->chunk_count, sizeof *memory->owner);
    *file = make_file(memory->bytes, message);
    if (*file < 0 || memory->owner == NULL)
        goto failed;
    void *at = mmap(NULL, memory->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);
    if (at == MAP_FAILED) {
        message_set(message, "cannot map a ring of %zu bytes: %s", memory->bytes, strerror(errno));
        goto failed;
    }
    struct ring *ring = memory->ring = at;
    ring->version = RING_VERSION;
    ring->chunk_count = memory->chunk_count;
    ring->chunks_offset = head;
    ring->patience_ms = RING_PATIENCE_MS;
    atomic_store_explicit(&ring->tick, 1, memory_order_relaxed);
    atomic_store_explicit(&ring->free_stack, RING_NO_CHUNK, memory_order_relaxed);
    atomic_store_explicit(&ring->arrivals, RING_NO_CHUNK, memory_order_relaxed);
    ring_memory_stock(memory);
    return 0;
failed:
    if (*file >= 0)
        close(*file);
    *file = -1;
    ring_memory_release(memory);
    return -1;
}

void ring_memory_release(struct ring_memory *memory)
{
    if (memory->ring != NULL)
        munmap(memory->ring, memory->bytes);
    free(memory->owner);
    *memory = (struct ring_memory){0};
}

struct ring_chunk *ring_memory_claim(struct ring_memory *memory, uint32_t chunk, uint32_t thread,
                                     uint32_t serial)
{
    /* The last thread number would make an owner of 0. */
    if (chunk >= memory->chunk_count || memory->owner[chunk] != 0 || thread == UINT32_MAX)
        return NULL;
    struct ring_chunk *head = ring_memory_chunk(memory, chunk);
    if (head->thread != thread || head->serial != serial)
        return NULL;
    memory->owner[chunk] = thread + 1;
    memory->taken++;
    memory->claims++;
    return head;
}

void ring_memory_give_back(struct ring_memory *memory, uint32_t chunk)
{
    struct ring_chunk *head = ring_memory_chunk(memory, chunk);
    memset(head, 0, sizeof *head);
    memory->owner[chunk] = 0;
    memory->taken--;
    memory->given++;
    push(memory, chunk);
    wake_waiting(memory->ring);
}

void ring_memory_stock(struct ring_memory *memory)
{
    bool awaited = ring_memory_is_awaited(memory);
    uint32_t before = memory->fresh;
    while (memory->fresh < memory->chunk_count &&
           (awaited || memory->fresh - memory->taken < STOCK_CHUNKS))
        push(memory, memory->fresh++);
    if (awaited && memory->fresh > before)
        wake_waiting(memory->ring);
}

void ring_memory_stop(struct ring_memory *memory)
{
    struct ring *ring = memory->ring;
    atomic_store_explicit(&ring->state, RING_STOPPED, memory_order_release);
    atomic_fetch_add_explicit(&ring->room, 1, memory_order_release);
    futex_wake(&ring->room);
}

bool ring_memory_is_stopped(const struct ring_memory *memory)
{
    return atomic_load_explicit(&memory->ring->state, memory_order_acquire) == RING_STOPPED;
}

bool ring_memory_is_awaited(const struct ring_memory *memory)
{
    return atomic_load_explicit(&memory->ring->waiting, memory_order_relaxed) > 0;
}

bool ring_memory_is_exhausted(const struct ring_memory *memory)
{
    uint64_t top = atomic_load_explicit(&memory->ring->free_stack, memory_order_relaxed);
    return memory->fresh == memory->chunk_count && (uint32_t)top == RING_NO_CHUNK;
}

void ring_memory_doze(struct ring_memory *memory, uint32_t seen, unsigned ms)
{
    struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    syscall(SYS_futex, (void *)&memory->ring->doorbell, FUTEX_WAIT, seen, &limit, NULL, 0);
}

void ring_memory_ring(struct ring_memory *memory)
{
    atomic_fetch_add_explicit(&memory->ring->doorbell, 1, memory_order_release);
    futex_wake(&memory->ring->doorbell);
}
