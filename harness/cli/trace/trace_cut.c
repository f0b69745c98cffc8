/* heapmark trace cut: a stretch of a trace as one of its own. */
#include "cut.h"

#include "cli.h"
#include "message.h"
#include "part_file.h"
#include "trace_commands.h"
#include "units.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct cut_options {
    const char *file, *output, *from, *to;
    bool drop_live;
};

enum { KEY_FROM = 256, KEY_TO, KEY_DROP_LIVE };

/* clang-format off */
static const struct argp_option option_table[] = {
    {"output", 'o', "OUT", 0, "The trace to write; - is standard output", 0},
    {"from", KEY_FROM, "WHERE", 0,
     "Begin there: an operation (1500, 20k, 2M), a time (1.5s, 250ms) or a share (50%)", 0},
    {"to", KEY_TO, "WHERE", 0, "End before that", 0},
    {"drop-live", KEY_DROP_LIVE, NULL, 0,
     "Leave out the blocks that are live at the start, their frees and reallocs", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Writes a stretch of FILE as a trace that can stand by itself: what is live at its start is "
    "allocated first, in the order of birth, by the threads that did so (malloc, or the call that "
    "asked for an alignment); then the operations follow as they are, with times counted from the "
    "first of them. Numbers of operations are those of trace dump, from 0."
    "\v"
    "OUT appears complete or not at all.\n\n"
    "Examples:\n"
    "  heapmark trace cut app.hmt -o steady.hmt --from 10s --to 20s\n"
    "  heapmark trace cut app.hmt -o second-half.hmt --from 50%\n"
    "  heapmark trace cut app.hmt -o small.hmt --from 1M --to 1.1s --drop-live";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct cut_options *options = state->input;
    switch (key) {
    case 'o':
        options->output = argument;
        return 0;
    case KEY_FROM:
        options->from = argument;
        return 0;
    case KEY_TO:
        options->to = argument;
        return 0;
    case KEY_DROP_LIVE:
        options->drop_live = true;
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
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int write_cut(struct trace_reader *reader, const struct cut_options *options,
                     struct trace_cut *cut, char *message)
{
    struct trace_point from = {0}, to = {0};
    struct part_file file;
    if ((options->from != NULL && trace_point_parse("--from", options->from, &from, message) < 0) ||
        (options->to != NULL && trace_point_parse("--to", options->to, &to, message) < 0) ||
        trace_range_find(reader, &from, &to, &cut->range, message) < 0)
        return -1;
    if (cut->range.from == cut->range.to)
        return message_set(message, "there is no operation in that range");
    if (part_file_begin(&file, options->output, message) < 0)
        return -1;
    return part_file_end(&file, trace_cut_write(reader, file.draft, cut, message), message);
}

/* To standard error: standard output may be the trace. */
static void print_result(const struct cut_options *options, const struct trace_cut *cut)
{
    char text[UNITS_TEXT_BYTES];
    fprintf(stderr, "%s: %" PRIu64 " operations: ", options->output, cut->written);
    if (cut->drop_live)
        fprintf(stderr,
                "%" PRIu64 " to %" PRIu64 " of %s, but for %" PRIu64
                " on blocks that were live before\n",
                cut->range.from, cut->range.to, options->file, cut->dropped);
    else
        fprintf(stderr,
                "%" PRIu64 " blocks that were live (%s), then %" PRIu64 " to %" PRIu64 " of %s\n",
                cut->blocks, units_print_bytes(text, (int64_t)cut->bytes), cut->range.from,
                cut->range.to, options->file);
}

int trace_cut(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "FILE",
        .doc = documentation,
    };
    struct cut_options options = {0};
    char message[MESSAGE_BYTES] = "";
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    const char *slash = strrchr(options.file, '/');
    struct trace_cut cut = {.drop_live = options.drop_live,
                            .name = slash != NULL ? slash + 1 : options.file};
    struct trace_reader *reader = trace_reader_open(options.file, message);
    int result = reader != NULL ? write_cut(reader, &options, &cut, message) : -1;
    trace_reader_close(reader);
    if (result < 0)
        fprintf(stderr, "heapmark trace cut: %s\n", message);
    else
        print_result(&options, &cut);
    return result < 0 ? EXIT_UNUSABLE : EXIT_OK;
}
