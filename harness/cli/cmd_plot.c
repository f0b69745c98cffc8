/* heapmark plot: draws the charts of a stored run. */
#include "cli.h"
#include "message.h"
#include "report.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plot_options {
    const char *run, *store, *output;
};

/* clang-format off */
static const struct argp_option option_table[] = {
    {"output", 'o', "FOLDER", 0,
     "Where to (default: a folder named after the run, beside the store)", 0},
    {"store", 'i', "FILE", 0, "The SQLite file to read (default: results/heapmark.db)", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Draws the charts of a stored run as SVG and PNG, with the tables and exports beside them, and "
    "names the files. RUN is a run's name or the beginning of one (default: the newest)."
    "\v"
    "Examples:\n"
    "  heapmark plot\n"
    "  heapmark plot 2026-11-21 -o charts\n\n"
    "docs/charts.md tells how to read each.";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct plot_options *options = state->input;
    switch (key) {
    case 'o':
        options->output = argument;
        return 0;
    case 'i':
        options->store = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (options->run != NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "one run at a time: %s or %s?", options->run,
                         argument);
        options->run = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_plot(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "[RUN]",
        .doc = documentation,
    };
    struct plot_options options = {0};
    char message[MESSAGE_BYTES] = "";
    struct paths paths = {0};
    struct report report;
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);

    char *store = NULL;
    int result = paths_init(&paths, message);
    if (result == 0) {
        store = options.store != NULL ? strdup(options.store) : report_default_store(&paths);
        result = report_load(&report, store, options.run, message);
    }
    if (result == 0) {
        result = report_draw(&report, &paths, store, options.output, message);
        report_release(&report);
    }
    if (result < 0)
        fprintf(stderr, "heapmark plot: %s\n", message);
    free(store);
    paths_release(&paths);
    return result < 0 ? EXIT_UNUSABLE : EXIT_OK;
}
