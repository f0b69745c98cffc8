/* os.h over Linux. Takes nothing from the heap it serves: no stdio, no malloc, no getenv. */
#include "os.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BREAK_FAILED  ((void *)-1)
#define MESSAGE_BYTES 256

size_t os_page_bytes(void)
{
    static _Atomic size_t page_bytes;
    size_t bytes = atomic_load_explicit(&page_bytes, memory_order_relaxed);
    if (bytes == 0) {
        bytes = getauxval(AT_PAGESZ);
        atomic_store_explicit(&page_bytes, bytes, memory_order_relaxed);
    }
    return bytes;
}

static void *break_move(intptr_t delta)
{
    int saved_errno = errno;
    void *old_break = sbrk(delta);
    errno = saved_errno;
    return old_break == BREAK_FAILED ? NULL : old_break;
}

void *os_break_now(void)
{
    return break_move(0);
}

void *os_break_grow(size_t bytes)
{
    if (bytes > PTRDIFF_MAX)
        return NULL;
    return break_move((intptr_t)bytes);
}

bool os_break_shrink(size_t bytes)
{
    return break_move(-(intptr_t)bytes) != NULL;
}

void *os_map(size_t bytes)
{
    int saved_errno = errno;
    void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errno = saved_errno;
    return address == MAP_FAILED ? NULL : address;
}

void *os_reserve(size_t bytes)
{
    int saved_errno = errno;
    void *address =
        mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    errno = saved_errno;
    return address == MAP_FAILED ? NULL : address;
}

bool os_protect(void *address, size_t bytes, bool accessible)
{
    int saved_errno = errno;
    uintptr_t mask = os_page_bytes() - 1, start = (uintptr_t)address, end = start + bytes;

    start = accessible ? start & ~mask : (start + mask) & ~mask;
    end = accessible ? (end + mask) & ~mask : end & ~mask;
    bool done = start >= end || mprotect((void *)start, end - start,
                                         accessible ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;
    errno = saved_errno;
    return done;
}

void *os_map_aligned(size_t bytes, size_t alignment)
{
    size_t spare_bytes = alignment > os_page_bytes() ? alignment - os_page_bytes() : 0;
    char *address = bytes > PTRDIFF_MAX - alignment ? NULL : os_map(bytes + spare_bytes);
    if (address == NULL)
        return NULL;

    size_t before_bytes = -(uintptr_t)address & (alignment - 1);
    if (before_bytes > 0)
        os_unmap(address, before_bytes);
    if (spare_bytes > before_bytes)
        os_unmap(address + before_bytes + bytes, spare_bytes - before_bytes);
    return address + before_bytes;
}

void os_unmap(void *address, size_t bytes)
{
    int saved_errno = errno;
    if (munmap(address, bytes) != 0)
        madvise(address, bytes, MADV_DONTNEED);
    errno = saved_errno;
}

void *os_remap(void *address, size_t old_bytes, size_t new_bytes)
{
    int saved_errno = errno;
    void *moved = mremap(address, old_bytes, new_bytes, MREMAP_MAYMOVE);
    errno = saved_errno;
    return moved == MAP_FAILED ? NULL : moved;
}

enum os_moved os_move(void *from, void *to, size_t bytes)
{
    int saved_errno = errno;
    enum os_moved result = OS_MOVED;

    if (mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED) {
        /* Before Linux 6.17 a range of several mappings is refused, but `to` unmapped first;
         * another thread may have been given those addresses since. Other errors may come half way.
         */
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
        bool stayed =
            errno == EFAULT && mmap(to, bytes, PROT_READ | PROT_WRITE, flags, -1, 0) == to;
        result = stayed ? OS_STAYED : OS_BROKEN;
    }
    errno = saved_errno;
    return result;
}

bool os_purge(void *address, size_t bytes)
{
    int saved_errno = errno;
    bool purged = madvise(address, bytes, MADV_DONTNEED) == 0;
    errno = saved_errno;
    return purged;
}

void os_random(void *bytes, size_t count)
{
    int saved_errno = errno;

    /* Early in the boot, or where it is forbidden, those that the kernel gave the process. */
    if (getrandom(bytes, count, GRND_NONBLOCK) != (ssize_t)count)
        memcpy(bytes, (const void *)getauxval(AT_RANDOM), count);
    errno = saved_errno;
}

uint64_t os_coarse_ms(void)
{
    struct timespec now;

    /* Answered without a system call. It cannot fail: the clock is as old as the kernels we run on.
     */
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void os_wait_briefly(void)
{
    const struct timespec moment = {.tv_nsec = 50000};
    int saved_errno = errno;
    /* Not nanosleep(), at which a thread may be cancelled: malloc is no such place. */
    syscall(SYS_nanosleep, &moment, NULL);
    errno = saved_errno;
}

_Noreturn void os_abort(const char *message)
{
    static const char prefix[] = "heapmark: ";
    static atomic_bool aborting;
    char line[MESSAGE_BYTES];
    size_t length = strnlen(message, sizeof(line) - sizeof(prefix));

    memcpy(line, prefix, sizeof(prefix) - 1);
    memcpy(line + sizeof(prefix) - 1, message, length);
    line[sizeof(prefix) - 1 + length] = '\n';
    ssize_t written = write(STDERR_FILENO, line, sizeof(prefix) + length);
    (void)written; /* there is nobody left to tell */
    /* From a handler of the first one's SIGABRT, which would be called again and again. */
    if (atomic_exchange_explicit(&aborting, true, memory_order_relaxed))
        signal(SIGABRT, SIG_DFL);
    abort();
}
