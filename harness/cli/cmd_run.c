/* heapmark run: plans a run, conducts it, and prints its table. */
#include "cli.h"
#include "conditions.h"
#include "output.h"
#include "probe.h"
#include "progress.h"
#include "report.h"
#include "running.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is left of a run may only be measured with what it was begun with. */
static int check_unchanged(struct running *running)
{
    struct run *run = &running->run;
    if (conditions_check(run, &running->paths, running->message) < 0)
        return -1;
    for (size_t i = 0; i < run->allocator_count; i++) {
        struct allocator *allocator = &run->allocators[i];
        char before[sizeof allocator->sha256];
        memcpy(before, allocator->sha256, sizeof before);
        if (allocator_probe(allocator, &running->paths, running->message) < 0)
            return -1;
        if (strcmp(before, allocator->sha256) != 0)
            return message_set(running->message,
                               "allocator %s has changed since run %s was begun (%s): begin a new "
                               "run",
                               allocator->name, run->name, allocator->file);
    }
    return 0;
}

static int take_up_run(struct running *running)
{
    struct run *run = &running->run;
    if (store_load_run(running->store, running->options.resume_name, run) < 0)
        return message_set(running->message, "%s", store_message(running->store));
    /* One that was killed behind its last trial has only its end to be noted. */
    if (running_count_done(run) == run->trial_count && run->finished_ns != 0)
        return message_set(running->message, "run %s is complete: nothing to resume", run->name);
    if (running_lock(running) < 0)
        return message_set(
            running->message,
            "run %s is being measured at this moment; wait for its end, or stop it first",
            run->name);
    return check_unchanged(running) < 0 ? -1 : running_open_recordings(running);
}

static void say_how_to_resume(const struct running *running, size_t done)
{
    const struct run *run = &running->run;
    fprintf(stderr,
            "heapmark run: %zu of %zu trials are kept in %s; go on with:\n"
            "  heapmark run --resume=%s%s%s\n",
            done, run->trial_count, running->store_path, run->name,
            running->options.store != NULL ? " -o " : "",
            running->options.store != NULL ? running->options.store : "");
}

static const struct output_format *find_format(const char *name)
{
    const struct output_format *format = output_formats;
    while (format->name != NULL && strcmp(format->name, name) != 0)
        format++;
    return format->name != NULL ? format : NULL;
}

/* The table and charts are made from the store, as heapmark show would make them later. */
static int print_result(struct running *running)
{
    struct report report;
    const struct output_format *format = find_format(running->options.format);
    if (report_load(&report, running->store_path, running->run.name, running->message) < 0)
        return -1;
    int result = 0;
    if (!running->options.quiet && (format->write(stdout, &report.summary) < 0 || fflush(stdout)))
        result = message_set(running->message, "cannot print the table: %s", strerror(errno));
    /* Standard output holds nothing behind a format that a program will read. */
    if (strcmp(running->options.format, "text") != 0)
        report.names = stderr;
    if (result == 0 && running->options.plot)
        result = report_draw(&report, &running->paths, running->store_path, NULL, running->message);
    if (result == 0 && !running->options.quiet)
        fprintf(stderr, "heapmark run: stored as run %s in %s\n", running->run.name,
                running->store_path);
    report_release(&report);
    return result;
}

static int exit_status(const struct run *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].status != STATUS_OK && run->trials[i].status != STATUS_SKIPPED)
            return EXIT_FAILURE;
    return EXIT_OK;
}

static int conduct(struct running *running)
{
    struct progress progress;
    progress_init(&progress, &running->run, running->options.quiet);
    struct conduct hooks = {.progress = progress_step, .argument = &progress};
    int result = running_conduct(running, &hooks);
    progress_clear(&progress);
    if (result < 0 || running_count_done(&running->run) < running->run.trial_count)
        return result;
    running_interrupted = 0; /* too late to keep anything from being measured */
    return running_finish(running);
}

static int prepare(struct running *running)
{
    const struct run_options *options = &running->options;
    if (find_format(options->format) == NULL)
        return message_set(running->message, "unknown format '%s'; see heapmark show --help",
                           options->format);
    if (running_open(running) < 0)
        return -1;
    if (options->resume)
        return take_up_run(running);
    return running_plan(running) < 0 ? -1 : running_begin(running);
}

int cmd_run(int argc, char **argv)
{
    struct running running;
    running_init(&running, "heapmark run");
    run_options_parse(&running.options, argc, argv);
    running_catch_interruptions();

    int result = prepare(&running);
    bool begun = result == 0;
    if (begun)
        result = conduct(&running);
    int status = result < 0 ? EXIT_UNUSABLE : running_interrupted ? EXIT_INTERRUPTED : EXIT_OK;
    if (result < 0)
        fprintf(stderr, "heapmark run: %s\n", running.message);
    if (begun && status != EXIT_OK)
        say_how_to_resume(&running, running_count_done(&running.run));
    if (status == EXIT_OK) {
        running_let_interruptions_end_us();
        status = exit_status(&running.run);
        if (print_result(&running) < 0) {
            fprintf(stderr, "heapmark run: %s\n", running.message);
            status = EXIT_UNUSABLE;
        }
    }
    running_release(&running);
    return status;
}
