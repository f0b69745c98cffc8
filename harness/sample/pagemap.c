/* Mappings of a process and their pages; see pagemap.h. */
#include "pagemap.h"

#include "message.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Bits of an entry: Documentation/admin-guide/mm/pagemap.rst of the kernel. */
#define ENTRY_PRESENT   (UINT64_C(1) << 63)
#define ENTRY_SWAPPED   (UINT64_C(1) << 62)
#define ENTRY_SHARED    (UINT64_C(1) << 61) /* of a file or shared memory */
#define ENTRY_EXCLUSIVE (UINT64_C(1) << 56) /* mapped here and nowhere else */

/* PAGEMAP_SCAN (Linux 6.7; the same document), which older kernel headers do not have. */
struct scan_region {
    uint64_t start, end, categories;
};
struct scan_request {
    uint64_t size, flags, start, end, walk_end, regions, region_count, pages_maximum;
    uint64_t inverted, all_of, any_of, wanted;
};
#define SCAN_REQUEST _IOWR('f', 16, struct scan_request)
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_SWAPPED (UINT64_C(1) << 4)
#define SCAN_ZERO    (UINT64_C(1) << 5)

enum {
    REGIONS_AT_ONCE = 1024,
    ENTRIES_AT_ONCE = 8192,
    PATH_BYTES = 64,
    RUNS_AT_FIRST = 256,
    /* The loader's own pages and the main thread's TLS are fewer; no arena is so small. */
    LOADER_BYTES_MAXIMUM = 32 << 10,
};

uint64_t system_page_bytes(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* ---- mappings ------------------------------------------------------------------- */

static int refuse(char *message, const char *path)
{
    int error = errno;
    if (error == ENOMEM)
        return message_set(message, "out of memory");
    if (error == EACCES || error == EPERM)
        return message_set(message,
                           "cannot read %s: %s; a heap map needs what this system denies (a "
                           "hardened container: allow ptrace of own processes)",
                           path, strerror(error));
    return message_set(message, "cannot read %s: %s", path, strerror(error));
}

static enum mapping_kind kind_of(const char *name, char sharing, unsigned long inode)
{
    if (strcmp(name, "[heap]") == 0)
        return MAPPING_BRK;
    if (strncmp(name, "[stack", 6) == 0)
        return MAPPING_STACK;
    if (name[0] == '[' && strncmp(name, "[anon", 5) != 0)
        return MAPPING_KERNEL;
    if (sharing == 's')
        return MAPPING_SHARED;
    return inode != 0 ? MAPPING_FILE : MAPPING_ANONYMOUS;
}

/* "start-end rw-p offset dev inode   name" begins a mapping; "Key:   123 kB" is about the last. */
static int take_line(struct mapping_list *list, size_t *capacity, char *line)
{
    struct mapping mapping = {0};
    char rights[5], *newline = strchr(line, '\n');
    unsigned long inode;
    int name_at = 0;
    if (newline != NULL)
        *newline = '\0';
    if (!isxdigit((unsigned char)line[0]) || isupper((unsigned char)line[0]) ||
        sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %lu %n", &mapping.start, &mapping.end,
               rights, &inode, &name_at) != 4)
        return 1;
    mapping.kind = kind_of(line + name_at, rights[3], inode);
    mapping.accessible = rights[0] != '-' || rights[1] != '-' || rights[2] != '-';
    if (list->count == *capacity) {
        size_t larger = *capacity > 0 ? 2 * *capacity : 64;
        struct mapping *moved = realloc(list->mapping, larger * sizeof *moved);
        if (moved == NULL)
            return -1;
        list->mapping = moved;
        *capacity = larger;
    }
    list->mapping[list->count++] = mapping;
    return 0;
}

