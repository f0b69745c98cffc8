/* The options of `heapmark run`; see run_options.h. */
#include "run_options.h"

#include "cli.h"
#include "conduct.h"
#include "option_values.h"
#include "shared_options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_STEP = 256,
    OPTION_RESUME,
    OPTION_PLOT,
    OPTION_FORMAT,
    OPTION_LATENCY,
    OPTION_INSTRUCTIONS,
    OPTION_COUNTERS,
    BLOCKS_MAXIMUM = 10000,
};
#define SAMPLE_STEP_DEFAULT_NS INT64_C(1000000)

/* clang-format off */
static const struct argp_option option_table[] = {
    {NULL, 0, NULL, 0, "What to run:", 1},
    {"workload", 'w', "NAME[:PARAM=VALUE,...]", 0,
     "A workload with parameters, FILE.hmt: a trace to be replayed, or FILE.ini: a workload file; "
     "may be given many times. "
     "VALUE may be a sweep: 1..16 (doubling), 1k..1M*4, 10..50+10, 16/64/256, threads=1..2C (C: "
     "the CPUs); each value is a workload of the run. Without it, the suite 'default'",
     1},
    {"allocator", 'a', "NAME[=LIB.so][:OPTION=VALUE,...]", 0,
     "An allocator of allocators.ini, 'all', or any library under a name of your own; may be given "
     "many times. With options of the allocator, or variables of its environment in capitals; each "
     "value of a sweep is an allocator of the run. Without it, every installed one that is part of "
     "'all'",
     1},
    {"blocks", 'n', "N", 0,
     "Blocks: how often each workload runs under each allocator, in shuffled order, each time in "
     "a fresh process. Six are the fewest that give a 95 % interval (default: the suite's, else "
     "10)",
     1},
    {"seed", OPTION_SEED, "N", 0, "Seed of the workloads: same seed, same calls (default 1)", 1},
    {"order-seed", OPTION_ORDER_SEED, "N", 0,
     "Seed of the shuffling (default: drawn, and stored with the run)", 1},
    {"counters", OPTION_COUNTERS, NULL, 0,
     "In timed trials, also let the processor count instructions, cycles, misses of the data TLB, "
     "of the cache and of branches, where the kernel lends its counters. docs/counts.md",
     1},
    {"instructions", OPTION_INSTRUCTIONS, NULL, 0,
     "Also count the instructions of a call, under valgrind's callgrind: one trial each, of a few "
     "laps, of workloads with one thread. docs/counts.md",
     1},
    {"latency", OPTION_LATENCY, "N", OPTION_ARG_OPTIONAL,
     "Also time single calls, in trials of their own, one beside each timed one: one call in N, "
     "chosen by chance (default 64; 1: every call). docs/latency.md",
     1},
    {NULL, 0, NULL, 0, "Limits and sampling:", 2},
    {"sample-step", OPTION_STEP, "TIME", 0,
     "Step of the memory timeline (default 1ms; 0 takes none)", 2},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "For one trial (default 60s)", 2},
    {"memory-limit", OPTION_MEMORY_LIMIT, "SIZE", 0,
     "RLIMIT_DATA of a trial; what exceeds it ends as 'out of memory' (default: half of the "
     "memory available; 0: none)",
     2},
    {NULL, 0, NULL, 0, "Where results go:", 3},
    {"store", 'o', "FILE", 0, "The SQLite file (default: results/heapmark.db)", 3},
    {"resume", OPTION_RESUME, "RUN", OPTION_ARG_OPTIONAL,
     "Go on with an interrupted run (default: the newest): runs what is still planned, with the "
     "options it was begun with",
     3},
    {"plot", OPTION_PLOT, NULL, 0, "Draw the charts at the end and name the files", 3},
    {"format", OPTION_FORMAT, "FORMAT", 0, "Of the table at the end: see heapmark show --help", 3},
    {"quiet", 'q', NULL, 0, "No progress, no table: failures only", 3},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Runs a suite, or the workloads named, under allocators; stores every trial; prints the table."
    "\v"
    "Ctrl-C ends a run cleanly: what was measured is kept, and --resume goes on.\n\n"
    "Examples:\n"
    "  heapmark run\n"
    "  heapmark run quick -a glibc -a jemalloc\n"
    "  heapmark run -w webserver:threads=2 -w realloc-growth -n 20 --plot\n"
    "  heapmark run -a glibc -a mine=./libmine.so -w matrix\n"
    "  heapmark run -w app.hmt:touch=all -a glibc -a jemalloc\n"
    "  heapmark run -w my.ini:threads=4 -a glibc -a jemalloc\n"
    "  heapmark run -w lru-cache -w app.hmt --latency --plot\n"
    "  heapmark run --resume\n\n"
    "Exit status: 0 every trial is ok (or skipped because a package is missing); 1 some trial "
    "failed; 2 wrong use, or could not run; 130 interrupted.";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct run_options *options = state->input;
    switch (key) {
    case 'a':
        option_word(&options->allocators, argument, state);
        options->planning = "-a";
        return 0;
    case 'n':
        options->blocks = (unsigned)option_count(argument, "-n", 1, BLOCKS_MAXIMUM, state);
        options->planning = "-n";
        return 0;
    case OPTION_STEP:
        options->sample_step_ns =
            option_duration(argument, "--sample-step", DURATION_LEAST_NS, state);
        options->planning = "--sample-step";
        return 0;
    case OPTION_COUNTERS:
        options->counters = true;
        options->planning = "--counters";
        return 0;
    case OPTION_INSTRUCTIONS:
        options->instructions = 1;
        options->planning = "--instructions";
        return 0;
    case OPTION_LATENCY:
        options->latency_gap =
            argument != NULL ? option_count(argument, "--latency", 1, LATENCY_GAP_MAXIMUM, state)
                             : LATENCY_GAP_DEFAULT;
        options->planning = "--latency";
        return 0;
    case OPTION_RESUME:
        options->resume = true;
        options->resume_name = argument;
        return 0;
    case OPTION_PLOT:
        options->plot = true;
        return 0;
    case OPTION_FORMAT:
        options->format = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (options->suite != NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "one suite at a time: %s or %s?", options->suite,
                         argument);
        options->suite = argument;
        options->planning = "the suite";
        return 0;
    default:
        return option_of_trials(key, argument, options, state);
    }
}

void run_options_parse(struct run_options *options, int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "[SUITE]",
        .doc = documentation,
    };
    *options = (struct run_options){
        .seed = 1,
        .sample_step_ns = SAMPLE_STEP_DEFAULT_NS,
        .time_limit_ns = TRIAL_TIME_LIMIT_DEFAULT_NS,
        .memory_limit_bytes = -1,
        .format = "text",
    };
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, options);
    if (options->resume && options->planning != NULL) {
        fprintf(stderr, "%s: --resume goes on with what the run was begun with: leave out %s\n",
                argv[0], options->planning);
        run_options_release(options);
        exit(EXIT_UNUSABLE);
    }
    if (options->suite == NULL && options->workloads.count == 0)
        options->suite = "default";
}

void run_options_release(struct run_options *options)
{
    free(options->workloads.words);
    free(options->allocators.words);
    options->workloads = options->allocators = (struct word_list){0};
}
