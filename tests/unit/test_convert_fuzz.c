/*
 * Importers against damaged files: none may crash, hang or take much memory, whatever the format
 * they are told to read. The corpus is tests/data/convert; mutations are the same in every run.
 */
#include "import.h"
#include "message.h"
#include "source.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

enum {
    CORPUS_MAXIMUM = 32,
    BYTES_MAXIMUM = 16 << 10,
    MUTATIONS = 60, /* of each file */
    SECONDS_MAXIMUM = 6,
    GROWTH_KIB_MAXIMUM = 256 << 10,
};

struct corpus {
    struct sample {
        unsigned char bytes[BYTES_MAXIMUM];
        size_t count;
    } sample[CORPUS_MAXIMUM];
    size_t count;
};

static uint64_t state = 88172645463325252U;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void add_sample(struct corpus *corpus, const unsigned char *bytes, size_t count)
{
    assert_true(corpus->count < CORPUS_MAXIMUM && count <= BYTES_MAXIMUM);
    struct sample *sample = &corpus->sample[corpus->count++];
    memcpy(sample->bytes, bytes, count);
    sample->count = count;
}

/* Each file as it is and, where it is compressed, what is inside. */
static void add_file(struct corpus *corpus, const char *path)
{
    char message[MESSAGE_BYTES] = "";
    unsigned char bytes[BYTES_MAXIMUM], *inside;
    size_t inner;
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    size_t count = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    add_sample(corpus, bytes, count);
    struct source *source = source_of_memory(path, bytes, count, message);
    assert_non_null(source);
    assert_int_equal(source_rest(source, BYTES_MAXIMUM, &inside, &inner, message), 0);
    if (inner != count || memcmp(inside, bytes, count) != 0)
        add_sample(corpus, inside, inner);
    free(inside);
    source_close(source);
}

static void load(struct corpus *corpus)
{
    static const char folder[] = "tests/data/convert";
    char path[512];
    DIR *files = opendir(folder);
    assert_non_null(files);
    for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "README.md") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        add_file(corpus, path);
    }
    closedir(files);
    assert_true(corpus->count > 10);
}

/* Flips, overwrites, repeats, cuts out or cuts off. */
static size_t mutate(unsigned char *bytes, size_t count)
{
    static const unsigned char telling[] = {0, 1, 8, 0x0a, 0x7f, 0x80, 0xff, '-', '\n', ' ', '9'};
    for (uint64_t steps = 1 + next_random() % 4; steps > 0 && count > 1; steps--) {
        size_t at = next_random() % count, length = 1 + next_random() % 16;
        if (length > count - at)
            length = count - at;
        switch (next_random() % 6) {
        case 0:
            bytes[at] ^= (unsigned char)(1U << next_random() % 8);
            break;
        case 1:
            bytes[at] = telling[next_random() % sizeof telling];
            break;
        case 2:
            memset(bytes + at, telling[next_random() % sizeof telling], length);
            break;
        case 3:
            memmove(bytes + next_random() % (count - length + 1), bytes + at, length);
            break;
        case 4:
            memmove(bytes + at, bytes + at + length, count - at - length);
            count -= length;
            break;
        default:
            count = at + 1;
        }
    }
    return count;
}

static int import_bytes(const unsigned char *bytes, size_t count,
                        const struct foreign_format *format, bool lenient)
{
    char message[MESSAGE_BYTES] = "";
    struct import_request request = {.input = "fuzz",
                                     .output = "/dev/null",
                                     .format = format,
                                     .lenient = lenient};
    struct import_result result;
    struct source *source = source_of_memory("fuzz", bytes, count, message);
    assert_non_null(source);
    int done = import_source(source, &request, &result, message);
    source_close(source);
    assert_true(done == 0 || (done == -1 && message[0] != '\0'));
    return done;
}

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void test_damaged_files_end_in_a_message(void **unused)
{
    (void)unused;
    static struct corpus corpus;
    time_t end = time(NULL) + SECONDS_MAXIMUM;
    long before = peak_kib(), imported = 0, tried = 0;
    load(&corpus);
    for (int round = 0; round < MUTATIONS && time(NULL) < end; round++)
        for (size_t i = 0; i < corpus.count; i++) {
            unsigned char bytes[BYTES_MAXIMUM];
            memcpy(bytes, corpus.sample[i].bytes, corpus.sample[i].count);
            size_t count = mutate(bytes, corpus.sample[i].count);
            tried++;
            imported += import_bytes(bytes, count, NULL, round % 2 == 0) == 0;
        }
    print_message("%ld damaged files, %ld imported all the same\n", tried, imported);
    assert_true(tried > 0 && imported < tried);
    assert_true(peak_kib() - before < GROWTH_KIB_MAXIMUM);
}

static void test_every_importer_takes_every_file(void **unused)
{
    (void)unused;
    static struct corpus corpus;
    load(&corpus);
    for (size_t f = 0; foreign_formats[f] != NULL; f++)
        for (size_t i = 0; i < corpus.count; i++)
            for (int lenient = 0; lenient < 2; lenient++)
                import_bytes(corpus.sample[i].bytes, corpus.sample[i].count, foreign_formats[f],
                             lenient);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_files_end_in_a_message),
        cmocka_unit_test(test_every_importer_takes_every_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
