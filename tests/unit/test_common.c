/* What every stage uses: subprocesses, ELF files, folders, names. */
#include "elf_file.h"
#include "last_words.h"
#include "message.h"
#include "record.h"
#include "report.h"
#include "subprocess.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct subprocess_result run_shell(const char *script, uint64_t limit_ns, size_t maximum)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct subprocess spec = {.argv = argv,
                              .time_limit_ns = limit_ns,
                              .output_maximum_bytes = maximum};
    struct subprocess_result result;
    assert_int_equal(subprocess_run(&spec, &result), 0);
    return result;
}

static void subprocess_keeps_output_and_status(void **state)
{
    (void)state;
    struct subprocess_result result = run_shell("echo out; echo err >&2; exit 3", 0, 100);
    assert_int_equal(result.exit_status, 3);
    assert_int_equal(result.signal, 0);
    assert_string_equal(result.output, "out\n");
    assert_string_equal(result.errors, "err\n");
    subprocess_result_release(&result);
}

static void subprocess_cuts_long_output_without_stalling(void **state)
{
    (void)state;
    struct subprocess_result result = run_shell("head -c 1000000 /dev/zero | tr '\\0' x", 0, 10);
    assert_int_equal(result.exit_status, 0);
    assert_string_equal(result.output, "xxxxxxxxxx");
    subprocess_result_release(&result);
}

static void subprocess_ends_what_hangs_and_its_children(void **state)
{
    (void)state;
    struct subprocess_result result = run_shell("sleep 1000 & echo $!; wait", 200000000, 100);
    assert_true(result.timed_out);
    assert_int_equal(result.signal, SIGKILL);
    pid_t left = atoi(result.output);
    assert_true(left > 0);
    for (int i = 0; i < 200 && kill(left, 0) == 0; i++)
        usleep(10000); /* its own reaping is init's affair */
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", left);
    FILE *stat = fopen(path, "r");
    if (stat != NULL) {
        assert_non_null(fgets(text, sizeof text, stat));
        assert_non_null(strstr(text, ") Z"));
        fclose(stat);
    }
    subprocess_result_release(&result);
}

static void subprocess_tells_a_missing_program(void **state)
{
    (void)state;
    const char *argv[] = {"heapmark-no-such-program", NULL};
    struct subprocess spec = {.argv = argv, .output_maximum_bytes = 10};
    struct subprocess_result result;
    assert_int_equal(subprocess_run(&spec, &result), -1);
    assert_int_equal(errno, ENOENT);
    subprocess_result_release(&result);
}

static void subprocess_is_not_held_by_closed_or_inherited_streams(void **state)
{
    (void)state;
    struct subprocess_result result = run_shell("exec >&- 2>&-; sleep 1000", 200000000, 100);
    assert_true(result.timed_out);
    subprocess_result_release(&result);
    result = run_shell("while :; do echo x; done & exit 7", UINT64_C(20000000000), 100);
    assert_false(result.timed_out);
    assert_int_equal(result.exit_status, 7);
    subprocess_result_release(&result);
}

static void last_words_are_of_the_end(void **state)
{
    (void)state;
    struct last_words words = {0};
    char quote[64];
    assert_string_equal(last_words_quote(words.text, quote, sizeof quote), "");
    for (int i = 0; i < 3 * LAST_WORDS_BYTES / 10; i++)
        last_words_add(&words, "some line\n", 10);
    last_words_add(&words, "the\0end\n", 8);
    assert_true(words.bytes <= LAST_WORDS_BYTES);
    assert_string_equal(last_words_quote(words.text, quote, sizeof quote), "; it said: the end");
    assert_int_equal(strlen(words.text), words.bytes);
}

static void elf_files_are_told_from_others(void **state)
{
    (void)state;
    char reason[MESSAGE_BYTES], path[] = "/tmp/heapmark-test-elf-XXXXXX";
    unsigned char header[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    assert_non_null(elf_file_misfit("/no/such/file", reason));
    assert_non_null(elf_file_misfit("/etc/passwd", reason));
    assert_non_null(strstr(reason, "not an ELF file"));
    header[16] = 3;   /* ET_DYN */
    header[18] = 243; /* EM_RISCV */
    int file = mkstemp(path);
    assert_int_equal(write(file, header, sizeof header), sizeof header);
    close(file);
    assert_non_null(elf_file_misfit(path, reason));
    assert_non_null(strstr(reason, "RISC-V"));
    assert_null(elf_file_misfit("/proc/self/exe", reason)); /* a PIE is ET_DYN, of this machine */
    unlink(path);
}

static void folders_are_made_with_those_above(void **state)
{
    (void)state;
    char root[] = "/tmp/heapmark-test-XXXXXX", path[128];
    struct stat found;
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/a/b/c", root);
    assert_int_equal(make_folders(path), 0);
    assert_int_equal(make_folders(path), 0);
    assert_int_equal(stat(path, &found), 0);
    assert_true(S_ISDIR(found.st_mode));
    assert_int_equal(make_folders("/proc/nothing/here"), -1);
    for (int i = 0; i < 4; i++) {
        rmdir(path);
        *strrchr(path, '/') = '\0';
    }
}

static void names_go_round(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++)
        assert_int_equal(trial_status_parse(trial_status_name((enum trial_status)i)), i);
    for (int i = 0; i < PASS_COUNT; i++)
        assert_int_equal(pass_parse(pass_name((enum pass)i)), i);
    assert_int_equal(trial_status_parse("nonsense"), -1);
    assert_int_equal(pass_parse(""), -1);
}

static void messages_are_one_line_and_fit(void **state)
{
    (void)state;
    char message[MESSAGE_BYTES], longer[2 * MESSAGE_BYTES];
    assert_int_equal(message_set(message, "a\nb %d", 1), -1);
    assert_string_equal(message, "a b 1");
    message_set(message, "\033[2J\tgone");
    assert_string_equal(message, " [2J gone");
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    message_set(message, "%s", longer);
    assert_int_equal(strlen(message), MESSAGE_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subprocess_keeps_output_and_status),
        cmocka_unit_test(subprocess_cuts_long_output_without_stalling),
        cmocka_unit_test(subprocess_ends_what_hangs_and_its_children),
        cmocka_unit_test(subprocess_tells_a_missing_program),
        cmocka_unit_test(subprocess_is_not_held_by_closed_or_inherited_streams),
        cmocka_unit_test(last_words_are_of_the_end),
        cmocka_unit_test(elf_files_are_told_from_others),
        cmocka_unit_test(folders_are_made_with_those_above),
        cmocka_unit_test(names_go_round),
        cmocka_unit_test(messages_are_one_line_and_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
