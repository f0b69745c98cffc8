/* Reads a baseline; see baseline.h. Nothing in the file is trusted. */
#include "baseline.h"

#include "message.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct baseline *baseline;
    const char *path;
    char *folder; /* with a slash, or "" */
    char *message;
};

static int refuse(const struct reading *reading, const char *where, const char *what)
{
    errno = EINVAL;
    return message_set(
        reading->message,
        "%s: %s: %s; take it from version control, or remove it and make it anew with "
        "heapmark gate --update",
        reading->path, where, what);
}

/* A copy of the text under that key; NULL with a message. */
static char *text_of(const struct reading *reading, const json_t *object, const char *where,
                     const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    char *copy = text != NULL ? strdup(text) : NULL;
    char why[96];
    if (copy == NULL) {
        snprintf(why, sizeof why, "has no text '%s'", key);
        refuse(reading, where, why);
    }
    return copy;
}

static int read_values(const struct reading *reading, const json_t *json, const char *where,
                       struct exact_values *values)
{
    if (json_is_integer(json)) {
        exact_values_add(values, json_integer_value(json));
        return 0;
    }
    if (!json_is_array(json) || json_array_size(json) == 0 ||
        json_array_size(json) > EXACT_VALUES_MAXIMUM)
        return refuse(reading, where, "a measure is neither a whole number nor a list of some");
    for (size_t i = 0; i < json_array_size(json); i++) {
        if (!json_is_integer(json_array_get(json, i)))
            return refuse(reading, where, "a measure is not a whole number");
        exact_values_add(values, json_integer_value(json_array_get(json, i)));
    }
    return 0;
}

static int read_cell(const struct reading *reading, json_t *json, const char *where,
                     struct baseline_cell *cell)
{
    const char *key;
    json_t *value;
    if (!json_is_object(json))
        return refuse(reading, where, "its measures are missing");
    cell->planned = true;
    json_object_foreach(json, key, value)
    {
        int measure = exact_measure_find(key);
        if (measure < 0)
            return refuse(reading, where, "has a measure that this heapmark does not know");
        if (read_values(reading, value, where, &cell->values[measure]) < 0)
            return -1;
    }
    return 0;
}

static int64_t count_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : MEASURE_NONE;
}

static int read_workload(const struct reading *reading, const char *label, json_t *json)
{
    struct baseline_workload *workload = baseline_add_workload(reading->baseline, label);
    if (workload == NULL)
        return refuse(reading, label, "out of memory");
    workload->run = text_of(reading, json, label, "run");
    if (workload->run == NULL)
        return -1;
    workload->operations = count_of(json, "operations");
    workload->live_peak_bytes = count_of(json, "live_peak_bytes");
    if (json_object_get(json, "trace_sha256") != NULL) {
        char *run = NULL;
        workload->trace_sha256 = text_of(reading, json, label, "trace_sha256");
        if (workload->trace_sha256 == NULL)
            return -1;
        if (asprintf(&run, "%s%s", workload->run[0] == '/' ? "" : reading->folder, workload->run) <
            0)
            return refuse(reading, label, "out of memory");
        free(workload->run);
        workload->run = run;
    }
    return read_cell(reading, json_object_get(json, "control"), label, &workload->control);
}

static int read_allocator(const struct reading *reading, const char *name, json_t *json)
{
    struct baseline *baseline = reading->baseline;
    struct baseline_allocator *allocator = baseline_add_allocator(baseline, name);
    const char *label;
    json_t *value;
    if (allocator == NULL)
        return refuse(reading, name, "out of memory");
    free(allocator->commit);
    allocator->commit = text_of(reading, json, name, "commit");
    allocator->sha256 = text_of(reading, json, name, "library_sha256");
    allocator->code_sha256 = text_of(reading, json, name, "code_sha256");
    allocator->compiler = text_of(reading, json, name, "library_compiler");
    if (allocator->commit == NULL || allocator->sha256 == NULL || allocator->code_sha256 == NULL ||
        allocator->compiler == NULL)
        return -1;
    json_object_foreach(json_object_get(json, "workloads"), label, value)
    {
        int workload = baseline_find_workload(baseline, label);
        if (workload < 0)
            return refuse(reading, name, "has a workload that the file does not describe");
        if (read_cell(reading, value, name, &allocator->cells[workload]) < 0)
            return -1;
    }
    return 0;
}

