/* heapmark compare: runs two allocators in pairs until it is clear which is better. */
#include "cli.h"
#include "compare_options.h"
#include "compare_output.h"
#include "conditions.h"
#include "live_comparison.h"
#include "stored.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct comparing {
    struct compare_options options;
    struct live_comparison live;
    const struct compare_format *format;
    bool from_store;
    struct stored stored;
};

static int find_format(struct comparing *comparing)
{
    const struct compare_format *format = compare_formats;
    while (format->name != NULL && strcmp(format->name, comparing->options.format) != 0)
        format++;
    comparing->format = format;
    if (format->name == NULL)
        return message_set(comparing->live.running.message,
                           "unknown format '%s'; there are: text md json junit",
                           comparing->options.format);
    return 0;
}

static int print_report(struct comparing *comparing)
{
    struct running *running = &comparing->live.running;
    struct compare_report report = {
        .comparison = &comparing->live.comparison,
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
    struct running *running = &comparing->live.running;
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
    int result = stored_compare(&comparing->live.comparison, &comparing->stored, &options->rules);
    comparing->live.begun = comparing->live.comparison.workload != NULL;
    return result < 0 ? message_set(running->message, "out of memory") : 0;
}

static int compare_live(struct comparing *comparing)
{
    struct live_comparison *live = &comparing->live;
    live->running.options = comparing->options.run;
    live->rules = comparing->options.rules;
    live->source = comparing->options.source;
    live->most_pairs = comparing->options.budget.most_pairs;
    return find_format(comparing) < 0 ? -1 : live_comparison_run(live, comparing->options.word);
}

int cmd_compare(int argc, char **argv)
{
    struct comparing comparing = {0};
    running_init(&comparing.live.running, "heapmark compare");
    compare_options_parse(&comparing.options, argc, argv);
    running_catch_interruptions();

    comparing.from_store = stored_is(comparing.options.word[COMPARE_BASE]) ||
                           stored_is(comparing.options.word[COMPARE_NEW]);
    int result = comparing.from_store ? compare_stored(&comparing) : compare_live(&comparing);
    /* What was measured is reported also when the store failed behind it, or somebody lost
     * patience. */
    int status = running_interrupted ? EXIT_INTERRUPTED
                 : result < 0        ? COMPARE_COULD_NOT_RUN
                                     : (int)comparison_result(&comparing.live.comparison);
    if (result < 0)
        fprintf(stderr, "heapmark compare: %s\n", comparing.live.running.message);
    else if (print_report(&comparing) < 0) {
        fprintf(stderr, "heapmark compare: %s\n", comparing.live.running.message);
        status = COMPARE_COULD_NOT_RUN;
    }
    live_comparison_release(&comparing.live); /* its options are ours */
    stored_release(&comparing.stored);
    return status;
}
