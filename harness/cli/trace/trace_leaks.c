/* heapmark trace leaks: what was never freed. */
#include "cli.h"
#include "message.h"
#include "trace_commands.h"
#include "trace_output.h"
#include "units.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct leaks_options {
    char **files;
    int count;
    bool json;
    uint64_t top;
};

enum { KEY_TOP = 256, TOP_DEFAULT = 20 };

/* clang-format off */
static const struct argp_option option_table[] = {
    {"format", 'f', "FORMAT", 0, "text or json (an object a trace)", 0},
    {"top", KEY_TOP, "N", 0, "At most so many rows of each table (default: 20)", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Tells what FILE never frees: how many blocks and bytes, by size, by the thread that allocated "
    "them, and by their age at the end. Blocks live at the end of a trace that was cut off, or "
    "whose program was killed, are said to be so: they are no leaks."
    "\v"
    "Memory: some 150 bytes for each block live at once, whatever the length of the trace.\n\n"
    "Examples:\n"
    "  heapmark trace leaks app.hmt\n"
    "  heapmark trace leaks --top 5 app.hmt\n"
    "  heapmark trace leaks -f json app.hmt | jq .by_size";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct leaks_options *options = state->input;
    switch (key) {
    case 'f':
        options->json = strcmp(argument, "json") == 0;
        if (!options->json && strcmp(argument, "text") != 0)
            argp_failure(state, EXIT_UNUSABLE, 0, "unknown format '%s'; there are: text json",
                         argument);
        return 0;
    case KEY_TOP:
        if (units_parse_count(argument, &options->top) < 0 || options->top == 0)
            argp_failure(state, EXIT_UNUSABLE, 0, "--top %s: a number from 1 is needed", argument);
        return 0;
    case ARGP_KEY_ARGS:
        options->files = state->argv + state->next;
        options->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int tell(const char *file, const struct leaks_options *options, char *message)
{
    struct leaks leaks = {0};
    struct trace_reader *reader = trace_reader_open(file, message);
    struct trace_named trace = {file, reader};
    int result = reader != NULL ? leaks_find(reader, &leaks, message) : -1;
    if (result == 0) {
        result =
            (options->json ? trace_output_leaks_json
                           : trace_output_leaks_text)(stdout, &trace, &leaks, (size_t)options->top);
        if (result < 0)
            message_set(message, "cannot write standard output: %s", strerror(errno));
    }
    leaks_release(&leaks);
    trace_reader_close(reader);
    return result;
}

int trace_leaks(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "FILE...",
        .doc = documentation,
    };
    struct leaks_options options = {.top = TOP_DEFAULT};
    int status = EXIT_OK;
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    for (int i = 0; i < options.count; i++) {
        char message[MESSAGE_BYTES] = "";
        if (tell(options.files[i], &options, message) == 0)
            continue;
        fprintf(stderr, "heapmark trace leaks: %s\n", message);
        status = EXIT_UNUSABLE;
    }
    return status;
}
