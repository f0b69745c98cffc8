/* The stanzas, and how values get through the shell. */
#include "message.h"
#include "paths.h"
#include "program.h"
#include "program_command.h"
#include "program_fixture.h"
#include "subprocess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void the_projects_stanzas_load(void **state)
{
    static const char *const names[] = {"gcc",          "lua5.4",  "python3",
                                        "redis-server", "sqlite3", "z3"};
    struct program_fixture fixture;
    struct program_list list;
    char message[MESSAGE_BYTES] = "";
    (void)state;
    fixture_init(&fixture, "{under} true");
    assert_int_equal(program_list_load(&list, fixture.paths.stanzas, message), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct program *program = program_find(&list, names[i]);
        assert_non_null(program);
        assert_true(program->summary[0] != '\0' && program->source[0] != '\0');
        assert_non_null(strstr(program->command, "{under}"));
    }
    for (size_t i = 1; i < list.count; i++)
        assert_true(strcmp(list.programs[i - 1].name, list.programs[i].name) < 0);
    assert_null(program_find(&list, "no such program"));
    program_list_release(&list);
    fixture_release(&fixture);
}

/* Loads a folder with one file of this text; returns what program_list_load said. */
static int load_text(const char *text, char *message)
{
    char folder[] = "/tmp/test-stanza-XXXXXX";
    struct program_list list;
    assert_non_null(mkdtemp(folder));
    char *path = path_join(folder, "one.ini");
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    message[0] = '\0';
    int result = program_list_load(&list, folder, message);
    if (result == 0)
        program_list_release(&list);
    unlink(path);
    rmdir(folder);
    free(path);
    return result;
}

static void bad_stanzas_are_refused_with_their_line(void **state)
{
    char message[MESSAGE_BYTES];
    (void)state;
    assert_int_equal(
        load_text("[a]\nsummary = s\npackage = p\nneeds = sh\ncommand = {under} true\n", message),
        0);
    assert_int_equal(load_text("[a]\nsummary = s\npackage = p\nneeds = sh\ncommand = true\n",
                               message),
                     -1);
    assert_non_null(strstr(message, "one.ini:1: the command of program [a] has no {under}"));
    assert_int_equal(load_text("[a]\nsummary = s\nneeds = sh\ncommand = {under} true\n", message),
                     -1);
    assert_non_null(strstr(message, "has no 'package'"));
    assert_int_equal(load_text("[a]\nsummary = s\npackage = p\nneeds = sh\ncommand = {under} true\n"
                               "comand = x\n",
                               message),
                     -1);
    assert_non_null(strstr(message, "one.ini:6: unknown key 'comand'"));
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct program_list list;
    char message[MESSAGE_BYTES] = "";
    (void)state;
    assert_int_equal(program_list_load(&list, "/no/such/folder", message), -1);
    assert_non_null(strstr(message, "/no/such/folder"));
}

static void the_first_missing_executable_is_named(void **state)
{
    char missing[64] = "", needs[] = "sh /bin/sh no-such-executable another-one";
    struct program program = {.needs = needs};
    (void)state;
    assert_int_equal(program_missing(&program, missing), 1);
    assert_string_equal(missing, "no-such-executable");
    needs[strlen("sh /bin/sh")] = '\0';
    assert_int_equal(program_missing(&program, missing), 0);
}

/* What a process sees of VALUE when the shell has run {under} with it. */
static void through_the_shell(const char *value, char *seen, size_t bytes)
{
    char env[256], message[MESSAGE_BYTES] = "";
    snprintf(env, sizeof env, "VALUE=%s", value);
    struct allocator allocator = {.name = (char[]){"a"}, .env = env};
    struct program_under under = {.allocator = &allocator};
    char *words = program_under_text(&under, message);
    assert_non_null(words);
    char *command = program_expand("{under} printenv VALUE", words);
    const char *const argv[] = {"sh", "-c", command, NULL};
    struct subprocess_result result;
    assert_int_equal(
        subprocess_run(&(struct subprocess){.argv = argv, .output_maximum_bytes = 4096}, &result),
        0);
    snprintf(seen, bytes, "%s", result.output);
    seen[strcspn(seen, "\n")] = '\0';
    subprocess_result_release(&result);
    free(command);
    free(words);
}

static void values_do_not_break_out_of_their_quotes(void **state)
{
    static const char *const values[] = {
        "plain",
        "a b",
        "'; touch /tmp/broken-out; '",
        "$(touch /tmp/broken-out)",
        "`touch /tmp/broken-out`",
        "\"$HOME\"",
        "a\\'b'c",
        "&& exit 3 #",
        "{under}",
        "*",
    };
    (void)state;
    unlink("/tmp/broken-out");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char seen[256];
        through_the_shell(values[i], seen, sizeof seen);
        assert_string_equal(seen, values[i]);
    }
    assert_int_not_equal(access("/tmp/broken-out", F_OK), 0);
}

static void what_cannot_be_passed_on_is_refused(void **state)
{
    static const char *const paths[] = {"/a folder/lib.so", "/a:b/lib.so", "/$LIB/lib.so"};
    static const char *const variables[] = {"-S x", "NAME", "=x", "1A=x", "LD_PRELOAD=/x.so"};
    char message[MESSAGE_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct allocator allocator = {.name = (char[]){"a"}, .path = (char *)paths[i]};
        message[0] = '\0';
        assert_null(program_under_text(&(struct program_under){.allocator = &allocator}, message));
        assert_non_null(strstr(message, paths[i]));
    }
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        struct allocator allocator = {.name = (char[]){"a"}, .env = (char *)variables[i]};
        message[0] = '\0';
        assert_null(program_under_text(&(struct program_under){.allocator = &allocator}, message));
        assert_true(message[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_projects_stanzas_load),
        cmocka_unit_test(bad_stanzas_are_refused_with_their_line),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(the_first_missing_executable_is_named),
        cmocka_unit_test(values_do_not_break_out_of_their_quotes),
        cmocka_unit_test(what_cannot_be_passed_on_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
