/* Starts a program apart from us; see process_spec.h and posix_spawn(3). */
#include "process_spec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error =
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                 POSIX_SPAWN_SETSIGDEF);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    return error;
}

static int add_actions(posix_spawn_file_actions_t *actions, const struct process_spec *spec)
{
    int error = 0;
    for (size_t i = 0; i < spec->count && error == 0; i++)
        error = spec->descriptors[i] < 0
                    ? posix_spawn_file_actions_addopen(actions, (int)i, "/dev/null", O_RDWR, 0)
                    : posix_spawn_file_actions_adddup2(actions, spec->descriptors[i], (int)i);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, (int)spec->count);
    if (error == 0 && spec->directory != NULL)
        error = posix_spawn_file_actions_addchdir_np(actions, spec->directory);
    return error;
}

int process_spec_start(const struct process_spec *spec, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    *pid = -1;
    /* Neither of the two can fail in glibc. */
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int error = set_attributes(&attributes);
    if (error == 0)
        error = add_actions(&actions, spec);
    if (error == 0)
        error =
            posix_spawnp(pid, spec->argv[0], &actions, &attributes, (char *const *)spec->argv,
                         spec->environment != NULL ? (char *const *)spec->environment : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0)
        return 0;
    *pid = -1;
    errno = error;
    return -1;
}
