/* What is in memory, by mincore(2). Apart from os.c, since tests ask the real system, too. */
#include "os.h"

#include <errno.h>
#include <sys/mman.h>

/* Pages asked about at a time. */
enum { PAGES_AT_ONCE = 1024 };

size_t os_resident_bytes(const void *address, size_t bytes)
{
    unsigned char pages[PAGES_AT_ONCE];
    size_t page_bytes = os_page_bytes(), resident = 0;
    int saved_errno = errno;

    for (size_t done = 0; done < bytes;) {
        size_t piece =
            bytes - done < PAGES_AT_ONCE * page_bytes ? bytes - done : PAGES_AT_ONCE * page_bytes;
        size_t count = (piece + page_bytes - 1) / page_bytes;
        if (mincore((char *)address + done, piece, pages) != 0)
            break;
        for (size_t i = 0; i < count; i++)
            resident += (pages[i] & 1) * page_bytes;
        done += piece;
    }
    errno = saved_errno;
    return resident;
}
