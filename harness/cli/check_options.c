/* The options of `heapmark check`; see check_options.h. */
#include "check_options.h"

#include "check_output.h"
#include "cli.h"
#include "option_values.h"

#include <argp.h>
#include <stdlib.h>

enum { OPTION_GROUP = 256, OPTION_TIME_LIMIT, OPTION_SOAK, OPTION_FORMAT, OPTION_LIST, OPTION_ALL };
enum { JOBS_MAXIMUM = 256 };
#define TIME_LIMIT_DEFAULT_NS INT64_C(10000000000)
#define TIME_LIMIT_LEAST_NS   UINT64_C(1000000)

/* clang-format off */
static const struct argp_option option_table[] = {
    {"test", 't', "PATTERN", 0,
     "Only tests whose name matches, as in 'realloc*'; may be given many times", 0},
    {"group", OPTION_GROUP, "GROUP", 0,
     "Only that group: contract, processes, exhaustion, misuse; may be given many times", 0},
    {"list", OPTION_LIST, NULL, 0, "List the tests, and run none", 0},
    {"soak", OPTION_SOAK, "TIME", 0,
     "Also a soak of that length: threads that verify all they hold, memory bounded", 0},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "For one test (default 10s)", 0},
    {"jobs", 'j', "N", 0, "Tests at a time (default: as many as there are CPUs)", 0},
    {"format", OPTION_FORMAT, "FORMAT", 0, "text (the default), html, json, md or junit", 0},
    {"output", 'o', "FILE", 0, "Write there instead of standard output", 0},
    {"all", OPTION_ALL, NULL, 0, "List tests that passed, too", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Checks that a library is a correct drop-in malloc: the contract, threads and processes, "
    "exhaustion; and shows what becomes of misuse. Each test is a process of its own with the "
    "library preloaded. Without a name: every installed allocator that is part of 'all'."
    "\v"
    "Examples:\n"
    "  heapmark check ./libmine.so\n"
    "  heapmark check ./libmine.so -t 'realloc*' --all\n"
    "  heapmark check glibc jemalloc mine=./libmine.so --group misuse\n"
    "  heapmark check ./libmine.so --soak 60s --format junit -o check.xml\n"
    "  heapmark check glibc jemalloc ./libmine.so --format html -o check.html\n\n"
    "docs/check.md tells what each group asks, and how the allocators of Debian do.\n\n"
    "Exit status: 0 all pass (but for known deviations and misuse); 1 some test failed; 2 wrong "
    "use, or could not run; 130 interrupted.";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct check_options *options = state->input;
    switch (key) {
    case 't':
        option_word(&options->patterns, argument, state);
        return 0;
    case OPTION_GROUP:
        option_word(&options->groups, argument, state);
        return 0;
    case OPTION_LIST:
        options->list = true;
        return 0;
    case OPTION_ALL:
        options->all = true;
        return 0;
    case OPTION_SOAK:
        options->soak_ns = option_duration(argument, "--soak", TIME_LIMIT_LEAST_NS, state);
        return 0;
    case OPTION_TIME_LIMIT:
        options->time_limit_ns =
            option_duration(argument, "--time-limit", TIME_LIMIT_LEAST_NS, state);
        if (options->time_limit_ns == 0)
            argp_failure(state, EXIT_UNUSABLE, 0,
                         "--time-limit 0: a test that hangs would never "
                         "end; give a time such as 10s");
        return 0;
    case 'j':
        options->jobs = (unsigned)option_count(argument, "--jobs", 1, JOBS_MAXIMUM, state);
        return 0;
    case OPTION_FORMAT:
        if (check_output_find(argument) == NULL)
            argp_failure(state, EXIT_UNUSABLE, 0,
                         "unknown format '%s'; there are: text html json md junit", argument);
        options->format = argument;
        return 0;
    case 'o':
        options->output = argument;
        return 0;
    case ARGP_KEY_ARG:
        option_word(&options->allocators, argument, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void check_options_parse(struct check_options *options, int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "[LIB.so|ALLOCATOR|NAME=LIB.so...]",
        .doc = documentation,
    };
    *options = (struct check_options){.time_limit_ns = TIME_LIMIT_DEFAULT_NS, .format = "text"};
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, options);
}

void check_options_release(struct check_options *options)
{
    free(options->allocators.words);
    free(options->groups.words);
    free(options->patterns.words);
    *options = (struct check_options){0};
}
