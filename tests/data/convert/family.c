#define _GNU_SOURCE
#include <malloc.h>
#include <mcheck.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A small program that calls everything of the family, on two threads. */
static void *volatile parcel[16];
static void *worker(void *argument)
{
    (void)argument;
    for (int i = 0; i < 16; i++)
        parcel[i] = malloc(100 + i);
    return NULL;
}

int main(void)
{
    mtrace();
    void *a = malloc(24), *b = calloc(3, 100), *c = NULL;
    a = realloc(a, 4000);
    a = realloc(a, 8);
    b = reallocarray(b, 7, 100);
    if (posix_memalign(&c, 256, 1000) != 0)
        return 1;
    void *d = aligned_alloc(64, 640), *e = memalign(4096, 10), *f = valloc(5000), *h = getenv("NO_PVALLOC") ? malloc(4096) : pvalloc(3);
    void *g = realloc(NULL, 77);
    volatile size_t huge = PTRDIFF_MAX;
    void *none = malloc(huge - 4096);
    void *kept = realloc(d, huge - 4096);
    if (none == NULL && kept == NULL)
        free(NULL);
    usleep(30000);
    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL);
    pthread_join(thread, NULL);
    for (int i = 0; i < 15; i++)
        free(parcel[i]);
    free(a), free(b), free(c), free(d), free(e), free(f), free(h);
    g = realloc(g, 0);
    muntrace();
    return g != NULL;
}
