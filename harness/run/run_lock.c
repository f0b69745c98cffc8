/* Who is measuring; see run_lock.h. */
#include "run_lock.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int run_lock_take(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* The leading NUL makes it abstract: no file, nothing to clean up. */
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "heapmark/%s", name);
    if (length < 0 || (size_t)length >= sizeof address.sun_path - 1) {
        errno = ENAMETOOLONG;
        return -1;
    }
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    int lock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (lock >= 0 && bind(lock, (const struct sockaddr *)&address, bytes) < 0) {
        int error = errno;
        close(lock);
        errno = error;
        return -1;
    }
    return lock;
}
