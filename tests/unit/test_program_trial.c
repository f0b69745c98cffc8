/* Trials of programs: every way to end, with the right status and nothing left behind. */
#include "program_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define JEMALLOC "/lib/x86_64-linux-gnu/libjemalloc.so.2"
#define NS_PER_S INT64_C(1000000000)
#define BUSY_AWK "{under} awk 'BEGIN { for (i = 0; i < 40000; i++) a[i] = i \"x\" }'"

static void set(char **text, const char *value)
{
    free(*text);
    *text = strdup(value);
}

/* A command that must end with this status in each pass; the detail must hold `detail`. */
static void expect(const char *command, enum trial_status status, const char *detail)
{
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        struct program_fixture fixture;
        fixture_init(&fixture, command);
        fixture_trial(&fixture, (enum pass)pass);
        if (fixture.record.status != status || strstr(fixture.record.detail, detail) == NULL)
            fail_msg("%s, %s pass: %s: '%s', not %s with '%s'", command, pass_name((enum pass)pass),
                     trial_status_name(fixture.record.status), fixture.record.detail,
                     trial_status_name(status), detail);
        assert_int_equal(fixture.record.wall_ns, MEASURE_NONE); /* no figure is made up */
        fixture_release(&fixture);
    }
}

static void the_timed_pass_yields_times(void **state)
{
    struct program_fixture fixture;
    (void)state;
    fixture_init(&fixture, "{under} sleep 0.05; " BUSY_AWK);
    assert_int_equal(fixture_trial(&fixture, PASS_TIMED), STATUS_OK);
    assert_string_equal(fixture.record.detail, "");
    assert_in_range(fixture.record.wall_ns, NS_PER_S / 20, 60 * NS_PER_S);
    assert_in_range(fixture.record.cpu_ns, 1, fixture.record.wall_ns);
    assert_true(fixture.record.elapsed_ns >= fixture.record.wall_ns);
    assert_non_null(strstr(fixture.record.malloc_file, "libc.so.6"));
    assert_true(fixture.record.started_ns > 0);
    fixture_release(&fixture);
}

static void check_memory(const struct trial_record *record, uint64_t least_faults)
{
    const struct checkpoint_record *end = &record->checkpoints[CHECKPOINT_END];
    assert_true(end->reached);
    assert_in_range(end->vm_hwm_bytes, 4 << 20, 64 << 20);
    assert_in_range(end->rss_anon_bytes, 3 << 20, end->vm_hwm_bytes);
    assert_true(end->vm_peak_bytes >= end->vm_hwm_bytes);
    assert_in_range(record->minor_faults, least_faults, 100000);
    assert_true(record->sampled > 0);
    for (int64_t i = 0; i < record->sampled; i++) {
        assert_int_equal(record->timeline[i].live_bytes, MEASURE_NONE);
        assert_true(record->timeline[i].rss_bytes <= end->vm_hwm_bytes);
    }
    assert_non_null(strstr(record->malloc_file, "libc.so.6"));
}

static void the_memory_pass_yields_exact_figures(void **state)
{
    struct program_fixture fixture;
    (void)state;
    fixture_init(&fixture, BUSY_AWK "; {under} true");
    assert_int_equal(fixture_trial(&fixture, PASS_MEMORY), STATUS_OK);
    assert_string_equal(fixture.record.detail, "");
    check_memory(&fixture.record, 500);
    assert_in_range(fixture.record.checkpoints[CHECKPOINT_END].pss_anon_bytes, 3 << 20, 64 << 20);
    assert_true(fixture.record.voluntary_switches >= 0);
    assert_true(fixture.record.run_delay_ns >= 0);
    fixture_release(&fixture);
}

