/*
 * Draws every chart with the real scripts from small tables, and fails on purpose: names that
 * look like code, no figures at all, no gnuplot, a script that breaks, a folder that is none.
 * Runs in the root of the tree.
 */
#include "chart_draw.h"
#include "chart_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHARTS_OF_ALL = 5 };

static const char *const usual[] = {"glibc", "jemalloc", "bump", NULL};
static const char *const eleven[] = {"bump",          "freelist-first", "freelist-next",
                                     "freelist-best", "freelist-worst", "glibc",
                                     "jemalloc",      "mimalloc",       "tcmalloc",
                                     "tbbmalloc",     "scudo",          NULL};
static const char *const odd[] = {"my_malloc v2 {/Bold x}",
                                  "`touch pwned`",
                                  "@ARG1 'x' %s %d $0",
                                  "<a &nbsp;& b>^2",
                                  "# é",
                                  "glibc",
                                  NULL};

static char *file_text(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *text = NULL;
    FILE *copy = open_memstream(&text, bytes);
    for (int c; (c = getc(file)) != EOF;)
        putc(c, copy);
    fclose(copy);
    fclose(file);
    return text;
}

/* Enough of XML to know that a browser will take it: tags nest, and no bare '&' stands in text. */
static void check_well_formed(const char *text)
{
    char open[64][24];
    size_t depth = 0, elements = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '&')
            assert_true(strcspn(c, ";") < 8);
        if (*c != '<')
            continue;
        const char *end = strncmp(c, "<!--", 4) == 0 ? strstr(c, "-->") + 2 : strchr(c, '>');
        assert_non_null(end);
        if (c[1] == '/') {
            assert_true(depth > 0);
            depth--;
            assert_int_equal(strncmp(c + 2, open[depth], strlen(open[depth])), 0);
        } else if (c[1] != '!' && c[1] != '?' && end[-1] != '/') {
            assert_true(depth < 64);
            snprintf(open[depth++], sizeof open[0], "%.*s", (int)strcspn(c + 1, " \t\n>"), c + 1);
        }
        elements++;
        c = end;
    }
    assert_int_equal(depth, 0);
    assert_true(elements > 20);
}

/* XML lets a '>' in text stand, and so does gnuplot. */
static void check_holds(const char *svg, const char *name)
{
    char escaped[128] = "";
    for (; *name != '\0'; name++) {
        size_t length = strlen(escaped);
        const char *form = *name == '<' ? "&lt;" : *name == '&' ? "&amp;" : "%c";
        snprintf(escaped + length, sizeof escaped - length, form, *name);
    }
    if (strstr(svg, escaped) == NULL)
        fail_msg("the chart does not name %s", escaped);
}

/* Width and height of a PNG stand in its first chunk. An empty page of 1100 x 620 takes about
 * 4 kB. */
static void check_png(const char *path)
{
    size_t bytes = 0;
    unsigned char *text = (unsigned char *)file_text(path, &bytes);
    assert_true(bytes > 6000);
    assert_memory_equal(text, "\x89PNG\r\n\x1a\n", 8);
    unsigned width = (unsigned)text[18] << 8 | text[19];
    unsigned height = (unsigned)text[22] << 8 | text[23];
    assert_in_range(width, 1100, 1400);
    assert_in_range(height, 180, 800);
    free(text);
}

static void check_written(void *argument, const char *path)
{
    struct fixture *fixture = argument;
    const char *suffix = strrchr(path, '.');
    fixture->written++;
    assert_null(strstr(path, "/."));
    if (strcmp(suffix, ".png") == 0) {
        check_png(path);
        return;
    }
    assert_string_equal(suffix, ".svg");
    size_t bytes = 0;
    char *svg = file_text(path, &bytes);
    check_well_formed(svg);
    check_holds(svg, fixture->run.name);
    /* Where an allocator without figures has no place, the chart says so instead. */
    bool nothing = strstr(svg, "Nothing to compare") != NULL;
    for (size_t a = 0; a < fixture->run.allocator_count && !nothing; a++)
        check_holds(svg, fixture->allocators[a].name);
    free(svg);
}

static int draw(struct fixture *fixture, const char *plots)
{
    return chart_draw_all(plots, fixture->tables, fixture->output, &fixture->summary, check_written,
                          fixture, fixture->message);
}

static void check_all_drawn(const char *const *names, bool present)
{
    struct fixture *fixture = fixture_create(names, present);
    if (draw(fixture, "plots") < 0)
        fail_msg("%s", fixture->message);
    size_t expected = 2 * (CHARTS_OF_ALL + WORKLOADS);
    assert_int_equal(fixture->written, expected);
    assert_int_equal(fixture_free(fixture), expected);
    assert_int_not_equal(access("pwned", F_OK), 0);
}

static void test_every_chart_of_a_run(void **state)
{
    (void)state;
    check_all_drawn(usual, true);
}

