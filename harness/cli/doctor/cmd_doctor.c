/* heapmark doctor: whether this machine can measure, and what to do about it. */
#include "cli.h"
#include "clock.h"
#include "doctor_file.h"
#include "doctor_measure.h"
#include "doctor_options.h"
#include "doctor_output.h"
#include "doctor_tools.h"
#include "machine.h"
#include "message.h"
#include "paths.h"
#include "report.h"
#include "run_lock.h"
#include "running.h"
#include "units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct doctoring {
    struct doctor_options options;
    struct paths paths;
    struct doctor_result result;
    struct utsname system;
    char *store_path;
    int machine_lock; /* -1: not held */
    char message[MESSAGE_BYTES];
};

static int look(struct doctoring *doctoring)
{
    struct findings *findings = &doctoring->result.findings;
    char *folder = doctor_folder(doctoring->store_path);
    if (folder == NULL)
        return message_set(doctoring->message, "out of memory");
    struct machine_place place = {.root = "", .folder = folder};
    machine_look(findings, &place);
    machine_measure(findings, &place);
    free(folder);
    doctoring->machine_lock = run_lock_take("measuring");
    if (doctoring->machine_lock < 0 && errno == EADDRINUSE)
        finding_judge(finding_add(findings, "alone", "another heapmark is measuring"),
                      SEVERITY_WARNING, "the times of both suffer", "wait for its end");
    return doctor_tools(findings, &doctoring->paths, doctoring->message);
}

static int prepare(struct doctoring *doctoring)
{
    if (paths_init(&doctoring->paths, doctoring->message) < 0)
        return -1;
    doctoring->store_path = doctoring->options.store != NULL
                                ? strdup(doctoring->options.store)
                                : report_default_store(&doctoring->paths);
    if (doctoring->store_path == NULL || uname(&doctoring->system) < 0)
        return message_set(doctoring->message, "cannot begin: %s", strerror(errno));
    doctoring->result.host = doctoring->system.nodename;
    doctoring->result.kernel = doctoring->system.release;
    doctoring->result.allocator = doctoring->options.allocator;
    doctoring->result.workload = doctoring->options.workload;
    doctoring->result.started_ns = clock_ns(CLOCK_REALTIME);
    return 0;
}

/* Nobody waits for a minute to hear that the result cannot be kept. The folder of the default store
 * may be missing; that of a store that was named must be there. */
static int check_room(struct doctoring *doctoring)
{
    const char *slash = strrchr(doctoring->store_path, '/');
    char *folder = slash == NULL ? strdup(".")
                   : slash == doctoring->store_path
                       ? strdup("/")
                       : strndup(doctoring->store_path, (size_t)(slash - doctoring->store_path));
    int result = folder != NULL ? 0 : -1;
    if (result == 0 && doctoring->options.store == NULL)
        result = make_folders(folder);
    if (result == 0)
        result = access(folder, W_OK | X_OK);
    if (result < 0)
        message_set(doctoring->message,
                    "cannot write in folder %s: %s; name another store with -o, or leave the "
                    "comparison out with --quick",
                    folder != NULL ? folder : "", strerror(errno));
    free(folder);
    return result;
}

static int measure(struct doctoring *doctoring)
{
    char time[UNITS_TEXT_BYTES];
    if (isatty(STDERR_FILENO))
        fprintf(stderr,
                "heapmark doctor: comparing %s with itself for %s (--quick leaves it out)\n",
                doctoring->options.allocator,
                units_print_duration(time, doctoring->options.time_ns));
    return doctor_measure(&doctoring->result, &doctoring->options, &doctoring->paths,
                          &running_interrupted, doctoring->message);
}

static int print(struct doctoring *doctoring)
{
    doctor_output_fn *write =
        strcmp(doctoring->options.format, "json") == 0 ? doctor_json : doctor_text;
    if (write(stdout, &doctoring->result) < 0 || fflush(stdout) != 0)
        return message_set(doctoring->message, "cannot print the findings: %s", strerror(errno));
    return 0;
}

int cmd_doctor(int argc, char **argv)
{
    struct doctoring doctoring = {.machine_lock = -1};
    doctor_options_parse(&doctoring.options, argc, argv);
    running_catch_interruptions();
    int result = prepare(&doctoring);
    if (result == 0 && !doctoring.options.quick)
        result = check_room(&doctoring);
    if (result == 0)
        result = look(&doctoring);
    if (result == 0 && !doctoring.options.quick)
        result = measure(&doctoring);
    /* What was looked at is worth printing also when the comparison was cut short. */
    if (result == 0)
        result = print(&doctoring);
    if (result == 0 && doctoring.result.measured)
        result = doctor_file_write(&doctoring.result, doctoring.store_path, doctoring.message);
    if (result < 0)
        fprintf(stderr, "heapmark doctor: %s\n", doctoring.message);
    size_t warnings = findings_count(&doctoring.result.findings, SEVERITY_WARNING);
    if (doctoring.machine_lock >= 0)
        close(doctoring.machine_lock);
    paths_release(&doctoring.paths);
    free(doctoring.store_path);
    if (result < 0)
        return EXIT_UNUSABLE;
    if (running_interrupted)
        return EXIT_INTERRUPTED;
    return warnings > 0 ? EXIT_FAILURE : EXIT_OK;
}
