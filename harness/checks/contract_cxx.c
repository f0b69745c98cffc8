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

/* ---- every form, in pairs that fit and in pairs that do not ---------------------------- */

/* Arguments after the first; none is left out by the ABI's way to pass them in registers. */
enum argument { NOTHING, BYTES, ALIGNMENT, NOTHROW };
struct form {
    const char *symbol;
    enum argument second, third;
};

static const struct form news[] = {
    {"_Znwm",                              NOTHING,   NOTHING},
    {"_Znam",                              NOTHING,   NOTHING},
    {"_ZnwmRKSt9nothrow_t",                NOTHROW,   NOTHING},
    {"_ZnamRKSt9nothrow_t",                NOTHROW,   NOTHING},
    {"_ZnwmSt11align_val_t",               ALIGNMENT, NOTHING},
    {"_ZnamSt11align_val_t",               ALIGNMENT, NOTHING},
    {"_ZnwmSt11align_val_tRKSt9nothrow_t", ALIGNMENT, NOTHROW},
    {"_ZnamSt11align_val_tRKSt9nothrow_t", ALIGNMENT, NOTHROW},
};
static const struct form deletes[] = {
    {"_ZdlPv",                              NOTHING,   NOTHING  },
    {"_ZdaPv",                              NOTHING,   NOTHING  },
    {"_ZdlPvm",                             BYTES,     NOTHING  },
    {"_ZdaPvm",                             BYTES,     NOTHING  },
    {"_ZdlPvRKSt9nothrow_t",                NOTHROW,   NOTHING  },
    {"_ZdaPvRKSt9nothrow_t",                NOTHROW,   NOTHING  },
    {"_ZdlPvSt11align_val_t",               ALIGNMENT, NOTHING  },
    {"_ZdaPvSt11align_val_t",               ALIGNMENT, NOTHING  },
    {"_ZdlPvmSt11align_val_t",              BYTES,     ALIGNMENT},
    {"_ZdaPvmSt11align_val_t",              BYTES,     ALIGNMENT},
    {"_ZdlPvSt11align_val_tRKSt9nothrow_t", ALIGNMENT, NOTHROW  },
    {"_ZdaPvSt11align_val_tRKSt9nothrow_t", ALIGNMENT, NOTHROW  },
};
enum { NEWS = sizeof news / sizeof news[0], DELETES = sizeof deletes / sizeof deletes[0] };

static void *call(const struct form *form, uintptr_t first, size_t bytes, size_t alignment)
{
    typedef void *any_fn(uintptr_t first, uintptr_t second, uintptr_t third);
    const uintptr_t arguments[] = {
        [BYTES] = bytes, [ALIGNMENT] = alignment, [NOTHROW] = operator_of("_ZSt7nothrow")};
    any_fn *function = (any_fn *)operator_of(form->symbol);
    return function(first, arguments[form->second], arguments[form->third]);
}

static bool has(const struct form *form, enum argument argument)
{
    return form->second == argument || form->third == argument;
}

static void try_pair(const struct form *new, const struct form *delete, size_t bytes)
{
    size_t alignment = has(new, ALIGNMENT) || has(delete, ALIGNMENT) ? 128 : 16;
    char *one = call(new, bytes, bytes, alignment), *other = call(new, bytes, bytes, alignment);
    CHECK_THAT(one != NULL && one != other, "%s of %zu bytes", new->symbol, bytes);
    CHECK_THAT(!has(new, ALIGNMENT) || (uintptr_t)one % alignment == 0, "%s(%zu, %zu) is at %p",
               new->symbol, bytes, alignment, (void *)one);
    check_fill(one, bytes, 1);
    check_fill(other, bytes, 2);
    call(delete, (uintptr_t)one, bytes, alignment);
    check_filled(other, bytes, 2, delete->symbol);
    one = call(new, bytes, bytes, alignment);
    check_fill(one, bytes, 3);
    check_filled(other, bytes, 2, new->symbol);
    call(delete, (uintptr_t)one, bytes, alignment);
    call(delete, (uintptr_t)other, bytes, alignment);
    call(delete, 0, bytes, alignment);
}

/* The fourth character is 'w' or 'l' of one, 'a' of an array. */
static bool fit(const struct form *new, const struct form *delete)
{
    return (new->symbol[3] == 'a') == (delete->symbol[3] == 'a') &&
           has(new, ALIGNMENT) == has(delete, ALIGNMENT);
}

static void try_pairs(bool fitting)
{
    for (int n = 0; n < NEWS; n++)
        for (int d = 0; d < DELETES; d++)
            for (size_t i = 0; i < SIZES && fit(&news[n], &deletes[d]) == fitting; i++)
                try_pair(&news[n], &deletes[d], sizes[i]);
}

static void forms_run(size_t argument)
{
    (void)argument;
    try_pairs(true);
}
CHECK("contract", "cxx-every-form", forms,
      "all 8 forms of new with all forms of delete that fit, of NULL too")

static void mismatched_run(size_t argument)
{
    (void)argument;
    try_pairs(false);
    for (size_t i = 0; i < SIZES; i++)
        for (int d = 0; d < DELETES; d++)
            call(&deletes[d], (uintptr_t)memalign(128, sizes[i]), sizes[i], 128);
    for (size_t i = 0; i < SIZES; i++)
        for (int n = 0; n < NEWS; n++)
            free(realloc(call(&news[n], sizes[i], sizes[i], 128), sizes[i] + 100));
}
CHECK(
    "contract", "cxx-mismatched", mismatched,
    "new[] and delete, aligned or not, malloc and delete, new and free mixed: wrong, and harmless "
    "where all are malloc and free")

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
