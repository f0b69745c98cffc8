/*
 * The gate's rules on made-up readings: what is worse, what cannot be compared, what the file
 * holds; and what of a library decides how it behaves.
 */
#include "elf_code.h"
#include "gate.h"
#include "message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { CALLS = 1000, COUNT = 100000 };

static void set(struct exact_values *values, int64_t value)
{
    *values = (struct exact_values){.value = {value}, .count = 1};
}

/* One allocator, one workload, some values. */
static void fill(struct baseline *baseline)
{
    baseline_init(baseline);
    for (int f = 0; f < BASELINE_FACT_COUNT; f++)
        baseline->facts[f] = strdup("this");
    baseline->seed = UINT64_MAX;
    struct baseline_workload *workload = baseline_add_workload(baseline, "work");
    assert_non_null(workload);
    workload->run = strdup("/some/where/app.hmt:touch=page");
    workload->trace_sha256 = strdup("abc");
    workload->operations = CALLS;
    workload->live_peak_bytes = CALLS;
    set(&workload->control.values[EXACT_INSTRUCTIONS], COUNT);
    struct baseline_allocator *allocator = baseline_add_allocator(baseline, "mine");
    assert_non_null(allocator);
    allocator->sha256 = strdup("1");
    allocator->code_sha256 = strdup("2");
    allocator->compiler = strdup("cc");
    allocator->cells[0].planned = true;
    set(&allocator->cells[0].values[EXACT_INSTRUCTIONS], COUNT);
    set(&allocator->cells[0].values[EXACT_SYSCALLS], 10);
    set(&allocator->cells[0].values[EXACT_PSS], 1 << 20);
}

struct pair {
    struct baseline base, now;
    struct gate gate;
    struct gate_rules rules;
    struct exact_values *values; /* of now */
};

static int set_up(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);
    assert_non_null(pair);
    fill(&pair->base);
    fill(&pair->now);
    memcpy(pair->rules.tolerance, pair->base.tolerance, sizeof pair->rules.tolerance);
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++)
        pair->rules.gates[m] = true;
    pair->values = pair->now.allocators[0].cells[0].values;
    *state = pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;
    baseline_release(&pair->base);
    baseline_release(&pair->now);
    gate_release(&pair->gate);
    free(pair);
    return 0;
}

static void change_fact(struct baseline *baseline, enum baseline_fact fact)
{
    free(baseline->facts[fact]);
    baseline->facts[fact] = strdup("that");
}

/* Judges, and returns the verdict of the measure. */
static enum gate_verdict judge(struct pair *pair, const char *measure)
{
    gate_release(&pair->gate);
    gate_judge(&pair->gate, &pair->base, &pair->now, "mine", &pair->rules);
    for (size_t i = 0; i < pair->gate.count; i++)
        if (strcmp(pair->gate.checks[i].measure, measure) == 0)
            return pair->gate.checks[i].verdict;
    fail_msg("no check of %s", measure);
    return GATE_ERROR;
}

static void test_tolerances(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(judge(pair, "instructions"), GATE_SAME);
    assert_int_equal(pair->gate.count, 3);
    assert_int_equal(gate_result(&pair->gate), COMPARE_NOTHING_WORSE);
    set(&pair->values[EXACT_INSTRUCTIONS], COUNT + COUNT / 1000);
    assert_int_equal(judge(pair, "instructions"), GATE_SAME);
    set(&pair->values[EXACT_INSTRUCTIONS], COUNT + COUNT / 1000 + 1);
    assert_int_equal(judge(pair, "instructions"), GATE_WORSE);
    assert_int_equal(gate_result(&pair->gate), COMPARE_WORSE);
    set(&pair->values[EXACT_INSTRUCTIONS], COUNT - COUNT / 1000 - 1);
    assert_int_equal(judge(pair, "instructions"), GATE_BETTER);
    assert_int_equal(gate_result(&pair->gate), COMPARE_NOTHING_WORSE);
    set(&pair->values[EXACT_SYSCALLS], 11);
    assert_int_equal(judge(pair, "syscalls"), GATE_WORSE);
    set(&pair->values[EXACT_PSS], (1 << 20) + 16384);
    assert_int_equal(judge(pair, "pss"), GATE_SAME);
    set(&pair->values[EXACT_PSS], (1 << 20) + 16385);
    assert_int_equal(judge(pair, "pss"), GATE_WORSE);
    pair->rules.gates[EXACT_PSS] = false;
    judge(pair, "syscalls");
    assert_int_equal(pair->gate.count, 2);
}

