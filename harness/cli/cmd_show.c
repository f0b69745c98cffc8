/* heapmark show: the table of a stored run again, in any format. */
#include "cli.h"
#include "message.h"
#include "output.h"
#include "report.h"
#include "standing_output.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct show_options {
    const char *run, *store, *format, *output, *subject;
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
    {"subject", 's', "ALLOCATOR", 0,
     "How that allocator of the run stands against the others instead: the ratios of its CPU time, "
     "peak RSS and what it retains to each of theirs, and their geometric means (text, md, csv)",
     0},
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
    "  heapmark show --subject mine --format md\n"
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
    case 's':
        options->subject = argument;
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

/* What is to be printed: of all allocators, or of one against the others. */
struct page {
    const struct output_format *format;
    standing_output_fn *standing; /* NULL: `format` it is */
    const char *subject;
};

static int write_standing(FILE *stream, const struct page *page, const struct summary *summary,
                          unsigned subject)
{
    struct standing standing[STANDING_MEASURE_COUNT] = {0};
    int result = 0;
    for (int measure = 0; measure < STANDING_MEASURE_COUNT && result == 0; measure++)
        result =
            standing_init(&standing[measure], summary, subject, (enum standing_measure)measure);
    if (result == 0)
        result = page->standing(stream, standing);
    int error = errno;
    for (int measure = 0; measure < STANDING_MEASURE_COUNT; measure++)
        standing_release(&standing[measure]);
    errno = error;
    return result;
}

static int write_page(FILE *stream, const struct page *page, const struct summary *summary,
                      int subject)
{
    return page->standing == NULL ? page->format->write(stream, summary)
                                  : write_standing(stream, page, summary, (unsigned)subject);
}

static int write_to(const struct show_options *options, const struct page *page,
                    const struct summary *summary, char *message)
{
    const char *name = options->output != NULL ? options->output : "standard output";
    int subject = page->standing != NULL ? run_find_allocator(summary->run, page->subject) : 0;
    if (subject < 0)
        return message_set(message,
                           "the run has no allocator '%s'; heapmark list runs %s names them",
                           page->subject, summary->run->name);
    if (page->standing != NULL && summary->run->allocator_count < 2)
        return message_set(message, "the run has no other allocator than '%s' to compare it with",
                           page->subject);
    if (options->output != NULL && is_database(options->output))
        return message_set(message,
                           "%s is an SQLite file, and -o would overwrite it; to read from it, "
                           "say -i %s",
                           name, name);
    FILE *stream = options->output != NULL ? fopen(options->output, "we") : stdout;
    if (stream == NULL)
        return message_set(message, "cannot write %s: %s", name, strerror(errno));
    int result = write_page(stream, page, summary, subject);
    int error = errno;
    if ((stream == stdout ? fflush(stream) : fclose(stream)) != 0) {
        result = -1;
        error = errno;
    }
    return result < 0 ? message_set(message, "cannot write %s: %s", name, strerror(error)) : 0;
}

static int find_page(const struct show_options *options, struct page *page, char *message)
{
    char known[128] = "";
    *page = (struct page){.subject = options->subject};
    if (options->subject != NULL) {
        page->standing = standing_output_find(options->format);
        return page->standing != NULL
                   ? 0
                   : message_set(message, "--subject has no format '%s'; there are: text md csv",
                                 options->format);
    }
    for (page->format = output_formats; page->format->name != NULL; page->format++) {
        if (strcmp(page->format->name, options->format) == 0)
            return 0;
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, " %s", page->format->name);
    }
    return message_set(message, "unknown format '%s'; there are:%s", options->format, known);
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

    struct page page;
    char *store = NULL;
    int result = find_page(&options, &page, message);
    if (result == 0)
        result = paths_init(&paths, message);
    if (result == 0) {
        store = options.store != NULL ? strdup(options.store) : report_default_store(&paths);
        result = report_load(&report, store, options.run, message);
    }
    if (result == 0) {
        result = write_to(&options, &page, &report.summary, message);
        report_release(&report);
    }
    if (result < 0)
        fprintf(stderr, "heapmark show: %s\n", message);
    free(store);
    paths_release(&paths);
    return result < 0 ? EXIT_UNUSABLE : EXIT_OK;
}
