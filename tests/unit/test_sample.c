/* Sampling: strace's log, the timeline, /proc of a process that is known, how trials end. */
#include "message.h"
#include "proc.h"
#include "timeline.h"
#include "trace_log.h"
#include "trial_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void take(struct trace_log *log, const char *text, size_t piece)
{
    for (size_t at = 0, length = strlen(text); at < length; at += piece)
        trace_log_take(log, text + at, at + piece < length ? piece : length - at);
}

static const char example[] =
    "100 brk(NULL)                         = 0x1000\n"
    "100 prctl(PR_SET_NAME, \"hm-begin\"...) = 0\n"
    "100 brk(0x2000)                       = 0x2000\n"
    "101 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE, -1, 0 <unfinished ...>\n"
    "100 munmap(0x7f00, 4096)              = 0\n"
    "101 <... mmap resumed>)               = 0x7f01\n"
    "100 madvise(0x7f00, 4096, MADV_DONTNEED) = 0\n"
    "100 mremap(0x7f00, 4096, 8192, MREMAP_MAYMOVE) = 0x7f02\n"
    "100 brk(0x3000)                       = -1 ENOMEM (Cannot allocate memory)\n"
    "100 prctl(PR_SET_NAME, \"hm-end\")     = 0\n"
    "100 munmap(0x7f00, 4096)              = 0\n";

static void trace_counts_between_the_marks_and_resumed_calls_once(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 70; piece += 7) { /* however the pipe cuts it */
        struct trace_log log;
        trace_log_init(&log, true);
        take(&log, example, piece);
        assert_int_equal(log.counts.brk, 2);
        assert_int_equal(log.counts.mmap, 1);
        assert_int_equal(log.counts.munmap, 1);
        assert_int_equal(log.counts.mremap, 1);
        assert_int_equal(log.counts.madvise, 1);
    }
}

static void trace_counts_everything_without_marks(void **state)
{
    (void)state;
    struct trace_log log;
    trace_log_init(&log, false);
    take(&log, "brk(NULL) = 0\n7 mmap(NULL, 1) = 0\n+++ exited with 0 +++\n", 5);
    assert_int_equal(log.counts.brk, 1);
    assert_int_equal(log.counts.mmap, 1);
}

static void timeline_stays_bounded_and_keeps_its_span(void **state)
{
    (void)state;
    struct timeline timeline;
    timeline_init(&timeline, 1000);
    for (int64_t i = 0; i < 100000; i++)
        if (i * 1000 % timeline.step_ns == 0)
            assert_int_equal(timeline_add(&timeline,
                                          (struct timeline_point){i * 1000, i, 2 * i, 0}),
                             0);
    assert_true(timeline.count <= 16384);
    assert_true(timeline.points[timeline.count - 1].time_ns >= 90000 * 1000);
    for (size_t i = 1; i < timeline.count; i++)
        assert_true(timeline.points[i].time_ns > timeline.points[i - 1].time_ns);
    timeline_release(&timeline);
}

static void mean_overhead_leaves_small_live_sets_out(void **state)
{
    (void)state;
    struct timeline timeline;
    const int64_t mib = 1 << 20;
    timeline_init(&timeline, 1);
    timeline_add(&timeline, (struct timeline_point){0, mib / 2, 100 * mib, 0}); /* left out */
    assert_int_equal(timeline_mean_overhead_ppm(&timeline, 0), MEASURE_NONE);
    timeline_add(&timeline, (struct timeline_point){1, 2 * mib, 5 * mib, 0}); /* (5-1)/2 = 2 */
    timeline_add(&timeline, (struct timeline_point){2, 4 * mib, 5 * mib, 0}); /* (5-1)/4 = 1 */
    assert_int_equal(timeline_mean_overhead_ppm(&timeline, mib), 1500000);
    timeline_release(&timeline);
}

