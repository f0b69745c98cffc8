/* The corpus of traces, and FUZZ_RUNS changes of it, go through the reader. */
#include "fuzz_trace.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CORPUS "tests/fuzz/corpus/trace"
#ifdef __SANITIZE_THREAD__
enum { RUNS = 200 }; /* one thread, and slow: nothing is to be found here */
#else
enum { RUNS = 4000 };
#endif
enum { FILES_MAXIMUM = 256, FILE_BYTES_MAXIMUM = 1 << 16 };

static struct {
    size_t length;
    uint8_t *bytes;
} file[FILES_MAXIMUM];
static size_t files;

static void load(const char *name)
{
    char path[sizeof CORPUS + 257];
    snprintf(path, sizeof path, CORPUS "/%s", name);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    file[files].bytes = malloc(FILE_BYTES_MAXIMUM);
    assert_non_null(file[files].bytes);
    file[files].length = fread(file[files].bytes, 1, FILE_BYTES_MAXIMUM, stream);
    files++;
    fclose(stream);
}

static int load_corpus(void **state)
{
    (void)state;
    struct dirent **entry;
    /* Sorted: a run that fails fails again. */
    int count = scandir(CORPUS, &entry, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (entry[i]->d_name[0] != '.' && files < FILES_MAXIMUM)
            load(entry[i]->d_name);
        free(entry[i]);
    }
    if (count >= 0)
        free(entry);
    return files > 0 ? 0 : -1;
}

static int drop_corpus(void **state)
{
    (void)state;
    while (files > 0)
        free(file[--files].bytes);
    return 0;
}

static void corpus_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < files; i++)
        LLVMFuzzerTestOneInput(file[i].bytes, file[i].length);
}

static void changes_are_read(void **state)
{
    (void)state;
    const char *asked = getenv("FUZZ_RUNS");
    unsigned long runs = asked != NULL ? strtoul(asked, NULL, 10) : RUNS;
    uint8_t *bytes = malloc(FILE_BYTES_MAXIMUM);
    assert_non_null(bytes);
    for (unsigned long run = 0; run < runs; run++) {
        size_t from = run % files, length = file[from].length;
        if (length == 0)
            continue;
        memcpy(bytes, file[from].bytes, length);
        for (unsigned again = 0; again <= run % 3 && length > 0; again++)
            length = LLVMFuzzerCustomMutator(bytes, length, FILE_BYTES_MAXIMUM,
                                             (unsigned)run * 4 + again);
        LLVMFuzzerTestOneInput(bytes, length);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus_is_read),
        cmocka_unit_test(changes_are_read),
    };
    return cmocka_run_group_tests(tests, load_corpus, drop_corpus);
}
