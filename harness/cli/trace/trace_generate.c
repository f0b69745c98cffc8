/* heapmark trace generate: the calls of a workload file as a trace. */
#include "cli.h"
#include "message.h"
#include "part_file.h"
#include "pattern_trace.h"
#include "trace_commands.h"
#include "units.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct generate_options {
    const char *file, *given, *output;
    uint64_t seed;
};

enum { KEY_SEED = 256 };

/* clang-format off */
static const struct argp_option option_table[] = {
    {"output", 'o', "OUT", 0, "The trace to write; - is standard output", 0},
    {"param", 'p', "PARAM=VALUE,...", 0, "Parameters, as behind the name in heapmark run -w", 0},
    {"seed", KEY_SEED, "N", 0, "What chance follows from (default: 1)", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Writes the calls that a workload file (docs/workload-files.md) makes as a trace: for a look "
    "at "
    "it with heapmark trace info or dump, or for another tool (heapmark trace export). What comes "
    "before the first timed lap is in it, too."
    "\v"
    "OUT appears complete or not at all.\n\n"
    "Examples:\n"
    "  heapmark trace generate my.ini -o my.hmt && heapmark trace info my.hmt\n"
    "  heapmark trace generate my.ini -p threads=4,serve.live=8M -o my.hmt";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct generate_options *options = state->input;
    switch (key) {
    case 'o':
        options->output = argument;
        return 0;
    case 'p':
        options->given = argument;
        return 0;
    case KEY_SEED:
        if (units_parse_count(argument, &options->seed) < 0)
            argp_failure(state, EXIT_UNUSABLE, 0, "--seed %s: a whole number is needed", argument);
        return 0;
    case ARGP_KEY_ARG:
        if (options->file != NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "one workload file at a time: %s or %s?",
                         options->file, argument);
        options->file = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->file == NULL)
            argp_error(state, "which workload file?");
        if (options->output == NULL)
            argp_error(state, "where to? -o OUT is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int write_trace(const struct pattern *pattern, const struct generate_options *options,
                       uint64_t *calls, char *message)
{
    struct part_file file;
    struct pattern_source *source = pattern_source_create(pattern, options->seed, message);
    int result = -1;
    if (source != NULL && part_file_begin(&file, options->output, message) == 0)
        result =
            part_file_end(&file, pattern_trace_write(pattern, source, file.draft, calls, message),
                          message);
    pattern_source_free(source);
    return result;
}

int trace_generate(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "FILE.ini",
        .doc = documentation,
    };
    struct generate_options options = {.seed = 1};
    struct pattern pattern;
    char message[MESSAGE_BYTES] = "";
    uint64_t calls = 0;
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    int result = pattern_load(&pattern, options.file, options.given, message);
    if (result == 0) {
        result = write_trace(&pattern, &options, &calls, message);
        pattern_release(&pattern);
    }
    if (result < 0)
        fprintf(stderr, "heapmark trace generate: %s\n", message);
    else
        fprintf(stderr, "%s: %" PRIu64 " calls of %s\n", options.output, calls, options.file);
    return result < 0 ? EXIT_UNUSABLE : EXIT_OK;
}