/* Only what lies beyond all that was seen is a change. */
static void test_ranges(void **state)
{
    struct pair *pair = *state;
    exact_values_add(&pair->base.allocators[0].cells[0].values[EXACT_SYSCALLS], 14);
    set(&pair->values[EXACT_SYSCALLS], 14);
    assert_int_equal(judge(pair, "syscalls"), GATE_SAME);
    set(&pair->values[EXACT_SYSCALLS], 15);
    assert_int_equal(judge(pair, "syscalls"), GATE_WORSE);
    set(&pair->values[EXACT_SYSCALLS], 9);
    assert_int_equal(judge(pair, "syscalls"), GATE_BETTER);
}

static void test_values_are_sorted_once_each_and_bounded(void **state)
{
    (void)state;
    struct exact_values values = {.count = 0};
    char text[EXACT_VALUE_BYTES];
    assert_string_equal(exact_values_print(EXACT_SYSCALLS, &values, text), "n/a");
    static const int64_t seen[] = {5, 3, 5, MEASURE_NONE, 9, 7, 4, 1, 20};
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
        exact_values_add(&values, seen[i]);
    assert_int_equal(values.count, EXACT_VALUES_MAXIMUM);
    assert_int_equal(values.value[0], 1);
    assert_int_equal(values.value[EXACT_VALUES_MAXIMUM - 1], 20);
    for (size_t i = 1; i < values.count; i++)
        assert_true(values.value[i - 1] < values.value[i]);
    assert_string_equal(exact_values_print(EXACT_SYSCALLS, &values, text), "1 to 20");
}

static void test_what_else_differs_is_no_verdict(void **state)
{
    struct pair *pair = *state;
    set(&pair->values[EXACT_INSTRUCTIONS], 2 * COUNT);
    set(&pair->values[EXACT_PSS], 2 << 20);
    change_fact(&pair->now, BASELINE_thp);
    /* Huge pages move memory, and no count. */
    assert_int_equal(judge(pair, "pss"), GATE_NOT_COMPARABLE);
    assert_int_equal(judge(pair, "instructions"), GATE_WORSE);
    change_fact(&pair->now, BASELINE_cpus);
    assert_int_equal(judge(pair, "instructions"), GATE_NOT_COMPARABLE);
    assert_int_equal(gate_result(&pair->gate), COMPARE_UNDECIDED);
    assert_non_null(strstr(pair->gate.checks[0].why, "cpus this, this is that"));
    /* Equal values are equal, whatever differs; and what was measured here needs no excuse. */
    assert_int_equal(judge(pair, "syscalls"), GATE_SAME);
    pair->rules.live = true;
    assert_int_equal(judge(pair, "instructions"), GATE_WORSE);
}

static void test_the_control(void **state)
{
    struct pair *pair = *state;
    set(&pair->values[EXACT_INSTRUCTIONS], 2 * COUNT);
    set(&pair->now.workloads[0].control.values[EXACT_INSTRUCTIONS], COUNT + 1);
    assert_int_equal(judge(pair, "instructions"), GATE_NOT_COMPARABLE);
    assert_non_null(strstr(pair->gate.checks[0].why, "the C library's own malloc"));
    change_fact(&pair->now, BASELINE_valgrind);
    judge(pair, "instructions");
    assert_non_null(strstr(pair->gate.checks[0].why, "with valgrind this"));
    set(&pair->now.workloads[0].control.values[EXACT_INSTRUCTIONS], COUNT);
    assert_int_equal(judge(pair, "instructions"), GATE_WORSE);
}

static void test_other_work_and_failures(void **state)
{
    struct pair *pair = *state;
    pair->now.workloads[0].operations++;
    assert_int_equal(judge(pair, "work"), GATE_NOT_COMPARABLE);
    pair->now.workloads[0].operations--;
    pair->now.workloads[0].trace_sha256[0] = 'x';
    assert_int_equal(judge(pair, "work"), GATE_NOT_COMPARABLE);
    assert_non_null(strstr(pair->gate.checks[0].why, "the trace is another"));
    pair->now.allocators[0].cells[0].status = STATUS_CRASHED;
    assert_int_equal(judge(pair, "trials"), GATE_WORSE);
    /* Where the control falls, too, it is not the allocator's doing. */
    pair->now.workloads[0].control.status = STATUS_CRASHED;
    assert_int_equal(judge(pair, "trials"), GATE_ERROR);
    assert_int_equal(gate_result(&pair->gate), COMPARE_COULD_NOT_RUN);
}

