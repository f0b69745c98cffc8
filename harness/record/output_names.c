/* The files of one recording; see output_names.h. */
#include "output_names.h"

#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".hmt"

void output_names_init(struct output_names *names, const char *first)
{
    *names = (struct output_names){.first = first, .given = 1};
    pthread_mutex_init(&names->lock, NULL);
}

void output_names_release(struct output_names *names)
{
    pthread_mutex_destroy(&names->lock);
}

static char *make_path(struct output_names *names, bool is_first, const char *program)
{
    if (is_first)
        return strdup(names->first);
    size_t stem = strlen(names->first), suffix = strlen(SUFFIX);
    if (stem > suffix && strcmp(names->first + stem - suffix, SUFFIX) == 0)
        stem -= suffix;
    pthread_mutex_lock(&names->lock);
    unsigned number = ++names->given;
    pthread_mutex_unlock(&names->lock);
    char *path = NULL;
    if (asprintf(&path, "%.*s.%u-%s" SUFFIX, (int)stem, names->first, number, program) < 0)
        return NULL;
    return path;
}

/* A plain file is put aside, and a link as the link that it is; not /dev/null. */
static int put_aside(const char *path, char *message)
{
    struct stat status;
    if (lstat(path, &status) < 0)
        return 0;
    /* Opening one would wait for who reads it. */
    if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
        return message_set(message, "%s is a pipe or a socket; name a file with -o", path);
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
        return 0;
    char *old = NULL;
    if (asprintf(&old, "%s.old", path) < 0)
        return message_set(message, "out of memory");
    int result = rename(path, old);
    if (result < 0)
        message_set(message, "cannot rename %s to %s: %s", path, old, strerror(errno));
    free(old);
    return result;
}

char *output_names_take(struct output_names *names, bool is_first, const char *program,
                        char *message)
{
    char *path = make_path(names, is_first, program);
    if (path == NULL) {
        message_set(message, "out of memory");
        return NULL;
    }
    if (put_aside(path, message) == 0)
        return path;
    free(path);
    return NULL;
}
