/*
 * The raw measures of a trial: one list makes the structs, the columns of the store, the
 * exports and the reference in docs/results.md. All are 64-bit integers; MEASURE_NONE stands
 * for 'not measured' (NULL in the store, n/a in print), never 0.
 */
#ifndef HEAPMARK_MEASURES_H
#define HEAPMARK_MEASURES_H

#include <stdint.h>

#define MEASURE_NONE INT64_MIN

/* Counted by perf_event_open(2) in user mode, in the timed laps, over all workers. */
#define PERF_MEASURES(X)                                                             \
    X(perf_instructions, "instructions",                                             \
      "executed in the timed laps (--counters; perf_event_open)")                    \
    X(perf_cycles, "cycles", "of the processor, the same way")                       \
    X(perf_dtlb_misses, "misses", "loads that missed the data TLB, the same way")    \
    X(perf_cache_misses, "misses", "of the last cache, the same way")                \
    X(perf_branch_misses, "misses", "branches that were mispredicted, the same way") \
    X(perf_page_faults, "faults", "page faults, counted by the kernel the same way")

/* X(name, unit, what it is and where it comes from), once a trial. */
#define TRIAL_MEASURES(X)                                                                          \
    X(wall_ns, "ns",                                                                               \
      "timed region: sum of the timed laps, CLOCK_MONOTONIC; a program: its whole life")           \
    X(cpu_ns, "ns",                                                                                \
      "CPU time of the workers in the timed laps, CLOCK_THREAD_CPUTIME_ID; a program: user + "     \
      "system")                                                                                    \
    X(operations, "calls", "calls of the malloc family in the timed laps")                         \
    X(lockstep, "0 or 1",                                                                          \
      "1: the laps are those of turns, taken with the other trial of the pair on one CPU")         \
    X(laps, "laps", "timed laps")                                                                  \
    X(threads, "threads", "workers")                                                               \
    X(startup_ns, "ns", "fork to the first operation")                                             \
    X(elapsed_ns, "ns", "fork to reaping, as the harness saw it")                                  \
    X(minor_faults, "faults", "page faults without I/O between start and end, /proc/PID/stat")     \
    X(major_faults, "faults", "page faults with I/O between start and end, /proc/PID/stat")        \
    X(voluntary_switches, "switches",                                                              \
      "context switches by waiting, start to end, /proc/PID/task/*/status")                        \
    X(involuntary_switches, "switches",                                                            \
      "context switches by preemption, start to end, /proc/PID/task/*/status")                     \
    X(run_delay_ns, "ns", "ready but not running, start to end, /proc/PID/task/*/schedstat")       \
    X(steal_ticks, "ticks",                                                                        \
      "time the hypervisor took on all CPUs meanwhile, /proc/stat (USER_HZ)")                      \
    X(live_peak_bytes, "bytes", "largest sum of requested, not yet freed bytes")                   \
    X(live_peak_usable_bytes, "bytes",                                                             \
      "sum of malloc_usable_size at that moment (inspection pass)")                                \
    X(rss_peak_bytes, "bytes",                                                                     \
      "largest resident size: of VmHWM, which may lag, and of every reading of RSS")               \
    X(rss_peak_growth_bytes, "bytes", "rss_peak_bytes minus VmRSS at start")                       \
    X(mean_overhead_ppm, "ppm",                                                                    \
      "time average, start to end, of RSS growth / live bytes where live >= 1 MiB, x 10^6")        \
    X(sampled, "samples", "points of the timeline")                                                \
    X(paced, "0 or 1",                                                                             \
      "1: calls or requests were due at times; wall_ns is the schedule's, no speed")               \
    X(latency_samples, "calls", "calls that were timed (latency pass)")                            \
    X(latency_gap, "calls", "one call in so many was timed, by chance; 1: every call")             \
    X(latency_paced, "0 or 1", "1: times count from when a call was due, not from its start")      \
    X(latency_timer_ps, "ps", "median time of timing nothing; subtracted from every time")         \
    X(latency_p50_ns, "ns", "half of all timed calls took no longer (latency pass)")               \
    X(latency_p90_ns, "ns", "90 % of them took no longer")                                         \
    X(latency_p99_ns, "ns", "99 %; absent, as those below, when fewer than ten took longer")       \
    X(latency_p999_ns, "ns", "99.9 %")                                                             \
    X(latency_p9999_ns, "ns", "99.99 %")                                                           \
    X(latency_max_ns, "ns", "the longest of them")                                                 \
    X(requests, "requests", "made in the timed laps, where the workload is made of requests")      \
    X(requests_due_ns, "ns", "from the first lap to when the last of them was due")                \
    X(requests_served_ns, "ns", "to its end: longer than that where the rate was not kept up")     \
    X(requests_held_ns, "ns",                                                                      \
      "put off since a worker waited for others at laps' ends; no time of requests counts it")     \
    X(requests_backlog, "requests", "of one worker, at most: due and not begun")                   \
    X(request_p50_ns, "ns",                                                                        \
      "half of all requests took no longer (paced: timed pass, from when each was due; otherwise " \
      "latency pass, from its start)")                                                             \
    X(request_p90_ns, "ns", "90 % of them took no longer")                                         \
    X(request_p99_ns, "ns", "99 %; absent, as those below, when fewer than ten took longer")       \
    X(request_p999_ns, "ns", "99.9 %")                                                             \
    X(request_p9999_ns, "ns", "99.99 %")                                                           \
    X(request_max_ns, "ns", "the longest of them")                                                 \
    X(service_p50_ns, "ns", "half of all paced requests took no longer from their start")          \
    X(service_p90_ns, "ns", "90 %")                                                                \
    X(service_p99_ns, "ns", "99 %")                                                                \
    X(service_p999_ns, "ns", "99.9 %")                                                             \
    X(service_p9999_ns, "ns", "99.99 %")                                                           \
    X(service_max_ns, "ns", "the longest of them")                                                 \
    X(instructions, "instructions",                                                                \
      "executed in the laps, counted by callgrind (instructions pass: fewer laps, and "            \
      "`operations` are those of the same laps)")                                                  \
    PERF_MEASURES(X)