static void proc_sees_memory_that_we_touch(void **state)
{
    (void)state;
    enum { BYTES = 64 << 20 };
    struct checkpoint_record before, after;
    int64_t minor[2], major[2];
    int statm = proc_open_statm(getpid());
    assert_true(statm >= 0);
    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    assert_int_equal(proc_read_status(getpid(), &before), 0);
    assert_int_equal(proc_read_smaps_rollup(getpid(), &before), 0);
    assert_int_equal(proc_read_faults(getpid(), &minor[0], &major[0]), 0);
    int64_t rss = proc_read_rss_bytes(statm);
    char *block = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(block, 1, BYTES);
    assert_int_equal(proc_read_status(getpid(), &after), 0);
    assert_int_equal(proc_read_smaps_rollup(getpid(), &after), 0);
    assert_int_equal(proc_read_faults(getpid(), &minor[1], &major[1]), 0);
    /* The kernel's counters are batched; a sixteenth is far beyond their slack. */
    const int64_t least = BYTES - BYTES / 16;
    assert_true(after.vm_rss_bytes - before.vm_rss_bytes >= least);
    assert_true(after.rss_anon_bytes - before.rss_anon_bytes >= least);
    assert_true(after.vm_size_bytes - before.vm_size_bytes >= BYTES);
    assert_true(after.pss_anon_bytes - before.pss_anon_bytes >= least);
    assert_true(after.vm_hwm_bytes >= after.vm_rss_bytes - BYTES / 16);
    assert_true(proc_read_rss_bytes(statm) - rss >= least);
    assert_true(minor[1] > minor[0]);
    munmap(block, BYTES);
    assert_int_equal(proc_reset_hwm(getpid()), 0);
    assert_int_equal(proc_read_status(getpid(), &after), 0);
    assert_true(after.vm_hwm_bytes < before.vm_rss_bytes + BYTES / 2);
    close(statm);
}

static void judge(const struct trial_page *page, int code, int status, const char *errors,
                  bool timed_out, struct trial_record *record)
{
    siginfo_t exited = {.si_code = code};
    exited.si_status = status;
    struct trial_end end = {page, &exited, errors, 1000000000, timed_out};
    trial_record_init(record);
    trial_end_judge(&end, record);
}

static void ends_are_told_apart(void **state)
{
    (void)state;
    struct trial_page *page = calloc(1, sizeof *page);
    struct trial_record record;
    page->laps = 40;
    atomic_store(&page->phase, PHASE_LAPS);
    atomic_store(&page->laps_done, 11);

    judge(page, CLD_KILLED, SIGSEGV, "first\nmalloc(): corrupted\n", false, &record);
    assert_int_equal(record.status, STATUS_CRASHED);
    assert_string_equal(record.detail, "SIGSEGV in lap 12 of 40; it said: malloc(): corrupted");
    judge(page, CLD_KILLED, SIGKILL, "", false, &record);
    assert_int_equal(record.status, STATUS_KILLED);
    judge(page, CLD_KILLED, SIGKILL, "", true, &record);
    assert_int_equal(record.status, STATUS_TIMED_OUT);
    judge(page, CLD_EXITED, 7, "", false, &record);
    assert_int_equal(record.status, STATUS_FAILED);
    assert_non_null(strstr(record.detail, "exit status 7"));
    atomic_store(&page->outcome, OUTCOME_DONE);
    judge(page, CLD_EXITED, 0, "", false, &record);
    assert_int_equal(record.status, STATUS_OK);
    judge(page, CLD_EXITED, 1, "", false, &record); /* died in a destructor */
    assert_int_equal(record.status, STATUS_FAILED);
    atomic_store(&page->outcome, OUTCOME_OUT_OF_MEMORY);
    judge(page, CLD_EXITED, 3, "", false, &record);
    assert_int_equal(record.status, STATUS_OUT_OF_MEMORY);
    atomic_store(&page->outcome, OUTCOME_CORRUPT);
    judge(page, CLD_EXITED, 4, "", false, &record);
    assert_int_equal(record.status, STATUS_CORRUPT);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace_counts_between_the_marks_and_resumed_calls_once),
        cmocka_unit_test(trace_counts_everything_without_marks),
        cmocka_unit_test(timeline_stays_bounded_and_keeps_its_span),
        cmocka_unit_test(mean_overhead_leaves_small_live_sets_out),
        cmocka_unit_test(proc_sees_memory_that_we_touch),
        cmocka_unit_test(ends_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
