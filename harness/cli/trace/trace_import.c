/* heapmark trace import: another tool's trace as one of ours. */
#include "cli.h"
#include "import.h"
#include "message.h"
#include "trace_commands.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_LENIENT = 0x100, OPTION_LIST };

struct import_options {
    const char *format, *input, *output;
    bool lenient, list;
};

/* clang-format off */
static const struct argp_option option_table[] = {
    {"format", 'f', "NAME", 0, "The input's format (default: by its content)", 0},
    {"output", 'o', "OUT.hmt", 0,
     "Where to; - is standard output (default: INPUT's name with .hmt, in this folder)", 0},
    {"lenient", OPTION_LENIENT, 0, 0,
     "Skip lines that cannot be read and operations that are impossible, and count them", 0},
    {"list", OPTION_LIST, 0, 0, "Print the formats, and what they do not carry", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Makes a heapmark trace of another tool's. INPUT may be compressed by gzip, zstd or zip; - is "
    "standard input. docs/trace-import.md tells how to make such files."
    "\v"
    "Examples:\n"
    "  heapmark trace import app.mtrace\n"
    "  heapmark trace import heaptrack.app.1234.raw.zst -o app.hmt\n"
    "  valgrind --trace-malloc=yes app 2>&1 | heapmark trace import - -o app.hmt\n"
    "  heapmark trace import --list";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct import_options *options = state->input;
    switch (key) {
    case 'f':
        options->format = argument;
        return 0;
    case 'o':
        options->output = argument;
        return 0;
    case OPTION_LENIENT:
        options->lenient = true;
        return 0;
    case OPTION_LIST:
        options->list = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->input != NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "one file at a time: %s or %s?", options->input,
                         argument);
        options->input = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->input == NULL && !options->list)
            argp_failure(state, EXIT_UNUSABLE, 0, "which file? see --help");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print_list(void)
{
    for (size_t i = 0; foreign_formats[i] != NULL; i++) {
        const struct foreign_format *format = foreign_formats[i];
        const char *ways = format->import == NULL   ? "export"
                           : format->export == NULL ? "import"
                                                    : "both";
        char lacks[FOREIGN_FORMAT_LACKS_BYTES];
        foreign_format_lacks(format->carries, lacks);
        printf("%-14s %-7s %s%s%s\n", format->name, ways, format->summary,
               lacks[0] != '\0' ? "; carries no " : "", lacks);
    }
    return fflush(stdout) != 0 ? EXIT_UNUSABLE : EXIT_OK;
}

/* To standard error: standard output may be the trace. */
static void report(const struct import_result *result, const char *output)
{
    const struct import_counts *counts = &result->counts;
    char lacks[FOREIGN_FORMAT_LACKS_BYTES];
    fprintf(stderr,
            "%s: %" PRIu64 " operations from %s, %" PRIu64 " blocks, threads: %" PRIu64 "\n",
            output, counts->operations, result->format->name, counts->blocks, counts->threads);
    foreign_format_lacks(result->carries, lacks);
    if (lacks[0] != '\0')
        fprintf(stderr, "%s carries no %s\n", result->format->name, lacks);
    if (result->note[0] != '\0')
        fprintf(stderr, "%s\n", result->note);
    if (counts->inherited > 0)
        fprintf(stderr, "%" PRIu64 " blocks that were not seen allocated are taken as inherited\n",
                counts->inherited);
    if (counts->implied > 0)
        fprintf(stderr, "%" PRIu64 " frees added where a block's place was used again\n",
                counts->implied);
    if (counts->skipped > 0)
        fprintf(stderr, "%" PRIu64 " lines or operations skipped\n", counts->skipped);
}

/* The input's name without its folder, with .hmt. */
static char *default_output(const char *input)
{
    const char *slash = strrchr(input, '/');
    char *output = NULL;
    return asprintf(&output, "%s.hmt", slash != NULL ? slash + 1 : input) < 0 ? NULL : output;
}

static int run(const struct import_options *options, char *message)
{
    struct import_request request = {.input = options->input, .lenient = options->lenient};
    struct import_result result = {0};
    char *named = NULL;
    if (options->format != NULL) {
        request.format = foreign_format_find(options->format, message);
        if (request.format == NULL)
            return -1;
    }
    if (options->output == NULL && strcmp(options->input, "-") == 0)
        return message_set(message, "standard input has no name to make one of; say -o OUT.hmt");
    if (options->output == NULL)
        named = default_output(options->input);
    request.output = options->output != NULL ? options->output : named;
    if (request.output == NULL)
        return message_set(message, "out of memory");
    int done = import_file(&request, &result, message);
    if (done == 0)
        report(&result, request.output);
    free(named);
    return done;
}

int trace_import(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "INPUT",
        .doc = documentation,
    };
    struct import_options options = {0};
    char message[MESSAGE_BYTES] = "";
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    if (options.list)
        return print_list();
    if (run(&options, message) == 0)
        return EXIT_OK;
    fprintf(stderr, "heapmark trace import: %s\n", message);
    return EXIT_UNUSABLE;
}
