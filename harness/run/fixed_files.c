/* The files that must stay as they are; see fixed_files.h. */
#include "fixed_files.h"

#include "message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int note(struct fixed_file *file, char *path, char *message)
{
    file->path = path;
    if (path == NULL)
        return message_set(message, "out of memory");
    if (stat(path, &file->status) < 0)
        return message_set(message, "cannot look at %s: %s", path, strerror(errno));
    return 0;
}

int fixed_files_init(struct fixed_files *fixed, const struct run *run, const struct paths *paths,
                     char *message)
{
    fixed->count = run->allocator_count + 1;
    fixed->files = calloc(fixed->count, sizeof *fixed->files);
    if (fixed->files == NULL)
        return message_set(message, "out of memory");
    int result = note(&fixed->files[0], path_join(paths->programs, "heapmark-runner"), message);
    for (size_t i = 0; i < run->allocator_count && result == 0; i++)
        result = note(&fixed->files[i + 1], strdup(run->allocators[i].file), message);
    if (result < 0)
        fixed_files_release(fixed);
    return result;
}

void fixed_files_release(struct fixed_files *fixed)
{
    for (size_t i = 0; i < fixed->count; i++)
        free(fixed->files[i].path);
    free(fixed->files);
    *fixed = (struct fixed_files){0};
}

static bool has_changed(const struct fixed_file *file)
{
    struct stat now;
    const struct stat *before = &file->status;
    return stat(file->path, &now) < 0 || now.st_dev != before->st_dev ||
           now.st_ino != before->st_ino || now.st_size != before->st_size ||
           now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

const char *fixed_files_changed(const struct fixed_files *fixed, unsigned allocator)
{
    const struct fixed_file *used[] = {&fixed->files[0], &fixed->files[allocator + 1]};
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
        if (has_changed(used[i]))
            return used[i]->path;
    return NULL;
}
