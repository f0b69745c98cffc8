/* Asks the runner what it can do; see workload_catalog.h. */
#include "workload_catalog.h"

#include "message.h"
#include "subprocess.h"
#include "trace_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DESCRIPTION_BYTES = 1 << 20,
    CHECK_BYTES = 4096,
    FIELDS = 8,
};
#define RUNNER_TIME_LIMIT_NS UINT64_C(10000000000)

static int ask_runner(const struct workload_catalog *catalog, const char *option,
                      const char *argument, struct subprocess_result *result)
{
    const char *argv[] = {catalog->runner, option, argument, NULL};
    struct subprocess spec = {
        .argv = argv,
        .time_limit_ns = RUNNER_TIME_LIMIT_NS,
        .output_maximum_bytes = argument != NULL ? CHECK_BYTES : DESCRIPTION_BYTES,
    };
    return subprocess_run(&spec, result);
}

/* Cuts `line` at its tabs; fields that are not there are "". */
static void split_fields(char *line, const char *fields[FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        char *field = strsep(&line, "\t");
        fields[i] = field != NULL ? field : "";
    }
}

static int add_workload(struct workload_catalog *catalog, const char *const *fields)
{
    struct workload_entry *entries =
        realloc(catalog->entries, (catalog->count + 1) * sizeof *entries);
    if (entries == NULL)
        return -1;
    catalog->entries = entries;
    entries[catalog->count++] = (struct workload_entry){
        .name = fields[1],
        .summary = fields[2],
        .source = fields[3],
        .touch = fields[4],
        .threads_maximum = fields[5],
        .laps = fields[6],
        .recorded = strcmp(fields[0], "recorded") == 0,
    };
    return 0;
}

static int add_param(struct workload_entry *entry, const char *const *fields)
{
    struct workload_param *params =
        realloc(entry->params, (entry->param_count + 1) * sizeof *params);
    if (params == NULL)
        return -1;
    entry->params = params;
    params[entry->param_count++] = (struct workload_param){
        .name = fields[1],
        .kind = fields[2],
        .fallback = fields[3],
        .minimum = fields[4],
        .maximum = fields[5],
        .choices = fields[6],
        .help = fields[7],
    };
    return 0;
}

static int add_preset(struct workload_entry *entry, const char *const *fields)
{
    struct workload_preset *presets =
        realloc(entry->presets, (entry->preset_count + 1) * sizeof *presets);
    if (presets == NULL)
        return -1;
    entry->presets = presets;
    presets[entry->preset_count++] =
        (struct workload_preset){.name = fields[1], .params = fields[2], .help = fields[3]};
    return 0;
}

static int parse_description(struct workload_catalog *catalog)
{
    char *rest = catalog->description, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        const char *fields[FIELDS];
        split_fields(line, fields);
        int result = 0;
        if (strcmp(fields[0], "workload") == 0 || strcmp(fields[0], "recorded") == 0)
            result = add_workload(catalog, fields);
        else if (strcmp(fields[0], "param") == 0 && catalog->count > 0)
            result = add_param(&catalog->entries[catalog->count - 1], fields);
        else if (strcmp(fields[0], "preset") == 0 && catalog->count > 0)
            result = add_preset(&catalog->entries[catalog->count - 1], fields);
        if (result < 0)
            return -1;
    }
    return catalog->count > 0 ? 0 : -1;
}

int workload_catalog_load(struct workload_catalog *catalog, const struct paths *paths,
                          char *message)
{
    *catalog = (struct workload_catalog){.runner = path_join(paths->programs, "heapmark-runner")};
    struct subprocess_result described;
    int result = ask_runner(catalog, "--describe", NULL, &described);
    if (result < 0)
        message_set(message, "cannot start %s: %s; run make", catalog->runner, strerror(errno));
    if (result == 0) {
        catalog->description = described.output;
        described.output = NULL;
        result = described.exit_status == 0 ? parse_description(catalog) : -1;
        if (result < 0)
            message_set(message, "%s --describe said nothing of use (%s); run make again",
                        catalog->runner, described.errors);
    }
    subprocess_result_release(&described);
    if (result == 0)
        result = program_list_load(&catalog->programs, paths->stanzas, message);
    if (result < 0)
        workload_catalog_release(catalog);
    return result;
}

void workload_catalog_release(struct workload_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        free(catalog->entries[i].params);
        free(catalog->entries[i].presets);
    }
    free(catalog->entries);
    free(catalog->description);
    free(catalog->runner);
    program_list_release(&catalog->programs);
    *catalog = (struct workload_catalog){0};
}

