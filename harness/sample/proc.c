/* Readers of /proc; see proc.h. */
#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_BYTES = 64,
    FILE_BYTES = 8192, /* /proc/PID/status is about 1.5 KiB, the others are less */
    KIB_BYTES = 1024,
};

/* A line "Key:  123 kB" and the field it belongs to. */
struct line_field {
    const char *key;
    size_t offset;
};

#define FIELD(key_text, member)                              \
    {                                                        \
        key_text, offsetof(struct checkpoint_record, member) \
    }

static const struct line_field status_fields[] = {
    FIELD("VmRSS:", vm_rss_bytes),       FIELD("VmHWM:", vm_hwm_bytes),
    FIELD("VmSize:", vm_size_bytes),     FIELD("VmPeak:", vm_peak_bytes),
    FIELD("VmData:", vm_data_bytes),     FIELD("VmStk:", vm_stk_bytes),
    FIELD("RssAnon:", rss_anon_bytes),   FIELD("RssFile:", rss_file_bytes),
    FIELD("RssShmem:", rss_shmem_bytes),
};

static const struct line_field rollup_fields[] = {
    FIELD("Pss:", pss_bytes),
    FIELD("Pss_Anon:", pss_anon_bytes),
};

/* Reads a whole file of /proc into `text` (FILE_BYTES). A file may come in several pieces. */
static int read_file(const char *path, char *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT)
            errno = ESRCH;
        return -1;
    }
    size_t bytes = 0;
    ssize_t got;
    while ((got = read(fd, text + bytes, FILE_BYTES - 1 - bytes)) > 0)
        bytes += (size_t)got;
    int error = errno;
    close(fd);
    text[bytes] = '\0';
    errno = got < 0 ? error : ESRCH;
    return got < 0 || bytes == 0 ? -1 : 0;
}

static int read_process_file(pid_t pid, const char *name, char *text)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return read_file(path, text);
}

/* The number behind `key`, which includes its colon, or -1. */
static int64_t find_number(const char *text, const char *key)
{
    size_t key_bytes = strlen(key);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, key_bytes) == 0)
            return strtoll(line + key_bytes, NULL, 10);
    }
    return -1;
}

/* Returns the number of fields that were found. */
static int take_fields(const char *text, const struct line_field *fields, size_t count,
                       struct checkpoint_record *record)
{
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t kib = find_number(text, fields[i].key);
        if (kib < 0)
            continue;
        *(int64_t *)((char *)record + fields[i].offset) = kib * KIB_BYTES;
        found++;
    }
    return found;
}

static int read_fields(pid_t pid, const char *name, const struct line_field *fields, size_t count,
                       struct checkpoint_record *record)
{
    char text[FILE_BYTES];
    if (read_process_file(pid, name, text) < 0)
        return -1;
    if (take_fields(text, fields, count, record) > 0)
        return 0;
    errno = ESRCH; /* no memory any more: a zombie, or a kernel thread */
    return -1;
}

int proc_read_status(pid_t pid, struct checkpoint_record *record)
{
    return read_fields(pid, "status", status_fields, sizeof status_fields / sizeof status_fields[0],
                       record);
}

int proc_read_smaps_rollup(pid_t pid, struct checkpoint_record *record)
{
    return read_fields(pid, "smaps_rollup", rollup_fields,
                       sizeof rollup_fields / sizeof rollup_fields[0], record);
}

int proc_open_statm(pid_t pid)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int64_t proc_read_rss_bytes(int statm_fd)
{
    char text[128];
    ssize_t got = pread(statm_fd, text, sizeof text - 1, 0);
    if (got <= 0)
        return -1;
    text[got] = '\0';
    char *rest;
    long size_pages = strtol(text, &rest, 10);
    if (size_pages > 0)
        return strtoll(rest, NULL, 10) * sysconf(_SC_PAGESIZE);
    errno = ESRCH;
    return -1;
}

