/*
 * heapmark-runner: the process in which an allocator is measured.
 *
 * It is started by heapmark with the allocator preloaded. It calls malloc for nothing but the
 * workload's own blocks, and therefore uses neither stdio nor any library that may allocate.
 */
#include "describe.h"
#include "text.h"
#include "trial_run.h"
#include "version.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, OUTPUT_BYTES = 2048 };

static const char usage[] =
    "Usage: heapmark-runner [--describe | --check WORKLOAD[:PARAM=VALUE,...] | --probe]\n"
    "\n"
    "The process in which heapmark measures an allocator. Without options it does the trial\n"
    "that heapmark hands it on descriptors 3 and 4; people use heapmark instead.\n"
    "\n"
    "  --describe      print workloads and their parameters, tab-separated\n"
    "  --check SPEC    print the full parameters of a workload, or what is wrong with SPEC\n"
    "  --probe         call malloc and its kin once and print which object serves them\n"
    "  --version       print the version\n"
    "  --help          print this help";

static int say(int fd, int status, const char *first, const char *second)
{
    char output[OUTPUT_BYTES];
    struct text text;
    text_init(&text, output, sizeof output, fd);
    text_add(&text, first);
    text_add(&text, second);
    text_add(&text, "\n");
    return text_flush(&text) < 0 ? EXIT_FAILURE : status;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return trial_run();
    const char *option = argv[1];
    bool alone = argc == 2;
    if (alone && strcmp(option, "--describe") == 0)
        return describe_workloads();
    if (alone && strcmp(option, "--probe") == 0)
        return describe_malloc();
    if (argc == 3 && strcmp(option, "--check") == 0)
        return describe_check(argv[2]);
    if (alone && strcmp(option, "--version") == 0)
        return say(STDOUT_FILENO, EXIT_SUCCESS, "heapmark-runner ", heapmark_version);
    if (alone && strcmp(option, "--help") == 0)
        return say(STDOUT_FILENO, EXIT_SUCCESS, usage, "");
    return say(STDERR_FILENO, EXIT_USAGE, "heapmark-runner: wrong arguments\n", usage);
}