static void without_ptrace_memory_is_polled(void **state)
{
    struct program_fixture fixture;
    (void)state;
    /* It stays for a while at its peak: a look that comes late on a busy machine finds it there. */
    fixture_init(&fixture, "{under} awk 'BEGIN { for (i = 0; i < 400000; i++) a[i % 40000] = i "
                           "\"x\"; while (i < 6000000) i++ }'");
    fixture.options.never_trace = true;
    assert_int_equal(fixture_trial(&fixture, PASS_MEMORY), STATUS_OK);
    assert_non_null(strstr(fixture.record.detail, "polled"));
    /* What came before a late first look is not known. */
    check_memory(&fixture.record, 1);
    fixture_release(&fixture);
}

static void the_inspect_pass_counts_system_calls(void **state)
{
    struct program_fixture fixture;
    (void)state;
    fixture_init(&fixture, BUSY_AWK);
    assert_int_equal(fixture_trial(&fixture, PASS_INSPECT), STATUS_OK);
    if (!fixture.record.syscalls.counted)
        fail_msg("%s", fixture.record.detail);
    assert_in_range(fixture.record.syscalls.brk, 10, 1000);
    assert_in_range(fixture.record.syscalls.mmap, 5, 200);
    fixture_release(&fixture);
}

static void put_fake(const struct program_fixture *fixture, const char *name, const char *script)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", fixture->temporary, name);
    FILE *file = fopen(path, "w");
    fprintf(file, "#!/bin/sh\n%s\n", script);
    fclose(file);
    chmod(path, 0700);
}

static void a_strace_that_may_not_trace_is_no_failure(void **state)
{
    struct program_fixture fixture;
    char path[4096], fake[256];
    (void)state;
    char *before = strdup(getenv("PATH"));
    fixture_init(&fixture, BUSY_AWK);
    put_fake(&fixture, "strace",
             "echo 'strace: PTRACE_SEIZE: Operation not permitted' >&2\nexit 1");
    snprintf(path, sizeof path, "%s:%s", fixture.temporary, before);
    setenv("PATH", path, 1);
    assert_int_equal(fixture_trial(&fixture, PASS_INSPECT), STATUS_OK);
    assert_false(fixture.record.syscalls.counted);
    assert_non_null(strstr(fixture.record.detail, "Operation not permitted"));
    setenv("PATH", before, 1);
    free(before);
    snprintf(fake, sizeof fake, "%s/strace", fixture.temporary);
    unlink(fake);
    fixture_release(&fixture);
}

static void signals_and_exit_statuses_are_told(void **state)
{
    (void)state;
    expect("{under} env sh -c 'kill -SEGV $$'; s=$?; {under} true; exit $s", STATUS_CRASHED,
           "SIGSEGV");
    expect("{under} true; {under} sh -c 'kill -KILL $$'", STATUS_KILLED, "SIGKILL");
    expect("{under} true && echo last words >&2 && exit 7", STATUS_FAILED,
           "exit status 7; it said: last words");
    expect("{under} no-such-program", STATUS_FAILED, "no-such-program");
    expect("{under} true; echo 'x: Out of memory, sorry' >&2; exit 1", STATUS_OUT_OF_MEMORY,
           "Out of memory, sorry");
}

static void a_memory_limit_ends_as_out_of_memory(void **state)
{
    (void)state;
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        struct program_fixture fixture;
        fixture_init(&fixture, "{under} /usr/bin/python3 -I -S -c 'b = bytearray(1 << 28)'");
        fixture.options.memory_limit_bytes = 64 << 20;
        assert_int_equal(fixture_trial(&fixture, (enum pass)pass), STATUS_OUT_OF_MEMORY);
        assert_non_null(strstr(fixture.record.detail, "MemoryError"));
        fixture_release(&fixture);
    }
}

/* Hangs with a child that has left the session, which must go too. */
#define HANGING "setsid sleep 1000 & (sleep 1001 &) ; {under} sleep 1002"

