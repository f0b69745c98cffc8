/* heapmark trace profile: sizes, rates and lifetimes as a table. */
#include "cli.h"
#include "message.h"
#include "part_file.h"
#include "trace_commands.h"
#include "trace_output.h"
#include "trace_twin.h"
#include "twin.h"
#include "units.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct profile_options {
    const char *file, *output, *twin, *plot;
    bool bare;
    uint64_t slices;
    uint64_t top;
};

enum { KEY_TOP = 256, KEY_BARE, KEY_TWIN, KEY_SLICES, KEY_PLOT, TOP_DEFAULT = 20 };

/* clang-format off */
static const struct argp_option option_table[] = {
    {"output", 'o', "PROFILE.csv", 0, "Write the whole table there, as CSV; - is standard output",
     0},
    {"bare", KEY_BARE, NULL, 0,
     "In the CSV only size, alloc_rate and num_live, without a heading, as fleetbench's "
     "distributions are written",
     0},
    {"twin", KEY_TWIN, "TWIN.ini", 0,
     "Write a workload file that imitates the trace, with its deck beside it (TWIN.csv), and tell "
     "how much alike the two are",
     0},
    {"slices", KEY_SLICES, "N", 0, "Of the twin: cut the recording into so many (default: 256)", 0},
    {"plot", KEY_PLOT, "FOLDER", 0, "Draw the twin against the recording there, as SVG and PNG", 0},
    {"top", KEY_TOP, "N", 0, "Print so many sizes (default: 20)", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Tells for each size of block in FILE how often it is allocated, how many live on average, how "
    "long they live, and by which calls and across which threads: what a generator of synthetic "
    "load needs. Sizes over 1024 are taken together, sixteen classes a power of two."
    "\v"
    "A realloc ends one block and begins another. Quantiles of lifetimes are upper bounds, at most "
    "twice the recorded value, of the blocks that were freed or resized; heapmark trace info says "
    "how far apart recorded times are.\n\n"
    "Memory: some 80 bytes for each block live at once, whatever the length of the trace.\n\n"
    "Examples:\n"
    "  heapmark trace profile app.hmt\n"
    "  heapmark trace profile app.hmt -o app.csv\n"
    "  heapmark trace profile app.hmt -o MY_SERVICE.csv --bare\n"
    "  heapmark trace profile app.hmt --twin app-twin.ini --plot charts\n"
    "  heapmark run -w app-twin.ini\n\n"
    "docs/traces.md describes the columns.";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct profile_options *options = state->input;
    switch (key) {
    case 'o':
        options->output = argument;
        return 0;
    case KEY_BARE:
        options->bare = true;
        return 0;
    case KEY_TWIN:
        options->twin = argument;
        if (strlen(argument) < 5 || strcmp(argument + strlen(argument) - 4, ".ini") != 0)
            argp_failure(state, EXIT_UNUSABLE, 0, "--twin %s: its name must end in .ini", argument);
        return 0;
    case KEY_PLOT:
        options->plot = argument;
        return 0;
    case KEY_SLICES:
        if (units_parse_count(argument, &options->slices) < 0 || options->slices == 0 ||
            options->slices > TWIN_SLICES_MAXIMUM)
            argp_failure(state, EXIT_UNUSABLE, 0, "--slices %s: a number from 1 to %d is needed",
                         argument, TWIN_SLICES_MAXIMUM);
        return 0;
    case KEY_TOP:
        if (units_parse_count(argument, &options->top) < 0 || options->top == 0)
            argp_failure(state, EXIT_UNUSABLE, 0, "--top %s: a number from 1 is needed", argument);
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
        if (options->bare && options->output == NULL)
            argp_error(state, "--bare is about the CSV: -o PROFILE.csv is missing");
        if ((options->plot != NULL || options->slices != TWIN_SLICES) && options->twin == NULL)
            argp_error(state, "--plot and --slices are about the twin: --twin TWIN.ini is missing");
        if (options->twin != NULL && (options->output != NULL || options->bare))
            argp_error(state,
                       "the table of sizes (-o) and the twin (--twin) are made one at a time");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int write_csv(const char *path, const struct profile *profile, bool bare, char *message)
{
    struct part_file part;
    if (part_file_begin(&part, path, message) < 0)
        return -1;
    FILE *file = fopen(part.draft, "we");
    int error = file != NULL ? 0 : errno;
    if (file != NULL && trace_output_profile_csv(file, profile, bare) < 0)
        error = errno;
    if (file != NULL && fclose(file) != 0 && error == 0)
        error = errno;
    int result =
        error != 0 ? message_set(message, "cannot write %s: %s", path, strerror(error)) : 0;
    return part_file_end(&part, result, message);
}

static int tell(const struct trace_named *trace, const struct profile *profile,
                const struct profile_options *options, char *message)
{
    if (options->output != NULL)
        return write_csv(options->output, profile, options->bare, message);
    if (trace_output_profile_text(stdout, trace, profile, (size_t)options->top) < 0)
        return message_set(message, "cannot write standard output: %s", strerror(errno));
    return 0;
}

int trace_profile(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "FILE",
        .doc = documentation,
    };
    struct profile_options options = {.top = TOP_DEFAULT, .slices = TWIN_SLICES};
    struct profile profile = {0};
    char message[MESSAGE_BYTES] = "";
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    struct trace_reader *reader = trace_reader_open(options.file, message);
    struct trace_named trace = {options.file, reader};
    int result = -1;
    if (reader != NULL && options.twin != NULL)
        result = trace_twin_make(reader, options.file,
                                 &(struct trace_twin_options){options.twin, options.plot,
                                                              (unsigned)options.slices},
                                 message);
    else if (reader != NULL)
        result = profile_trace(reader, &profile, message);
    if (result == 0 && options.twin == NULL)
        result = tell(&trace, &profile, &options, message);
    profile_release(&profile);
    trace_reader_close(reader);
    if (result < 0)
        fprintf(stderr, "heapmark trace profile: %s\n", message);
    return result < 0 ? EXIT_UNUSABLE : EXIT_OK;
}
