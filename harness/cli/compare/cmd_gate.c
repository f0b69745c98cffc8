/* heapmark gate: allocators against a baseline under version control. */
#include "cli.h"
#include "clock.h"
#include "exact_run.h"
#include "gate_live.h"
#include "gate_options.h"
#include "gate_subject.h"
#include "gate_update.h"
#include "running.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "heapmark gate"

struct gating {
    struct gate_options options;
    struct gate_subjects subjects;
    struct baseline baseline; /* workload_count 0: there is none */
    struct baseline readings;
    struct gate gate;
    char *path, *store, *against;
    int64_t started_ns;
    char message[MESSAGE_BYTES];
};

/* ---- the baseline -------------------------------------------------------------------- */

static int find_path(struct gating *gating)
{
    struct paths paths;
    if (gating->options.baseline != NULL) {
        gating->path = strdup(gating->options.baseline);
    } else {
        if (paths_init(&paths, gating->message) < 0)
            return -1;
        gating->path = path_join(paths.results, "baseline.json");
        paths_release(&paths);
    }
    return gating->path != NULL ? 0 : message_set(gating->message, "out of memory");
}

/* Where it is not compared with, it only names allocators and workloads, and need not be there. */
static int read_baseline(struct gating *gating)
{
    const struct gate_options *options = &gating->options;
    bool needed = !options->update && options->against == NULL;
    if (find_path(gating) < 0)
        return -1;
    if (baseline_read(&gating->baseline, gating->path, gating->message) == 0)
        return 0;
    return !needed && errno == ENOENT ? 0 : -1;
}

static const struct baseline *known(const struct gating *gating)
{
    return gating->baseline.workload_count > 0 ? &gating->baseline : NULL;
}

/* ---- exact measures ------------------------------------------------------------------ */

static bool any_exact(const struct gate_options *options)
{
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++)
        if (options->exact[m])
            return true;
    return false;
}

static bool is_looked_at(const struct gating *gating, const struct gate_subject *subject)
{
    return subject->changed || gating->options.all;
}

/* Measures the subjects for which `word_of` has a word. */
static int read_exact(struct gating *gating, struct baseline *readings,
                      const char *(*word_of)(const struct gating *, const struct gate_subject *))
{
    const struct gate_options *options = &gating->options;
    bool own_work = options->run.suite != NULL || options->run.workloads.count > 0;
    struct run_options run = options->run;
    struct exact_allocator *list = calloc(gating->subjects.count + 1, sizeof *list);
    if (list == NULL)
        return message_set(gating->message, "out of memory");
    if (!own_work)
        run.suite = "gate";
    struct exact_request request = {.command = COMMAND,
                                    .options = &run,
                                    .workloads = own_work ? NULL : known(gating),
                                    .allocators = list,
                                    .repeats = 1};
    memcpy(request.wanted, options->exact, sizeof request.wanted);
    for (size_t i = 0; i < gating->subjects.count; i++) {
        const struct gate_subject *subject = &gating->subjects.list[i];
        const char *word = word_of(gating, subject);
        if (word != NULL)
            list[request.allocator_count++] = (struct exact_allocator){subject->name, word};
    }
    int result = 0;
    if (request.allocator_count > 0)
        result = exact_run(readings, &request, &gating->store, gating->message);
    free(list);
    return result;
}

static const char *word_now(const struct gating *gating, const struct gate_subject *subject)
{
    return is_looked_at(gating, subject) ? subject->word : NULL;
}

/* Where the baseline's values tell nothing here, the old library is asked for new ones. */
static const char *word_old(const struct gating *gating, const struct gate_subject *subject)
{
    bool needed =
        gating->options.against != NULL ? is_looked_at(gating, subject) : subject->unknown > 0;
    return needed ? subject->old : NULL;
}

static struct gate_rules rules_of(const struct gating *gating, bool live)
{
    struct gate_rules rules = {.live = live};
    struct baseline usual;
    baseline_init(&usual);
    memcpy(rules.gates, gating->options.exact, sizeof rules.gates);
    memcpy(rules.tolerance, known(gating) != NULL ? gating->baseline.tolerance : usual.tolerance,
           sizeof rules.tolerance);
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++)
        if (gating->options.exact_percent[m] >= 0)
            rules.tolerance[m].percent = gating->options.exact_percent[m];
    return rules;
}

static void judge_stored(struct gating *gating)
{
    struct gate_rules rules = rules_of(gating, false);
    for (size_t i = 0; i < gating->subjects.count; i++) {
        struct gate_subject *subject = &gating->subjects.list[i];
        if (is_looked_at(gating, subject))
            subject->unknown = gate_judge(&gating->gate, &gating->baseline, &gating->readings,
                                          subject->name, &rules);
    }
}

/* Builds the old libraries that are needed, by name@revision. */
static int build_old(struct gating *gating, struct gate_subject *subject)
{
    struct paths paths;
    struct revision revision;
    if (subject->old == NULL || !revision_is(subject->old))
        return 0;
    if (paths_init(&paths, gating->message) < 0)
        return -1;
    int result = revision_build(&revision, subject->old, &gating->options.source, &paths,
                                &running_interrupted, gating->message);
    paths_release(&paths);
    if (result < 0)
        return -1;
    free(subject->old);
    subject->old = revision.library;
    return 0;
}

