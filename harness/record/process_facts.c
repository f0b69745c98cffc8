/* What /proc and the kernel tell about a process; see process_facts.h. */
#include "process_facts.h"

#include "tick_clock.h"
#include "version.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMAND_BYTES = 32768 };

/* Reads a file of /proc/PID; returns its length, 0 when it cannot be read. Ends with a null. */
static size_t read_proc(pid_t pid, const char *file, char *text, size_t bytes)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = 0;
    while (descriptor >= 0 && length < bytes - 1 &&
           (got = read(descriptor, text + length, bytes - 1 - length)) > 0)
        length += (size_t)got;
    if (descriptor >= 0)
        close(descriptor);
    text[length] = '\0';
    return length;
}

static bool read_link(pid_t pid, const char *file, char target[PATH_MAX])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    ssize_t length = readlink(path, target, PATH_MAX - 1);
    target[length > 0 ? length : 0] = '\0';
    return length > 0;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool is_program_name(const char *word)
{
    const char *name = last_part(word);
    return name[0] != '\0' && name[0] != '-' && strpbrk(word, " :") == NULL;
}

void process_name(pid_t pid, char name[PROCESS_NAME_BYTES])
{
    char path[PATH_MAX];
    /* By word 0, since one executable may be many programs; not by a title that the process has
     * given itself, or by what a shell tells itself there. */
    bool known = read_proc(pid, "cmdline", path, sizeof path) > 0 && is_program_name(path);
    known = known || (read_link(pid, "exe", path) && last_part(path)[0] != '\0');
    snprintf(name, PROCESS_NAME_BYTES, "%.*s", PROCESS_NAME_BYTES - 1,
             known ? last_part(path) : "unknown");
    for (char *c = name; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c) || *c == ' ')
            *c = '_';
}

bool process_is_called(pid_t pid, const char *name)
{
    char path[PATH_MAX];
    if (read_link(pid, "exe", path) && strcmp(last_part(path), name) == 0)
        return true;
    return read_proc(pid, "cmdline", path, sizeof path) > 0 && strcmp(last_part(path), name) == 0;
}

void process_thread_name(pid_t pid, pid_t tid, char *name, size_t bytes)
{
    char file[32];
    snprintf(file, sizeof file, "task/%d/comm", (int)tid);
    read_proc(pid, file, name, bytes);
    name[strcspn(name, "\n")] = '\0';
}

static bool has_entry(pid_t pid, const char *entry)
{
    char path[64], *line = NULL;
    size_t capacity = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    /* That of a process that is dead and not yet waited for reads as empty. */
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && getdelim(&line, &capacity, '\0', file) > 0)
        found = strcmp(line, entry) == 0;
    if (file != NULL)
        fclose(file);
    free(line);
    return found;
}

bool process_any_with(const char *entry)
{
    DIR *folder = opendir("/proc");
    bool found = false;
    for (struct dirent *at; folder != NULL && !found && (at = readdir(folder)) != NULL;) {
        int pid = atoi(at->d_name);
        found = pid > 0 && has_entry(pid, entry);
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

/* ---- facts --------------------------------------------------------------------- */

static bool is_plain(const char *word)
{
    static const char others[] = "_-./,:=+@%^";
    for (const char *c = word; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr(others, *c) == NULL)
            return false;
    return word[0] != '\0';
}

/* The words of a command line as a shell would take them. */
static void print_words(FILE *stream, const char *words, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += strlen(words + at) + 1) {
        const char *word = words + at;
        if (at > 0)
            fputc(' ', stream);
        if (is_plain(word)) {
            fputs(word, stream);
            continue;
        }
        fputc('\'', stream);
        for (; *word != '\0'; word++)
            fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, stream);
        fputc('\'', stream);
    }
}

static int set_command(struct trace_facts *facts, pid_t pid)
{
    char *words = malloc(COMMAND_BYTES), *text = NULL;
    size_t bytes = words != NULL ? read_proc(pid, "cmdline", words, COMMAND_BYTES) : 0, length;
    FILE *stream = bytes > 0 ? open_memstream(&text, &length) : NULL;
    int result = 0;
    if (stream != NULL) {
        print_words(stream, words, bytes);
        if (fclose(stream) == 0)
            result = trace_facts_set(facts, "command", text);
    }
    free(text);
    free(words);
    return result;
}

