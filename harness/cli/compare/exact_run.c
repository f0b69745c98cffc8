/* A run that reads exact measures; see exact_run.h. */
#include "exact_run.h"

#include "facts.h"
#include "progress.h"
#include "running.h"
#include "subprocess.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_BYTES = 256 };

struct taking {
    struct running running;
    struct progress progress;
    struct baseline *readings;
    const struct exact_request *request;
};

/* ---- the plan ---------------------------------------------------------------------- */

/* Names of the allocators that a workload of the baseline has values for, the control among them.
 */
static char *filter_of(const struct taking *taking, size_t workload)
{
    const struct exact_request *request = taking->request;
    char *filter = strdup(EXACT_RUN_CONTROL);
    for (size_t a = 0; filter != NULL && a < request->allocator_count; a++) {
        const char *name = request->allocators[a].name;
        int known = baseline_find_allocator(request->workloads, name);
        char *longer = NULL;
        if (known >= 0 && !request->workloads->allocators[known].cells[workload].planned)
            continue;
        if (asprintf(&longer, "%s %s", filter, name) < 0)
            longer = NULL;
        free(filter);
        filter = longer;
    }
    return filter;
}

static int fill_suite(struct taking *taking)
{
    const struct baseline *from = taking->request->workloads;
    struct suite *suite = &taking->running.suite;
    suite->name = strdup("baseline");
    suite->items = calloc(from->workload_count + 1, sizeof *suite->items);
    if (suite->name == NULL || suite->items == NULL)
        return message_set(taking->running.message, "out of memory");
    for (size_t w = 0; w < from->workload_count; w++) {
        struct suite_item *item = &suite->items[suite->item_count++];
        item->label = strdup(from->workloads[w].label);
        item->text = strdup(from->workloads[w].run);
        item->allocators = filter_of(taking, w);
        if (item->label == NULL || item->text == NULL || item->allocators == NULL)
            return message_set(taking->running.message, "out of memory");
    }
    return 0;
}

static int add_allocators(struct taking *taking)
{
    struct running *running = &taking->running;
    const struct exact_request *request = taking->request;
    if (!request->without_control && allocator_add(&running->allocators, "glibc", EXACT_RUN_CONTROL,
                                                   &running->run, running->message) < 0)
        return -1;
    for (size_t a = 0; a < request->allocator_count; a++)
        if (allocator_add(&running->allocators, request->allocators[a].word,
                          request->allocators[a].name, &running->run, running->message) < 0)
            return -1;
    return 0;
}

/* Of several threads nothing is exact: how they interleave is in all of it. */
static int check_threads(struct running *running)
{
    for (size_t w = 0; w < running->run.workload_count; w++) {
        const struct workload_spec *spec = &running->run.workloads[w];
        if (spec->kind == WORKLOAD_PROGRAM)
            return message_set(running->message,
                               "%s is a whole program: exact measures are of synthetic and "
                               "recorded workloads",
                               spec->label);
        if (spec->threads > 1)
            return message_set(running->message,
                               "%s has %u threads, and what threads do is not exact: give it "
                               "threads=1, or a recording of one thread",
                               spec->label, spec->threads);
    }
    return 0;
}

/* ---- the conditions ----------------------------------------------------------------- */

static int add_valgrind(struct run *run)
{
    static const char *const argv[] = {"valgrind", "--version", NULL};
    struct subprocess spec = {.argv = argv, .output_maximum_bytes = VERSION_BYTES};
    struct subprocess_result result;
    char version[VERSION_BYTES] = "none";
    if (subprocess_run(&spec, &result) == 0 && result.exit_status == 0)
        snprintf(version, sizeof version, "%.*s", (int)strcspn(result.output, "\n"), result.output);
    subprocess_result_release(&result);
    return facts_add(run, "valgrind", version);
}

/* What valgrind's processor shows the C library follows what the machine has of these. */
static const char *vector_of(const char *flags)
{
    static const char *const words[] = {" avx2 ", " avx ", " sse4_2 "};
    static const char *const names[] = {"avx2", "avx", "sse4_2"};
    char padded[8192];
    if (flags == NULL)
        return "unknown";
    snprintf(padded, sizeof padded, " %s ", flags);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(padded, words[i]) != NULL)
            return names[i];
    return "none of avx2, avx, sse4_2";
}

static int add_facts(struct running *running)
{
    struct run *run = &running->run;
    int control = run_find_allocator(run, EXACT_RUN_CONTROL);
    if (add_valgrind(run) < 0 ||
        facts_add(run, "vector", vector_of(run_find_fact(run, "cpu_flags"))) ||
        (control >= 0 && facts_add(run, "libc_sha256", run->allocators[control].sha256) < 0))
        return message_set(running->message, "out of memory");
    return 0;
}

/* ---- measuring ---------------------------------------------------------------------- */

static void take(void *argument, const struct run *run, const struct trial_record *record,
                 size_t done)
{
    struct taking *taking = argument;
    baseline_take(taking->readings, run, EXACT_RUN_CONTROL, record);
    /* Where callgrind has no room for an allocator's heap, there is nothing to be told. */
    if (record->key.pass != PASS_INSTRUCTIONS || record->status == STATUS_OK)
        progress_step(&taking->progress, run, record, done);
}

static int plan(struct taking *taking)
{
    struct running *running = &taking->running;
    const struct exact_request *request = taking->request;
    struct run_options *options = &running->options;
    options->blocks = request->repeats;
    options->inspections = request->repeats;
    options->instructions = request->wanted[EXACT_INSTRUCTIONS];
    options->sample_step_ns = 0;
    if (request->workloads != NULL) {
        options->suite = NULL;
        options->workloads.count = 0;
        options->seed = request->workloads->seed;
    }
    if (running_open(running) < 0 || (request->workloads != NULL && fill_suite(taking) < 0) ||
        add_allocators(taking) < 0 || running_plan(running) < 0 || check_threads(running) < 0 ||
        add_facts(running) < 0 || running_begin(running) < 0)
        return -1;
    if (baseline_describe(taking->readings, &running->run, EXACT_RUN_CONTROL) < 0)
        return message_set(running->message, "out of memory");
    return 0;
}

int exact_run(struct baseline *readings, const struct exact_request *request, char **store,
              char *message)
{
    struct taking taking = {.readings = readings, .request = request};
    struct conduct hooks = {.progress = take, .argument = &taking};
    struct running *running = &taking.running;
    baseline_init(readings);
    running_init(running, request->command);
    running->options = *request->options;
    int result = plan(&taking);
    if (result == 0) {
        progress_init(&taking.progress, &running->run, running->options.quiet);
        result = running_conduct(running, &hooks);
        progress_clear(&taking.progress);
    }
    if (result == 0)
        result = running_cut(running);
    if (result < 0)
        message_set(message, "%s", running->message);
    if (store != NULL && *store == NULL && running->store_path != NULL)
        *store = strdup(running->store_path);
    running->options = (struct run_options){0}; /* the caller's */
    running_release(running);
    return result;
}
