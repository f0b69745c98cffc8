/* The options of `heapmark bisect`; see bisect_options.h. */
#include "bisect_options.h"

#include "option_values.h"
#include "shared_options.h"

#include <string.h>

enum {
    OPTION_MEASURE = 256,
    OPTION_THRESHOLD,
    OPTION_FIRST_PARENT,
    PAIRS_DEFAULT = 80,
};
#define MAX_TIME_DEFAULT_NS INT64_C(120000000000)
#define ALPHA_DEFAULT       0.01
#define THRESHOLD_LIVE      0.02

/* clang-format off */
static const struct argp_option option_table[] = {
    {NULL, 0, NULL, 0, "What is measured:", 1},
    {"measure", OPTION_MEASURE, "MEASURE", 0,
     "Exact, one run a step: instructions, syscalls, usable, free, pss, faults; in pairs: time, "
     "cpu, rss and the others of heapmark compare (default time)",
     1},
    {"suite", 's', "SUITE", 0, "The suite of workloads (default: 'gate', unless -w is given)", 1},
    {"workload", 'w', "NAME[:PARAM=VALUE,...]", 0,
     "A workload with parameters, or FILE.hmt; of many, the one that has changed most is hunted on",
     1},
    {"seed", OPTION_SEED, "N", 0, "Seed of the workloads (default 1)", 1},
    {NULL, 0, NULL, 0, "What decides:", 2},
    {"threshold", OPTION_THRESHOLD, "PERCENT", 0,
     "The least difference of GOOD and BAD that is hunted (default 2%; of exact measures as in "
     "heapmark gate)",
     2},
    {"alpha", OPTION_ALPHA, "PERCENT", 0,
     "The chance that a wrong commit is named, over all steps (default 1%)", 2},
    {"max-time", OPTION_MAX_TIME, "TIME", 0,
     "Of the comparison of one step: what is not clear then is skipped (default 2m)", 2},
    {"max-pairs", OPTION_MAX_PAIRS, "N", 0, "The most pairs of a comparison (default 80)", 2},
    {"first-parent", OPTION_FIRST_PARENT, NULL, 0,
     "Only the first parents of merges: names the merge, not the commit in it", 2},
    {NULL, 0, NULL, 0, "Another repository than heapmark's own:", 3},
    OPTION_SOURCE_TABLE(3),
    {NULL, 0, NULL, 0, "Limits of a trial:", 4},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "For one trial (default 60s)", 4},
    {"memory-limit", OPTION_MEMORY_LIMIT, "SIZE", 0,
     "RLIMIT_DATA of a trial (default: half of the memory available; 0: none)", 4},
    {NULL, 0, NULL, 0, "Where results go:", 5},
    {"store", 'o', "FILE", 0, "The SQLite file (default: results/heapmark.db)", 5},
    {"format", 'f', "FORMAT", 0, "text, json", 5},
    {"quiet", 'q', NULL, 0, "No progress", 5},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Names the commit that changed a measure of an allocator, between revision GOOD and its "
    "descendant BAD. Each step builds one commit in a temporary git worktree and measures it "
    "against GOOD. Commits that do not build or run are skipped, and named; those that leave the "
    "library's code as it was are not measured."
    "\v"
    "The checkout itself is never touched.\n\n"
    "Examples:\n"
    "  heapmark bisect v1.0 main freelist-best\n"
    "  heapmark bisect v1.0 main freelist-best --measure instructions -w webserver\n"
    "  heapmark bisect v3 HEAD mine --repo ~/mine --build 'make libmine.so' --library "
    "libmine.so\n\n"
    "Exit status: 0 found; 2 GOOD and BAD do not differ, or it is one of several; 3 wrong use, or "
    "could not run; 130 interrupted.";

static void take_measure(struct bisect_options *options, const char *word,
                         const struct argp_state *state)
{
    options->exact = exact_measure_find(word);
    options->live = options->exact < 0 ? compare_measure_find(word) : -1;
    if (options->exact < 0 && options->live < 0)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "--measure: unknown measure '%s'; see heapmark bisect --help", word);
    if (options->live >= 0 && compare_measures[options->live].pass != PASS_TIMED)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "--measure %s: it can be compared, and not hunted; take one of the timed or "
                     "exact measures that heapmark bisect --help names",
                     word);
}

static void take_word(struct bisect_options *options, const char *word,
                      const struct argp_state *state)
{
    if (options->good == NULL)
        options->good = word;
    else if (options->bad == NULL)
        options->bad = word;
    else if (options->allocator == NULL)
        options->allocator = word;
    else
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "%s: GOOD, BAD and ALLOCATOR are all; a workload is named with -w", word);
}

static void take_format(struct bisect_options *options, const char *name,
                        const struct argp_state *state)
{
    if (strcmp(name, "text") == 0)
        options->write = bisect_output_text;
    else if (strcmp(name, "json") == 0)
        options->write = bisect_output_json;
    else
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0, "unknown format '%s'; there are: text json",
                     name);
}

static void check(struct bisect_options *options, const struct argp_state *state)
{
    if (options->allocator == NULL)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "name GOOD, BAD and ALLOCATOR; see heapmark bisect --help");
    if (strpbrk(options->allocator, "@=/") != NULL || strlen(options->allocator) >= 64)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "%s: give the bare name of an allocator of this tree, or of the library that "
                     "--build makes",
                     options->allocator);
    option_source_check(&options->source, state);
    if (options->run.suite == NULL && options->run.workloads.count == 0)
        options->run.suite = "gate";
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct bisect_options *options = state->input;
    switch (key) {
    case OPTION_MEASURE:
        take_measure(options, argument, state);
        return 0;
    case OPTION_THRESHOLD:
        options->threshold = option_percent(argument, "--threshold", OPTION_ABOVE_ZERO, state);
        options->threshold_given = true;
        return 0;
    case OPTION_FIRST_PARENT:
        options->first_parent = true;
        return 0;
    case 'f':
        take_format(options, argument, state);
        return 0;
    case ARGP_KEY_ARG:
        take_word(options, argument, state);
        return 0;
    case ARGP_KEY_END:
        check(options, state);
        return 0;
    default:
        break;
    }
    error_t result = option_of_trials(key, argument, &options->run, state);
    if (result == ARGP_ERR_UNKNOWN)
        result = option_of_budget(key, argument, &options->budget, state);
    return result != ARGP_ERR_UNKNOWN ? result : option_of_source(key, argument, &options->source);
}

void bisect_options_parse(struct bisect_options *options, int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "GOOD BAD ALLOCATOR",
        .doc = documentation,
    };
    *options = (struct bisect_options){
        .run = {.seed = 1,                          .time_limit_ns = TRIAL_TIME_LIMIT_DEFAULT_NS, .memory_limit_bytes = -1},
        .exact = -1,
        .live = MEASURE_TIME,
        .threshold = THRESHOLD_LIVE,
        .budget = { .alpha = ALPHA_DEFAULT,
                .max_time_ns = MAX_TIME_DEFAULT_NS,
                .least_pairs = 1,
                .most_pairs = PAIRS_DEFAULT},
        .write = bisect_output_text,
    };
    argp_err_exit_status = COMPARE_COULD_NOT_RUN;
    argp_parse(&parser, argc, argv, 0, NULL, options);
    if (options->exact >= 0 && !options->threshold_given)
        options->threshold = exact_measures[options->exact].tolerance_percent / 100;
}

const char *bisect_options_measure(const struct bisect_options *options)
{
    return options->exact >= 0 ? exact_measures[options->exact].word
                               : compare_measures[options->live].word;
}
