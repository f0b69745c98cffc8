/* The options of `heapmark gate`; see gate_options.h. */
#include "gate_options.h"

#include "message.h"
#include "option_values.h"
#include "shared_options.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPTION_BASE = 256,
    OPTION_AGAINST,
    OPTION_UPDATE,
    OPTION_ALLOW_DIRTY,
    OPTION_ALL,
    OPTION_GATE,
    OPTION_THRESHOLD,
    PAIRS_DEFAULT = 80,
    WORDS_BYTES = 384,
};
#define MAX_TIME_DEFAULT_NS INT64_C(120000000000)

/* clang-format off */
static const struct argp_option option_table[] = {
    {NULL, 0, NULL, 0, "What is compared:", 1},
    {"allocator", 'a', "NAME[=LIB]", 0,
     "An allocator of the baseline; of a library of your own say where it is now (default: all of "
     "the baseline)",
     1},
    {"baseline", 'b', "FILE", 0, "The baseline (default: results/baseline.json)", 1},
    {"against", OPTION_AGAINST, "REVISION", 0,
     "Instead of the baseline: the allocators as they were at that revision, built and measured "
     "here",
     1},
    {"base", OPTION_BASE, "[NAME=]LIB", 0,
     "The old library of an allocator, where it cannot be built from a revision", 1},
    {"all", OPTION_ALL, NULL, 0, "Also measure allocators whose library is the baseline's own", 1},
    {NULL, 0, NULL, 0, "The baseline:", 2},
    {"update", OPTION_UPDATE, NULL, 0,
     "Measure, and write the baseline; of the allocators named with -a, or all that it has", 2},
    {"allow-dirty", OPTION_ALLOW_DIRTY, NULL, 0,
     "Update also when the tree has changes that are not committed; no revision is kept then", 2},
    {"suite", 's', "SUITE", 0, "With --update or --against: its workloads (default: 'gate')", 2},
    {"workload", 'w', "NAME[:PARAM=VALUE,...]", 0,
     "With --update or --against: a workload with one thread, or FILE.hmt", 2},
    {"seed", OPTION_SEED, "N", 0, "With --update or --against: seed of the workloads (default 1)",
     2},
    {NULL, 0, NULL, 0, "What decides:", 3},
    {"gate", OPTION_GATE, "MEASURE,...", 0,
     "Exact: instructions, syscalls, usable, free, pss, faults; live, in pairs with the old "
     "library: time, rss and the others of heapmark compare (default: all exact ones, time, rss)",
     3},
    {"threshold", OPTION_THRESHOLD, "MEASURE=PERCENT,...", 0,
     "The tolerance of exact measures (with --update it is kept: instructions 0.1%, syscalls and "
     "usable 0, others 0.5%), what 'same' means of live ones (2%)",
     3},
    {"alpha", OPTION_ALPHA, "PERCENT", 0,
     "The chance that anything unchanged is called a change, over all allocators (default 1%)", 3},
    {"max-time", OPTION_MAX_TIME, "TIME", 0,
     "Of all live comparisons together: no pair is begun after that (default 2m)", 3},
    {"max-pairs", OPTION_MAX_PAIRS, "N", 0, "The most pairs of a workload (default 80)", 3},
    {NULL, 0, NULL, 0, "Revisions of another repository than heapmark's own:", 4},
    OPTION_SOURCE_TABLE(4),
    {NULL, 0, NULL, 0, "Limits of a trial:", 5},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "For one trial (default 60s)", 5},
    {"memory-limit", OPTION_MEMORY_LIMIT, "SIZE", 0,
     "RLIMIT_DATA of a trial (default: half of the memory available; 0: none)", 5},
    {NULL, 0, NULL, 0, "Where results go:", 6},
    {"store", 'o', "FILE", 0, "The SQLite file (default: results/heapmark.db)", 6},
    {"format", 'f', "FORMAT", 0, "text, md (a comment for a pull request), json, junit", 6},
    {"quiet", 'q', NULL, 0, "No progress", 6},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Compares allocators with a baseline that is kept under version control. What repeats exactly "
    "(instructions, system calls, memory of one thread) is compared with the values that stand "
    "there; time is compared live, in pairs with the library of the baseline's revision."
    "\v"
    "A library whose code is the baseline's own is not measured again.\n\n"
    "Examples:\n"
    "  heapmark gate --update -a bump -a freelist-best   makes results/baseline.json\n"
    "  heapmark gate                                     is anything worse than it was?\n"
    "  heapmark gate --gate instructions,syscalls        exact measures alone: no old library\n"
    "  heapmark gate --against main                      without a baseline\n"
    "  heapmark gate -b bench.json -a mine=./libmine.so --base ./old/libmine.so\n\n"
    "Exit status: 0 nothing is worse; 1 something is; 2 undecided, or not comparable here; 3 wrong "
    "use, or could not run; 130 interrupted.";

static struct gate_options *options_of(const struct argp_state *state)
{
    return state->input;
}

static void refuse_measure(const char *word, const char *option, const struct argp_state *state)
{
    char known[WORDS_BYTES] = "";
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++) {
        strncat(known, " ", sizeof known - strlen(known) - 1);
        strncat(known, exact_measures[m].word, sizeof known - strlen(known) - 1);
    }
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        if (exact_measure_find(compare_measures[m].word) >= 0)
            continue;
        strncat(known, " ", sizeof known - strlen(known) - 1);
        strncat(known, compare_measures[m].word, sizeof known - strlen(known) - 1);
    }
    argp_failure(state, COMPARE_COULD_NOT_RUN, 0, "%s: unknown measure '%s'; there are:%s", option,
                 word, known);
}

