/*
 * The subcommands of `heapmark trace`: one file each, trace_<name>.c, and one row in cmd_trace.c.
 *
 * As with the commands of cli.h, each parses its options, prints and returns the exit status;
 * argv[0] is "heapmark trace NAME".
 */
#ifndef HEAPMARK_TRACE_COMMANDS_H
#define HEAPMARK_TRACE_COMMANDS_H

enum { EXIT_MISTAKES = 1 };

int trace_info(int argc, char **argv);
int trace_verify(int argc, char **argv);
int trace_dump(int argc, char **argv);
int trace_cut(int argc, char **argv);
int trace_scale(int argc, char **argv);
int trace_profile(int argc, char **argv);
int trace_generate(int argc, char **argv);
int trace_leaks(int argc, char **argv);
int trace_import(int argc, char **argv);
int trace_export(int argc, char **argv);

#endif
