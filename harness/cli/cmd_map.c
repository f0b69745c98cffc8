/* heapmark map: the pages of a heap at one moment of a replay, as a picture and numbers. */
#include "allocator_catalog.h"
#include "cli.h"
#include "facts.h"
#include "map_draw.h"
#include "map_options.h"
#include "map_output.h"
#include "map_trial.h"
#include "message.h"
#include "probe.h"
#include "recordings.h"
#include "report.h"
#include "workload_catalog.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEED = 1 };

struct mapping_run {
    struct map_options options;
    struct paths paths;
    struct allocator_catalog allocators;
    struct workload_catalog workloads;
    struct run run; /* holds the allocators, the workload and the machine's facts */
    struct replay replay;
    bool replay_made;
    struct map_study study;
    enum map_place *places;
    char *folder, *tables;
    char message[MESSAGE_BYTES];
};

static volatile sig_atomic_t interrupted;

static void note_interruption(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- what to do ------------------------------------------------------------------- */

static int take_workload(struct mapping_run *mapping)
{
    struct run *run = &mapping->run;
    run->workloads = calloc(1, sizeof *run->workloads);
    if (run->workloads == NULL)
        return message_set(mapping->message, "out of memory");
    if (workload_spec_make(run->workloads, &mapping->workloads, mapping->options.workload, NULL,
                           mapping->message) < 0)
        return -1;
    run->workload_count = 1;
    if (run->workloads->kind != WORKLOAD_RECORDED)
        return message_set(mapping->message,
                           "%s is no trace, and only of a trace's replay every block is known: "
                           "name one, as in -w app.hmt (heapmark record makes one)",
                           mapping->options.workload);
    return 0;
}

static int take_allocators(struct mapping_run *mapping)
{
    struct run *run = &mapping->run;
    if (allocator_select(&mapping->allocators, mapping->options.allocators.words,
                         mapping->options.allocators.count, run, mapping->message) < 0)
        return -1;
    for (size_t i = 0; i < run->allocator_count; i++)
        if (allocator_probe(&run->allocators[i], &mapping->paths, mapping->message) < 0)
            return -1;
    return allocator_versions(run, &mapping->paths, mapping->message);
}

static struct replay_stop stop_of(const struct map_options *options)
{
    switch (options->at) {
    case MAP_SHARE:
        return (struct replay_stop){REPLAY_AT_SHARE, options->share_ppm};
    case MAP_END:
        return (struct replay_stop){REPLAY_AT_END, 0};
    default:
        return (struct replay_stop){REPLAY_AT_PEAK, 0};
    }
}

/* The script, with laps that end at the moments and nowhere else. */
static int make_replay(struct mapping_run *mapping)
{
    const struct map_options *options = &mapping->options;
    struct workload_spec *workload = mapping->run.workloads;
    struct replay_stop stops[REPLAY_STOPS_MAXIMUM];
    size_t frames = options->frames > 0 ? options->frames : 1;
    struct replay_options wanted = {0};
    recordings_options(workload, &wanted);
    wanted.only_stops = true;
    wanted.laps = 0;
    wanted.repeat = 1;
    wanted.stops = stops;
    if (options->frames == 0 && options->at != MAP_DRAINED)
        stops[wanted.stop_count++] = stop_of(options);
    for (size_t i = 0; i < options->frames; i++)
        stops[wanted.stop_count++] =
            (struct replay_stop){REPLAY_AT_SHARE, REPLAY_SHARES * (i + 1) / frames};
    if (recordings_make(&mapping->replay, workload, &wanted, SEED, mapping->message) < 0)
        return -1;
    mapping->replay_made = true;
    return 0;
}

static const char *fact(const struct run *run, const char *name)
{
    const char *value = run_find_fact(run, name);
    return value != NULL ? value : "?";
}

static int make_study(struct mapping_run *mapping)
{
    const struct map_options *options = &mapping->options;
    struct map_study *study = &mapping->study;
    struct run *run = &mapping->run;
    size_t moments = options->frames > 0 ? options->frames : 1;
    mapping->places = calloc(moments, sizeof *mapping->places);
    if (map_study_init(study, run->allocator_count, moments) < 0 || mapping->places == NULL ||
        facts_collect(run) < 0)
        return message_set(mapping->message, "out of memory");
    study->workload = run->workloads->label;
    study->calls = mapping->replay.head.calls;
    study->film = options->frames > 0;
    for (size_t i = 0; i < run->allocator_count; i++)
        study->series[i].allocator = &run->allocators[i];
    for (size_t m = 0; m < moments; m++) {
        mapping->places[m] =
            !study->film && options->at == MAP_DRAINED ? MAP_AT_DRAINED : MAP_AT_STOP;
        if (study->film)
            snprintf(study->moment[m], MAP_MOMENT_BYTES, "%.3g%%",
                     100.0 * (double)(m + 1) / (double)moments);
        else
            snprintf(study->moment[m], MAP_MOMENT_BYTES, "%s", options->at_text);
    }
    snprintf(study->footer, sizeof study->footer,
             "%.160s · %u thread%s · %.90s × %.20s, Linux %.50s", run->workloads->label,
             run->workloads->threads, run->workloads->threads == 1 ? "" : "s", fact(run, "cpu"),
             fact(run, "cpus"), fact(run, "kernel"));
    return 0;
}

/* Before anything is replayed: nobody wants to wait for what then cannot be written. */
static int make_folder(struct mapping_run *mapping)
{
    char *name = NULL;
    if (mapping->options.folder != NULL) {
        mapping->folder = strdup(mapping->options.folder);
    } else if (asprintf(&name, "map-%s", mapping->run.workloads->label) >= 0) {
        for (char *c = name; *c != '\0'; c++)
            if (!isalnum((unsigned char)*c) && strchr("._-+", *c) == NULL)
                *c = '_';
        mapping->folder = path_join(mapping->paths.results, name);
        free(name);
    }
    mapping->tables = mapping->folder != NULL ? path_join(mapping->folder, "tables") : NULL;
    if (mapping->tables == NULL)
        return message_set(mapping->message, "out of memory");
    if (make_folders(mapping->tables) < 0)
        return message_set(mapping->message, "cannot make the folder %s: %s; name another with -o",
                           mapping->tables, strerror(errno));
    if (access(mapping->folder, W_OK | X_OK) < 0 || access(mapping->tables, W_OK | X_OK) < 0)
        return message_set(mapping->message,
                           "cannot write into the folder %s: %s; name another "
                           "with -o",
                           mapping->folder, strerror(errno));
    return 0;
}

static int prepare(struct mapping_run *mapping)
{
    if (paths_init(&mapping->paths, mapping->message) < 0 ||
        allocator_catalog_load(&mapping->allocators, &mapping->paths, mapping->message) < 0 ||
        workload_catalog_load(&mapping->workloads, &mapping->paths, mapping->message) < 0 ||
        take_workload(mapping) < 0 || take_allocators(mapping) < 0 || make_folder(mapping) < 0 ||
        make_replay(mapping) < 0)
        return -1;
    return make_study(mapping);
}

/* ---- doing it -------------------------------------------------------------------- */

/* One failure is told and the others go on; where no map can be made, none is. */
static int replay_all(struct mapping_run *mapping)
{
    struct map_trial trial = {
        .paths = &mapping->paths,
        .workload = mapping->run.workloads,
        .replay = &mapping->replay,
        .places = mapping->places,
        .moments = mapping->study.moments,
        .seed = SEED,
        .time_limit_ns = mapping->options.time_limit_ns,
        .interrupted = &interrupted,
    };
    int status = EXIT_OK;
    for (size_t i = 0; i < mapping->study.count && !interrupted; i++) {
        int result = map_trial_run(&trial, &mapping->study.series[i], mapping->message);
        if (result != 0)
            fprintf(stderr, "heapmark map: %s\n", mapping->message);
        if (result < 0)
            return EXIT_UNUSABLE;
        if (result > 0)
            status = EXIT_FAILURE;
    }
    return interrupted ? EXIT_INTERRUPTED : status;
}

static void print_written(void *argument, const char *path)
{
    fprintf(argument, "  %s\n", path);
}

static int print_and_draw(struct mapping_run *mapping)
{
    /* No trial is under way any more: what is left to do may end at once. */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    bool text = strcmp(mapping->options.format, "text") == 0;
    size_t mapped = 0;
    for (size_t i = 0; i < mapping->study.count; i++)
        mapped += mapping->study.series[i].count > 0;
    if (mapped == 0)
        return 0;
    if (map_output_find(mapping->options.format)(stdout, &mapping->study) < 0)
        return message_set(mapping->message, "cannot print the numbers: %s", strerror(errno));
    /* Standard output holds nothing behind a format that a program will read. */
    const struct map_drawing drawing = {
        .plots = mapping->paths.plots,
        .tables = mapping->tables,
        .output = mapping->folder,
        .written = print_written,
        .argument = text ? stdout : stderr,
    };
    if (text)
        printf("\nPictures:\n");
    return map_draw(&mapping->study, &drawing, mapping->message);
}

static void mapping_run_release(struct mapping_run *mapping)
{
    map_study_release(&mapping->study);
    free(mapping->places);
    free(mapping->folder);
    free(mapping->tables);
    if (mapping->replay_made)
        replay_release(&mapping->replay);
    run_release(&mapping->run);
    workload_catalog_release(&mapping->workloads);
    allocator_catalog_release(&mapping->allocators);
    paths_release(&mapping->paths);
    map_options_release(&mapping->options);
}

int cmd_map(int argc, char **argv)
{
    static struct mapping_run mapping; /* its script's stops are too much for a stack frame */
    const struct sigaction action = {.sa_handler = note_interruption};
    run_init(&mapping.run);
    map_options_parse(&mapping.options, argc, argv);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    int status = prepare(&mapping) < 0 ? EXIT_UNUSABLE : EXIT_OK;
    if (status != EXIT_OK) {
        fprintf(stderr, "heapmark map: %s\n", mapping.message);
    } else {
        status = replay_all(&mapping);
        if ((status == EXIT_OK || status == EXIT_FAILURE) && print_and_draw(&mapping) < 0) {
            fprintf(stderr, "heapmark map: %s\n", mapping.message);
            status = EXIT_UNUSABLE;
        }
    }
    mapping_run_release(&mapping);
    return status;
}
