/*
 * The exports of a run whose figures are known: what a reader of each format relies on.
 */
#include "output.h"
#include "run_fixture.h"
#include "utf8.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { GLIBC, FAST, ODD };
enum { WEB, WEB_2, PROG };

struct fixture {
    struct run run;
    struct summary summary;
    char *text; /* the last export */
    size_t text_bytes;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    run_fixture_init(&fixture->run, "2026-11-21T10-15-00-testhost");
    run_fixture_measure(&fixture->run);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->text);
    summary_release(&fixture->summary);
    run_release(&fixture->run);
    free(fixture);
    return 0;
}

/* Exports the run as it stands now. */
static const char *export_as(struct fixture *fixture, output_fn *write)
{
    free(fixture->text);
    fixture->text = NULL;
    summary_release(&fixture->summary);
    assert_int_equal(summary_init(&fixture->summary, &fixture->run), 0);
    FILE *stream = open_memstream(&fixture->text, &fixture->text_bytes);
    assert_non_null(stream);
    assert_int_equal(write(stream, &fixture->summary), 0);
    assert_int_equal(fclose(stream), 0);
    /* Whatever the strings of the run hold, no byte is out of place. */
    char *clean = utf8_clean(fixture->text);
    assert_string_equal(fixture->text, clean);
    free(clean);
    return fixture->text;
}

static void spoil(struct fixture *fixture)
{
    struct trial_key crashed = {WEB, ODD, 0, PASS_TIMED}, slow = {WEB_2, FAST, 0, PASS_INSPECT};
    struct trial_record *record = run_fixture_trial(&fixture->run, crashed);
    record->status = STATUS_CRASHED;
    snprintf(record->detail, sizeof record->detail,
             "killed by signal 11 in \"free\", see \xff\xfe <core>, and\tpass -v; or |\033[31m");
    record = run_fixture_trial(&fixture->run, slow);
    record->status = STATUS_TIMED_OUT;
    snprintf(record->detail, sizeof record->detail, "over 60 s");
}

static void assert_holds(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("'%s' is not in:\n%s", words, text);
}

static size_t longest_line(const char *text)
{
    size_t longest = 0;
    while (*text != '\0') {
        size_t bytes = strcspn(text, "\n");
        char *line = strndup(text, bytes);
        size_t length = utf8_length(line);
        longest = length > longest ? length : longest;
        free(line);
        text += bytes + (text[bytes] == '\n');
    }
    return longest;
}

static void test_text(void **state)
{
    struct fixture *fixture = *state;
    const char *text = export_as(fixture, output_text);
    assert_true(longest_line(text) <= 120);
    assert_holds(text, "web: 10 blocks, 4.00 M calls a trial, 1 thread\n    threads=1, size=4096");
    assert_holds(text, "web-2: 10 blocks, 4.00 M calls a trial, 2 threads\n    web: threads=1");
    assert_holds(text, "prog: 10 blocks, whole program\n");
    assert_holds(text, "2.000 [2.000, 2.000] 13.0 MiB  1.38  1.00  1.12  1.30  0.20  0.75 3.00 MiB "
                       "1.00 MiB   2500   132\n");
    /* By speed: fast, then the reference, then the slower one. */
    const char *fast = strstr(text, "\nfast "), *glibc = strstr(text, "\nglibc ");
    const char *odd = strstr(text, "\nodd, \"name\" ");
    assert_true(fast != NULL && fast < glibc && glibc < odd);
    assert_holds(text, "geometric mean over workloads, relative to glibc");
    assert_holds(text, "3 of 3  nobody beats it on both");
    struct trial_key key = {PROG, FAST, 0, PASS_MEMORY};
    spoil(fixture);
    run_fixture_trial(&fixture->run, key)->status = STATUS_NOT_INJECTED;
    text = export_as(fixture, output_text);
    assert_holds(text, "\nfast            not injected (memory pass)\n");
    assert_true(longest_line(text) <= 120);
    assert_holds(text,
                 "odd, \"name\"     crashed (9 of 10 trials were ok)\n    killed by signal 11");
    assert_holds(text, "    inspect pass: timed out\n    over 60 s\n");
    assert_holds(text, "2 of 3\n");
    /* No control character reaches a terminal. */
    assert_null(strpbrk(text, "\033\t\r\x7f"));
}

/* A long name widens its column and nothing else breaks; five blocks have no interval. */
static void test_text_of_little(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < fixture->run.trial_count; i++)
        if (fixture->run.trials[i].key.block >= 4)
            fixture->run.trials[i].status = STATUS_PLANNED;
    fixture->run.finished_ns = 0;
    const char *text = export_as(fixture, output_text);
    assert_holds(text, "not finished");
    assert_holds(text, "2.000 (n=4)");
    struct run empty;
    struct summary summary;
    run_init(&empty);
    empty.name = strdup("empty");
    assert_int_equal(summary_init(&summary, &empty), 0);
    FILE *stream = fopen("/dev/null", "w");
    for (const struct output_format *format = output_formats; format->name != NULL; format++)
        assert_int_equal(format->write(stream, &summary), 0);
    fclose(stream);
    summary_release(&summary);
    run_release(&empty);
}

