/* Where a script is written; see script_file.h. */
#include "script_file.h"

#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* Above the descriptors that a trial is given. */
enum { DESCRIPTOR_MINIMUM = 16 };

static int lift(int descriptor)
{
    if (descriptor < 0)
        return -1;
    int lifted = fcntl(descriptor, F_DUPFD_CLOEXEC, DESCRIPTOR_MINIMUM);
    int error = errno;
    close(descriptor);
    errno = error;
    return lifted;
}

int script_file_open(struct script_file *file, uint64_t budget_bytes, const char *folder,
                     char *message)
{
    *file = (struct script_file){.budget_bytes = budget_bytes, .folder = folder};
    file->descriptor = lift(memfd_create("heapmark-script", MFD_CLOEXEC));
    if (file->descriptor < 0)
        return message_set(message, "cannot make room for the script of a trace: %s",
                           strerror(errno));
    return 0;
}

void script_file_close(struct script_file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

static int refuse(const struct script_file *file, char *message)
{
    return message_set(message,
                       "cannot write the script of a trace in %s: %s; it takes some 8 bytes a call",
                       file->on_disk ? file->folder : "memory", strerror(errno));
}

static int write_all(int descriptor, uint64_t offset, const unsigned char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t done = pwrite(descriptor, bytes, count, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        bytes += done;
        offset += (uint64_t)done;
        count -= (size_t)done;
    }
    return 0;
}

static int move_to_disk(struct script_file *file)
{
    off_t from = 0;
    int disk = lift(open(file->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    file->on_disk = true;
    if (disk < 0)
        return -1;
    while ((uint64_t)from < file->written) {
        ssize_t done =
            sendfile(disk, file->descriptor, &from, (size_t)(file->written - (uint64_t)from));
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            close(disk);
            return -1;
        }
    }
    close(file->descriptor);
    file->descriptor = disk;
    return 0;
}

int script_file_append(struct script_file *file, const void *bytes, size_t count, char *message)
{
    bool too_long = file->written + count > file->budget_bytes;
    if (too_long && !file->on_disk && move_to_disk(file) < 0)
        return refuse(file, message);
    if (write_all(file->descriptor, file->written, bytes, count) < 0)
        return refuse(file, message);
    file->written += count;
    return 0;
}

int script_file_patch(struct script_file *file, uint64_t offset, const void *bytes, size_t count,
                      char *message)
{
    return write_all(file->descriptor, offset, bytes, count) < 0 ? refuse(file, message) : 0;
}
