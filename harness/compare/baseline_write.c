/* Writes a baseline; see baseline.h. */
#include "baseline.h"

#include "json_value.h"
#include "message.h"
#include "part_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct baseline_allocator *const *)a)->name,
                  (*(const struct baseline_allocator *const *)b)->name);
}

/* One number, or [least, ..., greatest]. */
static json_t *values_of(const struct exact_values *values, bool *failed)
{
    if (values->count == 1)
        return json_integer(values->value[0]);
    json_t *array = json_array();
    for (size_t i = 0; i < values->count; i++)
        json_value_append(array, json_integer(values->value[i]), failed);
    return array;
}

static json_t *cell_of(const struct baseline_cell *cell, bool *failed)
{
    json_t *object = json_object();
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++)
        if (cell->values[m].count > 0)
            json_value_set(object, exact_measures[m].word, values_of(&cell->values[m], failed),
                           failed);
    return object;
}

static json_t *allocator_of(const struct baseline *baseline,
                            const struct baseline_allocator *allocator, bool *failed)
{
    json_t *object = json_object(), *values = json_object();
    json_value_set(object, "commit", json_value_text(allocator->commit), failed);
    json_value_set(object, "library_sha256", json_value_text(allocator->sha256), failed);
    json_value_set(object, "code_sha256", json_value_text(allocator->code_sha256), failed);
    json_value_set(object, "library_compiler", json_value_text(allocator->compiler), failed);
    for (size_t w = 0; w < baseline->workload_count; w++)
        if (allocator->cells[w].planned)
            json_value_set(values, baseline->workloads[w].label,
                           cell_of(&allocator->cells[w], failed), failed);
    json_value_set(object, "workloads", values, failed);
    return object;
}

/* The path of a trace, seen from the file's folder; as it is, where they share no folder but the
 * root. To be freed. */
static char *seen_from(const char *folder, const char *path)
{
    size_t common = 0;
    char *text = NULL;
    if (path[0] != '/')
        return strdup(path);
    for (size_t i = 0; folder[i] == path[i] || (folder[i] == '\0' && path[i] == '/'); i++) {
        if (folder[i] == '\0' || path[i] == '/')
            common = i;
        if (folder[i] == '\0')
            break;
    }
    if (common == 0)
        return strdup(path);
    size_t up = 0;
    for (const char *c = folder + common; *c != '\0'; c++)
        up += *c == '/';
    size_t bytes = 3 * up + strlen(path + common) + 1;
    text = calloc(bytes, 1);
    for (size_t i = 0; text != NULL && i < up; i++)
        memcpy(text + 3 * i, "../", 3);
    if (text != NULL)
        memcpy(text + 3 * up, path + common + 1, strlen(path + common));
    return text;
}

static json_t *workload_of(const struct baseline_workload *workload, const char *folder,
                           bool *failed)
{
    json_t *object = json_object();
    char *run =
        workload->trace_sha256 != NULL ? seen_from(folder, workload->run) : strdup(workload->run);
    json_value_set(object, "run", run != NULL ? json_value_text(run) : NULL, failed);
    free(run);
    if (workload->trace_sha256 != NULL)
        json_value_set(object, "trace_sha256", json_value_text(workload->trace_sha256), failed);
    json_value_set(object, "operations", json_value_measure(workload->operations), failed);
    json_value_set(object, "live_peak_bytes", json_value_measure(workload->live_peak_bytes),
                   failed);
    json_value_set(object, "control", cell_of(&workload->control, failed), failed);
    return object;
}

static json_t *tolerances_of(const struct baseline *baseline, bool *failed)
{
    json_t *all = json_object();
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++) {
        json_t *one = json_object();
        json_value_set(one, "percent", json_value_number(baseline->tolerance[m].percent), failed);
        json_value_set(one, "units", json_value_number(baseline->tolerance[m].units), failed);
        json_value_set(all, exact_measures[m].word, one, failed);
    }
    return all;
}

static json_t *make_tree(const struct baseline *baseline, const char *folder, bool *failed)
{
    json_t *root = json_object(), *facts = json_object(), *workloads = json_object(),
           *allocators = json_object();
    const struct baseline_allocator **sorted =
        calloc(baseline->allocator_count + 1, sizeof(struct baseline_allocator *));
    json_value_set(root, "heapmark_baseline", json_integer(1), failed);
    for (int f = 0; f < BASELINE_FACT_COUNT; f++)
        json_value_set(facts, baseline_fact_names[f], json_value_text(baseline->facts[f]), failed);
    json_value_set(root, "made_with", facts, failed);
    json_value_set(root, "seed", json_value_unsigned(baseline->seed), failed);
    json_value_set(root, "tolerance", tolerances_of(baseline, failed), failed);
    for (size_t w = 0; w < baseline->workload_count; w++)
        json_value_set(workloads, baseline->workloads[w].label,
                       workload_of(&baseline->workloads[w], folder, failed), failed);
    json_value_set(root, "workloads", workloads, failed);
    for (size_t a = 0; sorted != NULL && a < baseline->allocator_count; a++)
        sorted[a] = &baseline->allocators[a];
    if (sorted != NULL)
        qsort(sorted, baseline->allocator_count, sizeof *sorted, by_name);
    for (size_t a = 0; sorted != NULL && a < baseline->allocator_count; a++)
        json_value_set(allocators, sorted[a]->name, allocator_of(baseline, sorted[a], failed),
                       failed);
    if (sorted == NULL)
        *failed = true;
    free(sorted);
    json_value_set(root, "allocators", allocators, failed);
    return root;
}

/* The folder of `path`, absolute; NULL with errno. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    char *absolute = folder != NULL ? realpath(folder, NULL) : NULL;
    free(folder);
    return absolute;
}

int baseline_write(const struct baseline *baseline, const char *path, char *message)
{
    struct part_file file;
    bool failed = false;
    char *folder = folder_of(path);
    if (folder == NULL)
        return message_set(message, "cannot write %s: %s", path, strerror(errno));
    if (part_file_begin(&file, path, message) < 0) {
        free(folder);
        return -1;
    }
    json_t *root = make_tree(baseline, folder, &failed);
    free(folder);
    FILE *stream = fopen(file.draft, "we");
    int result = -1;
    if (stream == NULL) {
        message_set(message, "cannot write %s: %s", path, strerror(errno));
        json_decref(root);
    } else {
        result = json_value_write(stream, root, JSON_INDENT(2), failed);
        if (result < 0)
            message_set(message, "cannot write %s: %s", path, strerror(errno));
        if (fclose(stream) != 0 && result == 0)
            result = message_set(message, "cannot write %s: %s", path, strerror(errno));
    }
    return part_file_end(&file, result, message);
}