/* "a=1,threads=4,b=2" has threads=4; absent: 1. */
static unsigned threads_of(const char *params)
{
    for (const char *p = params; p != NULL; p = strchr(p, ',')) {
        p += *p == ',';
        unsigned threads;
        if (sscanf(p, "threads=%u", &threads) == 1)
            return threads;
        if (strchr(p, ',') == NULL)
            break;
    }
    return 1;
}

static int make_program(struct workload_spec *spec, const char *text, char *message)
{
    if (strchr(text, ':') != NULL)
        return message_set(message, "workload %s is a program: it takes no parameters", spec->name);
    spec->kind = WORKLOAD_PROGRAM;
    spec->params = strdup("");
    spec->threads = 0; /* its own affair */
    return 0;
}

/* The runner's own words, without its name in front and the line end behind. */
static int refuse(const struct subprocess_result *checked, const char *text, char *message)
{
    const char *reason = strstr(checked->errors, ": ");
    if (strncmp(checked->errors, "heapmark-runner", 15) != 0 || reason == NULL)
        reason = checked->errors;
    else
        reason += 2;
    if (reason[0] == '\0')
        return message_set(message, "workload %s: the runner ended without a word", text);
    message_set(message, "%s", reason);
    message[strcspn(message, "\n")] = '\0';
    for (size_t end = strlen(message); end > 0 && message[end - 1] == ' '; end--)
        message[end - 1] = '\0';
    return -1;
}

/* `text` is what the runner knows the workload by. */
static int make_checked(struct workload_spec *spec, const struct workload_catalog *catalog,
                        const char *text, char *message)
{
    struct subprocess_result checked;
    if (ask_runner(catalog, "--check", text, &checked) < 0) {
        subprocess_result_release(&checked);
        return message_set(message, "cannot start %s: %s; run make", catalog->runner,
                           strerror(errno));
    }
    int result = checked.exit_status == 0 ? 0 : refuse(&checked, text, message);
    if (result == 0) {
        checked.output[strcspn(checked.output, "\n")] = '\0';
        spec->params = strdup(checked.output);
        spec->threads = threads_of(spec->params);
    }
    subprocess_result_release(&checked);
    return result;
}

static const struct workload_entry *find_replayer(const struct workload_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++)
        if (catalog->entries[i].recorded)
            return &catalog->entries[i];
    return NULL;
}

/* `length` bytes of the text are the trace's path. */
static int make_recorded(struct workload_spec *spec, const struct workload_catalog *catalog,
                         const char *text, size_t length, char *message)
{
    const struct workload_entry *replayer = find_replayer(catalog);
    char *path = realpath(spec->name, NULL), *asked = NULL;
    bool pattern = trace_name_is_pattern(spec->name);
    if (path == NULL)
        return message_set(message, "%s %s: %s", pattern ? "workload file" : "trace", spec->name,
                           strerror(errno));
    free(spec->name);
    spec->name = path;
    spec->kind = WORKLOAD_RECORDED;
    if (pattern) { /* read when it is made into a script, before anything runs */
        spec->params = strdup(text[length] == ':' ? text + length + 1 : "");
        spec->threads = 1;
        return spec->params != NULL ? 0 : message_set(message, "out of memory");
    }
    if (replayer == NULL || asprintf(&asked, "%s%s", replayer->name, text + length) < 0)
        return message_set(message, "the runner cannot replay traces; run make again");
    int result = make_checked(spec, catalog, asked, message);
    free(asked);
    return result;
}

static int make_other(struct workload_spec *spec, const struct workload_catalog *catalog,
                      const char *text, char *message)
{
    const struct workload_entry *replayer = find_replayer(catalog);
    if (program_find(&catalog->programs, spec->name) != NULL)
        return make_program(spec, text, message);
    if (replayer != NULL && strcmp(spec->name, replayer->name) == 0)
        return message_set(message, "%s replays a trace: name one, as in -w app.hmt", spec->name);
    spec->kind = WORKLOAD_SYNTHETIC;
    return make_checked(spec, catalog, text, message);
}

int workload_spec_make(struct workload_spec *spec, const struct workload_catalog *catalog,
                       const char *text, const char *label, char *message)
{
    size_t trace = trace_name_length(text);
    *spec = (struct workload_spec){.label = label != NULL ? strdup(label) : trace_name_label(text)};
    spec->name = strndup(text, trace > 0 ? trace : strcspn(text, ":"));
    int result;
    if (spec->label == NULL || spec->name == NULL)
        result = message_set(message, "out of memory");
    else if (trace > 0)
        result = make_recorded(spec, catalog, text, trace, message);
    else
        result = make_other(spec, catalog, text, message);
    if (result < 0) {
        free(spec->label);
        free(spec->name);
        *spec = (struct workload_spec){0};
    }
    return result;
}