static void test_markdown(void **state)
{
    struct fixture *fixture = *state;
    spoil(fixture);
    const char *text = export_as(fixture, output_markdown);
    assert_holds(text, "| fast | ");
    assert_holds(text, "| **crashed (9 of 10 trials were ok)**: killed by signal 11");
    assert_holds(text, "\\<core\\>");
    assert_holds(text, "\\|");
    assert_holds(text, "fast, inspect pass: timed out: over 60 s");
    /* Every row of a table has as many cells as its heading. */
    size_t bars = 0, lines = 0;
    char *copy = strdup(text), *rest = copy, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        size_t count = 0;
        for (char *c = line; *c != '\0'; c++)
            count += *c == '|' && (c == line || c[-1] != '\\');
        if (line[0] != '|')
            bars = 0;
        else if (bars == 0)
            bars = count;
        else
            assert_int_equal(count, bars);
        lines += line[0] == '|';
    }
    assert_int_equal(lines, FIXTURE_WORKLOADS * (2 + FIXTURE_ALLOCATORS) + 2 + FIXTURE_ALLOCATORS);
    free(copy);
}

/* Reads one CSV record (RFC 4180) into `fields`; returns their number and moves `text` on. */
static size_t read_record(const char **text, char fields[][256], size_t most)
{
    size_t count = 0;
    const char *c = *text;
    for (bool more = true; more;) {
        size_t length = 0;
        bool quoted = *c == '"';
        c += quoted;
        assert_true(count < most);
        while (quoted ? *c != '"' || c[1] == '"' : *c != ',' && *c != '\r') {
            c += quoted && *c == '"';
            assert_true(*c != '\0' && length < 255);
            fields[count][length++] = *c++;
        }
        c += quoted;
        fields[count++][length] = '\0';
        more = *c == ',';
        c += more;
    }
    assert_memory_equal(c, "\r\n", 2);
    *text = c + 2;
    return count;
}

enum { FIELDS = 200 };
static char header[FIELDS][256], fields[FIELDS][256];

static const char *field(const char *name, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(header[i], name) == 0)
            return fields[i];
    fail_msg("there is no column %s", name);
    return NULL;
}

static void test_csv(void **state)
{
    struct fixture *fixture = *state;
    spoil(fixture);
    const char *text = export_as(fixture, output_csv);
    size_t columns = read_record(&text, header, FIELDS), rows = 0;
    while (*text != '\0') {
        assert_int_equal(read_record(&text, fields, FIELDS), columns);
        if (rows++ == WEB * FIXTURE_ALLOCATORS + FAST) {
            assert_string_equal(field("allocator", columns), "fast");
            assert_string_equal(field("reference", columns), "glibc");
            assert_string_equal(field("params", columns), "threads=1,size=4096");
            assert_true(fabs(strtod(field("speed", columns), NULL) - 2) < 1e-3);
            assert_string_equal(field("speed_count", columns), "10");
            assert_string_equal(field("overhead_at_peak", columns), "1.125");
            assert_string_equal(field("overhead_at_peak_low", columns), "");
            assert_string_equal(field("brk", columns), "100");
        }
        if (strcmp(field("status", columns), "crashed") == 0) {
            assert_string_equal(field("allocator", columns), "odd, \"name\"");
            assert_holds(field("detail", columns), "in \"free\", see");
            assert_string_equal(field("ok", columns), "9");
        }
    }
    assert_int_equal(rows, FIXTURE_WORKLOADS * FIXTURE_ALLOCATORS);
}

static void test_trials_csv(void **state)
{
    struct fixture *fixture = *state;
    const char *text = export_as(fixture, output_trials_csv);
    size_t columns = read_record(&text, header, FIELDS), rows = 0;
    while (*text != '\0') {
        const struct trial_record *trial = &fixture->run.trials[rows++];
        assert_int_equal(read_record(&text, fields, FIELDS), columns);
        assert_int_equal(strtoll(field("id", columns), NULL, 10), trial->id);
        assert_int_equal(strtoll(field("wall_ns", columns), NULL, 10), trial->wall_ns);
        assert_string_equal(field("pass", columns), pass_name(trial->key.pass));
        bool peak = trial->checkpoints[CHECKPOINT_PEAK].reached;
        assert_string_equal(field("peak_vm_rss_bytes", columns), peak ? "11534336" : "");
        assert_string_equal(field("madvise", columns), trial->syscalls.counted ? "5" : "");
    }
    assert_int_equal(rows, fixture->run.trial_count);
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("%s at %d", error.text, error.position);
    return root;
}

