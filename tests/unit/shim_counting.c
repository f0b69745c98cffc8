/* Counts the calls of the malloc family; at each checkpoint of the runner (it interposes send)
 * it appends "CHECKPOINT CALLS\n" to the file that COUNTING_LOG names. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t bytes);
void __libc_free(void *block);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

#define EXPORTED __attribute__((visibility("default")))

static atomic_ulong calls;

EXPORTED void *malloc(size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __libc_malloc(bytes);
}

EXPORTED void free(void *block)
{
    atomic_fetch_add(&calls, 1);
    __libc_free(block);
}

EXPORTED void *calloc(size_t count, size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __libc_calloc(count, bytes);
}

EXPORTED void *realloc(void *block, size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __libc_realloc(block, bytes);
}

EXPORTED ssize_t send(int fd, const void *message, size_t bytes, int flags)
{
    char line[40];
    const char *log = getenv("COUNTING_LOG");
    size_t at = sizeof line;
    unsigned long rest = atomic_load(&calls);
    line[--at] = '\n';
    do
        line[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    line[--at] = ' ';
    line[--at] = (char)('0' + *(const unsigned char *)message);
    int out = log != NULL ? open(log, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (out >= 0 && write(out, line + at, sizeof line - at) < 0)
        abort();
    close(out);
    return syscall(SYS_sendto, fd, message, bytes, flags, NULL, 0);
}
