/*
 * The subcommands of heapmark: one file each, one row each in main.c.
 *
 * A command parses its own options, prints, and returns the exit status: EXIT_OK, EXIT_FAILURE
 * (1: it ran, but something that was measured failed), EXIT_UNUSABLE (2: wrong use or could not
 * run), EXIT_INTERRUPTED (130, as a shell reports Ctrl-C).
 */
#ifndef HEAPMARK_CLI_H
#define HEAPMARK_CLI_H

enum { EXIT_OK = 0, EXIT_UNUSABLE = 2, EXIT_INTERRUPTED = 130 };

struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
};

int cmd_bisect(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_gate(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_map(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_trace(int argc, char **argv);

#endif
