/* heapmark compare: runs two allocators in pairs until it is clear which is better. */
#include "cli.h"
#include "clock.h"
#include "compare_options.h"
#include "compare_output.h"
#include "compare_side.h"
#include "comparison_progress.h"
#include "conditions.h"
#include "facts.h"
#include "probe.h"
#include "running.h"
#include "stored.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct comparing {
    struct compare_options options;
    struct running running;
    struct comparison comparison;
    struct comparison_progress progress;
    const struct compare_format *format;
    bool from_store;
    struct stored stored;
};

static bool wanted(void *argument, const struct trial_key *key)
{
    struct comparing *comparing = argument;
    return comparison_wants(&comparing->comparison, key, clock_ns(CLOCK_MONOTONIC));
}

static bool lockstep(void *argument, const struct trial_key *key)
{
    struct comparing *comparing = argument;
    return comparison_is_lockstep(&comparing->comparison, key);
}

static void take(void *argument, const struct run *run, const struct trial_record *record,
                 size_t done)
{
    struct comparing *comparing = argument;
    (void)run;
    (void)done;
    comparison_add(&comparing->comparison, record);
    comparison_progress_step(&comparing->progress, &comparing->comparison, record);
}

static int find_format(struct comparing *comparing)
{
    const struct compare_format *format = compare_formats;
    while (format->name != NULL && strcmp(format->name, comparing->options.format) != 0)
        format++;
    comparing->format = format;
    if (format->name == NULL)
        return message_set(comparing->running.message,
                           "unknown format '%s'; there are: text md json junit",
                           comparing->options.format);
    return 0;
}

/* What would be measured for minutes and could not end in a verdict is refused at once. */
static int check_pairs(struct comparing *comparing)
{
    const struct compare_rules *rules = &comparing->options.rules;
    size_t most = comparing->options.most_pairs;
    size_t least = compare_rules_least_pairs(rules, comparing->running.run.workload_count);
    if (most == 0 && compare_rules_are_exact(rules))
        return 0;
    if (most == 0)
        return message_set(comparing->running.message,
                           "--max-pairs 0: what gates takes pairs; name only exact measures, such "
                           "as --gate instructions,syscalls");
    if (most >= least)
        return 0;
    return message_set(comparing->running.message,
                       "--max-pairs %zu: over %zu workloads at --alpha %.3g%% no change could be "
                       "proven with fewer than %zu pairs",
                       most, comparing->running.run.workload_count, 100 * rules->verdict.alpha,
                       least);
}

/* What it looks at belongs to the run: compared again from the store, the result is the same. */
static int note_looks(struct comparing *comparing)
{
    char looks[128];
    stored_print_looks(&comparing->options.rules, looks, sizeof looks);
    if (facts_add(&comparing->running.run, STORED_LOOKS_FACT, looks) < 0)
        return message_set(comparing->running.message, "out of memory");
    return 0;
}

static int plan(struct comparing *comparing)
{
    struct running *running = &comparing->running;
    struct compare_options *options = &comparing->options;
    static const unsigned sides[COMPARE_SIDES] = {0, 1};
    running->options = options->run;
    if (find_format(comparing) < 0 ||
        compare_rules_set_pairs(&options->rules, options->most_pairs, running->message) < 0 ||
        running_open(running) < 0 ||
        compare_sides_add(&running->run, options->word, &running->allocators, &running->paths,
                          &running_interrupted, running->message) < 0 ||
        running_plan(running) < 0 || check_pairs(comparing) < 0 || note_looks(comparing) < 0 ||
        running_begin(running) < 0)
        return -1;
    if (comparison_init(&comparing->comparison, &running->run, sides, &options->rules) < 0)
        return message_set(running->message, "out of memory");
    return 0;
}

static int conduct(struct comparing *comparing)
{
    struct conduct hooks = {.wanted = wanted,
                            .lockstep = lockstep,
                            .progress = take,
                            .argument = comparing};
    struct running *running = &comparing->running;
    comparison_start(&comparing->comparison, clock_ns(CLOCK_MONOTONIC));
    comparison_progress_init(&comparing->progress, running->options.quiet);
    int result = running_conduct(running, &hooks);
    comparison_progress_clear(&comparing->progress);
    if (result == 0 && running_cut(running) < 0)
        result = -1;
    if (comparison_finish(&comparing->comparison, clock_ns(CLOCK_MONOTONIC)) < 0 ||
        comparing->comparison.failed)
        result = message_set(running->message, "out of memory");
    return result;
}

static int print_report(struct comparing *comparing)
{
    struct running *running = &comparing->running;
    struct compare_report report = {
        .comparison = &comparing->comparison,
        .word = {comparing->options.word[COMPARE_BASE], comparing->options.word[COMPARE_NEW]},
        .store = running->store_path,
        .interrupted = running_interrupted,
    };
    if (comparing->format->write(stdout, &report) < 0)
        return message_set(running->message, "cannot print the result: %s", strerror(errno));
    if (!running->options.quiet && !comparing->from_store)
        fprintf(stderr, "%s: stored as run %s in %s\n", running->command, running->run.name,
                running->store_path);
    return 0;
}

/* Measures nothing: everything is in the store. */
static int compare_stored(struct comparing *comparing)
{
    struct running *running = &comparing->running;
    const struct compare_options *options = &comparing->options;
    running->options = options->run;
    if (!stored_is(options->word[COMPARE_BASE]) || !stored_is(options->word[COMPARE_NEW]))
        return message_set(running->message,
                           "%s and %s: a stored run can only be compared with a stored run",
                           options->word[COMPARE_BASE], options->word[COMPARE_NEW]);
    if (find_format(comparing) < 0 || running_open_to_read(running) < 0 ||
        stored_load(&comparing->stored, running->store, options->word, running->message) < 0)
        return -1;
    if (!comparing->stored.one_run && !options->across_conditions &&
        conditions_compare(&comparing->stored.run[COMPARE_BASE],
                           &comparing->stored.run[COMPARE_NEW], running->message) < 0)
        return -1;
    if (stored_compare(&comparing->comparison, &comparing->stored, &options->rules) < 0)
        return message_set(running->message, "out of memory");
    return 0;
}

static int compare_live(struct comparing *comparing)
{
    int result = plan(comparing);
    return result == 0 ? conduct(comparing) : result;
}

int cmd_compare(int argc, char **argv)
{
    struct comparing comparing = {0};
    running_init(&comparing.running, "heapmark compare");
    compare_options_parse(&comparing.options, argc, argv);
    running_catch_interruptions();

    comparing.from_store = stored_is(comparing.options.word[COMPARE_BASE]) ||
                           stored_is(comparing.options.word[COMPARE_NEW]);
    int result = comparing.from_store ? compare_stored(&comparing) : compare_live(&comparing);
    /* What was measured is reported also when the store failed behind it, or somebody lost
     * patience. */
    int status = running_interrupted ? EXIT_INTERRUPTED
                 : result < 0        ? COMPARE_COULD_NOT_RUN
                                     : (int)comparison_result(&comparing.comparison);
    if (result < 0)
        fprintf(stderr, "heapmark compare: %s\n", comparing.running.message);
    else if (print_report(&comparing) < 0) {
        fprintf(stderr, "heapmark compare: %s\n", comparing.running.message);
        status = COMPARE_COULD_NOT_RUN;
    }
    if (comparing.comparison.workload != NULL)
        comparison_release(&comparing.comparison);
    stored_release(&comparing.stored);
    running_release(&comparing.running); /* its options are ours */
    return status;
}
