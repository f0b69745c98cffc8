/* What all misuses have in common: what lives beside them, and the oracle. */
#include "misuse.h"
#include "verdict_line.h"

enum { LIVE = 200, FRESH = 400 };

static char *live[LIVE];

void misuse_settle(size_t bytes)
{
    for (size_t i = 0; i < LIVE; i++) {
        live[i] = check_malloc(i % 4 == 3 ? 100 : bytes);
        check_fill(live[i], i % 4 == 3 ? 100 : bytes, i);
    }
    free(check_malloc(bytes));
}

static void check_live(size_t bytes)
{
    for (size_t i = 0; i < LIVE; i++)
        if (!check_is_filled(live[i], i % 4 == 3 ? 100 : bytes, i))
            check_harm("a block that lives was changed");
}

char *misuse_live_block(void)
{
    return live[0];
}

static size_t fresh_bytes(size_t bytes, size_t index)
{
    return index % 5 == 4 ? 100 : bytes;
}

/* Blocks as many as there is room for, looked at, and freed. */
static void use_heap(size_t bytes, size_t count)
{
    static char *fresh[FRESH];
    for (size_t i = 0; i < count; i++) {
        fresh[i] = check_malloc(fresh_bytes(bytes, i));
        check_fill(fresh[i], fresh_bytes(bytes, i), 1000 + i);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (fresh[i] == fresh[k])
                check_harm("one block was handed out twice");
    for (size_t i = 0; i < count; i++)
        if (!check_is_filled(fresh[i], fresh_bytes(bytes, i), 1000 + i))
            check_harm("two blocks overlap");
    check_live(bytes);
    for (size_t i = 0; i < count; i++)
        free(fresh[i]);
}

void misuse_aftermath(size_t bytes)
{
    size_t count = bytes == MISUSE_LARGE ? FRESH / 8 : FRESH;
    check_misuse_done();
    /* Twice: what had been freed before may wait until others have been. */
    use_heap(bytes, count);
    use_heap(bytes, count);
    for (size_t i = 0; i < LIVE; i++)
        free(live[i]);
    free(check_malloc(bytes));
}

void misuse_free(void *pointer)
{
    check_misuse_begins();
    free(check_hidden(pointer));
}

void misuse_access(void)
{
    check_misuse_begins();
    verdict_line("access");
}

void misuse_accessed(void)
{
    verdict_line("accessed");
}