static void a_hang_ends_at_the_time_limit(void **state)
{
    (void)state;
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        struct program_fixture fixture;
        fixture_init(&fixture, HANGING);
        fixture.options.time_limit_ns = NS_PER_S / 5;
        assert_int_equal(fixture_trial(&fixture, (enum pass)pass), STATUS_TIMED_OUT);
        assert_non_null(strstr(fixture.record.detail, "--time-limit"));
        fixture_release(&fixture);
    }
}

static void what_a_program_leaves_running_is_ended(void **state)
{
    (void)state;
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        struct program_fixture fixture;
        fixture_init(&fixture, "setsid sh -c 'trap \"\" TERM; sleep 1000' & {under} sleep 0.01");
        assert_int_equal(fixture_trial(&fixture, (enum pass)pass), STATUS_OK);
        fixture_release(&fixture);
    }
}

static volatile sig_atomic_t interrupted;

static void on_alarm(int number)
{
    (void)number;
    interrupted = 1;
}

static void an_interrupted_trial_stays_planned(void **state)
{
    (void)state;
    signal(SIGALRM, on_alarm);
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        struct program_fixture fixture;
        fixture_init(&fixture, HANGING);
        fixture.options.interrupted = &interrupted;
        interrupted = 0;
        alarm(1);
        assert_int_equal(fixture_trial(&fixture, (enum pass)pass), STATUS_PLANNED);
        fixture_release(&fixture);
    }
}

static void a_missing_executable_is_skipped(void **state)
{
    (void)state;
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        struct program_fixture fixture;
        fixture_init(&fixture, "{under} true");
        set(&fixture.program.needs, "sh no-such-thing");
        assert_int_equal(fixture_trial(&fixture, (enum pass)pass), STATUS_SKIPPED);
        assert_string_equal(fixture.record.detail,
                            "no-such-thing is not installed: apt-get install some-package");
        fixture_release(&fixture);
    }
}

static void a_command_without_under_is_refused(void **state)
{
    struct program_fixture fixture;
    char message[512] = "";
    (void)state;
    fixture_init(&fixture, "true");
    assert_int_equal(program_session_open(&fixture.session, &fixture.program, &fixture.paths,
                                          message),
                     -1);
    assert_non_null(strstr(message, "{under}"));
    fixture_release(&fixture);
}

static void failing_set_up_and_preparation_are_told(void **state)
{
    struct program_fixture fixture;
    (void)state;
    fixture_init(&fixture, "{under} true");
    set(&fixture.program.setup, "echo no inputs >&2; exit 3");
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(fixture_trial(&fixture, PASS_TIMED), STATUS_FAILED);
        assert_string_equal(fixture.record.detail, "setup: exit status 3; it said: no inputs");
    }
    fixture_release(&fixture);

    fixture_init(&fixture, "{under} true");
    set(&fixture.program.prepare, "exit 4");
    assert_int_equal(fixture_trial(&fixture, PASS_TIMED), STATUS_FAILED);
    assert_string_equal(fixture.record.detail, "prepare: exit status 4");
    fixture_release(&fixture);
}

static void the_texts_run_in_one_folder_in_their_order(void **state)
{
    struct program_fixture fixture;
    char told[128];
    (void)state;
    fixture_init(&fixture, "test \"$PWD\" = \"$HOME\" && test -e set-up && test -e prepared && "
                           "rm prepared && {under} true");
    snprintf(told, sizeof told, "touch \"%s/cleaned\"; mkdir -p d; touch d/f; chmod 0 d",
             fixture.temporary);
    set(&fixture.program.setup, "mkdir set-up"); /* a second time would fail */
    set(&fixture.program.prepare, "touch prepared");
    set(&fixture.program.cleanup, told);
    assert_int_equal(fixture_trial(&fixture, PASS_MEMORY), STATUS_OK);
    assert_int_equal(fixture_trial(&fixture, PASS_TIMED), STATUS_OK);
    assert_int_equal(fixture_trial(&fixture, PASS_INSPECT), STATUS_OK);
    program_session_close(&fixture.session);
    snprintf(told, sizeof told, "%s/cleaned", fixture.temporary);
    assert_int_equal(unlink(told), 0);
    fixture_release(&fixture);
}

