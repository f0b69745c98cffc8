/*
 * The tables that the charts are drawn from, the text that goes into every format, and the
 * reference of all names.
 */
#include "output.h"
#include "run_fixture.h"
#include "utf8.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WEB, WEB_2 };
enum { FAST = 1, ODD };

static void assert_holds(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("'%s' is not in:\n%s", words, text);
}

static void test_utf8(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain",                                "plain"                                           },
        {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"            },
        {"a\xFFz",                               "a\xEF\xBF\xBDz"                                  },
        {"\xC0\xAF",                             "\xEF\xBF\xBD\xEF\xBF\xBD"                        },
        {"\xED\xA0\x80",                         "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"            },
        {"\xF4\x90\x80\x80",                     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xE2\x82",                             "\xEF\xBF\xBD\xEF\xBF\xBD"                        },
        {"\xE2",                                 "\xEF\xBF\xBD"                                    },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *clean = utf8_clean(cases[i][0]);
        assert_string_equal(clean, cases[i][1]);
        free(clean);
    }
    char *line = utf8_line("a\tb\nc\033d\x7f"
                           "e\xC2\x85"
                           "f");
    assert_string_equal(line, "a b c d e f");
    free(line);
    assert_int_equal(utf8_length("\xC3\xA9\xE2\x82\xAC"), 2);
}

/* The file `name` of `folder`; the caller frees it. */
static char *read_table(const char *folder, const char *name)
{
    char path[256], *text = calloc(1, 1 << 20);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("there is no %s", path);
    text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
    fclose(file);
    unlink(path);
    return text;
}

static void assert_table(const char *folder, const char *name, const char *begin)
{
    char *text = read_table(folder, name);
    if (strncmp(text, begin, strlen(begin)) != 0)
        fail_msg("%s begins\n%.400s\nand not\n%s", name, text, begin);
    free(text);
}

static void rename_label(struct run *run, size_t workload, const char *label)
{
    free(run->workloads[workload].label);
    run->workloads[workload].label = strdup(label);
}

static void check_timelines(const char *folder)
{
    char *text = read_table(folder, "timeline-web_1.tsv");
    assert_true(strncmp(text, "glibc\n0\t0\t2097152\t0\n0.001\t50000\t2147152\t40000\n", 40) == 0);
    assert_holds(text, "\n\n\nfast\n0\t0\t");
    assert_holds(text, "\n\n\nodd,  name \n0\t0\t");
    free(text);
    /* A name that the file system already has gets its number. */
    text = read_table(folder, "timeline-web_1-1.tsv");
    free(text);
}

static void test_chart_tables(void **state)
{
    (void)state;
    struct run run;
    struct summary summary;
    char folder[] = "/tmp/heapmark-tables-XXXXXX";
    assert_non_null(mkdtemp(folder));
    run_fixture_init(&run, "2026-11-21T10-15-00-testhost");
    run_fixture_measure(&run);
    run_fixture_trial(&run, (struct trial_key){WEB, ODD, 0, PASS_TIMED})->status = STATUS_CRASHED;
    run_fixture_trial(&run, (struct trial_key){WEB_2, FAST, 0, PASS_INSPECT})->status =
        STATUS_TIMED_OUT;
    rename_label(&run, WEB, "web/1");
    rename_label(&run, WEB_2, "web 1");
    assert_int_equal(summary_init(&summary, &run), 0);
    assert_int_equal(output_chart_tables(folder, &summary), 0);
    assert_table(folder, "allocators.tsv",
                 "index\tname\treference\tgeomean_speed\tlow\thigh\tworkloads\tversion\n"
                 "0\tglibc\t1\t1\tNaN\tNaN\t3\t1.0\n1\tfast\t0\t");
    assert_table(folder, "workloads.tsv",
                 "index\tlabel\tkind\ttimeline\tthreads\tblocks\tparams\n"
                 "0\tweb/1\tsynthetic\ttimeline-web_1.tsv\t1\t10\tthreads=1,size=4096\n"
                 "1\tweb 1\tsynthetic\ttimeline-web_1-1.tsv\t2\t10\tthreads=1,size=4096\n"
                 "2\tprog\tprogram\tNaN\t1\t10\t \n");
    assert_table(folder, "speed.tsv",
                 "workload\tglibc\tglibc.low\tglibc.high\tfast\tfast.low\tfast.high\t"
                 "odd,  name \todd,  name .low\todd,  name .high\nweb/1\t1\tNaN\tNaN\t2\t2\t2\t"
                 "NaN\tNaN\tNaN\n");
    assert_table(folder, "peak_rss.tsv", "workload\tglibc\t");
    assert_table(folder, "blow_up.tsv", "workload\tglibc\t");
    char *text = read_table(folder, "syscalls.tsv");
    assert_holds(text, "web/1\tglibc\t0\t0\t100\t20\t3\t4\t5\t132\n");
    assert_holds(text, "\n\n\nprog\tglibc\t2\t0\tNaN\tNaN\tNaN\tNaN\tNaN\tNaN\n");
    assert_holds(text, "web 1\tfast\t1\t1\tNaN");
    free(text);
    text = read_table(folder, "scatter.tsv");
    assert_holds(text, "glibc\t0\t1\tNaN\tNaN\t1\t3\t1\n");
    assert_holds(text, "\t2\tNaN\n"); /* the one that crashed is not compared */
    free(text);
    check_timelines(folder);
    assert_table(folder, "blow_up_laps.tsv",
                 "workload_index\tfile\n0\tblow-up-web_1.tsv\n1\tblow-up-web_1-1.tsv\n");
    assert_table(folder, "blow-up-web_1.tsv",
                 "lap\tblow_up\tlow\thigh\n1\tNaN\tNaN\tNaN\n2\tNaN\tNaN\tNaN\n");
    text = read_table(folder, "blow-up-web_1-1.tsv");
    assert_holds(text, "\n\n\n1\tNaN\tNaN\tNaN\n");
    free(text);
    assert_table(folder, "latencies.tsv", "workload_index\tfile\tpaced\tgap\tpanels\n");
    assert_table(folder, "requests.tsv", "workload_index\tfile\tpaced\tgap\tpanels\n");
    assert_table(folder, "curves.tsv",
                 "index\tfile\tworkload\tparam\tfixed\tthreads\tcpus\tpoints\n");
    /* No other file was left. */
    assert_int_equal(rmdir(folder), 0);
    errno = 0;
    assert_int_equal(output_chart_tables(folder, &summary), -1);
    assert_int_equal(errno, ENOENT);
    summary_release(&summary);
    run_release(&run);
}

/* Every column and every word that the store and the exports use stands in the reference. */
static void test_documentation(void **state)
{
    (void)state;
    char *text = calloc(1, 1 << 20), quoted[96];
    FILE *file = fopen("docs/results.md", "r");
    if (file == NULL)
        fail_msg("run me in the root of the project: there is no docs/results.md here");
    text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
    fclose(file);
#define MENTIONED(name)                            \
    snprintf(quoted, sizeof quoted, "`%s`", name); \
    assert_holds(text, quoted);
#define X(name, ...) MENTIONED(#name)
    TRIAL_MEASURES(X)
    CHECKPOINT_MEASURES(X)
    SYSCALL_MEASURES(X)
    SUMMARY_MEASURES(X)
#undef X
#define X(name, word, help) MENTIONED(word)
    PASSES(X)
    TRIAL_STATUSES(X)
    CHECKPOINTS(X)
#undef X
    for (const struct output_format *format = output_formats; format->name != NULL; format++) {
        MENTIONED(format->name)
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_chart_tables),
        cmocka_unit_test(test_documentation),
    };
    return cmocka_run_group_tests_name("output tables", tests, NULL, NULL);
}
