/* What would be executed; see executable.h, execve(2) and ld.so(8) on secure execution. */
#include "executable.h"

#include "elf_file.h"
#include "message.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { LINE_BYTES = 256, FOLLOWED_MAXIMUM = 5 };

static bool is_executable(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Searches PATH; what is there but may not be executed counts as found when nothing better is. */
static bool find(const char *name, char path[PATH_MAX])
{
    bool found = false;
    if (strchr(name, '/') != NULL) {
        snprintf(path, PATH_MAX, "%s", name);
        return access(path, F_OK) == 0;
    }
    const char *folder = getenv("PATH");
    if (folder == NULL)
        folder = "/bin:/usr/bin";
    for (bool more = name[0] != '\0'; more;) {
        char candidate[PATH_MAX];
        size_t length = strcspn(folder, ":");
        int printed = length == 0 ? snprintf(candidate, sizeof candidate, "./%s", name)
                                  : snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length,
                                             folder, name);
        if (printed < PATH_MAX && access(candidate, F_OK) == 0) {
            bool better = is_executable(candidate);
            if (better || !found)
                memcpy(path, candidate, sizeof candidate);
            found = true;
            if (better)
                return true;
        }
        more = folder[length] == ':';
        folder += length + more;
    }
    return found;
}

/* Whether the kernel would run it with privileges that the caller lacks: then the dynamic linker
 * preloads nothing. */
static const char *privilege_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return NULL;
    if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid())
        return "is setuid";
    if ((status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0 &&
        status.st_gid != getgid())
        return "is setgid";
    if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
        return "has file capabilities";
    return NULL;
}

/* The interpreter that a script's first line names, as the kernel takes it; one without such a
 * line goes to the shell, as execvp has it. False: it is no script. */
static bool read_interpreter(const char *path, char interpreter[PATH_MAX])
{
    char line[LINE_BYTES + 1];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return false;
    ssize_t length = read(file, line, LINE_BYTES);
    close(file);
    line[length > 0 ? length : 0] = '\0';
    if (length >= SELFMAG && memcmp(line, ELFMAG, SELFMAG) == 0)
        return false;
    snprintf(interpreter, PATH_MAX, "/bin/sh");
    if (strncmp(line, "#!", 2) != 0)
        return true;
    const char *word = line + 2 + strspn(line + 2, " \t");
    snprintf(interpreter, PATH_MAX, "%.*s", (int)strcspn(word, " \t\r\n"), word);
    return true;
}

enum executable_verdict executable_judge(const char *name, char *message)
{
    char path[PATH_MAX], interpreter[PATH_MAX], reason[MESSAGE_BYTES];
    if (!find(name, path)) {
        message_set(message, "%.300s: not found", name);
        return EXECUTABLE_MISSING;
    }
    for (int followed = 0; followed < FOLLOWED_MAXIMUM; followed++) {
        if (!is_executable(path)) {
            message_set(message, "%.300s cannot be executed: %s", path,
                        access(path, F_OK) == 0 ? strerror(EACCES) : strerror(errno));
            return EXECUTABLE_UNFIT;
        }
        if (!read_interpreter(path, interpreter))
            break;
        memcpy(path, interpreter, sizeof path);
    }
    const char *privilege = privilege_of(path);
    if (privilege != NULL) {
        message_set(message,
                    "%.300s %s: the dynamic linker preloads nothing into it; run it as its owner",
                    path, privilege);
        return EXECUTABLE_UNFIT;
    }
    /* What can be executed but not be read must be taken as it is. */
    const char *misfit = access(path, R_OK) == 0 ? elf_program_misfit(path, reason) : NULL;
    if (misfit == NULL)
        return EXECUTABLE_FIT;
    message_set(message, "%.300s %s", path, misfit);
    return EXECUTABLE_UNFIT;
}
