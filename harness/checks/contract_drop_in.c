/* The contract: very large, very many, the C library's own calls, and C++. */
#include "check.h"
#include "malloc_owner.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

/* Sixteen places of a block are written, so that the rest of it never is memory. */
static void touch(char *block, size_t bytes, bool verify)
{
    enum { PLACES = 16, EACH = 16 };
    for (size_t i = 0; i < PLACES; i++) {
        char *at = block + bytes / PLACES * i;
        if (verify)
            check_filled(at, EACH, i, "a very large block");
        else
            check_fill(at, EACH, i);
    }
}

static void large_run(size_t argument)
{
    (void)argument;
    for (size_t bytes = MIB; bytes <= 64 * 1024 * MIB; bytes *= 2) {
        char *block = check_hidden(malloc(bytes));
        /* The kernel may refuse what is more than there is (vm.overcommit_memory). */
        if (block == NULL && errno == ENOMEM && bytes > 1024 * MIB)
            return;
        CHECK_THAT(block != NULL, "malloc(%zu) is NULL", bytes);
        touch(block, bytes, false);
        touch(block, bytes, true);
        /* Not beyond: who copies would make memory of all of it. */
        if (bytes <= 64 * MIB) {
            block = check_hidden(realloc(block, bytes + bytes / 2));
            CHECK_THAT(block != NULL, "realloc from %zu to %zu is NULL", bytes, bytes + bytes / 2);
            touch(block, bytes, true);
        }
        free(block);
    }
}
CHECK("contract", "very-large", large, "blocks of 1 MiB to 64 GiB, and realloc of them to 96 MiB")

static void many_run(size_t argument)
{
    enum { BLOCKS = 400000 };
    char **blocks = check_memory(BLOCKS * sizeof *blocks);
    uint64_t random = 9;
    (void)argument;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = check_malloc(i % 48 + 1);
        check_fill(blocks[i], i % 48 + 1, i);
    }
    for (size_t step = 0; step < BLOCKS / 5; step++) {
        size_t i = check_random(&random) % BLOCKS;
        check_filled(blocks[i], i % 48 + 1, i, "one of very many");
        free(blocks[i]);
        blocks[i] = check_malloc(i % 48 + 1);
        check_fill(blocks[i], i % 48 + 1, i);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t at = i * 7919 % BLOCKS;
        check_filled(blocks[at], at % 48 + 1, at, "one of very many");
        free(blocks[at]);
    }
}
CHECK("contract", "very-many", many,
      "400 000 live blocks, a fifth of them replaced, then freed in another order")

static void many_large_run(size_t argument)
{
    enum { BLOCKS = 8000 };
    char **blocks = check_memory(BLOCKS * sizeof *blocks);
    (void)argument;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = check_malloc(300000);
        check_fill(blocks[i], 16, i);
    }
    for (size_t i = 0; i < BLOCKS; i += 2)
        free(blocks[i]);
    for (size_t i = 0; i < BLOCKS; i += 2) {
        blocks[i] = check_malloc(200000);
        check_fill(blocks[i], 16, i);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        check_filled(blocks[i], 16, i, "one of many large");
        free(blocks[i]);
    }
}
CHECK("contract", "very-many-large", many_large, "8000 live blocks of 300 000 bytes")

/* ---- one owner for all -------------------------------------------------------------- */

static void family_run(size_t argument)
{
    static const char *const more[] = {"valloc", "pvalloc"};
    struct malloc_owner owners[MALLOC_FAMILY];
    (void)argument;
    malloc_owners(owners);
    for (int i = 1; i < MALLOC_FAMILY; i++)
        CHECK_THAT(strcmp(owners[i].file, owners[0].file) == 0, "%s is served by %s",
                   owners[i].function, owners[i].file);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        void *function = dlsym(RTLD_DEFAULT, more[i]);
        CHECK_THAT(function == NULL || malloc_owner_is(function),
                   "%s is served by another than malloc", more[i]);
    }
}
CHECK("contract", "whole-family", family,
      "every entry point of the malloc family is the library's own: none is left to the C library")

/* ---- blocks that the C library allocates -------------------------------------------- */

static void libc_run(size_t argument)
{
    char *text = NULL, *stream_text = NULL, *line = NULL;
    size_t size = 0;
    (void)argument;
    char *copy = strdup("a string"), *part = strndup("a string", 3);
    CHECK_THAT(copy != NULL && strcmp(copy, "a string") == 0, "strdup");
    CHECK_THAT(part != NULL && strcmp(part, "a s") == 0, "strndup");
    CHECK_THAT(asprintf(&text, "%0500d", 7) == 500 && strlen(text) == 500, "asprintf");
    char *folder = getcwd(NULL, 0), *real = realpath("/proc/self/..", NULL);
    CHECK_THAT(folder != NULL && real != NULL && strcmp(real, "/proc") == 0, "getcwd or realpath");
    FILE *stream = open_memstream(&stream_text, &size);
    CHECK_THAT(stream != NULL, "open_memstream: %s", strerror(errno));
    for (int i = 0; i < 10000; i++)
        fprintf(stream, "%d,", i);
    fclose(stream);
    CHECK_THAT(size == 48890 && strlen(stream_text) == size, "open_memstream made %zu bytes", size);
    FILE *file = fopen("/proc/self/maps", "re");
    size = 0;
    CHECK_THAT(file != NULL && getline(&line, &size, file) > 0, "getline");
    fclose(file);
    char *all[] = {copy, part, text, folder, real, stream_text, line};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        CHECK_THAT(malloc_usable_size(all[i]) > strlen(all[i]), "usable size of the C library's");
        all[i] = realloc(all[i], 3000);
        CHECK_THAT(all[i] != NULL, "realloc of a block of the C library's is NULL");
        free(all[i]);
    }
}
CHECK("contract", "libc-blocks", libc,
      "what strdup, asprintf, getline, open_memstream, getcwd and realpath give can be resized "
      "and freed")

static void trim_run(size_t argument)
{
    enum { BLOCKS = 2000 };
    char *blocks[BLOCKS];
    int (*trim)(size_t) = (int (*)(size_t))(uintptr_t)dlsym(RTLD_DEFAULT, "malloc_trim");
    (void)argument;
    if (trim == NULL || !malloc_owner_is((void *)(uintptr_t)trim))
        check_skip("the library has no malloc_trim of its own");
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = check_malloc(5000);
        check_fill(blocks[i], 5000, i);
    }
    for (size_t i = 1; i < BLOCKS; i += 2)
        free(blocks[i]);
    trim(0);
    for (size_t i = 0; i < BLOCKS; i += 2)
        check_filled(blocks[i], 5000, i, "malloc_trim");
    for (size_t i = 1; i < BLOCKS; i += 2) {
        blocks[i] = check_malloc(5000);
        memset(blocks[i], 1, 5000);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    trim(0);
}
CHECK("contract", "malloc-trim", trim, "malloc_trim, where there is one, leaves live blocks alone")
