/*
 * A dlsym that allocates, as libc's own may: the recorder, which asks it for the real functions,
 * meets calls that it cannot pass on yet. Preloaded behind the recorder.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static unsigned char *zeroed, *grown;
static void *given_back;

/* The call of the real one has to be its last, and a jump: it looks at who called. */
EXPORT void *dlsym(void *restrict handle, const char *restrict name)
{
    static void *(*real)(void *, const char *);
    if (real == NULL) {
        zeroed = calloc(10, 10);
        grown = malloc(20);
        memset(grown, 7, 20);
        grown = realloc(grown, 40);
        given_back = malloc(30);
        free(given_back);
        real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    }
    return real(handle, name);
}

static _Noreturn void complain(const char *what)
{
    (void)!write(STDERR_FILENO, what, strlen(what));
    abort();
}

/* When the program runs, these blocks are as good as any. */
__attribute__((constructor)) static void use(void)
{
    if (zeroed == NULL || grown == NULL)
        complain("shim_early: its dlsym was not called, or got no block\n");
    for (int i = 0; i < 100; i++)
        if (zeroed[i] != 0)
            complain("shim_early: calloc's block is not zeroed\n");
    zeroed = realloc(zeroed, 5000);
    grown = realloc(grown, 6000);
    for (int i = 0; i < 20; i++)
        if (grown[i] != 7 || zeroed[i] != 0)
            complain("shim_early: realloc has lost what was in the block\n");
    free(zeroed);
    free(grown);
}
