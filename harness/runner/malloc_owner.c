/* The proof of injection; see malloc_owner.h. */
#include "malloc_owner.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

typedef void any_function(void);

struct family_member {
    const char *name;
    any_function *function;
};

/* Addresses resolved by the dynamic linker at start, the same that this program's calls go to.
 * (dladdr, unlike dlsym, never allocates.) */
#define MEMBER(name)                \
    {                               \
#name, (any_function *)name \
    }
static const struct family_member family[MALLOC_FAMILY] = {
    MEMBER(malloc),        MEMBER(free),     MEMBER(calloc),         MEMBER(realloc),
    MEMBER(aligned_alloc), MEMBER(memalign), MEMBER(posix_memalign), MEMBER(malloc_usable_size),
};

void malloc_owners(struct malloc_owner owners[MALLOC_FAMILY])
{
    for (int i = 0; i < MALLOC_FAMILY; i++) {
        Dl_info info;
        owners[i] = (struct malloc_owner){family[i].name, "?"};
        if (dladdr((void *)family[i].function, &info) != 0 && info.dli_fname != NULL)
            owners[i].file = info.dli_fname;
    }
}
