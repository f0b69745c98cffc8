/* The options of `heapmark compare`; see compare_options.h. */
#include "compare_options.h"

#include "conduct.h"
#include "message.h"
#include "option_values.h"
#include "shared_options.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_THRESHOLD = 256,
    OPTION_GATE,
    OPTION_ACROSS,
    OPTION_INSTRUCTIONS,
    OPTION_LATENCY,
    OPTION_LOCKSTEP,
    PAIRS_DEFAULT = 160,
    COMPARE_LATENCY_GAP = 16, /* the p99.9 of a short trial takes 10,000 calls of a kind */
    WORDS_BYTES = 256,
};
#define MAX_TIME_DEFAULT_NS    INT64_C(300000000000)
#define SAMPLE_STEP_DEFAULT_NS INT64_C(1000000)
#define DEFAULT_SUITE          "compare"

/* clang-format off */
static const struct argp_option option_table[] = {
    {NULL, 0, NULL, 0, "What to run:", 1},
    {"suite", 's', "SUITE", 0, "The suite of workloads (default: 'compare', unless -w is given)",
     1},
    {"workload", 'w', "NAME[:PARAM=VALUE,...]", 0,
     "A workload with parameters or sweeps, or FILE.hmt; may be given many times", 1},
    {"seed", OPTION_SEED, "N", 0, "Seed of the workloads: same seed, same calls (default 1)", 1},
    {"instructions", OPTION_INSTRUCTIONS, NULL, 0,
     "Also count the instructions of a call, under valgrind's callgrind, of workloads with one "
     "thread: exact, and slow (two more trials each, of a few laps). --gate instructions counts "
     "them, too",
     1},
    {"latency", OPTION_LATENCY, "N", OPTION_ARG_OPTIONAL,
     "Beside each timed trial, another that times one malloc, free and realloc in N (default "
     "16), for their percentiles",
     1},
    {"lockstep", OPTION_LOCKSTEP, "WHEN", OPTION_ARG_OPTIONAL,
     "Both of a pair at once, in turns of laps on one CPU, for a machine that is never quiet: "
     "always, auto (when the warm-up trials waited for a CPU for 30% of their time; the default), "
     "never. All output says LOCKSTEP then",
     1},
    {"order-seed", OPTION_ORDER_SEED, "N", 0,
     "Seed of the lot that orders each pair (default: drawn, and stored with the run)", 1},
    OPTION_SOURCE_TABLE(1),
    {NULL, 0, NULL, 0, "What decides:", 2},
    {"across-conditions", OPTION_ACROSS, NULL, 0,
     "Compare stored runs also when machine, kernel or build differ", 2},
    {"gate", OPTION_GATE, "MEASURE,...", 0,
     "The measures that decide the exit status: time, cpu, throughput, rss, pss, overhead, "
     "retained, faults; of paced workloads request-p50, -p99, -p99.9; of single calls malloc-p50, "
     "-p99, -p99.9, and so of free and realloc; and, exactly, syscalls, internal, external, "
     "instructions (default time,rss); all are shown",
     2},
    {"threshold", OPTION_THRESHOLD, "PERCENT | MEASURE=PERCENT,...", 0,
     "What 'same' means: the whole interval within it. A change is named from half of it; an "
     "exact one, from all of it (default 2%; instructions 0.2%, single calls 5%)",
     2},
    {"alpha", OPTION_ALPHA, "PERCENT", 0,
     "The chance that anything unchanged that gates is called a change (default 1%)", 2},
    {"max-time", OPTION_MAX_TIME, "TIME", 0,
     "No pair is begun after that; what is not clear is 'undecided' (default 5m; 0: no limit)", 2},
    {"max-pairs", OPTION_MAX_PAIRS, "N", 0,
     "The most pairs of a workload. Looks are taken after 20, 40, 80, ... pairs below N, and "
     "after N (default 160). 0: no pairs, only what is exact; then only that can gate",
     2},
    {NULL, 0, NULL, 0, "Limits of a trial:", 3},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "For one trial (default 60s)", 3},
    {"memory-limit", OPTION_MEMORY_LIMIT, "SIZE", 0,
     "RLIMIT_DATA of a trial (default: half of the memory available; 0: none)", 3},
    {NULL, 0, NULL, 0, "Where results go:", 4},
    {"store", 'o', "FILE", 0, "The SQLite file (default: results/heapmark.db)", 4},
    {"format", 'f', "FORMAT", 0,
     "text, md (a comment for a pull request), json, junit (a test case a workload and gating "
     "measure)",
     4},
    {"quiet", 'q', NULL, 0, "No progress", 4},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Compares two allocators in interleaved pairs of fresh processes until the answer is clear or "
    "the budget is spent. BASE and NEW are allocators of allocators.ini, libraries "
    "(name=path/lib.so, or a path), each with settings or without (jemalloc:dirty_decay_ms=0), or "
    "allocators of this tree at a git revision "
    "(freelist-best@HEAD~3), built for the purpose; or both are of stored runs "
    "(run:NAME/ALLOCATOR)."
    "\v"
    "Every trial is kept: heapmark show and plot take the run.\n\n"
    "Examples:\n"
    "  heapmark compare glibc jemalloc\n"
    "  heapmark compare jemalloc jemalloc:dirty_decay_ms=0\n"
    "  heapmark compare old/libmine.so new/libmine.so -w webserver\n"
    "  heapmark compare freelist-best@main freelist-best --format md\n"
    "  heapmark compare mine@v1 mine@HEAD --repo . --build 'make lib' --library libmine.so\n"
    "  heapmark compare old.so new.so --gate instructions,syscalls --max-pairs 0\n"
    "  heapmark compare run:2026-11-21/glibc run:2026-11-21/jemalloc\n"
    "  heapmark compare glibc mine=./libmine.so --threshold time=3%,rss=5% --max-time 2m\n\n"
    "Exit status: 0 nothing is worse; 1 something is; 2 undecided within the budget; 3 wrong use, "
    "or could not run; 130 interrupted.";

