/* The doctor's last result beside the store; see doctor_file.h. */
#include "doctor_file.h"

#include "facts.h"
#include "machine.h"
#include "message.h"
#include "part_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *doctor_file_path(const char *store_path)
{
    char *path = NULL;
    return asprintf(&path, "%s.doctor.json", store_path) < 0 ? NULL : path;
}

char *doctor_folder(const char *store_path)
{
    struct stat status;
    char *folder = strdup(store_path);
    while (folder != NULL) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL || slash == folder) {
            free(folder);
            return strdup(slash == NULL ? "." : "/");
        }
        *slash = '\0';
        if (stat(folder, &status) == 0 && S_ISDIR(status.st_mode))
            break;
    }
    return folder;
}

static int write_draft(const struct doctor_result *result, const struct part_file *file,
                       char *message)
{
    FILE *stream = fopen(file->draft, "we");
    int status = stream != NULL ? doctor_json(stream, result) : -1;
    int error = errno;
    if (stream != NULL && fclose(stream) != 0 && status == 0) {
        status = -1;
        error = errno;
    }
    return status < 0 ? message_set(message, "cannot write %s: %s; name another store with -o",
                                    file->path, strerror(error))
                      : 0;
}

int doctor_file_write(const struct doctor_result *result, const char *store_path, char *message)
{
    struct part_file file;
    char *path = doctor_file_path(store_path);
    if (path == NULL)
        return message_set(message, "out of memory");
    int status = part_file_begin(&file, path, message);
    if (status == 0)
        status = part_file_end(&file, write_draft(result, &file, message), message);
    free(path);
    return status;
}

static int add_findings(struct run *run, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->item[i];
        char name[64], value[FINDING_BYTES + 16];
        snprintf(name, sizeof name, FACT_DOCTOR_PREFIX "%s", finding->name);
        snprintf(value, sizeof value, "%s: %s", severity_word(finding->severity), finding->found);
        if (facts_add(run, name, value) < 0)
            return -1;
    }
    return 0;
}

static bool same_text(const json_t *root, const char *key, const char *fact)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text != NULL && fact != NULL && strcmp(text, fact) == 0;
}

static int add_number(struct run *run, const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", value);
    return facts_add(run, name, text);
}

/* What is not as we write it is left out, piece by piece: a number that is null or missing. */
static int add_noise(struct run *run, const json_t *root)
{
    char when[32];
    const json_t *self = json_object_get(root, "self_comparison");
    const json_t *looks = json_object_get(self, "looks");
    const json_t *last =
        json_array_size(looks) > 0 ? json_array_get(looks, json_array_size(looks) - 1) : NULL;
    const json_t *half_width = json_object_get(last, "half_width");
    const json_t *smallest = json_object_get(self, "smallest_change");
    if (!json_is_number(half_width) || !json_is_number(json_object_get(self, "pair_s")))
        return 0;
    double seconds = json_number_value(json_object_get(last, "pairs")) *
                     json_number_value(json_object_get(self, "pair_s"));
    snprintf(when, sizeof when, "%" JSON_INTEGER_FORMAT,
             json_integer_value(json_object_get(root, "started_ns")));
    if (facts_add(run, FACT_NOISE_MEASURED_NS, when) < 0 ||
        add_number(run, FACT_NOISE_HALF_WIDTH, json_number_value(half_width)) < 0 ||
        add_number(run, FACT_NOISE_SECONDS, seconds) < 0)
        return -1;
    return json_is_number(smallest)
               ? add_number(run, FACT_NOISE_SMALLEST, json_number_value(smallest))
               : 0;
}

static int add_measured(struct run *run, const char *store_path)
{
    char *path = doctor_file_path(store_path);
    json_t *root = path != NULL ? json_load_file(path, 0, NULL) : NULL;
    int status = path != NULL ? 0 : -1;
    if (root != NULL && same_text(root, "host", run_find_fact(run, "host")) &&
        same_text(root, "kernel", run_find_fact(run, "kernel")))
        status = add_noise(run, root);
    json_decref(root);
    free(path);
    return status;
}

int doctor_facts_add(struct run *run, const char *store_path, char *message)
{
    struct findings findings = {.count = 0};
    char *folder = doctor_folder(store_path);
    int status = folder != NULL ? 0 : -1;
    if (status == 0) {
        machine_look(&findings, &(struct machine_place){.root = "", .folder = folder});
        status = add_findings(run, &findings);
    }
    if (status == 0)
        status = add_measured(run, store_path);
    free(folder);
    return status < 0 ? message_set(message, "out of memory") : 0;
}
