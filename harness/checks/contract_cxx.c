/* The contract: C++'s operators, by their symbols: the library's own, or libstdc++'s over it. */
#include "check.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdint.h>

#define MIB ((size_t)1 << 20)

/* The address of an operator by its mangled name (Itanium C++ ABI, 5.1). */
static uintptr_t operator_of(const char *symbol)
{
    void *found = dlsym(RTLD_DEFAULT, symbol);
    if (found == NULL && dlopen("libstdc++.so.6", RTLD_NOW | RTLD_GLOBAL) != NULL)
        found = dlsym(RTLD_DEFAULT, symbol);
    if (found == NULL)
        check_skip("there is no libstdc++.so.6, or it has no %s", symbol);
    return (uintptr_t)found;
}

static const size_t sizes[] = {0, 1, 8, 16, 100, 1000, 5000, 40000, 300000, 3000000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

typedef void *new_fn(size_t bytes);
typedef void *new_aligned_fn(size_t bytes, size_t alignment);
typedef void *new_nothrow_fn(size_t bytes, const void *nothrow);
typedef void delete_fn(void *block);
typedef void delete_sized_fn(void *block, size_t bytes);
typedef void delete_aligned_fn(void *block, size_t bytes, size_t alignment);

static void plain_run(size_t argument)
{
    static const char *const pairs[][3] = {
        {"_Znwm", "_ZdlPv", "_ZdlPvm"},
        {"_Znam", "_ZdaPv", "_ZdaPvm"},
    };
    (void)argument;
    for (int p = 0; p < 2; p++) {
        new_fn *allocate = (new_fn *)operator_of(pairs[p][0]);
        delete_fn *release = (delete_fn *)operator_of(pairs[p][1]);
        delete_sized_fn *release_sized = (delete_sized_fn *)operator_of(pairs[p][2]);
        for (size_t i = 0; i < SIZES; i++) {
            char *one = allocate(sizes[i]), *other = allocate(sizes[i]),
                 *again = allocate(sizes[i]);
            CHECK_THAT(one != NULL && one != other && other != again, "new of %zu bytes", sizes[i]);
            check_fill(one, sizes[i], 1);
            check_fill(other, sizes[i], 2);
            check_filled(one, sizes[i], 1, "new");
            release(one);
            check_filled(other, sizes[i], 2, "new");
            release_sized(other, sizes[i]);
            /* libstdc++'s is free(), and programs rely on the two being one. */
            free(again);
        }
        release(NULL);
    }
}
CHECK("contract", "cxx-new", plain, "new and new[], delete with and without the size, of NULL too")

static void aligned_run(size_t argument)
{
    static const char *const pairs[][2] = {
        {"_ZnwmSt11align_val_t", "_ZdlPvmSt11align_val_t"},
        {"_ZnamSt11align_val_t", "_ZdaPvmSt11align_val_t"},
    };
    (void)argument;
    for (int p = 0; p < 2; p++) {
        new_aligned_fn *allocate = (new_aligned_fn *)operator_of(pairs[p][0]);
        delete_aligned_fn *release = (delete_aligned_fn *)operator_of(pairs[p][1]);
        for (size_t alignment = 8; alignment <= MIB; alignment *= 2)
            for (size_t i = 0; i < SIZES; i++) {
                char *block = allocate(sizes[i], alignment);
                CHECK_THAT((uintptr_t)block % alignment == 0,
                           "new(align_val_t(%zu)) of %zu bytes is at %p", alignment, sizes[i],
                           (void *)block);
                check_fill(block, sizes[i], i);
                check_filled(block, sizes[i], i, "aligned new");
                release(block, sizes[i], alignment);
            }
    }
}
CHECK("contract", "cxx-new-aligned", aligned, "new with an alignment up to 1 MiB, delete with both")

static void nothrow_run(size_t argument)
{
    const void *nothrow = (const void *)operator_of("_ZSt7nothrow");
    new_nothrow_fn *allocate = (new_nothrow_fn *)operator_of("_ZnwmRKSt9nothrow_t");
    new_nothrow_fn *allocate_array = (new_nothrow_fn *)operator_of("_ZnamRKSt9nothrow_t");
    delete_fn *release = (delete_fn *)operator_of("_ZdlPv");
    delete_fn *release_array = (delete_fn *)operator_of("_ZdaPv");
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        void *one = allocate(sizes[i], nothrow), *many = allocate_array(sizes[i], nothrow);
        CHECK_THAT(one != NULL && many != NULL, "new(nothrow) of %zu bytes is NULL", sizes[i]);
        release(one);
        release_array(many);
    }
    CHECK_THAT(allocate(check_hidden_size(PTRDIFF_MAX), nothrow) == NULL,
               "new(nothrow) of PTRDIFF_MAX bytes gives a block");
    CHECK_THAT(allocate_array(check_hidden_size(SIZE_MAX - 100), nothrow) == NULL,
               "new(nothrow) of SIZE_MAX - 100 bytes gives a block");
}
CHECK("contract", "cxx-new-nothrow", nothrow, "NULL instead of an exception when it is too large")

static jmp_buf handled;

static void new_handler(void)
{
    longjmp(handled, 1);
}

static void handler_run(size_t argument)
{
    typedef void set_fn(void (*handler)(void));
    set_fn *set = (set_fn *)operator_of("_ZSt15set_new_handlerPFvvE");
    new_fn *allocate = (new_fn *)operator_of("_Znwm");
    (void)argument;
    set(new_handler);
    if (setjmp(handled) == 0) {
        void *block = allocate(check_hidden_size(PTRDIFF_MAX));
        check_fail("new of PTRDIFF_MAX bytes gives %p, and calls no handler", block);
    }
    check_pass();
}
CHECK("contract", "cxx-new-handler", handler, "what new cannot give calls the new handler")
