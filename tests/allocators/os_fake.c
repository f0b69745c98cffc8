/* os_fake.h: the break is a line in one large reserved mapping. */
#include "os_fake.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os.h"

#define ARENA_BYTES ((size_t)1 << 30)

/* The break belongs to whoever holds the heap's lock; the switches are set between operations
 * but read by threads. */
static struct {
    uintptr_t start;
    uintptr_t now;
    _Atomic bool break_fails;
    _Atomic bool map_fails;
    _Atomic int fail_after;
    _Atomic uint64_t later_ms;
    enum os_moved next_move;
    void **settler;
    size_t page_bytes; /* 0: the machine's */
} fake = {.fail_after = -1};

void os_fake_fail(bool break_fails, bool map_fails)
{
    fake.break_fails = break_fails;
    fake.map_fails = map_fails;
}

void os_fake_fail_after(int calls)
{
    fake.fail_after = calls;
}

static bool fails(bool switched)
{
    int calls = fake.fail_after;

    if (calls >= 0)
        fake.fail_after = calls - 1;
    return switched || calls == 0;
}

void os_fake_long_pages(size_t page_bytes)
{
    fake.page_bytes = page_bytes;
}

size_t os_page_bytes(void)
{
    return fake.page_bytes != 0 ? fake.page_bytes : (size_t)sysconf(_SC_PAGESIZE);
}

static uintptr_t page_above(uintptr_t address)
{
    return (address + os_page_bytes() - 1) & ~(os_page_bytes() - 1);
}

static void *fake_move(ptrdiff_t delta)
{
    if (fake.start == 0) {
        void *arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (arena == MAP_FAILED)
            return NULL;
        fake.start = fake.now = (uintptr_t)arena;
    }
    uintptr_t old = fake.now;
    uintptr_t new = old + (uintptr_t)delta;
    if (new < fake.start || new > fake.start + ARENA_BYTES)
        return NULL;
    /* The kernel gives whole pages back, and zeroed ones again; part of a page stays dirty. And
     * what is not ours must not be touched: only a fault shows that it was. */
    if (page_above(new) < page_above(old)) {
        void *gone = (void *)page_above(new);
        madvise(gone, page_above(old) - page_above(new), MADV_DONTNEED);
        mprotect(gone, page_above(old) - page_above(new), PROT_NONE);
    } else if (page_above(new) > page_above(old)) {
        mprotect((void *)page_above(old), page_above(new) - page_above(old),
                 PROT_READ | PROT_WRITE);
    }
    fake.now = new;
    return (void *)old;
}

void *os_fake_foreign_move(ptrdiff_t delta)
{
    return fake_move(delta);
}

void *os_break_now(void)
{
    return fake_move(0);
}

void *os_break_grow(size_t bytes)
{
    if (fails(fake.break_fails) || bytes > ARENA_BYTES)
        return NULL;
    return fake_move((ptrdiff_t)bytes);
}

bool os_break_shrink(size_t bytes)
{
    return fake_move(-(ptrdiff_t)bytes) != NULL;
}

/* As os.h has it: errno stays as it was. */
static void *or_null(void *address, int saved_errno)
{
    errno = saved_errno;
    return address == MAP_FAILED ? NULL : address;
}

static void *map(size_t bytes)
{
    int saved_errno = errno;

    return or_null(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                   saved_errno);
}

static void *map_aligned(size_t bytes, size_t alignment)
{
    char *address = bytes > PTRDIFF_MAX - alignment ? NULL : map(bytes + alignment);
    if (address == NULL)
        return NULL;
    size_t before_bytes = -(uintptr_t)address & (alignment - 1);
    if (before_bytes > 0)
        munmap(address, before_bytes);
    munmap(address + before_bytes + bytes, alignment - before_bytes);
    return address + before_bytes;
}

void *os_map(size_t bytes)
{
    if (fails(fake.map_fails))
        return NULL;
    return fake.page_bytes != 0 ? map_aligned(bytes, fake.page_bytes) : map(bytes);
}

void *os_map_aligned(size_t bytes, size_t alignment)
{
    if (alignment < os_page_bytes())
        alignment = os_page_bytes();
    return fails(fake.map_fails) ? NULL : map_aligned(bytes, alignment);
}

void *os_reserve(size_t bytes)
{
    int saved_errno = errno;

    if (fails(fake.map_fails))
        return NULL;
    return or_null(mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
                   saved_errno);
}

bool os_protect(void *address, size_t bytes, bool accessible)
{
    return mprotect(address, bytes, accessible ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;
}

static bool (*while_purging)(void);

void os_fake_while_purging(bool (*visit)(void))
{
    while_purging = visit;
}

/* As the kernel does with long pages: what begins within one is refused, the end is rounded up. */
bool os_purge(void *address, size_t bytes)
{
    bool (*visit)(void) = while_purging;
    while_purging = NULL;
    if (visit != NULL && !visit())
        return false;
    if ((uintptr_t)address % os_page_bytes() != 0)
        return false;
    bytes = (bytes + os_page_bytes() - 1) & ~(os_page_bytes() - 1);
    return madvise(address, bytes, MADV_DONTNEED) == 0;
}

/* Stands still but for os_fake_let_pass: what decays by time must not depend on how busy the
 * machine is that runs the tests. */
uint64_t os_coarse_ms(void)
{
    return 1000000 + atomic_load_explicit(&fake.later_ms, memory_order_relaxed);
}

static _Atomic unsigned waits;

/* Long, so that who is waited for gets to run on a busy machine, too. */
void os_wait_briefly(void)
{
    atomic_fetch_add(&waits, 1);
    usleep(10000);
}

unsigned os_fake_waits(void)
{
    return atomic_load(&waits);
}

void os_fake_let_pass(unsigned milliseconds)
{
    atomic_fetch_add_explicit(&fake.later_ms, milliseconds, memory_order_relaxed);
}

void os_unmap(void *address, size_t bytes)
{
    munmap(address, bytes);
}

void *os_remap(void *address, size_t old_bytes, size_t new_bytes)
{
    int saved_errno = errno;

    if (fails(fake.map_fails))
        return NULL;
    return or_null(mremap(address, old_bytes, new_bytes, MREMAP_MAYMOVE), saved_errno);
}

enum os_moved os_move(void *from, void *to, size_t bytes)
{
    enum os_moved result = fake.next_move;

    fake.next_move = OS_MOVED;
    if (result == OS_MOVED)
        mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    /* What may not be used faults. */
    if (result == OS_BROKEN) {
        munmap(from, bytes);
        munmap(to, bytes);
    }
    if (fake.settler != NULL)
        *fake.settler = mmap(from, os_page_bytes(), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    fake.settler = NULL;
    return result;
}

void os_fake_settle_next(void **settler)
{
    fake.settler = settler;
}

void os_fake_next_move(enum os_moved result)
{
    fake.next_move = result;
}

void os_random(void *bytes, size_t count)
{
    memset(bytes, 0x5e, count);
}

_Noreturn void os_abort(const char *message)
{
    ssize_t written = write(STDERR_FILENO, message, strlen(message));
    (void)written;
    abort();
}
