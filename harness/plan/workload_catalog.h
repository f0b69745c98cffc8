/*
 * The workloads that heapmark knows: what the runner says it can do, and the program stanzas.
 *
 * The harness links no workload. It asks the runner: `heapmark-runner --describe` for the list,
 * `--check NAME:PARAMS` to have parameters validated and spelt out in full, so that there is one
 * parser of them and it stands where they are used.
 */
#ifndef HEAPMARK_WORKLOAD_CATALOG_H
#define HEAPMARK_WORKLOAD_CATALOG_H

#include "paths.h"
#include "program.h"
#include "record.h"

/* Texts as the runner printed them; they point into `description`. */
struct workload_param {
    const char *name, *kind, *fallback, *minimum, *maximum, *choices, *help;
};

struct workload_preset {
    const char *name, *params, *help;
};

struct workload_entry {
    const char *name, *summary, *source, *touch;
    const char *threads_maximum, *laps;
    bool recorded; /* the replayer: named by a trace, not by its name */
    struct workload_param *params;
    size_t param_count;
    struct workload_preset *presets;
    size_t preset_count;
};

struct workload_catalog {
    struct workload_entry *entries;
    size_t count;
    char *description;
    struct program_list programs;
    char *runner; /* path */
};

/* Returns 0, or -1 with a message. */
int workload_catalog_load(struct workload_catalog *catalog, const struct paths *paths,
                          char *message);
void workload_catalog_release(struct workload_catalog *catalog);

/* Fills `spec` from "name" or "name:param=value,..." (or "name:preset,..."), with `label` (NULL:
 * that of trace_name_label()). A trace or workload file is looked for, not into: its threads, laps and repetitions
 * are known when it has been made into a script. blocks is left to the caller. Returns 0, or -1
 * with a message that names the mistake. */
int workload_spec_make(struct workload_spec *spec, const struct workload_catalog *catalog,
                       const char *text, const char *label, char *message);

#endif