static void take_figure(struct mapping *mapping, const char *line)
{
    const struct {
        const char *key;
        uint64_t *bytes;
    } figures[] = {
        {"Rss:",           &mapping->resident_bytes},
        {"Swap:",          &mapping->swapped_bytes },
        {"AnonHugePages:", &mapping->huge_bytes    },
        {"LazyFree:",      &mapping->lazy_bytes    },
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        size_t length = strlen(figures[i].key);
        if (strncmp(line, figures[i].key, length) == 0)
            *figures[i].bytes = strtoull(line + length, NULL, 10) * 1024;
    }
}

static int read_smaps(struct mapping_list *list, FILE *file)
{
    char *line = NULL;
    size_t room = 0, capacity = 0;
    int result = 0;
    errno = 0;
    while (result >= 0 && getline(&line, &room, file) > 0) {
        result = take_line(list, &capacity, line);
        if (result == 1 && list->count > 0)
            take_figure(&list->mapping[list->count - 1], line);
    }
    if (ferror(file) != 0)
        result = -1;
    int error = errno;
    free(line);
    errno = list->count == 0 && error == 0 ? ESRCH : error;
    return result < 0 || list->count == 0 ? -1 : 0;
}

/* A library's .bss lies behind its file's pages; what the loader took for itself and for the main
 * thread lies against them. */
static void tell_libraries(struct mapping_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct mapping *own = &list->mapping[i];
        if (own->kind != MAPPING_ANONYMOUS)
            continue;
        const struct mapping *below = i > 0 ? own - 1 : NULL;
        const struct mapping *above = i + 1 < list->count ? own + 1 : NULL;
        bool behind = below != NULL && below->end == own->start && below->kind == MAPPING_FILE;
        bool before = above != NULL && above->start == own->end && above->kind == MAPPING_FILE;
        if (behind || (before && own->end - own->start <= LOADER_BYTES_MAXIMUM))
            own->kind = MAPPING_LIBRARY;
    }
}

static void mark_stack(struct mapping_list *list, uint64_t stack_pointer)
{
    for (size_t i = 0; i < list->count; i++)
        if (stack_pointer >= list->mapping[i].start && stack_pointer < list->mapping[i].end &&
            list->mapping[i].kind == MAPPING_ANONYMOUS)
            list->mapping[i].kind = MAPPING_STACK;
}

/* "number arguments... sp pc" of a thread that waits in a system call. A kernel without it leaves
 * the stacks of threads among the anonymous mappings. */
static void tell_stacks(struct mapping_list *list, pid_t pid)
{
    char path[PATH_BYTES + NAME_MAX];
    struct dirent *entry;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        uint64_t stack_pointer;
        snprintf(path, sizeof path, "/proc/%d/task/%s/syscall", (int)pid, entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "re") : NULL;
        if (file == NULL)
            continue;
        if (fscanf(file, "%*d %*x %*x %*x %*x %*x %*x %" SCNx64, &stack_pointer) == 1)
            mark_stack(list, stack_pointer);
        fclose(file);
    }
    if (folder != NULL)
        closedir(folder);
}

int mapping_list_read(struct mapping_list *list, pid_t pid, char *message)
{
    char path[PATH_BYTES];
    *list = (struct mapping_list){0};
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(message, path);
    int result = read_smaps(list, file);
    if (result < 0)
        refuse(message, path);
    fclose(file);
    if (result < 0)
        return -1;
    tell_libraries(list);
    tell_stacks(list, pid);
    return 0;
}

void mapping_list_release(struct mapping_list *list)
{
    free(list->mapping);
    *list = (struct mapping_list){0};
}

/* ---- pages ---------------------------------------------------------------------- */

enum page_state { PAGE_ABSENT, PAGE_RESIDENT, PAGE_SWAPPED };

static enum page_state state_of(uint64_t entry, enum mapping_kind kind)
{
    if (entry & ENTRY_SWAPPED)
        return PAGE_SWAPPED;
    if (!(entry & ENTRY_PRESENT))
        return PAGE_ABSENT;
    /* The page of zeros belongs to no file and to no one alone. */
    if (kind != MAPPING_SHARED && !(entry & (ENTRY_SHARED | ENTRY_EXCLUSIVE)))
        return PAGE_ABSENT;
    return PAGE_RESIDENT;
}