static int judge_old(struct gating *gating)
{
    struct baseline old = {0};
    struct gate_rules rules = rules_of(gating, true);
    int result = 0;
    for (size_t i = 0; i < gating->subjects.count && result == 0; i++)
        if (word_old(gating, &gating->subjects.list[i]) != NULL)
            result = build_old(gating, &gating->subjects.list[i]);
    if (result == 0 && !running_interrupted)
        result = read_exact(gating, &old, word_old);
    for (size_t i = 0; i < gating->subjects.count && result == 0 && !running_interrupted; i++) {
        struct gate_subject *subject = &gating->subjects.list[i];
        if (word_old(gating, subject) == NULL)
            continue;
        gate_drop(&gating->gate, subject->name);
        gate_judge(&gating->gate, &old, &gating->readings, subject->name, &rules);
    }
    baseline_release(&old);
    return result;
}

static int gate_exact(struct gating *gating)
{
    if (!any_exact(&gating->options))
        return 0;
    if (read_exact(gating, &gating->readings, word_now) < 0)
        return -1;
    if (running_interrupted)
        return 0;
    if (gating->options.against == NULL)
        judge_stored(gating);
    return judge_old(gating);
}

/* ---- the command --------------------------------------------------------------------- */

static void note_unchanged(struct gating *gating)
{
    for (size_t i = 0; i < gating->subjects.count; i++) {
        const struct gate_subject *subject = &gating->subjects.list[i];
        struct gate_check *check =
            subject->changed ? NULL
                             : gate_add(&gating->gate, subject->name, "", "library", GATE_SAME);
        if (check != NULL)
            snprintf(check->why, sizeof check->why, "its code is BASE's, byte for byte");
    }
}

static int describe_base(struct gating *gating)
{
    const struct gate_options *options = &gating->options;
    int length = options->against != NULL
                     ? asprintf(&gating->against, "revision %s", options->against)
                     : asprintf(&gating->against, "%s", gating->path);
    if (length < 0)
        gating->against = NULL;
    return length < 0 ? message_set(gating->message, "out of memory") : 0;
}

static int gate(struct gating *gating)
{
    if (describe_base(gating) < 0 ||
        gate_subjects_find_old(&gating->subjects, &gating->options, known(gating),
                               &running_interrupted, gating->message) < 0)
        return -1;
    note_unchanged(gating);
    if (gate_exact(gating) < 0)
        return -1;
    if (running_interrupted || !gating->options.live)
        return 0;
    struct gate_live live = {.gate = &gating->gate,
                             .options = &gating->options,
                             .baseline = known(gating),
                             .subjects = &gating->subjects};
    return gate_live(&live, gating->message);
}

static int print_report(struct gating *gating)
{
    struct gate_report report = {
        .gate = &gating->gate,
        .against = gating->against,
        .store = gating->store,
        .seconds = (double)(clock_ns(CLOCK_MONOTONIC) - gating->started_ns) / 1e9,
        .interrupted = running_interrupted,
    };
    if (gating->options.format->write(stdout, &report) < 0)
        return message_set(gating->message, "cannot print the result: %s", strerror(errno));
    return 0;
}

static int work(struct gating *gating)
{
    struct gate_options *options = &gating->options;
    if (read_baseline(gating) < 0 ||
        gate_subjects_find(&gating->subjects, options, known(gating), gating->message) < 0)
        return -1;
    if (!options->update)
        return gate(gating);
    if (gate_update(options, &gating->subjects, known(gating) != NULL ? &gating->baseline : NULL,
                    gating->path, gating->message) < 0)
        return -1;
    if (!options->run.quiet && !running_interrupted)
        fprintf(stderr, COMMAND ": wrote %s\n", gating->path);
    return 0;
}

int cmd_gate(int argc, char **argv)
{
    struct gating gating = {.started_ns = clock_ns(CLOCK_MONOTONIC)};
    gate_options_parse(&gating.options, argc, argv);
    running_catch_interruptions();
    int result = work(&gating);
    int status = COMPARE_COULD_NOT_RUN;
    if (result == 0 && !gating.options.update) {
        status = (int)gate_result(&gating.gate);
        result = print_report(&gating);
    } else if (result == 0) {
        status = EXIT_OK;
    }
    if (result < 0) {
        fprintf(stderr, COMMAND ": %s\n", gating.message);
        status = COMPARE_COULD_NOT_RUN;
    }
    if (running_interrupted)
        status = EXIT_INTERRUPTED;
    gate_release(&gating.gate);
    baseline_release(&gating.baseline);
    baseline_release(&gating.readings);
    gate_subjects_release(&gating.subjects);
    gate_options_release(&gating.options);
    free(gating.path);
    free(gating.store);
    free(gating.against);
    return status;
}
