/* heapmark trace export: a trace for another tool. */
#include "cli.h"
#include "export.h"
#include "message.h"
#include "trace_commands.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct export_options {
    const char *format, *input, *output;
};

/* clang-format off */
static const struct argp_option option_table[] = {
    {"format", 'f', "NAME", 0,
     "rep, rep-weight (CMU, the header's two orders), mtrace, memory-replay (Android), wl (glibc's "
     "trace_run), malloc-bench (gzip'd protobuf), csv, jsonl",
     0},
    {"output", 'o', "FILE", 0, "Write there instead of standard output", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Writes a heapmark trace in another tool's format, and says on standard error what is lost. "
    "docs/trace-import.md tells what each format carries."
    "\v"
    "Examples:\n"
    "  heapmark trace export --format rep app.hmt -o app.rep\n"
    "  heapmark trace export --format csv app.hmt | head\n"
    "  heapmark trace export --format wl app.hmt -o app.wl";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct export_options *options = state->input;
    switch (key) {
    case 'f':
        options->format = argument;
        return 0;
    case 'o':
        options->output = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (options->input != NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "one trace at a time: %s or %s?", options->input,
                         argument);
        options->input = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->input == NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "which trace? see --help");
        if (options->format == NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "which format? say --format; see --help");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void report(const struct export_result *result, const struct foreign_format *format)
{
    fprintf(stderr, "%" PRIu64 " calls as %s\n", result->operations, format->name);
    if (result->had_times && (format->carries & CARRIES_TIMES) == 0)
        fprintf(stderr, "lost: times\n");
    for (int i = 0; i < LOST_COUNT; i++)
        if (result->lost[i] > 0)
            fprintf(stderr, "lost: %" PRIu64 " %s\n", result->lost[i],
                    export_loss_text((enum export_loss)i));
}

int trace_export(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "FILE.hmt",
        .doc = documentation,
    };
    struct export_options options = {.output = "-"};
    struct export_result result = {0};
    char message[MESSAGE_BYTES] = "";
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    const struct foreign_format *format = foreign_format_find(options.format, message);
    int done = -1;
    if (format != NULL)
        done = export_file(options.input, format, options.output, &result, message);
    if (done < 0) {
        fprintf(stderr, "heapmark trace export: %s\n", message);
        return EXIT_UNUSABLE;
    }
    report(&result, format);
    return EXIT_OK;
}
