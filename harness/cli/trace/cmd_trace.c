/* heapmark trace: finds the subcommand and hands over. */
#include "cli.h"
#include "trace_commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct command subcommands[] = {
    {"info",     "calls, threads, peak, sizes, lifetimes, live bytes over time",            trace_info    },
    {"verify",   "look for what cannot be: frees before allocations, addresses live twice",
     trace_verify                                                                                         },
    {"dump",     "print every operation as a line of text",                                 trace_dump    },
    {"cut",      "a stretch of a trace as one of its own",                                  trace_cut     },
    {"scale",    "many copies of a trace as one, on the same threads or on more",           trace_scale   },
    {"profile",  "sizes, rates and lifetimes as a table for synthetic load",                trace_profile },
    {"generate", "the calls of a workload file (.ini) as a trace",                          trace_generate},
    {"leaks",    "what was never freed, by size, thread and age",                           trace_leaks   },
    {"import",   "make a trace of another tool's: heaptrack, mtrace, valgrind, ...",        trace_import  },
    {"export",   "write a trace for another tool, or as CSV or JSON",                       trace_export  },
};
enum { SUBCOMMANDS = sizeof subcommands / sizeof subcommands[0] };

static void print_help(FILE *stream)
{
    fputs("Usage: heapmark trace SUBCOMMAND [OPTION...] FILE...\n"
          "Looks into recorded traces (.hmt), and makes others of them.\n\n"
          "Subcommands:\n",
          stream);
    for (int i = 0; i < SUBCOMMANDS; i++)
        fprintf(stream, "  %-9s %s\n", subcommands[i].name, subcommands[i].summary);
    fputs("\nEach has its own help: heapmark trace SUBCOMMAND --help\n\n"
          "Examples:\n"
          "  heapmark trace info app.hmt\n"
          "  heapmark trace verify app.hmt\n"
          "  heapmark trace dump --from 1s --to 1.5s app.hmt | less\n"
          "  heapmark trace cut app.hmt -o steady.hmt --from 10s --to 20s\n\n"
          "Exit status: 0 all well; 1 a trace has mistakes; 2 wrong use, or could not run.\n"
          "docs/traces.md tells what each prints.\n",
          stream);
}

static int unknown_subcommand(const char *name)
{
    fprintf(stderr, "heapmark trace: unknown subcommand '%s'; there are:", name);
    for (int i = 0; i < SUBCOMMANDS; i++)
        fprintf(stderr, " %s", subcommands[i].name);
    fputs("; see heapmark trace --help\n", stderr);
    return EXIT_UNUSABLE;
}

int cmd_trace(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_UNUSABLE;
    }
    const char *name = argv[1];
    bool help = strcmp(name, "--help") == 0 || strcmp(name, "-?") == 0 || strcmp(name, "-h") == 0 ||
                strcmp(name, "help") == 0;
    if (help && argc == 2) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (help)
        name = argv[2];
    for (int i = 0; i < SUBCOMMANDS; i++) {
        if (strcmp(name, subcommands[i].name) != 0)
            continue;
        char full_name[64], ask[] = "--help";
        snprintf(full_name, sizeof full_name, "heapmark trace %s", name);
        char *asking[] = {full_name, ask, NULL};
        argv[1] = full_name; /* argp prints it as the program's name */
        return help ? subcommands[i].run(2, asking) : subcommands[i].run(argc - 1, argv + 1);
    }
    return unknown_subcommand(name);
}
