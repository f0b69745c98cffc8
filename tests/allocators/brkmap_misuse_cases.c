/* brkmap: what is freed wrongly is refused at the call, in one line. */
#include "cases.h"
#include "entry.h"

#include <pthread.h>
#include <string.h>

static void *opaque(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer));
    return pointer;
}

static size_t misused_bytes;

static void free_twice(void)
{
    void *block = our_malloc(misused_bytes);
    our_free(block);
    our_free(opaque(block));
}

static void free_twice_after_others(void)
{
    void *block = our_malloc(misused_bytes), *other = our_malloc(misused_bytes);
    our_free(block);
    our_free(other);
    our_free(opaque(block));
}

static void *free_once(void *block)
{
    our_free(block);
    return NULL;
}

static void free_twice_of_two_threads(void)
{
    pthread_t thread;
    void *block = our_malloc(misused_bytes);
    pthread_create(&thread, NULL, free_once, block);
    pthread_join(thread, NULL);
    our_free(opaque(block));
}

static void free_the_middle(void)
{
    char *block = our_malloc(misused_bytes);
    our_free(opaque(block + misused_bytes / 2));
}

static void free_a_stack_variable(void)
{
    char variable[64];
    our_free(opaque(variable));
}

static void free_one(void)
{
    our_free(opaque((void *)1));
}

static void free_far_away(void)
{
    char *block = our_malloc(misused_bytes);
    our_free(opaque(block + ((size_t)1 << 30)));
}

static void reallocate_freed(void)
{
    void *block = our_malloc(misused_bytes);
    our_free(block);
    our_free(our_realloc(opaque(block), misused_bytes + 4096));
}

static const size_t sizes[] = {16, 100, 1000, 5000, 30000, 100000, 900000, 3 << 20};

static void each_size(void (*body)(void), const char *message)
{
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        misused_bytes = sizes[i];
        assert_aborts(body, message);
    }
}

static void double_frees_are_refused(void **state)
{
    (void)state;
    each_size(free_twice, "free");
    each_size(free_twice_after_others, "free");
    each_size(free_twice_of_two_threads, "free");
    each_size(reallocate_freed, "free");
}

static void pointers_that_are_no_blocks_are_refused(void **state)
{
    (void)state;
    each_size(free_the_middle, "free of a pointer");
    /* Where chunks were mapped one may be there, and nothing of it in use. */
    each_size(free_far_away, "free of a pointer");
    misused_bytes = 16;
    assert_aborts(free_a_stack_variable, "never returned");
    assert_aborts(free_one, "never returned");
}

/* What the mark of a free block looks like is no secret to the block's own user, who may write any
 * bytes into it. */
static void no_contents_are_taken_for_a_free_block(void **state)
{
    (void)state;
    for (size_t bytes = 16; bytes <= 1024; bytes += 16) {
        uintptr_t *first = our_malloc(bytes), *second = our_malloc(bytes);
        our_free(first);
        /* A copy of a free block's words, mark and all, elsewhere. */
        memcpy(second, opaque(first), 16);
        our_free(second);
        uintptr_t *again = our_malloc(bytes);
        our_free(again);
    }
}

int run_brkmap_misuse_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(double_frees_are_refused),
        cmocka_unit_test(pointers_that_are_no_blocks_are_refused),
        cmocka_unit_test(no_contents_are_taken_for_a_free_block),
    };
    return cmocka_run_group_tests_name("misuse", tests, NULL, NULL);
}
