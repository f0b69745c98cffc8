/* heapmark: finds the subcommand and hands over. */
#include "cli.h"
#include "version.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command commands[] = {
    {"doctor",  "what of this machine disturbs measurements, and how to mend it",               cmd_doctor },
    {"list",    "what there is: workloads, allocators, suites, measures, stored runs",          cmd_list   },
    {"map",     "replay a trace and draw the heap: live, empty and missing pages",              cmd_map    },
    {"run",     "run a suite or workloads under allocators, and store every trial",             cmd_run    },
    {"check",   "is a library a correct drop-in malloc? Contract, threads, exhaustion, misuse",
     cmd_check                                                                                             },
    {"compare", "two allocators in pairs: faster, slower, the same, and how sure",              cmd_compare},
    {"gate",    "allocators against a committed baseline: is anything worse than it was?",      cmd_gate   },
    {"bisect",  "the commit that changed a measure, by comparisons at each step",               cmd_bisect },
    {"show",    "print the table of a stored run, or export it",                                cmd_show   },
    {"plot",    "draw the charts of a stored run",                                              cmd_plot   },
    {"trace",   "look into recorded traces, and make others of them",                           cmd_trace  },
    {"record",  "record the allocations of a program into a trace",                             cmd_record },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *stream)
{
    fputs("Usage: heapmark COMMAND [OPTION...]\n"
          "Measures memory allocators: speed, memory, fragmentation, system calls.\n\n"
          "Commands:\n",
          stream);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-7s %s\n", commands[i].name, commands[i].summary);
    fputs("\nEach has its own help: heapmark COMMAND --help\n\n"
          "Examples:\n"
          "  heapmark run                                the default suite, every allocator\n"
          "  heapmark run -w webserver:threads=2 -a glibc -a jemalloc -n 20\n"
          "  heapmark run -a glibc -a mine=./libmine.so  your own allocator beside glibc\n"
          "  heapmark compare glibc mine=./libmine.so    is mine faster, slower, the same?\n"
          "  heapmark show --format csv                  the newest run again, as CSV\n"
          "  heapmark doctor                             whether this machine can measure\n"
          "  heapmark plot                               its charts\n"
          "  heapmark map -w app.hmt -a glibc            the heap of a recorded program\n\n"
          "Exit status: 0 all well; 1 something measured failed; 2 wrong use, or could not run;\n"
          "130 interrupted. Of compare and gate: 1 worse, 2 undecided, 3 wrong use, or could not\n"
          "run; of bisect: 0 found, 2 not told, 3 wrong use, or could not run.\n",
          stream);
}

static int unknown_command(const char *name)
{
    fprintf(stderr, "heapmark: unknown command '%s'; there are:", name);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stderr, " %s", commands[i].name);
    fputs("; see heapmark --help\n", stderr);
    return EXIT_UNUSABLE;
}

/* Were one of the three closed, the next file we open would take its number, and what is printed
 * would go into it. */
static void open_standard_descriptors(void)
{
    int opened;
    do
        opened = open("/dev/null", O_RDWR);
    while (opened >= 0 && opened <= STDERR_FILENO);
    if (opened >= 0)
        close(opened);
}

static void settle(void)
{
    open_standard_descriptors();
    /* A full disk behind a file size limit, and a closed pipe, are errors to report. */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    /* A recorded program inherits the caller's signals and descriptors as they are. */
    if (argc < 2 || strcmp(argv[1], "record") != 0)
        settle();
    if (argc < 2) {
        print_help(stderr);
        return EXIT_UNUSABLE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return printf("heapmark %s\n", heapmark_version) < 0;
    bool help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0;
    if (help && argc == 2) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (help)
        name = argv[2];
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        char full_name[64], ask[] = "--help";
        snprintf(full_name, sizeof full_name, "heapmark %s", name);
        char *asking[] = {full_name, ask, NULL};
        argv[1] = full_name; /* argp prints it as the program's name */
        return help ? commands[i].run(2, asking) : commands[i].run(argc - 1, argv + 1);
    }
    return unknown_command(name);
}
