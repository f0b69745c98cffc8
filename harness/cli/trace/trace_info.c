/* heapmark trace info: what a trace holds. */
#include "chart_file.h"
#include "cli.h"
#include "message.h"
#include "paths.h"
#include "report.h"
#include "trace_commands.h"
#include "trace_output.h"
#include "units.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct info_options {
    char **files;
    int count;
    bool json;
    const char *plot;
};

enum { KEY_PLOT = 256 };

/* clang-format off */
static const struct argp_option option_table[] = {
    {"format", 'f', "FORMAT", 0, "text or json (an object a trace)", 0},
    {"plot", KEY_PLOT, "FOLDER", 0, "Draw sizes, lifetimes and live bytes there, as SVG and PNG",
     0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Tells what FILE holds: the program and the machine it was recorded on, and what the format of "
    "an imported trace did not carry; calls by kind, failed ones, reallocs in place and moved; "
    "threads, and blocks freed by another thread than allocated them; the peak of live bytes and "
    "when it was; sizes and lifetimes of blocks; live bytes over operations and over time."
    "\v"
    "A realloc ends one block and begins another, in place or not. Memory: some 80 bytes for each "
    "block live at once, whatever the length of the trace.\n\n"
    "Examples:\n"
    "  heapmark trace info app.hmt\n"
    "  heapmark trace info -f json app.hmt | jq .peak\n"
    "  heapmark trace info --plot charts app.hmt\n\n"
    "docs/traces.md explains every line.";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct info_options *options = state->input;
    switch (key) {
    case 'f':
        options->json = strcmp(argument, "json") == 0;
        if (!options->json && strcmp(argument, "text") != 0)
            argp_failure(state, EXIT_UNUSABLE, 0, "unknown format '%s'; there are: text json",
                         argument);
        return 0;
    case KEY_PLOT:
        options->plot = argument;
        return 0;
    case ARGP_KEY_ARGS:
        options->files = state->argv + state->next;
        options->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace?");
        return 0;
    case ARGP_KEY_END:
        if (options->plot != NULL && options->count > 1)
            argp_failure(state, EXIT_UNUSABLE, 0, "--plot draws one trace at a time");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void name_chart(void *argument, const char *path)
{
    fprintf(argument, "  %s\n", path);
}

/* "app.hmt · 1.23 M calls in 4.20 s · /usr/bin/app" */
static void write_footer(char *footer, const struct trace_named *trace, const struct survey *survey)
{
    char calls[UNITS_TEXT_BYTES], time[UNITS_TEXT_BYTES];
    const char *slash = strrchr(trace->path, '/');
    const char *command = trace_facts_find(trace_reader_facts(trace->reader), "command");
    if (command == NULL)
        command = trace_facts_find(trace_reader_facts(trace->reader), "program");
    snprintf(footer, CHART_FOOTER_BYTES, "%.100s · %s calls%s%s%s%.100s",
             slash != NULL ? slash + 1 : trace->path,
             units_print_count(calls, (double)survey->calls), survey->duration_ns > 0 ? " in " : "",
             survey->duration_ns > 0 ? units_print_duration(time, (int64_t)survey->duration_ns)
                                     : "",
             command != NULL ? " · " : "", command != NULL ? command : "");
}

static int draw_charts(struct chart_folders *folders, char *message)
{
    static const char *const charts[][2] = {
        {"trace_sizes",     "sizes"    },
        {"trace_lifetimes", "lifetimes"},
        {"trace_live",      "live"     }
    };
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
        struct chart chart = {.script = charts[i][0], .name = charts[i][1]};
        if (chart_file_draw(folders, &chart, message) < 0)
            return -1;
    }
    return 0;
}

static int draw(const char *folder, const struct trace_named *trace, const struct survey *survey,
                char *message)
{
    struct chart_folders folders = {.written = name_chart, .argument = stderr};
    struct paths paths = {0};
    int result = paths_init(&paths, message);
    char *tables = path_join(folder, "tables");
    if (result == 0 && (tables == NULL || make_folders(tables) < 0))
        result = message_set(message, "cannot create the folder %s: %s", folder, strerror(errno));
    if (result == 0)
        result = trace_output_tables(tables, survey, message);
    write_footer(folders.footer, trace, survey);
    if (result == 0) {
        result = chart_folders_find(&folders, paths.plots, tables, folder, message);
        if (result == 0)
            result = draw_charts(&folders, message);
        chart_folders_release(&folders);
    }
    free(tables);
    paths_release(&paths);
    return result;
}

static int tell(const char *file, const struct info_options *options, char *message)
{
    struct survey survey = {0};
    struct trace_reader *reader = trace_reader_open(file, message);
    struct trace_named trace = {file, reader};
    int result = reader != NULL ? survey_trace(reader, &survey, message) : -1;
    if (result == 0) {
        result = (options->json ? trace_output_info_json : trace_output_info_text)(stdout, &trace,
                                                                                   &survey);
        if (result < 0)
            message_set(message, "cannot write standard output: %s", strerror(errno));
    }
    if (result == 0 && options->plot != NULL)
        result = draw(options->plot, &trace, &survey, message);
    survey_release(&survey);
    trace_reader_close(reader);
    return result;
}

int trace_info(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "FILE...",
        .doc = documentation,
    };
    struct info_options options = {0};
    int status = EXIT_OK;
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    for (int i = 0; i < options.count; i++) {
        char message[MESSAGE_BYTES] = "";
        if (i > 0 && !options.json)
            putchar('\n');
        if (tell(options.files[i], &options, message) == 0)
            continue;
        fprintf(stderr, "heapmark trace info: %s\n", message);
        status = EXIT_UNUSABLE;
    }
    return status;
}
