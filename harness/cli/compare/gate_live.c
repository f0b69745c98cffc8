/* What a gate compares live; see gate_live.h. */
#include "gate_live.h"

#include "clock.h"
#include "live_comparison.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND "heapmark gate"

static bool needs_pairs(const struct gate_subject *subject)
{
    return subject->changed && subject->old != NULL;
}

/* The workloads of the baseline; those of the options are theirs. */
static int fill_suite(const struct gate_live *gating, struct suite *suite, char *message)
{
    const struct baseline *from = gating->baseline;
    suite->name = strdup("baseline");
    suite->items = calloc(from->workload_count + 1, sizeof *suite->items);
    if (suite->name == NULL || suite->items == NULL)
        return message_set(message, "out of memory");
    for (size_t w = 0; w < from->workload_count; w++) {
        struct suite_item *item = &suite->items[suite->item_count++];
        *item = (struct suite_item){.label = strdup(from->workloads[w].label),
                                    .text = strdup(from->workloads[w].run),
                                    .allocators = strdup("")};
        if (item->label == NULL || item->text == NULL || item->allocators == NULL)
            return message_set(message, "out of memory");
    }
    return 0;
}

/* Workloads that are not for the allocator are not among them. */
static void leave_out(const struct gate_live *gating, struct suite *suite, const char *name)
{
    int a = baseline_find_allocator(gating->baseline, name);
    size_t kept = 0;
    for (size_t w = 0; w < suite->item_count; w++) {
        if (a < 0 || gating->baseline->allocators[a].cells[w].planned) {
            suite->items[kept++] = suite->items[w];
            continue;
        }
        free(suite->items[w].label);
        free(suite->items[w].text);
        free(suite->items[w].allocators);
    }
    suite->item_count = kept;
}

static int pair_up(const struct gate_live *gating, const struct gate_subject *subject,
                   const struct compare_rules *rules, char *message)
{
    const struct gate_options *options = gating->options;
    struct live_comparison live = {.rules = *rules,
                                   .source = options->source,
                                   .most_pairs = options->budget.most_pairs};
    const char *words[COMPARE_SIDES] = {subject->old, subject->word};
    bool own_work = options->run.suite != NULL || options->run.workloads.count > 0;
    int result = 0;
    running_init(&live.running, COMMAND);
    live.running.options = options->run;
    live.running.options.allocators = (struct word_list){0};
    live.running.options.blocks = (unsigned)options->budget.most_pairs + 1;
    live.running.options.inspections = 1;
    if (!own_work && gating->baseline != NULL) {
        result = fill_suite(gating, &live.running.suite, message);
        live.running.options.seed = gating->baseline->seed;
        leave_out(gating, &live.running.suite, subject->name);
    } else if (!own_work) {
        live.running.options.suite = "gate";
    }
    if (result == 0 && live_comparison_run(&live, words) < 0)
        result = message_set(message, "%s", live.running.message);
    if (live.begun)
        gate_add_comparison(gating->gate, &live.comparison, subject->name);
    live.running.options = (struct run_options){0}; /* ours */
    live_comparison_release(&live);
    return result;
}

/* Those that have nothing to be paired with are said to be; returns how many have, or -1 with a
 * message. */
static int count_pairs(const struct gate_live *gating, char *message)
{
    int pairs = 0;
    for (size_t i = 0; i < gating->subjects->count; i++) {
        const struct gate_subject *subject = &gating->subjects->list[i];
        pairs += needs_pairs(subject);
        if (!subject->changed || subject->old != NULL)
            continue;
        if (gating->options->gates_given)
            return message_set(message, "%s: %.400s", subject->name, subject->why_no_old);
        struct gate_check *check =
            gate_add(gating->gate, subject->name, "", "time", GATE_NOT_GATED);
        if (check != NULL)
            gate_explain(check, "%s", subject->why_no_old);
    }
    return pairs;
}

int gate_live(const struct gate_live *gating, char *message)
{
    int left = count_pairs(gating, message);
    int64_t most_ns = gating->options->rules.max_time_ns, begun = clock_ns(CLOCK_MONOTONIC);
    struct compare_rules rules = gating->options->rules;
    if (left < 0)
        return -1;
    rules.verdict.alpha /= left > 0 ? left : 1;
    for (size_t i = 0; i < gating->subjects->count && !running_interrupted; i++) {
        const struct gate_subject *subject = &gating->subjects->list[i];
        if (!needs_pairs(subject))
            continue;
        /* What one has left over is the others'. */
        int64_t rest_ns = most_ns - (clock_ns(CLOCK_MONOTONIC) - begun);
        rules.max_time_ns = most_ns == 0 ? 0 : rest_ns > left ? rest_ns / left : 1;
        if (pair_up(gating, subject, &rules, message) < 0)
            return -1;
        left--;
    }
    return 0;
}
