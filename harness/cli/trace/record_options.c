/* The options of heapmark record; see record_options.h. */
#include "record_options.h"

#include "ring.h"
#include "units.h"

#include <argp.h>
#include <fcntl.h>
#include <stdlib.h>

enum { KEY_BUFFER = 256, KEY_COLLECT, KEY_NO_CHILDREN, KEY_NO_COMMAND, KEY_ONLY };

/* clang-format off */
static const struct argp_option option_table[] = {
    {"output", 'o', "FILE", 0,
     "Write FILE (default: the program's name and .hmt, in the working directory); a file that is "
     "there already becomes FILE.old",
     0},
    {"only", KEY_ONLY, "NAME", 0,
     "Record processes of that program alone, e.g. cc1 below gcc (default: the program and all its "
     "children)",
     0},
    {"no-children", KEY_NO_CHILDREN, NULL, 0,
     "Record the first process image alone: no forked children, nothing executed", 0},
    {"no-command", KEY_NO_COMMAND, NULL, 0,
     "Leave the command line and the working directory out of the file", 0},
    {"buffer", KEY_BUFFER, "SIZE", 0,
     "Memory shared with each process, at most (1M to 128M, default 64M)", 0},
    {"quiet", 'q', NULL, 0, "Say nothing at the end, but for failures", 0},
    {"collect", KEY_COLLECT, "FD", OPTION_HIDDEN, "Serve the recorder that listens on FD", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Runs PROGRAM and records every call of malloc and its kin, with thread, time, size and "
    "address, into a trace. Each further process image (a forked child, an executed program) gets "
    "a file of its own beside it, FILE.2-name.hmt and so on. The program's output, signals, "
    "terminal and environment stay as they are but for LD_PRELOAD and HEAPMARK_RECORD."
    "\v"
    "Exit status: that of PROGRAM, 128 and the signal's number when it was killed; 125 when "
    "recording failed (PROGRAM went on to its end, unrecorded); 126 when PROGRAM cannot be "
    "executed, or not be recorded (statically linked, setuid, of another machine); 127 when it is "
    "not found; 2 for wrong use.\n\n"
    "Examples:\n"
    "  heapmark record -- python3 script.py\n"
    "  heapmark record -o cc1.hmt --only cc1 -- gcc -O2 -c file.c\n"
    "  heapmark record -o sort.hmt -- sort words.txt >sorted.txt\n\n"
    "A service that something else starts is recorded by its environment, without this command:\n"
    "  LD_PRELOAD=/usr/local/lib/heapmark/libheapmark-recorder.so \\\n"
    "  HEAPMARK_RECORD=/var/tmp/service.hmt ./service\n\n"
    "docs/recording.md tells what is recorded, what it costs, and its limits.";

static error_t parse_descriptor(struct argp_state *state, const char *argument, int *descriptor)
{
    uint64_t number;
    if (units_parse_count(argument, &number) < 0 || number > 1 << 20 ||
        fcntl((int)number, F_GETFD) < 0)
        argp_failure(state, 2, 0, "--collect: '%s' is no open descriptor", argument);
    *descriptor = (int)number;
    return 0;
}

static error_t parse_buffer(struct argp_state *state, const char *argument, uint64_t *bytes)
{
    if (units_parse_bytes(argument, bytes) < 0)
        argp_failure(state, 2, 0, "--buffer: '%s' is no size; e.g. 64M", argument);
    if (*bytes < RING_BYTES_MINIMUM || *bytes > RING_BYTES_MAXIMUM)
        argp_failure(state, 2, 0, "--buffer: %s is out of range; it may be 1M to 128M", argument);
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct record_options *options = state->input;
    switch (key) {
    case 'o':
        if (argument[0] == '\0')
            argp_failure(state, 2, 0, "--output: the name is empty");
        options->output = argument;
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    case KEY_ONLY:
        options->only = argument;
        return 0;
    case KEY_NO_CHILDREN:
        options->no_children = true;
        return 0;
    case KEY_NO_COMMAND:
        options->no_command = true;
        return 0;
    case KEY_BUFFER:
        return parse_buffer(state, argument, &options->ring_bytes);
    case KEY_COLLECT:
        return parse_descriptor(state, argument, &options->listener);
    case ARGP_KEY_ARGS:
        options->words = state->argv + state->next;
        return 0;
    case ARGP_KEY_END:
        if (options->words == NULL && options->listener < 0)
            argp_failure(state, 2, 0, "no program to record; e.g. heapmark record -- ls -l");
        if (options->listener >= 0 && (options->output == NULL || options->words != NULL))
            argp_failure(state, 2, 0, "--collect takes -o FILE and no program");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void record_options_parse(struct record_options *options, int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "[--] PROGRAM [ARGUMENT...]",
        .doc = documentation,
    };
    *options = (struct record_options){.listener = -1, .ring_bytes = RING_BYTES_DEFAULT};
    argp_err_exit_status = 2;
    /* In order: what stands behind the program is the program's. */
    argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, options);
}
