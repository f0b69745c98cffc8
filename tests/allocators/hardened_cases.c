/* brkmap-hardened: what is written where it must not be is noticed, and what is freed is not had
 * again at once. */
#include "cases.h"
#include "entry.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os_fake.h"

static size_t bytes_now;

static char *opaque(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

static void write_past(size_t distance)
{
    char *block = opaque(our_malloc(bytes_now));
    block[bytes_now + distance] ^= 'A';
    our_free(block);
}

static void write_one_past(void)
{
    write_past(0);
}

static void write_some_past(void)
{
    write_past(7);
}

/* The least that happens: a string's end. */
static void end_past(void)
{
    char *block = opaque(our_malloc(bytes_now));
    block[bytes_now] = '\0';
    our_free(block);
}

static void write_before(void)
{
    char *block;
    do /* before the first of a page there may be nothing */
        block = opaque(our_malloc(bytes_now));
    while ((uintptr_t)block % 4096 == 0);
    block[-1] ^= 'A';
    our_free(block);
}

static void write_after(void)
{
    char *block = opaque(our_malloc(bytes_now));
    our_free(block);
    opaque(block)[bytes_now < 1000 ? bytes_now / 2 : 500] = 'A';
    for (int i = 0; i < 4096; i++)
        our_free(our_malloc(bytes_now));
}

/* Freed by another thread, it is on its way when it is written to. */
static void *free_it(void *block)
{
    our_free(block);
    return NULL;
}

static void write_on_the_way(void)
{
    pthread_t thread;
    char *block = opaque(our_malloc(bytes_now));
    pthread_create(&thread, NULL, free_it, block);
    pthread_join(thread, NULL);
    memset(opaque(block), 'A', 8);
    for (int i = 0; i < 2000; i++)
        opaque(our_malloc(bytes_now));
}

static const size_t small_sizes[] = {1, 8, 16, 24, 100, 1000, 4096, 30000};

static void writes_are_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(small_sizes) / sizeof(small_sizes[0]); i++) {
        bytes_now = small_sizes[i];
        assert_aborts(write_one_past, "past its end");
        assert_aborts(end_past, "past its end");
        assert_aborts(write_some_past, "past its end");
        assert_aborts(write_before, "before its start");
        assert_aborts(write_after, "a free block was written to");
        assert_aborts(write_on_the_way, "a free block was written to");
    }
}

/* These have a seal, but no guards. */
static void writes_behind_runs_are_noticed(void **state)
{
    (void)state;
    /* The first block of all is one: the secret is there before it. */
    char *block = our_malloc(40000);
    our_free(our_malloc(10));
    for (bytes_now = 32761; bytes_now < 131072; bytes_now += 12345) {
        assert_aborts(write_one_past, "past its end");
        assert_aborts(end_past, "past its end");
        assert_aborts(write_some_past, "past its end");
    }
    for (size_t bytes = 40000; bytes < 131072; bytes += 999) {
        block = our_realloc(block, bytes);
        assert_int_equal(our_malloc_usable_size(block), bytes);
        memset(block, 1, bytes);
    }
    our_free(block);
}

/* Runs `body` in a child that must die of a fault. */
static void assert_faults(void (*body)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would make a report of it */
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void touch_end(void)
{
    char *block = opaque(our_malloc(bytes_now));
    block[our_malloc_usable_size(block)] = 'A';
}

static void touch_start(void)
{
    opaque(our_malloc(bytes_now))[-1] = 'A';
}

static void touch_freed(void)
{
    char *block = opaque(our_malloc(bytes_now));
    our_free(block);
    opaque(block)[bytes_now / 2] = 'A';
}

static void touch_nothing(void)
{
    opaque(our_malloc(0))[0] = 'A';
}

static void large_blocks_have_guards(void **state)
{
    const size_t sizes[] = {150000, 1 << 20, 3 << 20};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bytes_now = sizes[i];
        assert_faults(touch_end);
        assert_faults(touch_start);
        assert_faults(touch_freed);
    }
}

/* Moved, grown and shrunk, a block has its contents, and still its guard. */
static void realloc_keeps_guards(void **state)
{
    char *block = our_malloc(200000);
    (void)state;
    memset(block, 'x', 100000);
    for (size_t bytes = 200000; bytes < 5000000; bytes += 600000) {
        block = our_realloc(block, bytes);
        assert_non_null(block);
        assert_int_equal(block[99999], 'x');
        block[our_malloc_usable_size(block) - 1] = 'y';
    }
    block = our_realloc(block, 140000);
    assert_int_equal(block[99999], 'x');
    assert_int_equal(our_malloc_usable_size(block), 143360);
    our_free(block);
    os_fake_fail(true, true);
    block = our_malloc(100000);
    os_fake_fail(false, false);
    our_free(block);
}

