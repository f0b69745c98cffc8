/* What readers of the results of heapmark check rely on, whatever the names and reasons hold. */
#include "check_output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NASTY         "<script>\"&'\x1b[1m\xff"
#define TAMED         "&lt;script&gt;&quot;&amp;&apos; [1m\xef\xbf\xbd"
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { LONG_NAME, SHORT_NAME, ALLOCATORS };

static struct check_test tests[] = {
    {"contract",   "plain",                          "about " NASTY},
    {"contract",   NASTY,                            ""            },
    {"exhaustion", "a-name-of-more-than-26-columns", ""            },
    {"misuse",     "twice/small",                    ""            },
    {"misuse",     "twice/large",                    ""            },
};
static struct check_catalog catalog = {.tests = tests, .count = LENGTH(tests)};

/* Those of a run are its own. */
static char long_name[] = "an-allocator-whose-name-is-long", short_name[] = "b";
static char nasty_path[] = "/lib/" NASTY, path[] = "/lib/b.so";
static char nasty_version[] = "1" NASTY, version[] = "6.1";
static char cpu[] = "cpu", kernel[] = "kernel", nasty[] = NASTY;

struct fixture {
    struct allocator allocators[ALLOCATORS];
    struct fact facts[2];
    struct run run;
    struct check_table table;
    char *text;
    size_t bytes;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    *fixture = (struct fixture){
        .allocators = {{.name = long_name, .file = nasty_path, .version = nasty_version},
                       {.name = short_name, .file = path, .version = version, .sha256 = "abc123"}          },
        .facts = {{cpu, nasty},                                                      {kernel, version}},
    };
    fixture->run = (struct run){
        .allocators = fixture->allocators,
        .allocator_count = ALLOCATORS,
        .facts = fixture->facts,
        .fact_count = LENGTH(fixture->facts),
        .started_ns = INT64_C(1700000000000000000),
        .finished_ns = INT64_C(1700000002500000000),
    };
    assert_int_equal(check_table_init(&fixture->table, &catalog, &fixture->run), 0);
    for (size_t a = 0; a < ALLOCATORS; a++)
        for (size_t t = 0; t < catalog.count; t++)
            check_table_at(&fixture->table, a, t)->outcome =
                check_test_is_misuse(&tests[t]) ? CHECK_AT_ONCE : CHECK_PASS;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    check_table_release(&fixture->table);
    free(fixture->text);
    free(fixture);
    return 0;
}

static void give(struct fixture *fixture, size_t a, size_t t, enum check_outcome outcome,
                 const char *reason)
{
    struct check_result *result = check_table_at(&fixture->table, a, t);
    result->outcome = outcome;
    snprintf(result->reason, sizeof result->reason, "%s", reason);
}

static const char *print_as(struct fixture *fixture, const char *format)
{
    const struct check_report report = {.table = &fixture->table};
    free(fixture->text);
    FILE *file = open_memstream(&fixture->text, &fixture->bytes);
    assert_non_null(file);
    assert_int_equal(check_output_find(format)(file, &report), 0);
    assert_int_equal(fclose(file), 0);
    return fixture->text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

static void nothing_from_outside_is_markup(void **state)
{
    struct fixture *fixture = *state;
    give(fixture, LONG_NAME, 0, CHECK_CRASH, "reason " NASTY);
    give(fixture, SHORT_NAME, 3, CHECK_LATE, "misuse " NASTY);
    const char *page = print_as(fixture, "html");
    assert_null(strstr(page, "<script"));
    assert_null(strchr(page, '\x1b'));
    assert_non_null(strstr(page, "about " TAMED));
    assert_non_null(strstr(page, "/lib/" TAMED));
    assert_non_null(strstr(page, ">1" TAMED "<"));
    assert_non_null(strstr(page, "Machine: " TAMED ", Linux 6.1."));
    /* In the attribute, in the cell, and in the list. */
    assert_int_equal(count_of(page, "reason " TAMED), 3);
    assert_int_equal(count_of(page, "misuse " TAMED), 1);
}

static void every_outcome_is_worded(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < CHECK_OUTCOME_COUNT; i++) {
        enum check_outcome outcome = (enum check_outcome)i;
        bool of_misuse = strncmp(check_outcome_help(outcome), "misuse: ", 8) == 0;
        char cell[64];
        give(fixture, SHORT_NAME, of_misuse ? 3 : 0, outcome, "it is so");
        const char *page = print_as(fixture, "html");
        snprintf(cell, sizeof cell, of_misuse ? "small: %s: it is so\"" : "<summary>%s</summary>",
                 check_outcome_word(outcome));
        assert_int_equal(count_of(page, cell), 1);
    }
}

static void the_verdict_is_at_the_top(void **state)
{
    struct fixture *fixture = *state;
    const char *page = print_as(fixture, "html");
    assert_non_null(strstr(page, "2 allocators, 5 tests"));
    assert_non_null(strstr(page, "verdict good\">All as expected.<"));
    assert_non_null(strstr(page, "in 2.50 s"));
    assert_non_null(strstr(page, "every test has passed"));
    give(fixture, SHORT_NAME, 0, CHECK_HANG, "");
    check_table_at(&fixture->table, LONG_NAME, 0)->unexpected_pass = true;
    give(fixture, LONG_NAME, 1, CHECK_NOT_RUN, "");
    page = print_as(fixture, "html");
    assert_non_null(strstr(page,
                           "verdict bad\">1 unexpected: not passed. 1 passed against the list "
                           "of deviations, which is stale. 1 not run.<"));
    assert_non_null(strstr(page, "class=\"bad\">hang<"));
    assert_non_null(strstr(page, "<summary>passes now</summary>"));
    assert_null(strstr(page, "every test has passed"));
}

/* Where a column begins: the place of the first `word` in the line that begins with `line`. */
static long column_of(const char *text, const char *line, const char *word)
{
    const char *begin = strstr(text, line), *found = strstr(begin, word);
    assert_true(found != NULL && found < strchr(begin, '\n'));
    return found - begin;
}

static void long_cells_shift_no_column(void **state)
{
    struct fixture *fixture = *state;
    give(fixture, LONG_NAME, 0, CHECK_KNOWN, "long");
    give(fixture, LONG_NAME, 1, CHECK_NOT_INJECTED, "long");
    give(fixture, SHORT_NAME, 2, CHECK_SKIP, "why");
    const char *text = print_as(fixture, "text");
    long heading = column_of(text, "allocator ", "exhaustion");
    assert_int_equal(column_of(text, "an-allocator", "1 of 1"), heading);
    assert_int_equal(column_of(text, "b ", "0 of 1, 1 skipped"), heading);
    assert_int_equal(column_of(text, "  an-allocator", "known: "),
                     column_of(text, "  b ", "skip: "));
}

int main(void)
{
    const struct CMUnitTest list[] = {
        cmocka_unit_test_setup_teardown(nothing_from_outside_is_markup, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_outcome_is_worded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_verdict_is_at_the_top, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_cells_shift_no_column, set_up, tear_down),
    };
    return cmocka_run_group_tests(list, NULL, NULL);
}