/* X(name, unit, help), at every checkpoint. The first block is /proc/PID/status in its words. */
#define CHECKPOINT_MEASURES(X)                                                                   \
    X(vm_rss_bytes, "bytes", "VmRSS")                                                            \
    X(vm_hwm_bytes, "bytes", "VmHWM: the peak of VmRSS so far")                                  \
    X(vm_size_bytes, "bytes", "VmSize")                                                          \
    X(vm_peak_bytes, "bytes", "VmPeak: the peak of VmSize so far")                               \
    X(vm_data_bytes, "bytes", "VmData")                                                          \
    X(vm_stk_bytes, "bytes", "VmStk")                                                            \
    X(rss_anon_bytes, "bytes", "RssAnon")                                                        \
    X(rss_file_bytes, "bytes", "RssFile")                                                        \
    X(rss_shmem_bytes, "bytes", "RssShmem: the runner's own tables")                             \
    X(pss_bytes, "bytes", "Pss, /proc/PID/smaps_rollup")                                         \
    X(pss_anon_bytes, "bytes", "Pss_Anon, /proc/PID/smaps_rollup: exact, what memory gates use") \
    X(live_bytes, "bytes", "requested and not yet freed")                                        \
    X(live_blocks, "blocks", "blocks not yet freed (inspection pass)")                           \
    X(usable_bytes, "bytes", "sum of malloc_usable_size of live blocks (inspection pass)")       \
    X(heap_free_bytes, "bytes", "free bytes of the allocator's heap walk (inspection pass)")     \
    X(heap_largest_free_bytes, "bytes", "largest free block of the walk (inspection pass)")

/* System calls counted by strace between the start and end of a trial's work. */
#define SYSCALL_MEASURES(X) X(brk) X(mmap) X(munmap) X(mremap) X(madvise)

#endif