static void test_json(void **state)
{
    struct fixture *fixture = *state;
    spoil(fixture);
    json_t *root = parse(export_as(fixture, output_json));
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "run"), "seed")),
                        "18446744073709551615");
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "facts"), "host")),
                        "testhost");
    assert_int_equal(json_array_size(json_object_get(root, "allocators")), FIXTURE_ALLOCATORS);
    json_t *trials = json_object_get(root, "trials");
    assert_int_equal(json_array_size(trials), fixture->run.trial_count);
    json_t *trial = json_array_get(trials, 0);
    assert_int_equal(json_array_size(json_object_get(trial, "lap")), FIXTURE_LAPS);
    assert_int_equal(json_array_size(json_object_get(trial, "timeline")), FIXTURE_POINTS);
    assert_true(json_is_null(json_object_get(trial, "syscalls")));
    assert_true(json_is_null(json_object_get(trial, "startup_ns")));
    json_t *cells = json_object_get(json_object_get(root, "summary"), "cells");
    assert_int_equal(json_array_size(cells), FIXTURE_WORKLOADS * FIXTURE_ALLOCATORS);
    json_t *cell = json_array_get(cells, FAST), *speed = json_object_get(cell, "speed");
    assert_true(fabs(json_real_value(json_object_get(speed, "value")) - 2) < 1e-3);
    assert_true(json_is_null(json_object_get(json_object_get(cell, "syscalls"), "low")));
    json_t *crashed = json_array_get(cells, ODD);
    assert_string_equal(json_string_value(json_object_get(crashed, "status")), "crashed");
    assert_holds(json_string_value(json_object_get(crashed, "detail")), "\xEF\xBF\xBD\xEF\xBF\xBD");
    json_decref(root);
}

static double number(json_t *entry, const char *key)
{
    assert_true(json_is_number(json_object_get(entry, key)));
    return json_number_value(json_object_get(entry, key));
}

static const char *string(json_t *entry, const char *key)
{
    assert_true(json_is_string(json_object_get(entry, key)));
    return json_string_value(json_object_get(entry, key));
}

/* What tools/compare.py and Google Benchmark's own schema ask of every entry. */
static void check_entry(json_t *entry)
{
    bool aggregate = strcmp(string(entry, "run_type"), "aggregate") == 0;
    char expected[128];
    snprintf(expected, sizeof expected, "%s%s%s", string(entry, "run_name"), aggregate ? "_" : "",
             aggregate ? string(entry, "aggregate_name") : "");
    assert_string_equal(string(entry, "name"), expected);
    assert_string_equal(string(entry, "time_unit"), "ns");
    number(entry, "family_index");
    number(entry, "per_family_instance_index");
    number(entry, "threads");
    number(entry, "iterations");
    number(entry, "real_time");
    number(entry, "cpu_time");
    assert_int_equal((int)number(entry, "repetitions"), FIXTURE_BLOCKS);
    if (!aggregate)
        assert_true(number(entry, "repetition_index") < FIXTURE_BLOCKS);
}

static void test_gbench(void **state)
{
    struct fixture *fixture = *state;
    spoil(fixture);
    json_t *root = parse(export_as(fixture, output_gbench)), *entry;
    json_t *context = json_object_get(root, "context");
    assert_string_equal(string(context, "date"), "2026-11-21T10:00:00+00:00");
    assert_string_equal(string(context, "host_name"), "testhost");
    assert_int_equal((int)number(context, "num_cpus"), 2);
    assert_int_equal((int)number(context, "mhz_per_cpu"), 2700);
    assert_int_equal((int)number(context, "json_schema_version"), 1);
    assert_int_equal(json_array_size(json_object_get(context, "load_avg")), 3);
    assert_string_equal(string(context, "library_build_type"), "release");
    size_t i, errors = 0, aggregates = 0, repetitions = 0;
    json_array_foreach(json_object_get(root, "benchmarks"), i, entry)
    {
        check_entry(entry);
        repetitions += strcmp(string(entry, "run_type"), "iteration") == 0;
        aggregates += strcmp(string(entry, "run_type"), "aggregate") == 0;
        if (json_is_true(json_object_get(entry, "error_occurred"))) {
            errors++;
            assert_string_equal(string(entry, "name"), "web/odd, \"name\"");
            assert_holds(string(entry, "error_message"), "signal 11");
            assert_true(number(entry, "real_time") == 0 && number(entry, "iterations") == 0);
        }
        if (strcmp(string(entry, "name"), "web/glibc_median") == 0) {
            assert_true(fabs(number(entry, "real_time") - 51.25) < 1e-6);
            assert_true(number(entry, "items_per_second") > 1.9e7);
        }
    }
    assert_int_equal(errors, 1);
    assert_int_equal(repetitions, FIXTURE_WORKLOADS * FIXTURE_ALLOCATORS * FIXTURE_BLOCKS);
    assert_int_equal(aggregates, FIXTURE_WORKLOADS * FIXTURE_ALLOCATORS * 4);
    json_decref(root);
}

static void test_full_device(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(summary_init(&fixture->summary, &fixture->run), 0);
    for (const struct output_format *format = output_formats; format->name != NULL; format++) {
        FILE *stream = fopen("/dev/full", "w");
        assert_non_null(stream);
        errno = 0;
        assert_int_equal(format->write(stream, &fixture->summary), -1);
        assert_int_equal(errno, ENOSPC);
        fclose(stream);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_text),   TEST(test_text_of_little), TEST(test_markdown),
        TEST(test_csv),    TEST(test_trials_csv),     TEST(test_json),
        TEST(test_gbench), TEST(test_full_device),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
