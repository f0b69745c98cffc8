/* From a swept workload to single ones; see workload_sweep.h. */
#include "workload_sweep.h"

#include "message.h"
#include "trace_name.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN_THREADS_MAXIMUM = 64 }; /* docs/workload-files.md */

/* The workload that `length` bytes of `text` name; NULL: none that has parameters. */
static const struct workload_entry *find_entry(const struct workload_catalog *catalog,
                                               const char *text, size_t length)
{
    bool recorded = trace_name_length(text) > 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const struct workload_entry *entry = &catalog->entries[i];
        if (recorded ? entry->recorded
                     : strlen(entry->name) == length && strncmp(entry->name, text, length) == 0)
            return entry;
    }
    return NULL;
}

static struct sweep_rules rules_of(void *argument, const char *name, size_t length)
{
    const struct workload_entry *entry = argument;
    struct sweep_rules rules = {.kind = SWEEP_NOTHING, .most = 1};
    for (size_t i = 0; entry != NULL && i < entry->param_count; i++) {
        const struct workload_param *param = &entry->params[i];
        if (strlen(param->name) != length || strncmp(param->name, name, length) != 0)
            continue;
        if (strcmp(param->kind, "bytes") == 0)
            rules.kind = SWEEP_BYTES;
        else if (strcmp(param->kind, "choice") == 0)
            rules.kind = SWEEP_WORDS;
        else if (strcmp(param->name, "threads") == 0)
            rules.kind = SWEEP_THREADS;
        else
            rules.kind = SWEEP_COUNT;
        rules.cpus = sweep_cpus();
        if (units_parse_count(param->maximum, &rules.most) < 0)
            rules.most = rules.cpus;
        return rules;
    }
    return rules;
}

/* Of a workload file, whose keys are looked at when it is read: those whose values are numbers or
 * words. "SECTION.key" is a key, too. */
static struct sweep_rules rules_of_pattern(void *argument, const char *name, size_t length)
{
    static const char *const bytes[] = {"live", "largest", "alignment", NULL};
    static const char *const counts[] = {"operations", "rounds", "laps",    "rate",    "burst",
                                         "share",      "calloc", "aligned", "realloc", "handover",
                                         "repeat",     "speed",  NULL};
    static const char *const words[] = {"touch", "arrivals", "start", NULL};
    static const char *const threads[] = {"threads", NULL};
    static const struct {
        const char *const *names;
        enum sweep_kind kind;
    } kinds[] = {
        {bytes,   SWEEP_BYTES  },
        {counts,  SWEEP_COUNT  },
        {words,   SWEEP_WORDS  },
        {threads, SWEEP_THREADS},
    };
    const char *dot = memrchr(name, '.', length), *key = dot != NULL ? dot + 1 : name;
    size_t key_length = length - (size_t)(key - name);
    (void)argument;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t i = 0; kinds[k].names[i] != NULL; i++)
            if (strlen(kinds[k].names[i]) == key_length &&
                strncmp(kinds[k].names[i], key, key_length) == 0)
                return (struct sweep_rules){.kind = kinds[k].kind,
                                            .cpus = sweep_cpus(),
                                            .most = PATTERN_THREADS_MAXIMUM};
    return (struct sweep_rules){.kind = SWEEP_NOTHING, .most = 1};
}

static int make_point(struct workload_point *point, const char *text, size_t head,
                      const struct sweep_point *from, const char *label)
{
    if (asprintf(&point->text, "%.*s%s%s", (int)head, text, text[head] == ':' ? ":" : "",
                 from->params) < 0)
        point->text = NULL;
    if (point->text == NULL)
        return -1;
    if (label == NULL)
        point->label = trace_name_label(point->text);
    else if (asprintf(&point->label, "%s%s%s", label, from->swept[0] != '\0' ? ":" : "",
                      from->swept) < 0)
        point->label = NULL;
    return point->label != NULL ? 0 : -1;
}

int workload_sweep_make(struct workload_sweep *sweep, const struct workload_catalog *catalog,
                        const char *text, const char *label, char *message)
{
    size_t trace = trace_name_length(text), head = trace > 0 ? trace : strcspn(text, ":");
    struct sweep combinations;
    char *who = NULL;
    *sweep = (struct workload_sweep){0};
    if (asprintf(&who, "workload %.*s", (int)head, text) < 0)
        return message_set(message, "out of memory");
    int result = sweep_expand(&combinations, who, text[head] == ':' ? text + head + 1 : "",
                              trace_name_is_pattern_text(text) ? rules_of_pattern : rules_of,
                              (void *)(uintptr_t)find_entry(catalog, text, head), message);
    if (result == 0) {
        sweep->points = calloc(combinations.count, sizeof *sweep->points);
        result = sweep->points != NULL ? 0 : message_set(message, "out of memory");
    }
    for (size_t i = 0; i < combinations.count && result == 0; i++) {
        sweep->count++;
        if (make_point(&sweep->points[i], text, head, &combinations.points[i], label) < 0)
            result = message_set(message, "out of memory");
    }
    sweep_release(&combinations);
    free(who);
    return result;
}

void workload_sweep_release(struct workload_sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++) {
        free(sweep->points[i].text);
        free(sweep->points[i].label);
    }
    free(sweep->points);
    *sweep = (struct workload_sweep){0};
}