static int set_process(struct trace_facts *facts, const struct process_origin *origin)
{
    char path[PATH_MAX], number[16];
    if (read_link(origin->pid, "exe", path) && trace_facts_set(facts, "program", path) < 0)
        return -1;
    if (origin->with_command) {
        if (set_command(facts, origin->pid) < 0)
            return -1;
        if (read_link(origin->pid, "cwd", path) && trace_facts_set(facts, "folder", path) < 0)
            return -1;
    }
    snprintf(number, sizeof number, "%d", (int)origin->pid);
    if (trace_facts_set(facts, "pid", number) < 0)
        return -1;
    snprintf(number, sizeof number, "%d", (int)origin->parent);
    return trace_facts_set(facts, "parent", number);
}

static int set_processor(struct trace_facts *facts)
{
    char line[256], number[24];
    int result = 0;
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || value == NULL)
            continue;
        value += 1 + strspn(value + 1, " \t");
        value[strcspn(value, "\n")] = '\0';
        result = trace_facts_set(facts, "cpu", value);
        break;
    }
    if (file != NULL)
        fclose(file);
    snprintf(number, sizeof number, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    return result < 0 ? -1 : trace_facts_set(facts, "cpus", number);
}

static int set_machine(struct trace_facts *facts)
{
    struct utsname system;
    if (uname(&system) == 0 && (trace_facts_set(facts, "host", system.nodename) < 0 ||
                                trace_facts_set(facts, "kernel", system.release) < 0))
        return -1;
    return set_processor(facts);
}

static int set_started(struct trace_facts *facts)
{
    char text[32];
    struct tm broken_down;
    time_t now = time(NULL);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &broken_down));
    return trace_facts_set(facts, "started", text);
}

int process_facts(struct trace_facts *facts, const struct process_origin *origin)
{
    const char *const fixed[][2] = {
        {"version",        heapmark_version                     },
        {"source",         "recorded"                           },
        {"reason",         origin->forked ? "forked" : "started"},
        {"inherited",      origin->forked ? "yes" : "no"        },
        {"clock",          tick_clock_name()                    },
        {"clock_step_ns",  "1000000"                            },
        {"has_times",      "yes"                                },
        {"has_threads",    "yes"                                },
        {"has_alignments", "yes"                                },
        {"has_addresses",  "yes"                                },
        {"has_failures",   "yes"                                },
    };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (trace_facts_set(facts, fixed[i][0], fixed[i][1]) < 0)
            return -1;
    if (set_process(facts, origin) < 0 || set_started(facts) < 0)
        return -1;
    return set_machine(facts);
}

/* ---- the end ------------------------------------------------------------------- */

/* ioctl PIDFD_GET_INFO (Linux 6.13; exit codes since 6.15), which Debian 12's headers lack. */
struct exit_info {
    uint64_t mask, cgroup;
    uint32_t numbers[11];
    int32_t exit_code;
};
#define GET_EXIT_INFO _IOWR(0xff, 11, struct exit_info)
enum { EXIT_INFO_MASK = 1 << 3 };

_Static_assert(sizeof(struct exit_info) == 64, "the first version of struct pidfd_info");

static void print_status(int status, char *text, size_t bytes)
{
    if (WIFSIGNALED(status))
        snprintf(text, bytes, "signal %d", WTERMSIG(status));
    else
        snprintf(text, bytes, "exit %d", WEXITSTATUS(status));
}

void process_end(int pidfd, char *text, size_t bytes)
{
    siginfo_t child = {0};
    if (waitid(P_PIDFD, (id_t)pidfd, &child, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        child.si_pid != 0) {
        bool exited = child.si_code == CLD_EXITED;
        snprintf(text, bytes, "%s %d", exited ? "exit" : "signal", child.si_status);
        return;
    }
    struct exit_info info = {.mask = EXIT_INFO_MASK};
    if (ioctl(pidfd, GET_EXIT_INFO, &info) == 0 && (info.mask & EXIT_INFO_MASK) != 0)
        print_status(info.exit_code, text, bytes);
    else
        snprintf(text, bytes, "exited");
}
