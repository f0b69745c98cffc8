/* The runner under callgrind; see callgrind.h. */
#include "callgrind.h"

#include "descriptor.h"
#include "trial_page.h"

#include <assert.h>

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static_assert(TRIAL_COUNTS_FD == 9, "named in the words");

const char *const callgrind_words[] = {
    "valgrind", "--tool=callgrind", "--quiet", "--callgrind-out-file=/proc/self/fd/9",
    /* On at its entry, off at its exit; nothing in it calls it again. */
    "--toggle-collect=" TRIAL_COUNTED_FUNCTION, "--combine-dumps=no", "--vgdb=no", NULL};

int callgrind_file_open(void)
{
    return descriptor_lift(memfd_create("heapmark-counts", MFD_CLOEXEC));
}

int64_t callgrind_instructions(int file)
{
    int64_t counted = -1;
    char line[512];
    int copy = dup(file);
    FILE *stream = copy >= 0 ? fdopen(copy, "r") : NULL;
    if (stream == NULL) {
        if (copy >= 0)
            close(copy);
        return -1;
    }
    rewind(stream);
    while (fgets(line, sizeof line, stream) != NULL)
        if (sscanf(line, "totals: %" SCNd64, &counted) == 1)
            break;
    fclose(stream);
    return counted;
}
