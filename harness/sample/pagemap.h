/*
 * The address space of a process that stands still: its mappings, and which of their pages the
 * kernel keeps in memory (/proc/PID/smaps and /proc/PID/pagemap, proc(5)).
 *
 * Both need the right to ptrace(2) the process, which a parent has over a child of its own user.
 * Frame numbers, which take privileges, are not asked for.
 */
#ifndef HEAPMARK_PAGEMAP_H
#define HEAPMARK_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum mapping_kind {
    MAPPING_BRK,       /* [heap] */
    MAPPING_ANONYMOUS, /* private, of no file */
    MAPPING_SHARED,    /* shared: memfd, /dev/zero, a file */
    MAPPING_FILE,      /* private, of a file: programs and libraries */
    MAPPING_LIBRARY,   /* anonymous, but a library's or the loader's: it goes on where a file's
                          ends, or is small and lies against one */
    MAPPING_STACK,     /* [stack], or one that a thread's stack pointer points into */
    MAPPING_KERNEL,    /* [vdso] and the like */
};

struct mapping {
    uint64_t start, end; /* addresses, page-aligned */
    enum mapping_kind kind;
    bool accessible; /* PROT_NONE is address space that was only reserved */
    /* what smaps says of the whole mapping */
    uint64_t resident_bytes, swapped_bytes;
    uint64_t huge_bytes; /* resident in transparent huge pages */
    uint64_t lazy_bytes; /* resident, but given up (MADV_FREE): the kernel may take them */
};

struct mapping_list {
    struct mapping *mapping; /* by address */
    size_t count;
};

/* Returns 0, or -1 with a message. The list is to be released in either case. */
int mapping_list_read(struct mapping_list *list, pid_t pid, char *message);
void mapping_list_release(struct mapping_list *list);

/* Pages in one state; a page is its address / page_bytes. */
struct page_run {
    uint64_t page, count;
    bool swapped; /* out of memory; else resident */
};

struct page_runs {
    struct page_run *run; /* by address, longest possible, none empty */
    size_t count, capacity;
};

/* Adds the runs of one mapping; call it in the order of addresses. The page of zeros that reading
 * untouched memory yields takes no memory, and is not resident. Returns 0, or -1 with a message. */
int page_runs_add(struct page_runs *runs, pid_t pid, const struct mapping *mapping, char *message);
void page_runs_release(struct page_runs *runs);

uint64_t system_page_bytes(void);

#endif
