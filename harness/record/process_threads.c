/* The threads of a process; see process_threads.h. */
#include "process_threads.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool add(struct process_threads *threads, pid_t tid)
{
    if (threads->count == threads->capacity) {
        size_t capacity = threads->capacity * 2 + 16;
        pid_t *grown = realloc(threads->tid, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        threads->tid = grown;
        threads->capacity = capacity;
    }
    threads->tid[threads->count++] = tid;
    return true;
}

struct status {
    unsigned long threads; /* that the process has */
    unsigned namespaces;
    pid_t own; /* the number in the innermost namespace, which is the thread's own */
};

/* Returns false when the thread has ended, or may not be looked at. */
static bool read_status(const char *path, struct status *status)
{
    static const char ids[] = "NSpid:", threads[] = "Threads:";
    char line[512];
    FILE *file = fopen(path, "re");
    *status = (struct status){0};
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, threads, sizeof threads - 1) == 0)
            status->threads = strtoul(line + sizeof threads - 1, NULL, 10);
        if (strncmp(line, ids, sizeof ids - 1) != 0)
            continue;
        char *at = line + sizeof ids - 1, *end;
        for (long id; (id = strtol(at, &end, 10)), end != at; at = end, status->namespaces++)
            status->own = (pid_t)id;
    }
    if (file != NULL)
        fclose(file);
    return status->own > 0;
}

static int compare(const void *a, const void *b)
{
    pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
    return (left > right) - (left < right);
}

static bool read_folder(struct process_threads *threads, DIR *folder)
{
    struct status status;
    char path[64];
    for (struct dirent *at; (at = readdir(folder)) != NULL;) {
        int tid = atoi(at->d_name);
        snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)threads->pid, tid);
        if (tid > 0 && (!read_status(path, &status) || !add(threads, status.own)))
            return false;
    }
    return true;
}

/* `before`: the process. A folder from which threads vanish may be read with gaps: it counts when
 * it holds as many as the process has, before and after. */
static bool list_all(struct process_threads *threads, const struct status *before)
{
    char path[64];
    struct status after;
    snprintf(path, sizeof path, "/proc/%d/task", (int)threads->pid);
    DIR *folder = opendir(path);
    bool whole = folder != NULL && read_folder(threads, folder);
    if (folder != NULL)
        closedir(folder);
    snprintf(path, sizeof path, "/proc/%d/status", (int)threads->pid);
    return whole && read_status(path, &after) && threads->count == before->threads &&
           threads->count == after.threads;
}

void process_threads_look(struct process_threads *threads, pid_t pid)
{
    char path[64];
    struct status status;
    threads->pid = pid;
    threads->count = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    threads->in_view = read_status(path, &status);
    threads->foreign = status.namespaces > 1;
    threads->known = threads->in_view && threads->foreign && list_all(threads, &status);
    if (threads->known)
        qsort(threads->tid, threads->count, sizeof *threads->tid, compare);
}

void process_threads_release(struct process_threads *threads)
{
    free(threads->tid);
    *threads = (struct process_threads){0};
}

bool process_threads_lack(const struct process_threads *threads, pid_t tid)
{
    char path[64];
    if (!threads->in_view)
        return false;
    if (threads->foreign)
        return threads->known &&
               bsearch(&tid, threads->tid, threads->count, sizeof tid, compare) == NULL;
    snprintf(path, sizeof path, "/proc/%d/task/%d", (int)threads->pid, (int)tid);
    return access(path, F_OK) != 0 && errno == ENOENT;
}