static void test_nothing_checked_is_not_green(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(gate_result(&pair->gate), COMPARE_COULD_NOT_RUN);
    gate_add(&pair->gate, "mine", "", "time", GATE_NOT_GATED);
    assert_int_equal(gate_result(&pair->gate), COMPARE_COULD_NOT_RUN);
    gate_add(&pair->gate, "mine", "", "library", GATE_SAME);
    assert_int_equal(gate_result(&pair->gate), COMPARE_NOTHING_WORSE);
    gate_drop(&pair->gate, "mine");
    assert_int_equal(pair->gate.count, 0);
}

static void test_the_file_holds_everything(void **state)
{
    struct pair *pair = *state;
    char message[MESSAGE_BYTES];
    struct baseline again;
    const char *folder = getenv("TMP");
    char file[512];
    snprintf(file, sizeof file, "%s/test_gate-%ld.json", folder != NULL ? folder : "/tmp",
             (long)getpid());
    exact_values_add(&pair->base.allocators[0].cells[0].values[EXACT_PSS], 2 << 20);
    assert_int_equal(baseline_write(&pair->base, file, message), 0);
    assert_int_equal(baseline_read(&again, file, message), 0);
    assert_int_equal(unlink(file), 0);
    assert_true(again.seed == UINT64_MAX);
    assert_string_equal(again.workloads[0].run, pair->base.workloads[0].run);
    assert_int_equal(again.workloads[0].operations, CALLS);
    assert_memory_equal(again.allocators[0].cells[0].values,
                        pair->base.allocators[0].cells[0].values,
                        sizeof again.allocators[0].cells[0].values);
    assert_memory_equal(again.tolerance, pair->base.tolerance, sizeof again.tolerance);
    assert_string_equal(again.allocators[0].compiler, "cc");
    baseline_release(&again);
    assert_int_equal(baseline_read(&again, file, message), -1);
    assert_int_equal(errno, ENOENT);
}

static void test_merging(void **state)
{
    struct pair *pair = *state;
    char message[MESSAGE_BYTES];
    free(pair->now.allocators[0].name);
    pair->now.allocators[0].name = strdup("other");
    assert_int_equal(baseline_merge(&pair->base, &pair->now, message), 0);
    assert_int_equal(pair->base.allocator_count, 2);
    assert_int_equal(baseline_find_allocator(&pair->base, "other"), 1);
    assert_true(pair->base.allocators[1].cells[0].planned);
    baseline_release(&pair->now);
    fill(&pair->now);
    change_fact(&pair->now, BASELINE_libc);
    assert_int_equal(baseline_merge(&pair->base, &pair->now, message), -1);
    assert_non_null(strstr(message, "libc was 'this'"));
    baseline_release(&pair->now);
    fill(&pair->now);
    pair->now.workloads[0].operations++;
    assert_int_equal(baseline_merge(&pair->base, &pair->now, message), -1);
}

/* This program is an ELF file: its build id may be another, and nothing else of what is loaded. */
static void test_code_of_files(void **state)
{
    (void)state;
    struct elf_code own, text;
    char message[MESSAGE_BYTES];
    assert_int_equal(elf_code_read(&own, "/proc/self/exe", message), 0);
    assert_int_equal(strlen(own.sha256), 64);
    assert_string_not_equal(own.compiler, "unknown");
    assert_int_equal(elf_code_read(&text, "/proc/self/exe", message), 0);
    assert_string_equal(own.sha256, text.sha256);
    assert_int_equal(elf_code_read(&text, "/etc/passwd", message), 0);
    assert_string_equal(text.compiler, "unknown");
    assert_string_not_equal(own.sha256, text.sha256);
    assert_int_equal(elf_code_read(&text, "/no/such/file", message), -1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_tolerances),
        CASE(test_ranges),
        CASE(test_values_are_sorted_once_each_and_bounded),
        CASE(test_what_else_differs_is_no_verdict),
        CASE(test_the_control),
        CASE(test_other_work_and_failures),
        CASE(test_nothing_checked_is_not_green),
        CASE(test_the_file_holds_everything),
        CASE(test_merging),
        CASE(test_code_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