static void another_malloc_is_not_injected(void **state)
{
    (void)state;
    /* A library without malloc: glibc serves, and must not pass for it. */
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        struct program_fixture fixture;
        fixture_init(&fixture, "{under} true");
        set(&fixture.allocator.name, "empty");
        fixture.allocator.path = path_join(fixture.paths.programs, "libheapmark-witness.so");
        assert_int_equal(fixture_trial(&fixture, (enum pass)pass), STATUS_NOT_INJECTED);
        assert_non_null(strstr(fixture.record.detail, "libc.so.6, not by empty"));
        fixture_release(&fixture);
    }
}

static void a_static_program_is_not_injected(void **state)
{
    (void)state;
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        struct program_fixture fixture;
        fixture_init(&fixture, "{under} ./still");
        set(&fixture.program.setup,
            "echo 'int main(void) { return 0; }' >still.c && cc -static -o still still.c");
        assert_int_equal(fixture_trial(&fixture, (enum pass)pass), STATUS_NOT_INJECTED);
        assert_non_null(strstr(fixture.record.detail, "static"));
        fixture_release(&fixture);
    }
}

static void the_projects_programs_run(void **state)
{
    static const char *const libraries[] = {NULL, JEMALLOC};
    struct program_list list;
    struct program_fixture fixture;
    char message[512] = "";
    (void)state;
    fixture_init(&fixture, "");
    assert_int_equal(program_list_load(&list, fixture.paths.stanzas, message), 0);
    fixture_release(&fixture);
    /* In turns: each program under each takes a minute where all packages are installed. */
    for (size_t i = 0; i < list.count; i++) {
        const char *library = libraries[i % 2];
        if (library != NULL && access(library, R_OK) < 0)
            library = NULL;
        fixture_init(&fixture, "");
        struct program own = fixture.program;
        fixture.program = list.programs[i];
        fixture.allocator.path = library != NULL ? strdup(library) : NULL;
        for (int pass = PASS_COUNT; pass-- > 0;) {
            fixture_trial(&fixture, (enum pass)pass);
            const struct trial_record *record = &fixture.record;
            if (record->status == STATUS_SKIPPED)
                break;
            if (record->status != STATUS_OK || record->detail[0] != '\0')
                fail_msg("%s, %s pass: %s: %s", fixture.program.name, pass_name((enum pass)pass),
                         trial_status_name(record->status), record->detail);
            assert_non_null(strstr(record->malloc_file, library ? "libjemalloc" : "libc.so.6"));
        }
        program_session_close(&fixture.session);
        fixture.program = own;
        fixture_release(&fixture);
    }
    program_list_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_timed_pass_yields_times),
        cmocka_unit_test(the_memory_pass_yields_exact_figures),
        cmocka_unit_test(without_ptrace_memory_is_polled),
        cmocka_unit_test(the_inspect_pass_counts_system_calls),
        cmocka_unit_test(a_strace_that_may_not_trace_is_no_failure),
        cmocka_unit_test(signals_and_exit_statuses_are_told),
        cmocka_unit_test(a_memory_limit_ends_as_out_of_memory),
        cmocka_unit_test(a_hang_ends_at_the_time_limit),
        cmocka_unit_test(what_a_program_leaves_running_is_ended),
        cmocka_unit_test(an_interrupted_trial_stays_planned),
        cmocka_unit_test(a_missing_executable_is_skipped),
        cmocka_unit_test(a_command_without_under_is_refused),
        cmocka_unit_test(failing_set_up_and_preparation_are_told),
        cmocka_unit_test(the_texts_run_in_one_folder_in_their_order),
        cmocka_unit_test(another_malloc_is_not_injected),
        cmocka_unit_test(a_static_program_is_not_injected),
        cmocka_unit_test(the_projects_programs_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
