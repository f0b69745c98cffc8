/* heapmark trace scale: many copies of a trace as one. */
#include "scale.h"

#include "cli.h"
#include "message.h"
#include "part_file.h"
#include "trace_commands.h"
#include "units.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct scale_options {
    const char *file, *output;
    uint32_t copies;
    bool own_threads;
};

enum { KEY_COPIES = 256, KEY_THREADS };

/* clang-format off */
static const struct argp_option option_table[] = {
    {"output", 'o', "OUT", 0, "The trace to write; - is standard output", 0},
    {"copies", KEY_COPIES, "N", 0, "Every operation N times in a row, on the thread that made it",
     0},
    {"threads", KEY_THREADS, "N", 0, "N copies side by side, each on threads of its own", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Writes N copies of FILE as one trace: the same load N times over, for more live memory "
    "(--copies) or more threads (--threads). Copies share no block; at every operation they take "
    "turns. Blocks are named anew, so the addresses of FILE are gone."
    "\v"
    "OUT appears complete or not at all.\n\n"
    "Examples:\n"
    "  heapmark trace scale app.hmt -o app-x8.hmt --copies 8\n"
    "  heapmark trace scale app.hmt -o app-4-threads.hmt --threads 4";

static uint32_t parse_number(const char *option, const char *text, struct argp_state *state)
{
    uint64_t value;
    if (units_parse_count(text, &value) < 0 || value < 2 || value > TRACE_SCALE_MAXIMUM)
        argp_failure(state, EXIT_UNUSABLE, 0, "--%s %s: a number from 2 to %d is needed", option,
                     text, TRACE_SCALE_MAXIMUM);
    return (uint32_t)value;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct scale_options *options = state->input;
    switch (key) {
    case 'o':
        options->output = argument;
        return 0;
    case KEY_COPIES:
    case KEY_THREADS:
        if (options->copies != 0)
            argp_failure(state, EXIT_UNUSABLE, 0, "one of --copies and --threads, once");
        options->own_threads = key == KEY_THREADS;
        options->copies =
            parse_number(options->own_threads ? "threads" : "copies", argument, state);
        return 0;
    case ARGP_KEY_ARG:
        if (options->file != NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "one trace at a time: %s or %s?", options->file,
                         argument);
        options->file = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->file == NULL)
            argp_error(state, "which trace?");
        if (options->output == NULL)
            argp_error(state, "where to? -o OUT is missing");
        if (options->copies == 0)
            argp_error(state, "how often? --copies N or --threads N is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int write_scaled(struct trace_reader *reader, const char *output, struct trace_scale *scale,
                        char *message)
{
    struct part_file file;
    if (part_file_begin(&file, output, message) < 0)
        return -1;
    return part_file_end(&file, trace_scale_write(reader, file.draft, scale, message), message);
}

int trace_scale(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "FILE",
        .doc = documentation,
    };
    struct scale_options options = {0};
    char message[MESSAGE_BYTES] = "";
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    const char *slash = strrchr(options.file, '/');
    struct trace_scale scale = {.copies = options.copies,
                                .own_threads = options.own_threads,
                                .name = slash != NULL ? slash + 1 : options.file};
    struct trace_reader *reader = trace_reader_open(options.file, message);
    int result = reader != NULL ? write_scaled(reader, options.output, &scale, message) : -1;
    trace_reader_close(reader);
    if (result < 0)
        fprintf(stderr, "heapmark trace scale: %s\n", message);
    else
        fprintf(stderr,
                "%s: %" PRIu64 " operations: %" PRIu32 " copies of %s, %" PRIu32 " thread%s\n",
                options.output, scale.written, scale.copies, options.file, scale.threads,
                scale.threads == 1 ? "" : "s");
    return result < 0 ? EXIT_UNUSABLE : EXIT_OK;
}
