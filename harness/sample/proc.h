/*
 * Readers of /proc (proc(5)): the only place that parses it for memory, faults and scheduling.
 *
 * Each call reads one small file into the stack; only those that sum over threads allocate (the
 * folder's handle), so they are not for a polling loop. Every function returns -1 with errno when
 * the process has gone (ESRCH) or its file cannot be read; figures that a kernel does not give stay
 * as they were.
 */
#ifndef HEAPMARK_PROC_H
#define HEAPMARK_PROC_H

#include "record.h"

#include <stdint.h>
#include <sys/types.h>

/* /proc/PID/status: the vm_* and rss_* fields. A zombie has none: -1 with ESRCH. */
int proc_read_status(pid_t pid, struct checkpoint_record *record);
/* /proc/PID/smaps_rollup: the pss_* fields. Walks the page tables of the whole process under
 * its mmap lock (about 1 ms a GiB), so never to be polled. */
int proc_read_smaps_rollup(pid_t pid, struct checkpoint_record *record);

/* A descriptor for proc_read_rss_bytes, to be closed by the caller; stays good across an exec. */
int proc_open_statm(pid_t pid);
/* Resident bytes now; one pread, 1 to 2 us. -1 with ESRCH once the process has no memory. */
int64_t proc_read_rss_bytes(int statm_fd);

/* Page faults of the whole process, its ended threads included, since it was forked. */
int proc_read_faults(pid_t pid, int64_t *minor, int64_t *major);

/* How a thread was scheduled since it was created. */
struct proc_schedule {
    int64_t voluntary_switches;
    int64_t involuntary_switches;
    int64_t run_delay_ns; /* ready, but not running; 0 where the kernel keeps no schedstat */
};

/* Of one thread, given by its own number. */
int proc_read_thread_schedule(pid_t thread, struct proc_schedule *schedule);
/* The sums over the threads that live now. */
int proc_read_switches(pid_t pid, int64_t *voluntary, int64_t *involuntary);
int64_t proc_read_run_delay_ns(pid_t pid);

/* Time the hypervisor took from all CPUs since boot, in ticks (/proc/stat). */
int64_t proc_read_steal_ticks(void);
/* Sets VmHWM back to VmRSS (5 into /proc/PID/clear_refs). */
int proc_reset_hwm(pid_t pid);
/* The process that a thread belongs to. */
pid_t proc_read_tgid(pid_t thread);

/* Where a process stands among the others. */
struct proc_parentage {
    pid_t parent, session;
    int64_t start_ticks; /* since boot, USER_HZ */
};

int proc_read_parentage(pid_t pid, struct proc_parentage *parentage);

#endif
