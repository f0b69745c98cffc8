/* heapmark show: the table of a stored run again, in any format. */
#include "cli.h"
#include "message.h"
#include "output.h"
#include "report.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct show_options {
    const char *run, *store, *format, *output;
};

/* clang-format off */
static const struct argp_option option_table[] = {
    {"format", 'f', "FORMAT", 0,
     "text, md, csv (summary, one row a workload and allocator), trials (CSV, one row a trial), "
     "latency and histogram (CSV, of runs with --latency or paced), "
     "json (everything), gbench (as Google Benchmark writes)",
     0},
    {"output", 'o', "FILE", 0, "Write there instead of standard output", 0},
    {"store", 'i', "FILE", 0, "The SQLite file to read (default: results/heapmark.db)", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Prints the table of a stored run again. RUN is a run's name or the beginning of one (default: "
    "the newest; heapmark list runs names them)."
    "\v"
    "Examples:\n"
    "  heapmark show\n"
    "  heapmark show 2026-11-21 --format md\n"
    "  heapmark show --format gbench -o bench.json";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct show_options *options = state->input;
    switch (key) {
    case 'f':
        options->format = argument;
        return 0;
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

/* In `run`, -o names the store; whoever is used to that must not lose it here. */
static bool is_database(const char *path)
{
    static const char magic[] = "SQLite format 3";
    char start[sizeof magic] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return false;
    bool found = read(file, start, sizeof start) == (ssize_t)sizeof start &&
                 memcmp(start, magic, sizeof magic) == 0;
    close(file);
    return found;
}

static int write_to(const struct show_options *options, const struct output_format *format,
                    const struct summary *summary, char *message)
{
    const char *name = options->output != NULL ? options->output : "standard output";
    if (options->output != NULL && is_database(options->output))
        return message_set(message,
                           "%s is an SQLite file, and -o would overwrite it; to read from it, "
                           "say -i %s",
                           name, name);
    FILE *stream = options->output != NULL ? fopen(options->output, "we") : stdout;
    if (stream == NULL)
        return message_set(message, "cannot write %s: %s", name, strerror(errno));
    int result = format->write(stream, summary);
    int error = errno;
    if ((stream == stdout ? fflush(stream) : fclose(stream)) != 0) {
        result = -1;
        error = errno;
    }
    return result < 0 ? message_set(message, "cannot write %s: %s", name, strerror(error)) : 0;
}

static const struct output_format *find_format(const char *name, char *message)
{
    char known[128] = "";
    for (const struct output_format *format = output_formats; format->name != NULL; format++) {
        if (strcmp(format->name, name) == 0)
            return format;
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, " %s", format->name);
    }
    message_set(message, "unknown format '%s'; there are:%s", name, known);
    return NULL;
}

int cmd_show(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "[RUN]",
        .doc = documentation,
    };
    struct show_options options = {.format = "text"};
    char message[MESSAGE_BYTES] = "";
    struct paths paths = {0};
    struct report report;
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);

    const struct output_format *format = find_format(options.format, message);
    char *store = NULL;
    int result = format != NULL ? paths_init(&paths, message) : -1;
    if (result == 0) {
        store = options.store != NULL ? strdup(options.store) : report_default_store(&paths);
        result = report_load(&report, store, options.run, message);
    }
    if (result == 0) {
        result = write_to(&options, format, &report.summary, message);
        report_release(&report);
    }
    if (result < 0)
        fprintf(stderr, "heapmark show: %s\n", message);
    free(store);
    paths_release(&paths);
    return result < 0 ? EXIT_UNUSABLE : EXIT_OK;
}
