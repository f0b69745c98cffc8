/* The C library's malloc, but for one call, which sleeps: what a purge or a lock costs once. */
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

enum { STALL_NS = 20000000 };

extern void *__libc_malloc(size_t bytes);
__attribute__((visibility("default"))) void *malloc(size_t bytes);

void *malloc(size_t bytes)
{
    static long calls, stall_at;
    const struct timespec stall = {.tv_nsec = STALL_NS};
    if (stall_at == 0) {
        const char *text = getenv("STALL_AT");
        stall_at = text != NULL ? atol(text) : -1;
    }
    if (++calls == stall_at)
        nanosleep(&stall, NULL);
    return __libc_malloc(bytes);
}
