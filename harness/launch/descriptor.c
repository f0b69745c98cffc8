/* Descriptors for a process to be started; see descriptor.h. */
#include "descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { OWN_FD_MINIMUM = 16 };

int descriptor_lift(int fd)
{
    if (fd < 0)
        return -1;
    int lifted = fcntl(fd, F_DUPFD_CLOEXEC, OWN_FD_MINIMUM);
    int error = errno;
    close(fd);
    errno = error;
    return lifted;
}

int descriptor_pipe(int *reader, int *writer)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    *reader = descriptor_lift(ends[0]);
    int error = errno;
    *writer = descriptor_lift(ends[1]);
    if (*reader < 0)
        errno = error;
    return *reader < 0 || *writer < 0 ? -1 : 0;
}

void descriptor_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