static struct compare_options *options_of(const struct argp_state *state)
{
    return state->input;
}

static int find_measure(const char *word, const char *option, const struct argp_state *state)
{
    int measure = compare_measure_find(word);
    char known[WORDS_BYTES] = "";
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        strncat(known, " ", sizeof known - strlen(known) - 1);
        strncat(known, compare_measures[m].word, sizeof known - strlen(known) - 1);
    }
    if (measure < 0)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0, "%s: unknown measure '%s'; there are:%s",
                     option, word, known);
    return measure;
}

static void take_gate(char *word, const struct argp_state *state)
{
    options_of(state)->rules.gates[find_measure(word, "--gate", state)] = true;
}

static void take_threshold(char *word, const struct argp_state *state)
{
    double *thresholds = options_of(state)->rules.threshold;
    char *sign = strchr(word, '=');
    if (sign != NULL) {
        *sign = '\0';
        thresholds[find_measure(word, "--threshold", state)] =
            option_percent(sign + 1, "--threshold", OPTION_ABOVE_ZERO, state);
        return;
    }
    double all = option_percent(word, "--threshold", OPTION_ABOVE_ZERO, state);
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        thresholds[m] = all;
}

static void take_word(struct compare_options *options, const char *word,
                      const struct argp_state *state)
{
    int side = options->word[COMPARE_BASE] == NULL ? COMPARE_BASE : COMPARE_NEW;
    if (options->word[side] != NULL)
        argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                     "%s: BASE and NEW are all; a suite is named with -s, a workload with -w",
                     word);
    options->word[side] = word;
}