/* A word that both have is the exact one. */
static void take_gate(char *word, const struct argp_state *state)
{
    int exact = exact_measure_find(word), live = compare_measure_find(word);
    if (exact >= 0)
        options_of(state)->exact[exact] = true;
    else if (live >= 0)
        options_of(state)->rules.gates[live] = true;
    else
        refuse_measure(word, "--gate", state);
}

static void take_threshold(char *word, const struct argp_state *state)
{
    struct gate_options *options = options_of(state);
    char *sign = strchr(word, '=');
    if (sign == NULL)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "--threshold %s: say of which measure, such as instructions=0.5%%", word);
    *sign = '\0';
    int exact = exact_measure_find(word), live = compare_measure_find(word);
    if (exact >= 0)
        options->exact_percent[exact] =
            100 * option_percent(sign + 1, "--threshold", OPTION_ZERO_TOO, state);
    else if (live >= 0)
        options->rules.threshold[live] =
            option_percent(sign + 1, "--threshold", OPTION_ABOVE_ZERO, state);
    else
        refuse_measure(word, "--threshold", state);
}

static void take_format(const char *name, const struct argp_state *state)
{
    const struct gate_format *format = gate_formats;
    while (format->name != NULL && strcmp(format->name, name) != 0)
        format++;
    if (format->name == NULL)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "unknown format '%s'; there are: text md json junit", name);
    options_of(state)->format = format;
}

static void check(struct gate_options *options, const struct argp_state *state)
{
    bool own_work = options->run.suite != NULL || options->run.workloads.count > 0;
    option_source_check(&options->source, state);
    if (own_work && !options->update && options->against == NULL)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "the workloads are those of the baseline: -s, -w and --seed go with --update "
                     "or --against");
    if (options->update && (options->against != NULL || options->bases.count > 0))
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "--update takes the allocators as they are: no --against, no --base");
    if (options->update && options->gates_given)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "--update measures all that is exact: no --gate");
    if (options->against != NULL && options->bases.count > 0)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "--against and --base both say what is old: give one of them");
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        options->live |= options->rules.gates[m];
}

static error_t parse_shared(int key, char *argument, struct argp_state *state)
{
    struct gate_options *options = state->input;
    error_t result = option_of_trials(key, argument, &options->run, state);
    if (result == ARGP_ERR_UNKNOWN)
        result = option_of_budget(key, argument, &options->budget, state);
    return result != ARGP_ERR_UNKNOWN ? result : option_of_source(key, argument, &options->source);
}

static error_t parse_choice(int key, char *argument, struct argp_state *state)
{
    struct gate_options *options = state->input;
    switch (key) {
    case OPTION_AGAINST:
        options->against = argument;
        return 0;
    case OPTION_UPDATE:
        options->update = true;
        return 0;
    case OPTION_ALLOW_DIRTY:
        options->allow_dirty = true;
        return 0;
    case OPTION_ALL:
        options->all = true;
        return 0;
    case OPTION_GATE:
        memset(options->rules.gates, 0, sizeof options->rules.gates);
        memset(options->exact, 0, sizeof options->exact);
        options->gates_given = true;
        option_for_words(argument, state, take_gate);
        return 0;
    case OPTION_THRESHOLD:
        option_for_words(argument, state, take_threshold);
        return 0;
    default:
        return parse_shared(key, argument, state);
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct gate_options *options = state->input;
    switch (key) {
    case 'a':
        option_word(&options->run.allocators, argument, state);
        return 0;
    case 'b':
        options->baseline = argument;
        return 0;
    case 'f':
        take_format(argument, state);
        return 0;
    case OPTION_BASE:
        option_word(&options->bases, argument, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "%s: an allocator is named with -a, a baseline with -b", argument);
        return 0;
    case ARGP_KEY_END:
        check(options, state);
        return 0;
    default:
        return parse_choice(key, argument, state);
    }
}

void gate_options_parse(struct gate_options *options, int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .doc = documentation,
    };
    *options = (struct gate_options){
        .run = {.seed = 1,                          .time_limit_ns = TRIAL_TIME_LIMIT_DEFAULT_NS, .memory_limit_bytes = -1},
        .budget = {.max_time_ns = MAX_TIME_DEFAULT_NS,
                .least_pairs = 1,
                .most_pairs = PAIRS_DEFAULT                                                                               },
        .format = &gate_formats[0],
    };
    compare_rules_init(&options->rules);
    options->budget.alpha = options->rules.verdict.alpha;
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++) {
        options->exact[m] = true;
        options->exact_percent[m] = -1;
    }
    argp_err_exit_status = COMPARE_COULD_NOT_RUN;
    argp_parse(&parser, argc, argv, 0, NULL, options);
    options->rules.verdict.alpha = options->budget.alpha;
    options->rules.max_time_ns = options->budget.max_time_ns;
}

void gate_options_release(struct gate_options *options)
{
    run_options_release(&options->run);
    free(options->bases.words);
    options->bases = (struct word_list){0};
}
