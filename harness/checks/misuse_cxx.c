/* Misuse: C++'s operators that do not belong together, by their mangled names. */
#include "misuse.h"

#include <dlfcn.h>

typedef void *new_fn(size_t bytes);
typedef void delete_fn(void *block);
typedef void delete_sized_fn(void *block, size_t bytes);

static uintptr_t operator_of(const char *symbol)
{
    void *found = dlsym(RTLD_DEFAULT, symbol);
    if (found == NULL && dlopen("libstdc++.so.6", RTLD_NOW | RTLD_GLOBAL) != NULL)
        found = dlsym(RTLD_DEFAULT, symbol);
    if (found == NULL)
        check_skip("there is no libstdc++.so.6, or it has no %s", symbol);
    return (uintptr_t)found;
}

static void *new_block(const char *symbol, size_t bytes)
{
    return check_hidden(((new_fn *)operator_of(symbol))(bytes));
}

/* The operator is found before, since that may allocate. */
static void delete_block(const char *symbol, void *block)
{
    delete_fn *release = (delete_fn *)operator_of(symbol);
    check_misuse_begins();
    release(block);
}

static void wrong_size(size_t bytes)
{
    delete_sized_fn *release = (delete_sized_fn *)operator_of("_ZdlPvm");
    void *block = new_block("_Znwm", bytes);
    check_misuse_begins();
    release(block, bytes * 3);
}
MISUSE("delete-wrong-size", wrong_size, "delete of an object as one of another size")

static void array_delete(size_t bytes)
{
    delete_block("_ZdaPv", new_block("_Znwm", bytes));
}
MISUSE("new-delete-array", array_delete, "new, and delete[]")

static void plain_delete(size_t bytes)
{
    delete_block("_ZdlPv", new_block("_Znam", bytes));
}
MISUSE("new-array-delete", plain_delete, "new[], and delete")

static void delete_twice(size_t bytes)
{
    void *block = new_block("_Znwm", bytes), *same = check_hidden(block);
    ((delete_fn *)operator_of("_ZdlPv"))(block);
    delete_block("_ZdlPv", same);
}
MISUSE("double-delete", delete_twice, "delete, and delete again")
