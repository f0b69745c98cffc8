/* The proof of injection; see malloc_owner.h. */
#include "malloc_owner.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

bool malloc_owner_is(const void *function)
{
    Dl_info own, info;
    return dladdr((void *)family[0].function, &own) != 0 && dladdr(function, &info) != 0 &&
           own.dli_fbase == info.dli_fbase;
}

static const struct family_member instruments[] = {
    MEMBER(clock_gettime), MEMBER(read),      MEMBER(send),           MEMBER(prctl),
    MEMBER(nanosleep),     MEMBER(setrlimit), MEMBER(pthread_create), MEMBER(sched_setaffinity),
};

const char *foreign_instrument(const char **owner)
{
    Dl_info libc, info;
    if (dladdr((void *)(any_function *)gnu_get_libc_version, &libc) == 0)
        return NULL;
    for (size_t i = 0; i < sizeof instruments / sizeof instruments[0]; i++) {
        void *address = (void *)instruments[i].function;
        /* The kernel's vDSO serves the clock, and is in no list of dladdr where it has no name. */
        if (dladdr(address, &info) == 0 || info.dli_fbase == libc.dli_fbase ||
            strstr(info.dli_fname, "vdso") != NULL)
            continue;
        *owner = info.dli_fname;
        return instruments[i].name;
    }
    return NULL;
}
