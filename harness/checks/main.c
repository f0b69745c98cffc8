/*
 * heapmark-check: the process in which one test of an allocator runs.
 *
 * It is started by heapmark with the allocator preloaded. What it says of itself goes to standard
 * output, a line each: 'owner FILE' (which object serves malloc), 'begins' and 'done' (of a
 * misuse), and its verdict. What the allocator prints is on standard error, and stays apart.
 */
#include "check.h"
#include "malloc_owner.h"
#include "verdict_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, DEFAULT_SOAK_MS = 2000 };

extern const struct check *const __start_heapmark_checks[], *const __stop_heapmark_checks[];

static struct {
    bool later;
    uint64_t soak_ns;
    char program[4096], folder[4096];
} state;

const char *check_program(void)
{
    return state.program;
}

const char *check_folder(void)
{
    return state.folder;
}

uint64_t check_soak_ns(void)
{
    return state.soak_ns;
}

void check_pass_later(void)
{
    state.later = true;
}

static void list(void)
{
    for (const struct check *const *at = __start_heapmark_checks; at < __stop_heapmark_checks; at++)
        verdict_line("%s\t%s\t%s", (*at)->group, (*at)->name, (*at)->summary);
}

static const struct check *find(const char *name)
{
    for (const struct check *const *at = __start_heapmark_checks; at < __stop_heapmark_checks; at++)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    return NULL;
}

static int usage(void)
{
    static const char text[] =
        "Usage: heapmark-check --list | TEST [SOAK-MILLISECONDS]\n\n"
        "The process in which one test of an allocator runs; people use heapmark check instead.\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    return written < 0 ? 1 : EXIT_USAGE;
}

static void find_self(void)
{
    ssize_t length = readlink("/proc/self/exe", state.program, sizeof state.program - 1);
    if (length <= 0)
        check_skip("cannot read /proc/self/exe: %s", strerror(errno));
    size_t folder = (size_t)(strrchr(state.program, '/') - state.program);
    memcpy(state.folder, state.program, folder);
}

static int run(const struct check *check)
{
    struct malloc_owner owners[MALLOC_FAMILY];
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    malloc_owners(owners);
    verdict_line("owner %s", owners[0].file);
    find_self();
    check->run(check->argument);
    if (!state.later)
        verdict_line("pass");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    const struct check *check = argc == 2 || argc == 3 ? find(argv[1]) : NULL;
    if (check == NULL)
        return usage();
    char *end = NULL;
    unsigned long soak_ms = argc == 3 ? strtoul(argv[2], &end, 10) : DEFAULT_SOAK_MS;
    if (argc == 3 && (*end != '\0' || end == argv[2]))
        return usage();
    state.soak_ns = soak_ms * UINT64_C(1000000);
    return run(check);
}