static error_t parse_rule(int key, char *argument, struct argp_state *state)
{
    struct compare_options *options = state->input;
    switch (key) {
    case OPTION_GATE:
        memset(options->rules.gates, 0, sizeof options->rules.gates);
        options->rules.gates_named = true;
        option_for_words(argument, state, take_gate);
        return 0;
    case OPTION_THRESHOLD:
        option_for_words(argument, state, take_threshold);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static enum compare_lockstep find_lockstep(const char *word, const struct argp_state *state)
{
    static const char *const words[] = {"never", "auto", "always"};
    if (word == NULL)
        return LOCKSTEP_ALWAYS;
    for (int i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0)
            return (enum compare_lockstep)i;
    argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                 "--lockstep=%s: give always, auto or never; always when nothing follows", word);
    return LOCKSTEP_NEVER;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct compare_options *options = state->input;
    struct run_options *run = &options->run;
    switch (key) {
    case 'f':
        options->format = argument;
        return 0;
    case ARGP_KEY_ARG:
        take_word(options, argument, state);
        return 0;
    case ARGP_KEY_END:
        if (options->word[COMPARE_NEW] == NULL)
            argp_failure(state, COMPARE_COULD_NOT_RUN, 0,
                         "name BASE and NEW; see heapmark compare --help");
        option_source_check(&options->source, state);
        return 0;
    case OPTION_INSTRUCTIONS:
        run->instructions = COMPARE_INSPECTIONS;
        return 0;
    case OPTION_LOCKSTEP:
        options->rules.lockstep = find_lockstep(argument, state);
        return 0;
    case OPTION_LATENCY:
        run->latency_gap = argument == NULL
                               ? COMPARE_LATENCY_GAP
                               : option_count(argument, "--latency", 1, LATENCY_GAP_MAXIMUM, state);
        return 0;
    case OPTION_ACROSS:
        options->across_conditions = true;
        return 0;
    default:
        break;
    }
    error_t result = parse_rule(key, argument, state);
    if (result == ARGP_ERR_UNKNOWN)
        result = option_of_trials(key, argument, run, state);
    if (result == ARGP_ERR_UNKNOWN)
        result = option_of_budget(key, argument, &options->budget, state);
    return result != ARGP_ERR_UNKNOWN ? result : option_of_source(key, argument, &options->source);
}

void compare_options_parse(struct compare_options *options, int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "BASE NEW",
        .doc = documentation,
    };
    *options = (struct compare_options){
        .run = {.seed = 1,
                .sample_step_ns = SAMPLE_STEP_DEFAULT_NS,
                .time_limit_ns = TRIAL_TIME_LIMIT_DEFAULT_NS,
                .memory_limit_bytes = -1,
                .inspections = COMPARE_INSPECTIONS,
                .program_memory = true,
                .format = "text"},
        .budget = {.max_time_ns = MAX_TIME_DEFAULT_NS, .most_pairs = PAIRS_DEFAULT      },
        .format = "text",
    };
    compare_rules_init(&options->rules);
    options->rules.lockstep = LOCKSTEP_AUTO;
    options->budget.alpha = options->rules.verdict.alpha;
    argp_err_exit_status = COMPARE_COULD_NOT_RUN;
    argp_parse(&parser, argc, argv, 0, NULL, options);
    options->rules.verdict.alpha = options->budget.alpha;
    options->rules.max_time_ns = options->budget.max_time_ns;
    if (options->rules.gates[MEASURE_INSTRUCTIONS])
        options->run.instructions = COMPARE_INSPECTIONS;
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (options->rules.gates[m] && compare_measures[m].pass == PASS_LATENCY &&
            options->run.latency_gap == 0)
            options->run.latency_gap = COMPARE_LATENCY_GAP;
    if (options->run.suite == NULL && options->run.workloads.count == 0)
        options->run.suite = DEFAULT_SUITE;
    options->run.blocks = (unsigned)options->budget.most_pairs + 1;
}

void compare_options_release(struct compare_options *options)
{
    run_options_release(&options->run);
}
