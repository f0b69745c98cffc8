/*
 * A library that comes and goes: its constructor allocates, its destructor frees, and so do its
 * functions. The tests of heapmark-check load it.
 */
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

PUBLIC void *guest_allocate(size_t bytes);
PUBLIC void guest_release(void *block);
PUBLIC char *guest_kept(void);

static char *kept;
static _Thread_local char *of_thread;

__attribute__((constructor)) static void construct(void)
{
    kept = strdup("from the constructor");
}

__attribute__((destructor)) static void destruct(void)
{
    free(kept);
    kept = NULL;
    free(malloc(10000));
}

void *guest_allocate(size_t bytes)
{
    free(of_thread);
    of_thread = malloc(100);
    void *block = malloc(bytes);
    free(of_thread);
    of_thread = NULL;
    return block;
}

void guest_release(void *block)
{
    free(block);
}

char *guest_kept(void)
{
    return kept;
}