static int read_tolerances(const struct reading *reading, const json_t *json)
{
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++) {
        const json_t *one = json_object_get(json, exact_measures[m].word);
        struct baseline_tolerance *tolerance = &reading->baseline->tolerance[m];
        if (one == NULL)
            continue;
        tolerance->percent = json_number_value(json_object_get(one, "percent"));
        tolerance->units = json_number_value(json_object_get(one, "units"));
        if (!(tolerance->percent >= 0 && tolerance->percent < 100 && tolerance->units >= 0))
            return refuse(reading, "tolerance", "a percentage is not in 0 to 100");
    }
    return 0;
}

static int read_tree(const struct reading *reading, json_t *root)
{
    struct baseline *baseline = reading->baseline;
    json_t *facts = json_object_get(root, "made_with"), *value;
    const char *key, *seed = json_string_value(json_object_get(root, "seed"));
    char *end = NULL;
    if (!json_is_integer(json_object_get(root, "heapmark_baseline")))
        return refuse(reading, "heapmark_baseline", "is missing: this is no baseline");
    if (json_integer_value(json_object_get(root, "heapmark_baseline")) != 1)
        return refuse(reading, "heapmark_baseline",
                      "is of another version than this heapmark's, 1");
    for (int f = 0; f < BASELINE_FACT_COUNT; f++) {
        baseline->facts[f] = text_of(reading, facts, "made_with", baseline_fact_names[f]);
        if (baseline->facts[f] == NULL)
            return -1;
    }
    errno = 0;
    baseline->seed = seed != NULL ? strtoull(seed, &end, 10) : 0;
    if (seed == NULL || errno != 0 || end == seed || *end != '\0')
        return refuse(reading, "seed", "is not a number in quotes");
    if (read_tolerances(reading, json_object_get(root, "tolerance")) < 0)
        return -1;
    json_object_foreach(json_object_get(root, "workloads"), key, value)
    {
        if (read_workload(reading, key, value) < 0)
            return -1;
    }
    json_object_foreach(json_object_get(root, "allocators"), key, value)
    {
        if (read_allocator(reading, key, value) < 0)
            return -1;
    }
    if (baseline->workload_count == 0 || baseline->allocator_count == 0)
        return refuse(reading, "the file", "holds no workload, or no allocator");
    return 0;
}

int baseline_read(struct baseline *baseline, const char *path, char *message)
{
    json_error_t error;
    const char *slash = strrchr(path, '/');
    struct reading reading = {
        .baseline = baseline,
        .path = path,
        .message = message,
        .folder = strndup(path, slash != NULL ? (size_t)(slash - path) + 1 : 0),
    };
    baseline_init(baseline);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        int reason = errno;
        free(reading.folder);
        message_set(message, "cannot read the baseline %s: %s%s", path, strerror(reason),
                    reason == ENOENT ? "; make one with heapmark gate --update -a ALLOCATOR" : "");
        errno = reason;
        return -1;
    }
    json_t *root = reading.folder != NULL ? json_loadf(file, JSON_REJECT_DUPLICATES, &error) : NULL;
    fclose(file);
    int result;
    if (root == NULL) {
        errno = EINVAL;
        result = message_set(message,
                             "%s: line %d: %s; take it from version control, or remove it and make "
                             "it anew with heapmark gate --update",
                             path, error.line, error.text);
    } else {
        result = read_tree(&reading, root);
    }
    json_decref(root);
    free(reading.folder);
    if (result < 0)
        baseline_release(baseline);
    return result;
}