int proc_read_faults(pid_t pid, int64_t *minor, int64_t *major)
{
    char text[FILE_BYTES];
    if (read_process_file(pid, "stat", text) < 0)
        return -1;
    /* The command's name stands in brackets and may hold anything, brackets too. */
    const char *behind_name = strrchr(text, ')');
    long long minor_faults, major_faults;
    if (behind_name == NULL || sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %*u %lld %*u %lld",
                                      &minor_faults, &major_faults) != 2) {
        errno = EINVAL;
        return -1;
    }
    *minor = minor_faults;
    *major = major_faults;
    return 0;
}

int proc_read_thread_schedule(pid_t thread, struct proc_schedule *schedule)
{
    char text[FILE_BYTES], path[PATH_BYTES];
    *schedule = (struct proc_schedule){0};
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)thread, (int)thread);
    if (read_file(path, text) < 0)
        return -1;
    schedule->voluntary_switches = find_number(text, "voluntary_ctxt_switches:");
    schedule->involuntary_switches = find_number(text, "nonvoluntary_ctxt_switches:");

    long long delay_ns;
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", (int)thread, (int)thread);
    if (read_file(path, text) == 0 && sscanf(text, "%*u %lld", &delay_ns) == 1)
        schedule->run_delay_ns = delay_ns;
    return 0;
}

static int sum_threads(pid_t pid, struct proc_schedule *sum)
{
    char path[PATH_BYTES];
    *sum = (struct proc_schedule){0};
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        if (errno == ENOENT)
            errno = ESRCH;
        return -1;
    }
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        struct proc_schedule one;
        pid_t thread = (pid_t)atol(entry->d_name);
        if (thread <= 0 || proc_read_thread_schedule(thread, &one) < 0)
            continue; /* '.', '..', or a thread that has just ended */
        sum->voluntary_switches += one.voluntary_switches;
        sum->involuntary_switches += one.involuntary_switches;
        sum->run_delay_ns += one.run_delay_ns;
    }
    closedir(folder);
    return 0;
}

int proc_read_switches(pid_t pid, int64_t *voluntary, int64_t *involuntary)
{
    struct proc_schedule sum;
    if (sum_threads(pid, &sum) < 0)
        return -1;
    *voluntary = sum.voluntary_switches;
    *involuntary = sum.involuntary_switches;
    return 0;
}

int64_t proc_read_run_delay_ns(pid_t pid)
{
    struct proc_schedule sum;
    return sum_threads(pid, &sum) < 0 ? -1 : sum.run_delay_ns;
}

int64_t proc_read_steal_ticks(void)
{
    char text[FILE_BYTES];
    long long ticks;
    if (read_file("/proc/stat", text) < 0)
        return -1;
    if (sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %lld", &ticks) == 1)
        return ticks;
    errno = EINVAL;
    return -1;
}

int proc_reset_hwm(pid_t pid)
{
    static const char reset_peak[] = "5";
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)pid);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, reset_peak, 1);
    int error = errno;
    close(fd);
    errno = error;
    return written == 1 ? 0 : -1;
}

pid_t proc_read_tgid(pid_t thread)
{
    char text[FILE_BYTES];
    if (read_process_file(thread, "status", text) < 0)
        return -1;
    return (pid_t)find_number(text, "Tgid:");
}

int proc_read_parentage(pid_t pid, struct proc_parentage *parentage)
{
    char text[FILE_BYTES];
    if (read_process_file(pid, "stat", text) < 0)
        return -1;
    const char *behind_name = strrchr(text, ')');
    int parent, session;
    long long start_ticks;
    if (behind_name == NULL ||
        sscanf(behind_name,
               ") %*c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %lld",
               &parent, &session, &start_ticks) != 3) {
        errno = EINVAL;
        return -1;
    }
    *parentage =
        (struct proc_parentage){.parent = parent, .session = session, .start_ticks = start_ticks};
    return 0;
}
