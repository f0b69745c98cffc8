/* Random calls against a model; see shadow.h. */
#include "shadow.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

struct shadow_block {
    char *at;
    size_t bytes; /* usable ones: all of them are filled */
    uint64_t seed;
};

struct shadow {
    size_t count;
    struct shadow_block blocks[];
};

struct shadow *shadow_create(size_t blocks)
{
    struct shadow *shadow = check_memory(sizeof *shadow + blocks * sizeof shadow->blocks[0]);
    shadow->count = blocks;
    return shadow;
}

static void verify(const struct shadow_block *block, const char *what)
{
    if (block->at != NULL)
        check_filled(block->at, block->bytes, block->seed, what);
}

/* Takes hold of what a call gave, and fills it. Alignment has tests of its own. */
static void hold(struct shadow_block *block, void *given, size_t bytes)
{
    CHECK_THAT(given != NULL, "a request of %zu bytes is refused", bytes);
    block->at = given;
    block->bytes = malloc_usable_size(given);
    CHECK_THAT(block->bytes >= bytes, "%zu bytes usable of %zu", block->bytes, bytes);
    check_fill(block->at, block->bytes, block->seed);
}

static void resize(struct shadow_block *block, size_t bytes)
{
    struct shadow_block before = *block;
    if (bytes == 0)
        bytes = 1;
    before.at = check_hidden(realloc(block->at, bytes));
    CHECK_THAT(before.at != NULL, "realloc to %zu is refused", bytes);
    if (before.bytes > bytes)
        before.bytes = bytes;
    verify(&before, "realloc");
    hold(block, before.at, bytes);
}

static void allocate(struct shadow_block *block, size_t bytes, uint64_t choice)
{
    size_t alignment = (size_t)16 << choice / 16 % 9;
    void *out = NULL;
    switch (choice % 16) {
    case 0:
        /* C11 wants a multiple; and 0 bytes may be NULL of these three. */
        bytes = (bytes + alignment) / alignment * alignment;
        hold(block, aligned_alloc(alignment, bytes), bytes);
        return;
    case 1:
        hold(block, memalign(alignment, bytes + 1), bytes + 1);
        return;
    case 2:
        CHECK_THAT(posix_memalign(&out, alignment, bytes + 1) == 0, "posix_memalign is refused");
        hold(block, out, bytes + 1);
        return;
    case 3:
    case 4:
        out = check_hidden(calloc(bytes, 1));
        for (size_t i = 0; out != NULL && i < bytes; i++)
            CHECK_THAT(((char *)out)[i] == 0, "calloc of %zu bytes is not zero", bytes);
        hold(block, out, bytes);
        return;
    default:
        hold(block, check_hidden(malloc(bytes)), bytes);
    }
}

static void step(struct shadow *shadow, uint64_t *random, uint64_t number, size_t maximum_bytes)
{
    struct shadow_block *block = &shadow->blocks[check_random(random) % shadow->count];
    uint64_t choice = check_random(random);
    size_t bytes = check_random_size(random, maximum_bytes);
    verify(block, "a live block");
    if (block->at != NULL && choice % 8 == 0) {
        resize(block, bytes);
        return;
    }
    free(block->at);
    block->at = NULL;
    block->seed = number ^ *random;
    if (choice % 4 != 1)
        allocate(block, bytes, choice / 8);
}

void shadow_play(struct shadow *shadow, const struct shadow_history *history)
{
    uint64_t random = history->seed;
    for (unsigned i = 0; i < history->steps; i++) {
        step(shadow, &random, i, history->maximum_bytes);
        if (history->deadline_ns != 0 && check_now_ns() > history->deadline_ns)
            return;
    }
}

void shadow_verify(const struct shadow *shadow)
{
    for (size_t i = 0; i < shadow->count; i++)
        verify(&shadow->blocks[i], "a live block");
}

void shadow_empty(struct shadow *shadow)
{
    for (size_t i = 0; i < shadow->count; i++) {
        verify(&shadow->blocks[i], "a live block");
        free(shadow->blocks[i].at);
        shadow->blocks[i].at = NULL;
    }
}
