/* The options of `heapmark doctor`; see doctor_options.h. */
#include "doctor_options.h"

#include "cli.h"
#include "units.h"

#include <argp.h>
#include <string.h>

enum { OPTION_QUICK = 256, OPTION_TIME };
#define TIME_DEFAULT_NS INT64_C(60000000000)
#define TIME_MAXIMUM_NS UINT64_C(86400000000000)

/* clang-format off */
static const struct argp_option option_table[] = {
    {"quick", OPTION_QUICK, NULL, 0, "Look only; do not compare an allocator with itself", 0},
    {"time", OPTION_TIME, "TIME", 0,
     "For the comparison (default 60s), but 20 pairs of trials at least", 0},
    {"workload", 'w', "NAME[:PARAM=VALUE,...]", 0, "That it is made with (default webserver)", 0},
    {"allocator", 'a', "NAME[=LIB.so]", 0, "That is compared with itself (default glibc)", 0},
    {"format", 'f', "FORMAT", 0, "text or json", 0},
    {"store", 'o', "FILE", 0,
     "The SQLite file beside which the result is kept, for the runs that follow (default: "
     "results/heapmark.db)",
     0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Looks at the machine as a benchmarker would, says what will disturb measurements and how to "
    "mend it, and measures what is left: an allocator compared with itself shows the noise floor "
    "and the smallest change that this machine can show in a minute."
    "\v"
    "The result is kept in FILE.doctor.json beside the store; runs into that store carry it on.\n\n"
    "Examples:\n"
    "  heapmark doctor\n"
    "  heapmark doctor --quick\n"
    "  heapmark doctor --time 20s -w webserver:threads=2 -a jemalloc --format json\n\n"
    "Exit status: 0 nothing disturbs (there may be notes); 1 something will disturb (a warning); "
    "2 wrong use, or could not run; 130 interrupted.";

static int64_t parse_time(const char *text, const struct argp_state *state)
{
    uint64_t value = 0;
    if (units_parse_duration(text, &value) < 0 || value > TIME_MAXIMUM_NS)
        argp_failure(state, EXIT_UNUSABLE, 0, "--time %s: give a time such as 20s or 5m", text);
    return (int64_t)value;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct doctor_options *options = state->input;
    switch (key) {
    case OPTION_QUICK:
        options->quick = true;
        return 0;
    case OPTION_TIME:
        options->time_ns = parse_time(argument, state);
        return 0;
    case 'w':
        options->workload = argument;
        return 0;
    case 'a':
        options->allocator = argument;
        return 0;
    case 'o':
        options->store = argument;
        return 0;
    case 'f':
        if (strcmp(argument, "text") != 0 && strcmp(argument, "json") != 0)
            argp_failure(state, EXIT_UNUSABLE, 0, "unknown format '%s'; there are: text json",
                         argument);
        options->format = argument;
        return 0;
    case ARGP_KEY_ARG:
        argp_failure(state, EXIT_UNUSABLE, 0, "what is '%s'? doctor takes options only", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void doctor_options_parse(struct doctor_options *options, int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .doc = documentation,
    };
    *options = (struct doctor_options){
        .time_ns = TIME_DEFAULT_NS,
        .workload = "webserver",
        .allocator = "glibc",
        .format = "text",
    };
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, options);
}
