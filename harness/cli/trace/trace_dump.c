/* heapmark trace dump: a trace as text. */
#include "cli.h"
#include "dump_line.h"
#include "message.h"
#include "trace_commands.h"
#include "trace_range.h"
#include "trace_reader.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dump_options {
    const char *file, *from, *to;
    const char *thread_text;
    uint32_t thread;
};

enum { KEY_FROM = 256, KEY_TO, KEY_THREAD };

/* clang-format off */
static const struct argp_option option_table[] = {
    {"from", KEY_FROM, "WHERE", 0,
     "Begin there: an operation (1500, 20k, 2M), a time (1.5s, 250ms) or a share (50%)", 0},
    {"to", KEY_TO, "WHERE", 0, "End before that", 0},
    {"thread", KEY_THREAD, "N", 0,
     "Only operations of this thread (numbers as in the third column)", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Prints the operations of FILE, one a line, in columns parted by tabs: index, time_ns, thread, "
    "kind, address, old_address, size, alignment, error, flags. Lines that begin with # come "
    "first: the facts, the threads and the names of the columns. Nothing of the trace is left out: "
    "another could be made from the text."
    "\v"
    "Examples:\n"
    "  heapmark trace dump app.hmt | less\n"
    "  heapmark trace dump --from 1s --to 1.5s --thread 2 app.hmt\n"
    "  heapmark trace dump app.hmt | awk -F'\\t' '$4 == \"malloc\" && $7 > 65536'\n\n"
    "docs/traces.md describes the columns.";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct dump_options *options = state->input;
    char *end;
    switch (key) {
    case KEY_FROM:
        options->from = argument;
        return 0;
    case KEY_TO:
        options->to = argument;
        return 0;
    case KEY_THREAD:
        errno = 0;
        unsigned long number = strtoul(argument, &end, 10);
        if (argument[0] < '0' || argument[0] > '9' || *end != '\0' || errno != 0 ||
            number > UINT32_MAX)
            argp_failure(state, EXIT_UNUSABLE, 0, "--thread %s: a number of a thread, from 0",
                         argument);
        options->thread_text = argument;
        options->thread = (uint32_t)number;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file != NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "one trace at a time: %s or %s?", options->file,
                         argument);
        options->file = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Facts and names come from programs: no line end of theirs may begin a line of ours. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++)
        putchar((unsigned char)*text < ' ' || *text == '\177' ? ' ' : *text);
}

static void print_head(const struct trace_reader *reader)
{
    const struct trace_facts *facts = trace_reader_facts(reader);
    for (size_t i = 0; i < facts->count; i++) {
        fputs("# fact\t", stdout);
        print_text(facts->entry[i].name);
        putchar('\t');
        print_text(facts->entry[i].value);
        putchar('\n');
    }
    for (uint32_t i = 0; i < trace_reader_threads(reader); i++) {
        const struct trace_thread *thread = trace_reader_thread(reader, i);
        printf("# thread\t%" PRIu32 "\t%" PRIu64 "\t", i, thread->tid);
        print_text(thread->name);
        putchar('\n');
    }
    if (!trace_reader_is_complete(reader))
        fputs("# the end of this trace was never written\n", stdout);
    fputs("#" DUMP_COLUMNS "\n", stdout);
}

static int print_operations(struct trace_reader *reader, const struct trace_range *range,
                            const struct dump_options *options, char *message)
{
    char line[DUMP_LINE_BYTES];
    struct trace_op op;
    for (uint64_t index = range->from; index < range->to && !ferror(stdout); index++) {
        int more = trace_reader_next(reader, &op, message);
        if (more <= 0)
            return more;
        if (options->thread_text != NULL && op.thread != options->thread)
            continue;
        const char *end = dump_line(line, index, &op);
        fwrite(line, 1, (size_t)(end - line), stdout);
    }
    return 0;
}

static int dump(struct trace_reader *reader, const struct dump_options *options, char *message)
{
    struct trace_point from = {0}, to = {0};
    struct trace_range range;
    if ((options->from != NULL && trace_point_parse("--from", options->from, &from, message) < 0) ||
        (options->to != NULL && trace_point_parse("--to", options->to, &to, message) < 0))
        return -1;
    if (options->thread_text != NULL && options->thread >= trace_reader_threads(reader))
        return message_set(message, "--thread %s: %s has %" PRIu32 " thread(s), numbered from 0",
                           options->thread_text, options->file, trace_reader_threads(reader));
    if (trace_range_find(reader, &from, &to, &range, message) < 0)
        return -1;
    print_head(reader);
    int result = print_operations(reader, &range, options, message);
    if ((fflush(stdout) != 0 || ferror(stdout)) && result == 0)
        return message_set(message, "cannot write standard output: %s", strerror(errno));
    return result;
}

int trace_dump(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "FILE",
        .doc = documentation,
    };
    struct dump_options options = {0};
    char message[MESSAGE_BYTES] = "";
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    struct trace_reader *reader = trace_reader_open(options.file, message);
    int result = reader != NULL ? dump(reader, &options, message) : -1;
    trace_reader_close(reader);
    if (result < 0)
        fprintf(stderr, "heapmark trace dump: %s\n", message);
    return result < 0 ? EXIT_UNUSABLE : EXIT_OK;
}
