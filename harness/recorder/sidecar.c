/* A collector of the recorder's own; see sidecar.h. */
#include "sidecar.h"

#include "ring.h"
#include "system.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { STATUS_CANNOT_RUN = 127, BACKLOG = 128 };

/* In the tree the program lies beside the library; installed, in bin beside lib/heapmark. */
static const char *const program_places[] = {"heapmark", "../../bin/heapmark"};

static bool find_program(char path[PATH_MAX])
{
    Dl_info info;
    if (dladdr((const void *)sidecar_start, &info) == 0 || info.dli_fname == NULL)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    size_t folder_bytes = slash == NULL ? 0 : (size_t)(slash + 1 - info.dli_fname);
    for (size_t i = 0; i < sizeof program_places / sizeof *program_places; i++) {
        size_t name_bytes = strlen(program_places[i]) + 1;
        if (folder_bytes + name_bytes > PATH_MAX)
            return false;
        memcpy(path, info.dli_fname, folder_bytes);
        memcpy(path + folder_bytes, program_places[i], name_bytes);
        if (syscall(SYS_faccessat, AT_FDCWD, path, X_OK) == 0)
            return true;
    }
    return false;
}

/* A socket with a name of the kernel's choosing, which is written as "@name". */
static int listen_somewhere(char name[sizeof(struct sockaddr_un)])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t bytes = sizeof address;
    int socket = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (socket < 0)
        return -1;
    if (syscall(SYS_bind, socket, &address, offsetof(struct sockaddr_un, sun_path)) != 0 ||
        syscall(SYS_listen, socket, BACKLOG) != 0 ||
        syscall(SYS_getsockname, socket, &address, &bytes) != 0) {
        syscall(SYS_close, socket);
        return -1;
    }
    size_t length = bytes - offsetof(struct sockaddr_un, sun_path) - 1;
    name[0] = '@';
    memcpy(name + 1, address.sun_path + 1, length);
    name[length + 1] = '\0';
    return socket;
}

/* The program's environment but for what makes a recorded program; this memory is a copy. */
static void leave_out_ours(char **environment)
{
    static const char preload[] = "LD_PRELOAD=", ours[] = RING_ENVIRONMENT "=";
    char **kept = environment;
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, preload, sizeof preload - 1) != 0 &&
            strncmp(*environment, ours, sizeof ours - 1) != 0)
            *kept++ = *environment;
    *kept = NULL;
}

/* Of the program's descriptors the collector keeps stderr alone: a pipe that it held open would
 * not end when the program does. */
static void close_the_rest(int socket)
{
    int null = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
    syscall(SYS_dup3, null, STDIN_FILENO, 0);
    syscall(SYS_dup3, null, STDOUT_FILENO, 0);
    if (socket > STDERR_FILENO + 1)
        syscall(SYS_close_range, STDERR_FILENO + 1, socket - 1, 0);
    syscall(SYS_close_range, socket + 1, UINT_MAX, 0);
    syscall(SYS_fcntl, socket, F_SETFD, 0);
}

struct collector {
    char program[PATH_MAX];
    const char *output;
    char **environment;
    int socket;
};

static _Noreturn void become_collector(const struct collector *collector)
{
    static const char name[] = "--collect=";
    char option[sizeof name + SYSTEM_DECIMAL_BYTES];
    char digits[SYSTEM_DECIMAL_BYTES];
    /* Clear of the three that have a meaning, should the program have closed them. */
    int socket = (int)syscall(SYS_fcntl, collector->socket, F_DUPFD, STDERR_FILENO + 1);
    memcpy(option, name, sizeof name - 1);
    const char *number = system_decimal(digits, (unsigned long)socket);
    memcpy(option + sizeof name - 1, number, strlen(number) + 1);
    const char *words[] = {collector->program, "record", option, "-o", collector->output, NULL};
    close_the_rest(socket);
    leave_out_ours(collector->environment);
    system_restore_signals(0);
    syscall(SYS_execve, collector->program, words, collector->environment);
    syscall(SYS_exit_group, STATUS_CANNOT_RUN);
    __builtin_unreachable();
}

/* Like fork, but without the handlers of libc and the program, and with no signal at its end, by
 * which it is no child that wait() knows. */
static long fork_quietly(void)
{
    return syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
}

/* Its parent ends at once, so that it belongs to init. */
static bool start_collector(const struct collector *collector)
{
    /* Unless the program takes in orphans, which it may from before it executed this image. */
    int reaps = 0;
    syscall(SYS_prctl, PR_GET_CHILD_SUBREAPER, &reaps, 0, 0, 0);
    if (reaps)
        syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    long child = fork_quietly();
    if (child == 0) {
        syscall(SYS_setsid);
        long grandchild = fork_quietly();
        if (grandchild == 0)
            become_collector(collector);
        syscall(SYS_exit_group, grandchild < 0 ? STATUS_CANNOT_RUN : 0);
    }
    int status = -1;
    while (child > 0 && syscall(SYS_wait4, child, &status, __WCLONE, NULL) < 0 && errno == EINTR)
        ;
    if (reaps)
        syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    return child > 0 && status == 0;
}

const char *sidecar_start(const char *path, char **variable)
{
    static char setting[sizeof RING_ENVIRONMENT "=" + sizeof(struct sockaddr_un)];
    char *name = setting + sizeof RING_ENVIRONMENT;
    struct collector collector = {.output = path, .environment = system_environment()};
    if (!find_program(collector.program)) {
        system_complain("the program heapmark is not where its recorder is");
        return NULL;
    }
    memcpy(setting, RING_ENVIRONMENT "=", sizeof RING_ENVIRONMENT);
    collector.socket = listen_somewhere(name);
    bool started = collector.socket >= 0 && start_collector(&collector);
    if (collector.socket >= 0)
        syscall(SYS_close, collector.socket);
    if (!started) {
        system_complain("cannot start a collector");
        return NULL;
    }
    *variable = setting;
    return name;
}