static int add_pages(struct page_runs *runs, uint64_t page, uint64_t count, bool swapped)
{
    struct page_run *last = runs->count > 0 ? &runs->run[runs->count - 1] : NULL;
    if (last != NULL && last->page + last->count == page && last->swapped == swapped) {
        last->count += count;
        return 0;
    }
    if (runs->count == runs->capacity) {
        size_t capacity = runs->capacity > 0 ? 2 * runs->capacity : RUNS_AT_FIRST;
        struct page_run *moved = realloc(runs->run, capacity * sizeof *moved);
        if (moved == NULL)
            return -1;
        runs->run = moved;
        runs->capacity = capacity;
    }
    runs->run[runs->count++] = (struct page_run){page, count, swapped};
    return 0;
}

/* The kernel names the pages that there are, so that a sparse mapping of many GiB costs little.
 * Returns 1 where it cannot. */
static int scan(struct page_runs *runs, int fd, const struct mapping *mapping)
{
    static const uint64_t known = SCAN_PRESENT | SCAN_SWAPPED;
    struct scan_region region[REGIONS_AT_ONCE];
    uint64_t page_bytes = system_page_bytes();
    struct scan_request request = {
        .size = sizeof request,
        .start = mapping->start,
        .end = mapping->end,
        .regions = (uintptr_t)region,
        .region_count = REGIONS_AT_ONCE,
        .any_of = known,
        .wanted = known | SCAN_ZERO,
    };
    for (; request.start < mapping->end; request.start = request.walk_end) {
        int found = ioctl(fd, SCAN_REQUEST, &request);
        if (found < 0)
            return request.start == mapping->start ? 1 : -1;
        for (int i = 0; i < found; i++)
            if (!(region[i].categories & SCAN_ZERO) &&
                add_pages(runs, region[i].start / page_bytes,
                          (region[i].end - region[i].start) / page_bytes,
                          region[i].categories & SCAN_SWAPPED) < 0)
                return -1;
    }
    return 0;
}

static int read_entries(struct page_runs *runs, int fd, const struct mapping *mapping)
{
    static const size_t entry_bytes = sizeof(uint64_t);
    uint64_t entries[ENTRIES_AT_ONCE];
    uint64_t page_bytes = system_page_bytes();
    uint64_t page = mapping->start / page_bytes, end = mapping->end / page_bytes;
    while (page < end) {
        size_t wanted = end - page < ENTRIES_AT_ONCE ? end - page : ENTRIES_AT_ONCE;
        ssize_t got = pread(fd, entries, wanted * entry_bytes, (off_t)(page * entry_bytes));
        if (got < (ssize_t)entry_bytes) {
            errno = got == 0 ? ESRCH : errno; /* the process has no memory any more */
            return -1;
        }
        for (size_t i = 0; i < (size_t)got / entry_bytes; i++, page++) {
            enum page_state state = state_of(entries[i], mapping->kind);
            if (state != PAGE_ABSENT && add_pages(runs, page, 1, state == PAGE_SWAPPED) < 0)
                return -1;
        }
    }
    return 0;
}

int page_runs_add(struct page_runs *runs, pid_t pid, const struct mapping *mapping, char *message)
{
    char path[PATH_BYTES];
    /* A reserve of a TiB has an entry a page all the same: 2 GiB to read for nothing. */
    if (mapping->resident_bytes == 0 && mapping->swapped_bytes == 0)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refuse(message, path);
    int result = scan(runs, fd, mapping);
    if (result > 0)
        result = read_entries(runs, fd, mapping);
    if (result < 0)
        refuse(message, path);
    close(fd);
    return result;
}

void page_runs_release(struct page_runs *runs)
{
    free(runs->run);
    *runs = (struct page_runs){0};
}
