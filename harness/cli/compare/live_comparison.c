/* A comparison that measures; see live_comparison.h. */
#include "live_comparison.h"

#include "clock.h"
#include "compare_side.h"
#include "facts.h"
#include "stored.h"

static bool lockstep(void *argument, const struct trial_key *key)
{
    struct live_comparison *live = argument;
    return comparison_is_lockstep(&live->comparison, key);
}

static bool wanted(void *argument, const struct trial_key *key)
{
    struct live_comparison *live = argument;
    return comparison_wants(&live->comparison, key, clock_ns(CLOCK_MONOTONIC));
}

static void take(void *argument, const struct run *run, const struct trial_record *record,
                 size_t done)
{
    struct live_comparison *live = argument;
    (void)run;
    (void)done;
    comparison_add(&live->comparison, record);
    comparison_progress_step(&live->progress, &live->comparison, record);
}

/* What would be measured for minutes and could not end in a verdict is refused at once. */
static int check_pairs(struct live_comparison *live)
{
    struct running *running = &live->running;
    size_t least = compare_rules_least_pairs(&live->rules, running->run.workload_count);
    if (live->most_pairs == 0 && compare_rules_are_exact(&live->rules))
        return 0;
    if (live->most_pairs == 0)
        return message_set(running->message,
                           "--max-pairs 0: what gates takes pairs; name only exact measures, such "
                           "as --gate instructions,syscalls");
    if (live->most_pairs >= least)
        return 0;
    return message_set(running->message,
                       "--max-pairs %zu: over %zu workloads at --alpha %.3g%% no change could be "
                       "proven with fewer than %zu pairs",
                       live->most_pairs, running->run.workload_count,
                       100 * live->rules.verdict.alpha, least);
}

/* What it looks at belongs to the run: compared again from the store, the result is the same. */
static int note_looks(struct live_comparison *live)
{
    char looks[128];
    stored_print_looks(&live->rules, looks, sizeof looks);
    if (facts_add(&live->running.run, STORED_LOOKS_FACT, looks) < 0)
        return message_set(live->running.message, "out of memory");
    return 0;
}

static int plan(struct live_comparison *live, const char *const words[COMPARE_SIDES])
{
    struct running *running = &live->running;
    static const unsigned sides[COMPARE_SIDES] = {0, 1};
    if (compare_rules_set_pairs(&live->rules, live->most_pairs, running->message) < 0 ||
        running_open(running) < 0 ||
        compare_sides_add(&running->run, words, &live->source, &running->allocators,
                          &running->paths, &running_interrupted, running->message) < 0 ||
        running_plan(running) < 0 || check_pairs(live) < 0 || note_looks(live) < 0 ||
        running_begin(running) < 0)
        return -1;
    if (comparison_init(&live->comparison, &running->run, sides, &live->rules) < 0)
        return message_set(running->message, "out of memory");
    live->begun = true;
    return 0;
}

static int conduct(struct live_comparison *live)
{
    struct conduct hooks = {.wanted = wanted,
                            .lockstep = lockstep,
                            .progress = take,
                            .argument = live};
    struct running *running = &live->running;
    comparison_start(&live->comparison, clock_ns(CLOCK_MONOTONIC));
    comparison_progress_init(&live->progress, running->options.quiet);
    int result = running_conduct(running, &hooks);
    comparison_progress_clear(&live->progress);
    if (result == 0 && running_cut(running) < 0)
        result = -1;
    if (comparison_finish(&live->comparison, clock_ns(CLOCK_MONOTONIC)) < 0 ||
        live->comparison.failed)
        result = message_set(running->message, "out of memory");
    return result;
}

int live_comparison_run(struct live_comparison *live, const char *const words[COMPARE_SIDES])
{
    return plan(live, words) < 0 ? -1 : conduct(live);
}

void live_comparison_release(struct live_comparison *live)
{
    if (live->begun)
        comparison_release(&live->comparison);
    live->begun = false;
    running_release(&live->running);
}