/* Its addresses are free before realloc is done with them. */
static void others_settle_where_a_block_was(void **state)
{
    char *block = our_malloc(1 << 20);
    void *settled = NULL;

    (void)state;
    block[0] = 'x';
    os_fake_settle_next(&settled);
    block = our_realloc(block, 3 << 20);
    assert_int_equal(block[0], 'x');
    assert_true(settled != NULL && settled != MAP_FAILED);
    *(char *)opaque(settled) = 'y';
    munmap(settled, (size_t)sysconf(_SC_PAGESIZE));
    our_free(block);
}

static void blocks_of_no_bytes(void **state)
{
    static void *blocks[70000];

    (void)state;
    assert_faults(touch_nothing);
    for (size_t i = 0; i < 70000; i++) {
        blocks[i] = our_malloc(0);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        assert_true(i == 0 || blocks[i] != blocks[i - 1]);
    }
    assert_int_equal(our_malloc_usable_size(blocks[0]), 0);
    blocks[0] = our_realloc(blocks[0], 10);
    memset(blocks[0], 1, 10);
    for (size_t i = 0; i < 70000; i++)
        our_free(blocks[i]);
}

static void free_nothing_twice(void)
{
    void *block = our_malloc(0);
    our_free(block);
    our_free(opaque(block));
}

static void free_between_nothings(void)
{
    our_free(opaque(our_malloc(0)) + 8);
}

static void nothing_is_freed_once(void **state)
{
    (void)state;
    assert_aborts(free_nothing_twice, "that is free");
    assert_aborts(free_between_nothings, "never returned");
}

static void what_was_freed_is_not_had_at_once(void **state)
{
    const size_t sizes[] = {8, 4096, 262144};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t same = 0;
        for (int round = 0; round < 200; round++) {
            char *block = our_malloc(sizes[i]);
            for (size_t at = 0; at < sizes[i]; at += 8)
                assert_int_equal(block[at], 0);
            memset(block, 'x', sizes[i]);
            our_free(block);
            char *next = our_malloc(sizes[i]);
            same += opaque(next) == opaque(block);
            our_free(next);
        }
        assert_int_equal(same, 0);
    }
}

/* A process has some 65,000 mappings at most; after a quarter of them blocks do without. */
static void many_large_blocks(void **state)
{
    enum { MANY = 17000 };
    static char *blocks[MANY];

    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* it needs as many mappings again */
#endif
    for (size_t i = 0; i < MANY; i++) {
        assert_non_null(blocks[i] = our_malloc(140000));
        blocks[i][0] = blocks[i][139999] = (char)i;
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_true(blocks[i][0] == (char)i && blocks[i][139999] == (char)i);
        our_free(blocks[i]);
    }
}

/* What waits to be used again is used when there is nothing else. */
static void at_the_end_nothing_waits(void **state)
{
    static void *blocks[100000];
    size_t count = 0;

    (void)state;
    os_fake_fail(true, true);
    while (count < 100000 && (blocks[count] = our_malloc(20000)) != NULL)
        count++;
    for (int i = 0; i < 10; i++)
        our_free(blocks[--count]);
    for (int i = 0; i < 10; i++)
        assert_non_null(blocks[count++] = our_malloc(20000));
    os_fake_fail(false, false);
    while (count > 0)
        our_free(blocks[--count]);
}

int run_hardened_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_behind_runs_are_noticed),
        cmocka_unit_test(writes_are_noticed),
        cmocka_unit_test(large_blocks_have_guards),
        cmocka_unit_test(realloc_keeps_guards),
        cmocka_unit_test(others_settle_where_a_block_was),
        cmocka_unit_test(blocks_of_no_bytes),
        cmocka_unit_test(nothing_is_freed_once),
        cmocka_unit_test(what_was_freed_is_not_had_at_once),
        cmocka_unit_test(many_large_blocks),
        cmocka_unit_test(at_the_end_nothing_waits),
    };
    return cmocka_run_group_tests_name("hardened", tests, NULL, NULL);
}
