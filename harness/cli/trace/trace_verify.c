/* heapmark trace verify: says whether traces can have happened. */
#include "cli.h"
#include "message.h"
#include "trace_commands.h"
#include "trace_reader.h"
#include "verify.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char documentation[] =
    "Reads each FILE from end to end and looks for what cannot be: a block freed or resized that "
    "is not live, an address handed out while it is live, a thread that was never introduced, half "
    "of a realloc without the other, times that go back, counts and checksums that do not agree. "
    "Prints a line for a FILE without a mistake; otherwise the number of the operation and the "
    "reason of the first ten mistakes. A file whose end was never written (the recorder was "
    "killed, "
    "or is still at work) is said to be so; that is no mistake."
    "\v"
    "Memory: some 80 bytes for each block live at once, whatever the length of the trace.\n\n"
    "Exit status: 0 no mistake; 1 mistakes; 2 a FILE could not be read as a trace.\n\n"
    "Examples:\n"
    "  heapmark trace verify app.hmt\n"
    "  heapmark trace verify *.hmt && echo fit to ship";

struct verify_options {
    char **files;
    int count;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct verify_options *options = state->input;
    (void)argument;
    switch (key) {
    case ARGP_KEY_ARGS:
        options->files = state->argv + state->next;
        options->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_result(const char *file, const struct verify_result *result)
{
    const char *unfinished =
        result->unfinished ? "; its end was never written: this is as far as it goes" : "";
    if (result->mistakes == 0) {
        printf("%s: %" PRIu64 " operations, no mistake%s\n", file, result->operations, unfinished);
        return;
    }
    uint64_t kept = result->mistakes < VERIFY_KEPT ? result->mistakes : VERIFY_KEPT;
    for (uint64_t i = 0; i < kept; i++)
        printf("%s: operation %" PRIu64 ": %s\n", file, result->kept[i].operation,
               result->kept[i].reason);
    if (result->mistakes > kept)
        printf("%s: ... and %" PRIu64 " more\n", file, result->mistakes - kept);
    printf("%s: %" PRIu64 " operations, %" PRIu64 " mistake%s%s\n", file, result->operations,
           result->mistakes, result->mistakes == 1 ? "" : "s", unfinished);
}

static int verify_file(const char *file)
{
    char message[MESSAGE_BYTES] = "";
    struct verify_result result = {0};
    struct trace_reader *reader = trace_reader_open(file, message);
    int status = reader != NULL ? verify_trace(reader, &result, message) : -1;
    trace_reader_close(reader);
    if (status < 0) {
        fprintf(stderr, "heapmark trace verify: %s\n", message);
        return EXIT_UNUSABLE;
    }
    print_result(file, &result);
    return result.mistakes > 0 ? EXIT_MISTAKES : EXIT_OK;
}

int trace_verify(int argc, char **argv)
{
    static const struct argp parser = {
        .parser = parse_option,
        .args_doc = "FILE...",
        .doc = documentation,
    };
    struct verify_options options = {0};
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    int worst = EXIT_OK;
    for (int i = 0; i < options.count; i++) {
        int status = verify_file(options.files[i]);
        worst = status > worst ? status : worst;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("heapmark trace verify: cannot write standard output");
        return EXIT_UNUSABLE;
    }
    return worst;
}
