/*
 * What one delay of a library made from slow.c takes, against one of another: the time of a loop of
 * malloc and free, the quickest of many.
 *
 *   spin_cost BASE.so LIBRARY.so...     prints nanoseconds a call of malloc, one line a library
 */
#include <dlfcn.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EXIT_BROKEN = 2, CALLS = 64 * 50, REPEATS = 3000, LIBRARIES_MAXIMUM = 16, BLOCK_BYTES = 48 };

typedef void *allocate(size_t bytes);

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static double time_calls(allocate *function)
{
    double start = now_ns();
    for (int i = 0; i < CALLS; i++)
        free(function(BLOCK_BYTES));
    return (now_ns() - start) / CALLS;
}

static allocate *load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    allocate *function = NULL;
    if (library == NULL)
        errx(EXIT_BROKEN, "%s", dlerror());
    *(void **)&function = dlsym(library, "malloc");
    if (function == NULL)
        errx(EXIT_BROKEN, "%s has no malloc", path);
    return function;
}

int main(int argc, char **argv)
{
    allocate *function[LIBRARIES_MAXIMUM];
    double least[LIBRARIES_MAXIMUM];
    int count = argc - 1;
    if (count < 2 || count > LIBRARIES_MAXIMUM)
        errx(EXIT_BROKEN, "usage: spin_cost BASE.so LIBRARY.so...");
    for (int i = 0; i < count; i++) {
        function[i] = load(argv[1 + i]);
        least[i] = time_calls(function[i]);
    }
    for (int repeat = 0; repeat < REPEATS; repeat++)
        for (int i = 0; i < count; i++) {
            double took = time_calls(function[i]);
            least[i] = took < least[i] ? took : least[i];
        }
    for (int i = 1; i < count; i++)
        printf("%.4f %s\n", least[i] - least[0], argv[1 + i]);
    return 0;
}
