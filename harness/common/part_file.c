/* Drafts of files; see part_file.h. */
#include "part_file.h"

#include "ending_signals.h"
#include "message.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what a signal leaves behind ------------------------------------------------- */

/* A handler is given nothing but the signal's number, hence a global: the draft to remove, or "".
 * Written only while the handler is not installed. */
static char guarded[PATH_MAX];

static void remove_draft(int number)
{
    unlink(guarded);
    raise(number); /* SA_RESETHAND: now it ends us, as if nobody had looked */
}

static void guard(const char *draft)
{
    assert(guarded[0] == '\0');
    snprintf(guarded, sizeof guarded, "%s", draft);
    ending_signals_catch(remove_draft, (int)SA_RESETHAND);
}

static void unguard(void)
{
    ending_signals_release(remove_draft);
    guarded[0] = '\0';
}

/* ---- the file --------------------------------------------------------------------- */

int part_file_begin(struct part_file *file, const char *path, char *message)
{
    struct stat status;
    *file = (struct part_file){0};
    if (strcmp(path, "-") == 0)
        path = "/dev/stdout";
    bool exists = stat(path, &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        return message_set(message, "cannot write %s: it is a folder", path);
    file->direct = exists && !S_ISREG(status.st_mode);
    if (exists && !file->direct && access(path, W_OK) < 0)
        return message_set(message, "cannot write %s: %s", path, strerror(errno));
    /* A link stays one: the file it names is replaced. */
    if (!exists || realpath(path, file->path) == NULL) {
        if (snprintf(file->path, PATH_MAX, "%s", path) >= PATH_MAX)
            return message_set(message, "cannot write %s: %s", path, strerror(ENAMETOOLONG));
    }
    const char *slash = strrchr(file->path, '/');
    int folder = slash != NULL ? (int)(slash + 1 - file->path) : 0;
    int length = file->direct ? snprintf(file->draft, PATH_MAX, "%s", file->path)
                              : snprintf(file->draft, PATH_MAX, "%.*s.%s.%ld.part", folder,
                                         file->path, file->path + folder, (long)getpid());
    if (length >= PATH_MAX)
        return message_set(message, "cannot write %s: %s", path, strerror(ENAMETOOLONG));
    if (!file->direct)
        guard(file->draft);
    return 0;
}

/* Nobody asked for the draft: what went wrong went wrong with the file. */
static void name_file(const struct part_file *file, char *message)
{
    const char *draft = strstr(message, file->draft);
    if (draft == NULL)
        return;
    char copy[MESSAGE_BYTES];
    snprintf(copy, sizeof copy, "%s", draft + strlen(file->draft));
    size_t before = (size_t)(draft - message);
    snprintf(message + before, MESSAGE_BYTES - before, "%s%s", file->path, copy);
}

int part_file_end(struct part_file *file, int result, char *message)
{
    if (file->direct)
        return result;
    if (result == 0 && rename(file->draft, file->path) < 0)
        result = message_set(message, "cannot write %s: %s", file->path, strerror(errno));
    if (result < 0) {
        name_file(file, message);
        unlink(file->draft);
    }
    unguard();
    return result;
}