static void test_eleven_allocators(void **state)
{
    (void)state;
    check_all_drawn(eleven, true);
}

static void test_one_allocator(void **state)
{
    (void)state;
    const char *const one[] = {"glibc", NULL};
    check_all_drawn(one, true);
}

static void test_names_that_look_like_code(void **state)
{
    (void)state;
    check_all_drawn(odd, true);
}

static void test_no_figure_at_all(void **state)
{
    (void)state;
    check_all_drawn(usual, false);
}

static void test_failed_cells_say_why(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_create(usual, false);
    char path[256];
    size_t bytes = 0;
    assert_int_equal(draw(fixture, "plots"), 0);
    snprintf(path, sizeof path, "%s/speed.svg", fixture->output);
    char *svg = file_text(path, &bytes);
    check_holds(svg, "out of memory");
    free(svg);
    fixture_free(fixture);
}

static void check_refused(struct fixture *fixture, const char *plots, const char *expected)
{
    assert_int_equal(draw(fixture, plots), -1);
    if (strstr(fixture->message, expected) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", fixture->message, expected);
    assert_int_equal(fixture->written, 0);
}

static void test_gnuplot_missing(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_create(usual, true);
    char *path = strdup(getenv("PATH"));
    setenv("PATH", fixture->output, 1);
    check_refused(fixture, "plots", "gnuplot is not installed: apt-get install gnuplot-nox");
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(fixture_free(fixture), 0);
}

/* `text` stands in for every script. */
static void check_script(const char *text, const char *expected)
{
    static const char *const scripts[] = {"speed",   "peak_rss", "blow_up",
                                          "scatter", "syscalls", "timeline"};
    struct fixture *fixture = fixture_create(usual, true);
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s.gp", fixture->folder, scripts[i]);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fprintf(file, "%s\n", text);
        fclose(file);
    }
    check_refused(fixture, fixture->folder, expected);
    assert_int_equal(fixture_free(fixture), 0);
}

static void test_failing_script_leaves_no_half_file(void **state)
{
    (void)state;
    check_script("set print ARG2.'.svg'; print 'half'; unset print; plot nowhere",
                 "undefined variable: nowhere");
    check_script("set print ARG2.'.png'; print 'half'; unset print; exit status 3",
                 "chart speed: gnuplot:");
}

static void test_incomplete_file_is_refused(void **state)
{
    (void)state;
    check_script("set print ARG2.'.svg'; print '<svg>'; unset print", "incomplete file");
}

static void test_output_folder_is_none(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_create(usual, true);
    char output[sizeof fixture->output];
    memcpy(output, fixture->output, sizeof output);
    snprintf(fixture->output, sizeof fixture->output, "%s/none", fixture->folder);
    check_refused(fixture, "plots", "cannot write into the folder");
    snprintf(fixture->output, sizeof fixture->output, "%s/speed.tsv", fixture->tables);
    check_refused(fixture, "plots", "Not a directory");
    memcpy(fixture->output, output, sizeof output);
    assert_int_equal(fixture_free(fixture), 0);
}

static void test_read_only_output_folder(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root may write anywhere */
    struct fixture *fixture = fixture_create(usual, true);
    assert_int_equal(chmod(fixture->output, 0555), 0);
    check_refused(fixture, "plots", "cannot write into the folder");
    chmod(fixture->output, 0755);
    assert_int_equal(fixture_free(fixture), 0);
}

/* A limit on the size of files stands in for a full disk. */
static void test_full_disk(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_create(usual, true);
    struct rlimit usual_limit, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual_limit), 0);
    limit = usual_limit;
    limit.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int result = draw(fixture, "plots");
    setrlimit(RLIMIT_FSIZE, &usual_limit);
    assert_int_equal(result, -1);
    assert_non_null(strstr(fixture->message, "chart speed: gnuplot"));
    assert_int_equal(fixture->written, 0);
    assert_int_equal(fixture_free(fixture), 0);
}

static void test_missing_table(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_create(usual, true);
    char path[256];
    snprintf(path, sizeof path, "%s/allocators.tsv", fixture->tables);
    unlink(path);
    check_refused(fixture, "plots", "allocators.tsv");
    assert_int_equal(fixture_free(fixture), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_chart_of_a_run),
        cmocka_unit_test(test_eleven_allocators),
        cmocka_unit_test(test_one_allocator),
        cmocka_unit_test(test_names_that_look_like_code),
        cmocka_unit_test(test_no_figure_at_all),
        cmocka_unit_test(test_failed_cells_say_why),
        cmocka_unit_test(test_gnuplot_missing),
        cmocka_unit_test(test_failing_script_leaves_no_half_file),
        cmocka_unit_test(test_incomplete_file_is_refused),
        cmocka_unit_test(test_output_folder_is_none),
        cmocka_unit_test(test_read_only_output_folder),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_missing_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
